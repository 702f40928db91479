//! Fetching before anybody asks: by trace, by what an engine reads first, by path, or everything.

use crate::{
	bring::{Purpose, TOGETHER_BYTES, TOGETHER_OBJECTS},
	chunking::is_log,
	exclusion::is_below,
	fetch::Chunk,
	table::PAGE_CHUNKS,
	BoxFuture, EntryKind, ObjectId, Reader, SnapshotError, Trace,
};
use futures::stream::{FuturesUnordered, StreamExt};
use std::{
	collections::HashMap,
	ops::Range,
	path::Path,
	sync::atomic::{AtomicBool, Ordering},
	time::{Duration, Instant},
};

/// Batches of chunks that are fetched at once.
const AT_ONCE: usize = 4;
/// Ranges of chunks whose pages are looked for at once.
const RUNS: usize = 64;
/// The end of a sorted table: footer, index and filter blocks.
const TABLE_END_BYTES: u64 = 128 << 10;
/// The beginning of a table or an index.
const HEAD_BYTES: u64 = 4096;

/// Chunks of a file, by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
	/// The entry.
	pub entry: usize,
	/// Its chunks.
	pub chunks: Range<u64>,
}

/// How a prefetch ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prefetched {
	/// Chunks that were fetched.
	pub fetched: u64,
	/// Chunks that were here already, or that somebody else was fetching.
	pub present: u64,
	/// Bytes that were fetched.
	pub bytes: u64,
}

/// How fast a prefetch may be, and when it has to stop.
#[derive(Debug, Default)]
pub struct Pace {
	/// Bytes a second; unbounded if absent.
	pub bytes_per_second: Option<u64>,
	/// Set to end it.
	pub stopped: AtomicBool,
}

impl Pace {
	fn is_stopped(&self) -> bool {
		self.stopped.load(Ordering::Relaxed)
	}

	fn rate(&self) -> Option<u64> {
		self.bytes_per_second.filter(|rate| *rate > 0)
	}

	/// Bytes that are asked for together: where there is a limit, no more than a quarter of a second's.
	fn bytes_together(&self) -> u64 {
		let most = TOGETHER_BYTES as u64;
		self.rate().map_or(most, |rate| most.min(rate / 4))
	}

	/// Batches that are on their way at once.
	fn at_once(&self) -> usize {
		if self.rate().is_some() {
			1
		} else {
			AT_ONCE
		}
	}
}

impl Reader {
	/// What a trace names of this snapshot. Files that it does not have are left out.
	pub fn wanted_by_trace(&self, trace: &Trace) -> Vec<Wanted> {
		let numbers: HashMap<&[u8], usize> = self
			.manifest()
			.entries
			.iter()
			.enumerate()
			.map(|(number, entry)| (entry.path.as_slice(), number))
			.collect();
		let mut wanted: Vec<Wanted> = Vec::new();
		for (file, chunk) in &trace.accesses {
			let path = trace.files.get(file.0 as usize).map(Vec::as_slice).unwrap_or_default();
			let Some(&entry) = numbers.get(path) else { continue };
			let chunk = u64::from(chunk.0);
			match wanted.last_mut() {
				Some(last) if last.entry == entry && last.chunks.end == chunk => {
					last.chunks.end += 1;
				},
				_ => wanted.push(Wanted { entry, chunks: chunk..chunk + 1 }),
			}
		}
		wanted
	}

	/// What the engines read when they open a database: RocksDB its `CURRENT`, `MANIFEST`, options and the ends of its tables, ParityDB its metadata,
	/// its logs and the heads of tables and indexes.
	pub fn wanted_by_engine(&self) -> Vec<Wanted> {
		let mut wanted = Vec::new();
		for (number, entry) in self.manifest().entries.iter().enumerate() {
			let EntryKind::File { size, chunk_bytes, .. } = &entry.kind else { continue };
			let at = entry.path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
			let name = entry.path.get(at..).unwrap_or_default();
			let bytes = *size;
			let range = match name {
				b"CURRENT" | b"IDENTITY" | b"metadata" | b"db_version" => 0..bytes,
				name if name.starts_with(b"MANIFEST-") || name.starts_with(b"OPTIONS-") => 0..bytes,
				name if is_log(name) => 0..bytes,
				name if name.ends_with(b".sst") => bytes.saturating_sub(TABLE_END_BYTES)..bytes,
				name if name.starts_with(b"table_") || name.starts_with(b"index_") => {
					0..HEAD_BYTES.min(bytes)
				},
				_ => continue,
			};
			let chunk = u64::from(*chunk_bytes);
			wanted.push(Wanted {
				entry: number,
				chunks: range.start / chunk..range.end.div_ceil(chunk),
			});
		}
		wanted
	}

	/// All chunks of the files at or below this path; everything for an empty one.
	pub fn wanted_below(&self, path: &Path) -> Vec<Wanted> {
		let mut wanted = Vec::new();
		for (number, entry) in self.manifest().entries.iter().enumerate() {
			let EntryKind::File { size, chunk_bytes, .. } = &entry.kind else { continue };
			if is_below(&entry.path, path) {
				wanted.push(Wanted {
					entry: number,
					chunks: 0..size.div_ceil(u64::from(*chunk_bytes)),
				});
			}
		}
		wanted
	}

	/// The ids of these chunks, without holes.
	pub async fn ids(&self, wanted: &[Wanted]) -> Result<Vec<ObjectId>, SnapshotError> {
		let mut ids = Vec::new();
		for wanted in wanted {
			let found = self.chunks_of(wanted.entry, wanted.chunks.clone()).await?;
			ids.extend(found.into_iter().map(|chunk| chunk.id));
		}
		Ok(ids)
	}

	/// Brings these chunks into the cache, many at once.
	pub async fn prefetch(
		&self,
		wanted: &[Wanted],
		pace: &Pace,
	) -> Result<Prefetched, SnapshotError> {
		let mut flow = Flow::new(self, pace);
		let mut runs = runs(wanted).peekable();
		while runs.peek().is_some() && !pace.is_stopped() {
			let some: Vec<Wanted> = runs.by_ref().take(RUNS).collect();
			self.prefetch_pages(&some).await?;
			for run in some {
				for chunk in self.chunks_of(run.entry, run.chunks).await? {
					flow.add(chunk).await;
				}
			}
		}
		flow.begin();
		while !flow.fetching.is_empty() {
			flow.wait().await;
		}
		Ok(flow.done)
	}

	/// Brings the pages that list these chunks together; one that cannot be had is asked for again when it is needed.
	async fn prefetch_pages(&self, wanted: &[Wanted]) -> Result<(), SnapshotError> {
		let mut pages = Vec::new();
		for wanted in wanted {
			pages.extend(self.pages_missing(wanted.entry, wanted.chunks.clone())?);
		}
		let claimed = self.fetcher.claim_missing(&pages);
		self.fetcher.bring(claimed, Purpose::Soon).await;
		Ok(())
	}
}

/// Ranges of chunks, cut so that each lies in one page of a table.
fn runs(wanted: &[Wanted]) -> impl Iterator<Item = Wanted> + '_ {
	wanted.iter().flat_map(|Wanted { entry, chunks }| {
		let pages = chunks.start / PAGE_CHUNKS..chunks.end.div_ceil(PAGE_CHUNKS);
		pages.map(move |page| Wanted {
			entry: *entry,
			chunks: chunks.start.max(page * PAGE_CHUNKS)..chunks.end.min((page + 1) * PAGE_CHUNKS),
		})
	})
}

/// Chunks on their way: some are gathered while others are fetched.
struct Flow<'r> {
	reader: &'r Reader,
	pace: &'r Pace,
	began: Instant,
	gathered: Vec<Chunk>,
	bytes: u64,
	fetching: FuturesUnordered<BoxFuture<'r, (u64, u64)>>,
	done: Prefetched,
}

impl<'r> Flow<'r> {
	fn new(reader: &'r Reader, pace: &'r Pace) -> Self {
		Self {
			reader,
			pace,
			began: Instant::now(),
			gathered: Vec::new(),
			bytes: 0,
			fetching: FuturesUnordered::new(),
			done: Prefetched::default(),
		}
	}

	/// Takes a chunk, and waits while enough are on their way.
	async fn add(&mut self, chunk: Chunk) {
		if self.pace.is_stopped() {
			return;
		}
		self.bytes += chunk.expected.unwrap_or_default() as u64;
		self.gathered.push(chunk);
		if self.gathered.len() < TOGETHER_OBJECTS && self.bytes < self.pace.bytes_together() {
			return;
		}
		self.begin();
		while self.fetching.len() >= self.pace.at_once() {
			self.wait().await;
		}
	}

	fn begin(&mut self) {
		self.bytes = 0;
		let gathered = std::mem::take(&mut self.gathered);
		if self.pace.is_stopped() || gathered.is_empty() {
			return;
		}
		let fetcher = &self.reader.fetcher;
		let claimed = fetcher.claim_missing(&gathered);
		self.done.present += (gathered.len() - claimed.len()) as u64;
		self.fetching.push(Box::pin(fetcher.bring(claimed, Purpose::Later)));
	}

	/// Waits for some of them, and for as long as the pace demands.
	async fn wait(&mut self) {
		let Some((chunks, bytes)) = self.fetching.next().await else { return };
		self.done.fetched += chunks;
		self.done.bytes += bytes;
		if let Some(rate) = self.pace.rate() {
			let due = Duration::from_secs_f64(self.done.bytes as f64 / rate as f64);
			tokio::time::sleep(due.saturating_sub(self.began.elapsed())).await;
		}
	}
}
