//! The log of a namespace: its segments, the records that wait for their write call, fsync.
//!
//! An append encodes its record into a buffer in memory; [`Log::flush`] hands the buffer to the kernel in one call,
//! and whoever answers a client flushes first. Readers of a record that still waits flush as well, so nobody
//! ever sees what the kernel does not have. Two locks, always taken in this order: `flushing` is held over the write
//! call, `writer` is not, except where one segment is left for the next.

mod lookup;
#[cfg(test)]
mod tests;

use crate::{
	engine::{
		environment::Environment,
		location::Location,
		record::{Header, HEADER_BYTES},
		segment::{Segment, SEGMENT_HEADER_BYTES},
		Mode,
	},
	limits::{PENDING_MAX_BYTES, SCRATCH_KEEP_BYTES, SEGMENTS_MAX},
	ZdbError,
};
use granary_por::leaves_of;
use parking_lot::{Mutex, RwLock};
use std::{
	collections::{BTreeMap, BTreeSet},
	path::PathBuf,
	sync::{
		atomic::{AtomicBool, AtomicU64, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};

/// What does not change while a log is open.
#[derive(Clone, Debug)]
pub(crate) struct LogShape {
	/// Whose log it is.
	pub(crate) namespace: String,
	pub(crate) dir: PathBuf,
	pub(crate) mode: Mode,
	pub(crate) audited: bool,
	pub(crate) environment: Arc<Environment>,
}

#[derive(Debug)]
struct Writer {
	active: Arc<Segment>,
	/// Length of the active segment, waiting records included.
	end: u64,
	/// Records that wait for their write call.
	pending: Vec<u8>,
	/// Offset of the first of them.
	pending_start: u64,
	/// Segments before the active one that may not be durable.
	unsynced: Vec<Arc<Segment>>,
	next_sequence: u64,
	next_ordinal: u64,
	/// Nothing is appended any more.
	closed: bool,
}

/// The records of a namespace.
#[derive(Debug)]
pub(crate) struct Log {
	shape: LogShape,
	segments: RwLock<BTreeMap<u32, Arc<Segment>>>,
	writer: Mutex<Writer>,
	/// The buffer that is written next, kept for its memory.
	flushing: Mutex<Vec<u8>>,
	syncing: Mutex<()>,
	poisoned: AtomicBool,
	/// Why the last write failed; `None` once one succeeds again.
	fault: Mutex<Option<String>>,
	/// When the active segment became it.
	jumped: Mutex<Instant>,
	bytes: AtomicU64,
	/// Segments whose files are missing and that reads needed.
	wanted: Mutex<BTreeSet<u32>>,
}

/// The key of a record to append.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AppendKey<'a> {
	/// As given.
	Given(&'a [u8]),
	/// The id that the record consumes.
	Issue,
	/// This id, or a later one if it was issued already.
	IssueFrom(u64),
}

/// A record to append.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Append<'a> {
	pub(crate) key: AppendKey<'a>,
	/// `None` is a tombstone.
	pub(crate) value: Option<&'a [u8]>,
	pub(crate) value_crc: u32,
	pub(crate) timestamp: u32,
	pub(crate) max_bytes: Option<u64>,
	/// Where the key's version before is.
	pub(crate) previous: Option<Location>,
	/// It is a copy that compaction makes.
	pub(crate) moved: bool,
	/// Sequence and ordinal, where a primary says them.
	pub(crate) numbers: Option<(u64, u64)>,
}

/// A record that was read.
#[derive(Debug)]
pub(crate) struct Record<'a> {
	pub(crate) header: Header,
	pub(crate) key: &'a [u8],
	pub(crate) value: &'a [u8],
}

impl Record<'_> {
	pub(crate) fn value_is_valid(&self) -> bool {
		crc32c::crc32c(self.value) == self.header.value_crc
	}
}

impl Log {
	/// A log over opened segments; `None` starts with a first one.
	pub(crate) fn new(
		shape: LogShape,
		mut segments: BTreeMap<u32, Arc<Segment>>,
		next_sequence: u64,
		next_ordinal: u64,
	) -> Result<Self, ZdbError> {
		if segments.is_empty() {
			let first = Segment::create(&shape.dir, 0, shape.mode, shape.audited)?;
			segments.insert(0, Arc::new(first));
		}
		let bytes = segments.values().map(|segment| segment.flushed()).sum();
		let mut unsynced: Vec<_> = segments.values().rev().take(2).rev().cloned().collect();
		let Some(active) = unsynced.pop() else { return Err(ZdbError::Full) };
		let end = active.flushed();
		let writer = Writer {
			active,
			end,
			pending: Vec::new(),
			pending_start: end,
			unsynced,
			next_sequence,
			next_ordinal,
			closed: false,
		};
		Ok(Self {
			shape,
			segments: RwLock::new(segments),
			writer: Mutex::new(writer),
			flushing: Mutex::default(),
			syncing: Mutex::default(),
			poisoned: AtomicBool::new(false),
			fault: Mutex::default(),
			jumped: Mutex::new(Instant::now()),
			bytes: AtomicU64::new(bytes),
			wanted: Mutex::default(),
		})
	}

	pub(crate) fn shape(&self) -> &LogShape {
		&self.shape
	}

	fn check_poison(&self) -> Result<(), ZdbError> {
		if self.poisoned.load(Ordering::Acquire) {
			return Err(ZdbError::Poisoned(self.shape.dir.clone()));
		}
		Ok(())
	}

	/// Appends a record and returns where it is and its header. It reaches the kernel with the next flush.
	pub(crate) fn append(&self, append: &Append<'_>) -> Result<(Location, Header), ZdbError> {
		self.check_poison()?;
		let value = append.value.unwrap_or_default();
		let key_len = match append.key {
			AppendKey::Given(key) => key.len(),
			AppendKey::Issue | AppendKey::IssueFrom(_) => size_of::<u64>(),
		};
		let record_len = (HEADER_BYTES + key_len + value.len()) as u64;
		let mut writer = loop {
			let writer = self.writer.lock();
			if writer.closed {
				return Err(ZdbError::Removed);
			}
			// A full buffer that cannot be written must not grow: its error is this append's error too.
			if writer.pending.len() > PENDING_MAX_BYTES {
				drop(writer);
				self.flush()?;
				continue;
			}
			if self.is_full(&writer, record_len) {
				drop(writer);
				self.rotate(record_len)?;
				continue;
			}
			break writer;
		};
		self.check_quota(append, &writer, record_len)?;
		let header = self.write_record(&mut writer, append, value, key_len);
		let location = writer.active.location(writer.end, &header);
		writer.active.set_last(writer.end);
		writer.end += record_len;
		self.bytes.fetch_add(record_len, Ordering::Relaxed);
		let full = writer.pending.len() > PENDING_MAX_BYTES;
		drop(writer);
		if full {
			self.flush()?;
		}
		Ok((location, header))
	}

	/// Refuses appends from now on; with `only_unused` only if nothing was ever written, and says so.
	pub(crate) fn close(&self, only_unused: bool) -> bool {
		let mut writer = self.writer.lock();
		let closed = !only_unused || writer.next_sequence == 0;
		writer.closed |= closed;
		closed
	}

	fn write_record(
		&self,
		writer: &mut Writer,
		append: &Append<'_>,
		value: &[u8],
		key_len: usize,
	) -> Header {
		if let AppendKey::IssueFrom(id) = append.key {
			writer.next_ordinal = writer.next_ordinal.max(id);
		}
		if let Some((sequence, ordinal)) = append.numbers {
			(writer.next_sequence, writer.next_ordinal) = (sequence, ordinal);
		}
		let ordinal = writer.next_ordinal;
		let issued = ordinal.to_le_bytes();
		let key = match append.key {
			AppendKey::Given(key) => key,
			AppendKey::Issue | AppendKey::IssueFrom(_) => &issued,
		};
		let mut header = Header {
			header_crc: 0,
			value_crc: append.value_crc,
			value_len: value.len() as u32,
			timestamp: append.timestamp,
			sequence: writer.next_sequence,
			ordinal,
			previous: append.previous,
			back: writer.active.last().map_or(0, |last| (writer.end - last) as u32),
			key_len: key_len as u8,
			tombstone: append.value.is_none(),
			moved: append.moved,
		};
		header.header_crc = header.checksum(key, writer.active.salt);
		header.encode(key, value, &mut writer.pending);
		writer.next_sequence += 1;
		writer.next_ordinal += ordinals_of(self.shape.mode, self.shape.audited, &header);
		header
	}

	fn check_quota(
		&self,
		append: &Append<'_>,
		writer: &Writer,
		record_len: u64,
	) -> Result<(), ZdbError> {
		let (Some(max_bytes), Some(value)) = (append.max_bytes, append.value) else {
			return Ok(());
		};
		let leaves = writer.next_ordinal;
		let used_bytes = self.bytes.load(Ordering::Relaxed) + self.tree_bytes(leaves);
		let grown =
			self.tree_bytes(leaves + leaves_of(value.len() as u64)) - self.tree_bytes(leaves);
		let needed_bytes = record_len + grown;
		if used_bytes + needed_bytes > max_bytes {
			return Err(ZdbError::NoSpace { used_bytes, max_bytes, needed_bytes });
		}
		Ok(())
	}

	/// Bytes of the tree files beside an audited log: 32 for each node from level 4 on.
	fn tree_bytes(&self, leaves: u64) -> u64 {
		if !self.shape.audited {
			return 0;
		}
		(4..u64::BITS).map(|level| (leaves >> level) * 32).take_while(|bytes| *bytes > 0).sum()
	}

	/// Bytes on disk, or about to be: segments and tree.
	pub(crate) fn disk_bytes(&self) -> u64 {
		self.bytes.load(Ordering::Relaxed) + self.tree_bytes(self.next_ordinal())
	}

	/// The next id of a sequential log, the leaf count of an audited one.
	pub(crate) fn next_ordinal(&self) -> u64 {
		self.writer.lock().next_ordinal
	}

	/// The number that the next record gets; 0 means that nothing was ever written.
	pub(crate) fn next_sequence(&self) -> u64 {
		self.writer.lock().next_sequence
	}

	/// The active segment and its length, waiting records included.
	pub(crate) fn end(&self) -> (Arc<Segment>, u64) {
		let writer = self.writer.lock();
		(writer.active.clone(), writer.end)
	}

	/// Hands every waiting record to the kernel. After an error the records wait on and the next flush tries
	/// again from the same place.
	pub(crate) fn flush(&self) -> Result<(), ZdbError> {
		let mut batch = self.flushing.lock();
		self.flush_locked(&mut batch)
	}

	fn flush_locked(&self, batch: &mut Vec<u8>) -> Result<(), ZdbError> {
		let (active, start) = {
			let mut writer = self.writer.lock();
			if writer.pending.is_empty() {
				return Ok(());
			}
			std::mem::swap(&mut writer.pending, batch);
			let start = writer.pending_start;
			writer.pending_start = writer.end;
			(writer.active.clone(), start)
		};
		let result = self.check_poison().and_then(|()| active.write_at(batch, start));
		self.note_fault(&result);
		if result.is_ok() {
			active.set_flushed(start + batch.len() as u64);
		} else {
			let mut writer = self.writer.lock();
			batch.append(&mut writer.pending);
			std::mem::swap(&mut writer.pending, batch);
			writer.pending_start = start;
		}
		batch.clear();
		batch.shrink_to(SCRATCH_KEEP_BYTES);
		result
	}

	/// Remembers why writes fail, or that they do not any more.
	fn note_fault(&self, result: &Result<(), ZdbError>) {
		let mut fault = self.fault.lock();
		match result {
			Ok(()) => *fault = None,
			Err(error) => *fault = Some(error.to_string()),
		}
	}

	/// Why nothing can be written at present.
	pub(crate) fn fault(&self) -> Option<String> {
		self.fault.lock().clone()
	}

	/// Leaves the active segment if it has records and is older than this.
	pub(crate) fn jump_if_older(&self, age: Duration) -> Result<(), ZdbError> {
		match self.jumped.lock().elapsed() >= age {
			true => self.jump(),
			false => Ok(()),
		}
	}

	fn is_full(&self, writer: &Writer, record_len: u64) -> bool {
		// A record that is longer than a segment should be gets one of its own.
		writer.end > SEGMENT_HEADER_BYTES
			&& writer.end + record_len > self.shape.environment.segment_bytes
	}

	/// Leaves the active segment for a new one, unless somebody else did.
	fn rotate(&self, record_len: u64) -> Result<(), ZdbError> {
		let mut batch = self.flushing.lock();
		let mut writer = loop {
			self.flush_locked(&mut batch)?;
			let writer = self.writer.lock();
			if writer.pending.is_empty() {
				break writer;
			}
		};
		if !self.is_full(&writer, record_len) {
			return Ok(());
		}
		let number = writer.active.number + 1;
		if number >= SEGMENTS_MAX {
			return Err(ZdbError::Full);
		}
		let LogShape { namespace, dir, mode, audited, environment } = &self.shape;
		// A hole between two segments would break an audited log for good, so it never has one.
		if *audited || environment.sync_at_jump {
			self.sync_segment(&writer.active)?;
		}
		let segment = Arc::new(Segment::create(dir, number, *mode, *audited)?);
		self.segments.write().insert(number, segment.clone());
		writer.end = segment.flushed();
		writer.pending_start = writer.end;
		self.bytes.fetch_add(writer.end, Ordering::Relaxed);
		let full = std::mem::replace(&mut writer.active, segment.clone());
		writer.unsynced.push(full.clone());
		*self.jumped.lock() = Instant::now();
		drop((writer, batch));
		environment.jumped(namespace, &full.path, &segment.path);
		Ok(())
	}

	/// Brings every record that was appended before the call to the disk. Callers that come while an fsync runs share the next
	/// one: whoever finds that the one before covered its records asks the disk for nothing.
	pub(crate) fn sync(&self) -> Result<(), ZdbError> {
		self.flush()?;
		let segments: Vec<(Arc<Segment>, u64)> = {
			let writer = self.writer.lock();
			let all = writer.unsynced.iter().chain([&writer.active]);
			all.map(|segment| (segment.clone(), segment.flushed())).collect()
		};
		let _syncing = self.syncing.lock();
		self.check_poison()?;
		for (segment, end) in &segments {
			if !segment.is_synced_to(*end) {
				self.sync_segment(segment)?;
			}
		}
		self.writer.lock().unsynced.retain(|segment| !segment.is_synced());
		Ok(())
	}

	fn sync_segment(&self, segment: &Segment) -> Result<(), ZdbError> {
		segment.sync().map_err(|error| {
			// The kernel may have dropped the pages that it could not write: a second fsync would report
			// success for data that are lost.
			self.poisoned.store(true, Ordering::Release);
			*self.fault.lock() =
				Some(format!("fsync failed: {error}; RELOAD reads the files again"));
			tracing::error!(path = %segment.path.display(), %error, "fsync failed: no more writes");
			ZdbError::Poisoned(segment.path.clone())
		})
	}

	/// Whether there is anything that the disk may not have.
	pub(crate) fn is_dirty(&self) -> bool {
		let writer = self.writer.lock();
		!writer.pending.is_empty() || !writer.unsynced.is_empty() || !writer.active.is_synced()
	}

	/// Leaves the active segment for a new one, unless nothing was written into it.
	pub(crate) fn jump(&self) -> Result<(), ZdbError> {
		self.rotate(u64::MAX / 2)
	}
}

/// How many ordinals a record consumes: leaves of an audited log, ids of a sequential one.
pub(crate) fn ordinals_of(mode: Mode, audited: bool, header: &Header) -> u64 {
	match (audited, mode) {
		_ if header.tombstone || header.moved => 0,
		(true, _) => leaves_of(u64::from(header.value_len)),
		(false, Mode::Sequential) => 1,
		(false, Mode::User) => 0,
	}
}
