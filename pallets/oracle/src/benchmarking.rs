//! Benchmarks of every call with all feeders there may be.
#![allow(clippy::expect_used, reason = "a benchmark that cannot be set up must stop")]

use crate::{types::Submission, Call, Config, Feeders, OracleParameters, Pallet, Parameters};
use frame_benchmarking::v2::*;
use frame_support::traits::{EnsureOrigin, Get};
use frame_system::RawOrigin;

fn fill<T: Config>(count: u32) -> T::AccountId {
	Feeders::<T>::kill();
	for index in 0..count {
		let feeder: T::AccountId = account("feeder", index, 0);
		Feeders::<T>::try_append((feeder, None::<Submission>)).expect("not more than there may be");
	}
	account("feeder", count.saturating_sub(1), 0)
}

fn governance<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
	T::GovernanceOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
}

#[benchmarks]
mod benches {
	use super::*;

	#[benchmark]
	fn submit_price() {
		let last = fill::<T>(T::MaxFeeders::get());
		let price = OracleParameters::<T>::get().min_price;
		#[extrinsic_call]
		_(RawOrigin::Signed(last), price);
		assert!(Feeders::<T>::get().iter().any(|(_, submission)| submission.is_some()));
	}

	#[benchmark]
	fn add_feeder() -> Result<(), BenchmarkError> {
		fill::<T>(T::MaxFeeders::get() - 1);
		let origin = governance::<T>()?;
		let feeder: T::AccountId = account("new", 0, 0);
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, feeder);
		assert_eq!(Feeders::<T>::get().len() as u32, T::MaxFeeders::get());
		Ok(())
	}

	#[benchmark]
	fn remove_feeder() -> Result<(), BenchmarkError> {
		let last = fill::<T>(T::MaxFeeders::get());
		let origin = governance::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, last);
		assert_eq!(Feeders::<T>::get().len() as u32, T::MaxFeeders::get() - 1);
		Ok(())
	}

	#[benchmark]
	fn set_parameters() -> Result<(), BenchmarkError> {
		let parameters = Parameters { min_feeders: 2, ..Default::default() };
		let origin = governance::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, parameters);
		assert_eq!(OracleParameters::<T>::get(), parameters);
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
