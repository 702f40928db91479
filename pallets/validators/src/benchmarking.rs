//! Benchmarks of every call and of a punishment, with as many validators as there may be.
#![allow(clippy::expect_used, reason = "a benchmark that cannot be set up must stop")]

use crate::{
	Bond, Bonds, Call, Config, CurrencyOf, Expelled, Invitations, Members, Pallet, Parameters,
	Slash, Slashes, ValidatorParameters,
};
use alloc::vec::Vec;
use codec::Decode;
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{fungible::Mutate, EnsureOrigin, Get},
	BoundedVec,
};
use frame_system::RawOrigin;
use pallet_session::{Pallet as Session, SessionInterface};
use sp_runtime::{traits::TrailingZeroInput, Perbill};

fn governance<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
	T::GovernanceOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
}

/// Fills the set up to `free` places, as members, as the running set and as the queued one.
fn fill<T: Config>(free: u32) {
	let count = T::MaxValidators::get().saturating_sub(free);
	let accounts: Vec<T::AccountId> =
		(0..count).map(|index| account("validator", index, 0)).collect();
	pallet_session::Validators::<T>::put(&accounts);
	let queued: Vec<_> = accounts.iter().map(|account| (account.clone(), keys::<T>())).collect();
	pallet_session::QueuedKeys::<T>::put(queued);
	Members::<T>::put(BoundedVec::truncate_from(accounts));
	ValidatorParameters::<T>::put(Parameters { minimum: 1, ..Default::default() });
}

fn keys<T: Config>() -> T::Keys {
	T::Keys::decode(&mut TrailingZeroInput::zeroes()).expect("keys are bytes")
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
	<Session<T> as SessionInterface>::set_keys(&who, keys::<T>()).expect("the keys are nobody's");
	if bonded {
		Pallet::<T>::admit(&who, bond).expect("there is room");
	}
	who
}

#[benchmarks(where CurrencyOf<T>: Mutate<T::AccountId>)]
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
