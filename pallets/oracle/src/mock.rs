//! A chain with this pallet alone.

use crate as pallet_oracle;
use frame_support::{
	derive_impl,
	traits::{ConstU128, ConstU32},
};
use frame_system::EnsureRoot;
use sp_runtime::BuildStorage;

type Block = frame_system::mocking::MockBlockU32<Test>;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Oracle: pallet_oracle,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
}

impl pallet_oracle::Config for Test {
	type GovernanceOrigin = EnsureRoot<u64>;
	type Unit = ConstU128<1_000_000_000_000>;
	type MaxFeeders = ConstU32<5>;
	type WeightInfo = ();
}

/// Block 1; accounts 1, 2 and 3 feed, two are enough, for ten blocks.
pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	pallet_oracle::GenesisConfig::<Test> {
		parameters: crate::Parameters { max_age_blocks: 10, min_feeders: 2, ..Default::default() },
		feeders: vec![1, 2, 3].try_into().unwrap(),
	}
	.assimilate_storage(&mut storage)
	.unwrap();
	let mut ext: sp_io::TestExternalities = storage.into();
	ext.execute_with(|| System::set_block_number(1));
	ext
}

/// Runs a test and checks the invariants afterwards.
pub(crate) fn run(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		test();
		Oracle::do_try_state().unwrap();
	});
}
