//! Building and verifying a proof of sixteen leaves out of 2^20 (512 MiB of log).
#![allow(
	missing_docs,
	clippy::unwrap_used,
	clippy::print_stdout,
	clippy::indexing_slicing,
	reason = "benchmark"
)]

use criterion::{criterion_group, criterion_main, Criterion};
use granary_por::{
	build, challenge, leaf_hash, node_hash, root, verify, Blake2, Hash, TreeSource, LEAF_BYTES,
};
use std::hint::black_box;

const LEVELS: u8 = 20;

/// A log whose leaves are all equal, so that each level has one hash.
struct Uniform(Vec<Hash>);

impl TreeSource for Uniform {
	type Error = ();
	fn leaf(&self, _: u64) -> Result<[u8; LEAF_BYTES], ()> {
		Ok([7; LEAF_BYTES])
	}
	fn node(&self, level: u8, _: u64) -> Result<Hash, ()> {
		Ok(self.0[usize::from(level)])
	}
}

fn multiproof(c: &mut Criterion) {
	let mut levels = vec![leaf_hash::<Blake2>(&[7; LEAF_BYTES])];
	for level in 0..usize::from(LEVELS) {
		levels.push(node_hash::<Blake2>(&levels[level], &levels[level]));
	}
	let leaf_count = 1u64 << LEVELS;
	let tree = Uniform(levels);
	let root = root::<Blake2>(leaf_count, &[tree.0[usize::from(LEVELS)]]).unwrap();
	let indexes = challenge::<Blake2>(&[1; 32], 1, &root, leaf_count, 16);
	let proof = build(&tree, leaf_count, &indexes).unwrap();
	println!("multiproof/bytes of 16 leaves out of 2^{LEVELS}: {}", proof.len());
	c.bench_function("multiproof/build 16 of 2^20 (tree in memory)", |b| {
		b.iter(|| build(&tree, leaf_count, black_box(&indexes)).unwrap())
	});
	c.bench_function("multiproof/verify 16 of 2^20", |b| {
		b.iter(|| verify::<Blake2>(&root, leaf_count, &indexes, black_box(&proof)).unwrap())
	});
}

criterion_group!(benches, multiproof);
criterion_main!(benches);
