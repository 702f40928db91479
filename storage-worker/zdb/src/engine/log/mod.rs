//! The log of a namespace: its segments, the records that wait for their write call, fsync.
//!
//! An append encodes its record into a buffer in memory; [`Log::flush`] hands the buffer to the kernel in one call,
//! and whoever answers a client flushes first. Readers of a record that still waits flush as well, so nobody
//! ever sees what the kernel does not have. Two locks, always taken in this order: `flushing` is held over the write
//! call, `writer` is not, except where one segment is left for the next.
//!
//! While the disk takes no writes, appends are refused before they change anything, and what waits already is read from memory.

mod append;
mod lookup;
mod sync;
#[cfg(test)]
mod tests;

pub(crate) use append::{Append, AppendKey};

use crate::{
	engine::{
		durable::{DurableMark, Place},
		environment::Environment,
		record::Header,
		segment::{Segment, SEGMENT_HEADER_BYTES},
		Mode,
	},
	limits::{SCRATCH_KEEP_BYTES, SEGMENTS_MAX},
	ZdbError,
};
use granary_disk::Disk;
use granary_por::leaves_of;
use parking_lot::{Mutex, RwLock};
use std::{
	collections::BTreeMap,
	path::PathBuf,
	sync::{
		atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};

/// What does not change while a log is open.
#[derive(Clone, Debug)]
pub(crate) struct LogShape {
	/// Whose log it is.
	pub(crate) namespace: String,
	pub(crate) environment: Arc<Environment>,
	pub(crate) dir: PathBuf,
	pub(crate) mode: Mode,
	pub(crate) audited: bool,
	/// Its file system takes no writes.
	pub(crate) read_only: bool,
}

impl LogShape {
	/// Where its files are.
	pub(crate) fn disk(&self) -> &Disk {
		&self.environment.disk
	}
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

/// Numbers logs, so that their records are told apart in the cache.
static LOGS: AtomicU32 = AtomicU32::new(0);

/// The records of a namespace.
#[derive(Debug)]
pub(crate) struct Log {
	shape: LogShape,
	/// Different from all other logs of the process.
	number: u32,
	/// Where the next record is that the kernel does not have: segment and offset, see [`place_of`].
	unflushed: AtomicU64,
	segments: RwLock<BTreeMap<u32, Arc<Segment>>>,
	writer: Mutex<Writer>,
	/// The buffer that is written next, kept for its memory.
	flushing: Mutex<Vec<u8>>,
	syncing: Mutex<()>,
	/// What the last fsync took.
	sync_micros: AtomicU64,
	poisoned: AtomicBool,
	/// Up to where the disk has it.
	mark: DurableMark,
	/// Whether the names of its files are known to be durable: an earlier process may have ended between making and syncing one.
	names_synced: AtomicBool,
	/// Why the last write failed; `None` once one succeeds again.
	fault: Mutex<Option<String>>,
	/// Whether there is a fault, and when writing was tried last.
	faulted: AtomicBool,
	/// The reason is one that no write that succeeds takes away.
	fault_stays: AtomicBool,
	tried: Mutex<Instant>,
	/// When the active segment became it.
	jumped: Mutex<Instant>,
	bytes: AtomicU64,
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
	/// A log over opened segments; without any it starts with one of the number `first`. `durable` is the place before which
	/// all is durable, as far as that is known.
	pub(crate) fn new(
		shape: LogShape,
		mut segments: BTreeMap<u32, Arc<Segment>>,
		(next_sequence, next_ordinal): (u64, u64),
		first: u32,
		durable: Option<Place>,
	) -> Result<Self, ZdbError> {
		let mark = DurableMark::new(shape.disk().clone(), shape.dir.clone(), durable);
		if segments.is_empty() {
			let LogShape { dir, mode, audited, .. } = &shape;
			let segment = Segment::create(shape.disk(), dir, first, *mode, *audited)?;
			mark.note(Place { segment: first, offset: segment.flushed() });
			segments.insert(first, Arc::new(segment));
		}
		let bytes = segments.values().map(|segment| segment.flushed()).sum();
		let Some(active) = segments.values().next_back().cloned() else {
			return Err(ZdbError::Full);
		};
		let sealed = segments.values().filter(|segment| segment.number != active.number);
		let unsynced = sealed.filter(|segment| !segment.is_synced()).cloned().collect();
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
			number: LOGS.fetch_add(1, Ordering::Relaxed),
			unflushed: AtomicU64::new(place_of(writer.active.number, end)),
			segments: RwLock::new(segments),
			writer: Mutex::new(writer),
			flushing: Mutex::default(),
			syncing: Mutex::default(),
			sync_micros: AtomicU64::new(0),
			poisoned: AtomicBool::new(false),
			mark,
			names_synced: AtomicBool::new(false),
			fault: Mutex::default(),
			faulted: AtomicBool::new(false),
			fault_stays: AtomicBool::new(false),
			tried: Mutex::new(Instant::now()),
			jumped: Mutex::new(Instant::now()),
			bytes: AtomicU64::new(bytes),
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

	/// Refuses appends from now on; with `only_unused` only if nothing was ever written, and says so.
	pub(crate) fn close(&self, only_unused: bool) -> bool {
		let mut writer = self.writer.lock();
		let closed = !only_unused || writer.next_sequence == 0;
		writer.closed |= closed;
		closed
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
		let result = self.check_poison().and_then(|()| {
			let written = active.file.write_all_at(batch, start);
			written.map_err(|error| ZdbError::file("write", &active.path, error))
		});
		self.note_fault(result.as_ref().err());
		if result.is_ok() {
			let end = start + batch.len() as u64;
			active.set_flushed(end);
			self.begin_writing(&active);
			self.unflushed.store(place_of(active.number, end), Ordering::Release);
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

	/// A log that is synced at each jump, while its writers wait, has its disk begin before.
	fn begin_writing(&self, active: &Segment) {
		if self.is_synced_at_jump() {
			active.begin_writing();
		}
	}

	/// A hole between two segments would break an audited log for good, so it never has one.
	fn is_synced_at_jump(&self) -> bool {
		self.shape.audited || self.shape.environment.sync_at_jump
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
		let segment_bytes = self.shape.environment.segment_bytes;
		writer.end > SEGMENT_HEADER_BYTES && writer.end + record_len > segment_bytes
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
		let LogShape { namespace, environment, dir, mode, audited, .. } = &self.shape;
		if self.is_synced_at_jump() {
			self.sync_segment(&writer.active)?;
		}
		let created = Segment::create(&environment.disk, dir, number, *mode, *audited);
		self.note_fault(created.as_ref().err());
		let segment = Arc::new(created?);
		self.segments.write().insert(number, segment.clone());
		writer.end = segment.flushed();
		writer.pending_start = writer.end;
		self.unflushed.store(place_of(number, writer.end), Ordering::Release);
		self.bytes.fetch_add(writer.end, Ordering::Relaxed);
		let full = std::mem::replace(&mut writer.active, segment.clone());
		writer.unsynced.push(full.clone());
		*self.jumped.lock() = Instant::now();
		drop((writer, batch));
		environment.jumped(namespace, &full.path, &segment.path);
		Ok(())
	}

	/// Leaves the active segment for a new one, unless nothing was written into it.
	pub(crate) fn jump(&self) -> Result<(), ZdbError> {
		self.rotate(u64::MAX / 2)
	}
}

/// A place in a log as a number that grows with it.
const fn place_of(segment: u32, offset: u64) -> u64 {
	(segment as u64) << 32 | offset
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
