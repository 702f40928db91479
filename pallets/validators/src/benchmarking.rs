//! Benchmarks of every call and of a report, with as many validators as there may be; and of the SDK's session calls on this
//! runtime's keys, whose own benchmarks need a staking system.
#![allow(clippy::expect_used, reason = "a benchmark that cannot be set up must stop")]

use crate::{
	Bond, Bonds, Call, Config, CurrencyOf, Expelled, Invitations, Members, Pallet, Parameters,
	Slash, Slashes, ValidatorParameters,
};
use alloc::vec::Vec;
use codec::Decode;
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{fungible::Mutate, EnsureOrigin, Get, KeyOwnerProofSystem},
	BoundedVec,
};
use frame_system::RawOrigin;
use pallet_offences::Pallet as Offences;
use pallet_session::{
	historical::{IdentificationTuple, Pallet as Historical},
	Pallet as Session, SessionInterface,
};
use sp_runtime::{
	traits::{OpaqueKeys, TrailingZeroInput},
	Perbill,
};
use sp_staking::{
	offence::{Kind, Offence, ReportOffence},
	SessionIndex,
};

/// What benchmarks need of the runtime.
pub trait BenchmarkHelper<AccountId, Keys> {
	/// New session keys, whose secrets are in the keystore, and the proof that the account has them.
	fn session_keys(owner: &AccountId) -> (Keys, Vec<u8>);
}

/// An offence as consensus reports it.
struct Misbehaviour<Offender>(Offender, u32);

impl<Offender: Clone> Offence<Offender> for Misbehaviour<Offender> {
	const ID: Kind = *b"granary:benchmar";
	type Slot = u64;

	fn offenders(&self) -> Vec<Offender> {
		Vec::from([self.0.clone()])
	}

	fn session_index(&self) -> SessionIndex {
		0
	}

	fn validator_set_count(&self) -> u32 {
		self.1
	}

	fn slot(&self) -> u64 {
		1
	}

	fn slash_fraction(&self, _: u32) -> Perbill {
		Perbill::from_percent(50)
	}
}

fn governance<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
	T::GovernanceOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
}

/// Fills the set up to `free` places, as members, as the running set and as the queued one.
fn fill<T: Config>(free: u32) {
	let count = T::MaxValidators::get().saturating_sub(free);
	let accounts: Vec<T::AccountId> =
		(0..count).map(|index| account("validator", index, 0)).collect();
	pallet_session::Validators::<T>::put(&accounts);
	let mut queued = Vec::new();
	for (index, account) in accounts.iter().enumerate() {
		let keys = keys::<T>(index as u8);
		// The proof that a key is a validator's is made of all that are on record.
		pallet_session::NextKeys::<T>::insert(account, &keys);
		queued.push((account.clone(), keys));
	}
	pallet_session::QueuedKeys::<T>::put(queued);
	Members::<T>::put(BoundedVec::truncate_from(accounts));
	ValidatorParameters::<T>::put(Parameters { minimum: 1, ..Default::default() });
}

/// Keys of which each differs from those of every other number.
fn keys<T: Config>(number: u8) -> T::Keys {
	T::Keys::decode(&mut TrailingZeroInput::new(&[number; 256])).expect("keys are bytes")
}

/// An account with keys, money and, if wanted, a bond as of a validator.
fn candidate<T: Config>(bonded: bool) -> T::AccountId
where
	CurrencyOf<T>: Mutate<T::AccountId>,
{
	let who: T::AccountId = account("candidate", 0, 0);
	let bond = Parameters::default().bond;
	CurrencyOf::<T>::mint_into(&who, bond.saturating_mul(4)).expect("money can be made");
	CurrencyOf::<T>::mint_into(&T::Treasury::get(), bond).expect("money can be made");
	<Session<T> as SessionInterface>::set_keys(&who, keys::<T>(u8::MAX))
		.expect("the keys are nobody's");
	if bonded {
		Pallet::<T>::admit(&who, bond).expect("there is room");
	}
	who
}

#[benchmarks(where
	CurrencyOf<T>: Mutate<T::AccountId>,
	T: pallet_offences::Config<IdentificationTuple = IdentificationTuple<T>>,
)]
mod benches {
	use super::*;

	#[benchmark]
	fn invite() -> Result<(), BenchmarkError> {
		fill::<T>(0);
		let origin = governance::<T>()?;
		let who: T::AccountId = account("candidate", 0, 0);
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, who.clone());
		assert!(Invitations::<T>::contains_key(&who));
		Ok(())
	}

	#[benchmark]
	fn revoke() -> Result<(), BenchmarkError> {
		let origin = governance::<T>()?;
		let who: T::AccountId = account("candidate", 0, 0);
		Pallet::<T>::invite(origin.clone(), who.clone())?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, who.clone());
		assert!(!Invitations::<T>::contains_key(&who));
		Ok(())
	}

	#[benchmark]
	fn join() -> Result<(), BenchmarkError> {
		fill::<T>(1);
		let who = candidate::<T>(false);
		Pallet::<T>::invite(governance::<T>()?, who.clone())?;
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));
		assert!(Members::<T>::get().contains(&who));
		Ok(())
	}

	#[benchmark]
	fn leave() {
		fill::<T>(1);
		let who = candidate::<T>(true);
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));
		assert!(!Members::<T>::get().contains(&who));
	}

	#[benchmark]
	fn remove() -> Result<(), BenchmarkError> {
		fill::<T>(1);
		let who = candidate::<T>(true);
		let origin = governance::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, who.clone());
		assert!(!Members::<T>::get().contains(&who));
		Ok(())
	}

	#[benchmark]
	fn withdraw() -> Result<(), BenchmarkError> {
		fill::<T>(1);
		let who = candidate::<T>(true);
		Pallet::<T>::remove(governance::<T>()?, who.clone())?;
		let until = Bonds::<T>::get(&who).and_then(|bond| bond.until).unwrap_or_default();
		pallet_session::CurrentIndex::<T>::put(until);
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));
		assert!(!Bonds::<T>::contains_key(&who));
		Ok(())
	}

	#[benchmark]
	fn release_keys() {
		let who = candidate::<T>(false);
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));
		assert!(pallet_session::NextKeys::<T>::get(&who).is_none());
	}

	#[benchmark]
	fn set_parameters() -> Result<(), BenchmarkError> {
		let parameters = Parameters { minimum: 1, unbonding_sessions: 3, ..Default::default() };
		let origin = governance::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, parameters);
		assert_eq!(ValidatorParameters::<T>::get(), parameters);
		Ok(())
	}

	/// Keys are replaced by others.
	#[benchmark]
	fn set_keys() -> Result<(), BenchmarkError> {
		let who = candidate::<T>(false);
		let (keys, proof) = T::BenchmarkHelper::session_keys(&who);
		let first = keys.clone();
		#[block]
		{
			Session::<T>::set_keys(RawOrigin::Signed(who.clone()).into(), keys, proof)?;
		}
		assert!(pallet_session::NextKeys::<T>::get(&who) == Some(first));
		Ok(())
	}

	/// All of a report but the evidence itself: whose key it was, in the pool and in the block, and
	/// what the offence costs.
	#[benchmark]
	fn report() -> Result<(), BenchmarkError> {
		fill::<T>(1);
		let who = candidate::<T>(true);
		pallet_session::Validators::<T>::append(who.clone());
		let id = T::Keys::key_ids().first().copied().ok_or(BenchmarkError::Weightless)?;
		let key = keys::<T>(u8::MAX).get_raw(id).to_vec();
		let proof = <Historical<T> as KeyOwnerProofSystem<(_, Vec<u8>)>>::prove((id, key.clone()));
		let proof = proof.ok_or(BenchmarkError::Stop("the key is nobody's"))?;
		#[block]
		{
			let offender = Historical::<T>::check_proof((id, key.clone()), proof.clone());
			let offender = offender.ok_or(BenchmarkError::Stop("the proof does not hold"))?;
			let known = <Offences<T> as ReportOffence<_, _, Misbehaviour<_>>>::is_known_offence(
				&[offender],
				&1,
			);
			let offender = Historical::<T>::check_proof((id, key), proof);
			let offender = offender.ok_or(BenchmarkError::Stop("the proof does not hold"))?;
			let offence = Misbehaviour(offender, T::MaxValidators::get());
			assert!(!known);
			Offences::<T>::report_offence(Vec::new(), offence)
				.map_err(|_| BenchmarkError::Stop("it was reported before"))?;
		}
		assert!(Expelled::<T>::get().contains(&who));
		Ok(())
	}

	#[benchmark]
	fn punish() {
		fill::<T>(1);
		let who = candidate::<T>(true);
		pallet_session::Validators::<T>::append(who.clone());
		let Bond { amount, .. } = Bonds::<T>::get(&who).expect("it was bonded above");
		let fraction = Perbill::from_percent(1);
		Slashes::<T>::insert(0, &who, Slash { fraction, base: amount });
		#[block]
		{
			Pallet::<T>::punish(&who, Perbill::from_percent(50), 0);
		}
		assert!(Expelled::<T>::get().contains(&who));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
