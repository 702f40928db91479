//! Removals from audited logs: another log beside the present one, and proofs from both.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

#[path = "support/logs.rs"]
mod logs;
mod support;

use granary_por::{Blake2, Peaks};
use granary_zdb::{Namespace, NamespaceOptions, RemovalStage, SetOutcome, ZdbError};
use logs::*;
use std::{
	fs,
	sync::atomic::{AtomicBool, Ordering},
};
use support::{bulk, Process};

#[test]
fn a_shorter_log_takes_the_place_of_the_present_one() {
	let dir = tempfile::tempdir().unwrap();
	let store = open(dir.path());
	let (log, old) = filled(&store);
	store.sync_all().unwrap();
	let before = disk_bytes(dir.path());
	prepare(&log);
	assert!(log.info().disk_bytes > before, "both logs are counted");
	reads_all(&log);
	let mut new = shorter();
	assert!(log.log_state_after(new.leaf_count(), &new.root()).unwrap().is_none(), "not signed");
	sign(&log, 2);
	proves(&log, &old);
	proves(&log, &new);
	// What is appended meanwhile is in both.
	let mut grown = old.clone();
	for number in VALUES..VALUES + 5 {
		log.set(&key(number), &value(number)).unwrap();
		grown.push_value(&value(number));
		new.push_value(&value(number));
	}
	proves(&log, &old);
	proves(&log, &grown);
	let (of_old, of_new) = (old.root(), shorter());
	let state = log.log_state_after(old.leaf_count(), &of_old).unwrap().unwrap();
	assert_eq!((state.0, state.1), (grown.leaf_count(), grown.root()));
	let state = log.log_state_after(of_new.leaf_count(), &of_new.root()).unwrap().unwrap();
	assert_eq!((state.0, state.1), (new.leaf_count(), new.root()));
	let root = log.log_root_after(of_new.leaf_count(), &of_new.root(), new.leaf_count()).unwrap();
	assert_eq!(root, Some(new.root()));

	store.apply_removal("log").unwrap();
	reads_all_of_old_handle(&log);
	let log = store.namespace("log").unwrap();
	reads_what_stays(&log);
	assert_eq!(log.log_state().unwrap().1, new.root());
	proves(&log, &new);
	assert_eq!(log.removal_status().stage, RemovalStage::Idle);
	assert!(disk_bytes(dir.path()) < before / 2, "{} of {before}", disk_bytes(dir.path()));
	// What was removed can come back, and the log can be shortened again.
	log.set(&key(1), &value(1)).unwrap();
	new.push_value(&value(1));
	assert_eq!(log.log_state().unwrap().1, new.root());
	drop((log, store));
	let store = open(dir.path());
	let log = store.namespace("log").unwrap();
	assert_eq!(log.log_state().unwrap().1, new.root());
	log.begin_removal().unwrap();
	log.add_to_removal(&key(1)).unwrap();
	log.ask_for_removal().unwrap();
	log.prepare_removal(&mut |_| true).unwrap();
	let status = log.removal_status();
	log.sign_removal(9, status.leaf_count, &status.root).unwrap();
	store.apply_removal("log").unwrap();
	drop((log, store));
	let store = open(dir.path());
	reads_what_stays(&store.namespace("log").unwrap());
	let entries: Vec<_> = fs::read_dir(dir.path().join("namespaces/log"))
		.unwrap()
		.map(|entry| entry.unwrap().file_name().into_string().unwrap())
		.filter(|name| name.starts_with("generation-") || name.starts_with("segment"))
		.collect();
	assert_eq!(entries, ["generation-00000002"]);
}

/// Who was reading when the log changed reads on.
fn reads_all_of_old_handle(log: &Namespace) {
	reads_all(log);
	assert!(matches!(log.set(b"late", b"x"), Err(ZdbError::Removed)));
}

#[test]
fn nothing_is_applied_that_is_not_signed_for_and_nothing_signed_is_forgotten() {
	let dir = tempfile::tempdir().unwrap();
	let store = open(dir.path());
	let (log, old) = filled(&store);
	let refused = |outcome: Result<(), ZdbError>| {
		assert!(matches!(outcome, Err(ZdbError::NoRemoval)), "{outcome:?}");
	};
	refused(store.apply_removal("log"));
	refused(log.ask_for_removal());
	refused(log.sign_removal(1, old.leaf_count(), &old.root()));
	prepare(&log);
	refused(store.apply_removal("log"));
	refused(log.sign_removal(1, old.leaf_count(), &old.root()));
	log.drop_removal().unwrap();
	assert!(!dir.path().join("namespaces/log/generation-00000001").exists());
	prepare(&log);
	sign(&log, 4);
	assert!(matches!(log.drop_removal(), Err(ZdbError::RemovalSigned { epoch: 4 })));
	assert!(matches!(log.begin_removal(), Err(ZdbError::RemovalSigned { epoch: 4 })));
	reads_all(&log);
	log.supersede_removal().unwrap();
	proves(&log, &old);
	prepare(&log);
	let default = store.namespace("default").unwrap();
	assert!(matches!(default.begin_removal(), Err(ZdbError::NotAudited)));
}

#[test]
fn what_is_going_counts_as_absent_and_can_be_written_again() {
	let dir = tempfile::tempdir().unwrap();
	let store = open(dir.path());
	let (log, mut old) = filled(&store);
	prepare(&log);
	assert!(!log.exists(&key(1)).unwrap() && log.exists(&key(0)).unwrap());
	assert!(matches!(log.set(&key(0), b"other"), Err(ZdbError::WormKeyExists)));
	let written = log.set(&key(1), &value(1)).unwrap();
	assert_eq!(written, SetOutcome::Written { id: None });
	assert!(log.exists(&key(1)).unwrap());
	assert!(matches!(log.set(&key(1), &value(1)), Err(ZdbError::WormKeyExists)));
	let mut page = log.scan(None).unwrap().unwrap();
	let mut scanned = Vec::new();
	loop {
		scanned.extend(page.entries.into_iter().map(|entry| entry.key));
		let Some(next) = log.scan(Some(&page.cursor)).unwrap() else { break };
		page = next;
	}
	let stay = (0..VALUES).filter(|number| !goes(*number)).map(key);
	assert_eq!(scanned, stay.chain([key(1)]).collect::<Vec<_>>());
	old.push_value(&value(1));
	assert_eq!(log.log_state().unwrap().1, old.root());
	// The list of leaves tells the record that is superseded.
	let mut leaves = Vec::new();
	let mut cursor = None;
	while let Some(page) = log.leaves(cursor.as_ref().map(<[u8; 17]>::as_slice)).unwrap() {
		leaves.extend(page.entries);
		cursor = Some(page.cursor);
	}
	let mut peaks = Peaks::<Blake2>::new();
	leaves.iter().flat_map(|entry| &entry.leaves).for_each(|leaf| peaks.push(*leaf));
	assert_eq!(peaks.root(), old.root());
	let newest: Vec<_> =
		leaves.iter().filter(|entry| entry.key == key(1)).map(|entry| entry.is_newest).collect();
	assert_eq!(newest, [false, true]);
	sign(&log, 1);
	store.apply_removal("log").unwrap();
	let log = store.namespace("log").unwrap();
	assert_eq!(log.get(&key(1)).unwrap(), Some(value(1)));
	assert_eq!(log.get(&key(2)).unwrap(), None);
}

#[test]
fn holds_that_are_older_than_a_removal_are_told() {
	let dir = tempfile::tempdir().unwrap();
	let store = open(dir.path());
	let (log, _) = filled(&store);
	let (none, minute) = (std::time::Duration::ZERO, std::time::Duration::from_secs(60));
	log.hold(b"before", none, minute).unwrap();
	prepare(&log);
	assert_eq!(log.removal_status().older_holds, 1);
	log.hold(b"after", none, minute).unwrap();
	assert_eq!(log.removal_status().older_holds, 1);
	// One that renews what a restart forgot says how long it has been at work.
	log.hold(b"long ago", minute, minute).unwrap();
	assert_eq!(log.removal_status().older_holds, 2);
	log.hold(b"before", none, none).unwrap();
	log.hold(b"long ago", none, none).unwrap();
	assert_eq!(log.removal_status().older_holds, 0);
}

#[test]
fn readers_and_writers_go_on_through_many_removals() {
	let dir = tempfile::tempdir().unwrap();
	let store = open(dir.path());
	let (_, _) = filled(&store);
	let ended = AtomicBool::new(false);
	std::thread::scope(|scope| {
		let (store, ended) = (&store, &ended);
		scope.spawn(move || {
			while !ended.load(Ordering::Relaxed) {
				for number in (0..VALUES).filter(|number| !goes(*number)) {
					let log = store.namespace("log").unwrap();
					assert_eq!(log.get(&key(number)).unwrap(), Some(value(number)));
				}
			}
		});
		let writer = scope.spawn(move || {
			let mut number = 1000;
			while !ended.load(Ordering::Relaxed) {
				match store.namespace("log").unwrap().set(&key(number), &key(number)) {
					Ok(_) => number += 1,
					Err(error) => assert!(matches!(error, ZdbError::Removed), "{error}"),
				}
				// Each round copies what was written: it must not grow without end.
				std::thread::sleep(std::time::Duration::from_millis(1));
			}
			number
		});
		for round in 0..12 {
			let log = store.namespace("log").unwrap();
			log.begin_removal().unwrap();
			for number in (0..VALUES).filter(|number| goes(*number) && number % 12 == round) {
				log.add_to_removal(&key(number)).unwrap();
			}
			log.ask_for_removal().unwrap();
			log.prepare_removal(&mut |_| true).unwrap();
			let status = log.removal_status();
			log.sign_removal(round as u64 + 1, status.leaf_count, &status.root).unwrap();
			store.apply_removal("log").unwrap();
		}
		ended.store(true, Ordering::Relaxed);
		let written = writer.join().unwrap();
		assert!(written > 1000);
		let log = store.namespace("log").unwrap();
		for number in 1000..written {
			assert_eq!(log.get(&key(number)).unwrap(), Some(key(number)), "{number}");
		}
		reads_what_stays(&log);
		let mut peaks = Peaks::<Blake2>::new();
		let stay = (0..VALUES).filter(|number| !goes(*number));
		stay.for_each(|number| peaks.push_value(&value(number)));
		(1000..written).for_each(|number| peaks.push_value(&key(number)));
		assert_eq!(log.log_state().unwrap().1, peaks.root());
	});
}

#[test]
fn damage_keeps_a_removal_from_being_prepared() {
	let dir = tempfile::tempdir().unwrap();
	let store = open(dir.path());
	let (log, _) = filled(&store);
	let stays = value(6);
	let path = dir.path().join("namespaces/log/segment-00000000.log");
	let mut bytes = fs::read(&path).unwrap();
	let at = bytes.windows(stays.len()).position(|window| window == stays).unwrap();
	bytes[at + 100] ^= 1;
	fs::write(&path, bytes).unwrap();
	ask(&log);
	assert!(matches!(log.prepare_removal(&mut |_| true), Err(ZdbError::Damaged { .. })));
	assert!(matches!(log.removal_status().stage, RemovalStage::Failed(_)));
	assert!(!dir.path().join("namespaces/log/generation-00000001").exists());
	assert!(log.exists(&key(1)).unwrap(), "nothing goes any more");
	log.mend(&key(6), &stays).unwrap();
	prepare(&log);
}

#[test]
fn a_replica_of_the_old_log_starts_anew() {
	let dir = tempfile::tempdir().unwrap();
	let store = open(dir.path());
	let (log, _) = filled(&store);
	let next = log.next_record();
	prepare(&log);
	sign(&log, 1);
	store.apply_removal("log").unwrap();
	let log = store.namespace("log").unwrap();
	assert!(log.records_from(next, 10).unwrap().must_restart);
	let all = log.records_from(0, 1000).unwrap();
	assert!(!all.must_restart);
	let copy_dir = tempfile::tempdir().unwrap();
	let copy = open(copy_dir.path());
	let options = NamespaceOptions { audited: true, ..Default::default() };
	let copied = copy.create_namespace("log", options).unwrap();
	all.records.iter().for_each(|record| copied.apply_record(record).unwrap());
	assert_eq!(copied.log_state().unwrap(), log.log_state().unwrap());
	assert_eq!(copied.next_record(), log.next_record());
	drop((copied, copy));
	let copied = open(copy_dir.path()).namespace("log").unwrap();
	assert_eq!(copied.log_state().unwrap(), log.log_state().unwrap());
}

#[test]
fn a_client_prepares_over_the_wire() {
	let dir = tempfile::tempdir().unwrap();
	let process = Process::start(dir.path(), &[]);
	let mut client = process.connect();
	client.text("NSNEW log");
	client.text("NSSET log audited 1");
	client.text("SELECT log");
	for number in 0..VALUES {
		client.call(&[b"SET", &key(number), &value(number)]);
	}
	assert_eq!(client.text("REMOVAL PREPARE"), "-No removal is at this step\r\n");
	assert_eq!(client.text("REMOVAL BEGIN"), "+OK\r\n");
	for number in (0..VALUES).filter(|number| goes(*number)) {
		assert_eq!(client.call(&[b"REMOVAL", b"ADD", &key(number), b"nobody"]), b":1\r\n");
	}
	assert_eq!(client.text("REMOVAL PREPARE"), "+OK\r\n");
	let status = loop {
		let status = client.text("REMOVAL STATUS");
		if !status.contains("preparing") {
			break status;
		}
		std::thread::sleep(std::time::Duration::from_millis(10));
	};
	assert!(status.contains("prepared"), "{status}");
	let peaks = shorter();
	assert!(status.contains(&format!(":{}\r\n", peaks.leaf_count())));
	let state = client.call(&[b"NSLOG"]);
	let old = state.split(|byte| *byte == b'\r').nth(1).unwrap()[2..].to_vec();
	let root =
		&state[state.windows(5).position(|window| window == b"$32\r\n").unwrap() + 5..][..32];
	assert_eq!(client.call(&[b"NSLOG", &old, root]), state);
	let never = client.call(&[b"NSLOG", &old, &[1; 32]]);
	assert_eq!(never, b"-The log never had that root\r\n");
	let leaves = client.call(&[b"NSLEAVES"]);
	let first = bulk(&key(0));
	assert!(leaves.windows(first.len()).any(|window| window == first));
	assert_eq!(client.text("HOLD me 60 5"), "+OK\r\n");
	assert!(client.text("HOLD me 600").starts_with('-'));
	assert_eq!(client.text("REMOVAL DROP"), "+OK\r\n");
	assert!(client.text("REMOVAL STATUS").contains("idle"));
	process.stop();
}
