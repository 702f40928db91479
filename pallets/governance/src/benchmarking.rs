//! The benchmark of the call around a call that does nothing.

use crate::{Call, Config, Pallet};
use frame_benchmarking::v2::*;
use frame_support::traits::EnsureOrigin;

extern crate alloc;
use alloc::{boxed::Box, vec};

#[benchmarks]
mod benches {
	use super::*;

	#[benchmark]
	fn enact() -> Result<(), BenchmarkError> {
		let origin =
			T::CouncilOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		let call = frame_system::Call::<T>::remark { remark: vec![] };
		let call: Box<<T as Config>::RuntimeCall> = Box::new(call.into());
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, call);
		assert!(!frame_system::Pallet::<T>::events().is_empty());
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
