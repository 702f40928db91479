//! The council, whose qualified majority is root, and how upgrades change storage.

use crate::{
	configs::RuntimeBlockWeights, constants::DAYS, weights, AccountId, Runtime, RuntimeCall,
	RuntimeEvent, RuntimeOrigin,
};
use frame_support::{parameter_types, traits::ConstU32, weights::Weight};
use frame_system::EnsureRoot;

/// Members of the council, at most.
const MAX_COUNCIL_MEMBERS: u32 = 32;

type CouncilInstance = pallet_collective::Instance1;

parameter_types! {
	/// What a motion may weigh: half a block.
	pub MaxProposalWeight: Weight = RuntimeBlockWeights::get().max_block / 2;
	/// Blocks in which a motion is decided.
	pub const MotionDuration: crate::BlockNumber = 5 * DAYS;
}

impl pallet_collective::Config<CouncilInstance> for Runtime {
	type RuntimeOrigin = RuntimeOrigin;
	type Proposal = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type MotionDuration = MotionDuration;
	type MaxProposals = ConstU32<32>;
	type MaxMembers = ConstU32<MAX_COUNCIL_MEMBERS>;
	type DefaultVote = pallet_collective::MoreThanMajorityThenPrimeDefaultVote;
	type SetMembersOrigin = EnsureRoot<AccountId>;
	type WeightInfo = weights::pallet_collective::WeightInfo<Runtime>;
	type MaxProposalWeight = MaxProposalWeight;
	type DisapproveOrigin = EnsureRoot<AccountId>;
	type KillOrigin = EnsureRoot<AccountId>;
	type Consideration = ();
}

impl pallet_governance::Config for Runtime {
	type RuntimeCall = RuntimeCall;
	type CouncilOrigin =
		pallet_collective::EnsureProportionAtLeast<AccountId, CouncilInstance, 2, 3>;
	type WeightInfo = pallet_governance::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
	/// What migrations may take of a block: half of it.
	pub MaxMigrationWeight: Weight = RuntimeBlockWeights::get().max_block / 2;
}

impl pallet_migrations::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	#[cfg(not(feature = "runtime-benchmarks"))]
	type Migrations = crate::migrations::MultiBlock;
	#[cfg(feature = "runtime-benchmarks")]
	type Migrations = pallet_migrations::mock_helpers::MockedMigrations;
	type CursorMaxLen = ConstU32<256>;
	type IdentifierMaxLen = ConstU32<64>;
	type MigrationStatusHandler = ();
	// Nobody can use a half-migrated chain by accident: it stands still until validators agree on
	// what to do. Migrations are tried on a copy of the state before (`try-runtime`).
	type FailedMigrationHandler = frame_support::migrations::FreezeChainOnFailedMigration;
	type MaxServiceWeight = MaxMigrationWeight;
	type WeightInfo = weights::pallet_migrations::WeightInfo<Runtime>;
}
