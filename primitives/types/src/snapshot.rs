//! Published snapshots as the runtime API answers them.

use crate::{AccountBytes, BlockNumber, DatasetId, Hash, ReservationId, SnapshotId};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;

/// A published snapshot: an immutable file tree stored in a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct SnapshotInfo {
	/// The snapshot's number.
	pub id: SnapshotId,
	/// The account that published it.
	pub publisher: AccountBytes,
	/// The reservation that stores it.
	pub reservation: ReservationId,
	/// The dataset within it.
	pub dataset: DatasetId,
	/// Its name; UTF-8.
	pub name: Vec<u8>,
	/// Id of the manifest's head object; zdb key of its shards.
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
