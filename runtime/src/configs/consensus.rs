//! BABE, GRANDPA, sessions, who the validators are, and what equivocating costs.

use super::TreasuryAccount;
use crate::{
	constants::{MAX_UNBONDING_SESSIONS, UNIT},
	timing, weights, AccountId, Authorship, Babe, Balances, Historical, Offences, Runtime,
	RuntimeEvent, RuntimeHoldReason, Session, SessionKeys, Validators,
};
use frame_support::traits::{ConstU128, ConstU32, ConstU64, Get, KeyOwnerProofSystem};
use frame_system::EnsureRoot;
use pallet_session::{historical, FindAccountFromAuthorIndex};
use sp_consensus_babe::{AllowedSlots, BabeEpochConfiguration};
use sp_core::crypto::KeyTypeId;
use sp_runtime::traits::{ConvertInto, OpaqueKeys};

/// The most authorities that a chain can have.
pub const MAX_AUTHORITIES: u32 = 100;

/// Primary slots are won by a quarter of the authorities; the others are filled in turn, with a
/// VRF output too: the audit beacon needs one from every block.
pub const GENESIS_EPOCH_CONFIG: BabeEpochConfiguration =
	BabeEpochConfiguration { c: (1, 4), allowed_slots: AllowedSlots::PrimaryAndSecondaryVRFSlots };

/// Blocks in which an offence can be reported: as long as a bond stays.
pub struct ReportLongevity;

impl Get<u64> for ReportLongevity {
	fn get() -> u64 {
		let sessions = pallet_validators::ValidatorParameters::<Runtime>::get().unbonding_sessions;
		u64::from(sessions).saturating_mul(timing::EpochSlots::<Runtime>::get())
	}
}

/// What proves whose a session key was.
type KeyProof<Id> = <Historical as KeyOwnerProofSystem<(KeyTypeId, Id)>>::Proof;

impl pallet_babe::Config for Runtime {
	type EpochDuration = timing::EpochDuration<Runtime>;
	type ExpectedBlockTime = timing::SlotDuration<Runtime>;
	// Sessions begin when BABE says so, and tell BABE its authorities.
	type EpochChangeTrigger = pallet_babe::ExternalTrigger;
	type DisabledValidators = Session;
	type WeightInfo = weights::Reports;
	type MaxAuthorities = ConstU32<MAX_AUTHORITIES>;
	type MaxNominators = ConstU32<0>;
	type KeyOwnerProof = KeyProof<sp_consensus_babe::AuthorityId>;
	type EquivocationReportSystem =
		pallet_babe::EquivocationReportSystem<Self, Offences, Historical, ReportLongevity>;
}

impl pallet_grandpa::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = weights::Reports;
	type MaxAuthorities = ConstU32<MAX_AUTHORITIES>;
	type MaxNominators = ConstU32<0>;
	// A set lasts a session or longer, so these are enough for every bond.
	type MaxSetIdSessionEntries = ConstU64<{ MAX_UNBONDING_SESSIONS as u64 }>;
	type KeyOwnerProof = KeyProof<sp_consensus_grandpa::AuthorityId>;
	type EquivocationReportSystem =
		pallet_grandpa::EquivocationReportSystem<Self, Offences, Historical, ReportLongevity>;
}

impl pallet_session::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type ValidatorId = AccountId;
	type ValidatorIdOf = ConvertInto;
	type ShouldEndSession = Babe;
	type NextSessionRotation = Babe;
	type SessionManager = historical::NoteHistoricalRoot<Self, Validators>;
	type SessionHandler = <SessionKeys as OpaqueKeys>::KeyTypeIdProviders;
	type Keys = SessionKeys;
	type DisablingStrategy = pallet_session::disabling::UpToLimitDisablingStrategy;
	type WeightInfo = weights::SessionKeyCalls;
	type Currency = Balances;
	type KeyDeposit = ConstU128<UNIT>;
}

impl historical::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type FullIdentification = ();
	type FullIdentificationOf = pallet_validators::Unidentified;
}

impl pallet_offences::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type IdentificationTuple = historical::IdentificationTuple<Self>;
	type OnOffenceHandler = Validators;
}

impl pallet_validators::Config for Runtime {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type GovernanceOrigin = EnsureRoot<AccountId>;
	type Treasury = TreasuryAccount;
	type MaxValidators = ConstU32<MAX_AUTHORITIES>;
	type MaxUnbondingSessions = ConstU32<MAX_UNBONDING_SESSIONS>;
	type WeightInfo = pallet_validators::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::SessionKeysOf;
}

impl pallet_authorship::Config for Runtime {
	type FindAuthor = FindAccountFromAuthorIndex<Self, Babe>;
	type EventHandler = ();
}

/// The author of the present block.
pub struct BlockAuthor;

impl BlockAuthor {
	/// Its account, if the block says who wrote it.
	pub fn account() -> Option<AccountId> {
		Authorship::author()
	}
}
