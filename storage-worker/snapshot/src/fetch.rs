//! Bringing chunks: from memory, from the cache on disk, from the store, each of them once.

use crate::{
	memory::Memory, ChunkCache, ObjectId, ObjectStore, ReadError, ReadPolicy, ReadStats, StoreError,
};
use parking_lot::{Condvar, Mutex};
use std::{
	collections::HashSet,
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};
use tokio::runtime::Handle;
use tracing::warn;

/// Pauses between attempts at a store that does not answer.
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_MOST: Duration = Duration::from_secs(2);
/// Failures that are remembered by their object.
const FAILED_MAX: usize = 64;

#[derive(Debug, Default)]
struct Counters {
	chunks_fetched: AtomicU64,
	bytes_fetched: AtomicU64,
	cache_hits: AtomicU64,
	memory_hits: AtomicU64,
	fetch_errors: AtomicU64,
	prefetched: AtomicU64,
	waiting: AtomicU64,
}

/// What went wrong lately.
#[derive(Debug, Default)]
struct Failures {
	last: Option<String>,
	objects: Vec<ObjectId>,
}

/// The one source of chunks of a reader.
#[derive(Debug)]
pub(crate) struct Fetcher {
	store: Arc<dyn ObjectStore>,
	pub(crate) cache: Arc<ChunkCache>,
	pub(crate) runtime: Handle,
	policy: ReadPolicy,
	counters: Counters,
	memory: Mutex<Memory>,
	/// Chunks that somebody fetches right now; the others wait for it.
	fetching: Mutex<HashSet<ObjectId>>,
	fetched: Condvar,
	failures: Mutex<Failures>,
}

impl Fetcher {
	pub(crate) fn new(
		store: Arc<dyn ObjectStore>,
		cache: Arc<ChunkCache>,
		runtime: Handle,
		policy: ReadPolicy,
	) -> Self {
		Self {
			store,
			cache,
			runtime,
			policy,
			counters: Counters::default(),
			memory: Mutex::default(),
			fetching: Mutex::default(),
			fetched: Condvar::new(),
			failures: Mutex::default(),
		}
	}

	pub(crate) fn stats(&self) -> ReadStats {
		let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
		let failures = self.failures.lock();
		ReadStats {
			chunks_fetched: read(&self.counters.chunks_fetched),
			bytes_fetched: read(&self.counters.bytes_fetched),
			cache_hits: read(&self.counters.cache_hits),
			memory_hits: read(&self.counters.memory_hits),
			fetch_errors: read(&self.counters.fetch_errors),
			prefetched: read(&self.counters.prefetched),
			waiting: read(&self.counters.waiting),
			last_error: failures.last.clone(),
			failed_objects: failures.objects.clone(),
		}
	}

	/// Fills `piece` from a chunk's place `within`.
	pub(crate) fn read(
		&self,
		id: ObjectId,
		expected: usize,
		within: usize,
		piece: &mut [u8],
	) -> Result<(), String> {
		if !self.in_memory(&id) && self.cache.read_checked(&id, within, piece) {
			self.counters.cache_hits.fetch_add(1, Ordering::Relaxed);
			return Ok(());
		}
		let chunk = self.chunk(id, Some(expected))?;
		let source = chunk.get(within..within + piece.len());
		piece.copy_from_slice(source.ok_or("the chunk is too short")?);
		Ok(())
	}

	pub(crate) fn in_memory(&self, id: &ObjectId) -> bool {
		self.memory.lock().contains(id)
	}

	/// Whether somebody has it or is about to.
	pub(crate) fn is_near(&self, id: &ObjectId) -> bool {
		self.in_memory(id) || self.cache.contains(id) || self.fetching.lock().contains(id)
	}

	/// The object from memory, cache or store, of this length if one is expected. Whoever comes while it is being fetched waits for that.
	pub(crate) fn chunk(
		&self,
		id: ObjectId,
		expected: Option<usize>,
	) -> Result<Arc<Vec<u8>>, String> {
		if let Some(chunk) = self.remembered(&id) {
			return Ok(chunk);
		}
		{
			let mut fetching = self.fetching.lock();
			while !fetching.insert(id) {
				self.fetched.wait(&mut fetching);
			}
		}
		let _done = Fetching { fetcher: self, id };
		// The one before us may have brought it.
		if let Some(chunk) = self.remembered(&id) {
			return Ok(chunk);
		}
		let fits = |chunk: &Vec<u8>| expected.is_none_or(|expected| chunk.len() == expected);
		let chunk = match self.cache.get(&id).filter(fits) {
			Some(chunk) => {
				self.counters.cache_hits.fetch_add(1, Ordering::Relaxed);
				chunk
			},
			None => self.wait_for(id, expected)?,
		};
		let chunk = Arc::new(chunk);
		self.memory.lock().insert(id, chunk.clone());
		Ok(chunk)
	}

	fn remembered(&self, id: &ObjectId) -> Option<Arc<Vec<u8>>> {
		let chunk = self.memory.lock().get(id)?;
		self.counters.memory_hits.fetch_add(1, Ordering::Relaxed);
		Some(chunk)
	}

	/// Asks the store from a thread that may wait; again while it does not answer and the deadline has not passed.
	fn wait_for(&self, id: ObjectId, expected: Option<usize>) -> Result<Vec<u8>, String> {
		let deadline = Instant::now() + self.policy.deadline;
		let mut pause = RETRY_FIRST;
		self.counters.waiting.fetch_add(1, Ordering::Relaxed);
		let result = loop {
			let (answer, asked) = std::sync::mpsc::sync_channel(1);
			let store = self.store.clone();
			self.runtime.spawn(async move {
				// The reader is gone only if its thread is; then nobody needs the chunk.
				let _ = answer.send(store.get(id).await);
			});
			match asked.recv() {
				Ok(Ok(chunk)) => break self.accept(id, expected, chunk),
				Ok(Err(StoreError::Unreadable { transient: true, reason, .. }))
					if Instant::now() + pause < deadline =>
				{
					self.failures.lock().last = Some(reason);
					std::thread::sleep(pause);
					pause = (pause * 2).min(RETRY_MOST);
				},
				Ok(Err(error)) => break Err(error.to_string()),
				Err(_) => break Err("the fetching task ended early".to_owned()),
			}
		};
		self.counters.waiting.fetch_sub(1, Ordering::Relaxed);
		result.inspect_err(|error| self.failed(id, error))
	}

	/// Brings a chunk into the cache, if nobody has it or brings it already; says whether it was brought.
	pub(crate) async fn prefetch(&self, id: ObjectId, expected: Option<usize>) -> bool {
		if self.cache.contains(&id) || !self.fetching.lock().insert(id) {
			return false;
		}
		let _done = Fetching { fetcher: self, id };
		match self.store.get(id).await {
			Ok(chunk) => {
				let brought = self.accept(id, expected, chunk).is_ok();
				self.counters.prefetched.fetch_add(u64::from(brought), Ordering::Relaxed);
				brought
			},
			Err(error) => {
				self.failed(id, &error.to_string());
				false
			},
		}
	}

	/// Checks and keeps what the store answered.
	fn accept(
		&self,
		id: ObjectId,
		expected: Option<usize>,
		chunk: Vec<u8>,
	) -> Result<Vec<u8>, String> {
		// Before it is kept: what is wrong must not come back from the cache for ever.
		if let Some(expected) = expected.filter(|expected| *expected != chunk.len()) {
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

	fn failed(&self, id: ObjectId, error: &str) {
		self.counters.fetch_errors.fetch_add(1, Ordering::Relaxed);
		let mut failures = self.failures.lock();
		failures.last = Some(error.to_owned());
		if failures.objects.len() < FAILED_MAX && !failures.objects.contains(&id) {
			failures.objects.push(id);
		}
	}
}

/// Says that a chunk is no longer being fetched, whatever came of it.
struct Fetching<'a> {
	fetcher: &'a Fetcher,
	id: ObjectId,
}

impl Drop for Fetching<'_> {
	fn drop(&mut self) {
		self.fetcher.fetching.lock().remove(&self.id);
		self.fetcher.fetched.notify_all();
	}
}
