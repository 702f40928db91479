//! What earlier versions wrote is read by later ones: the directories below `fixtures` never change.
//!
//! `format-2` has segments and hints and nothing else; `format-3` has settings with owners, durable marks, a list of removed segments, a
//! generation in force and another one that is signed for.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "test code")]

use granary_por::{Blake2, Peaks};
use granary_zdb::{
	CompactionOptions, Mode, Namespace, NamespaceOptions, RemovalStage, Store, StoreOptions,
};
use std::{fs, ops::Range, path::Path};

fn copy_dir(from: &Path, to: &Path) {
	fs::create_dir_all(to).unwrap();
	for entry in fs::read_dir(from).unwrap() {
		let entry = entry.unwrap();
		let target = to.join(entry.file_name());
		if entry.file_type().unwrap().is_dir() {
			copy_dir(&entry.path(), &target);
		} else {
			fs::copy(entry.path(), target).unwrap();
		}
	}
}

/// A copy of a fixture.
fn copied(name: &str) -> tempfile::TempDir {
	let dir = tempfile::tempdir().unwrap();
	let fixtures = Path::new("tests/fixtures");
	copy_dir(&fixtures.join(name), dir.path());
	dir
}

#[test]
fn a_store_of_format_2_opens() {
	let dir = copied("format-2");
	let store = Store::open(StoreOptions::new(dir.path())).unwrap();
	assert_eq!(store.recovery_report().lines(), Vec::<String>::new());
	let namespace = store.namespace("default").unwrap();
	assert_eq!(namespace.dbsize(), 59);
	assert_eq!(namespace.get(b"key-6").unwrap().unwrap(), b"newer");
	assert_eq!(namespace.keytime(b"key-59").unwrap(), Some(1_700_000_059));
	assert_eq!(namespace.get(b"key-5").unwrap(), None);
	let older = namespace.version(b"key-6", None).unwrap().older;
	assert!(namespace.version(b"key-6", older).unwrap().value.starts_with(b"value-6-"));
	let ids = store.namespace("ids").unwrap();
	assert_eq!(ids.get(&1u64.to_le_bytes()).unwrap().unwrap(), b"second");
	let log = store.namespace("log").unwrap();
	assert!(log.password_matches(b"hush"));
	let (leaves, root, _) = log.log_state().unwrap();
	assert_eq!((leaves, root), (2, log.log_root_at(2).unwrap()));
	assert_eq!(log.get(b"b").unwrap().unwrap(), b"leaf-b");
}

fn log_key(number: u32) -> Vec<u8> {
	format!("log-{number}").into_bytes()
}

fn log_value(number: u32) -> Vec<u8> {
	number.to_le_bytes().repeat(1 + number as usize * 20)
}

/// Leaf count and root of the log of these values and what was written last.
fn log_of(numbers: Range<u32>) -> (u64, [u8; 32]) {
	let mut peaks = Peaks::<Blake2>::default();
	numbers.for_each(|number| peaks.push_value(&log_value(number)));
	peaks.push_value(b"late");
	(peaks.leaf_count(), peaks.root())
}

/// Takes these values out of the log, as far as signing for it.
fn shorten(log: &Namespace, numbers: Range<u32>, epoch: u64) {
	log.begin_removal().unwrap();
	numbers.for_each(|number| assert!(log.add_to_removal(&log_key(number)).unwrap()));
	log.ask_for_removal().unwrap();
	log.prepare_removal(&mut |_| true).unwrap();
	let status = log.removal_status();
	log.sign_removal(epoch, status.leaf_count, &status.root).unwrap();
}

/// Writes what `format-3` holds, as the present version writes it.
fn write_store(dir: &Path) {
	let compaction = CompactionOptions { enabled: false, ..Default::default() };
	let options = StoreOptions { segment_bytes: 4096, compaction, ..StoreOptions::new(dir) };
	let store = Store::open(options).unwrap();
	let keys = store.namespace("default").unwrap();
	for number in 0..60_u32 {
		let value = format!("value-{number}-{}", "x".repeat(100));
		let time = Some(1_700_000_000 + number);
		keys.set_buffered(format!("key-{number}").as_bytes(), value.as_bytes(), time).unwrap();
	}
	keys.set(b"key-6", b"newer").unwrap();
	keys.del(b"key-5").unwrap();
	store.compact_namespace("default").unwrap();
	keys.set(b"key-7", b"older").unwrap();
	keys.set(b"key-7", b"newest").unwrap();
	let sequential = NamespaceOptions { mode: Mode::Sequential, ..Default::default() };
	let ids = store.create_namespace("ids", sequential).unwrap();
	for value in [b"first".as_slice(), b"second", b"third"] {
		ids.set(b"", value).unwrap();
	}
	ids.set(&1_u64.to_le_bytes(), b"changed").unwrap();
	ids.del(&0_u64.to_le_bytes()).unwrap();
	let audited = NamespaceOptions {
		audited: true,
		password: Some("hush".to_owned()),
		owner: Some([7; 32]),
		..Default::default()
	};
	let log = store.create_namespace("log", audited).unwrap();
	for number in 0..20 {
		log.set(&log_key(number), &log_value(number)).unwrap();
	}
	shorten(&log, 0..5, 1);
	store.apply_removal("log").unwrap();
	let log = store.namespace("log").unwrap();
	shorten(&log, 5..8, 4);
	log.set(b"late", b"late").unwrap();
	drop((keys, ids, log, store));
	fs::remove_file(dir.join("lock")).unwrap();
}

#[test]
fn a_store_of_format_3_opens() {
	verify_store(copied("format-3").path());
}

/// The same of the present version; `GRANARY_FIXTURE=DIR` keeps what it wrote, for a fixture of a new format.
#[test]
fn a_store_of_the_present_version_opens() {
	let dir = tempfile::tempdir().unwrap();
	write_store(dir.path());
	if let Some(fixture) = std::env::var_os("GRANARY_FIXTURE") {
		copy_dir(dir.path(), Path::new(&fixture));
	}
	verify_store(dir.path());
}

/// Opens what [`write_store`] has written, and finds all of it.
fn verify_store(dir: &Path) {
	for file in
		["default/durable", "default/retired", "log/generation", "log/generation-00000002/removal"]
	{
		assert!(dir.join("namespaces").join(file).exists(), "{file}");
	}
	let store = Store::open(StoreOptions::new(dir)).unwrap();
	assert_eq!(store.recovery_report().lines(), Vec::<String>::new());
	let keys = store.namespace("default").unwrap();
	assert_eq!((keys.dbsize(), keys.get(b"key-5").unwrap()), (59, None));
	assert_eq!(keys.get(b"key-6").unwrap().unwrap(), b"newer");
	assert_eq!(keys.keytime(b"key-59").unwrap(), Some(1_700_000_059));
	let older = keys.version(b"key-7", None).unwrap().older;
	assert_eq!(keys.version(b"key-7", older).unwrap().value, b"older");
	let ids = store.namespace("ids").unwrap();
	assert_eq!(ids.get(&0_u64.to_le_bytes()).unwrap(), None);
	assert_eq!(ids.get(&1_u64.to_le_bytes()).unwrap().unwrap(), b"changed");
	assert_eq!(ids.info().next_id, 4);
	let log = store.namespace("log").unwrap();
	assert!(log.password_matches(b"hush") && log.owner() == Some([7; 32]));
	let (leaves, root, _) = log.log_state().unwrap();
	assert_eq!((leaves, root), log_of(5..20));
	assert_eq!(log.removal_status().stage, RemovalStage::Signed { epoch: 4 });
	store.apply_removal("log").unwrap();
	let log = store.namespace("log").unwrap();
	let (leaves, root, _) = log.log_state().unwrap();
	assert_eq!((leaves, root), log_of(8..20));
	assert_eq!(log.get(&log_key(19)).unwrap().unwrap(), log_value(19));
	assert!(log.scrub().unwrap().damaged.is_empty());
}
