//! The two preimage shapes and the root.

use blake2::{digest::consts::U32, Blake2b, Digest};

/// A blake2b digest of 32 bytes.
pub type Hash = [u8; 32];

/// Bytes of one leaf, the unit that is sampled.
pub const LEAF_BYTES: usize = 512;
/// Bytes of a hash in a proof.
pub const HASH_BYTES: usize = 32;
/// Domain of roots.
pub const ROOT_TAG: &[u8] = b"granary/root/1";

/// blake2_256. The runtime supplies its host function, everyone else uses [`Blake2`].
pub trait Hasher {
	/// The digest of `data`.
	fn hash(data: &[u8]) -> Hash;
}

/// blake2_256 in Rust.
#[derive(Clone, Copy, Debug, Default)]
pub struct Blake2;

impl Hasher for Blake2 {
	fn hash(data: &[u8]) -> Hash {
		Blake2b::<U32>::digest(data).into()
	}
}

/// The hash of a leaf: blake2_256 of exactly 512 bytes.
pub fn leaf_hash<H: Hasher>(leaf: &[u8; LEAF_BYTES]) -> Hash {
	H::hash(leaf)
}

/// The hash of an inner node: blake2_256 of exactly 64 bytes.
pub fn node_hash<H: Hasher>(left: &Hash, right: &Hash) -> Hash {
	let mut pair = [0u8; 2 * HASH_BYTES];
	let (first, second) = pair.split_at_mut(HASH_BYTES);
	first.copy_from_slice(left);
	second.copy_from_slice(right);
	H::hash(&pair)
}
