//! What the pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
	traits::{ConstU32, Get},
	BoundedVec, CloneNoBound, DebugNoBound, EqNoBound, PartialEqNoBound,
};
use granary_primitives::{
	snapshot::{DatabaseKind, SnapshotStatement},
	BlockNumber, DatasetId, Hash, ReservationId, Signature, SnapshotId,
};
use scale_info::TypeInfo;

/// Bytes of a sealed dataset key, at most: an X25519 and ML-KEM-768 ciphertext, the key and room.
pub const MAX_SEALED_LEN: u32 = 2048;

/// A sealed dataset key.
pub type Sealed = BoundedVec<u8, ConstU32<MAX_SEALED_LEN>>;

/// Who vouches for a snapshot.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Attestation<AccountId> {
	/// The account whose key signed; often the tenant's own, or that of a team that makes releases.
	pub signer: AccountId,
	/// sr25519, under [`granary_primitives::message::snapshot`].
	pub signature: Signature,
}

/// What a snapshot is.
#[derive(
	CloneNoBound,
	PartialEqNoBound,
	EqNoBound,
	DebugNoBound,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
#[codec(mel_bound())]
#[scale_info(skip_type_params(MaxNameLen))]
pub struct Contents<MaxNameLen: Get<u32>> {
	/// The reservation that stores it.
	pub reservation: ReservationId,
	/// The dataset within it.
	pub dataset: DatasetId,
	/// Its name; UTF-8.
	pub name: BoundedVec<u8, MaxNameLen>,
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
	/// Bytes stored over all nodes for what this snapshot added. Not signed: readers do not rely on it.
	pub stored_bytes: u64,
}

impl<MaxNameLen: Get<u32>> Contents<MaxNameLen> {
	/// What a signature under it covers.
	pub fn statement(&self) -> SnapshotStatement {
		SnapshotStatement {
			reservation: self.reservation,
			dataset: self.dataset,
			name: self.name.to_vec(),
			manifest: self.manifest,
			database: self.database,
			genesis: self.genesis,
			height: self.height,
			total_bytes: self.total_bytes,
		}
	}
}

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
	/// What it is.
	pub contents: Contents<MaxNameLen>,
	/// The block at which it was published.
	pub published: BlockNumber,
	/// The block from which on anyone may retire it.
	pub expires: Option<BlockNumber>,
	/// Who vouches for it; none for what was published in the first storage version.
	pub attestation: Option<Attestation<AccountId>>,
}

/// A dataset key that was sealed to a recipient.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Grant<AccountId, Balance> {
	/// The account that granted it and whose deposit is held.
	pub granter: AccountId,
	/// What is held.
	pub deposit: Balance,
	/// The sealed key.
	pub sealed: Sealed,
	/// The block at which it was granted.
	pub granted: BlockNumber,
	/// The block from which on anyone may remove it.
	pub expires: Option<BlockNumber>,
}

/// The place of a snapshot among those of its chain: newest height first, then newest number.
pub type Rank = [u8; 16];

/// The rank of a snapshot of this height and number.
pub fn rank(height: u64, id: SnapshotId) -> Rank {
	let mut rank = Rank::default();
	let (first, second) = rank.split_at_mut(8);
	first.copy_from_slice(&(u64::MAX - height).to_be_bytes());
	second.copy_from_slice(&(SnapshotId::MAX - id).to_be_bytes());
	rank
}

/// The number that a rank ends with.
pub(crate) fn number_of(rank: Rank) -> SnapshotId {
	let [.., a, b, c, d, e, f, g, h] = rank;
	SnapshotId::MAX - SnapshotId::from_be_bytes([a, b, c, d, e, f, g, h])
}
