//! Twins, farms and nodes as the runtime API answers them.

use crate::{AccountBytes, Balance, BlockNumber, FarmId, NodeId, PublicKey, Region, TwinId};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;

/// A twin: an account's registered identity, who it is and where to reach it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct TwinInfo {
	/// The twin's number.
	pub id: TwinId,
	/// The account that owns it.
	pub account: AccountBytes,
	/// Where to reach it; UTF-8, possibly empty.
	pub endpoint: Vec<u8>,
	/// Its X25519 transport key.
	pub transport_key: PublicKey,
}

/// A farm: the failure domain for placement, paid to one account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct FarmInfo {
	/// The farm's number.
	pub id: FarmId,
	/// The twin that owns it.
	pub twin: TwinId,
	/// Its name; UTF-8.
	pub name: Vec<u8>,
	/// The account that receives what its nodes earn.
	pub payout: AccountBytes,
	/// Where it is.
	pub region: Region,
	/// A certifier vouches for it.
	pub certified: bool,
}

/// A node: one registered storage provider process.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct NodeInfo {
	/// The node's number.
	pub id: NodeId,
	/// The farm it belongs to.
	pub farm: FarmId,
	/// The account that registered it and may change it.
	pub operator: AccountBytes,
	/// `host:port` of its RESP server; UTF-8.
	pub endpoint: Vec<u8>,
	/// The sr25519 key that signs its checkpoints and proofs.
	pub audit_key: PublicKey,
	/// The X25519 key that namespace passwords are agreed with.
	pub transport_key: PublicKey,
	/// Offered capacity.
	pub capacity_bytes: u64,
	/// The part of it that is reserved.
	pub reserved_bytes: u64,
	/// Price of one GiB for one hour, in plancks.
	pub price_per_gib_hour: Balance,
	/// The bond held from the operator, in plancks.
	pub bond: Balance,
	/// The part of the bond that backs allotments.
	pub bond_used: Balance,
	/// A certifier vouches for it.
	pub certified: bool,
	/// It is being emptied and takes no new allotments.
	pub draining: bool,
	/// It holds nothing and sleeps.
	pub standby: bool,
	/// Maintenance that is announced and not over: its first block and the first one after it.
	pub maintenance: Option<(BlockNumber, BlockNumber)>,
}

/// What a node offers to a placement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeOffer {
	/// The failure domain.
	pub farm: FarmId,
	/// Where the farm is.
	pub region: Region,
	/// Capacity that is not reserved.
	pub free_bytes: u64,
	/// Bond that backs nothing yet, in plancks.
	pub free_bond: Balance,
	/// Price of one GiB for one hour.
	pub price_per_gib_hour: Balance,
	/// A certifier vouches for the node.
	pub certified: bool,
}

/// What a search for free capacity asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(rename_all = "camelCase", default))]
pub struct NodeSearch {
	/// Free capacity, at least.
	pub min_free_bytes: u64,
	/// Price of one GiB for one hour, at most.
	pub max_price_per_gib_hour: Option<Balance>,
	/// Only in this region.
	pub region: Option<Region>,
	/// Only certified ones.
	pub certified: bool,
	/// Not of these farms.
	pub without_farms: Vec<FarmId>,
}

impl NodeSearch {
	/// Whether an offer is what is asked for.
	pub fn fits(&self, offer: &NodeOffer) -> bool {
		offer.free_bytes >= self.min_free_bytes
			&& self.max_price_per_gib_hour.is_none_or(|most| offer.price_per_gib_hour <= most)
			&& self.region.is_none_or(|region| offer.region == region)
			&& (offer.certified || !self.certified)
			&& !self.without_farms.contains(&offer.farm)
	}
}

/// What an operator tells of its node. Nothing of it is trusted.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct NodeReport {
	/// Bytes of solid-state disks.
	pub ssd_bytes: u64,
	/// Bytes of hard disks.
	pub hdd_bytes: u64,
	/// Latitude in millionths of a degree.
	pub latitude_microdegrees: i32,
	/// Longitude in millionths of a degree.
	pub longitude_microdegrees: i32,
	/// The machine's serial number.
	pub serial: Vec<u8>,
	/// How long it had been up at its last report.
	pub uptime_seconds: Option<u64>,
	/// The block that has that report.
	pub uptime_block: Option<BlockNumber>,
	/// The block from which announced keys are valid, while they are not.
	pub next_keys_from: Option<BlockNumber>,
	/// Who has rented it as a whole: only that account's reservations are placed on it.
	pub renter: Option<AccountBytes>,
	/// What renting it as a whole costs per block, in plancks; none if that is not offered.
	pub rent_per_block: Option<Balance>,
}
