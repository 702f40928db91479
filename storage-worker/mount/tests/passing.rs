//! Logs, which the kernel reads and writes in the layer itself.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod common;

use common::{eventually, pattern, read_uncached, Place};
use granary_mount::MountOptions;
use std::{
	fs::{self, File, OpenOptions},
	io::Write,
	os::unix::fs::FileExt,
	path::Path,
	thread,
	time::Duration,
};

fn open(path: &Path) -> File {
	OpenOptions::new().read(true).write(true).open(path).unwrap()
}

fn read_at(file: &File, at: u64, len: usize) -> Vec<u8> {
	let mut bytes = vec![0; len];
	file.read_exact_at(&mut bytes, at).unwrap();
	bytes
}

#[test]
fn a_new_log_is_written_without_requests() {
	let place = Place::new();
	let guard = place.mount();
	let path = place.mnt().join("log0");
	let mut log = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
	let bytes = pattern(1, 100_000);
	for piece in bytes.chunks(777) {
		log.write_all(piece).unwrap();
	}
	let stats = guard.get().stats();
	assert_eq!((stats.passed_logs, stats.thin_bytes_written), (1, 0));
	assert_eq!(fs::read(&path).unwrap(), bytes);
	assert_eq!(read_uncached(&path).unwrap(), bytes);
	assert_eq!(fs::metadata(&path).unwrap().len(), bytes.len() as u64);
	log.sync_data().unwrap();

	// Cut through one opening and made longer through another; a map sees writes and the other way round.
	log.set_len(5000).unwrap();
	open(&path).set_len(9000).unwrap();
	let mut expected = bytes[..5000].to_vec();
	expected.resize(9000, 0);
	// SAFETY: nobody makes it shorter meanwhile.
	#[allow(unsafe_code, reason = "mapping a file")]
	let mut map = unsafe { memmap2::MmapMut::map_mut(&log).unwrap() };
	assert_eq!(&map[..], expected);
	map[8000..8003].copy_from_slice(b"map");
	open(&path).write_all_at(b"write", 7000).unwrap();
	assert_eq!(&map[7000..7005], b"write");
	expected[8000..8003].copy_from_slice(b"map");
	expected[7000..7005].copy_from_slice(b"write");
	drop((map, log));
	assert_eq!(fs::read(&path).unwrap(), expected);
	fs::rename(&path, place.mnt().join("kept")).unwrap();
	guard.unmount();
	let guard = place.mount();
	assert_eq!(read_uncached(&place.mnt().join("kept")).unwrap(), expected);
	let passed = guard.get().stats().passed_logs;
	fs::write(place.mnt().join("table_00"), &expected).unwrap();
	let stats = guard.get().stats();
	assert_eq!((stats.passed_logs, stats.thin_bytes_written), (passed, expected.len() as u64));
	guard.unmount();
}

#[test]
fn a_log_is_served_where_that_is_asked_for() {
	let place = Place::new();
	let options = MountOptions { serve_logs: true, ..place.options() };
	let guard = place.mount_with(options);
	let path = place.mnt().join("log0");
	let bytes = pattern(6, 100_000);
	fs::write(&path, &bytes).unwrap();
	let stats = guard.get().stats();
	assert_eq!((stats.passed_logs, stats.thin_bytes_written), (0, bytes.len() as u64));
	assert_eq!(fs::read(&path).unwrap(), bytes);
	guard.unmount();
}

#[test]
fn a_log_of_the_snapshot_is_copied_up_when_it_is_opened_for_writing() {
	let place = Place::new();
	let before = pattern(2, (3 << 20) + 100);
	fs::write(place.lower().join("log7"), &before).unwrap();
	let path = place.mnt().join("log7");
	let guard = place.mount();
	assert_eq!(fs::read(&path).unwrap(), before);
	let contents = || fs::read_dir(place.thin().join("files")).unwrap().count();
	assert_eq!((contents(), guard.get().stats().passed_logs), (0, 0), "reading copies nothing");
	guard.unmount();

	let mut expected = before.clone();
	for round in 0..4 {
		let child = place.mount_in_child();
		let log = open(&path);
		assert_eq!(read_at(&log, 0, expected.len()), expected);
		let (at, bytes) = (1000 + round * 900_000, pattern(round, 5000));
		log.write_all_at(&bytes, at).unwrap();
		expected[at as usize..][..5000].copy_from_slice(&bytes);
		log.write_all_at(&bytes, expected.len() as u64).unwrap();
		expected.extend(bytes);
		if round % 2 == 0 {
			log.sync_all().unwrap();
		}
		child.kill();
	}
	let guard = place.mount();
	assert_eq!(read_uncached(&path).unwrap(), expected);
	assert_eq!(guard.get().stats().lower_bytes_read, 0, "nothing of it lies below any more");
	guard.unmount();
	assert_eq!(fs::read(place.lower().join("log7")).unwrap(), before);
}

#[test]
fn whoever_opens_it_first_decides_for_all() {
	let place = Place::new();
	let mut expected = pattern(3, 20_000);
	fs::write(place.lower().join("log1"), &expected).unwrap();
	let guard = place.mount();
	let path = place.mnt().join("log1");
	let reader = File::open(&path).unwrap();
	let writer = open(&path);
	writer.write_all_at(b"one", 100).unwrap();
	expected[100..103].copy_from_slice(b"one");
	assert_eq!(read_at(&reader, 0, expected.len()), expected);
	assert_eq!(guard.get().stats().passed_logs, 0);
	drop((reader, writer));
	// Closing is told to the filesystem some time later.
	eventually("the log is passed", 10, || {
		let _log = open(&path);
		guard.get().stats().passed_logs == 1
	});
	let (writer, reader) = (open(&path), File::open(&path).unwrap());
	writer.write_all_at(b"two", 200).unwrap();
	expected[200..203].copy_from_slice(b"two");
	assert_eq!(read_at(&reader, 0, expected.len()), expected);
	drop((writer, reader));
	guard.unmount();
}

#[test]
fn a_log_is_written_while_nobody_serves_the_mount() {
	let place = Place::new();
	fs::write(place.lower().join("log1"), pattern(4, 50_000)).unwrap();
	let child = place.mount_held_in_child("60");
	let path = place.mnt().join("log1");
	let log = open(&path);
	log.write_all_at(b"first", 0).unwrap();
	child.kill_and_leave();
	log.write_all_at(b"second", 60_000).unwrap();
	assert_eq!(read_at(&log, 0, 5), b"first");

	let child = place.mount_held_in_child("60");
	log.write_all_at(b"third", 70_000).unwrap();
	log.sync_data().unwrap();
	let other = open(&path);
	let mut expected = pattern(4, 50_000);
	expected[..5].copy_from_slice(b"first");
	expected.resize(70_005, 0);
	expected[60_000..60_006].copy_from_slice(b"second");
	expected[70_000..].copy_from_slice(b"third");
	assert_eq!(other.metadata().unwrap().len(), expected.len() as u64);
	assert_eq!(read_at(&other, 0, expected.len()), expected);
	let notes = || fs::read_dir(place.thin().join("passed")).unwrap().count();
	assert_eq!(notes(), 1);
	child.kill_and_leave();

	let child = place.mount_held_in_child("60");
	drop(log);
	assert_eq!(read_at(&other, 0, expected.len()), expected);
	thread::sleep(Duration::from_millis(200));
	assert_eq!(notes(), 1, "one still has it open");
	drop(other);
	eventually("the log counts as closed", 10, || notes() == 0);
	let log = open(&path);
	assert_eq!(read_at(&log, 0, expected.len()), expected);
	drop((log, child));
	let guard = place.mount();
	assert_eq!(read_uncached(&path).unwrap(), expected);
	guard.unmount();
}

#[test]
fn who_has_a_log_open_on_a_mount_that_has_ended_writes_to_nobody() {
	let place = Place::new();
	fs::write(place.lower().join("log1"), pattern(5, 30_000)).unwrap();
	let child = place.mount_in_child();
	let path = place.mnt().join("log1");
	let left = open(&path);
	left.write_all_at(b"served", 0).unwrap();
	child.kill();
	left.write_all_at(b"after", 100).unwrap();
	common::detach(&place.mnt());

	let guard = place.mount();
	// It sees no error; those of the new mount do not see it.
	left.write_all_at(b"stale", 200).unwrap();
	let mut expected = pattern(5, 30_000);
	expected[..6].copy_from_slice(b"served");
	expected[100..105].copy_from_slice(b"after");
	assert_eq!(fs::read(&path).unwrap(), expected);
	let log = open(&path);
	left.write_all_at(b"stale", 300).unwrap();
	assert_eq!(read_at(&log, 0, expected.len()), expected);
	drop((left, log));
	guard.unmount();
}
