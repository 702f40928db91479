//! A chain with grid, money and reservations for the tests; audits are recorded.

use crate as pallet_reservations;
use frame_support::{
	derive_impl, parameter_types,
	traits::{ConstU128, ConstU64},
	BoundedVec,
};
use frame_system::offchain::{
	CreateAuthorizedTransaction, CreateTransaction, CreateTransactionBase,
};
use frame_system::EnsureRoot;
use granary_primitives::{
	traits::{AuditSchedule, PriceFeed},
	AllotmentId, Balance, NodeId,
};
use sp_runtime::{traits::IdentityLookup, AccountId32, BuildStorage, Perbill};
use std::collections::BTreeMap;

type Block = frame_system::mocking::MockBlockU32<Test>;
type Extension = frame_system::AuthorizeCall<Test>;
type Extrinsic = sp_runtime::generic::UncheckedExtrinsic<
	AccountId32,
	RuntimeCall,
	sp_runtime::testing::UintAuthorityId,
	Extension,
>;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Balances: pallet_balances,
		Grid: pallet_grid,
		Reservations: pallet_reservations,
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
	type ExistentialDeposit = ConstU128<10>;
}

parameter_types! {
	pub const MaxEndpointLen: u32 = 64;
	pub const MaxNameLen: u32 = 16;
	pub const MaxFarmsPerTwin: u32 = 4;
	pub const MaxNodesPerFarm: u32 = 4;
	pub const MinNodeBond: Balance = 100;
	pub const MaxShards: u32 = 8;
	pub const MaxAllotmentsPerNode: u32 = 3;
	pub const MaxSettlementsPerBlock: u32 = 2;
	pub TreasuryAccount: AccountId32 = account(99);
	/// Allotments that audits were told to forget.
	pub static Closed: Vec<AllotmentId> = Vec::new();
	/// Leaves of the logs that have a checkpoint.
	pub static Leaves: BTreeMap<AllotmentId, u64> = BTreeMap::new();
	/// Plancks for a millionth of a milli-cent.
	pub static Rate: Option<Balance> = None;
	pub RepairAccount: AccountId32 = account(98);
}

impl pallet_grid::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type GovernanceOrigin = EnsureRoot<AccountId32>;
	type Now = ConstU64<0>;
	type MaxEndpointLen = MaxEndpointLen;
	type MaxNameLen = MaxNameLen;
	type MaxFarmsPerTwin = MaxFarmsPerTwin;
	type MaxNodesPerFarm = MaxNodesPerFarm;
	type MinNodeBond = MinNodeBond;
	type WeightInfo = ();
}

/// Remembers what it is told.
#[allow(unreachable_pub, reason = "a type of the configuration of a public runtime is public")]
pub struct Audits;

impl AuditSchedule for Audits {
	fn leaf_count(allotment: AllotmentId) -> u64 {
		Leaves::get().get(&allotment).copied().unwrap_or(0)
	}

	fn closed(allotment: AllotmentId) {
		Closed::mutate(|closed| closed.push(allotment));
	}
}

impl PriceFeed for Rate {
	fn plancks(micro_milli_cents: Balance) -> Option<Balance> {
		Rate::get()?.checked_mul(micro_milli_cents)
	}
}

impl pallet_reservations::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Grid = Grid;
	type Audits = Audits;
	type Treasury = TreasuryAccount;
	type RepairAccount = RepairAccount;
	type Prices = Rate;
	type GovernanceOrigin = EnsureRoot<AccountId32>;
	type MaxShards = MaxShards;
	type MaxAllotmentsPerNode = MaxAllotmentsPerNode;
	type MaxSettlementsPerBlock = MaxSettlementsPerBlock;
	type WeightInfo = ();
}

impl<LocalCall> CreateTransactionBase<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	type RuntimeCall = RuntimeCall;
	type Extrinsic = Extrinsic;
}

impl<LocalCall> CreateTransaction<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	type Extension = Extension;
	fn create_transaction(call: RuntimeCall, extension: Extension) -> Extrinsic {
		Extrinsic::new_transaction(call, extension)
	}
}

impl<LocalCall> CreateAuthorizedTransaction<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	fn create_extension() -> Extension {
		frame_system::AuthorizeCall::new()
	}
}

/// The account with this number.
pub(crate) fn account(number: u8) -> AccountId32 {
	AccountId32::new([number; 32])
}

/// The tenant.
pub(crate) const TENANT: u8 = 20;
/// Price of one allotment for a block, in plancks: 1 GiB at 360 an hour of 36 blocks.
pub(crate) const PRICE: Balance = 10;

/// Short terms.
pub(crate) fn parameters() -> crate::Parameters {
	crate::Parameters {
		settlement_blocks: 10,
		grace_blocks: 20,
		min_term_blocks: 10,
		max_term_blocks: 1000,
		blocks_per_hour: 36,
		bond_days: 1,
		repair_cost_per_gib: 5,
		farmer_share: Perbill::from_percent(90),
		burn_share: Perbill::zero(),
		discounts: Default::default(),
		..Default::default()
	}
}

/// Block 1; accounts 1 to 9 have a farm each with one node of 4 GiB, the tenant has 100,000.
pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	let mut balances: Vec<_> = (1..=9).map(|number| (account(number), 1_000_000)).collect();
	balances.push((account(TENANT), 100_000));
	balances.push((RepairAccount::get(), 10));
	pallet_balances::GenesisConfig::<Test> { balances, ..Default::default() }
		.assimilate_storage(&mut storage)
		.unwrap();
	pallet_reservations::GenesisConfig::<Test> { parameters: parameters(), ..Default::default() }
		.assimilate_storage(&mut storage)
		.unwrap();
	let mut ext: sp_io::TestExternalities = storage.into();
	ext.execute_with(|| {
		System::set_block_number(1);
		Closed::set(Vec::new());
		Leaves::set(BTreeMap::new());
		Rate::set(None);
		for number in 1..=9 {
			let origin = || RuntimeOrigin::signed(account(number));
			Grid::register_twin(origin(), BoundedVec::new(), [number; 32]).unwrap();
			let name = vec![b'f', b'0' + number].try_into().unwrap();
			Grid::create_farm(origin(), name, None).unwrap();
			let endpoint = b"h:1".to_vec().try_into().unwrap();
			let (farm, key) = (u32::from(number) - 1, [number; 32]);
			Grid::register_node(origin(), farm, endpoint, 4 << 30, 360, key, key, 50_000).unwrap();
		}
		let tenant = RuntimeOrigin::signed(account(TENANT));
		Grid::register_twin(tenant, BoundedVec::new(), [TENANT; 32]).unwrap();
	});
	ext
}

/// Runs a test and checks the invariants afterwards.
pub(crate) fn run(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		test();
		Reservations::do_try_state().unwrap();
	});
}

/// Nodes in a call.
pub(crate) fn nodes(ids: &[NodeId]) -> BoundedVec<NodeId, MaxShards> {
	ids.to_vec().try_into().unwrap()
}
