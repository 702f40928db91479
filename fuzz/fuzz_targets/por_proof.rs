//! Proofs as anybody may submit them: only the one that the log has is accepted.

#![no_main]

use granary_fuzz::Input;
use granary_por::{
	build, challenge, leaf_hash, max_proof_len, node_hash, proof_len, verify, Blake2, Hash, Peaks,
	TreeSource, LEAF_BYTES,
};

/// A log whose leaves are their numbers.
struct Log;

fn leaf(index: u64) -> [u8; LEAF_BYTES] {
	let mut leaf = [3; LEAF_BYTES];
	leaf[..8].copy_from_slice(&index.to_le_bytes());
	leaf
}

impl TreeSource for Log {
	type Error = std::convert::Infallible;

	fn leaf(&self, index: u64) -> Result<[u8; LEAF_BYTES], Self::Error> {
		Ok(leaf(index))
	}

	fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error> {
		if level == 0 {
			return Ok(leaf_hash::<Blake2>(&leaf(index)));
		}
		let (left, right) =
			(self.node(level - 1, 2 * index)?, self.node(level - 1, 2 * index + 1)?);
		Ok(node_hash::<Blake2>(&left, &right))
	}
}

fn run(bytes: &[u8]) {
	let mut input = Input::new(bytes);
	let flags = input.byte();
	let leaf_count = if flags & 1 == 0 { 1 + u64::from(input.byte()) } else { input.long() };
	let mut indexes: Vec<u64> = (0..flags >> 4)
		.map(|_| match flags & 2 {
			0 => u64::from(input.short()) % leaf_count.max(1),
			_ => input.long(),
		})
		.collect();
	if flags & 4 == 0 {
		indexes.sort_unstable();
		indexes.dedup();
	}
	let root: Hash = input.array();
	if flags & 1 == 1 {
		// Any numbers and any bytes: an answer, and never a proof.
		if let Ok(len) = proof_len(leaf_count, &indexes) {
			assert!(len <= max_proof_len(indexes.len() as u32, leaf_count));
			let mut proof = input.rest().to_vec();
			proof.resize(len, 9);
			assert!(verify::<Blake2>(&root, leaf_count, &indexes, &proof).is_err());
		}
		let drawn = challenge::<Blake2>(&root, 7, &root, leaf_count, 1 + u32::from(flags >> 3));
		assert!(drawn.iter().all(|index| *index < leaf_count));
		return;
	}
	let Ok(proof) = build(&Log, leaf_count, &indexes) else { return };
	let mut peaks = Peaks::new();
	(0..leaf_count).for_each(|index| peaks.push_value(&leaf(index)));
	assert!(verify::<Blake2>(&peaks.root(), leaf_count, &indexes, &proof).is_ok());
	let mut given = proof.clone();
	while !input.is_empty() {
		let (at, change) = (input.below(given.len()), input.byte());
		given[at] ^= change;
	}
	let accepted = verify::<Blake2>(&peaks.root(), leaf_count, &indexes, &given).is_ok();
	assert_eq!(accepted, given == proof, "another proof is accepted");
	given.push(0);
	assert!(verify::<Blake2>(&peaks.root(), leaf_count, &indexes, &given).is_err());
}

fn seeds() -> Vec<Vec<u8>> {
	let mut seeds = vec![vec![0x30, 100, 5, 0, 70, 0, 99, 0], vec![0x33, 0]];
	seeds.push([&[0x20, 17, 3, 0, 16, 0], [0; 32].as_slice(), &[9, 0, 1]].concat());
	seeds.push([&[0x11], u64::MAX.to_le_bytes().as_slice(), &[7; 60]].concat());
	seeds
}

granary_fuzz::target!(run, seeds: seeds);
