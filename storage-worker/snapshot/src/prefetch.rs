//! Fetching before anybody asks: by trace, by what an engine reads first, by path, or everything.

use crate::{
	chunking::is_log, exclusion::is_below, EntryKind, ObjectId, Reader, SnapshotError, Trace,
};
use futures::stream::{self, StreamExt};
use std::{
	collections::HashMap,
	ops::Range,
	path::Path,
	sync::atomic::{AtomicBool, Ordering},
	time::{Duration, Instant},
};

/// Chunks that are fetched at once.
const AT_ONCE: usize = 48;
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
			let found = self.ids_of(wanted.entry, wanted.chunks.clone()).await?;
			ids.extend(found.into_iter().map(|(id, _)| id));
		}
		Ok(ids)
	}

	/// Brings these chunks into the cache, many at once.
	pub async fn prefetch(
		&self,
		wanted: &[Wanted],
		pace: &Pace,
	) -> Result<Prefetched, SnapshotError> {
		let began = Instant::now();
		let mut done = Prefetched::default();
		for wanted in wanted {
			// A page of a table at a time, so that nothing large is held.
			let mut first = wanted.chunks.start;
			while first < wanted.chunks.end && !pace.stopped.load(Ordering::Relaxed) {
				let next = (first + 1024).min(wanted.chunks.end);
				let ids = self.ids_of(wanted.entry, first..next).await?;
				self.prefetch_ids(&ids, pace, began, &mut done).await;
				first = next;
			}
		}
		Ok(done)
	}

	async fn prefetch_ids(
		&self,
		ids: &[(ObjectId, usize)],
		pace: &Pace,
		began: Instant,
		done: &mut Prefetched,
	) {
		let fetch = |(id, len): (ObjectId, usize)| async move {
			if pace.stopped.load(Ordering::Relaxed) {
				return (false, 0);
			}
			(self.fetcher.prefetch(id, Some(len)).await, len as u64)
		};
		let mut fetches = stream::iter(ids.to_vec()).map(fetch).buffer_unordered(AT_ONCE);
		while let Some((fetched, bytes)) = fetches.next().await {
			match fetched {
				true => (done.fetched, done.bytes) = (done.fetched + 1, done.bytes + bytes),
				false => done.present += 1,
			}
			if let Some(rate) = pace.bytes_per_second.filter(|rate| *rate > 0) {
				let due = Duration::from_secs_f64(done.bytes as f64 / rate as f64);
				tokio::time::sleep(due.saturating_sub(began.elapsed())).await;
			}
		}
	}
}
