//! Every shape up to 2^12 leaves, every single-byte mutation of a proof, and refusals.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

use granary_por::{
	build, challenge, leaf_hash, max_proof_len, mountains, node_hash, proof_len, verify, Blake2,
	Hash, Peaks, ProofError, TreeSource, LEAF_BYTES,
};
use proptest::prelude::*;

/// A whole tree in memory; leaf `i` is the number `i` in little endian, repeated.
struct Tree {
	levels: Vec<Vec<Hash>>,
}

fn leaf_bytes(index: u64) -> [u8; LEAF_BYTES] {
	let mut leaf = [0; LEAF_BYTES];
	for piece in leaf.chunks_mut(8) {
		piece.copy_from_slice(&index.to_le_bytes());
	}
	leaf
}

impl Tree {
	fn new(leaf_count: u64) -> Self {
		let mut levels = vec![(0..leaf_count)
			.map(|index| leaf_hash::<Blake2>(&leaf_bytes(index)))
			.collect::<Vec<_>>()];
		while levels.last().unwrap().len() > 1 {
			let above = levels
				.last()
				.unwrap()
				.chunks_exact(2)
				.map(|pair| node_hash::<Blake2>(&pair[0], &pair[1]))
				.collect();
			levels.push(above);
		}
		Self { levels }
	}

	/// The root of the first `leaf_count` leaves.
	fn root(&self, leaf_count: u64) -> Hash {
		let peaks: Vec<Hash> = mountains(leaf_count)
			.map(|m| self.levels[m.height as usize][m.peak_index() as usize])
			.collect();
		granary_por::root::<Blake2>(leaf_count, &peaks).unwrap()
	}
}

impl TreeSource for Tree {
	type Error = ();
	fn leaf(&self, index: u64) -> Result<[u8; LEAF_BYTES], ()> {
		Ok(leaf_bytes(index))
	}
	fn node(&self, level: u8, index: u64) -> Result<Hash, ()> {
		self.levels[level as usize].get(index as usize).copied().ok_or(())
	}
}

#[test]
fn every_shape_up_to_4096_leaves_verifies() {
	let tree = Tree::new(4096);
	let mut log = Peaks::new();
	for leaf_count in 1..=4096u64 {
		log.push(leaf_hash::<Blake2>(&leaf_bytes(leaf_count - 1)));
		let root = tree.root(leaf_count);
		assert_eq!(log.root(), root, "accumulator and tree at {leaf_count}");
		let samples = challenge::<Blake2>(&[3; 32], leaf_count * 7, &root, leaf_count, 16);
		let proof = build(&tree, leaf_count, &samples).unwrap();
		assert_eq!(proof.len(), proof_len(leaf_count, &samples).unwrap());
		assert!(proof.len() <= max_proof_len(16, leaf_count));
		assert_eq!(verify::<Blake2>(&root, leaf_count, &samples, &proof), Ok(()));
	}
}

#[test]
fn every_single_byte_mutation_is_refused() {
	for leaf_count in [1, 2, 3, 7, 16, 100, 1000] {
		let tree = Tree::new(leaf_count);
		let root = tree.root(leaf_count);
		let samples = challenge::<Blake2>(&[9; 32], 1, &root, leaf_count, 5);
		let proof = build(&tree, leaf_count, &samples).unwrap();
		for at in 0..proof.len() {
			for flip in [1u8, 0x80] {
				let mut bad = proof.clone();
				bad[at] ^= flip;
				assert_eq!(
					verify::<Blake2>(&root, leaf_count, &samples, &bad),
					Err(ProofError::RootMismatch),
					"byte {at} of {leaf_count} leaves"
				);
			}
		}
	}
}

#[test]
fn another_length_is_refused_before_hashing() {
	let tree = Tree::new(100);
	let root = tree.root(100);
	let proof = build(&tree, 100, &[0, 50, 99]).unwrap();
	for wrong in [0, 1, proof.len() - 1, proof.len() + 1, proof.len() + 32] {
		let mut bad = proof.clone();
		bad.resize(wrong, 0);
		assert_eq!(
			verify::<Blake2>(&root, 100, &[0, 50, 99], &bad),
			Err(ProofError::WrongLength { expected: proof.len(), found: wrong })
		);
	}
}

#[test]
fn other_indexes_counts_and_roots_are_refused() {
	let tree = Tree::new(64);
	let root = tree.root(64);
	let proof = build(&tree, 64, &[3, 9]).unwrap();
	assert_eq!(verify::<Blake2>(&root, 64, &[3, 9], &proof), Ok(()));
	// Same shape, other leaves.
	assert_eq!(verify::<Blake2>(&root, 64, &[2, 8], &proof), Err(ProofError::RootMismatch));
	// The same bytes under another count have another length or root.
	for other in [63, 65, 128] {
		assert!(verify::<Blake2>(&root, other, &[3, 9], &proof).is_err());
	}
	assert_eq!(verify::<Blake2>(&[0; 32], 64, &[3, 9], &proof), Err(ProofError::RootMismatch));
	assert_eq!(verify::<Blake2>(&root, 64, &[9, 3], &proof), Err(ProofError::BadIndexes));
	assert_eq!(verify::<Blake2>(&root, 64, &[3, 3], &proof), Err(ProofError::BadIndexes));
	assert_eq!(verify::<Blake2>(&root, 64, &[], &proof), Err(ProofError::BadIndexes));
	assert_eq!(
		verify::<Blake2>(&root, 64, &[3, 64], &proof),
		Err(ProofError::OutOfRange { index: 64, leaf_count: 64 })
	);
}

#[test]
fn a_challenge_depends_on_everything_it_names() {
	let base = challenge::<Blake2>(&[1; 32], 5, &[2; 32], 1 << 40, 16);
	assert_eq!(base.len(), 16);
	assert!(base.windows(2).all(|pair| pair[0] < pair[1]));
	assert_ne!(base, challenge::<Blake2>(&[2; 32], 5, &[2; 32], 1 << 40, 16));
	assert_ne!(base, challenge::<Blake2>(&[1; 32], 6, &[2; 32], 1 << 40, 16));
	assert_ne!(base, challenge::<Blake2>(&[1; 32], 5, &[3; 32], 1 << 40, 16));
	assert_ne!(base, challenge::<Blake2>(&[1; 32], 5, &[2; 32], (1 << 40) + 1, 16));
	assert_eq!(challenge::<Blake2>(&[1; 32], 5, &[2; 32], 9, 16), (0..9).collect::<Vec<_>>());
	assert_eq!(challenge::<Blake2>(&[1; 32], 5, &[2; 32], 17, 16).len(), 16);
}

#[test]
fn the_largest_counts_have_shapes() {
	for leaf_count in [u64::MAX, 1 << 63, (1 << 63) + 1] {
		let len = proof_len(leaf_count, &[0, leaf_count - 1]).unwrap();
		assert!(len <= max_proof_len(2, leaf_count), "{len}");
	}
	assert_eq!(mountains(0).count(), 0);
	assert_eq!(mountains(u64::MAX).count(), 64);
}

proptest! {
	#[test]
	fn random_samples_of_random_logs_verify(
		leaf_count in 1u64..3000,
		picks in proptest::collection::btree_set(any::<u64>(), 1..40),
	) {
		let tree = Tree::new(leaf_count);
		let samples: Vec<u64> = picks.into_iter().map(|pick| pick % leaf_count).collect::<std::collections::BTreeSet<_>>().into_iter().collect();
		let root = tree.root(leaf_count);
		let proof = build(&tree, leaf_count, &samples).unwrap();
		prop_assert_eq!(verify::<Blake2>(&root, leaf_count, &samples, &proof), Ok(()));
	}

	#[test]
	fn random_bytes_never_verify(
		leaf_count in 1u64..500,
		seed in any::<[u8; 32]>(),
		bytes in proptest::collection::vec(any::<u8>(), 0..4000),
	) {
		let tree = Tree::new(leaf_count);
		let root = tree.root(leaf_count);
		let samples = challenge::<Blake2>(&seed, 0, &root, leaf_count, 3);
		prop_assert!(verify::<Blake2>(&root, leaf_count, &samples, &bytes).is_err());
	}

	#[test]
	fn values_fill_padded_leaves(lens in proptest::collection::vec(0usize..2000, 0..20)) {
		let mut log = Peaks::new();
		let mut expected = 0;
		for len in lens {
			log.push_value(&vec![1; len]);
			expected += granary_por::leaves_of(len as u64);
			prop_assert_eq!(log.leaf_count(), expected);
		}
		let again = Peaks::<Blake2>::from_parts(log.leaf_count(), log.peaks().to_vec()).unwrap();
		prop_assert_eq!(again.root(), log.root());
	}
}
