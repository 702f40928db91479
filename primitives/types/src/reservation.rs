//! Reservations and allotments as the runtime API answers them.

use crate::{
	AccountBytes, AllotmentId, Balance, BlockNumber, Hash, NodeId, ProviderId, PublicKey,
	ReservationId, Tick, LEAF_BYTES,
};
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
	/// Capacity is freed; the record remains for its history.
	#[codec(index = 2)]
	Closed,
	/// Capacity is held and paid for, nothing is proven yet.
	#[codec(index = 3)]
	Created,
}

impl ReservationState {
	/// Whether the tenant may store: in grace a reservation can only be read.
	pub const fn takes_writes(&self) -> bool {
		matches!(self, Self::Created | Self::Active)
	}
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
	/// How often its allotments are audited.
	pub profile: AuditProfile,
	/// Its allotments, in shard order: allotment `i` holds shard `i` of every object.
	pub allotments: Vec<AllotmentId>,
}

/// What a tenant wrote beside a reservation, and what stands beside its escrow.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct ReservationDetails {
	/// Its unique name, UTF-8; empty without one.
	pub name: Vec<u8>,
	/// Hash of what is deployed; zeros if it was not told.
	pub deployment: Hash,
	/// The tenant's own bytes.
	pub data: Vec<u8>,
	/// The solution provider that shares in the payments.
	pub provider: Option<ProviderId>,
	/// Who may replace lost allotments beside the tenant.
	pub repairer: Option<AccountBytes>,
	/// What penalties have brought for repairs, in plancks.
	pub repair_fund: Balance,
}

/// What a tenant asks for.
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
#[cfg_attr(feature = "std", serde(rename_all = "camelCase"))]
pub struct Terms {
	/// Shards that suffice to read.
	pub data_shards: u8,
	/// Shards that may be lost.
	pub parity_shards: u8,
	/// Capacity of each allotment.
	pub bytes: u64,
	/// The term.
	pub blocks: BlockNumber,
	/// Anyone may read the sealed shards.
	pub public_read: bool,
	/// What all allotments together may cost per block, in plancks.
	pub max_price_per_block: Balance,
	/// How often the allotments are audited.
	pub profile: AuditProfile,
}

impl Terms {
	/// Shards in all.
	pub fn shards(&self) -> usize {
		usize::from(self.data_shards) + usize::from(self.parity_shards)
	}

	/// Whether an allotment has room for a leaf.
	pub fn has_room(&self) -> bool {
		self.bytes >= LEAF_BYTES
	}
}

/// What a placement must fulfil beside distinct farms, capacity and price.
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
#[cfg_attr(feature = "std", serde(rename_all = "camelCase", default))]
pub struct Policy {
	/// The nodes must lie in at least so many regions.
	pub min_regions: u8,
	/// The most of one node per GiB and hour, in the chain's price unit.
	pub max_price_per_gib_hour: Option<Balance>,
	/// Only nodes that a certifier vouches for.
	pub certified: bool,
}

/// Whether what a reservation stores is still provably held, and with what margin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(rename_all = "camelCase"))]
pub struct ReservationHealth {
	/// Shards that suffice to read.
	pub needed: u8,
	/// Shards in all.
	pub shards: u8,
	/// Shards whose last audit was proven.
	pub proven: u8,
	/// Shards whose last audit was missed.
	pub missed: u8,
	/// Shards that are lost.
	pub lost: u8,
	/// Shards that were never audited.
	pub unaudited: u8,
	/// How many more of the proven shards may fail before something is lost; negative if fewer than needed are proven.
	pub margin: i16,
	/// The tick of the oldest among the last proofs of the proven shards.
	pub oldest_proof_tick: Option<Tick>,
}

/// What a reservation would cost now, in plancks.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct Quote {
	/// The nodes that a placement would take, in shard order.
	pub nodes: Vec<NodeId>,
	/// Price of each allotment per block, in shard order, after discount and profile.
	pub prices_per_block: Vec<Balance>,
	/// Their sum.
	pub price_per_block: Balance,
	/// What would be held for the whole term.
	pub escrow: Balance,
	/// What is saved by prepaying, in parts per billion of the price.
	pub discount_ppb: u32,
	/// Bond that each node would put behind its allotment, in shard order.
	pub bonds: Vec<Balance>,
}

/// What a farm was paid on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct DayEarnings {
	/// Days since block 0.
	pub day: u32,
	/// Paid to the farm on that day, in plancks.
	pub paid: Balance,
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
	/// The tenant's X25519 transport key, which the namespace's password is agreed with.
	pub tenant_transport_key: PublicKey,
	/// Anyone may read the (sealed) shards.
	pub public_read: bool,
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
	/// The node lost the data: it earns nothing more, the tenant may replace it.
	pub lost: bool,
	/// The bytes that it shrinks to with its next proof.
	pub shrinks_to: Option<u64>,
	/// The reservation's state.
	pub state: ReservationState,
}
