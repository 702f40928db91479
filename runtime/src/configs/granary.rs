//! Grid, reservations, audits and snapshots, and how they meet.

use crate::{
	constants::{MILLI, UNIT},
	AccountId, Audits, Balances, Grid, Oracle, Reservations, Runtime, RuntimeHoldReason,
};
use frame_support::{
	parameter_types,
	traits::{ConstU128, ConstU32, ConstU64, Get},
	PalletId,
};
use frame_system::EnsureRoot;
use sp_runtime::traits::AccountIdConversion;

/// Leaves of 512 bytes in the longest log: 4 TiB.
pub const MAX_LEAF_COUNT: u64 = 1 << 33;

parameter_types! {
	/// The account that receives what is not the farmers' share.
	pub TreasuryAccount: AccountId = PalletId(*b"grnytrsy").into_account_truncating();
	/// The account that keeps what penalties bring until it pays for repairs.
	pub RepairAccount: AccountId = PalletId(*b"grnyrepr").into_account_truncating();
}

/// The time of the present block, in milliseconds.
pub struct Now;

impl Get<u64> for Now {
	fn get() -> u64 {
		pallet_timestamp::Now::<Runtime>::get()
	}
}

impl pallet_grid::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type GovernanceOrigin = EnsureRoot<AccountId>;
	type Now = Now;
	type MaxEndpointLen = ConstU32<128>;
	type MaxNameLen = ConstU32<64>;
	type MaxFarmsPerTwin = ConstU32<64>;
	type MaxNodesPerFarm = ConstU32<1024>;
	type MinNodeBond = ConstU128<UNIT>;
	type WeightInfo = pallet_grid::weights::SubstrateWeight<Runtime>;
}

impl pallet_reservations::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Grid = Grid;
	type Audits = Audits;
	type Treasury = TreasuryAccount;
	type RepairAccount = RepairAccount;
	type Prices = Oracle;
	type GovernanceOrigin = EnsureRoot<AccountId>;
	type MaxShards = ConstU32<32>;
	type MaxAllotmentsPerNode = ConstU32<4096>;
	type MaxSettlementsPerBlock = ConstU32<32>;
	type WeightInfo = pallet_reservations::weights::SubstrateWeight<Runtime>;
}

/// The VRF output that BABE's `on_finalize` left for this block.
pub struct AuthorVrf;

impl Get<Option<[u8; 32]>> for AuthorVrf {
	fn get() -> Option<[u8; 32]> {
		pallet_babe::Pallet::<Runtime>::author_vrf_randomness()
	}
}

/// What the previous epoch left. In the first epoch there is none, and the audit clock stands still.
pub struct EpochRandomness;

impl Get<Option<[u8; 32]>> for EpochRandomness {
	fn get() -> Option<[u8; 32]> {
		let past = pallet_babe::EpochIndex::<Runtime>::get() > 0;
		past.then(pallet_babe::NextRandomness::<Runtime>::get)
	}
}

impl pallet_audits::Config for Runtime {
	type AuthorVrf = AuthorVrf;
	type EpochRandomness = EpochRandomness;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type AuditKeys = Grid;
	type Allotments = Reservations;
	// 192 proofs of the longest logs fill three quarters of what transactions may take of a block.
	type MaxAuditsPerTick = ConstU32<192>;
	type MaxClosingsPerBlock = ConstU32<192>;
	type MaxLeavesPerAudit = ConstU32<64>;
	type MaxLeafCount = ConstU64<MAX_LEAF_COUNT>;
	type WeightInfo = pallet_audits::weights::SubstrateWeight<Runtime>;
}

impl pallet_oracle::Config for Runtime {
	type GovernanceOrigin = EnsureRoot<AccountId>;
	type Unit = ConstU128<UNIT>;
	type MaxFeeders = ConstU32<16>;
	type WeightInfo = pallet_oracle::weights::SubstrateWeight<Runtime>;
}

impl pallet_snapshots::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Reservations = Reservations;
	type Deposit = ConstU128<{ 100 * MILLI }>;
	type GrantDeposit = ConstU128<{ 100 * MILLI }>;
	type GrantByteDeposit = ConstU128<{ MILLI / 10 }>;
	type MaxNameLen = ConstU32<64>;
	type MaxSnapshotsPerReservation = ConstU32<1024>;
	type MaxGrantsPerReservation = ConstU32<4096>;
	type WeightInfo = pallet_snapshots::weights::SubstrateWeight<Runtime>;
}
