//! The files of a cache of chunks, changed by somebody else: a chunk is answered as it was put, or not at all.

#![no_main]

use granary_fuzz::Input;
use granary_snapshot::{CacheOptions, ChunkCache, ObjectId};
use std::{
	collections::HashMap,
	fs,
	path::{Path, PathBuf},
};

fn scratch() -> tempfile::TempDir {
	tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory")
}

fn hex(id: &ObjectId) -> String {
	id.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn path_of(dir: &Path, id: &ObjectId) -> PathBuf {
	dir.join(&hex(id)[..2]).join(hex(id))
}

fn run(bytes: &[u8]) {
	let mut input = Input::new(bytes);
	let dir = scratch();
	let options = CacheOptions { free_floor_bytes: 0, ..CacheOptions::with_quota(1 << 16) };
	let open = || ChunkCache::open(dir.path(), options).expect("a cache opens whatever is in it");
	let mut put: HashMap<ObjectId, Vec<u8>> = HashMap::new();
	let mut cache = open();
	for _ in 0..24 {
		if input.is_empty() {
			break;
		}
		let (operation, id) = (input.byte(), [input.byte() % 8; 32]);
		let path = path_of(dir.path(), &id);
		match operation % 7 {
			0 | 1 => {
				let chunk = input.short_piece().to_vec();
				cache.put(&id, &chunk).expect("there is room");
				put.insert(id, chunk);
			},
			2 => {
				let content = input.short_piece();
				let _ = fs::create_dir_all(path.parent().expect("a shelf"));
				fs::write(&path, content).expect("it can be written");
			},
			3 => {
				if let Ok(mut content) = fs::read(&path) {
					let at = input.below(content.len());
					let change = input.byte();
					content.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= change);
					fs::write(&path, content).expect("it can be written");
				}
			},
			4 => {
				let name = format!("{:02x}", input.byte());
				let pins = dir.path().join("pins").join(name);
				fs::write(pins, input.short_piece()).expect("it can be written");
			},
			5 => cache = open(),
			_ => {
				let _ = cache.evict_to(u64::from(input.short()));
			},
		}
		// A fresh cache has checked nothing yet.
		let fresh = open();
		for (id, chunk) in &put {
			if let Some(found) = fresh.get(id) {
				assert!(found == *chunk || is_forged(dir.path(), id), "another chunk is answered");
			}
		}
		for id in (0..8_u8).map(|id| [id; 32]).filter(|id| !put.contains_key(id)) {
			assert!(
				fresh.get(&id).is_none() || is_forged(dir.path(), &id),
				"a chunk that nobody put"
			);
		}
	}
}

/// Whether an input wrote a file whose checksum fits.
fn is_forged(dir: &Path, id: &ObjectId) -> bool {
	let Ok(content) = fs::read(path_of(dir, id)) else { return false };
	let (chunk, check) = content.split_at(content.len().saturating_sub(16));
	blake3::hash(chunk).as_bytes()[..16] == *check
}

fn seeds() -> Vec<Vec<u8>> {
	vec![
		vec![0, 1, 4, 9, 9, 9, 9, 0, 2, 3, 1, 2, 3, 5, 0, 3, 1, 1, 0, 4],
		vec![
			2, 3, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 0, 3,
			2, 1, 1,
		],
		vec![0, 1, 40, 7, 7, 7, 6, 0, 0, 0, 4, 0, 65, 4, 97, 98, 99, 10],
	]
}

granary_fuzz::target!(run, seeds: seeds);
