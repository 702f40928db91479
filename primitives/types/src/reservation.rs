//! Reservations and allotments as the runtime API answers them.

use crate::{AccountBytes, AllotmentId, Balance, BlockNumber, NodeId, PublicKey, ReservationId};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Where a reservation stands in its life.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub enum ReservationState {
	/// Capacity is held, escrow is not empty.
	#[codec(index = 0)]
	Active,
	/// The escrow is empty or the term is over: reads only, until the block given.
	#[codec(index = 1)]
	Grace {
		/// The first block at which it may be closed.
		until: BlockNumber,
	},
	/// Capacity is freed; the record remains until it is pruned.
	#[codec(index = 2)]
	Closed,
}

/// How often an allotment is audited; the price includes it.
#[derive(
	Clone,
	Copy,
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
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub enum AuditProfile {
	/// Twice as often as the standard.
	#[codec(index = 0)]
	Hot,
	/// As often as the audit parameters say.
	#[codec(index = 1)]
	#[default]
	Standard,
	/// A quarter as often, for archives.
	#[codec(index = 2)]
	Cold,
}

/// A tenant's contract for capacity.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct ReservationInfo {
	/// The reservation's number.
	pub id: ReservationId,
	/// The account that pays.
	pub tenant: AccountBytes,
	/// The tenant's X25519 transport key, from its twin.
	pub tenant_transport_key: PublicKey,
	/// Shards that suffice to read.
	pub data_shards: u8,
	/// Shards that may be lost.
	pub parity_shards: u8,
	/// Capacity of each allotment.
	pub bytes_per_allotment: u64,
	/// Anyone may read the (sealed) shards; writing always needs the tenant's key.
	pub public_read: bool,
	/// What is left of the escrow, in plancks.
	pub escrow: Balance,
	/// The block at which it was made.
	pub created: BlockNumber,
	/// The block at which its term ends.
	pub ends: BlockNumber,
	/// Where it stands.
	pub state: ReservationState,
	/// Its allotments, in shard order: allotment `i` holds shard `i` of every object.
	pub allotments: Vec<AllotmentId>,
}

/// The share of one reservation on one node.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct AllotmentInfo {
	/// The allotment's number.
	pub id: AllotmentId,
	/// The reservation it belongs to.
	pub reservation: ReservationId,
	/// Which shard of every object it holds, `0..k+m`.
	pub shard: u8,
	/// The node that holds it.
	pub node: NodeId,
	/// Reserved bytes.
	pub bytes: u64,
	/// What the node earns for it per block when proven, in plancks.
	pub price_per_block: Balance,
	/// The part of the node's bond that backs it, in plancks.
	pub bond: Balance,
	/// Earned by proofs and not yet settled, in plancks.
	pub accrued: Balance,
	/// Settled to the farm's payout account so far, in plancks.
	pub paid: Balance,
	/// Lost by misses so far, in plancks: it stays with the tenant.
	pub withheld: Balance,
	/// The reservation's state.
	pub state: ReservationState,
}
