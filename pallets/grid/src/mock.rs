//! A chain of two pallets for the tests.

use crate as pallet_grid;
use frame_support::{derive_impl, parameter_types, traits::ConstU128};
use frame_system::EnsureRoot;
use granary_primitives::Balance;
use sp_runtime::{traits::IdentityLookup, AccountId32, BuildStorage};

type Block = frame_system::mocking::MockBlockU32<Test>;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Balances: pallet_balances,
		Grid: pallet_grid,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountId = AccountId32;
	type Lookup = IdentityLookup<AccountId32>;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
	type Balance = Balance;
	type ExistentialDeposit = ConstU128<1>;
}

parameter_types! {
	pub const MaxEndpointLen: u32 = 64;
	pub const MaxNameLen: u32 = 16;
	pub const MaxFarmsPerTwin: u32 = 2;
	pub const MaxNodesPerFarm: u32 = 3;
	pub const MinNodeBond: Balance = 100;
	/// The time.
	pub static Milliseconds: u64 = 1_000_000_000;
}

impl pallet_grid::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type GovernanceOrigin = EnsureRoot<AccountId32>;
	type Now = Milliseconds;
	type MaxEndpointLen = MaxEndpointLen;
	type MaxNameLen = MaxNameLen;
	type MaxFarmsPerTwin = MaxFarmsPerTwin;
	type MaxNodesPerFarm = MaxNodesPerFarm;
	type MinNodeBond = MinNodeBond;
	type WeightInfo = ();
}

/// The account with this number.
pub(crate) fn account(number: u8) -> AccountId32 {
	AccountId32::new([number; 32])
}

/// Five accounts with 10,000 each at block 1.
pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	pallet_balances::GenesisConfig::<Test> {
		balances: (1..=5).map(|number| (account(number), 10_000)).collect(),
		..Default::default()
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
		Grid::do_try_state().unwrap();
	});
}
