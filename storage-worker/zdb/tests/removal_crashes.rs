//! Removals from audited logs: a crash at every step.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

#[path = "support/logs.rs"]
mod logs;

use granary_zdb::RemovalStage;
use logs::*;
use std::fs;

#[test]
fn a_crash_at_every_step_leaves_one_log_as_a_whole() {
	let dir = tempfile::tempdir().unwrap();
	let store = open(dir.path());
	let (log, mut old) = filled(&store);
	store.sync_all().unwrap();
	ask(&log);
	// While the other log is made: the present one is there and nothing of the other.
	let mut left = Vec::new();
	let mut records = 0;
	log.prepare_removal(&mut |_| {
		records += 1;
		if records % 9 == 0 {
			left.push(crash(dir.path()));
		}
		true
	})
	.unwrap();
	left.push(crash(dir.path()));
	assert!(left.len() > 5);
	for left in &left {
		let store = open(left.path());
		let log = store.namespace("log").unwrap();
		assert_eq!(log.removal_status().stage, RemovalStage::Idle);
		reads_all(&log);
		proves(&log, &old);
		assert!(!left.path().join("namespaces/log/generation-00000001").exists());
		prepare(&log);
	}
	// Signed for: both are there, and what is appended later comes into both.
	sign(&log, 3);
	let mut new = shorter();
	let signed = crash(dir.path());
	for number in VALUES..VALUES + 3 {
		log.set(&key(number), &value(number)).unwrap();
		old.push_value(&value(number));
		new.push_value(&value(number));
	}
	log.sync().unwrap();
	let grown = crash(dir.path());
	assert!(log.successor_had_root(new.leaf_count(), &new.root()).unwrap());
	let caught_up = crash(dir.path());
	for (left, is_grown) in [(&signed, false), (&grown, true), (&caught_up, true)] {
		let left = crash(left.path());
		let store = open(left.path());
		let log = store.namespace("log").unwrap();
		assert_eq!(log.removal_status().stage, RemovalStage::Signed { epoch: 3 });
		reads_all(&log);
		proves(&log, &shorter());
		if is_grown {
			proves(&log, &old);
			proves(&log, &new);
		}
		store.apply_removal("log").unwrap();
		let log = store.namespace("log").unwrap();
		reads_what_stays(&log);
		proves(&log, &shorter());
	}
	// The other log is in force, and files of the old one are still there, all or some.
	store.apply_removal("log").unwrap();
	let pointer = fs::read(dir.path().join("namespaces/log/generation")).unwrap();
	for keep in [10, 2, 1, 0] {
		let left = crash(caught_up.path());
		let namespace = left.path().join("namespaces/log");
		fs::write(namespace.join("generation"), &pointer).unwrap();
		for number in keep..10 {
			let _ = fs::remove_file(namespace.join(format!("segment-{number:08}.log")));
		}
		if keep == 0 {
			fs::remove_dir_all(namespace.join("tree")).unwrap();
		}
		let store = open(left.path());
		let log = store.namespace("log").unwrap();
		reads_what_stays(&log);
		assert_eq!(log.log_state().unwrap().1, new.root());
		assert_eq!(log.removal_status().stage, RemovalStage::Idle);
		assert!(
			!namespace.join("tree").exists() && !namespace.join("segment-00000000.log").exists()
		);
	}
}

#[test]
fn a_torn_end_of_the_log_that_waits_is_copied_again() {
	let dir = tempfile::tempdir().unwrap();
	let store = open(dir.path());
	let (log, _) = filled(&store);
	prepare(&log);
	sign(&log, 1);
	let mut new = shorter();
	for number in VALUES..VALUES + 6 {
		log.set(&key(number), &value(number)).unwrap();
		new.push_value(&value(number));
	}
	assert!(log.successor_had_root(new.leaf_count(), &new.root()).unwrap());
	log.sync().unwrap();
	let left = crash(dir.path());
	let next = left.path().join("namespaces/log/generation-00000001");
	let mut segments: Vec<_> = fs::read_dir(&next)
		.unwrap()
		.map(|entry| entry.unwrap().path())
		.filter(|path| path.extension().is_some_and(|extension| extension == "log"))
		.collect();
	segments.sort();
	let last = fs::OpenOptions::new().write(true).open(segments.last().unwrap()).unwrap();
	last.set_len(last.metadata().unwrap().len() - 5).unwrap();
	let store = open(left.path());
	assert_eq!(store.recovery_report().torn_tails.len(), 1);
	let log = store.namespace("log").unwrap();
	assert!(log.successor_had_root(new.leaf_count(), &new.root()).unwrap());
	proves(&log, &new);
}
