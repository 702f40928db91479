//! The log of synced writes: what makes a small write durable with one sync.
//!
//! A block that the layer owns anew would need two syncs, one for its bytes and one for the mark that says so. Instead the file's blocks that were written since its
//! last sync are appended here as one record, with a checksum over all of it, and this file alone is synced. The record is the
//! mark as well: after a loss of power it is applied to the file and its durable map ([`crate::recovery`]).
//!
//! `gen-<n>/log` is a sequence of records, each of whole pages:
//!
//! ```text
//! page 0    "GSL1" ‖ crc32c u32 LE of the rest of the record ‖ epoch u64 LE ‖ place in the file u64 LE ‖ SCALE(Head) ‖ zeros
//! page 1…   the blocks that the head lists, each padded with zeros
//! ```
//!
//! The first record is [`Head::Begin`] and names the epoch; the log ends where a record does not check or is of another epoch. So a log is emptied by
//! writing a new beginning over the old one, once everything it speaks of is durable elsewhere. Its bytes are written once and used again: a sync
//! of what has its place on the disk already waits for the disk alone and not for the journal of the filesystem.
//!
//! Whoever waits for the disk while others append waits for them as well, so that syncs of several threads share one.

use codec::{Decode, Encode};
use parking_lot::{Mutex, MutexGuard};
use std::{
	fs::{File, OpenOptions},
	io,
	os::unix::fs::FileExt,
	path::Path,
	time::{SystemTime, UNIX_EPOCH},
};

/// Blocks of one record; who has written more syncs the file itself.
pub(crate) const RECORD_BLOCKS_MAX: usize = 64;
/// Bytes of the log; it is emptied when they are full.
const LOG_BYTES_MAX: u64 = 16 << 20;
/// It grows by so much at once, while it does.
const GROW_BYTES: u64 = 1 << 20;
const PAGE_BYTES: usize = 4096;
const MAGIC: &[u8; 4] = b"GSL1";
/// Magic, checksum, epoch, place.
const PREFIX_BYTES: usize = 24;

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Head {
	/// The log begins, or begins anew.
	#[codec(index = 0)]
	Begin,
	/// These blocks of a file have the content that follows.
	#[codec(index = 1)]
	Blocks {
		/// The inode.
		ino: u64,
		/// The file's length with them.
		size: u64,
		/// Whether something lies below the file, so that the blocks must be marked.
		marked: bool,
		/// Their numbers.
		blocks: Vec<u64>,
	},
	/// The file is about to be cut to this length.
	#[codec(index = 2)]
	Cut {
		/// The inode.
		ino: u64,
		/// The length.
		size: u64,
	},
	/// The file itself is durable: what was said of it before counts no more.
	#[codec(index = 3)]
	Synced {
		/// The inode.
		ino: u64,
	},
}

/// A record: what it says, and the content of its blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogRecord {
	pub(crate) head: Head,
	/// One page for each block that the head lists.
	pub(crate) content: Vec<u8>,
}

impl LogRecord {
	/// A record that lists no blocks.
	pub(crate) fn bare(head: Head) -> Self {
		Self { head, content: Vec::new() }
	}

	pub(crate) fn encode(&self, epoch: u64, place: u64) -> Vec<u8> {
		let mut bytes = Vec::with_capacity(PAGE_BYTES + self.content.len());
		bytes.extend_from_slice(MAGIC);
		bytes.extend_from_slice(&[0; 4]);
		bytes.extend_from_slice(&epoch.to_le_bytes());
		bytes.extend_from_slice(&place.to_le_bytes());
		self.head.encode_to(&mut bytes);
		bytes.resize(PAGE_BYTES, 0);
		bytes.extend_from_slice(&self.content);
		bytes.resize(bytes.len().next_multiple_of(PAGE_BYTES), 0);
		let crc = crc32c::crc32c(bytes.get(8..).unwrap_or_default());
		if let Some(field) = bytes.get_mut(4..8) {
			field.copy_from_slice(&crc.to_le_bytes());
		}
		bytes
	}

	/// The record at the beginning of `bytes`, its epoch, and its length there.
	pub(crate) fn decode(bytes: &[u8], place: u64) -> Option<(Self, u64, usize)> {
		let page = bytes.get(..PAGE_BYTES)?;
		let (prefix, mut rest) = page.split_at_checked(PREFIX_BYTES)?;
		let field = |at: usize| Some(u64::from_le_bytes(prefix.get(at..at + 8)?.try_into().ok()?));
		let (epoch, found) = (field(8)?, field(16)?);
		if prefix.get(..4)? != MAGIC || found != place {
			return None;
		}
		let head = Head::decode(&mut rest).ok()?;
		let blocks = match &head {
			Head::Blocks { size, blocks, .. } => {
				// No file is longer, and no block of it lies behind its end.
				let end = i64::try_from(*size).ok()?.unsigned_abs().div_ceil(PAGE_BYTES as u64);
				let fits = blocks.len() <= RECORD_BLOCKS_MAX && blocks.iter().all(|at| *at < end);
				fits.then_some(blocks.len())?
			},
			_ => 0,
		};
		let len = PAGE_BYTES * (1 + blocks);
		let crc = u32::from_le_bytes(prefix.get(4..8)?.try_into().ok()?);
		if crc32c::crc32c(bytes.get(8..len)?) != crc {
			return None;
		}
		let content = bytes.get(PAGE_BYTES..len)?.to_vec();
		Some((Self { head, content }, epoch, len))
	}
}

/// The records that a log holds, and its epoch; none where there is no log.
pub(crate) fn read(path: &Path) -> io::Result<(u64, Vec<LogRecord>)> {
	let bytes = match std::fs::read(path) {
		Ok(bytes) => bytes,
		Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((0, Vec::new())),
		Err(error) => return Err(error),
	};
	let Some((LogRecord { head: Head::Begin, .. }, epoch, mut at)) = LogRecord::decode(&bytes, 0)
	else {
		// It was being emptied or begun, so nothing in it counts.
		return Ok((0, Vec::new()));
	};
	let mut records = Vec::new();
	while let Some((record, of, len)) =
		LogRecord::decode(bytes.get(at..).unwrap_or_default(), at as u64)
	{
		if of != epoch {
			break;
		}
		records.push(record);
		at += len;
	}
	Ok((epoch, records))
}

/// A log that is written. Positions in it grow for ever, also when it is emptied.
#[derive(Debug)]
pub(crate) struct SyncLog {
	file: File,
	state: Mutex<LogState>,
	/// As far as this it is durable; held while it is synced.
	synced: Mutex<u64>,
	/// Held while it is emptied.
	emptying: Mutex<()>,
}

#[derive(Debug)]
struct LogState {
	epoch: u64,
	/// The position of the file's first byte.
	base: u64,
	/// Bytes of the file that are records of this epoch.
	used: u64,
	/// Bytes that the file has.
	allocated: u64,
	/// Something did not fit: it takes nothing until it is emptied.
	full: bool,
	/// Its generation is gone: it takes nothing any more.
	retired: bool,
	/// A sync failed: the kernel may have dropped what it should have stored, so no later one proves anything.
	poisoned: bool,
}

impl LogState {
	fn end(&self) -> u64 {
		self.base + self.used
	}
}

impl SyncLog {
	/// Opens a log, made if missing, and empties it. What it held is durable elsewhere by now.
	pub(crate) fn begin(path: &Path, last_epoch: u64) -> io::Result<Self> {
		let mut options = OpenOptions::new();
		let file = options.read(true).write(true).create(true).truncate(false).open(path)?;
		let allocated = file.metadata()?.len();
		let state = LogState {
			epoch: last_epoch,
			base: 0,
			used: 0,
			allocated,
			full: false,
			retired: false,
			poisoned: false,
		};
		let log = Self {
			file,
			state: Mutex::new(state),
			synced: Mutex::new(0),
			emptying: Mutex::default(),
		};
		log.restart()?;
		Ok(log)
	}

	/// Where the records of this epoch begin: whatever was appended before is durable elsewhere.
	pub(crate) fn start(&self) -> u64 {
		self.state.lock().base
	}

	/// Appends a record and answers the position behind it; nothing if there is no room for it.
	pub(crate) fn append(&self, record: &LogRecord) -> io::Result<Option<u64>> {
		let mut state = self.state.lock();
		if state.poisoned {
			return Err(poisoned());
		}
		if state.full {
			return Ok(None);
		}
		if state.used == 0 {
			if !self.make_room(&mut state, PAGE_BYTES as u64)? {
				return Ok(None);
			}
			self.write_beginning(&mut state)?;
		}
		let bytes = record.encode(state.epoch, state.used);
		if !self.make_room(&mut state, bytes.len() as u64)? {
			return Ok(None);
		}
		self.file.write_all_at(&bytes, state.used)?;
		state.used += bytes.len() as u64;
		Ok(Some(state.end()))
	}

	/// Gives the file space for so many more bytes; says whether they fit.
	fn make_room(&self, state: &mut LogState, bytes: u64) -> io::Result<bool> {
		let needed = state.used + bytes;
		while state.allocated < needed.min(LOG_BYTES_MAX) {
			match self.file.write_all_at(&vec![0; GROW_BYTES as usize], state.allocated) {
				Ok(()) => state.allocated += GROW_BYTES,
				Err(error) if is_out_of_space(&error) => {
					// Without room the files themselves are synced, which takes longer and needs none.
					self.file.set_len(state.allocated)?;
					state.full = true;
					return Ok(false);
				},
				Err(error) => return Err(error),
			}
		}
		state.full = needed > LOG_BYTES_MAX;
		Ok(!state.full)
	}

	fn write_beginning(&self, state: &mut LogState) -> io::Result<()> {
		let now =
			SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64;
		// Never one that a record left in the file could have, also where the last one is not known.
		state.epoch = now.max(state.epoch + 1);
		let beginning = LogRecord::bare(Head::Begin).encode(state.epoch, 0);
		self.file.write_all_at(&beginning, 0)?;
		state.used = beginning.len() as u64;
		Ok(())
	}

	/// Waits until the log is durable as far as this position.
	pub(crate) fn sync_to(&self, position: u64) -> io::Result<()> {
		let mut synced = self.synced.lock();
		if *synced >= position {
			return Ok(());
		}
		let end = {
			let state = self.state.lock();
			if state.poisoned {
				return Err(poisoned());
			}
			state.end()
		};
		if let Err(error) = self.file.sync_data() {
			self.state.lock().poisoned = true;
			return Err(error);
		}
		*synced = end;
		Ok(())
	}

	/// Keeps everybody from emptying the log, and from using it where it is full.
	pub(crate) fn hold(&self) -> Held<'_> {
		Held { log: self, _emptying: self.emptying.lock() }
	}

	fn restart(&self) -> io::Result<()> {
		let mut synced = self.synced.lock();
		let mut state = self.state.lock();
		if state.poisoned {
			return Err(poisoned());
		}
		state.base += state.used;
		state.used = 0;
		if state.allocated > 0 {
			let result = self.write_beginning(&mut state).and_then(|()| self.file.sync_data());
			if let Err(error) = result {
				state.poisoned = true;
				return Err(error);
			}
		}
		*synced = state.end();
		state.full = false;
		Ok(())
	}
}

/// A log that nobody else empties.
#[derive(Debug)]
pub(crate) struct Held<'a> {
	log: &'a SyncLog,
	_emptying: MutexGuard<'a, ()>,
}

impl Held<'_> {
	/// Whether something waits for the log to be emptied.
	pub(crate) fn is_full(&self) -> bool {
		let state = self.log.state.lock();
		state.full && !state.retired
	}

	/// Lets nobody append any more: those who want to wait until the holder lets go.
	pub(crate) fn close(&self) {
		self.log.state.lock().full = true;
	}

	/// Lets nobody append ever again: another log is used from here on.
	pub(crate) fn retire(&self) {
		let mut state = self.log.state.lock();
		(state.full, state.retired) = (true, true);
	}

	/// Empties the log. Everything it speaks of is durable elsewhere.
	pub(crate) fn restart(self) -> io::Result<()> {
		self.log.restart()
	}
}

fn poisoned() -> io::Error {
	io::Error::other("an earlier sync of the log failed")
}

fn is_out_of_space(error: &io::Error) -> bool {
	matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

#[cfg(test)]
mod tests;
