//! Benchmarks.

use crate::{
	migrations::v2::{v1, MigrateV1ToV2},
	types::{Attestation, Sealed, MAX_SEALED_LEN},
	BalanceOf, Call, Config, ContentsOf, Event, Pallet, Snapshots,
};
use alloc::vec;
use frame_benchmarking::v2::*;
use frame_support::traits::{
	fungible::{Inspect, Mutate},
	Get,
};
use frame_system::RawOrigin;
use granary_primitives::{
	message, snapshot::DatabaseKind, traits::ReservationOwner, ReservationId,
};
use sp_core::crypto::KeyTypeId;
use sp_runtime::Saturating;

/// Keys of benchmarks: they are in the externalities' keystore.
const KEY_TYPE: KeyTypeId = KeyTypeId(*b"snap");

/// A tenant with enough money for a deposit, and its reservation.
fn tenant<T: Config>() -> Result<(T::AccountId, ReservationId), BenchmarkError>
where
	T::Currency: Mutate<T::AccountId>,
{
	let tenant: T::AccountId = account("tenant", 0, 0);
	let needed: BalanceOf<T> = T::Currency::minimum_balance()
		.saturating_add(T::Deposit::get())
		.saturating_mul(10_000u32.into());
	T::Currency::mint_into(&tenant, needed)?;
	let reservation = T::Reservations::create_reservation_for_benchmark(&tenant);
	Ok((tenant, reservation))
}

/// What the longest kind of snapshot is, with a name of `len` bytes, and a signature under it.
fn signed<T: Config>(
	reservation: ReservationId,
	len: u32,
) -> Result<(ContentsOf<T>, Attestation<T::AccountId>), BenchmarkError> {
	let contents = ContentsOf::<T> {
		reservation,
		dataset: [1; 16],
		name: vec![b'n'; len as usize]
			.try_into()
			.map_err(|_| BenchmarkError::Stop("the name is too long"))?,
		manifest: [2; 32],
		database: DatabaseKind::ParityDb,
		genesis: [3; 32],
		height: 1_000_000,
		total_bytes: 1 << 40,
		stored_bytes: 1 << 41,
	};
	let key = sp_io::crypto::sr25519_generate(KEY_TYPE, None);
	let message = message::snapshot(&Pallet::<T>::genesis_hash(), &contents.statement());
	let signature = sp_io::crypto::sr25519_sign(KEY_TYPE, &key, &message)
		.ok_or(BenchmarkError::Stop("the key is not in the keystore"))?;
	Ok((contents, Attestation { signer: key.0.into(), signature: signature.0 }))
}

/// A snapshot of the longest name, and its publisher.
fn published<T: Config>() -> Result<T::AccountId, BenchmarkError>
where
	T::Currency: Mutate<T::AccountId>,
{
	let (tenant, reservation) = tenant::<T>()?;
	let (contents, attestation) = signed::<T>(reservation, T::MaxNameLen::get())?;
	let origin = RawOrigin::Signed(tenant.clone());
	Pallet::<T>::publish(origin.into(), contents, Some(u32::MAX), attestation)?;
	Ok(tenant)
}

/// A sealed key of this length.
fn sealed(len: u32) -> Result<Sealed, BenchmarkError> {
	vec![9; len as usize].try_into().map_err(|_| BenchmarkError::Stop("the key is too long"))
}

#[benchmarks(where T::Currency: Mutate<T::AccountId>)]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn publish(n: Linear<1, { T::MaxNameLen::get() }>) -> Result<(), BenchmarkError> {
		let (tenant, reservation) = tenant::<T>()?;
		let (contents, attestation) = signed::<T>(reservation, n)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(tenant), contents, Some(u32::MAX), attestation);

		assert!(Snapshots::<T>::contains_key(0));
		Ok(())
	}

	#[benchmark]
	fn retire() -> Result<(), BenchmarkError> {
		let tenant = published::<T>()?;

		#[extrinsic_call]
		_(RawOrigin::Signed(tenant.clone()), 0);

		assert!(!Snapshots::<T>::contains_key(0));
		let deposit = T::Deposit::get();
		let event = Event::<T>::Retired { snapshot: 0, publisher: tenant, deposit };
		frame_system::Pallet::<T>::assert_last_event(event.into());
		Ok(())
	}

	#[benchmark]
	fn set_expiry() -> Result<(), BenchmarkError> {
		let tenant = published::<T>()?;

		#[extrinsic_call]
		_(RawOrigin::Signed(tenant), 0, None);

		assert_eq!(Snapshots::<T>::get(0).and_then(|snapshot| snapshot.expires), None);
		Ok(())
	}

	/// The worse case: it takes the place of an earlier grant.
	#[benchmark]
	fn grant(n: Linear<1, MAX_SEALED_LEN>) -> Result<(), BenchmarkError> {
		let (tenant, reservation) = tenant::<T>()?;
		let origin = RawOrigin::Signed(tenant);
		let longest = sealed(MAX_SEALED_LEN)?;
		Pallet::<T>::grant(origin.clone().into(), reservation, [1; 16], [2; 32], longest, None)?;
		let sealed = sealed(n)?;

		#[extrinsic_call]
		_(origin, reservation, [1; 16], [2; 32], sealed, Some(u32::MAX));

		let stored = Pallet::<T>::grant_of((reservation, [1; 16], [2; 32]));
		assert_eq!(stored.map(|info| info.sealed.len()), Some(n as usize));
		Ok(())
	}

	#[benchmark]
	fn revoke() -> Result<(), BenchmarkError> {
		let (tenant, reservation) = tenant::<T>()?;
		let origin = RawOrigin::Signed(tenant);
		let longest = sealed(MAX_SEALED_LEN)?;
		Pallet::<T>::grant(origin.clone().into(), reservation, [1; 16], [2; 32], longest, None)?;

		#[extrinsic_call]
		_(origin, reservation, [1; 16], [2; 32]);

		assert_eq!(Pallet::<T>::grant_of((reservation, [1; 16], [2; 32])), None);
		Ok(())
	}

	#[benchmark]
	fn migrate_v2_step() -> Result<(), BenchmarkError> {
		let (publisher, reservation) = tenant::<T>()?;
		let name = vec![b'n'; T::MaxNameLen::get() as usize];
		let old = v1::Snapshot {
			publisher,
			deposit: T::Deposit::get(),
			reservation,
			dataset: [1; 16],
			name: name.try_into().map_err(|_| BenchmarkError::Stop("the name is too long"))?,
			manifest: [2; 32],
			genesis: [3; 32],
			height: 1_000_000,
			total_bytes: 1 << 40,
			stored_bytes: 1 << 41,
			published: 0,
		};
		v1::Snapshots::<T>::insert(0, old);

		#[block]
		{
			MigrateV1ToV2::<T>::convert_next(None);
		}

		assert_eq!(Snapshots::<T>::get(0).map(|snapshot| snapshot.published), Some(0));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_benchmark_ext(), crate::mock::Test);
}
