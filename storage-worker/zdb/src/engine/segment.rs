//! A segment file: a header of 32 bytes, then records without gaps.
//!
//! | at | field |
//! |---|---|
//! | 0 | `GRZDBSG2`, the version in its last digit |
//! | 8 | segment number u32 |
//! | 12 | mode u8: 0 user, 1 sequential; audited u8; zero u16 |
//! | 16 | salt u64, random |
//! | 24 | zero u32 |
//! | 28 | CRC-32C of bytes 0..28 |

use crate::{
	engine::{
		location::Location,
		record::{Header, HEADER_BYTES},
		Mode,
	},
	ZdbError,
};
use granary_disk::{Disk, DiskFile, Open};
use std::{
	cell::Cell,
	io,
	path::{Path, PathBuf},
	sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

thread_local! {
	static NEVER_WAITS: Cell<bool> = const { Cell::new(false) };
}

/// From now on, reading a record that the kernel would have to fetch from the disk fails on this thread with
/// [`ZdbError::NotInMemory`]. For threads with clients that have nothing to do with the record.
pub(crate) fn never_wait_for_reads() {
	NEVER_WAITS.set(true);
}

/// Bytes before the first record.
pub(crate) const SEGMENT_HEADER_BYTES: u64 = 32;
const MAGIC: &[u8; 8] = b"GRZDBSG2";
/// How much the disk is given at once before a sync asks for it.
const BEGIN_STEP_BYTES: u64 = 4 << 20;
/// How much is read and written again at once.
const WRITE_AGAIN_STEP_BYTES: u64 = 1 << 20;

/// One file of a log.
#[derive(Debug)]
pub(crate) struct Segment {
	pub(crate) number: u32,
	pub(crate) salt: u64,
	pub(crate) path: PathBuf,
	pub(crate) file: DiskFile,
	/// Bytes that the kernel has.
	flushed: AtomicU64,
	/// Bytes that the disk has.
	synced: AtomicU64,
	/// Bytes that the disk has begun with.
	begun: AtomicU64,
	/// What is between `synced` and here was written by an earlier process and may have been dropped by the kernel.
	doubtful_end: AtomicU64,
	/// Where its first and its last record start; 0 without one.
	first: AtomicU64,
	last: AtomicU64,
	/// The sequence of the first.
	first_sequence: AtomicU64,
	/// Bytes of records that the index points to.
	live: AtomicU64,
	/// Whether its hint is there, or cannot be.
	hinted: AtomicBool,
}

/// The path of segment `number` in `dir`.
pub(crate) fn segment_path(dir: &Path, number: u32) -> PathBuf {
	dir.join(format!("segment-{number:08}.log"))
}

/// The number in a segment's file name.
pub(crate) fn segment_number(name: &str) -> Option<u32> {
	let digits = name.strip_prefix("segment-")?.strip_suffix(".log")?;
	let is_number = digits.len() == 8 && digits.bytes().all(|digit| digit.is_ascii_digit());
	is_number.then(|| digits.parse().ok()).flatten()
}

impl Segment {
	/// Creates a segment and makes its header and name durable.
	pub(crate) fn create(
		disk: &Disk,
		dir: &Path,
		number: u32,
		mode: Mode,
		audited: bool,
	) -> Result<Self, ZdbError> {
		let path = segment_path(dir, number);
		let salt = rand::random();
		let make = || -> io::Result<DiskFile> {
			// An attempt that failed may have left a file whose name no later sync makes durable.
			match disk.remove_file(&path) {
				Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
				_ => {},
			}
			let file = disk.open(&path, Open::Replace)?;
			file.write_all_at(&encode_header(number, mode, audited, salt), 0)?;
			file.sync_all()?;
			disk.sync_dir(dir)?;
			Ok(file)
		};
		let file = make().map_err(|error| {
			// The next attempt begins without it anyway; until then nobody should take it for a segment.
			if let Err(error) = disk.remove_file(&path) {
				tracing::debug!(path = %path.display(), %error, "after a failed creation");
			}
			ZdbError::file("create", &path, error)
		})?;
		Ok(Self::new(number, salt, path, file, SEGMENT_HEADER_BYTES))
	}

	/// Opens a segment and checks its header.
	pub(crate) fn open(
		disk: &Disk,
		dir: &Path,
		number: u32,
		mode: Mode,
		audited: bool,
	) -> Result<Self, ZdbError> {
		let path = segment_path(dir, number);
		let read = || -> io::Result<(DiskFile, u64)> {
			let file = match disk.open(&path, Open::Write) {
				// It can be read all the same.
				Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => {
					disk.open(&path, Open::Read)?
				},
				opened => opened?,
			};
			let len = file.len_bytes()?;
			Ok((file, len))
		};
		let (file, len) = read().map_err(|error| ZdbError::file("open", &path, error))?;
		let bad = |reason| ZdbError::BadSegment { path: path.clone(), reason };
		let mut header = [0; SEGMENT_HEADER_BYTES as usize];
		file.read_exact_at(&mut header, 0).map_err(|_| bad("its header is incomplete"))?;
		let (magic, rest) = header.split_first_chunk::<8>().ok_or_else(|| bad("too short"))?;
		if magic != MAGIC {
			return Err(bad("it starts with other bytes than GRZDBSG2"));
		}
		let (_, salt) = rest.split_first_chunk::<8>().ok_or_else(|| bad("too short"))?;
		let salt = salt.first_chunk::<8>().ok_or_else(|| bad("too short"))?;
		let salt = u64::from_le_bytes(*salt);
		if header != encode_header(number, mode, audited, salt) {
			return Err(bad("its header is damaged or belongs to another segment or mode"));
		}
		Ok(Self::new(number, salt, path, file, len))
	}

	/// Whether a segment's header is sound, whatever mode it is of.
	pub(crate) fn is_sound_in_any_mode(disk: &Disk, dir: &Path, number: u32) -> bool {
		let modes = [(Mode::User, false), (Mode::User, true), (Mode::Sequential, false)];
		modes.iter().any(|(mode, audited)| Self::open(disk, dir, number, *mode, *audited).is_ok())
	}

	fn new(number: u32, salt: u64, path: PathBuf, file: DiskFile, len: u64) -> Self {
		let (flushed, synced) = (AtomicU64::new(len), AtomicU64::new(len));
		Self {
			number,
			salt,
			path,
			file,
			flushed,
			synced,
			begun: AtomicU64::new(len),
			doubtful_end: AtomicU64::new(0),
			first: AtomicU64::new(0),
			last: AtomicU64::new(0),
			first_sequence: AtomicU64::new(0),
			live: AtomicU64::new(0),
			hinted: AtomicBool::new(false),
		}
	}

	/// A segment over any file, such as a device that refuses what a disk only refuses on a bad day.
	#[cfg(test)]
	pub(crate) fn over_file(number: u32, path: &Path) -> Self {
		let file = Disk::default().open(path, Open::Write).unwrap();
		Self::new(number, 7, path.to_owned(), file, SEGMENT_HEADER_BYTES)
	}

	/// Bytes that the kernel has.
	pub(crate) fn flushed(&self) -> u64 {
		self.flushed.load(Ordering::Acquire)
	}

	/// Notes that the kernel has everything before `end`.
	pub(crate) fn set_flushed(&self, end: u64) {
		self.flushed.store(end, Ordering::Release);
	}

	/// Whether a hint should be written, now that it is sealed.
	pub(crate) fn needs_hint(&self) -> bool {
		!self.hinted.load(Ordering::Relaxed)
	}

	/// Notes that its hint is there.
	pub(crate) fn set_hinted(&self) {
		self.hinted.store(true, Ordering::Relaxed);
	}

	/// Where the first record starts that was found or appended here, and its sequence. What is before it is damage.
	pub(crate) fn first(&self) -> Option<(u64, u64)> {
		let offset = self.first.load(Ordering::Acquire);
		(offset > 0).then(|| (offset, self.first_sequence.load(Ordering::Relaxed)))
	}

	/// The sequence of the last record, if there is one.
	pub(crate) fn last_sequence(&self) -> Result<Option<u64>, ZdbError> {
		let Some(offset) = self.last() else { return Ok(None) };
		if offset >= self.flushed() {
			return Ok(None);
		}
		let mut head = [0; HEADER_BYTES];
		let read = self.read_at(offset, &mut head)?;
		let header = head.get(..read).and_then(Header::decode);
		header.map(|header| Some(header.sequence)).ok_or_else(|| self.damaged(offset))
	}

	/// Where the last record starts, if there is one.
	pub(crate) fn last(&self) -> Option<u64> {
		Some(self.last.load(Ordering::Acquire)).filter(|offset| *offset > 0)
	}

	/// Notes the record that is the last one now.
	pub(crate) fn note_record(&self, offset: u64, sequence: u64) {
		if self.last().is_none() {
			self.first_sequence.store(sequence, Ordering::Relaxed);
			self.first.store(offset, Ordering::Release);
		}
		self.last.store(offset, Ordering::Release);
	}

	/// Bytes of records that the index points to.
	pub(crate) fn live(&self) -> u64 {
		self.live.load(Ordering::Relaxed)
	}

	/// Counts a record that the index points to from now on.
	pub(crate) fn add_live(&self, header: &Header) {
		self.live.fetch_add(header.record_len(), Ordering::Relaxed);
	}

	/// Counts one that it does not point to any more.
	pub(crate) fn remove_live(&self, header: &Header) {
		self.live.fetch_sub(header.record_len(), Ordering::Relaxed);
	}

	/// The disk has everything that the kernel has.
	pub(crate) fn is_synced(&self) -> bool {
		self.synced.load(Ordering::Acquire) >= self.flushed()
	}

	/// The disk has everything before `end`.
	pub(crate) fn is_synced_to(&self, end: u64) -> bool {
		self.synced.load(Ordering::Acquire) >= end
	}

	/// Writes once more what an earlier process wrote and may not have brought to the disk. Where its fsync failed, the kernel holds
	/// the bytes and takes them for written; only bytes that are written anew are tried again.
	pub(crate) fn write_again(&self) -> Result<(), ZdbError> {
		let (mut at, end) =
			(self.synced.load(Ordering::Acquire), self.doubtful_end.load(Ordering::Acquire));
		let mut bytes = Vec::new();
		while at < end {
			bytes.resize((end - at).min(WRITE_AGAIN_STEP_BYTES) as usize, 0);
			let read = self.read_at(at, &mut bytes)?;
			let written = self.file.write_all_at(bytes.get(..read).unwrap_or_default(), at);
			written.map_err(|error| ZdbError::file("write", &self.path, error))?;
			if read == 0 {
				break;
			}
			at += read as u64;
		}
		self.doubtful_end.store(0, Ordering::Release);
		Ok(())
	}

	/// Lets the disk begin with what the kernel has, a few megabytes at a time, so that the sync at the segment's end is short.
	pub(crate) fn begin_writing(&self) {
		// What is behind the last whole step is still being added to, which a page on its way to the disk may hold up.
		let end = self.flushed() / BEGIN_STEP_BYTES * BEGIN_STEP_BYTES;
		let begun = self.begun.fetch_max(end, Ordering::Relaxed);
		if begun < end {
			if let Err(error) = self.file.begin_writing(begun, end - begun) {
				// The sync does all of it then, and reports what fails.
				tracing::debug!(path = %self.path.display(), %error, "writing was not begun");
			}
		}
	}

	/// Brings everything that the kernel has to the disk.
	pub(crate) fn sync(&self) -> io::Result<()> {
		let end = self.flushed();
		if self.synced.load(Ordering::Acquire) >= end {
			return Ok(());
		}
		self.file.sync_data()?;
		self.synced.fetch_max(end, Ordering::AcqRel);
		Ok(())
	}

	/// Cuts the file at `end`, for good.
	pub(crate) fn cut(&self, end: u64) -> Result<(), ZdbError> {
		match self.file.set_len(end).and_then(|()| self.file.sync_all()) {
			// Opened for reading only, on a file system that takes no writes: what is behind is left out.
			Err(error) if error.kind() == io::ErrorKind::InvalidInput => {},
			cut => cut.map_err(|error| ZdbError::file("cut", &self.path, error))?,
		}
		self.flushed.store(end, Ordering::Release);
		self.synced.store(end, Ordering::Release);
		Ok(())
	}

	/// Marks what is behind `durable_end` as not yet durable. With `write_again` it is written once more before the next fsync.
	pub(crate) fn distrust(&self, durable_end: u64, write_again: bool) {
		let len = self.flushed();
		self.synced.store(durable_end.min(len), Ordering::Release);
		self.doubtful_end.store(if write_again { len } else { 0 }, Ordering::Release);
	}

	/// Fills `buffer` from `offset` on as far as the file goes.
	pub(crate) fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, ZdbError> {
		let read = match NEVER_WAITS.get() {
			true => self.file.read_full_at_from_memory(buffer, offset),
			false => self.file.read_full_at(buffer, offset),
		};
		read.map_err(|error| match error.kind() {
			io::ErrorKind::WouldBlock => ZdbError::NotInMemory,
			_ => ZdbError::file("read", &self.path, error),
		})
	}

	/// The error for a record that does not match its checksum.
	pub(crate) fn damaged(&self, offset: u64) -> ZdbError {
		ZdbError::Damaged { path: self.path.clone(), offset }
	}

	/// Where a record of this segment is, as the index keeps it.
	pub(crate) fn location(&self, offset: u64, header: &Header) -> Location {
		Location::new(self.number, offset as u32, header.record_len())
	}
}

fn encode_header(
	number: u32,
	mode: Mode,
	audited: bool,
	salt: u64,
) -> [u8; SEGMENT_HEADER_BYTES as usize] {
	let mut header = [0; SEGMENT_HEADER_BYTES as usize];
	let mode = match mode {
		Mode::User => 0,
		Mode::Sequential => 1,
	};
	let fields = [
		MAGIC.as_slice(),
		&number.to_le_bytes(),
		&[mode, u8::from(audited), 0, 0],
		&salt.to_le_bytes(),
		&[0; 4],
	]
	.concat();
	let crc = crc32c::crc32c(&fields).to_le_bytes();
	for (place, byte) in header.iter_mut().zip(fields.iter().chain(&crc)) {
		*place = *byte;
	}
	header
}
