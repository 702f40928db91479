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
use std::{
	collections::BTreeMap,
	fs::{File, OpenOptions},
	io,
	os::unix::fs::{FileExt, OpenOptionsExt},
	path::{Path, PathBuf},
	sync::{
		atomic::{AtomicBool, AtomicU64, Ordering},
		OnceLock,
	},
};

/// Bytes before the first record.
pub(crate) const SEGMENT_HEADER_BYTES: u64 = 32;
const MAGIC: &[u8; 8] = b"GRZDBSG2";

/// One file of a log.
#[derive(Debug)]
pub(crate) struct Segment {
	pub(crate) number: u32,
	pub(crate) salt: u64,
	pub(crate) path: PathBuf,
	/// Nothing while it is missing.
	file: OnceLock<File>,
	/// While it is missing: headers and keys of its records as the hint has them, by their offset.
	heads: BTreeMap<u64, Vec<u8>>,
	/// Bytes that the kernel has.
	flushed: AtomicU64,
	/// Bytes that the disk has.
	synced: AtomicU64,
	/// Where its last record starts; 0 without one.
	last: AtomicU64,
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
	(digits.len() == 8).then(|| digits.parse().ok()).flatten()
}

impl Segment {
	/// Creates a segment and makes its header and name durable.
	pub(crate) fn create(
		dir: &Path,
		number: u32,
		mode: Mode,
		audited: bool,
	) -> Result<Self, ZdbError> {
		let path = segment_path(dir, number);
		let salt = rand::random();
		let make = || -> io::Result<File> {
			let file = OpenOptions::new()
				.read(true)
				.write(true)
				.create(true)
				.truncate(true)
				.mode(0o600)
				.open(&path)?;
			file.write_all_at(&encode_header(number, mode, audited, salt), 0)?;
			file.sync_all()?;
			File::open(dir)?.sync_all()?;
			Ok(file)
		};
		let file = make().map_err(|error| ZdbError::file("create", &path, error))?;
		Ok(Self::new(number, salt, path, file, SEGMENT_HEADER_BYTES))
	}

	/// Opens a segment and checks its header.
	pub(crate) fn open(
		dir: &Path,
		number: u32,
		mode: Mode,
		audited: bool,
	) -> Result<Self, ZdbError> {
		let path = segment_path(dir, number);
		let (file, len, salt) = open_file(&path, number, mode, audited)?;
		Ok(Self::new(number, salt, path, file, len))
	}

	/// A sealed segment of which the hint alone is there: what its records are is known, their values are not. `heads` are headers with
	/// their keys, by offset.
	pub(crate) fn absent(
		dir: &Path,
		number: u32,
		salt: u64,
		len: u64,
		heads: BTreeMap<u64, Vec<u8>>,
	) -> Self {
		Self { heads, ..Self::with(number, salt, segment_path(dir, number), OnceLock::new(), len) }
	}

	/// Whether its file is missing.
	pub(crate) fn is_absent(&self) -> bool {
		self.file.get().is_none()
	}

	/// Takes its file into use, if it is there again; `false` if not.
	pub(crate) fn adopt(&self, mode: Mode, audited: bool) -> Result<bool, ZdbError> {
		if !self.is_absent() {
			return Ok(true);
		}
		let (file, len, salt) = match open_file(&self.path, self.number, mode, audited) {
			Ok(found) => found,
			Err(ZdbError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
				return Ok(false);
			},
			Err(error) => return Err(error),
		};
		if (len, salt) != (self.flushed(), self.salt) {
			let reason = "it is not the one that was here before";
			return Err(ZdbError::BadSegment { path: self.path.clone(), reason });
		}
		tracing::info!(path = %self.path.display(), "a missing segment is there again");
		// Another reader may have been faster; both files are the same.
		let _ = self.file.set(file);
		Ok(true)
	}

	fn file(&self) -> Result<&File, ZdbError> {
		self.file.get().ok_or_else(|| ZdbError::Absent(self.path.clone()))
	}

	fn opened_file(&self) -> io::Result<&File> {
		self.file.get().ok_or_else(|| io::ErrorKind::NotFound.into())
	}

	/// Writes at an offset, for the log's flush.
	pub(crate) fn write_at(&self, bytes: &[u8], offset: u64) -> Result<(), ZdbError> {
		let written = self.file()?.write_all_at(bytes, offset);
		written.map_err(|error| ZdbError::file("write", &self.path, error))
	}

	fn new(number: u32, salt: u64, path: PathBuf, file: File, len: u64) -> Self {
		Self::with(number, salt, path, OnceLock::from(file), len)
	}

	fn with(number: u32, salt: u64, path: PathBuf, file: OnceLock<File>, len: u64) -> Self {
		let (flushed, synced) = (AtomicU64::new(len), AtomicU64::new(len));
		let (last, live) = (AtomicU64::new(0), AtomicU64::new(0));
		let hinted = AtomicBool::new(false);
		let heads = BTreeMap::new();
		Self { number, salt, path, file, heads, flushed, synced, last, live, hinted }
	}

	/// A segment over any file, such as a device that refuses what a disk only refuses on a bad day.
	#[cfg(test)]
	pub(crate) fn over_file(number: u32, path: &Path) -> Self {
		let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
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

	/// The sequence of the first record, if there is one.
	pub(crate) fn first_sequence(&self) -> Result<Option<u64>, ZdbError> {
		self.sequence_at(SEGMENT_HEADER_BYTES)
	}

	/// The sequence of the last record, if there is one.
	pub(crate) fn last_sequence(&self) -> Result<Option<u64>, ZdbError> {
		self.last().map_or(Ok(None), |offset| self.sequence_at(offset))
	}

	fn sequence_at(&self, offset: u64) -> Result<Option<u64>, ZdbError> {
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

	/// Notes where the last record starts.
	pub(crate) fn set_last(&self, offset: u64) {
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

	/// Brings everything that the kernel has to the disk.
	pub(crate) fn sync(&self) -> io::Result<()> {
		let end = self.flushed();
		if self.synced.load(Ordering::Acquire) >= end {
			return Ok(());
		}
		self.opened_file()?.sync_data()?;
		self.synced.fetch_max(end, Ordering::AcqRel);
		Ok(())
	}

	/// Cuts the file at `end`, for good.
	pub(crate) fn cut(&self, end: u64) -> Result<(), ZdbError> {
		let file = self.file()?;
		match file.set_len(end).and_then(|()| file.sync_all()) {
			// Opened for reading only, on a file system that takes no writes: what is behind is left out.
			Err(error) if error.kind() == io::ErrorKind::InvalidInput => {},
			cut => cut.map_err(|error| ZdbError::file("cut", &self.path, error))?,
		}
		self.flushed.store(end, Ordering::Release);
		self.synced.store(end, Ordering::Release);
		Ok(())
	}

	/// Marks all there is as not yet durable: what an earlier process wrote may not be.
	pub(crate) fn distrust(&self) {
		self.synced.store(0, Ordering::Release);
	}

	/// Fills `buffer` from `offset` on as far as the file goes.
	pub(crate) fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, ZdbError> {
		let Some(file) = self.file.get() else { return self.read_known(offset, buffer) };
		let mut filled = 0;
		while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
			match file.read_at(rest, offset + filled as u64) {
				Ok(0) => break,
				Ok(read) => filled += read,
				Err(error) if error.kind() == io::ErrorKind::Interrupted => {},
				Err(error) => return Err(ZdbError::file("read", &self.path, error)),
			}
		}
		Ok(filled)
	}

	/// Fills `buffer` with the head of the record at `offset`: all that is known of it while the file is missing.
	fn read_known(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, ZdbError> {
		let head = self.heads.get(&offset).ok_or_else(|| ZdbError::Absent(self.path.clone()))?;
		buffer.iter_mut().zip(head).for_each(|(place, byte)| *place = *byte);
		Ok(buffer.len().min(head.len()))
	}

	/// Writes over bytes that were damaged and makes them durable.
	pub(crate) fn overwrite(&self, offset: u64, bytes: &[u8]) -> Result<(), ZdbError> {
		let file = self.file()?;
		let written = file.write_all_at(bytes, offset).and_then(|()| file.sync_data());
		written.map_err(|error| ZdbError::file("mend", &self.path, error))
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

/// Opens a segment's file and checks its header; returns it with its length and salt.
fn open_file(
	path: &Path,
	number: u32,
	mode: Mode,
	audited: bool,
) -> Result<(File, u64, u64), ZdbError> {
	let read = || -> io::Result<(File, u64)> {
		let writing = OpenOptions::new().read(true).write(true).open(path);
		let file = match writing {
			// It can be read all the same.
			Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => File::open(path)?,
			opened => opened?,
		};
		let len = file.metadata()?.len();
		Ok((file, len))
	};
	let (file, len) = read().map_err(|error| ZdbError::file("open", path, error))?;
	let bad = |reason| ZdbError::BadSegment { path: path.to_owned(), reason };
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
	Ok((file, len, salt))
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
