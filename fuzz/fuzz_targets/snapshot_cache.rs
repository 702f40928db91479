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

/// One of the files of the cache's packs.
fn pack_file(dir: &Path, input: &mut Input<'_>) -> Option<PathBuf> {
	let listed = fs::read_dir(dir.join("packs")).expect("a cache has packs");
	let mut files: Vec<PathBuf> = listed.map(|file| file.expect("a file").path()).collect();
	files.sort();
	let place = input.below(files.len().max(1));
	files.get(place).cloned()
}

fn run(bytes: &[u8]) {
	let mut input = Input::new(bytes);
	let dir = scratch();
	let options = CacheOptions { free_floor_bytes: 0, ..CacheOptions::with_quota(1 << 16) };
	let open = || ChunkCache::open(dir.path(), options).expect("a cache opens whatever is in it");
	// All that was put under an id: where the last one is damaged, one before it may be answered.
	let mut put: HashMap<ObjectId, Vec<Vec<u8>>> = HashMap::new();
	let mut cache = open();
	for _ in 0..24 {
		if input.is_empty() {
			break;
		}
		let (operation, id) = (input.byte(), [input.byte() % 8; 32]);
		match operation % 7 {
			0 | 1 => {
				let chunk = input.short_piece().to_vec();
				cache.put(&id, &chunk).expect("there is room");
				put.entry(id).or_default().push(chunk);
			},
			2 => {
				if let Some(path) = pack_file(dir.path(), &mut input) {
					fs::write(path, input.short_piece()).expect("it can be written");
				}
			},
			3 => {
				if let Some(path) = pack_file(dir.path(), &mut input) {
					let mut content = fs::read(&path).expect("it can be read");
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
		for (id, chunks) in &put {
			if let Some(found) = fresh.get(id) {
				assert!(chunks.contains(&found), "another chunk is answered");
			}
		}
		for id in (0..8_u8).map(|id| [id; 32]).filter(|id| !put.contains_key(id)) {
			assert!(fresh.get(&id).is_none(), "a chunk that nobody put");
		}
	}
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
