//! Published snapshots, what their publishers sign, and who was given their keys.

use crate::{AccountBytes, BlockNumber, DatasetId, Hash, ReservationId, SnapshotId};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// The kind of database that a snapshot holds.
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
#[cfg_attr(feature = "std", serde(rename_all = "lowercase"))]
pub enum DatabaseKind {
	/// No node's database, or a kind that its publisher did not tell.
	#[default]
	#[codec(index = 0)]
	Other,
	/// ParityDB.
	#[codec(index = 1)]
	ParityDb,
	/// RocksDB.
	#[codec(index = 2)]
	RocksDb,
}

impl DatabaseKind {
	/// Every kind.
	pub const ALL: [Self; 3] = [Self::Other, Self::ParityDb, Self::RocksDb];
}

/// What a publisher signs, so that a reader need not trust the node that it asks:
/// [`crate::message::snapshot`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct SnapshotStatement {
	/// The reservation that stores it.
	pub reservation: ReservationId,
	/// The dataset within it.
	pub dataset: DatasetId,
	/// Its name; UTF-8.
	pub name: Vec<u8>,
	/// Id of the manifest's head object.
	pub manifest: Hash,
	/// The kind of database.
	pub database: DatabaseKind,
	/// Genesis hash of the chain whose database this is; zeros for other file trees.
	pub genesis: Hash,
	/// Height of that database; 0 for other file trees.
	pub height: u64,
	/// Bytes of the file tree.
	pub total_bytes: u64,
}

/// Who vouches for a snapshot, and the signature under its [`SnapshotStatement`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct SnapshotSignature {
	/// The account.
	pub signer: AccountBytes,
	/// sr25519, 64 bytes, under [`crate::message::snapshot`].
	pub signature: Vec<u8>,
}

/// A dataset key that was sealed to a recipient.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct GrantInfo {
	/// blake2_256 of the recipient's public key.
	pub recipient: Hash,
	/// The account that granted it.
	pub granter: AccountBytes,
	/// The dataset's key, sealed to the recipient.
	pub sealed: Vec<u8>,
	/// The block at which it was granted.
	pub granted: BlockNumber,
	/// The block from which on anyone may remove it.
	pub expires: Option<BlockNumber>,
}

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
	/// The kind of database.
	pub database: DatabaseKind,
	/// The block from which on it is out of date and anyone may retire it.
	pub expires: Option<BlockNumber>,
	/// Who vouches for it; none for what was published before signatures were asked for.
	pub signature: Option<SnapshotSignature>,
}

impl SnapshotInfo {
	/// What its signer signed.
	pub fn statement(&self) -> SnapshotStatement {
		SnapshotStatement {
			reservation: self.reservation,
			dataset: self.dataset,
			name: self.name.clone(),
			manifest: self.manifest,
			database: self.database,
			genesis: self.genesis,
			height: self.height,
			total_bytes: self.total_bytes,
		}
	}
}
