//! Bringing chunks: from memory, from the cache on disk, from the store, each of them once, alone or many together.

use crate::{
	memory::Memory, ChunkCache, ObjectId, ObjectStore, ReadError, ReadPolicy, ReadStats, StoreError,
};
use parking_lot::{Condvar, Mutex};
use std::{
	collections::{hash_map::Entry, HashMap},
	sync::{
		atomic::{AtomicU64, Ordering},
		mpsc::RecvTimeoutError,
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
pub(crate) struct Counters {
	chunks_fetched: AtomicU64,
	bytes_fetched: AtomicU64,
	cache_hits: AtomicU64,
	memory_hits: AtomicU64,
	fetch_errors: AtomicU64,
	pub(crate) prefetched: AtomicU64,
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
	pub(crate) store: Arc<dyn ObjectStore>,
	pub(crate) cache: Arc<ChunkCache>,
	pub(crate) runtime: Handle,
	policy: ReadPolicy,
	pub(crate) counters: Counters,
	pub(crate) memory: Mutex<Memory>,
	/// Chunks that somebody fetches right now, and whether others wait for it.
	fetching: Mutex<HashMap<ObjectId, bool>>,
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

	/// Counts a read that needed no store.
	pub(crate) fn count_hit(&self, source: Source) {
		match source {
			Source::Memory => self.counters.memory_hits.fetch_add(1, Ordering::Relaxed),
			Source::Cache => self.counters.cache_hits.fetch_add(1, Ordering::Relaxed),
			Source::Store => 0,
		};
	}

	/// Fills `piece` from a chunk's place `within`. The read that needs it began at `began`.
	pub(crate) fn read(
		self: &Arc<Self>,
		wanted: Chunk,
		within: usize,
		piece: &mut [u8],
		began: Instant,
	) -> Result<Source, String> {
		if !self.in_memory(&wanted.id) && self.cache.read_checked(&wanted.id, within, piece) {
			return Ok(Source::Cache);
		}
		let (chunk, source) = self.chunk(wanted, began)?;
		let bytes = chunk.get(within..within + piece.len());
		piece.copy_from_slice(bytes.ok_or("the chunk is too short")?);
		Ok(source)
	}

	pub(crate) fn in_memory(&self, id: &ObjectId) -> bool {
		self.memory.lock().contains(id)
	}

	/// What is in memory under this id.
	pub(crate) fn remembered(&self, id: &ObjectId) -> Option<Arc<Vec<u8>>> {
		self.memory.lock().get(id)
	}

	/// Whether somebody has it or is about to.
	pub(crate) fn is_near(&self, id: &ObjectId) -> bool {
		self.in_memory(id) || self.cache.contains(id) || self.fetching.lock().contains_key(id)
	}

	/// The object from memory, cache or store, of its length if one is expected. Whoever comes while it is being fetched waits for that.
	pub(crate) fn chunk(
		self: &Arc<Self>,
		wanted: Chunk,
		began: Instant,
	) -> Result<(Arc<Vec<u8>>, Source), String> {
		let Chunk { id, expected } = wanted;
		if let Some(chunk) = self.remembered(&id) {
			return Ok((chunk, Source::Memory));
		}
		let _claim = self.claim_patiently(id, began).inspect_err(|error| self.failed(id, error))?;
		// The one before us may have brought it.
		if let Some(chunk) = self.remembered(&id) {
			return Ok((chunk, Source::Memory));
		}
		let fits = |chunk: &Vec<u8>| expected.is_none_or(|expected| chunk.len() == expected);
		let (chunk, source) = match self.cache.get(&id).filter(fits) {
			Some(chunk) => (Arc::new(chunk), Source::Cache),
			None => {
				let chunk = Arc::new(self.wait_for(wanted, began)?);
				self.keep(&[(id, &chunk)]);
				(chunk, Source::Store)
			},
		};
		self.memory.lock().insert(id, chunk.clone());
		Ok((chunk, source))
	}

	/// Claims a chunk once nobody else fetches it, unless the read that needs it has waited long enough by then.
	fn claim_patiently(self: &Arc<Self>, id: ObjectId, began: Instant) -> Result<Claim, String> {
		let mut fetching = self.fetching.lock();
		let mut is_late = false;
		if fetching.contains_key(&id) {
			self.counters.waiting.fetch_add(1, Ordering::Relaxed);
			while let Some(is_awaited) = fetching.get_mut(&id).filter(|_| !is_late) {
				*is_awaited = true;
				match self.deadline(began) {
					Some(at) => is_late = self.fetched.wait_until(&mut fetching, at).timed_out(),
					None => self.fetched.wait(&mut fetching),
				}
			}
			self.counters.waiting.fetch_sub(1, Ordering::Relaxed);
		}
		if fetching.contains_key(&id) {
			return Err(self.late(id));
		}
		fetching.insert(id, false);
		Ok(Claim { fetcher: self.clone(), id })
	}

	/// Until when a read that began then waits; without a deadline as long as one attempt takes.
	fn deadline(&self, began: Instant) -> Option<Instant> {
		Some(self.policy.deadline).filter(|deadline| !deadline.is_zero()).map(|after| began + after)
	}

	fn late(&self, id: ObjectId) -> String {
		let seconds = self.policy.deadline.as_secs();
		format!("object {} did not come within {seconds} s", hex::encode(id))
	}

	/// Claims those of these chunks that nobody has or fetches.
	pub(crate) fn claim_missing(self: &Arc<Self>, wanted: &[Chunk]) -> Vec<(Claim, Chunk)> {
		let mut claimed = Vec::new();
		if wanted.iter().any(|wanted| !self.cache.contains(&wanted.id)) {
			// Another process on the cache may have brought them.
			self.cache.notice_others();
		}
		for wanted in wanted {
			match self.fetching.lock().entry(wanted.id) {
				Entry::Occupied(_) => continue,
				Entry::Vacant(free) => free.insert(false),
			};
			let claim = Claim { fetcher: self.clone(), id: wanted.id };
			// Looked up after it was claimed: whoever fetched it before us has brought it by now.
			if !self.in_memory(&wanted.id) && !self.cache.contains(&wanted.id) {
				claimed.push((claim, *wanted));
			}
		}
		claimed
	}

	/// Asks the store from a thread that may wait; again while it does not answer and the deadline has not passed.
	fn wait_for(&self, wanted: Chunk, began: Instant) -> Result<Vec<u8>, String> {
		let Chunk { id, expected } = wanted;
		let deadline = self.deadline(began);
		let mut pause = RETRY_FIRST;
		self.counters.waiting.fetch_add(1, Ordering::Relaxed);
		let result = loop {
			let (answer, asked) = std::sync::mpsc::sync_channel(1);
			let store = self.store.clone();
			self.runtime.spawn(async move {
				// The reader is gone only if its thread is; then nobody needs the chunk.
				let _ = answer.send(store.get(id).await);
			});
			let answer = match deadline {
				// What hangs must not hold the reader up for longer than was said.
				Some(at) => asked.recv_timeout(at.saturating_duration_since(Instant::now())),
				None => asked.recv().map_err(Into::into),
			};
			match answer {
				Ok(Ok(chunk)) => break self.accept(id, expected, chunk),
				Ok(Err(StoreError::Unreadable { transient: true, reason, .. }))
					if deadline.is_some_and(|at| Instant::now() + pause < at) =>
				{
					self.failures.lock().last = Some(reason);
					std::thread::sleep(pause);
					pause = (pause * 2).min(RETRY_MOST);
				},
				Ok(Err(error)) => break Err(error.to_string()),
				Err(RecvTimeoutError::Timeout) => break Err(self.late(id)),
				Err(RecvTimeoutError::Disconnected) => {
					break Err("the fetching task ended early".to_owned())
				},
			}
		};
		self.counters.waiting.fetch_sub(1, Ordering::Relaxed);
		result.inspect_err(|error| self.failed(id, error))
	}

	/// Checks and counts what the store answered.
	pub(crate) fn accept(
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
		Ok(chunk)
	}

	/// Puts chunks into the cache on disk.
	pub(crate) fn keep(&self, chunks: &[(ObjectId, &[u8])]) {
		if let Err(error) = self.cache.put_many(chunks) {
			// A full disk makes reading slower, not impossible.
			warn!("{} chunks could not be cached: {error}", chunks.len());
		}
	}

	pub(crate) fn failed(&self, id: ObjectId, error: &str) {
		self.counters.fetch_errors.fetch_add(1, Ordering::Relaxed);
		let mut failures = self.failures.lock();
		failures.last = Some(error.to_owned());
		if failures.objects.len() < FAILED_MAX && !failures.objects.contains(&id) {
			failures.objects.push(id);
		}
	}
}

/// A chunk as a table lists it, or a page: an object, and its length if that is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chunk {
	pub(crate) id: ObjectId,
	pub(crate) expected: Option<usize>,
}

/// Where a chunk was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
	Memory,
	Cache,
	Store,
}

/// The right to fetch a chunk. Whatever comes of it, others may when it is gone.
#[derive(Debug)]
pub(crate) struct Claim {
	fetcher: Arc<Fetcher>,
	id: ObjectId,
}

impl Claim {
	/// Whether somebody waits for the chunk.
	pub(crate) fn is_awaited(&self) -> bool {
		self.fetcher.fetching.lock().get(&self.id).copied().unwrap_or(false)
	}
}

impl Drop for Claim {
	fn drop(&mut self) {
		if self.fetcher.fetching.lock().remove(&self.id) == Some(true) {
			self.fetcher.fetched.notify_all();
		}
	}
}
