//! Reading files of a snapshot lazily.

use crate::{
	fetch::Fetcher,
	manifest::EntryKind,
	table::{decode_page, ChunkIds, Slot},
	trace::Recorder,
	ChunkCache, ChunkTable, Manifest, ObjectId, ObjectStore, ReadError, Trace,
};
use parking_lot::Mutex;
use std::{
	collections::HashMap,
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
	time::Duration,
};
use tokio::runtime::Handle;

/// The most that is fetched ahead of a sequential reader; the first time it is one chunk, then twice as much each time.
const READ_AHEAD_BYTES: u64 = 4 << 20;
/// Chunks that are being fetched ahead at once.
const READ_AHEAD_IN_FLIGHT: u64 = 64;
/// Decoded pages kept in memory, 33 KiB each.
const PAGES_KEPT: usize = 512;

/// What a reader does when the store does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadPolicy {
	/// For so long a read waits and tries again, then it fails; zero fails at once.
	pub deadline: Duration,
}

impl Default for ReadPolicy {
	fn default() -> Self {
		Self { deadline: Duration::from_secs(60) }
	}
}

/// What reading has cost so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadStats {
	/// Objects fetched from the store: chunks and pages of tables.
	pub chunks_fetched: u64,
	/// Their bytes.
	pub bytes_fetched: u64,
	/// Reads answered from the cache on disk.
	pub cache_hits: u64,
	/// Reads answered from memory.
	pub memory_hits: u64,
	/// Objects that could not be fetched.
	pub fetch_errors: u64,
	/// Of those fetched, how many before anybody asked.
	pub prefetched: u64,
	/// Reads that wait for the store right now.
	pub waiting: u64,
	/// What went wrong last.
	pub last_error: Option<String>,
	/// Objects that could not be fetched, the first few.
	pub failed_objects: Vec<ObjectId>,
}

/// Where a file's last read ended, and how much was fetched ahead then.
#[derive(Debug, Clone, Copy, Default)]
struct Position {
	end: u64,
	ahead: u64,
}

/// Reads the files of one snapshot. Cheap to share; may be used from many threads at once.
#[derive(Debug)]
pub struct Reader {
	manifest: Arc<Manifest>,
	pub(crate) fetcher: Arc<Fetcher>,
	pages: Mutex<HashMap<ObjectId, Arc<ChunkIds>>>,
	positions: Mutex<HashMap<usize, Position>>,
	in_flight: Arc<AtomicU64>,
	recorder: Mutex<Option<Recorder>>,
}

/// A file as reading needs it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileShape<'a> {
	pub(crate) size: u64,
	pub(crate) chunk_bytes: u64,
	pub(crate) table: &'a ChunkTable,
}

impl FileShape<'_> {
	pub(crate) fn chunks(&self) -> u64 {
		self.size.div_ceil(self.chunk_bytes)
	}

	/// Bytes of the chunk with this number.
	pub(crate) fn len_of(&self, number: u64) -> usize {
		self.size.saturating_sub(number * self.chunk_bytes).min(self.chunk_bytes) as usize
	}
}

impl Reader {
	/// Reads `manifest` from `store` through `cache`; fetching runs on `runtime`.
	pub fn new(
		manifest: Arc<Manifest>,
		store: Arc<dyn ObjectStore>,
		cache: Arc<ChunkCache>,
		runtime: Handle,
		policy: ReadPolicy,
	) -> Self {
		Self {
			manifest,
			fetcher: Arc::new(Fetcher::new(store, cache, runtime, policy)),
			pages: Mutex::default(),
			positions: Mutex::default(),
			in_flight: Arc::default(),
			recorder: Mutex::default(),
		}
	}

	/// The snapshot's tree.
	pub fn manifest(&self) -> &Arc<Manifest> {
		&self.manifest
	}

	/// The cache it reads through.
	pub fn cache(&self) -> &Arc<ChunkCache> {
		&self.fetcher.cache
	}

	/// What reading has cost so far.
	pub fn stats(&self) -> ReadStats {
		self.fetcher.stats()
	}

	/// Writes down from now on which chunks are read.
	pub fn start_recording(&self) {
		*self.recorder.lock() = Some(Recorder::default());
	}

	/// What was read since the recording began, which ends.
	pub fn stop_recording(&self) -> Option<Trace> {
		self.recorder.lock().take().map(Recorder::finish)
	}

	/// Fills `buffer` from a file's `offset` on and returns how much there was: less than asked only at the file's end. Blocks; must not be called
	/// from an asynchronous thread.
	pub fn read_at(
		&self,
		entry: usize,
		offset: u64,
		buffer: &mut [u8],
	) -> Result<usize, ReadError> {
		let file = self.file(entry)?;
		let wanted = file.size.saturating_sub(offset).min(buffer.len() as u64) as usize;
		let (mut rest, _) = buffer.split_at_mut(wanted);
		let mut at = offset;
		while !rest.is_empty() {
			let number = at / file.chunk_bytes;
			let within = (at % file.chunk_bytes) as usize;
			let expected = file.len_of(number);
			let (piece, after) = rest.split_at_mut(rest.len().min(expected - within));
			self.read_chunk(entry, file, number, within, piece).map_err(|reason| {
				ReadError::Unreadable {
					path: self.path(entry),
					offset: number * file.chunk_bytes,
					reason,
				}
			})?;
			at += piece.len() as u64;
			rest = after;
		}
		self.read_ahead(entry, file, offset, at);
		Ok(wanted)
	}

	fn read_chunk(
		&self,
		entry: usize,
		file: FileShape<'_>,
		number: u64,
		within: usize,
		piece: &mut [u8],
	) -> Result<(), String> {
		if let Some(recorder) = self.recorder.lock().as_mut() {
			let path = self.manifest.entries.get(entry).map(|entry| entry.path.as_slice());
			recorder.note(entry, path.unwrap_or_default(), number);
		}
		match self.id_of(file, number)? {
			None => piece.fill(0),
			Some(id) => self.fetcher.read(id, file.len_of(number), within, piece)?,
		}
		Ok(())
	}

	pub(crate) fn file(&self, entry: usize) -> Result<FileShape<'_>, ReadError> {
		match self.manifest.entries.get(entry).map(|entry| &entry.kind) {
			Some(EntryKind::File { size, chunk_bytes, chunks }) => {
				Ok(FileShape { size: *size, chunk_bytes: u64::from(*chunk_bytes), table: chunks })
			},
			_ => Err(ReadError::NotAFile(entry)),
		}
	}

	/// The object of a chunk; reads the page that lists it if that is not known yet.
	fn id_of(&self, file: FileShape<'_>, number: u64) -> Result<Option<ObjectId>, String> {
		match file.table.slot(number, file.chunks()) {
			Slot::Known(id) => Ok(id),
			Slot::Page(page, place, listed) => {
				let ids = match self.known_page(&page) {
					Some(ids) => ids,
					None => self.keep_page(page, listed, &self.fetcher.chunk(page, None)?)?,
				};
				Ok(ids.get(place).copied().flatten())
			},
		}
	}

	fn known_page(&self, page: &ObjectId) -> Option<Arc<ChunkIds>> {
		self.pages.lock().get(page).cloned()
	}

	fn keep_page(
		&self,
		page: ObjectId,
		listed: usize,
		bytes: &[u8],
	) -> Result<Arc<ChunkIds>, String> {
		let ids = Arc::new(decode_page(bytes, listed).map_err(|error| error.to_string())?);
		let mut pages = self.pages.lock();
		if pages.len() >= PAGES_KEPT {
			// They are in the cache on disk, so it matters little which goes.
			pages.clear();
		}
		pages.insert(page, ids.clone());
		Ok(ids)
	}

	fn path(&self, entry: usize) -> String {
		let path = self.manifest.entries.get(entry).map(|entry| entry.path.as_slice());
		String::from_utf8_lossy(path.unwrap_or_default()).into_owned()
	}

	/// Fetches the next chunks of a file that is read from front to back: the longer that goes on, the more.
	fn read_ahead(&self, entry: usize, file: FileShape<'_>, from: u64, end: u64) {
		let ahead = {
			let mut positions = self.positions.lock();
			let position = positions.entry(entry).or_default();
			let sequential = position.end == from && from > 0;
			let ahead = match sequential {
				true => (position.ahead * 2).clamp(file.chunk_bytes, READ_AHEAD_BYTES),
				false => 0,
			};
			*position = Position { end, ahead };
			ahead
		};
		let first = end.div_ceil(file.chunk_bytes);
		let last = (end + ahead).div_ceil(file.chunk_bytes).min(file.chunks());
		for number in first..last {
			// Only what is listed nearby: a page is not fetched for a guess.
			let id = match file.table.slot(number, file.chunks()) {
				Slot::Known(id) => id,
				Slot::Page(page, place, _) => {
					self.known_page(&page).and_then(|ids| ids.get(place).copied().flatten())
				},
			};
			let Some(id) = id.filter(|id| !self.fetcher.is_near(id)) else { continue };
			if self.in_flight.fetch_add(1, Ordering::Relaxed) >= READ_AHEAD_IN_FLIGHT {
				self.in_flight.fetch_sub(1, Ordering::Relaxed);
				return;
			}
			let (fetcher, in_flight) = (self.fetcher.clone(), self.in_flight.clone());
			let expected = file.len_of(number);
			self.fetcher.runtime.spawn(async move {
				// Whoever reads it later meets an error again.
				fetcher.prefetch(id, Some(expected)).await;
				in_flight.fetch_sub(1, Ordering::Relaxed);
			});
		}
	}

	/// The ids of some chunks of a file, without holes, and their lengths; reads the pages that list them.
	pub(crate) async fn ids_of(
		&self,
		entry: usize,
		range: std::ops::Range<u64>,
	) -> Result<Vec<(ObjectId, usize)>, ReadError> {
		let file = self.file(entry)?;
		let mut found = Vec::new();
		for number in range.start..range.end.min(file.chunks()) {
			let id = self.listed(file, number).await?;
			found.extend(id.map(|id| (id, file.len_of(number))));
		}
		Ok(found)
	}

	/// The id of a chunk, from where an asynchronous thread may wait.
	pub(crate) async fn listed(
		&self,
		file: FileShape<'_>,
		number: u64,
	) -> Result<Option<ObjectId>, ReadError> {
		match file.table.slot(number, file.chunks()) {
			Slot::Known(id) => Ok(id),
			Slot::Page(page, place, listed) => {
				Ok(self.page(page, listed).await?.get(place).copied().flatten())
			},
		}
	}

	/// A page of a table, from where an asynchronous thread may wait.
	async fn page(&self, page: ObjectId, listed: usize) -> Result<Arc<ChunkIds>, ReadError> {
		if let Some(ids) = self.known_page(&page) {
			return Ok(ids);
		}
		let unreadable = |reason| ReadError::Unreadable {
			path: "a table of chunks".to_owned(),
			offset: 0,
			reason,
		};
		let fetcher = self.fetcher.clone();
		let fetched = tokio::task::spawn_blocking(move || fetcher.chunk(page, None)).await;
		let bytes = fetched.map_err(|error| unreadable(error.to_string()))?.map_err(unreadable)?;
		self.keep_page(page, listed, &bytes).map_err(unreadable)
	}
}
