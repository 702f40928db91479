//! The chunk cache on disk.
//!
//! One file a chunk, `DIR/<two hex digits>/<id>`, its content followed by 16 bytes of blake2b over it. A file appears under its name only when it is complete
//! (written under another name, then renamed), and is checked whenever it is read; one that does not check is removed and fetched again. So a crash at any
//! moment, and several processes on one directory, do no harm.

use crate::{ObjectId, SnapshotError};
use blake2::{digest::consts::U16, Blake2b, Digest};
use parking_lot::Mutex;
use std::{
	collections::HashMap,
	fs, io,
	path::{Path, PathBuf},
	sync::atomic::{AtomicU64, Ordering},
	time::{Duration, SystemTime},
};

const CHECK_BYTES: usize = 16;
/// Files that were never finished begin like this.
const UNFINISHED: &str = "unfinished-";
/// A file that is unfinished for so long was left by a process that died.
const UNFINISHED_AGE: Duration = Duration::from_secs(600);
/// The cache is cut to this share of its quota when it is full.
const LOW_WATER_PERCENT: u64 = 90;

/// Chunks on disk, least recently used first to go.
#[derive(Debug)]
pub struct ChunkCache {
	dir: PathBuf,
	quota_bytes: u64,
	state: Mutex<State>,
	next_name: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
	entries: HashMap<ObjectId, Held>,
	bytes: u64,
	clock: u64,
}

#[derive(Debug, Clone, Copy)]
struct Held {
	bytes: u64,
	used: u64,
}

impl ChunkCache {
	/// Opens a cache directory, made if missing, that may hold `quota_bytes`.
	pub fn open(dir: &Path, quota_bytes: u64) -> Result<Self, SnapshotError> {
		let failed = |source| SnapshotError::File { path: dir.to_owned(), source };
		fs::create_dir_all(dir).map_err(failed)?;
		let cache = Self {
			dir: dir.to_owned(),
			quota_bytes,
			state: Mutex::default(),
			next_name: AtomicU64::new(0),
		};
		cache.scan().map_err(failed)?;
		Ok(cache)
	}

	/// Finds what is there, oldest use first.
	fn scan(&self) -> io::Result<()> {
		let mut found: Vec<(SystemTime, ObjectId, u64)> = Vec::new();
		for shelf in fs::read_dir(&self.dir)? {
			let shelf = shelf?.path();
			if !shelf.is_dir() {
				continue;
			}
			for file in fs::read_dir(&shelf)? {
				let file = file?;
				let name = file.file_name();
				// Another process may have removed it meanwhile.
				let Ok(metadata) = file.metadata() else { continue };
				let mut id = ObjectId::default();
				if hex::decode_to_slice(name.as_encoded_bytes(), &mut id).is_err() {
					let age = metadata.modified().ok().and_then(|time| time.elapsed().ok());
					if name.as_encoded_bytes().starts_with(UNFINISHED.as_bytes())
						&& age.is_some_and(|age| age > UNFINISHED_AGE)
					{
						fs::remove_file(file.path())?;
					}
					continue;
				}
				found.push((
					metadata.accessed().unwrap_or(SystemTime::UNIX_EPOCH),
					id,
					metadata.len(),
				));
			}
		}
		found.sort();
		let mut state = self.state.lock();
		for (_, id, bytes) in found {
			state.clock += 1;
			let used = state.clock;
			state.bytes += bytes;
			state.entries.insert(id, Held { bytes, used });
		}
		Ok(())
	}

	fn path(&self, id: &ObjectId) -> PathBuf {
		let name = hex::encode(id);
		let shelf = name.get(..2).unwrap_or("00");
		self.dir.join(shelf).join(&name)
	}

	/// The chunk, if it is there and checks.
	pub fn get(&self, id: &ObjectId) -> Option<Vec<u8>> {
		let mut bytes = match fs::read(self.path(id)) {
			Ok(bytes) => bytes,
			Err(error) => {
				if error.kind() == io::ErrorKind::NotFound {
					// Another process may have evicted it.
					self.forget(id);
				}
				return None;
			},
		};
		let content = bytes.len().saturating_sub(CHECK_BYTES);
		let (chunk, check) = bytes.split_at(content);
		if check != checksum(chunk) {
			self.remove(id);
			return None;
		}
		bytes.truncate(content);
		let mut state = self.state.lock();
		state.clock += 1;
		let used = state.clock;
		let size = (content + CHECK_BYTES) as u64;
		if state.entries.insert(*id, Held { bytes: size, used }).is_none() {
			state.bytes += size;
		}
		Some(bytes)
	}

	/// Keeps a chunk and makes room for it. The caller has verified it.
	pub fn put(&self, id: &ObjectId, chunk: &[u8]) -> Result<(), SnapshotError> {
		let path = self.path(id);
		let failed = |source| SnapshotError::File { path: path.clone(), source };
		let shelf = path.parent().unwrap_or(&self.dir);
		fs::create_dir_all(shelf).map_err(failed)?;
		let number = self.next_name.fetch_add(1, Ordering::Relaxed);
		let unfinished = shelf.join(format!("{UNFINISHED}{}-{number}", std::process::id()));
		let bytes = [chunk, &checksum(chunk)].concat();
		fs::write(&unfinished, &bytes)
			.and_then(|()| fs::rename(&unfinished, &path))
			.inspect_err(|_| {
				// What is left is only waste; the error that matters is the first.
				let _ = fs::remove_file(&unfinished);
			})
			.map_err(failed)?;
		self.account(*id, bytes.len() as u64);
		Ok(())
	}

	fn account(&self, id: ObjectId, bytes: u64) {
		let mut state = self.state.lock();
		state.clock += 1;
		let used = state.clock;
		if let Some(before) = state.entries.insert(id, Held { bytes, used }) {
			state.bytes -= before.bytes;
		}
		state.bytes += bytes;
		if state.bytes <= self.quota_bytes {
			return;
		}
		let goal = self.quota_bytes / 100 * LOW_WATER_PERCENT;
		let mut by_use: Vec<(u64, ObjectId, u64)> =
			state.entries.iter().map(|(id, held)| (held.used, *id, held.bytes)).collect();
		by_use.sort_unstable();
		for (_, victim, bytes) in by_use {
			if state.bytes <= goal || victim == id {
				break;
			}
			state.entries.remove(&victim);
			state.bytes -= bytes;
			// Another process may have evicted it already.
			let _ = fs::remove_file(self.path(&victim));
		}
	}

	fn remove(&self, id: &ObjectId) {
		let _ = fs::remove_file(self.path(id));
		self.forget(id);
	}

	fn forget(&self, id: &ObjectId) {
		let mut state = self.state.lock();
		if let Some(held) = state.entries.remove(id) {
			state.bytes -= held.bytes;
		}
	}

	/// Bytes that the cache holds.
	pub fn bytes(&self) -> u64 {
		self.state.lock().bytes
	}
}

fn checksum(chunk: &[u8]) -> [u8; CHECK_BYTES] {
	Blake2b::<U16>::digest(chunk).into()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn what_is_put_is_found_after_reopening() {
		let dir = tempfile::tempdir().unwrap();
		let cache = ChunkCache::open(dir.path(), 1 << 20).unwrap();
		assert_eq!(cache.get(&[1; 32]), None);
		cache.put(&[1; 32], b"chunk").unwrap();
		drop(cache);
		let cache = ChunkCache::open(dir.path(), 1 << 20).unwrap();
		assert_eq!(cache.get(&[1; 32]).as_deref(), Some(b"chunk".as_slice()));
		assert_eq!(cache.bytes(), 5 + 16);
	}

	#[test]
	fn torn_and_flipped_entries_are_dropped() {
		let dir = tempfile::tempdir().unwrap();
		let cache = ChunkCache::open(dir.path(), 1 << 20).unwrap();
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
		assert_eq!(ChunkCache::open(dir.path(), 1).unwrap().get(&[2; 32]), None);
	}

	#[test]
	fn what_a_dead_process_left_unfinished_goes_and_what_others_write_stays() {
		let dir = tempfile::tempdir().unwrap();
		fs::create_dir(dir.path().join("02")).unwrap();
		let (old, new) =
			(dir.path().join("02/unfinished-1-1"), dir.path().join("02/unfinished-2-1"));
		fs::write(&old, b"half of").unwrap();
		fs::write(&new, b"half of").unwrap();
		let long_ago = SystemTime::now() - 2 * UNFINISHED_AGE;
		fs::File::options().write(true).open(&old).unwrap().set_modified(long_ago).unwrap();
		let cache = ChunkCache::open(dir.path(), 1 << 20).unwrap();
		assert!(!old.exists() && new.exists());
		assert_eq!(cache.bytes(), 0);
	}

	#[test]
	fn two_caches_on_one_directory_share_it() {
		let dir = tempfile::tempdir().unwrap();
		let one = ChunkCache::open(dir.path(), 1 << 20).unwrap();
		let other = ChunkCache::open(dir.path(), 1 << 20).unwrap();
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
		let cache = ChunkCache::open(dir.path(), 10 * (100 + 16)).unwrap();
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
}
