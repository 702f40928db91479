//! Reading files of a snapshot lazily.

use crate::{manifest::EntryKind, ChunkCache, Manifest, ObjectId, ObjectStore, ReadError};
use parking_lot::{Condvar, Mutex};
use std::{
	collections::{BTreeMap, HashMap, HashSet},
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
};
use tokio::runtime::Handle;
use tracing::warn;

/// Bytes of chunks kept in memory.
const MEMORY_BYTES: usize = 64 << 20;
/// Chunks fetched ahead of a sequential reader.
const READ_AHEAD_CHUNKS: usize = 8;
/// Chunks that are being fetched ahead at once.
const READ_AHEAD_IN_FLIGHT: usize = 16;

/// What reading has cost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadStats {
	/// Chunks fetched from the store.
	pub chunks_fetched: u64,
	/// Their bytes.
	pub bytes_fetched: u64,
	/// Chunks read from the cache on disk.
	pub cache_hits: u64,
	/// Chunks found in memory.
	pub memory_hits: u64,
	/// Chunks that could not be fetched.
	pub fetch_errors: u64,
}

#[derive(Debug, Default)]
struct Counters {
	chunks_fetched: AtomicU64,
	bytes_fetched: AtomicU64,
	cache_hits: AtomicU64,
	memory_hits: AtomicU64,
	fetch_errors: AtomicU64,
}

/// A chunk in memory and when it was used last.
#[derive(Debug)]
struct Kept {
	chunk: Arc<Vec<u8>>,
	used: u64,
}

/// Recently used chunks.
#[derive(Debug, Default)]
struct Memory {
	chunks: HashMap<ObjectId, Kept>,
	/// Ids by time of last use.
	order: BTreeMap<u64, ObjectId>,
	bytes: usize,
	clock: u64,
}

impl Memory {
	fn get(&mut self, id: &ObjectId) -> Option<Arc<Vec<u8>>> {
		let kept = self.chunks.get_mut(id)?;
		self.clock += 1;
		self.order.remove(&kept.used);
		self.order.insert(self.clock, *id);
		kept.used = self.clock;
		Some(kept.chunk.clone())
	}

	fn insert(&mut self, id: ObjectId, chunk: Arc<Vec<u8>>) {
		self.clock += 1;
		let used = self.clock;
		self.bytes += chunk.len();
		self.order.insert(used, id);
		if let Some(before) = self.chunks.insert(id, Kept { chunk, used }) {
			self.bytes -= before.chunk.len();
			self.order.remove(&before.used);
		}
		while self.bytes > MEMORY_BYTES {
			let Some((_, oldest)) = self.order.pop_first() else { return };
			if let Some(gone) = self.chunks.remove(&oldest) {
				self.bytes -= gone.chunk.len();
			}
		}
	}
}

/// Reads the files of one snapshot. Cheap to share; may be used from many threads at once.
#[derive(Debug)]
pub struct Reader {
	inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
	manifest: Arc<Manifest>,
	store: Arc<dyn ObjectStore>,
	cache: Arc<ChunkCache>,
	runtime: Handle,
	counters: Counters,
	memory: Mutex<Memory>,
	/// Chunks that somebody fetches right now; the others wait for it.
	fetching: Mutex<HashSet<ObjectId>>,
	fetched: Condvar,
	/// Where each file's last read ended, to see sequential readers.
	ends: Mutex<HashMap<usize, u64>>,
	ahead: AtomicU64,
}

impl Reader {
	/// Reads `manifest` from `store` through `cache`; fetching runs on `runtime`.
	pub fn new(
		manifest: Arc<Manifest>,
		store: Arc<dyn ObjectStore>,
		cache: Arc<ChunkCache>,
		runtime: Handle,
	) -> Self {
		Self {
			inner: Arc::new(Inner {
				manifest,
				store,
				cache,
				runtime,
				counters: Counters::default(),
				memory: Mutex::default(),
				fetching: Mutex::default(),
				fetched: Condvar::new(),
				ends: Mutex::default(),
				ahead: AtomicU64::new(0),
			}),
		}
	}

	/// The snapshot's tree.
	pub fn manifest(&self) -> &Manifest {
		&self.inner.manifest
	}

	/// What reading has cost so far.
	pub fn stats(&self) -> ReadStats {
		let counters = &self.inner.counters;
		ReadStats {
			chunks_fetched: counters.chunks_fetched.load(Ordering::Relaxed),
			bytes_fetched: counters.bytes_fetched.load(Ordering::Relaxed),
			cache_hits: counters.cache_hits.load(Ordering::Relaxed),
			memory_hits: counters.memory_hits.load(Ordering::Relaxed),
			fetch_errors: counters.fetch_errors.load(Ordering::Relaxed),
		}
	}

	/// Fills `buffer` from a file's `offset` on and returns how much there was: less than asked only at the file's end. Blocks; must not be called
	/// from an asynchronous thread.
	pub fn read_at(
		&self,
		entry: usize,
		offset: u64,
		buffer: &mut [u8],
	) -> Result<usize, ReadError> {
		let inner = &self.inner;
		let (size, chunks) = inner.file(entry)?;
		let wanted = size.saturating_sub(offset).min(buffer.len() as u64) as usize;
		let (buffer, _) = buffer.split_at_mut(wanted);
		let chunk_bytes = u64::from(inner.manifest.chunk_bytes);
		let mut at = offset;
		let mut rest = buffer;
		while !rest.is_empty() {
			let number = at / chunk_bytes;
			let within = (at % chunk_bytes) as usize;
			let expected = (size - number * chunk_bytes).min(chunk_bytes) as usize;
			let (piece, after) = rest.split_at_mut(rest.len().min(expected - within));
			match chunks.get(number as usize).copied().flatten() {
				None => piece.fill(0),
				Some(id) => {
					let chunk =
						inner.chunk(id, expected).map_err(|reason| ReadError::Unreadable {
							path: inner.path(entry),
							offset: number * chunk_bytes,
							reason,
						})?;
					let source = chunk.get(within..within + piece.len());
					piece.copy_from_slice(source.unwrap_or_default());
				},
			}
			at += piece.len() as u64;
			rest = after;
		}
		let sequential = inner.ends.lock().insert(entry, at) == Some(offset) && offset > 0;
		if sequential {
			Inner::read_ahead(inner, chunks, (at.div_ceil(chunk_bytes)) as usize, size);
		}
		Ok(wanted)
	}
}

impl Inner {
	fn file(&self, entry: usize) -> Result<(u64, &[Option<ObjectId>]), ReadError> {
		match self.manifest.entries.get(entry).map(|entry| &entry.kind) {
			Some(EntryKind::File { size, chunks }) => Ok((*size, chunks)),
			_ => Err(ReadError::NotAFile(entry)),
		}
	}

	fn path(&self, entry: usize) -> String {
		let path = self.manifest.entries.get(entry).map(|entry| entry.path.as_slice());
		String::from_utf8_lossy(path.unwrap_or_default()).into_owned()
	}

	/// The chunk from memory, cache or store. Whoever comes while it is being fetched waits for that.
	fn chunk(&self, id: ObjectId, expected: usize) -> Result<Arc<Vec<u8>>, String> {
		if let Some(chunk) = self.memory.lock().get(&id) {
			self.counters.memory_hits.fetch_add(1, Ordering::Relaxed);
			return Ok(chunk);
		}
		{
			let mut fetching = self.fetching.lock();
			while !fetching.insert(id) {
				self.fetched.wait(&mut fetching);
			}
		}
		let _done = Fetching { inner: self, id };
		// The one before us may have brought it.
		if let Some(chunk) = self.memory.lock().get(&id) {
			self.counters.memory_hits.fetch_add(1, Ordering::Relaxed);
			return Ok(chunk);
		}
		let chunk = match self.cache.get(&id).filter(|chunk| chunk.len() == expected) {
			Some(chunk) => {
				self.counters.cache_hits.fetch_add(1, Ordering::Relaxed);
				chunk
			},
			None => self.fetch(id, expected).inspect_err(|_| {
				self.counters.fetch_errors.fetch_add(1, Ordering::Relaxed);
			})?,
		};
		let chunk = Arc::new(chunk);
		self.memory.lock().insert(id, chunk.clone());
		Ok(chunk)
	}

	fn fetch(&self, id: ObjectId, expected: usize) -> Result<Vec<u8>, String> {
		let (answer, asked) = std::sync::mpsc::sync_channel(1);
		let store = self.store.clone();
		self.runtime.spawn(async move {
			// The reader is gone only if its thread is; then nobody needs the chunk.
			let _ = answer.send(store.get(id).await);
		});
		let fetched = asked.recv().map_err(|_| "the fetching task ended early".to_owned())?;
		let chunk = fetched.map_err(|error| error.to_string())?;
		// Before it is kept: what is wrong must not come back from the cache for ever.
		if chunk.len() != expected {
			return Err(ReadError::WrongLength { id, expected, found: chunk.len() }.to_string());
		}
		self.counters.chunks_fetched.fetch_add(1, Ordering::Relaxed);
		self.counters.bytes_fetched.fetch_add(chunk.len() as u64, Ordering::Relaxed);
		if let Err(error) = self.cache.put(&id, &chunk) {
			// A full disk makes reading slower, not impossible.
			warn!("a chunk could not be cached: {error}");
		}
		Ok(chunk)
	}

	/// Fetches the next chunks of a file that is read from front to back.
	fn read_ahead(inner: &Arc<Self>, chunks: &[Option<ObjectId>], next: usize, size: u64) {
		let chunk_bytes = u64::from(inner.manifest.chunk_bytes);
		for (number, id) in chunks.iter().enumerate().skip(next).take(READ_AHEAD_CHUNKS) {
			let Some(id) = *id else { continue };
			if inner.memory.lock().chunks.contains_key(&id) || inner.fetching.lock().contains(&id) {
				continue;
			}
			if inner.ahead.fetch_add(1, Ordering::Relaxed) >= READ_AHEAD_IN_FLIGHT as u64 {
				inner.ahead.fetch_sub(1, Ordering::Relaxed);
				return;
			}
			let expected = (size - number as u64 * chunk_bytes).min(chunk_bytes) as usize;
			let ahead = inner.clone();
			inner.runtime.spawn_blocking(move || {
				// Whoever reads it later meets the error again.
				let _ = ahead.chunk(id, expected);
				ahead.ahead.fetch_sub(1, Ordering::Relaxed);
			});
		}
	}
}

/// Says that a chunk is no longer being fetched, whatever came of it.
struct Fetching<'a> {
	inner: &'a Inner,
	id: ObjectId,
}

impl Drop for Fetching<'_> {
	fn drop(&mut self) {
		self.inner.fetching.lock().remove(&self.id);
		self.inner.fetched.notify_all();
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn memory_keeps_what_was_used_last() {
		const CHUNK: usize = MEMORY_BYTES / 8;
		let mut memory = Memory::default();
		for id in 0..8 {
			memory.insert([id; 32], Arc::new(vec![id; CHUNK]));
		}
		memory.insert([7; 32], Arc::new(vec![7; CHUNK]));
		assert_eq!(memory.bytes, MEMORY_BYTES, "a chunk that comes twice counts once");
		assert!(memory.get(&[0; 32]).is_some());
		memory.insert([8; 32], Arc::new(vec![8; CHUNK]));
		assert!(memory.get(&[0; 32]).is_some(), "it was just used");
		assert!(memory.get(&[1; 32]).is_none(), "it was not");
		assert_eq!(memory.order.len(), memory.chunks.len());
		assert_eq!(memory.bytes, MEMORY_BYTES);
	}
}
