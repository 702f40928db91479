//! An audited log of some values, and the log without those that go.
#![allow(dead_code, reason = "each test file uses a part")]

use granary_por::{challenge, verify, Blake2, Peaks};
use granary_zdb::{Namespace, NamespaceOptions, RemovalStage, Store, StoreOptions};
use std::{fs, path::Path, sync::Arc};

pub(crate) const VALUES: usize = 60;

pub(crate) fn open(dir: &Path) -> Store {
	Store::open(StoreOptions { segment_bytes: 64 << 10, ..StoreOptions::new(dir) }).unwrap()
}

pub(crate) fn key(number: usize) -> Vec<u8> {
	format!("key-{number}").into_bytes()
}

pub(crate) fn value(number: usize) -> Vec<u8> {
	let len = [0, 1, 511, 512, 513, 9000, 40_000][number % 7] + number;
	(0..len).map(|byte| (byte * 31 + number) as u8).collect()
}

pub(crate) fn goes(number: usize) -> bool {
	!number.is_multiple_of(3)
}

/// A log of sixty values, and what its tree must be.
pub(crate) fn filled(store: &Store) -> (Arc<Namespace>, Peaks<Blake2>) {
	let log = store
		.create_namespace("log", NamespaceOptions { audited: true, ..Default::default() })
		.unwrap();
	let mut peaks = Peaks::new();
	for number in 0..VALUES {
		log.set(&key(number), &value(number)).unwrap();
		peaks.push_value(&value(number));
	}
	(log, peaks)
}

/// What the log must be without what goes.
pub(crate) fn shorter() -> Peaks<Blake2> {
	let mut peaks = Peaks::new();
	(0..VALUES).filter(|number| !goes(*number)).for_each(|number| peaks.push_value(&value(number)));
	peaks
}

pub(crate) fn ask(log: &Namespace) {
	log.begin_removal().unwrap();
	for number in (0..VALUES).filter(|number| goes(*number)) {
		assert!(log.add_to_removal(&key(number)).unwrap());
	}
	assert!(!log.add_to_removal(b"nobody").unwrap());
	log.ask_for_removal().unwrap();
}

pub(crate) fn prepare(log: &Namespace) {
	ask(log);
	log.prepare_removal(&mut |_| true).unwrap();
	let (status, peaks) = (log.removal_status(), shorter());
	assert_eq!(status.stage, RemovalStage::Prepared);
	assert_eq!((status.leaf_count, status.root), (peaks.leaf_count(), peaks.root()));
}

pub(crate) fn sign(log: &Namespace, epoch: u64) {
	let peaks = shorter();
	log.sign_removal(epoch, peaks.leaf_count(), &peaks.root()).unwrap();
}

pub(crate) fn proves(log: &Namespace, peaks: &Peaks<Blake2>) {
	let (leaf_count, root) = (peaks.leaf_count(), peaks.root());
	let indexes = challenge::<Blake2>(&[7; 32], 1, &root, leaf_count, 16);
	let proof = log.prove_root(&root, leaf_count, &indexes).unwrap();
	verify::<Blake2>(&root, leaf_count, &indexes, &proof).unwrap();
}

pub(crate) fn reads_all(log: &Namespace) {
	for number in 0..VALUES {
		assert_eq!(log.get(&key(number)).unwrap(), Some(value(number)), "{number}");
	}
}

pub(crate) fn reads_what_stays(log: &Namespace) {
	for number in 0..VALUES {
		let expected = (!goes(number)).then(|| value(number));
		assert_eq!(log.get(&key(number)).unwrap(), expected, "{number}");
	}
}

/// Bytes of all files below a directory.
pub(crate) fn disk_bytes(dir: &Path) -> u64 {
	let of = |entry: fs::DirEntry| match entry.file_type().unwrap().is_dir() {
		true => disk_bytes(&entry.path()),
		false => entry.metadata().unwrap().len(),
	};
	fs::read_dir(dir).unwrap().map(|entry| of(entry.unwrap())).sum()
}

/// What a crash leaves at this moment.
pub(crate) fn crash(dir: &Path) -> tempfile::TempDir {
	fn copy(from: &Path, to: &Path) {
		fs::create_dir_all(to).unwrap();
		for entry in fs::read_dir(from).unwrap() {
			let entry = entry.unwrap();
			let to = to.join(entry.file_name());
			match entry.file_type().unwrap().is_dir() {
				true => copy(&entry.path(), &to),
				false => drop(fs::copy(entry.path(), to).unwrap()),
			}
		}
	}
	let left = tempfile::tempdir().unwrap();
	copy(dir, left.path());
	left
}
