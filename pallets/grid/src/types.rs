//! What the pallet stores.

use crate::Config;
use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{
	traits::fungible::Inspect, BoundedVec, CloneNoBound, DebugNoBound, EqNoBound, PartialEqNoBound,
};
use granary_primitives::{FarmId, PublicKey, TwinId};
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
	/// Price of one GiB for one hour, in plancks.
	pub price_per_gib_hour: BalanceOf<T>,
	/// Held bond, in plancks.
	pub bond: BalanceOf<T>,
	/// The part that backs allotments, in plancks.
	pub bond_used: BalanceOf<T>,
}
