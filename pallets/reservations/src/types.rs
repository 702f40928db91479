//! What the pallet stores and what its calls take.

use crate::Config;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
	traits::ConstU32, BoundedVec, CloneNoBound, DebugNoBound, DefaultNoBound, EqNoBound,
	PartialEqNoBound,
};
pub use granary_primitives::reservation::{Policy, Terms};
use granary_primitives::{
	reservation::{AuditProfile, ReservationState},
	AllotmentId, Balance, BlockNumber, Hash, NodeId, ProviderId, PublicKey, ReservationId,
};
use scale_info::TypeInfo;
use sp_runtime::Perbill;

/// Bytes of a reservation's name, at least.
pub const MIN_NAME_LEN: usize = 3;
/// Bytes of a reservation's name, at most.
pub const MAX_NAME_LEN: u32 = 64;
/// Bytes that a tenant may write beside a reservation.
pub const MAX_DATA_LEN: u32 = 256;
/// Nodes that a tenant may offer to a placement, at most.
pub const MAX_CANDIDATES: u32 = 128;
/// Reservations that one call may close.
pub const MAX_CLOSED_AT_ONCE: u32 = 16;
/// Days for which a farm's earnings are remembered.
pub const EARNING_DAYS: u32 = 32;

/// A reservation's name.
pub type Name = BoundedVec<u8, ConstU32<MAX_NAME_LEN>>;
/// A tenant's own bytes.
pub type Data = BoundedVec<u8, ConstU32<MAX_DATA_LEN>>;

/// What a tenant writes beside a reservation.
#[derive(
	Clone,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Options {
	/// A name that no other reservation has: 3 to 64 bytes of UTF-8.
	pub name: Option<Name>,
	/// Hash of what is deployed; zeros if it is not told.
	pub deployment: Hash,
	/// The tenant's own bytes.
	pub data: Data,
	/// The solution provider that shares in the payments.
	pub provider: Option<ProviderId>,
}

/// A reservation.
#[derive(
	CloneNoBound, DebugNoBound, PartialEqNoBound, EqNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(T))]
pub struct Reservation<T: Config> {
	/// Who pays.
	pub tenant: T::AccountId,
	/// The tenant's X25519 key when the reservation was made or taken over; passwords follow from it.
	pub tenant_transport_key: PublicKey,
	/// Shards that suffice to read.
	pub data_shards: u8,
	/// Shards that may be lost.
	pub parity_shards: u8,
	/// Capacity of each allotment.
	#[codec(compact)]
	pub bytes_per_allotment: u64,
	/// Anyone may read the sealed shards.
	pub public_read: bool,
	/// What is still held for it.
	#[codec(compact)]
	pub escrow: Balance,
	/// The block at which it was made.
	pub created: BlockNumber,
	/// The block at which its term ends.
	pub ends: BlockNumber,
	/// The first block at which it may be settled next.
	pub next_settlement: BlockNumber,
	/// Where it stands.
	pub state: ReservationState,
	/// How often its allotments are audited.
	pub profile: AuditProfile,
	/// The solution provider that shares in the payments.
	pub provider: Option<ProviderId>,
	/// Its allotments in shard order.
	pub allotments: BoundedVec<AllotmentId, T::MaxShards>,
}

/// What a tenant wrote beside a reservation; without an entry everything is empty.
#[derive(
	CloneNoBound,
	DebugNoBound,
	DefaultNoBound,
	PartialEqNoBound,
	EqNoBound,
	Encode,
	Decode,
	MaxEncodedLen,
	TypeInfo,
)]
#[scale_info(skip_type_params(T))]
pub struct Details<T: Config> {
	/// Its name.
	pub name: Option<Name>,
	/// Hash of what is deployed.
	pub deployment: Hash,
	/// The tenant's own bytes.
	pub data: Data,
	/// Who may replace lost allotments beside the tenant.
	pub repairer: Option<T::AccountId>,
}

/// The share of one reservation on one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Allotment {
	/// Its reservation.
	#[codec(compact)]
	pub reservation: ReservationId,
	/// Which shard of every object it holds.
	pub shard: u8,
	/// The node that holds it.
	#[codec(compact)]
	pub node: NodeId,
	/// Reserved bytes.
	#[codec(compact)]
	pub bytes: u64,
	/// What it earns per block.
	#[codec(compact)]
	pub price_per_block: Balance,
	/// All that was ever held for it: what it earns if every block is proven.
	#[codec(compact)]
	pub priced: Balance,
	/// The part of the node's bond that it was made with.
	#[codec(compact)]
	pub bond_made: Balance,
	/// What is left of that bond.
	#[codec(compact)]
	pub bond: Balance,
	/// Earned and not yet paid.
	#[codec(compact)]
	pub accrued: Balance,
	/// Paid so far.
	#[codec(compact)]
	pub paid: Balance,
	/// Lost by misses so far.
	#[codec(compact)]
	pub withheld: Balance,
	/// The data are lost: nothing more is earned.
	pub lost: bool,
	/// The bytes that it shrinks to with its next proof.
	pub shrinks_to: Option<u64>,
}

impl Allotment {
	/// The part of its price that audits have decided on.
	pub(crate) fn decided(&self) -> Balance {
		self.accrued.saturating_add(self.paid).saturating_add(self.withheld)
	}

	/// The part of its price that is still open.
	pub(crate) fn undecided(&self) -> Balance {
		self.priced.saturating_sub(self.decided())
	}
}

/// A repair that is paid for once it is proven.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Repair<AccountId> {
	/// Who restored the shard.
	pub repairer: AccountId,
	/// What the repair fund pays for it at most.
	pub reward: Balance,
}

/// A solution provider.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Provider<AccountId> {
	/// Who registered it and is paid.
	pub account: AccountId,
	/// The share that it asks of what is not the farms'.
	pub share: Perbill,
	/// Governance has approved it.
	pub approved: bool,
}
