//! BABE, GRANDPA and who wrote a block.
//!
//! The set of authorities is the one of genesis. Equivocations are not reported: there is no
//! stake of authorities that could be slashed.

use crate::{timing, AccountId, Authorship, Runtime, RuntimeEvent};
use frame_support::traits::{ConstU32, ConstU64, FindAuthor};
use sp_consensus_babe::{AllowedSlots, BabeEpochConfiguration};
use sp_core::{crypto::ByteArray, Void};
use sp_runtime::ConsensusEngineId;

/// The most authorities that a chain can have.
pub const MAX_AUTHORITIES: u32 = 100;

/// Primary slots are won by a quarter of the authorities; the others are filled in turn, with a
/// VRF output too: the audit beacon needs one from every block.
pub const GENESIS_EPOCH_CONFIG: BabeEpochConfiguration =
	BabeEpochConfiguration { c: (1, 4), allowed_slots: AllowedSlots::PrimaryAndSecondaryVRFSlots };

impl pallet_babe::Config for Runtime {
	type EpochDuration = timing::EpochDuration<Runtime>;
	type ExpectedBlockTime = timing::SlotDuration<Runtime>;
	type EpochChangeTrigger = pallet_babe::SameAuthoritiesForever;
	type DisabledValidators = ();
	type WeightInfo = ();
	type MaxAuthorities = ConstU32<MAX_AUTHORITIES>;
	type MaxNominators = ConstU32<0>;
	type KeyOwnerProof = Void;
	type EquivocationReportSystem = ();
}

impl pallet_grandpa::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = ();
	type MaxAuthorities = ConstU32<MAX_AUTHORITIES>;
	type MaxNominators = ConstU32<0>;
	type MaxSetIdSessionEntries = ConstU64<0>;
	type KeyOwnerProof = Void;
	type EquivocationReportSystem = ();
}

impl pallet_authorship::Config for Runtime {
	type FindAuthor = AuthorityAccount;
	type EventHandler = ();
}

/// The account of an authority is the one of its BABE key: both are sr25519.
pub struct AuthorityAccount;

impl FindAuthor<AccountId> for AuthorityAccount {
	fn find_author<'a, I>(digests: I) -> Option<AccountId>
	where
		I: 'a + IntoIterator<Item = (ConsensusEngineId, &'a [u8])>,
	{
		let index = pallet_babe::Pallet::<Runtime>::find_author(digests)?;
		let authorities = pallet_babe::Authorities::<Runtime>::get();
		let (key, _weight) = authorities.get(usize::try_from(index).ok()?)?;
		AccountId::from_slice(key.as_ref()).ok()
	}
}

/// The author of the present block.
pub struct BlockAuthor;

impl BlockAuthor {
	/// Its account, if the block says who wrote it.
	pub fn account() -> Option<AccountId> {
		Authorship::author()
	}
}
