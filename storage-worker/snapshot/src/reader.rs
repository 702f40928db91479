//! Reading files of a snapshot lazily.

use crate::{
	bring::Purpose,
	fetch::{Chunk, Fetcher, Source},
	manifest::EntryKind,
	read_ahead::Positions,
	table::{decode_page, ChunkIds, Slot},
	trace::Recorder,
	ChunkCache, ChunkTable, Manifest, ObjectId, ObjectStore, ReadError, Trace,
};
use parking_lot::Mutex;
use std::{
	collections::HashMap,
	ops::Range,
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};
use tokio::runtime::Handle;

/// Bytes that are being fetched ahead at once, of all files.
const AHEAD_IN_FLIGHT_BYTES: u64 = 16 << 20;
/// Beyond a page of a table that is not here is only fetched ahead from so much on.
const AHEAD_OF_PAGES_BYTES: u64 = 512 << 10;
/// Decoded pages kept in memory, 33 KiB each.
const PAGES_KEPT: usize = 512;

/// What a reader does when the store does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadPolicy {
	/// For so long a read waits and tries again, then it fails; zero: after one attempt, which takes as long as the store allows.
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

/// Reads the files of one snapshot. Cheap to share; may be used from many threads at once.
#[derive(Debug)]
pub struct Reader {
	manifest: Arc<Manifest>,
	pub(crate) fetcher: Arc<Fetcher>,
	pages: Mutex<HashMap<ObjectId, Arc<ChunkIds>>>,
	positions: Positions,
	/// Bytes that are fetched ahead right now.
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
			positions: Positions::default(),
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
		let began = Instant::now();
		let wanted = file.size.saturating_sub(offset).min(buffer.len() as u64) as usize;
		let (mut rest, _) = buffer.split_at_mut(wanted);
		if rest.is_empty() {
			return Ok(0);
		}
		let missing = self.fetch_together(entry, file, offset..offset + wanted as u64, began);
		let mut at = offset;
		while !rest.is_empty() {
			let number = at / file.chunk_bytes;
			let within = (at % file.chunk_bytes) as usize;
			let expected = file.len_of(number);
			let (piece, after) = rest.split_at_mut(rest.len().min(expected - within));
			let read = self.read_chunk(entry, file, number, within, piece, began);
			let source = read.map_err(|reason| ReadError::Unreadable {
				path: self.path(entry),
				offset: number * file.chunk_bytes,
				reason,
			})?;
			// What this very read had fetched is in memory by now, but it was no hit.
			if let Some(source) = source.filter(|_| !missing.contains(&number)) {
				self.fetcher.count_hit(source);
			}
			at += piece.len() as u64;
			rest = after;
		}
		Ok(wanted)
	}

	/// Fills `piece` from a chunk and says where that was; nowhere for zeros.
	fn read_chunk(
		&self,
		entry: usize,
		file: FileShape<'_>,
		number: u64,
		within: usize,
		piece: &mut [u8],
		began: Instant,
	) -> Result<Option<Source>, String> {
		if let Some(recorder) = self.recorder.lock().as_mut() {
			let path = self.manifest.entries.get(entry).map(|entry| entry.path.as_slice());
			recorder.note(entry, path.unwrap_or_default(), number);
		}
		match self.id_of(file, number, began)? {
			None => {
				piece.fill(0);
				Ok(None)
			},
			Some(id) => {
				let wanted = Chunk { id, expected: Some(file.len_of(number)) };
				self.fetcher.read(wanted, within, piece, began).map(Some)
			},
		}
	}

	/// Begins to fetch what a read of this range needs of more than one chunk, and what will be read next if it goes on. Answers the numbers of
	/// the chunks that the read itself misses.
	fn fetch_together(
		&self,
		entry: usize,
		file: FileShape<'_>,
		read: Range<u64>,
		began: Instant,
	) -> Vec<u64> {
		let ahead = self.positions.note(entry, read.clone(), file.chunk_bytes);
		let numbers = read.start / file.chunk_bytes..read.end.div_ceil(file.chunk_bytes);
		if ahead.is_empty() && numbers.end - numbers.start == 1 {
			return Vec::new();
		}
		let (mut missing, mut now) = (Vec::new(), Vec::new());
		for number in numbers {
			// What cannot be found is told by the read that needs it.
			let Ok(Some(id)) = self.id_of(file, number, began) else { continue };
			if !self.fetcher.is_near(&id) {
				missing.push(number);
				now.push(Chunk { id, expected: Some(file.len_of(number)) });
			}
		}
		if now.len() > 1 {
			self.begin(&now, Purpose::Now, || {});
		} else {
			// One chunk is as well fetched by the read itself, which says where it was.
			missing.clear();
		}
		self.fetch_ahead(file, ahead);
		missing
	}

	/// Begins to fetch claimed chunks; `ended` is called whatever comes of it.
	fn begin(&self, wanted: &[Chunk], purpose: Purpose, ended: impl FnOnce() + Send + 'static) {
		let claimed = self.fetcher.claim_missing(wanted);
		let fetcher = self.fetcher.clone();
		self.fetcher.runtime.spawn(async move {
			fetcher.bring(claimed, purpose).await;
			ended();
		});
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
	fn id_of(
		&self,
		file: FileShape<'_>,
		number: u64,
		began: Instant,
	) -> Result<Option<ObjectId>, String> {
		match file.table.slot(number, file.chunks()) {
			Slot::Known(id) => Ok(id),
			Slot::Page(page, place, listed) => {
				let ids = match self.known_page(&page) {
					Some(ids) => ids,
					None => self.page_now(page, listed, began)?,
				};
				Ok(ids.get(place).copied().flatten())
			},
		}
	}

	/// A page of a table, from where it takes a while.
	fn page_now(
		&self,
		page: ObjectId,
		listed: usize,
		began: Instant,
	) -> Result<Arc<ChunkIds>, String> {
		let wanted = Chunk { id: page, expected: None };
		let (bytes, source) = self.fetcher.chunk(wanted, began)?;
		self.fetcher.count_hit(source);
		self.keep_page(page, listed, &bytes)
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

	/// Begins to fetch what lies in this range of a file.
	fn fetch_ahead(&self, file: FileShape<'_>, ahead: Range<u64>) {
		let first = ahead.start.div_ceil(file.chunk_bytes);
		let last = ahead.end.div_ceil(file.chunk_bytes).min(file.chunks());
		let (mut wanted, mut bytes) = (Vec::new(), 0);
		for number in first..last {
			let next = match file.table.slot(number, file.chunks()) {
				Slot::Known(None) => continue,
				Slot::Known(Some(id)) => Chunk { id, expected: Some(file.len_of(number)) },
				Slot::Page(page, place, listed) => match self.page_nearby(page, listed) {
					Some(ids) => match ids.get(place).copied().flatten() {
						Some(id) => Chunk { id, expected: Some(file.len_of(number)) },
						None => continue,
					},
					// A page is not fetched for a guess, but whoever has read so much will need it.
					None if ahead.end - ahead.start >= AHEAD_OF_PAGES_BYTES => {
						wanted.push(Chunk { id: page, expected: None });
						break;
					},
					None => break,
				},
			};
			bytes += file.len_of(number) as u64;
			wanted.push(next);
		}
		if wanted.is_empty() {
			return;
		}
		self.fetcher.cache.will_need(wanted.iter().map(|wanted| wanted.id));
		let in_flight = self.in_flight.clone();
		if in_flight.fetch_add(bytes, Ordering::Relaxed) >= AHEAD_IN_FLIGHT_BYTES {
			in_flight.fetch_sub(bytes, Ordering::Relaxed);
			return;
		}
		self.begin(&wanted, Purpose::Soon, move || {
			in_flight.fetch_sub(bytes, Ordering::Relaxed);
		});
	}

	/// A page that is here.
	fn page_nearby(&self, page: ObjectId, listed: usize) -> Option<Arc<ChunkIds>> {
		self.known_page(&page).or_else(|| {
			let bytes = self.fetcher.remembered(&page)?;
			self.keep_page(page, listed, &bytes).ok()
		})
	}

	/// Some chunks of a file, without holes; reads the pages that list them.
	pub(crate) async fn chunks_of(
		&self,
		entry: usize,
		range: Range<u64>,
	) -> Result<Vec<Chunk>, ReadError> {
		let file = self.file(entry)?;
		let mut found = Vec::new();
		for number in range.start..range.end.min(file.chunks()) {
			let id = self.listed(file, number).await?;
			found.extend(id.map(|id| Chunk { id, expected: Some(file.len_of(number)) }));
		}
		Ok(found)
	}

	/// Of the pages that list some chunks of a file those that are not here.
	pub(crate) fn pages_missing(
		&self,
		entry: usize,
		range: Range<u64>,
	) -> Result<Vec<Chunk>, ReadError> {
		let file = self.file(entry)?;
		let pages = file.table.pages_of(range, file.chunks());
		let missing = pages.filter(|page| self.known_page(page).is_none());
		Ok(missing.map(|id| Chunk { id, expected: None }).collect())
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
		let (fetcher, began) = (self.fetcher.clone(), Instant::now());
		let wanted = Chunk { id: page, expected: None };
		let fetched = tokio::task::spawn_blocking(move || fetcher.chunk(wanted, began)).await;
		let fetched = fetched.map_err(|error| unreadable(error.to_string()))?;
		let (bytes, source) = fetched.map_err(unreadable)?;
		self.fetcher.count_hit(source);
		self.keep_page(page, listed, &bytes).map_err(unreadable)
	}
}
