//! What the pallet stores.

use crate::Config;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
	traits::{fungible::Inspect, ConstU32},
	BoundedVec, CloneNoBound, DebugNoBound, EqNoBound, PartialEqNoBound,
};
use granary_primitives::{BlockNumber, FarmId, PublicKey, Region, TwinId};
use scale_info::TypeInfo;

/// The currency's amounts.
pub type BalanceOf<T> =
	<<T as Config>::Currency as Inspect<<T as frame_system::Config>::AccountId>>::Balance;

/// A twin.
#[derive(
	CloneNoBound, DebugNoBound, PartialEqNoBound, EqNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(T))]
pub struct Twin<T: Config> {
	/// The account that owns it.
	pub account: T::AccountId,
	/// Where to reach it, UTF-8.
	pub endpoint: BoundedVec<u8, T::MaxEndpointLen>,
	/// X25519 key.
	pub transport_key: PublicKey,
	/// Farms that it owns.
	pub farms: u32,
}

/// A farm.
#[derive(
	CloneNoBound, DebugNoBound, PartialEqNoBound, EqNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(T))]
pub struct Farm<T: Config> {
	/// Its owner.
	pub twin: TwinId,
	/// Its name, UTF-8.
	pub name: BoundedVec<u8, T::MaxNameLen>,
	/// Where its nodes' earnings go.
	pub payout: T::AccountId,
	/// Where it is.
	pub region: Region,
	/// A certifier vouches for it.
	pub certified: bool,
	/// Nodes that it has.
	pub nodes: u32,
}

/// A node.
#[derive(
	CloneNoBound, DebugNoBound, PartialEqNoBound, EqNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(T))]
pub struct Node<T: Config> {
	/// Its farm.
	pub farm: FarmId,
	/// The account that registered it and from which the bond is held.
	pub operator: T::AccountId,
	/// `host:port` of its RESP server.
	pub endpoint: BoundedVec<u8, T::MaxEndpointLen>,
	/// sr25519 key of its checkpoints and proofs.
	pub audit_key: PublicKey,
	/// X25519 key that passwords are agreed with.
	pub transport_key: PublicKey,
	/// Offered capacity.
	pub capacity_bytes: u64,
	/// The part that is reserved.
	pub reserved_bytes: u64,
	/// Price of one GiB for one hour, in plancks; 0 for the farm's.
	pub price_per_gib_hour: BalanceOf<T>,
	/// Held bond, in plancks.
	pub bond: BalanceOf<T>,
	/// The part that backs allotments, in plancks.
	pub bond_used: BalanceOf<T>,
	/// A certifier vouches for it.
	pub certified: bool,
	/// It is being emptied and takes no new allotments.
	pub draining: bool,
	/// It holds nothing and sleeps.
	pub standby: bool,
	/// Announced maintenance and what is left of the budget.
	pub maintenance: Maintenance,
	/// Keys that become valid later.
	pub next_keys: Option<NextKeys>,
}

/// A node that one account has for itself.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Rent<AccountId> {
	/// Whose reservations alone are placed on it.
	pub tenant: AccountId,
	/// The first block at which it is everybody's again.
	pub until: BlockNumber,
}

/// Certifiers, at most.
pub const MAX_CERTIFIERS: u32 = 32;
/// Bytes of a node's serial number, at most.
pub const MAX_SERIAL_LEN: u32 = 64;

/// Notice, budget and delays. A development chain shortens them.
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
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Parameters {
	/// Blocks between announcing maintenance and its start, at least.
	pub maintenance_notice_blocks: BlockNumber,
	/// Blocks of maintenance that a node has in a year.
	pub maintenance_budget_blocks: BlockNumber,
	/// Blocks of a year.
	pub year_blocks: BlockNumber,
	/// Blocks until announced keys become valid.
	pub rotation_delay_blocks: BlockNumber,
}

impl Default for Parameters {
	/// With blocks of six seconds: a day's notice, four days a year, keys after a day.
	fn default() -> Self {
		Self {
			maintenance_notice_blocks: 14_400,
			maintenance_budget_blocks: 4 * 14_400,
			year_blocks: 365 * 14_400,
			rotation_delay_blocks: 14_400,
		}
	}
}

impl Parameters {
	/// Whether they can work together.
	pub fn are_sane(&self) -> bool {
		self.year_blocks > 0
			&& self.maintenance_budget_blocks <= self.year_blocks
			&& self.maintenance_notice_blocks > 0
			&& self.rotation_delay_blocks > 0
	}
}

/// Maintenance of a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Maintenance {
	/// The first block of the announced window; equal to `end` if none is announced.
	pub start: BlockNumber,
	/// The first block after it.
	pub end: BlockNumber,
	/// The year (by block number) that `used` belongs to.
	pub year: u32,
	/// Blocks announced in that year.
	pub used: BlockNumber,
	/// `year` as it was before this window was announced: what cancelling it restores.
	pub year_before: u32,
	/// `used` as it was then.
	pub used_before: BlockNumber,
}

/// Keys that become valid later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct NextKeys {
	/// sr25519 key of checkpoints and proofs.
	pub audit_key: PublicKey,
	/// X25519 key that passwords are agreed with.
	pub transport_key: PublicKey,
	/// The first block at which they are valid.
	pub from: BlockNumber,
}

/// What an operator tells of its node beside the offer.
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
pub struct Description {
	/// Bytes of solid-state disks.
	pub ssd_bytes: u64,
	/// Bytes of hard disks.
	pub hdd_bytes: u64,
	/// Latitude in millionths of a degree.
	pub latitude_microdegrees: i32,
	/// Longitude in millionths of a degree.
	pub longitude_microdegrees: i32,
	/// The machine's serial number.
	pub serial: BoundedVec<u8, ConstU32<MAX_SERIAL_LEN>>,
}

/// A node's last report of how long it has been up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Uptime {
	/// How long it had been up then.
	pub uptime_seconds: u64,
	/// When, in seconds since the epoch, by the node's clock.
	pub at_seconds: u64,
	/// The block that has the report.
	pub block: BlockNumber,
}
