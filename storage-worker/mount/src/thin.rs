//! The content of a file that was written: blocks that the layer owns above blocks that it does not.
//!
//! `files/<inode>.data` is a sparse file of the file's full length; `files/<inode>.map` has one bit for each block of 4 KiB, set once the layer owns
//! the block. A block is marked only after its bytes are written. A file that was made in the layer has nothing below it and no map.
//!
//! Without `fsync` a loss of power may keep a mark and lose the bytes, as it may on any filesystem that does not order data and metadata.

use crate::{
	stats::{add, Counters},
	Lower,
};
use parking_lot::RwLock;
use std::{
	fs::{File, OpenOptions},
	io,
	os::unix::fs::FileExt,
	path::{Path, PathBuf},
};

/// The unit of copy on write: a page.
pub const BLOCK_BYTES: u64 = 4096;

/// What of a file lies below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Below {
	/// The entry of the snapshot.
	pub(crate) entry: usize,
	/// Bytes of it that still count.
	pub(crate) limit: u64,
}

/// A file with content in the layer.
#[derive(Debug)]
pub(crate) struct ThinFile {
	data: File,
	map: Option<File>,
	state: RwLock<State>,
}

#[derive(Debug)]
struct State {
	below: Option<Below>,
	/// Bits of owned blocks; unused where nothing lies below.
	owned: Vec<u8>,
	size: u64,
}

impl State {
	fn owns(&self, block: u64) -> bool {
		let byte = self.owned.get((block / 8) as usize).copied().unwrap_or(0);
		self.below.is_none() || byte >> (block % 8) & 1 == 1
	}

	/// Bytes from below that still count.
	fn limit(&self) -> u64 {
		self.below.map_or(0, |below| below.limit.min(self.size))
	}
}

fn data_path(dir: &Path, ino: u64) -> PathBuf {
	dir.join(format!("{ino:016x}.data"))
}

fn map_path(dir: &Path, ino: u64) -> PathBuf {
	dir.join(format!("{ino:016x}.map"))
}

/// Removes a file's content from the layer.
pub(crate) fn remove(dir: &Path, ino: u64) {
	// Either may be missing, and what is left over is only waste.
	let _ = std::fs::remove_file(data_path(dir, ino));
	let _ = std::fs::remove_file(map_path(dir, ino));
}

impl ThinFile {
	/// The content of this inode, if the layer has any.
	pub(crate) fn open(dir: &Path, ino: u64, below: Option<Below>) -> io::Result<Option<Self>> {
		let mut options = OpenOptions::new();
		options.read(true).write(true);
		let data = match options.open(data_path(dir, ino)) {
			Ok(data) => data,
			Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
			Err(error) => return Err(error),
		};
		let (map, owned) = match below {
			Some(_) => {
				let path = map_path(dir, ino);
				let map = options.create(true).truncate(false).open(&path)?;
				(Some(map), std::fs::read(&path)?)
			},
			None => (None, Vec::new()),
		};
		let size = data.metadata()?.len();
		Ok(Some(Self { data, map, state: RwLock::new(State { below, owned, size }) }))
	}

	/// Makes a file of `size` bytes, all of them from below or zeros.
	pub(crate) fn create(
		dir: &Path,
		ino: u64,
		below: Option<Below>,
		size: u64,
	) -> io::Result<Self> {
		remove(dir, ino);
		// The length is part of the content, so the file appears with it.
		let unfinished = dir.join(format!("{ino:016x}.new"));
		let data = File::create(&unfinished)?;
		data.set_len(size)?;
		std::fs::rename(&unfinished, data_path(dir, ino))?;
		Self::open(dir, ino, below)?.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
	}

	/// The file's length.
	pub(crate) fn size(&self) -> u64 {
		self.state.read().size
	}

	/// The layer's own file, for times and allocated blocks.
	pub(crate) fn data(&self) -> &File {
		&self.data
	}

	/// Fills `buffer` from `offset` on; less only at the end.
	pub(crate) fn read_at(
		&self,
		lower: &dyn Lower,
		counters: &Counters,
		offset: u64,
		buffer: &mut [u8],
	) -> io::Result<usize> {
		let state = self.state.read();
		let len = state.size.saturating_sub(offset).min(buffer.len() as u64) as usize;
		let (mut rest, _) = buffer.split_at_mut(len);
		let mut at = offset;
		while !rest.is_empty() {
			let owned = state.owns(at / BLOCK_BYTES);
			let mut end = (at / BLOCK_BYTES + 1) * BLOCK_BYTES;
			while end < at + rest.len() as u64 && state.owns(end / BLOCK_BYTES) == owned {
				end += BLOCK_BYTES;
			}
			let (piece, after) = rest.split_at_mut(((end - at) as usize).min(rest.len()));
			if owned {
				self.data.read_exact_at(piece, at)?;
			} else {
				read_below(lower, counters, &state, at, piece)?;
			}
			at += piece.len() as u64;
			rest = after;
		}
		Ok(len)
	}

	/// Writes at `offset`; blocks that are covered in part are copied up first.
	pub(crate) fn write_at(
		&self,
		lower: &dyn Lower,
		counters: &Counters,
		offset: u64,
		bytes: &[u8],
	) -> io::Result<()> {
		if bytes.is_empty() {
			return Ok(());
		}
		let end = offset.checked_add(bytes.len() as u64).ok_or(io::ErrorKind::InvalidInput)?;
		let mut state = self.state.write();
		if state.below.is_some() {
			let (first, last) = (offset / BLOCK_BYTES, (end - 1) / BLOCK_BYTES);
			if !offset.is_multiple_of(BLOCK_BYTES) {
				self.copy_up(lower, counters, &state, first)?;
			}
			if !end.is_multiple_of(BLOCK_BYTES)
				&& (first != last || offset.is_multiple_of(BLOCK_BYTES))
			{
				self.copy_up(lower, counters, &state, last)?;
			}
			self.data.write_all_at(bytes, offset)?;
			self.mark(&mut state, first, last)?;
		} else {
			self.data.write_all_at(bytes, offset)?;
		}
		state.size = state.size.max(end);
		add(&counters.thin_bytes_written, bytes.len() as u64);
		Ok(())
	}

	/// Brings a block's bytes from below into the layer. It is not marked yet: the write that needs it follows.
	fn copy_up(
		&self,
		lower: &dyn Lower,
		counters: &Counters,
		state: &State,
		block: u64,
	) -> io::Result<()> {
		let start = block * BLOCK_BYTES;
		let len = state.size.saturating_sub(start).min(BLOCK_BYTES) as usize;
		if state.owns(block) || len == 0 {
			return Ok(());
		}
		let mut bytes = vec![0; len];
		read_below(lower, counters, state, start, &mut bytes)?;
		add(&counters.copied_up_blocks, 1);
		self.data.write_all_at(&bytes, start)
	}

	/// Marks blocks as owned, in memory and in the map.
	fn mark(&self, state: &mut State, first: u64, last: u64) -> io::Result<()> {
		let bytes = (last / 8 + 1) as usize;
		if state.owned.len() < bytes {
			state.owned.resize(bytes, 0);
		}
		let mut changed = false;
		for block in first..=last {
			if let Some(byte) = state.owned.get_mut((block / 8) as usize) {
				let bit = 1 << (block % 8);
				changed |= *byte & bit == 0;
				*byte |= bit;
			}
		}
		let (Some(map), true) = (&self.map, changed) else { return Ok(()) };
		let from = (first / 8) as usize;
		map.write_all_at(state.owned.get(from..bytes).unwrap_or_default(), from as u64)
	}

	/// Changes the length. What is cut from below does not come back: `limit` is the new limit that the caller has put into the journal.
	pub(crate) fn set_size(&self, size: u64, limit: Option<u64>) -> io::Result<()> {
		let mut state = self.state.write();
		if let (Some(below), Some(limit)) = (&mut state.below, limit) {
			below.limit = below.limit.min(limit);
		}
		self.data.set_len(size)?;
		state.size = size;
		Ok(())
	}

	/// The limit of what counts from below after the file is cut to `size`, if that changes it.
	pub(crate) fn new_limit(&self, size: u64) -> Option<u64> {
		self.state.read().below.filter(|below| size < below.limit).map(|_| size)
	}

	/// Makes content and map durable, in this order.
	pub(crate) fn sync(&self) -> io::Result<()> {
		self.data.sync_data()?;
		self.map.as_ref().map_or(Ok(()), File::sync_data)
	}
}

/// Reads what lies below at `at`; behind the limit there are zeros.
fn read_below(
	lower: &dyn Lower,
	counters: &Counters,
	state: &State,
	at: u64,
	buffer: &mut [u8],
) -> io::Result<()> {
	let count = state.limit().saturating_sub(at).min(buffer.len() as u64) as usize;
	let (real, zeros) = buffer.split_at_mut(count);
	zeros.fill(0);
	let (Some(below), false) = (state.below, real.is_empty()) else { return Ok(()) };
	let read = lower.read_at(below.entry, at, real)?;
	add(&counters.lower_bytes_read, read as u64);
	if read < real.len() {
		return Err(io::Error::other("the snapshot's file is shorter than its manifest says"));
	}
	Ok(())
}
