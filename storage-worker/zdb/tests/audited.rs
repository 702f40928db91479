//! Audited namespaces: roots and proofs against the reference in `granary-por`.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

use granary_por::{challenge, verify, Blake2, Peaks};
use granary_prover::TreeError;
use granary_zdb::{Mode, NamespaceOptions, NamespaceUpdate, Store, StoreOptions, ZdbError};
use std::fs;

fn options(dir: &std::path::Path) -> StoreOptions {
	StoreOptions { segment_bytes: 64 << 10, ..StoreOptions::new(dir) }
}

fn audited() -> NamespaceOptions {
	NamespaceOptions { audited: true, ..Default::default() }
}

fn value(number: usize) -> Vec<u8> {
	let len = [0, 1, 511, 512, 513, 9000, 100_000][number % 7] + number;
	(0..len).map(|byte| (byte * 31 + number) as u8).collect()
}

#[test]
fn roots_and_proofs_are_the_references() {
	let dir = tempfile::tempdir().unwrap();
	let mut peaks = Peaks::<Blake2>::new();
	let mut history = vec![(0, peaks.root())];
	let store = Store::open(options(dir.path())).unwrap();
	let log = store.create_namespace("log", audited()).unwrap();
	assert_eq!(log.log_state().unwrap().1, peaks.root());
	for number in 0..60 {
		log.set(format!("key-{number}").as_bytes(), &value(number)).unwrap();
		peaks.push_value(&value(number));
		history.push((peaks.leaf_count(), peaks.root()));
		let state = log.log_state().unwrap();
		assert_eq!(state, (peaks.leaf_count(), peaks.root(), peaks.peaks().to_vec()));
	}
	check(&log, &history);
	drop((log, store));
	let tree = dir.path().join("namespaces/log/tree");
	let lowest = tree.join("level-04");
	let damages: [(&str, &dyn Fn()); 5] = [
		("none: a clean stop", &|| {}),
		("no tree", &|| fs::remove_dir_all(&tree).unwrap()),
		("a level too short", &|| {
			let level = fs::OpenOptions::new().write(true).open(&lowest).unwrap();
			level.set_len(33).unwrap();
		}),
		("wrong nodes", &|| {
			let mut nodes = fs::read(&lowest).unwrap();
			nodes.iter_mut().step_by(64).for_each(|byte| *byte ^= 1);
			fs::write(&lowest, nodes).unwrap();
		}),
		("a torn mark", &|| fs::write(tree.join("mark"), "torn").unwrap()),
	];
	for (damage, inflict) in damages {
		assert!(tree.join("mark").exists(), "closing makes the tree durable");
		inflict();
		let store = Store::open(options(dir.path())).unwrap();
		println!("{damage}");
		check(&store.namespace("log").unwrap(), &history);
	}
}

fn check(log: &granary_zdb::Namespace, history: &[(u64, [u8; 32])]) {
	for (leaf_count, root) in history {
		assert_eq!(log.log_root_at(*leaf_count).unwrap(), *root);
	}
	for (seed, (leaf_count, root)) in history.iter().enumerate().skip(2).step_by(7) {
		let indexes = challenge::<Blake2>(&[seed as u8; 32], 1, root, *leaf_count, 16);
		let proof = log.prove(*leaf_count, &indexes).unwrap();
		verify::<Blake2>(root, *leaf_count, &indexes, &proof).unwrap();
		let mut forged = proof.clone();
		forged[0] ^= 1;
		assert!(verify::<Blake2>(root, *leaf_count, &indexes, &forged).is_err());
	}
}

#[test]
fn concurrent_writers_leave_one_order() {
	let dir = tempfile::tempdir().unwrap();
	let store = Store::open(options(dir.path())).unwrap();
	let log = store.create_namespace("log", audited()).unwrap();
	std::thread::scope(|scope| {
		for writer in 0..4_u8 {
			let log = &log;
			scope.spawn(move || {
				for number in 0..100_u8 {
					log.set(&[writer, number], &vec![writer; 700 + usize::from(number)]).unwrap();
				}
			});
		}
	});
	// The order of the data decides; a scan tells it.
	let (mut cursor, mut peaks) = (None, Peaks::<Blake2>::new());
	while let Some(page) = log.scan(cursor.as_ref().map(<[u8; 17]>::as_slice)).unwrap() {
		for entry in page.entries {
			peaks.push_value(&log.get(&entry.key).unwrap().unwrap());
		}
		cursor = Some(page.cursor);
	}
	let state = log.log_state().unwrap();
	assert_eq!(state, (peaks.leaf_count(), peaks.root(), peaks.peaks().to_vec()));
	assert_eq!(peaks.leaf_count(), 4 * 100 * 2);
}

/// A closed store with twenty values in the namespace `log`, the last of them torn off. Returns what the first 19 amount to.
fn torn(dir: &std::path::Path) -> Peaks<Blake2> {
	let mut peaks = Peaks::<Blake2>::new();
	{
		let store = Store::open(StoreOptions::new(dir)).unwrap();
		let log = store.create_namespace("log", audited()).unwrap();
		for number in 0..20 {
			log.set(&[number as u8 + 1], &value(number)).unwrap();
			if number < 19 {
				peaks.push_value(&value(number));
			}
		}
	}
	let path = dir.join("namespaces/log/segment-00000000.log");
	let len = fs::metadata(&path).unwrap().len();
	fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(len - 1).unwrap();
	peaks
}

#[test]
fn a_torn_tail_takes_its_leaves_along() {
	let dir = tempfile::tempdir().unwrap();
	let mut peaks = torn(dir.path());
	// As a crash leaves it: nothing of this was said to be durable.
	fs::remove_file(dir.path().join("namespaces/log/tree/mark")).unwrap();
	fs::remove_file(dir.path().join("namespaces/log/durable")).unwrap();
	let store = Store::open(StoreOptions::new(dir.path())).unwrap();
	assert_eq!(store.recovery_report().torn_tails.len(), 1);
	let log = store.namespace("log").unwrap();
	assert_eq!(log.log_state().unwrap().1, peaks.root());
	log.set(b"again", &value(19)).unwrap();
	peaks.push_value(&value(19));
	assert_eq!(log.log_state().unwrap().1, peaks.root());
}

#[test]
fn a_durable_end_that_is_lost_is_not_written_over() {
	let dir = tempfile::tempdir().unwrap();
	torn(dir.path());
	let store = Store::open(StoreOptions::new(dir.path())).unwrap();
	let log = store.namespace("log").unwrap();
	let refused = |error: ZdbError| {
		assert!(matches!(error, ZdbError::Tree(TreeError::LogShrunk { .. })), "{error}");
	};
	refused(log.log_state().unwrap_err());
	refused(log.set(b"again", &value(19)).unwrap_err());
	assert_eq!(log.get(&[1]).unwrap().unwrap(), value(0), "the rest can be read");
}

#[test]
fn damaged_leaves_are_not_proven() {
	let dir = tempfile::tempdir().unwrap();
	let store = Store::open(StoreOptions::new(dir.path())).unwrap();
	let log = store.create_namespace("log", audited()).unwrap();
	for number in 0..200_u32 {
		log.set(&number.to_le_bytes(), &[number as u8; 512]).unwrap();
	}
	let (leaf_count, root, _) = log.log_state().unwrap();
	let path = dir.path().join("namespaces/log/segment-00000000.log");
	let mut bytes = fs::read(&path).unwrap();
	let record = (bytes.len() - 32) / 200;
	bytes[32 + 50 * record + 100] ^= 1;
	fs::write(&path, &bytes).unwrap();
	assert!(matches!(log.prove(leaf_count, &[50]), Err(ZdbError::Tree(_))));
	let proof = log.prove(leaf_count, &[120]).unwrap();
	verify::<Blake2>(&root, leaf_count, &[120], &proof).unwrap();
}

#[test]
fn audited_is_worm_and_user() {
	let dir = tempfile::tempdir().unwrap();
	let store = Store::open(StoreOptions::new(dir.path())).unwrap();
	let sequential = NamespaceOptions { mode: Mode::Sequential, ..audited() };
	assert!(matches!(store.create_namespace("a", sequential), Err(ZdbError::AuditedIsWorm)));
	let log = store.create_namespace("log", audited()).unwrap();
	log.set(b"a", b"1").unwrap();
	assert!(matches!(log.set(b"a", b"2"), Err(ZdbError::WormKeyExists)));
	assert!(matches!(log.del(b"a"), Err(ZdbError::WormNoDelete)));
	let no_worm = NamespaceUpdate { worm: Some(false), ..Default::default() };
	assert!(matches!(store.update_namespace("log", &no_worm), Err(ZdbError::AuditedIsWorm)));
	assert!(matches!(store.namespace("default").unwrap().log_state(), Err(ZdbError::NotAudited)));
	// An empty namespace can become one.
	store.create_namespace("later", NamespaceOptions::default()).unwrap();
	let to_audited = NamespaceUpdate { audited: Some(true), ..Default::default() };
	store.update_namespace("later", &to_audited).unwrap();
	let later = store.namespace("later").unwrap();
	later.set(b"a", b"1").unwrap();
	assert_eq!(later.log_state().unwrap().0, 1);
}
