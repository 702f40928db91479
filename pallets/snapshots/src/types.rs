//! What the pallet stores.

use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{
	traits::Get, BoundedVec, CloneNoBound, DebugNoBound, EqNoBound, PartialEqNoBound,
};
use granary_primitives::{BlockNumber, DatasetId, Hash, ReservationId};
use scale_info::TypeInfo;

/// A published snapshot.
#[derive(
	CloneNoBound, PartialEqNoBound, EqNoBound, DebugNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[codec(mel_bound(AccountId: MaxEncodedLen, Balance: MaxEncodedLen))]
#[scale_info(skip_type_params(MaxNameLen))]
pub struct Snapshot<
	AccountId: Clone + PartialEq + Eq + core::fmt::Debug,
	Balance: Clone + PartialEq + Eq + core::fmt::Debug,
	MaxNameLen: Get<u32>,
> {
	/// The account that published it.
	pub publisher: AccountId,
	/// What is held from it until the snapshot is retired.
	pub deposit: Balance,
	/// The reservation that stores it.
	pub reservation: ReservationId,
	/// The dataset within it.
	pub dataset: DatasetId,
	/// Its name; UTF-8.
	pub name: BoundedVec<u8, MaxNameLen>,
	/// Id of the manifest's head object.
	pub manifest: Hash,
	/// Genesis hash of the chain whose database this is; zeros for other file trees.
	pub genesis: Hash,
	/// Height of that database; 0 for other file trees.
	pub height: u64,
	/// Bytes of the file tree.
	pub total_bytes: u64,
	/// Bytes stored over all nodes for what this snapshot added.
	pub stored_bytes: u64,
	/// The block at which it was published.
	pub published: BlockNumber,
}
