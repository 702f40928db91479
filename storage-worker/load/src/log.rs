//! The log that every simulated allotment holds.

use granary_por::{leaf_hash, mountains, node_hash, Blake2, Peaks, TreeSource, LEAF_BYTES};
use granary_primitives::Hash;
use std::convert::Infallible;

/// A log in memory: leaf `i` repeats the bytes of `i`. All allotments share one, since challenges differ by allotment.
#[derive(Debug)]
pub(crate) struct Log {
	/// Nodes by level; level 0 are the leaves' hashes.
	levels: Vec<Vec<Hash>>,
	root: Hash,
}

impl Log {
	/// A log of this many leaves.
	pub(crate) fn new(leaf_count: u64) -> Self {
		let leaves: Vec<Hash> =
			(0..leaf_count).map(|index| leaf_hash::<Blake2>(&bytes(index))).collect();
		let mut peaks = Peaks::<Blake2>::new();
		leaves.iter().for_each(|leaf| peaks.push(*leaf));
		let height =
			mountains(leaf_count).map(|mountain| mountain.height).max().unwrap_or_default();
		let mut levels = vec![leaves];
		for _ in 0..height {
			let below = levels.last().map(Vec::as_slice).unwrap_or_default();
			let pairs = below.chunks_exact(2);
			let level = pairs.filter_map(|pair| match pair {
				[left, right] => Some(node_hash::<Blake2>(left, right)),
				_ => None,
			});
			levels.push(level.collect());
		}
		Self { levels, root: peaks.root() }
	}

	/// Leaves in it.
	pub(crate) fn leaf_count(&self) -> u64 {
		self.levels.first().map_or(0, |leaves| leaves.len() as u64)
	}

	/// What its checkpoint records.
	pub(crate) fn root(&self) -> Hash {
		self.root
	}
}

fn bytes(index: u64) -> [u8; LEAF_BYTES] {
	let mut leaf = [0; LEAF_BYTES];
	leaf.chunks_exact_mut(8).for_each(|part| part.copy_from_slice(&index.to_le_bytes()));
	leaf
}

impl TreeSource for Log {
	type Error = Infallible;

	fn leaf(&self, index: u64) -> Result<[u8; LEAF_BYTES], Infallible> {
		Ok(bytes(index))
	}

	fn node(&self, level: u8, index: u64) -> Result<Hash, Infallible> {
		let node = self.levels.get(usize::from(level)).and_then(|level| level.get(index as usize));
		// The prover asks only for nodes of its own shape, which are all here.
		Ok(node.copied().unwrap_or_default())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use granary_por::{build, challenge, verify};

	#[test]
	fn proofs_of_it_are_valid() {
		for leaf_count in [1, 77, 1024] {
			let log = Log::new(leaf_count);
			let indexes = challenge::<Blake2>(&[3; 32], 5, &log.root(), leaf_count, 16);
			let Ok(proof) = build(&log, leaf_count, &indexes) else { panic!("no proof") };
			assert_eq!(verify::<Blake2>(&log.root(), leaf_count, &indexes, &proof), Ok(()));
		}
	}
}
