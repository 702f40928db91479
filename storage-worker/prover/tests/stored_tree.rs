//! The stored tree against the plain accumulator of `granary-por`.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

use granary_disk::Disk;
use granary_por::{challenge, verify, Blake2, Peaks, LEAF_BYTES};
use granary_prover::{LeafSource, LogTree, TreeError};
use proptest::prelude::*;
use std::{fs, io, sync::Mutex};

/// A log in memory, as a worker's data file would hold it.
#[derive(Default)]
struct Log(Mutex<Vec<u8>>);

impl Log {
	fn append(&self, value: &[u8]) {
		let mut bytes = self.0.lock().unwrap();
		bytes.extend_from_slice(value);
		let padded = bytes.len().div_ceil(LEAF_BYTES) * LEAF_BYTES;
		bytes.resize(padded, 0);
	}

	fn leaf_count(&self) -> u64 {
		(self.0.lock().unwrap().len() / LEAF_BYTES) as u64
	}
}

impl LeafSource for Log {
	fn read_leaves(&self, first_leaf: u64, out: &mut [u8]) -> io::Result<()> {
		let bytes = self.0.lock().unwrap();
		let at = first_leaf as usize * LEAF_BYTES;
		let source = bytes.get(at..at + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
		out.copy_from_slice(source);
		Ok(())
	}
}

fn value(seed: u64, len: usize) -> Vec<u8> {
	(0..len as u64).map(|i| (seed.wrapping_mul(31) ^ i.wrapping_mul(7) >> 1) as u8).collect()
}

fn assert_provable(tree: &LogTree, log: &Log, leaf_count: u64) {
	let root = tree.root_at(leaf_count, log).unwrap();
	let leaves = challenge::<Blake2>(&[5; 32], 1, &root, leaf_count, 16);
	let proof = tree.prove(log, leaf_count, &leaves).unwrap();
	assert_eq!(verify::<Blake2>(&root, leaf_count, &leaves, &proof), Ok(()));
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]
	#[test]
	fn grows_like_the_accumulator_and_survives_reopening(
		lens in proptest::collection::vec(0usize..20_000, 1..30),
		reopen_at in 0usize..30,
	) {
		let dir = tempfile::tempdir().unwrap();
		let log = Log::default();
		let mut tree = LogTree::open(&Disk::default(), dir.path(), &log, 0).unwrap();
		let mut plain = Peaks::new();
		let mut roots = Vec::new();
		for (i, len) in lens.iter().enumerate() {
			let value = value(i as u64, *len);
			prop_assert_eq!(tree.append_value(&value).unwrap(), log.leaf_count());
			log.append(&value);
			plain.push_value(&value);
			prop_assert_eq!(tree.root(), plain.root());
			roots.push((plain.leaf_count(), plain.root()));
			if i == reopen_at {
				// Whether or not it was flushed, the data decide.
				if i % 2 == 0 { tree.flush().unwrap(); }
				drop(tree);
				tree = LogTree::open(&Disk::default(), dir.path(), &log, log.leaf_count()).unwrap();
				prop_assert_eq!(tree.root(), plain.root());
				prop_assert_eq!(tree.peaks(), plain.peaks().to_vec());
			}
		}
		for (leaf_count, root) in roots {
			prop_assert_eq!(tree.root_at(leaf_count, &log).unwrap(), root);
			if leaf_count > 0 { assert_provable(&tree, &log, leaf_count); }
		}
	}
}

fn filled(dir: &std::path::Path, leaves: usize) -> (Log, LogTree) {
	let log = Log::default();
	let mut tree = LogTree::open(&Disk::default(), dir, &log, 0).unwrap();
	let value = value(1, leaves * LEAF_BYTES);
	tree.append_value(&value).unwrap();
	log.append(&value);
	tree.sync(log.leaf_count()).unwrap();
	(log, tree)
}

#[test]
fn torn_level_files_are_mended_from_the_data() {
	let dir = tempfile::tempdir().unwrap();
	let (log, tree) = filled(dir.path(), 1000);
	let root = tree.root();
	drop(tree);
	for level in ["level-04", "level-05", "level-07"] {
		for keep in [0u64, 1, 31, 32, 33, 100] {
			fs::File::options()
				.write(true)
				.open(dir.path().join(level))
				.unwrap()
				.set_len(keep)
				.unwrap();
			let tree = LogTree::open(&Disk::default(), dir.path(), &log, 1000).unwrap();
			assert_eq!(tree.root(), root, "{level} cut to {keep}");
			assert_provable(&tree, &log, 1000);
			drop(tree);
		}
	}
}

#[test]
fn damaged_nodes_are_computed_anew() {
	let dir = tempfile::tempdir().unwrap();
	let (log, tree) = filled(dir.path(), 3000);
	let root = tree.root();
	drop(tree);
	for (level, at) in [("level-04", 32 * 7), ("level-05", 0), ("level-11", 5), ("level-04", 5950)]
	{
		let path = dir.path().join(level);
		let mut bytes = fs::read(&path).unwrap();
		bytes[at] ^= 1;
		fs::write(&path, bytes).unwrap();
		let mut tree = LogTree::open(&Disk::default(), dir.path(), &log, 3000).unwrap();
		assert_eq!(tree.root(), root);
		// A node below the peaks shows only when it is needed.
		for leaf in 0..3000 {
			match tree.prove(&log, 3000, &[leaf]) {
				Ok(_) => {},
				Err(TreeError::LeafMismatch { .. } | TreeError::NodeMismatch { .. }) => {
					tree.rebuild(&log).unwrap();
					tree.prove(&log, 3000, &[leaf]).unwrap();
				},
				Err(other) => panic!("{other}"),
			}
		}
		tree.sync(3000).unwrap();
	}
}

#[test]
fn damaged_data_are_never_adopted() {
	let dir = tempfile::tempdir().unwrap();
	let (log, tree) = filled(dir.path(), 100);
	drop(tree);
	log.0.lock().unwrap()[95 * LEAF_BYTES] ^= 1;
	let mut tree = LogTree::open(&Disk::default(), dir.path(), &log, 100).unwrap();
	assert!(matches!(tree.prove(&log, 100, &[95]), Err(TreeError::LeafMismatch { .. })));
	assert!(matches!(tree.rebuild(&log), Err(TreeError::Damaged { marked: 96 })));
	drop(tree);
	// Neither when the tree has to be made anew.
	fs::remove_file(dir.path().join("level-04")).unwrap();
	let opened = LogTree::open(&Disk::default(), dir.path(), &log, 100);
	assert!(matches!(opened, Err(TreeError::Damaged { marked: 96 })));
}

#[test]
fn what_was_not_synced_is_read_again() {
	let dir = tempfile::tempdir().unwrap();
	let (log, mut tree) = filled(dir.path(), 64);
	let more = value(3, 64 * LEAF_BYTES);
	tree.append_value(&more).unwrap();
	tree.flush().unwrap();
	drop(tree);
	// The machine stopped: of the last value another content came to the disk, the nodes are of the first.
	let other = value(4, 64 * LEAF_BYTES);
	log.append(&other);
	let tree = LogTree::open(&Disk::default(), dir.path(), &log, 128).unwrap();
	assert_provable(&tree, &log, 128);
}

#[test]
fn a_log_shorter_than_it_was_is_an_error() {
	let dir = tempfile::tempdir().unwrap();
	let (log, tree) = filled(dir.path(), 777);
	drop(tree);
	let opened = LogTree::open(&Disk::default(), dir.path(), &log, 300);
	assert!(matches!(opened, Err(TreeError::LogShrunk { marked: 768, available: 300 })));
}

#[test]
fn a_damaged_mark_leaves_the_word_to_the_data() {
	let dir = tempfile::tempdir().unwrap();
	let (log, tree) = filled(dir.path(), 777);
	let root = tree.root();
	drop(tree);
	for damage in [&b""[..], &[0; 71], &[7; 72], &[0; 73]] {
		fs::write(dir.path().join("mark"), damage).unwrap();
		assert_eq!(LogTree::open(&Disk::default(), dir.path(), &log, 777).unwrap().root(), root);
	}
}

#[test]
fn truncate_and_append_again() {
	let dir = tempfile::tempdir().unwrap();
	let (log, mut tree) = filled(dir.path(), 200);
	tree.truncate(77, &log).unwrap();
	log.0.lock().unwrap().truncate(77 * LEAF_BYTES);
	let more = value(9, 5000);
	tree.append_value(&more).unwrap();
	log.append(&more);
	let fresh = tempfile::tempdir().unwrap();
	let rebuilt = LogTree::open(&Disk::default(), fresh.path(), &log, log.leaf_count()).unwrap();
	assert_eq!(tree.root(), rebuilt.root());
	assert_provable(&tree, &log, log.leaf_count());
}

#[test]
fn damaged_data_are_named_not_proven() {
	let dir = tempfile::tempdir().unwrap();
	let (log, tree) = filled(dir.path(), 100);
	log.0.lock().unwrap()[40 * LEAF_BYTES + 3] ^= 1;
	let error = tree.prove(&log, 100, &[41]).unwrap_err();
	assert!(matches!(error, TreeError::LeafMismatch { first_leaf: 32, leaves: 16 }), "{error}");
	assert!(tree.prove(&log, 100, &[10]).is_ok(), "other blocks are still provable");
	// The tail behind the last full block is checked too.
	log.0.lock().unwrap()[98 * LEAF_BYTES] ^= 1;
	let error = tree.prove(&log, 100, &[97]).unwrap_err();
	assert!(matches!(error, TreeError::LeafMismatch { first_leaf: 96, leaves: 4 }), "{error}");
}

#[test]
fn a_log_does_not_prove_what_it_does_not_have() {
	let dir = tempfile::tempdir().unwrap();
	let (log, tree) = filled(dir.path(), 10);
	assert!(matches!(
		tree.prove(&log, 11, &[0]),
		Err(TreeError::Beyond { asked: 11, available: 10 })
	));
	assert!(matches!(tree.prove(&log, 10, &[10]), Err(TreeError::Shape(_))));
}
