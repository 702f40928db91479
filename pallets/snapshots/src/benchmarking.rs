//! Benchmarks.

use crate::{BalanceOf, Call, Config, Event, NameOf, Pallet, Snapshots};
use alloc::vec;
use frame_benchmarking::v2::*;
use frame_support::traits::{
	fungible::{Inspect, Mutate},
	Get,
};
use frame_system::RawOrigin;
use granary_primitives::{traits::ReservationOwner, ReservationId};
use sp_runtime::Saturating;

/// A tenant with enough money for a deposit, and its reservation.
fn tenant<T: Config>() -> Result<(T::AccountId, ReservationId), BenchmarkError>
where
	T::Currency: Mutate<T::AccountId>,
{
	let tenant: T::AccountId = account("tenant", 0, 0);
	let needed: BalanceOf<T> = T::Currency::minimum_balance()
		.saturating_add(T::Deposit::get())
		.saturating_mul(1000u32.into());
	T::Currency::mint_into(&tenant, needed)?;
	let reservation = T::Reservations::create_reservation_for_benchmark(&tenant);
	Ok((tenant, reservation))
}

/// A name of `len` bytes.
fn name<T: Config>(len: u32) -> Result<NameOf<T>, BenchmarkError> {
	vec![b'n'; len as usize].try_into().map_err(|_| BenchmarkError::Stop("the name is too long"))
}

#[benchmarks(where T::Currency: Mutate<T::AccountId>)]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn publish(n: Linear<1, { T::MaxNameLen::get() }>) -> Result<(), BenchmarkError> {
		let (tenant, reservation) = tenant::<T>()?;
		let name = name::<T>(n)?;

		#[extrinsic_call]
		_(
			RawOrigin::Signed(tenant),
			reservation,
			[1; 16],
			name,
			[2; 32],
			[3; 32],
			1_000_000,
			1 << 40,
			1 << 41,
		);

		assert!(Snapshots::<T>::contains_key(0));
		Ok(())
	}

	#[benchmark]
	fn retire() -> Result<(), BenchmarkError> {
		let (tenant, reservation) = tenant::<T>()?;
		let name = name::<T>(T::MaxNameLen::get())?;
		let origin = RawOrigin::Signed(tenant.clone());
		Pallet::<T>::publish(
			origin.clone().into(),
			reservation,
			[1; 16],
			name,
			[2; 32],
			[3; 32],
			1_000_000,
			1 << 40,
			1 << 41,
		)?;

		#[extrinsic_call]
		_(origin, 0);

		assert!(!Snapshots::<T>::contains_key(0));
		let deposit = T::Deposit::get();
		let event = Event::<T>::Retired { snapshot: 0, publisher: tenant, deposit };
		frame_system::Pallet::<T>::assert_last_event(event.into());
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
