use super::*;

#[test]
fn what_is_put_is_found_after_reopening() {
	let dir = tempfile::tempdir().unwrap();
	let cache = ChunkCache::open(dir.path(), CacheOptions::with_quota(1 << 20)).unwrap();
	assert_eq!(cache.get(&[1; 32]), None);
	cache.put(&[1; 32], b"chunk").unwrap();
	drop(cache);
	let cache = ChunkCache::open(dir.path(), CacheOptions::with_quota(1 << 20)).unwrap();
	assert_eq!(cache.get(&[1; 32]).as_deref(), Some(b"chunk".as_slice()));
	assert_eq!(cache.bytes(), 5 + 16);
}

#[test]
fn torn_and_flipped_entries_are_dropped() {
	let dir = tempfile::tempdir().unwrap();
	let cache = ChunkCache::open(dir.path(), CacheOptions::with_quota(1 << 20)).unwrap();
	for damage in 0..40usize {
		cache.put(&[2; 32], b"some bytes of a chunk").unwrap();
		let path = cache.path(&[2; 32]);
		let mut bytes = fs::read(&path).unwrap();
		if damage < bytes.len() {
			bytes[damage] ^= 1;
		} else {
			bytes.truncate(damage - bytes.len());
		}
		fs::write(&path, bytes).unwrap();
		assert_eq!(cache.get(&[2; 32]), None, "damage {damage}");
		assert!(!path.exists() && cache.bytes() == 0, "damage {damage}");
	}
	let shelf = dir.path().join("02");
	fs::write(shelf.join("unfinished-1-1"), b"x").unwrap();
	assert_eq!(
		ChunkCache::open(dir.path(), CacheOptions::with_quota(1)).unwrap().get(&[2; 32]),
		None
	);
}

#[test]
fn what_a_dead_process_left_unfinished_goes_and_what_others_write_stays() {
	let dir = tempfile::tempdir().unwrap();
	fs::create_dir(dir.path().join("02")).unwrap();
	let (old, new) = (dir.path().join("02/unfinished-1-1"), dir.path().join("02/unfinished-2-1"));
	fs::write(&old, b"half of").unwrap();
	fs::write(&new, b"half of").unwrap();
	let long_ago = SystemTime::now() - 2 * UNFINISHED_AGE;
	fs::File::options().write(true).open(&old).unwrap().set_modified(long_ago).unwrap();
	let cache = ChunkCache::open(dir.path(), CacheOptions::with_quota(1 << 20)).unwrap();
	assert!(!old.exists() && new.exists());
	assert_eq!(cache.bytes(), 0);
}

#[test]
fn two_caches_on_one_directory_share_it() {
	let dir = tempfile::tempdir().unwrap();
	let one = ChunkCache::open(dir.path(), CacheOptions::with_quota(1 << 20)).unwrap();
	let other = ChunkCache::open(dir.path(), CacheOptions::with_quota(1 << 20)).unwrap();
	one.put(&[3; 32], b"chunk").unwrap();
	other.put(&[3; 32], b"chunk").unwrap();
	assert_eq!(one.get(&[3; 32]).as_deref(), Some(b"chunk".as_slice()));
	// What one evicts, the other does not miss and does not count any more.
	one.remove(&[3; 32]);
	assert_eq!(other.get(&[3; 32]), None);
	assert_eq!(other.bytes(), 0);
}

#[test]
fn the_least_recently_used_goes_first() {
	let dir = tempfile::tempdir().unwrap();
	let cache = ChunkCache::open(dir.path(), CacheOptions::with_quota(10 * (100 + 16))).unwrap();
	for i in 0..10 {
		cache.put(&[i; 32], &[i; 100]).unwrap();
	}
	assert!(cache.get(&[0; 32]).is_some());
	cache.put(&[10; 32], &[10; 100]).unwrap();
	assert!(cache.get(&[0; 32]).is_some(), "just used");
	assert!(cache.get(&[1; 32]).is_none(), "oldest");
	assert!(cache.get(&[10; 32]).is_some(), "new");
	assert!(cache.bytes() <= 10 * 116);
}

#[test]
fn what_was_used_again_outlives_a_scan_and_pins_outlive_everything() {
	let dir = tempfile::tempdir().unwrap();
	let cache = ChunkCache::open(dir.path(), CacheOptions::with_quota(20 * 116)).unwrap();
	for i in 0..10 {
		cache.put(&[i; 32], &[i; 100]).unwrap();
		assert!(cache.get(&[i; 32]).is_some(), "used again");
	}
	cache.put(&[99; 32], &[99; 100]).unwrap();
	cache.pin("kept", &[[99; 32]]).unwrap();
	for i in 100..200 {
		cache.put(&[i; 32], &[i; 100]).unwrap();
	}
	assert!((0..10).all(|i| cache.contains(&[i; 32])), "a scan takes its own place only");
	assert!(cache.get(&[99; 32]).is_some(), "pinned");
	assert!(cache.bytes() <= 20 * 116);
	assert!(cache.evict_to(0).unwrap() > 0);
	assert_eq!(cache.bytes(), 116, "the pinned one");
	let other = ChunkCache::open(dir.path(), CacheOptions::with_quota(20 * 116)).unwrap();
	other.evict_to(0).unwrap();
	assert_eq!(other.bytes(), 116, "another process knows the pins");
	cache.pin("kept", &[]).unwrap();
	assert_eq!(cache.evict_to(0).unwrap(), 116);
}

#[test]
fn parts_are_read_only_of_what_was_checked_here() {
	let dir = tempfile::tempdir().unwrap();
	let cache = ChunkCache::open(dir.path(), CacheOptions::with_quota(1 << 20)).unwrap();
	cache.put(&[1; 32], b"0123456789").unwrap();
	let mut part = [0; 4];
	assert!(cache.read_checked(&[1; 32], 3, &mut part));
	assert_eq!(&part, b"3456");
	let again = ChunkCache::open(dir.path(), CacheOptions::with_quota(1 << 20)).unwrap();
	assert!(!again.read_checked(&[1; 32], 3, &mut part), "not checked by this process yet");
	assert!(again.get(&[1; 32]).is_some());
	assert!(again.read_checked(&[1; 32], 3, &mut part));
	cache.evict_to(0).unwrap();
	assert!(!again.read_checked(&[1; 32], 3, &mut part), "another process evicted it");
}

#[test]
fn a_floor_that_cannot_be_kept_keeps_nothing() {
	let dir = tempfile::tempdir().unwrap();
	let options = CacheOptions { free_floor_bytes: u64::MAX, ..CacheOptions::with_quota(1 << 40) };
	let cache = ChunkCache::open(dir.path(), options).unwrap();
	for i in 0..40 {
		cache.put(&[i; 32], &vec![i; 1 << 20]).unwrap();
	}
	assert_eq!(cache.bytes(), 0, "what came before the room was looked at went again");
}

#[test]
fn two_processes_together_stay_below_the_quota() {
	let dir = tempfile::tempdir().unwrap();
	let quota = 200 * 116;
	let one = ChunkCache::open(dir.path(), CacheOptions::with_quota(quota)).unwrap();
	let other = ChunkCache::open(dir.path(), CacheOptions::with_quota(quota)).unwrap();
	for i in 0..1000u32 {
		let mut id = [0; 32];
		id[..4].copy_from_slice(&i.to_le_bytes());
		let cache = if i % 2 == 0 { &one } else { &other };
		cache.put(&id, &[7; 100]).unwrap();
	}
	let total = ChunkCache::open(dir.path(), CacheOptions::with_quota(quota)).unwrap().bytes();
	assert!(total <= quota + quota / RESCAN_SHARE, "{total} of {quota}");
}

#[test]
fn a_list_of_pins_that_is_no_text_keeps_no_cache_closed() {
	let dir = tempfile::tempdir().unwrap();
	let cache = ChunkCache::open(dir.path(), CacheOptions::with_quota(1000)).unwrap();
	cache.put(&[9; 32], &[9; 100]).unwrap();
	let good = hex::encode([9; 32]);
	let text = [b"\xff\xfe\n", good.as_bytes(), b"\nnot an id\n"].concat();
	std::fs::write(dir.path().join("pins").join("aa"), text).unwrap();
	let cache = ChunkCache::open(dir.path(), CacheOptions::with_quota(1000)).unwrap();
	cache.evict_to(0).unwrap();
	assert!(cache.get(&[9; 32]).is_some(), "the line that is an id counts");
}
