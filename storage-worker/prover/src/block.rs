//! Hashing sixteen leaves at a time.

use crate::{TreeError, BLOCK_LEAVES, STORED_LEVEL};
use blake2b_simd::{
	many::{hash_many, HashManyJob},
	Params,
};
use granary_por::{Hash, HASH_BYTES, LEAF_BYTES};

/// Hashes pieces of this length, several at once where the processor can. `bytes` is a multiple of it.
pub(crate) fn hash_pieces(bytes: &[u8], piece_bytes: usize) -> Vec<Hash> {
	let mut params = Params::new();
	params.hash_length(32);
	let mut hashes = Vec::with_capacity(bytes.len() / piece_bytes);
	for group in bytes.chunks(piece_bytes * BLOCK_LEAVES as usize) {
		let mut jobs: Vec<HashManyJob<'_>> =
			group.chunks_exact(piece_bytes).map(|piece| HashManyJob::new(&params, piece)).collect();
		hash_many(jobs.iter_mut());
		hashes.extend(jobs.iter().map(|job| {
			let mut hash = [0; 32];
			hash.iter_mut().zip(job.to_hash().as_bytes()).for_each(|(to, from)| *to = *from);
			hash
		}));
	}
	hashes
}

/// Hashes leaves. `bytes` is a multiple of 512.
pub(crate) fn hash_leaves(bytes: &[u8]) -> Vec<Hash> {
	hash_pieces(bytes, LEAF_BYTES)
}

/// Hashes the leaves of a value, the last one zero-padded.
pub fn leaf_hashes(value: &[u8]) -> Vec<Hash> {
	let whole = value.len() - value.len() % LEAF_BYTES;
	let (full, rest) = value.split_at(whole);
	let mut hashes = hash_leaves(full);
	if !rest.is_empty() {
		let mut leaf = [0u8; LEAF_BYTES];
		leaf.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
		hashes.extend(hash_leaves(&leaf));
	}
	hashes
}

/// The nodes above these, several at once where the processor can. One without a sibling has none above it yet.
fn parents(nodes: &[Hash]) -> Vec<Hash> {
	let paired = nodes.len() - nodes.len() % 2;
	hash_pieces(nodes.get(..paired).unwrap_or_default().as_flattened(), 2 * HASH_BYTES)
}

/// The roots of full blocks, given the hashes of their leaves.
pub(crate) fn block_roots(leaves: &[Hash]) -> Vec<Hash> {
	(0..STORED_LEVEL).fold(leaves.to_vec(), |nodes, _| parents(&nodes))
}

/// A block of up to sixteen leaves with its small tree.
#[derive(Debug)]
pub(crate) struct Block {
	/// Position of the block on the stored level.
	pub(crate) index: u64,
	bytes: Vec<u8>,
	/// Level 0 upwards; a level holds only nodes whose leaves are all present.
	levels: Vec<Vec<Hash>>,
}

impl Block {
	/// From the bytes of its leaves.
	pub(crate) fn new(index: u64, bytes: Vec<u8>) -> Self {
		let leaves = hash_leaves(&bytes);
		let mut levels = vec![leaves];
		for _ in 0..STORED_LEVEL {
			let above = levels.last().map(|below| parents(below));
			levels.push(above.unwrap_or_default());
		}
		Self { index, bytes, levels }
	}

	/// The root, if the block is full.
	pub(crate) fn root(&self) -> Option<Hash> {
		self.levels.get(usize::from(STORED_LEVEL))?.first().copied()
	}

	/// The hashes of its leaves.
	pub(crate) fn leaf_hashes(&self) -> &[Hash] {
		self.levels.first().map_or(&[], Vec::as_slice)
	}

	/// The bytes of the leaf with this number in the log.
	pub(crate) fn leaf(&self, leaf: u64) -> Option<[u8; LEAF_BYTES]> {
		let at = usize::try_from(leaf.checked_sub(self.index * BLOCK_LEAVES)?).ok()? * LEAF_BYTES;
		self.bytes.get(at..at + LEAF_BYTES)?.try_into().ok()
	}

	/// The node with this position among all nodes of `level`.
	pub(crate) fn node(&self, level: u8, index: u64) -> Option<Hash> {
		let first = self.index << (STORED_LEVEL - level);
		let at = usize::try_from(index.checked_sub(first)?).ok()?;
		self.levels.get(usize::from(level))?.get(at).copied()
	}
}

/// A node that is neither stored nor in the block.
pub(crate) fn no_such_node(level: u8, index: u64, leaf_count: u64) -> TreeError {
	TreeError::NoSuchNode { level, index, leaf_count }
}
