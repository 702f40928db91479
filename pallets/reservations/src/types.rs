//! What the pallet stores, and its parameters.

use crate::Config;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{BoundedVec, CloneNoBound, DebugNoBound, EqNoBound, PartialEqNoBound};
use granary_primitives::{
	reservation::ReservationState, AllotmentId, Balance, BlockNumber, NodeId, PublicKey,
	ReservationId, GIB, LEAF_BYTES,
};
use scale_info::TypeInfo;
use sp_runtime::Perbill;

/// Periods, terms and shares. A development chain shortens them.
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
	serde::Serialize,
	serde::Deserialize,
)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Parameters {
	/// Blocks between two settlements of a reservation.
	pub settlement_blocks: BlockNumber,
	/// Blocks from the end of a term to its closing.
	pub grace_blocks: BlockNumber,
	/// The shortest term.
	pub min_term_blocks: BlockNumber,
	/// The longest term.
	pub max_term_blocks: BlockNumber,
	/// Blocks in an hour, the unit of nodes' prices.
	pub blocks_per_hour: BlockNumber,
	/// Days of revenue that a bond covers.
	pub bond_days: u32,
	/// What repairing one GiB costs, in plancks; a bond covers it twice.
	pub repair_cost_per_gib: Balance,
	/// The farm's share of a payment; the rest is the treasury's.
	pub farmer_share: Perbill,
}

impl Default for Parameters {
	/// A chain of six-second blocks that settles hourly.
	fn default() -> Self {
		Self {
			settlement_blocks: 600,
			grace_blocks: 14 * 24 * 600,
			min_term_blocks: 600,
			max_term_blocks: 5 * 365 * 24 * 600,
			blocks_per_hour: 600,
			bond_days: 30,
			repair_cost_per_gib: 1_000_000_000,
			farmer_share: Perbill::from_percent(95),
		}
	}
}

impl Parameters {
	/// Whether they can work together.
	pub fn are_sane(&self) -> bool {
		self.settlement_blocks > 0
			&& self.blocks_per_hour > 0
			&& self.min_term_blocks > 0
			&& self.min_term_blocks <= self.max_term_blocks
	}

	/// The price of `bytes` for a block at a node's price for a GiB and hour, rounded up.
	pub fn price_per_block(&self, bytes: u64, price_per_gib_hour: Balance) -> Option<Balance> {
		let divisor = Balance::from(GIB).checked_mul(Balance::from(self.blocks_per_hour))?;
		Some(Balance::from(bytes).checked_mul(price_per_gib_hour)?.div_ceil(divisor))
	}

	/// The bond that backs an allotment: so many days of its revenue, and at least twice its repair.
	pub fn bond(&self, bytes: u64, price_per_block: Balance) -> Option<Balance> {
		let blocks = Balance::from(self.blocks_per_hour)
			.checked_mul(24)?
			.checked_mul(Balance::from(self.bond_days))?;
		let revenue = price_per_block.checked_mul(blocks)?;
		let repair = Balance::from(bytes)
			.checked_mul(self.repair_cost_per_gib)?
			.div_ceil(Balance::from(GIB))
			.checked_mul(2)?;
		Some(revenue.max(repair))
	}
}

/// What a tenant asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
	pub(crate) data_shards: u8,
	pub(crate) parity_shards: u8,
	pub(crate) bytes: u64,
	pub(crate) blocks: BlockNumber,
	pub(crate) public_read: bool,
	pub(crate) max_price_per_block: Balance,
}

impl Terms {
	/// Whether so many nodes fit the shards.
	pub(crate) fn fit(&self, nodes: usize) -> bool {
		self.data_shards >= 1
			&& usize::from(self.data_shards) + usize::from(self.parity_shards) == nodes
	}

	/// Whether an allotment has room for a leaf.
	pub(crate) fn has_room(&self) -> bool {
		self.bytes >= LEAF_BYTES
	}
}

/// A reservation.
#[derive(
	CloneNoBound, DebugNoBound, PartialEqNoBound, EqNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(T))]
pub struct Reservation<T: Config> {
	/// Who pays.
	pub tenant: T::AccountId,
	/// The tenant's X25519 key when the reservation was made; passwords follow from it.
	pub tenant_transport_key: PublicKey,
	/// Shards that suffice to read.
	pub data_shards: u8,
	/// Shards that may be lost.
	pub parity_shards: u8,
	/// Capacity of each allotment.
	pub bytes_per_allotment: u64,
	/// Anyone may read the sealed shards.
	pub public_read: bool,
	/// What is still held for it.
	pub escrow: Balance,
	/// The block at which it was made.
	pub created: BlockNumber,
	/// The block at which its term ends.
	pub ends: BlockNumber,
	/// The first block at which it may be settled next.
	pub next_settlement: BlockNumber,
	/// Where it stands.
	pub state: ReservationState,
	/// Its allotments in shard order.
	pub allotments: BoundedVec<AllotmentId, T::MaxShards>,
}

/// The share of one reservation on one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Allotment {
	/// Its reservation.
	pub reservation: ReservationId,
	/// Which shard of every object it holds.
	pub shard: u8,
	/// The node that holds it.
	pub node: NodeId,
	/// Reserved bytes.
	pub bytes: u64,
	/// What it earns per block.
	pub price_per_block: Balance,
	/// The part of the node's bond that backs it.
	pub bond: Balance,
	/// Earned and not yet paid.
	pub accrued: Balance,
	/// Paid so far.
	pub paid: Balance,
	/// Lost by misses so far.
	pub withheld: Balance,
}

impl Allotment {
	/// What it earns if every block of the term is proven: its part of all that was ever held for the reservation.
	pub(crate) fn price_of_term<T: Config>(&self, record: &Reservation<T>) -> Balance {
		let blocks = record.ends.saturating_sub(record.created);
		self.price_per_block.saturating_mul(Balance::from(blocks))
	}

	/// The part of the term's price that audits have decided on.
	pub(crate) fn decided(&self) -> Balance {
		self.accrued.saturating_add(self.paid).saturating_add(self.withheld)
	}
}
