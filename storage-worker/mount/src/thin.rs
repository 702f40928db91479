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
use parking_lot::{Mutex, RwLock};
use std::{
	fs::{File, OpenOptions},
	io,
	os::unix::fs::FileExt,
	path::{Path, PathBuf},
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
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
	dir: PathBuf,
	ino: u64,
	/// Whether there is a map; that never changes.
	mapped: bool,
	/// Open only while somebody has the file open: there may be more of them than descriptors.
	handles: Mutex<Option<Arc<Handles>>>,
	state: RwLock<State>,
	/// A sync failed: the kernel may have dropped what it should have stored, so no later one proves anything.
	poisoned: AtomicBool,
}

#[derive(Debug)]
struct Handles {
	data: File,
	map: Option<File>,
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
		let size = match std::fs::metadata(data_path(dir, ino)) {
			Ok(metadata) => metadata.len(),
			Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
			Err(error) => return Err(error),
		};
		let owned = match below.map(|_| std::fs::read(map_path(dir, ino))) {
			Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => return Err(error),
			Some(Ok(owned)) => owned,
			_ => Vec::new(),
		};
		Ok(Some(Self {
			dir: dir.to_owned(),
			ino,
			mapped: below.is_some(),
			handles: Mutex::new(None),
			state: RwLock::new(State { below, owned, size }),
			poisoned: AtomicBool::new(false),
		}))
	}

	fn handles(&self) -> io::Result<Arc<Handles>> {
		let mut handles = self.handles.lock();
		if let Some(handles) = &*handles {
			return Ok(handles.clone());
		}
		let mut options = OpenOptions::new();
		options.read(true).write(true);
		let data = options.open(data_path(&self.dir, self.ino))?;
		let map = match self.mapped {
			true => Some(options.create(true).truncate(false).open(map_path(&self.dir, self.ino))?),
			false => None,
		};
		let opened = Arc::new(Handles { data, map });
		*handles = Some(opened.clone());
		Ok(opened)
	}

	/// Closes the layer's own files until they are needed again.
	pub(crate) fn put_away(&self) {
		*self.handles.lock() = None;
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

	/// What the layer's filesystem knows of the file: times and allocated blocks.
	pub(crate) fn metadata(&self) -> io::Result<std::fs::Metadata> {
		match &*self.handles.lock() {
			Some(handles) => handles.data.metadata(),
			None => std::fs::metadata(data_path(&self.dir, self.ino)),
		}
	}

	pub(crate) fn set_times(&self, times: std::fs::FileTimes) -> io::Result<()> {
		self.handles()?.data.set_times(times)
	}

	/// Whether a read or write of this range has to fetch something from below.
	pub(crate) fn needs_below(&self, offset: u64, len: usize, writing: bool) -> bool {
		let state = self.state.read();
		let end =
			offset.saturating_add(len as u64).min(if writing { u64::MAX } else { state.size });
		if len == 0 || offset >= end {
			return false;
		}
		let (first, last) = (offset / BLOCK_BYTES, (end - 1) / BLOCK_BYTES);
		let lies_below = |block: u64| !state.owns(block) && block * BLOCK_BYTES < state.limit();
		if writing {
			let (head, tail) =
				(!offset.is_multiple_of(BLOCK_BYTES), !end.is_multiple_of(BLOCK_BYTES));
			(head && lies_below(first)) || (tail && lies_below(last))
		} else {
			(first..=last).any(lies_below)
		}
	}

	/// Fills `buffer` from `offset` on; less only at the end. Nothing is locked while the snapshot is asked: a block that is written
	/// meanwhile may be answered as it was before.
	pub(crate) fn read_at(
		&self,
		lower: &dyn Lower,
		counters: &Counters,
		offset: u64,
		buffer: &mut [u8],
	) -> io::Result<usize> {
		let handles = self.handles()?;
		let (pieces, below, limit, len) = {
			let state = self.state.read();
			let len = state.size.saturating_sub(offset).min(buffer.len() as u64) as usize;
			(pieces(&state, offset, len), state.below, state.limit(), len)
		};
		let (mut rest, _) = buffer.split_at_mut(len);
		let mut at = offset;
		for (owned, piece_len) in pieces {
			let (piece, after) = rest.split_at_mut(piece_len.min(rest.len()));
			if owned {
				read_owned(&handles.data, at, piece)?;
			} else {
				read_below(lower, counters, below, limit, at, piece)?;
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
		let handles = self.handles()?;
		let (first, last) = (offset / BLOCK_BYTES, (end - 1) / BLOCK_BYTES);
		let mut edges = Vec::new();
		if !offset.is_multiple_of(BLOCK_BYTES) {
			edges.push(first);
		}
		if !end.is_multiple_of(BLOCK_BYTES) && (first != last || edges.is_empty()) {
			edges.push(last);
		}
		// Fetched before the lock is taken; what lies below never changes, so it is still right then.
		let fetched = edges
			.iter()
			.map(|block| self.fetch(lower, counters, *block))
			.collect::<io::Result<Vec<_>>>()?;
		let mut state = self.state.write();
		if state.below.is_some() {
			for (block, bytes) in edges.iter().zip(&fetched) {
				copy_up(&handles.data, counters, &state, *block, bytes)?;
			}
			handles.data.write_all_at(bytes, offset)?;
			mark(handles.map.as_ref(), &mut state, first, last)?;
		} else {
			handles.data.write_all_at(bytes, offset)?;
		}
		state.size = state.size.max(end);
		add(&counters.thin_bytes_written, bytes.len() as u64);
		Ok(())
	}

	/// What lies below of a block that the layer does not own.
	fn fetch(&self, lower: &dyn Lower, counters: &Counters, block: u64) -> io::Result<Vec<u8>> {
		let start = block * BLOCK_BYTES;
		let (below, limit, owned) = {
			let state = self.state.read();
			(state.below, state.limit(), state.owns(block))
		};
		if owned || limit <= start {
			return Ok(Vec::new());
		}
		let mut bytes = vec![0; (limit - start).min(BLOCK_BYTES) as usize];
		read_below(lower, counters, below, limit, start, &mut bytes)?;
		Ok(bytes)
	}

	/// Changes the length. What is cut from below does not come back: `limit` is the new limit that the caller has put into the journal.
	pub(crate) fn set_size(&self, size: u64, limit: Option<u64>) -> io::Result<()> {
		let mut state = self.state.write();
		if let (Some(below), Some(limit)) = (&mut state.below, limit) {
			below.limit = below.limit.min(limit);
		}
		self.handles()?.data.set_len(size)?;
		state.size = size;
		Ok(())
	}

	/// The limit of what counts from below after the file is cut to `size`, if that changes it.
	pub(crate) fn new_limit(&self, size: u64) -> Option<u64> {
		self.state.read().below.filter(|below| size < below.limit).map(|_| size)
	}

	/// Makes content and map durable, in this order.
	pub(crate) fn sync(&self) -> io::Result<()> {
		if self.poisoned.load(Ordering::Relaxed) {
			return Err(io::Error::other("an earlier sync of the file failed"));
		}
		let handles = self.handles()?;
		let result = handles
			.data
			.sync_data()
			.and_then(|()| handles.map.as_ref().map_or(Ok(()), File::sync_data));
		if result.is_err() {
			self.poisoned.store(true, Ordering::Relaxed);
		}
		result
	}
}

/// Runs of bytes with the same owner: whether it is the layer, and their number.
fn pieces(state: &State, offset: u64, len: usize) -> Vec<(bool, usize)> {
	let (mut at, end) = (offset, offset + len as u64);
	let mut pieces = Vec::new();
	while at < end {
		let owned = state.owns(at / BLOCK_BYTES);
		let mut stop = (at / BLOCK_BYTES + 1) * BLOCK_BYTES;
		while stop < end && state.owns(stop / BLOCK_BYTES) == owned {
			stop += BLOCK_BYTES;
		}
		let stop = stop.min(end);
		pieces.push((owned, (stop - at) as usize));
		at = stop;
	}
	pieces
}

/// Reads from the layer; a file that was cut meanwhile ends in zeros.
fn read_owned(data: &File, at: u64, buffer: &mut [u8]) -> io::Result<()> {
	let mut filled = 0;
	while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
		match data.read_at(rest, at + filled as u64) {
			Ok(0) => {
				rest.fill(0);
				break;
			},
			Ok(count) => filled += count,
			Err(error) if error.kind() == io::ErrorKind::Interrupted => {},
			Err(error) => return Err(error),
		}
	}
	Ok(())
}

/// Brings a block's bytes from below into the layer. It is not marked yet: the write that needs it follows.
fn copy_up(
	data: &File,
	counters: &Counters,
	state: &State,
	block: u64,
	fetched: &[u8],
) -> io::Result<()> {
	let start = block * BLOCK_BYTES;
	let len = state.size.saturating_sub(start).min(BLOCK_BYTES) as usize;
	if state.owns(block) || len == 0 {
		return Ok(());
	}
	// The file may have been cut since it was fetched; what was cut reads as zeros.
	let valid = state.limit().saturating_sub(start).min(fetched.len() as u64) as usize;
	let mut bytes: Vec<u8> = fetched.iter().copied().take(valid.min(len)).collect();
	bytes.resize(len, 0);
	add(&counters.copied_up_blocks, 1);
	data.write_all_at(&bytes, start)
}

/// Marks blocks as owned, in memory and in the map.
fn mark(map: Option<&File>, state: &mut State, first: u64, last: u64) -> io::Result<()> {
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
	let (Some(map), true) = (map, changed) else { return Ok(()) };
	let from = (first / 8) as usize;
	map.write_all_at(state.owned.get(from..bytes).unwrap_or_default(), from as u64)
}

/// Reads what lies below at `at`; behind the limit there are zeros.
fn read_below(
	lower: &dyn Lower,
	counters: &Counters,
	below: Option<Below>,
	limit: u64,
	at: u64,
	buffer: &mut [u8],
) -> io::Result<()> {
	let count = limit.saturating_sub(at).min(buffer.len() as u64) as usize;
	let (real, zeros) = buffer.split_at_mut(count);
	zeros.fill(0);
	let (Some(below), false) = (below, real.is_empty()) else { return Ok(()) };
	let read = lower.read_at(below.entry, at, real)?;
	add(&counters.lower_bytes_read, read as u64);
	if read < real.len() {
		return Err(io::Error::other("the snapshot's file is shorter than its manifest says"));
	}
	Ok(())
}
