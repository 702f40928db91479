//! Twins, farms and nodes as the runtime API answers them.

use crate::{AccountBytes, Balance, FarmId, NodeId, PublicKey, Region, TwinId};
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
