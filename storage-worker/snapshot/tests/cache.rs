//! The cache of chunks: what is put is found, whatever happens to files and processes; what goes is what should.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

use granary_snapshot::{CacheOptions, ChunkCache, ObjectId};
use std::{
	fs,
	path::{Path, PathBuf},
	sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
	time::{Duration, SystemTime},
};

/// Of the tests' chunks, and what each takes: whole blocks, and a record.
const CHUNK: usize = 4000;
const RECORD_BYTES: usize = 64;
const TAKEN: u64 = 4096 + RECORD_BYTES as u64;
/// Where packs are kept.
const PACKS: &str = "packs";

fn open(dir: &Path, quota_bytes: u64) -> ChunkCache {
	ChunkCache::open(dir, CacheOptions::with_quota(quota_bytes)).unwrap()
}

fn id(number: u32) -> ObjectId {
	let mut id = [0; 32];
	id[..4].copy_from_slice(&number.to_le_bytes());
	id
}

fn chunk(number: u32) -> Vec<u8> {
	vec![number as u8 ^ (number >> 8) as u8; CHUNK]
}

fn put(cache: &ChunkCache, number: u32) {
	cache.put(&id(number), &chunk(number)).unwrap();
}

fn has(cache: &ChunkCache, number: u32) -> bool {
	match cache.get(&id(number)) {
		Some(found) => {
			assert_eq!(found, chunk(number));
			true
		},
		None => false,
	}
}

fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
	let all = fs::read_dir(dir.join(PACKS)).unwrap().map(|file| file.unwrap().path());
	all.filter(|path| path.extension().is_some_and(|end| end == extension)).collect()
}

#[test]
fn what_is_put_is_found_after_reopening() {
	let dir = tempfile::tempdir().unwrap();
	let cache = open(dir.path(), 1 << 20);
	assert_eq!(cache.get(&[1; 32]), None);
	cache.put(&[1; 32], b"chunk").unwrap();
	cache.put_many(&[([2; 32], b"more"), ([3; 32], &[7; 5000])]).unwrap();
	cache.put(&[4; 32], b"").unwrap();
	drop(cache);
	let cache = open(dir.path(), 1 << 20);
	assert_eq!(cache.get(&[1; 32]).as_deref(), Some(b"chunk".as_slice()));
	assert_eq!(cache.get(&[2; 32]).as_deref(), Some(b"more".as_slice()));
	assert_eq!(cache.get(&[3; 32]), Some(vec![7; 5000]));
	assert_eq!(cache.get(&[4; 32]), Some(Vec::new()));
	assert_eq!((cache.bytes(), cache.chunks()), (4 * 4096 + 4 * 64, 4));
	// What one process has left another goes on with.
	put(&cache, 5);
	assert_eq!(files(dir.path(), "data").len(), 1);
}

#[test]
fn torn_and_flipped_entries_are_dropped() {
	let dir = tempfile::tempdir().unwrap();
	let content = b"some bytes of a chunk";
	for damage in 0..2 * content.len() {
		let cache = open(dir.path(), 1 << 20);
		cache.put(&[2; 32], content).unwrap();
		drop(cache);
		let path = &files(dir.path(), "data")[0];
		let mut bytes = fs::read(path).unwrap();
		if damage < content.len() {
			bytes[damage] ^= 1;
		} else {
			bytes.truncate(damage - content.len());
		}
		fs::write(path, bytes).unwrap();
		let cache = open(dir.path(), 1 << 20);
		assert_eq!(cache.get(&[2; 32]), None, "damage {damage}");
		assert!(!cache.contains(&[2; 32]), "damage {damage}");
		cache.evict_to(0).unwrap();
		assert_eq!(cache.bytes(), 0);
	}
}

#[test]
fn a_damaged_index_loses_what_is_damaged_and_nothing_else() {
	let dir = tempfile::tempdir().unwrap();
	let cache = open(dir.path(), 1 << 20);
	(0..3).for_each(|number| put(&cache, number));
	drop(cache);
	let index = files(dir.path(), "index")[0].clone();
	let good = fs::read(&index).unwrap();
	for at in 0..good.len() {
		let mut bytes = good.clone();
		bytes[at] ^= 0x10;
		fs::write(&index, &bytes).unwrap();
		let cache = open(dir.path(), 1 << 20);
		for number in 0..3 {
			assert_eq!(has(&cache, number), at / RECORD_BYTES != number as usize, "byte {at}");
		}
	}
	for len in 0..good.len() {
		fs::write(&index, &good[..len]).unwrap();
		let cache = open(dir.path(), 1 << 20);
		let whole = len / RECORD_BYTES;
		assert_eq!((0..3).filter(|number| has(&cache, *number)).count(), whole, "cut to {len}");
	}
	// What is put behind a torn record, and behind data that nobody lists, is found.
	let cache = open(dir.path(), 1 << 20);
	put(&cache, 9);
	drop(cache);
	let cache = open(dir.path(), 1 << 20);
	assert!(has(&cache, 0) && has(&cache, 1) && has(&cache, 9));
}

#[test]
fn what_a_dead_process_left_unfinished_goes_and_what_others_write_stays() {
	let dir = tempfile::tempdir().unwrap();
	fs::create_dir_all(dir.path().join(PACKS)).unwrap();
	let (old, new) = (dir.path().join("packs/1.data"), dir.path().join("packs/2.data"));
	fs::write(&old, b"half of").unwrap();
	fs::write(&new, b"half of").unwrap();
	let long_ago = SystemTime::now() - Duration::from_secs(1200);
	fs::File::options().write(true).open(&old).unwrap().set_modified(long_ago).unwrap();
	let cache = open(dir.path(), 1 << 20);
	assert!(!old.exists() && new.exists());
	assert_eq!(cache.bytes(), 0);
}

#[test]
fn a_cache_of_the_first_format_goes_and_what_is_not_its_own_stays() {
	let dir = tempfile::tempdir().unwrap();
	fs::create_dir(dir.path().join("0a")).unwrap();
	fs::create_dir(dir.path().join("0b")).unwrap();
	fs::write(dir.path().join("0a").join(hex::encode([10; 32])), b"chunk").unwrap();
	fs::write(dir.path().join("0b").join("letter"), b"mine").unwrap();
	let cache = open(dir.path(), 1 << 20);
	assert!(!dir.path().join("0a").exists() && dir.path().join("0b/letter").exists());
	assert_eq!(cache.chunks(), 0);
}

#[test]
fn two_caches_on_one_directory_share_it() {
	let dir = tempfile::tempdir().unwrap();
	let (one, other) = (open(dir.path(), 1 << 20), open(dir.path(), 1 << 20));
	put(&one, 3);
	assert!(has(&other, 3), "what one puts the other finds");
	put(&other, 4);
	put(&one, 5);
	assert!(has(&one, 4) && has(&other, 5));
	assert_eq!(files(dir.path(), "data").len(), 2, "each writes where nobody else does");
	// What one evicts the other can read on, since it has it open, until it looks around.
	assert!(one.evict_to(0).unwrap() > 0);
	assert!(has(&other, 3));
	other.follow_others().unwrap();
	assert!(!has(&other, 3) && has(&other, 4), "a pack that is written to is not taken away");
	drop(one);
	other.evict_to(0).unwrap();
	assert_eq!((other.bytes(), other.chunks()), (0, 0));
}

#[test]
fn the_least_recently_used_goes_first() {
	let dir = tempfile::tempdir().unwrap();
	let cache = open(dir.path(), 400 * TAKEN);
	(0..400).for_each(|number| put(&cache, number));
	for number in 0..40 {
		assert!(has(&cache, number));
	}
	put(&cache, 400);
	assert!((0..40).all(|number| has(&cache, number)), "just used");
	assert!(!has(&cache, 40), "oldest");
	assert!((300..=400).all(|number| has(&cache, number)), "new");
	assert!(cache.bytes() <= 400 * TAKEN);
}

#[test]
fn what_was_used_again_outlives_a_scan_and_pins_outlive_everything() {
	let dir = tempfile::tempdir().unwrap();
	let quota = 200 * TAKEN;
	let cache = open(dir.path(), quota);
	for number in 0..50 {
		put(&cache, number);
		assert!(has(&cache, number), "used again");
	}
	put(&cache, 99);
	cache.pin("kept", &[id(99)]).unwrap();
	for number in 1000..4000 {
		put(&cache, number);
	}
	assert!((0..50).all(|number| has(&cache, number)), "a scan takes its own place only");
	assert!(has(&cache, 99), "pinned");
	assert!(cache.bytes() <= quota);
	assert!(cache.evict_to(0).unwrap() > 0);
	assert_eq!((cache.bytes(), cache.chunks()), (TAKEN, 1), "the pinned one");
	drop(cache);
	let other = open(dir.path(), quota);
	other.evict_to(0).unwrap();
	assert_eq!(other.bytes(), TAKEN, "another process knows the pins");
	assert!(has(&other, 99));
	other.pin("kept", &[]).unwrap();
	assert_eq!(other.evict_to(0).unwrap(), TAKEN);
	assert!(!has(&other, 99));
}

#[test]
fn parts_are_read_only_of_what_was_checked_here() {
	let dir = tempfile::tempdir().unwrap();
	let cache = open(dir.path(), 1 << 20);
	cache.put(&[1; 32], b"0123456789").unwrap();
	let mut part = [0; 4];
	assert!(cache.read_checked(&[1; 32], 3, &mut part));
	assert_eq!(&part, b"3456");
	assert!(!cache.read_checked(&[1; 32], 7, &mut part), "it ends before");
	let again = open(dir.path(), 1 << 20);
	assert!(!again.read_checked(&[1; 32], 3, &mut part), "not checked by this process yet");
	assert!(again.get(&[1; 32]).is_some());
	assert!(again.read_checked(&[1; 32], 3, &mut part));
	cache.evict_to(0).unwrap();
	again.follow_others().unwrap();
	assert!(!again.read_checked(&[1; 32], 3, &mut part), "another process evicted it");
}

#[test]
fn a_floor_that_cannot_be_kept_keeps_nothing() {
	let dir = tempfile::tempdir().unwrap();
	let options = CacheOptions { free_floor_bytes: u64::MAX, ..CacheOptions::with_quota(1 << 40) };
	let cache = ChunkCache::open(dir.path(), options).unwrap();
	for number in 0..40 {
		cache.put(&id(number), &vec![number as u8; 1 << 20]).unwrap();
	}
	assert_eq!(cache.bytes(), 0, "what came before the room was looked at went again");
}

#[test]
fn two_processes_together_stay_below_the_quota() {
	let dir = tempfile::tempdir().unwrap();
	let quota = 200 * TAKEN;
	let (one, other) = (open(dir.path(), quota), open(dir.path(), quota));
	for number in 0..2000u32 {
		put(if number % 2 == 0 { &one } else { &other }, number);
		let kept: u64 =
			files(dir.path(), "data").iter().map(|path| path.metadata().unwrap().len()).sum();
		assert!(kept <= quota + quota / 16, "{kept} of {quota}");
	}
	let total = open(dir.path(), quota).bytes();
	assert!(total > quota / 2, "{total} of {quota} are used");
}

#[test]
fn readers_never_see_other_bytes_while_two_caches_put_and_evict() {
	let dir = tempfile::tempdir().unwrap();
	let quota = 100 * TAKEN;
	let caches = [open(dir.path(), quota), open(dir.path(), quota)];
	let (done, found) = (AtomicBool::new(false), AtomicU64::new(0));
	std::thread::scope(|scope| {
		for cache in &caches {
			scope.spawn(|| {
				let mut part = [0; 100];
				while !done.load(Relaxed) {
					for number in 0..300 {
						let is_there = cache.read_checked(&id(number), 50, &mut part);
						assert!(!is_there || part == chunk(number)[50..150], "{number}");
						found.fetch_add(u64::from(is_there || has(cache, number)), Relaxed);
					}
				}
			});
		}
		for round in 0..3000u32 {
			put(&caches[(round % 2) as usize], (round * 7) % 300);
		}
		done.store(true, Relaxed);
	});
	assert!(found.load(Relaxed) > 100);
}

#[test]
fn a_list_of_pins_that_is_no_text_keeps_no_cache_closed() {
	let dir = tempfile::tempdir().unwrap();
	let cache = open(dir.path(), 1 << 20);
	put(&cache, 9);
	drop(cache);
	let text = [b"\xff\xfe\n", hex::encode(id(9)).as_bytes(), b"\nnot an id\n"].concat();
	fs::write(dir.path().join("pins").join("aa"), text).unwrap();
	let cache = open(dir.path(), 1 << 20);
	put(&cache, 10);
	cache.evict_to(0).unwrap();
	assert!(has(&cache, 9) && !has(&cache, 10), "the line that is an id counts");
}
