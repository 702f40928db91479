//! The published vectors: `vectors/por-v1.json` is exactly what this implementation computes.
//!
//! After a deliberate change of the format, write it anew with `GRANARY_WRITE_VECTORS=1 cargo test -p granary-por --test vectors`.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

use granary_por::{
	build, challenge, leaf_hash, mountains, node_hash, verify, Blake2, Hash, Peaks, TreeSource,
	LEAF_BYTES,
};
use serde_json::{json, Value};

const PATH: &str = "vectors/por-v1.json";

/// Byte `i` of leaf `n` is `(n * 131 + i * 7) mod 256`.
fn leaf(index: u64) -> [u8; LEAF_BYTES] {
	let mut bytes = [0; LEAF_BYTES];
	for (i, byte) in bytes.iter_mut().enumerate() {
		*byte = (index.wrapping_mul(131).wrapping_add(i as u64 * 7) & 0xff) as u8;
	}
	bytes
}

struct Tree(Vec<Vec<Hash>>);

impl Tree {
	fn new(leaf_count: u64) -> Self {
		let mut levels =
			vec![(0..leaf_count).map(|n| leaf_hash::<Blake2>(&leaf(n))).collect::<Vec<_>>()];
		while levels.last().unwrap().len() > 1 {
			let below = levels.last().unwrap();
			levels.push(below.chunks_exact(2).map(|p| node_hash::<Blake2>(&p[0], &p[1])).collect());
		}
		Self(levels)
	}
}

impl TreeSource for Tree {
	type Error = ();
	fn leaf(&self, index: u64) -> Result<[u8; LEAF_BYTES], ()> {
		Ok(leaf(index))
	}
	fn node(&self, level: u8, index: u64) -> Result<Hash, ()> {
		Ok(self.0[level as usize][index as usize])
	}
}

fn logs() -> Vec<Value> {
	[0u64, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 100, 1000, 4095]
		.into_iter()
		.map(|leaf_count| {
			let mut log = Peaks::new();
			(0..leaf_count).for_each(|n| log.push(leaf_hash::<Blake2>(&leaf(n))));
			let heights: Vec<u8> = mountains(leaf_count).map(|m| m.height).collect();
			json!({
				"leaf_count": leaf_count,
				"mountain_heights": heights,
				"peaks": log.peaks().iter().map(hex::encode).collect::<Vec<_>>(),
				"root": hex::encode(log.root()),
			})
		})
		.collect()
}

fn proofs() -> Vec<Value> {
	[(1u64, 4u32), (3, 2), (6, 3), (17, 4), (100, 4)]
		.into_iter()
		.map(|(leaf_count, samples)| {
			let tree = Tree::new(leaf_count);
			let mut log = Peaks::new();
			(0..leaf_count).for_each(|n| log.push(leaf_hash::<Blake2>(&leaf(n))));
			let seed = [leaf_count as u8; 32];
			let allotment = 1_000_000_007 * leaf_count;
			let indexes = challenge::<Blake2>(&seed, allotment, &log.root(), leaf_count, samples);
			let proof = build(&tree, leaf_count, &indexes).unwrap();
			verify::<Blake2>(&log.root(), leaf_count, &indexes, &proof).unwrap();
			json!({
				"leaf_count": leaf_count,
				"seed": hex::encode(seed),
				"allotment": allotment,
				"samples": samples,
				"root": hex::encode(log.root()),
				"indexes": indexes,
				"proof": hex::encode(proof),
			})
		})
		.collect()
}

fn vectors() -> Value {
	json!({
		"format": "granary-por-1",
		"leaf_bytes": LEAF_BYTES,
		"leaf_content": "byte i of leaf n is (131 * n + 7 * i) mod 256",
		"hash": "blake2b, 32-byte digest, unkeyed",
		"leaf_hashes": (0..4).map(|n| hex::encode(leaf_hash::<Blake2>(&leaf(n)))).collect::<Vec<_>>(),
		"node_hash_of_leaves_0_and_1": hex::encode(node_hash::<Blake2>(&leaf_hash::<Blake2>(&leaf(0)), &leaf_hash::<Blake2>(&leaf(1)))),
		"logs": logs(),
		"proofs": proofs(),
	})
}

#[test]
fn the_published_vectors_are_what_is_computed() {
	let computed = vectors();
	if std::env::var_os("GRANARY_WRITE_VECTORS").is_some() {
		std::fs::write(PATH, serde_json::to_string_pretty(&computed).unwrap() + "\n").unwrap();
	}
	let published: Value = serde_json::from_str(&std::fs::read_to_string(PATH).unwrap()).unwrap();
	assert_eq!(published, computed);
}
