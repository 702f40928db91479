//! The chunk cache on disk.
//!
//! One file a chunk, `DIR/<two hex digits>/<id>`, its content followed by the first 16 bytes of its BLAKE3 hash. A file appears under its name only when it is complete
//! (written under another name, then renamed), and is checked when a process reads it first; one that does not check is removed and fetched again. So a crash
//! at any moment, and several processes on one directory, do no harm: each looks at the directory again before it evicts.
//!
//! Eviction takes what was used once before what was used again, so that a scan does not empty the cache, and never what is pinned
//! (`DIR/pins/<name>`, one id a line).

use crate::{cache_order::Shelf, ObjectId, SnapshotError};
use parking_lot::Mutex;
use std::{
	collections::HashSet,
	fs, io,
	os::unix::fs::FileExt,
	path::{Path, PathBuf},
	sync::atomic::{AtomicU64, Ordering},
	time::{Duration, SystemTime},
};

const CHECK_BYTES: usize = 16;
/// Files that were never finished begin like this.
const UNFINISHED: &str = "unfinished-";
/// A file that is unfinished for so long was left by a process that died.
const UNFINISHED_AGE: Duration = Duration::from_secs(600);
/// Where pins are kept.
const PINS: &str = "pins";
/// The room that is left is looked at after so many bytes.
const LOOK_EVERY_BYTES: u64 = 32 << 20;
/// A directory that others fill as well is read again after this share of the quota.
const RESCAN_SHARE: u64 = 16;

/// How large the cache may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheOptions {
	/// Bytes that it may hold.
	pub quota_bytes: u64,
	/// What it is cut to when it is full, in percent of the quota.
	pub low_water_percent: u64,
	/// Bytes of its filesystem that it leaves free.
	pub free_floor_bytes: u64,
}

impl CacheOptions {
	/// Up to so many bytes, cut to nine tenths of it when full, a gibibyte of the filesystem left free.
	pub fn with_quota(quota_bytes: u64) -> Self {
		Self { quota_bytes, low_water_percent: 90, free_floor_bytes: 1 << 30 }
	}
}

/// Chunks on disk.
#[derive(Debug)]
pub struct ChunkCache {
	dir: PathBuf,
	options: CacheOptions,
	state: Mutex<State>,
	next_name: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
	shelf: Shelf,
	pinned: HashSet<ObjectId>,
	/// Bytes put since the directory was read and since the room was looked at.
	since_scan: u64,
	since_look: u64,
	/// The filesystem has less room than the floor: nothing is kept for now.
	cramped: bool,
}

impl ChunkCache {
	/// Opens a cache directory, made if missing.
	pub fn open(dir: &Path, options: CacheOptions) -> Result<Self, SnapshotError> {
		let failed = |source| SnapshotError::File { path: dir.to_owned(), source };
		fs::create_dir_all(dir.join(PINS)).map_err(failed)?;
		let cache = Self {
			dir: dir.to_owned(),
			options,
			state: Mutex::default(),
			next_name: AtomicU64::new(0),
		};
		cache.scan(&mut cache.state.lock()).map_err(failed)?;
		Ok(cache)
	}

	/// Finds what is there, oldest use first; what this process knows already keeps its place.
	fn scan(&self, state: &mut State) -> io::Result<()> {
		let mut found: Vec<(SystemTime, ObjectId, u64)> = Vec::new();
		state.pinned.clear();
		for shelf in fs::read_dir(&self.dir)? {
			let shelf = shelf?.path();
			if shelf.file_name().is_some_and(|name| name == PINS) {
				for pins in fs::read_dir(&shelf)? {
					state.pinned.extend(read_pins(&pins?.path())?);
				}
				continue;
			}
			if !shelf.is_dir() {
				continue;
			}
			for file in fs::read_dir(&shelf)? {
				let file = file?;
				// Another process may have removed it meanwhile.
				let Ok(metadata) = file.metadata() else { continue };
				match id_of(file.file_name().as_encoded_bytes()) {
					Some(id) => {
						let used = metadata.accessed().unwrap_or(SystemTime::UNIX_EPOCH);
						found.push((used, id, metadata.len()));
					},
					None => remove_if_abandoned(&file, &metadata)?,
				}
			}
		}
		found.sort();
		state.shelf.replace(found.into_iter().map(|(_, id, bytes)| (id, bytes)));
		state.since_scan = 0;
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
					self.state.lock().shelf.forget(id);
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
		self.state.lock().shelf.used(id, (content + CHECK_BYTES) as u64, true);
		Some(bytes)
	}

	/// Fills `buffer` from a chunk's `offset` on, if this process has checked the chunk before.
	pub fn read_checked(&self, id: &ObjectId, offset: usize, buffer: &mut [u8]) -> bool {
		if !self.state.lock().shelf.is_checked(id) {
			return false;
		}
		let read = fs::File::open(self.path(id))
			.and_then(|file| file.read_exact_at(buffer, offset as u64));
		match read {
			Ok(()) => true,
			Err(_) => {
				// Evicted by another process or cut by somebody: the next read finds out.
				self.state.lock().shelf.forget(id);
				false
			},
		}
	}

	/// Whether the chunk is thought to be there.
	pub fn contains(&self, id: &ObjectId) -> bool {
		self.state.lock().shelf.contains(id)
	}

	/// Keeps a chunk and makes room for it. The caller has verified it.
	pub fn put(&self, id: &ObjectId, chunk: &[u8]) -> Result<(), SnapshotError> {
		let bytes = [chunk, &checksum(chunk)].concat();
		let size = bytes.len() as u64;
		if !self.make_room(size) {
			return Ok(());
		}
		let path = self.path(id);
		let failed = |source| SnapshotError::File { path: path.clone(), source };
		let shelf = path.parent().unwrap_or(&self.dir);
		let number = self.next_name.fetch_add(1, Ordering::Relaxed);
		let unfinished = shelf.join(format!("{UNFINISHED}{}-{number}", std::process::id()));
		let write = || fs::write(&unfinished, &bytes);
		write()
			.or_else(|error| match error.kind() {
				io::ErrorKind::NotFound => fs::create_dir_all(shelf).and_then(|()| write()),
				_ => Err(error),
			})
			.and_then(|()| fs::rename(&unfinished, &path))
			.inspect_err(|_| {
				// What is left is only waste; the error that matters is the first.
				let _ = fs::remove_file(&unfinished);
			})
			.map_err(failed)?;
		self.state.lock().shelf.used(id, size, true);
		Ok(())
	}

	/// Evicts until so many more bytes fit; says whether they do.
	fn make_room(&self, bytes: u64) -> bool {
		let mut state = self.state.lock();
		state.since_scan += bytes;
		state.since_look += bytes;
		let quota = self.options.quota_bytes;
		if state.since_look >= LOOK_EVERY_BYTES || state.cramped {
			state.since_look = 0;
			let short = self.short_of_room();
			state.cramped = short > 0 && {
				let goal = state.shelf.bytes().saturating_sub(short);
				self.evict(&mut state, goal);
				self.short_of_room() > 0
			};
		}
		let rescan = quota / RESCAN_SHARE;
		if state.shelf.bytes() + bytes > quota || state.since_scan > rescan.max(1) {
			// Others may have filled the directory, or emptied it.
			if self.scan(&mut state).is_err() {
				return false;
			}
			if state.shelf.bytes() + bytes > quota {
				let goal = quota / 100 * self.options.low_water_percent;
				self.evict(&mut state, goal.saturating_sub(bytes));
			}
		}
		!state.cramped && state.shelf.bytes() + bytes <= quota
	}

	/// Bytes that the filesystem lacks to have the floor free.
	fn short_of_room(&self) -> u64 {
		rustix::fs::statvfs(&self.dir).map_or(0, |stat| {
			self.options.free_floor_bytes.saturating_sub(stat.f_bavail * stat.f_frsize)
		})
	}

	/// Removes chunks until at most so many bytes are left; pinned ones stay.
	fn evict(&self, state: &mut State, goal: u64) -> u64 {
		let before = state.shelf.bytes();
		let keep_hot = self.options.quota_bytes / 100 * 80;
		let State { shelf, pinned, .. } = state;
		for id in shelf.victims(goal, keep_hot, pinned) {
			// Another process may have evicted it already.
			let _ = fs::remove_file(self.path(&id));
			shelf.forget(&id);
		}
		before - state.shelf.bytes()
	}

	/// Removes what was not used for longest until at most so many bytes are left, and answers how many went.
	pub fn evict_to(&self, bytes: u64) -> Result<u64, SnapshotError> {
		let mut state = self.state.lock();
		self.scan(&mut state)
			.map_err(|source| SnapshotError::File { path: self.dir.clone(), source })?;
		Ok(self.evict(&mut state, bytes))
	}

	/// Keeps these chunks from eviction under a name, instead of those pinned under it before; none releases them.
	pub fn pin(&self, name: &str, ids: &[ObjectId]) -> Result<(), SnapshotError> {
		let path = self.dir.join(PINS).join(hex::encode(name));
		let failed = |source| SnapshotError::File { path: path.clone(), source };
		if ids.is_empty() {
			match fs::remove_file(&path) {
				Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
				_ => {},
			}
		} else {
			let text: String = ids.iter().map(|id| hex::encode(id) + "\n").collect();
			let next = path.with_extension("next");
			fs::write(&next, text).and_then(|()| fs::rename(&next, &path)).map_err(failed)?;
		}
		self.scan(&mut self.state.lock()).map_err(failed)
	}

	fn remove(&self, id: &ObjectId) {
		let _ = fs::remove_file(self.path(id));
		self.state.lock().shelf.forget(id);
	}

	/// Bytes that the cache holds.
	pub fn bytes(&self) -> u64 {
		self.state.lock().shelf.bytes()
	}

	/// How large it may become.
	pub fn options(&self) -> CacheOptions {
		self.options
	}
}

fn checksum(chunk: &[u8]) -> [u8; CHECK_BYTES] {
	let hash = blake3::hash(chunk);
	hash.as_bytes().first_chunk().copied().unwrap_or_default()
}

fn id_of(name: &[u8]) -> Option<ObjectId> {
	let mut id = ObjectId::default();
	hex::decode_to_slice(name, &mut id).ok().map(|()| id)
}

fn read_pins(path: &Path) -> io::Result<Vec<ObjectId>> {
	let text = match fs::read(path) {
		Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
		text => text?,
	};
	// A line that is no id pins nothing: no cache stays closed for it.
	Ok(text.split(|byte| *byte == b'\n').filter_map(id_of).collect())
}

fn remove_if_abandoned(file: &fs::DirEntry, metadata: &fs::Metadata) -> io::Result<()> {
	let age = metadata.modified().ok().and_then(|time| time.elapsed().ok());
	let unfinished = file.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes());
	if unfinished && age.is_some_and(|age| age > UNFINISHED_AGE) {
		match fs::remove_file(file.path()) {
			Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
			_ => {},
		}
	}
	Ok(())
}

#[cfg(test)]
mod tests;
