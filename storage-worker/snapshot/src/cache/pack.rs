//! Packs: the cache's files, which hold many chunks each.
//!
//! `<name>.data` has the chunks one after the other, each from a multiple of 4 KiB on; `<name>.index` has a record of 64 bytes for each, written when the
//! chunk's bytes have reached the kernel: id (32 bytes), the first 16 bytes of the chunk's BLAKE3 hash, first block u32 LE, length u32 LE, and the first 8
//! bytes of the BLAKE3 hash of these. A pack grows at its end only, and no name is used twice: whoever has a pack open, or finds it by its name, finds in
//! it what was there before. One process at a time appends, the one that has locked the index. A pack goes as a whole, and whoever has it open can
//! still read it then.

use crate::ObjectId;
use std::{
	ffi::OsStr,
	fs::{self, File, OpenOptions},
	io,
	os::unix::fs::{FileExt, MetadataExt},
	path::{Path, PathBuf},
	sync::Arc,
	time::{SystemTime, UNIX_EPOCH},
};

pub(super) const RECORD_BYTES: usize = 64;
pub(super) const BLOCK_BYTES: u64 = 4096;
pub(super) const CHECK_BYTES: usize = 16;
/// What of a record its own hash covers.
const HASHED_BYTES: usize = 56;
/// What of an index is read at most: that of a pack of small chunks only is a tenth of it.
const INDEX_BYTES_MAX: u64 = 64 << 20;
const INDEX: &str = "index";
const DATA: &str = "data";

/// The first bytes of a chunk's hash.
pub(super) type Check = [u8; CHECK_BYTES];

/// What a chunk is checked by when it is read.
pub(super) fn check_of(chunk: &[u8]) -> Check {
	let hash = blake3::hash(chunk);
	hash.as_bytes().first_chunk().copied().unwrap_or_default()
}

/// Bytes that a chunk takes in a pack, its record included.
pub(super) fn taken(len: usize) -> u64 {
	(len as u64).next_multiple_of(BLOCK_BYTES) + RECORD_BYTES as u64
}

/// Where a chunk lies in which pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
	pub(super) pack: u32,
	block: u32,
	len: u32,
}

impl Place {
	pub(super) fn offset(&self) -> u64 {
		u64::from(self.block) * BLOCK_BYTES
	}

	pub(super) fn len(&self) -> usize {
		self.len as usize
	}

	/// Bytes of the pack that it takes.
	pub(super) fn taken(&self) -> u64 {
		taken(self.len())
	}

	/// Where the next chunk may begin.
	pub(super) fn end(&self) -> u64 {
		(self.offset() + u64::from(self.len)).next_multiple_of(BLOCK_BYTES)
	}
}

/// A chunk as an index lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
	pub(super) id: ObjectId,
	pub(super) check: Check,
	pub(super) place: Place,
}

impl Record {
	fn append_to(&self, index: &mut Vec<u8>) {
		let begin = index.len();
		index.extend_from_slice(&self.id);
		index.extend_from_slice(&self.check);
		index.extend_from_slice(&self.place.block.to_le_bytes());
		index.extend_from_slice(&self.place.len.to_le_bytes());
		let hash = blake3::hash(index.get(begin..).unwrap_or_default());
		index.extend(hash.as_bytes().iter().take(RECORD_BYTES - HASHED_BYTES));
	}

	/// A whole and good one.
	fn parse(bytes: &[u8], pack: u32) -> Option<Self> {
		let (hashed, hash) = bytes.split_at_checked(HASHED_BYTES)?;
		if !blake3::hash(hashed).as_bytes().starts_with(hash) {
			return None;
		}
		let (id, rest) = hashed.split_first_chunk()?;
		let (check, rest) = rest.split_first_chunk()?;
		let (block, rest) = rest.split_first_chunk()?;
		let len = u32::from_le_bytes(*rest.first_chunk()?);
		let place = Place { pack, block: u32::from_le_bytes(*block), len };
		Some(Self { id: *id, check: *check, place })
	}
}

/// A pack that is read.
#[derive(Debug)]
pub(super) struct Pack {
	/// Its path without what tells its two files apart.
	stem: PathBuf,
	number: u32,
	/// Bytes of its index that are known, and where its data ends as far as these say.
	indexed: u64,
	end: u64,
	/// Open from when it is read first.
	data: Option<Arc<File>>,
}

impl Pack {
	/// The pack with this stem, of which nothing is known yet. `number` stands for it in this process.
	pub(super) fn at(stem: PathBuf, number: u32) -> Self {
		Self { stem, number, indexed: 0, end: 0, data: None }
	}

	pub(super) fn stem(&self) -> &Path {
		&self.stem
	}

	/// Bytes of the disk that it takes.
	pub(super) fn size(&self) -> u64 {
		self.end + self.indexed
	}

	/// Takes note of what this process has appended.
	pub(super) fn grown(&mut self, writer: &Writer) {
		self.indexed = self.indexed.max(writer.indexed);
		self.end = self.end.max(writer.end);
	}

	/// Its chunks' bytes.
	pub(super) fn data(&mut self) -> io::Result<Arc<File>> {
		if let Some(data) = &self.data {
			return Ok(data.clone());
		}
		let data = File::open(self.stem.with_extension(DATA))?;
		// What is read is what is needed: whoever goes on says so ([`super::ChunkCache::will_need`]).
		rustix::fs::fadvise(&data, 0, None, rustix::fs::Advice::Random)?;
		let data = Arc::new(data);
		self.data = Some(data.clone());
		Ok(data)
	}

	/// Records that were added since this was asked last.
	pub(super) fn more(&mut self) -> io::Result<Vec<Record>> {
		let path = self.stem.with_extension(INDEX);
		let len = fs::metadata(&path)?.len();
		let whole = (len - len % RECORD_BYTES as u64).min(INDEX_BYTES_MAX);
		let mut bytes = vec![0; whole.saturating_sub(self.indexed) as usize];
		if bytes.is_empty() {
			return Ok(Vec::new());
		}
		File::open(&path)?.read_exact_at(&mut bytes, self.indexed)?;
		let mut found = Vec::new();
		for record in bytes.chunks_exact(RECORD_BYTES) {
			match Record::parse(record, self.number) {
				Some(record) => {
					self.end = self.end.max(record.place.end());
					found.push(record);
				},
				// The last one may be half written; one before others was cut by a crash and is passed over.
				None if self.indexed + RECORD_BYTES as u64 == whole => break,
				None => {},
			}
			self.indexed += RECORD_BYTES as u64;
		}
		Ok(found)
	}

	/// Takes the right to append to it, or to remove it, for as long as the file is open; nothing if somebody else has it, or if the pack is gone.
	pub(super) fn lock(&self) -> io::Result<Option<File>> {
		let opened =
			OpenOptions::new().read(true).write(true).open(self.stem.with_extension(INDEX));
		let index = match opened {
			Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
			opened => opened?,
		};
		match index.try_lock() {
			// Whoever had it before may have removed it.
			Ok(()) => {
				Ok(Some(index).filter(|index| index.metadata().is_ok_and(|of| of.nlink() > 0)))
			},
			Err(fs::TryLockError::WouldBlock) => Ok(None),
			Err(fs::TryLockError::Error(error)) => Err(error),
		}
	}

	/// Removes it. Whoever reads it goes on.
	pub(super) fn remove(&self) {
		// Another process may have done so; an index without data would list what is not there, so it goes first.
		let _ = fs::remove_file(self.stem.with_extension(INDEX));
		let _ = fs::remove_file(self.stem.with_extension(DATA));
	}
}

/// A pack that this process appends to.
#[derive(Debug)]
pub(super) struct Writer {
	pub(super) number: u32,
	index: File,
	data: File,
	indexed: u64,
	end: u64,
}

impl Writer {
	/// Makes a pack in a directory and answers its stem, and its index, locked.
	pub(super) fn create(dir: &Path) -> io::Result<(PathBuf, File)> {
		let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
		let mut name_ns = since.as_nanos() as u64;
		loop {
			let stem = dir.join(format!("{name_ns:016x}"));
			let mut options = OpenOptions::new();
			options.read(true).write(true).create_new(true);
			match options.open(stem.with_extension(DATA)) {
				Ok(_) => {
					let index = options.open(stem.with_extension(INDEX))?;
					index.try_lock().map_err(io::Error::from)?;
					return Ok((stem, index));
				},
				Err(error) if error.kind() == io::ErrorKind::AlreadyExists => name_ns += 1,
				Err(error) => return Err(error),
			}
		}
	}

	/// Goes on at the end of a pack whose index this process has locked.
	pub(super) fn open(pack: &Pack, index: File) -> io::Result<Self> {
		let data = OpenOptions::new().write(true).open(pack.stem.with_extension(DATA))?;
		let indexed = index.metadata()?.len() / RECORD_BYTES as u64 * RECORD_BYTES as u64;
		// Behind what the index lists may be what another process was writing when it died.
		let end = pack.end.max(data.metadata()?.len()).next_multiple_of(BLOCK_BYTES);
		Ok(Self { number: pack.number, index, data, indexed, end })
	}

	/// Where the data ends.
	pub(super) fn end(&self) -> u64 {
		self.end
	}

	/// Appends chunks. After an error nothing more may be appended here: others may have read a part of what is written now.
	pub(super) fn append(&mut self, chunks: &[(ObjectId, &[u8])]) -> io::Result<Vec<Record>> {
		let bytes: u64 = chunks.iter().map(|(_, chunk)| taken(chunk.len())).sum();
		let mut data = Vec::with_capacity(bytes as usize);
		let mut index = Vec::with_capacity(chunks.len() * RECORD_BYTES);
		let mut records = Vec::with_capacity(chunks.len());
		for (id, chunk) in chunks {
			let block = u32::try_from((self.end + data.len() as u64) / BLOCK_BYTES);
			let block = block.map_err(|_| io::ErrorKind::FileTooLarge)?;
			let len = u32::try_from(chunk.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
			let place = Place { pack: self.number, block, len };
			let record = Record { id: *id, check: check_of(chunk), place };
			data.extend_from_slice(chunk);
			data.resize(data.len().next_multiple_of(BLOCK_BYTES as usize), 0);
			record.append_to(&mut index);
			records.push(record);
		}
		self.data.write_all_at(&data, self.end)?;
		self.index.write_all_at(&index, self.indexed)?;
		self.end += data.len() as u64;
		self.indexed += index.len() as u64;
		Ok(records)
	}
}

/// What a file of a directory of packs is: the stem, and whether it is an index.
pub(super) fn stem_of(path: &Path) -> Option<(PathBuf, bool)> {
	match path.extension().and_then(OsStr::to_str) {
		Some(INDEX) => Some((path.with_extension(""), true)),
		Some(DATA) => Some((path.with_extension(""), false)),
		_ => None,
	}
}

/// Removes the data of a pack that has no index.
pub(super) fn remove_data(stem: &Path) {
	let _ = fs::remove_file(stem.with_extension(DATA));
}

/// When the data of a pack was written last.
pub(super) fn data_written(stem: &Path) -> Option<SystemTime> {
	fs::metadata(stem.with_extension(DATA)).and_then(|metadata| metadata.modified()).ok()
}
