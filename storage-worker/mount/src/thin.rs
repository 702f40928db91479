//! The content of a file that was written: blocks that the layer owns above blocks that it does not.
//!
//! `files/<inode>.data` is a sparse file of the file's full length; `<inode>.map` of the generation has one bit for each block of 4 KiB, set once the
//! layer owns the block. A block is marked only after its bytes are written. A file that has nothing below it is owned whole and has no map.
//!
//! Without `fsync` a loss of power may keep a mark and lose the bytes, as it may on any filesystem that does not order data and metadata.

use crate::{
	bitmap::Bitmap,
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
#[derive(Clone, Debug)]
pub(crate) struct Below {
	pub(crate) lower: Arc<dyn Lower>,
	/// The entry of the snapshot.
	pub(crate) entry: usize,
	/// Bytes of it that still count.
	pub(crate) limit: u64,
}

/// A file with content in the layer.
#[derive(Debug)]
pub(crate) struct ThinFile {
	files_dir: PathBuf,
	ino: u64,
	/// Open only while somebody has the file open: there may be more of them than descriptors.
	handles: Mutex<Option<Arc<Handles>>>,
	pub(crate) state: RwLock<State>,
	/// A sync failed: the kernel may have dropped what it should have stored, so no later one proves anything.
	poisoned: AtomicBool,
}

#[derive(Debug)]
pub(crate) struct Handles {
	pub(crate) data: File,
	pub(crate) map: Option<File>,
}

#[derive(Debug)]
pub(crate) struct State {
	pub(crate) below: Option<Below>,
	/// Blocks that the layer owns; unused where nothing lies below.
	pub(crate) owned: Bitmap,
	pub(crate) size: u64,
	/// The generation's directory, which holds the map.
	pub(crate) map_dir: PathBuf,
	/// What was changed since a commit began, while there is one.
	pub(crate) since: Option<Since>,
}

/// Changes since a moment.
#[derive(Clone, Debug)]
pub(crate) struct Since {
	/// Blocks that were written.
	pub(crate) blocks: Bitmap,
	/// The lowest length that the file had when its length changed: nothing from there on is as it was.
	pub(crate) cut: u64,
}

impl Default for Since {
	fn default() -> Self {
		Self { blocks: Bitmap::default(), cut: u64::MAX }
	}
}

impl State {
	pub(crate) fn owns(&self, block: u64) -> bool {
		self.below.is_none() || self.owned.has(block)
	}

	/// Bytes from below that still count.
	pub(crate) fn limit(&self) -> u64 {
		self.below.as_ref().map_or(0, |below| below.limit.min(self.size))
	}

	fn resized(&mut self, size: u64) {
		if let Some(since) = self.since.as_mut().filter(|_| size != self.size) {
			since.cut = since.cut.min(self.size).min(size);
		}
		self.size = size;
	}
}

pub(crate) fn data_path(dir: &Path, ino: u64) -> PathBuf {
	dir.join(format!("{ino:016x}.data"))
}

pub(crate) fn map_path(dir: &Path, ino: u64) -> PathBuf {
	dir.join(format!("{ino:016x}.map"))
}

/// Where a layer keeps contents and maps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places<'a> {
	pub(crate) files_dir: &'a Path,
	pub(crate) map_dir: &'a Path,
}

/// Removes a file's content from the layer.
pub(crate) fn remove(places: Places<'_>, ino: u64) {
	// Either may be missing, and what is left over is only waste.
	let _ = std::fs::remove_file(data_path(places.files_dir, ino));
	let _ = std::fs::remove_file(map_path(places.map_dir, ino));
}

/// What a write needs of blocks that it covers in part.
#[derive(Debug, Default)]
pub(crate) struct Edges(Vec<(u64, Vec<u8>)>);

impl ThinFile {
	/// The content of this inode, if the layer has any.
	pub(crate) fn open(
		places: Places<'_>,
		ino: u64,
		below: Option<Below>,
	) -> io::Result<Option<Self>> {
		let size = match std::fs::metadata(data_path(places.files_dir, ino)) {
			Ok(metadata) => metadata.len(),
			Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
			Err(error) => return Err(error),
		};
		let owned = match below.as_ref().map(|_| std::fs::read(map_path(places.map_dir, ino))) {
			Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => return Err(error),
			Some(Ok(owned)) => Bitmap::from_bytes(owned),
			_ => Bitmap::default(),
		};
		let map_dir = places.map_dir.to_owned();
		Ok(Some(Self {
			files_dir: places.files_dir.to_owned(),
			ino,
			handles: Mutex::new(None),
			state: RwLock::new(State { below, owned, size, map_dir, since: None }),
			poisoned: AtomicBool::new(false),
		}))
	}

	/// The open files. Whoever holds the state's lock says where the map is.
	pub(crate) fn handles(&self, state: &State) -> io::Result<Arc<Handles>> {
		let mut handles = self.handles.lock();
		if let Some(handles) = &*handles {
			return Ok(handles.clone());
		}
		let mut options = OpenOptions::new();
		options.read(true).write(true);
		let data = options.open(data_path(&self.files_dir, self.ino))?;
		let map = match state.below.is_some() {
			true => Some(
				options.create(true).truncate(false).open(map_path(&state.map_dir, self.ino))?,
			),
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
		places: Places<'_>,
		ino: u64,
		below: Option<Below>,
		size: u64,
	) -> io::Result<Self> {
		remove(places, ino);
		// The length is part of the content, so the file appears with it.
		let unfinished = places.files_dir.join(format!("{ino:016x}.new"));
		let data = File::create(&unfinished)?;
		data.set_len(size)?;
		std::fs::rename(&unfinished, data_path(places.files_dir, ino))?;
		Self::open(places, ino, below)?.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
	}

	/// Removes the content, whose file has no name any more.
	pub(crate) fn discard(&self) {
		let map_dir = self.state.read().map_dir.clone();
		remove(Places { files_dir: &self.files_dir, map_dir: &map_dir }, self.ino);
	}

	/// The file's length.
	pub(crate) fn size(&self) -> u64 {
		self.state.read().size
	}

	/// What the layer's filesystem knows of the file: times and allocated blocks.
	pub(crate) fn metadata(&self) -> io::Result<std::fs::Metadata> {
		match &*self.handles.lock() {
			Some(handles) => handles.data.metadata(),
			None => std::fs::metadata(data_path(&self.files_dir, self.ino)),
		}
	}

	pub(crate) fn set_times(&self, times: std::fs::FileTimes) -> io::Result<()> {
		self.handles(&self.state.read())?.data.set_times(times)
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
		counters: &Counters,
		offset: u64,
		buffer: &mut [u8],
	) -> io::Result<usize> {
		let mut from_below = Vec::new();
		let (below, limit, len) = {
			let state = self.state.read();
			let handles = self.handles(&state)?;
			let len = state.size.saturating_sub(offset).min(buffer.len() as u64) as usize;
			let (mut rest, _) = buffer.split_at_mut(len);
			let mut at = offset;
			for (owned, piece_len) in pieces(&state, offset, len) {
				let (piece, after) = rest.split_at_mut(piece_len.min(rest.len()));
				if owned {
					read_owned(&handles.data, at, piece)?;
				} else {
					from_below.push((at, piece.len()));
				}
				at += piece.len() as u64;
				rest = after;
			}
			(state.below.clone(), state.limit(), len)
		};
		for (at, piece_len) in from_below {
			let start = (at - offset) as usize;
			let piece = buffer.get_mut(start..start + piece_len).unwrap_or_default();
			read_below(counters, below.as_ref(), limit, at, piece)?;
		}
		Ok(len)
	}

	/// Fetches what a write of this range needs from below, before anything is locked: what lies below never changes.
	pub(crate) fn fetch_edges(
		&self,
		counters: &Counters,
		offset: u64,
		end: u64,
	) -> io::Result<Edges> {
		let (first, last) = (offset / BLOCK_BYTES, end.saturating_sub(1) / BLOCK_BYTES);
		let mut edges = Vec::new();
		if !offset.is_multiple_of(BLOCK_BYTES) {
			edges.push(first);
		}
		if !end.is_multiple_of(BLOCK_BYTES) && (first != last || edges.is_empty()) {
			edges.push(last);
		}
		let fetch = |block: u64| Ok((block, self.fetch(counters, block)?));
		Ok(Edges(edges.into_iter().map(fetch).collect::<io::Result<_>>()?))
	}

	/// Writes at `offset`; blocks that are covered in part are copied up first.
	pub(crate) fn write_at(
		&self,
		counters: &Counters,
		edges: &Edges,
		offset: u64,
		bytes: &[u8],
	) -> io::Result<()> {
		if bytes.is_empty() {
			return Ok(());
		}
		let end = offset.checked_add(bytes.len() as u64).ok_or(io::ErrorKind::InvalidInput)?;
		let mut state = self.state.write();
		let handles = self.handles(&state)?;
		copy_up_edges(&handles.data, counters, &state, edges)?;
		handles.data.write_all_at(bytes, offset)?;
		mark(handles.map.as_ref(), &mut state, offset / BLOCK_BYTES, (end - 1) / BLOCK_BYTES)?;
		let size = state.size.max(end);
		state.resized(size);
		add(&counters.thin_bytes_written, bytes.len() as u64);
		Ok(())
	}

	/// Makes a range inside the file read as zeros and gives its space back.
	pub(crate) fn punch(
		&self,
		counters: &Counters,
		edges: &Edges,
		offset: u64,
		end: u64,
	) -> io::Result<()> {
		let mut state = self.state.write();
		let end = end.min(state.size);
		if offset >= end {
			return Ok(());
		}
		let handles = self.handles(&state)?;
		copy_up_edges(&handles.data, counters, &state, edges)?;
		punch_data(&handles.data, offset, end - offset)?;
		mark(handles.map.as_ref(), &mut state, offset / BLOCK_BYTES, (end - 1) / BLOCK_BYTES)
	}

	/// What lies below of a block that the layer does not own.
	fn fetch(&self, counters: &Counters, block: u64) -> io::Result<Vec<u8>> {
		let start = block * BLOCK_BYTES;
		let (below, limit, owned) = {
			let state = self.state.read();
			(state.below.clone(), state.limit(), state.owns(block))
		};
		if owned || limit <= start {
			return Ok(Vec::new());
		}
		let mut bytes = vec![0; (limit - start).min(BLOCK_BYTES) as usize];
		read_below(counters, below.as_ref(), limit, start, &mut bytes)?;
		Ok(bytes)
	}

	/// Changes the length. What is cut from below does not come back: `limit` is the new limit that the caller has put into the journal.
	pub(crate) fn set_size(&self, size: u64, limit: Option<u64>) -> io::Result<()> {
		let mut state = self.state.write();
		if let (Some(below), Some(limit)) = (&mut state.below, limit) {
			below.limit = below.limit.min(limit);
		}
		self.handles(&state)?.data.set_len(size)?;
		state.resized(size);
		Ok(())
	}

	/// The limit of what counts from below after the file is cut to `size`, if that changes it.
	pub(crate) fn new_limit(&self, size: u64) -> Option<u64> {
		self.state.read().below.as_ref().filter(|below| size < below.limit).map(|_| size)
	}

	/// Where the next data or hole begins from `offset` on. A file with something below is all data.
	pub(crate) fn seek(&self, offset: u64, hole: bool) -> io::Result<u64> {
		let state = self.state.read();
		if offset >= state.size {
			return Err(io::Error::from_raw_os_error(libc::ENXIO));
		}
		if state.below.is_some() {
			return Ok(if hole { state.size } else { offset });
		}
		let handles = self.handles(&state)?;
		let whence = match hole {
			true => rustix::fs::SeekFrom::Hole(offset),
			false => rustix::fs::SeekFrom::Data(offset),
		};
		Ok(rustix::fs::seek(&handles.data, whence)?)
	}

	/// Makes content and map durable, in this order.
	pub(crate) fn sync(&self) -> io::Result<()> {
		if self.poisoned.load(Ordering::Relaxed) {
			return Err(io::Error::other("an earlier sync of the file failed"));
		}
		let handles = self.handles(&self.state.read())?;
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
pub(crate) fn read_owned(data: &File, at: u64, buffer: &mut [u8]) -> io::Result<()> {
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

/// Gives a range's space back; it reads as zeros.
pub(crate) fn punch_data(data: &File, offset: u64, len: u64) -> io::Result<()> {
	let flags = rustix::fs::FallocateFlags::PUNCH_HOLE | rustix::fs::FallocateFlags::KEEP_SIZE;
	Ok(rustix::fs::fallocate(data, flags, offset, len)?)
}

/// Brings blocks' bytes from below into the layer. They are not marked yet: the write that needs them follows.
fn copy_up_edges(data: &File, counters: &Counters, state: &State, edges: &Edges) -> io::Result<()> {
	if state.below.is_none() {
		return Ok(());
	}
	for (block, fetched) in &edges.0 {
		let start = block * BLOCK_BYTES;
		let len = state.size.saturating_sub(start).min(BLOCK_BYTES) as usize;
		if state.owns(*block) || len == 0 {
			continue;
		}
		// The file may have been cut since it was fetched; what was cut reads as zeros.
		let valid = state.limit().saturating_sub(start).min(fetched.len() as u64) as usize;
		let mut bytes: Vec<u8> = fetched.iter().copied().take(valid.min(len)).collect();
		bytes.resize(len, 0);
		add(&counters.copied_up_blocks, 1);
		data.write_all_at(&bytes, start)?;
	}
	Ok(())
}

/// Marks blocks as owned, in memory and in the map, and as changed.
pub(crate) fn mark(map: Option<&File>, state: &mut State, first: u64, last: u64) -> io::Result<()> {
	if let Some(since) = &mut state.since {
		since.blocks.add(first, last);
	}
	if state.below.is_none() {
		return Ok(());
	}
	let changed = state.owned.add(first, last);
	let (Some(map), Some(range)) = (map, changed) else { return Ok(()) };
	let from = range.start as u64;
	map.write_all_at(state.owned.bytes().get(range).unwrap_or_default(), from)
}

/// Reads what lies below at `at`; behind the limit there are zeros.
pub(crate) fn read_below(
	counters: &Counters,
	below: Option<&Below>,
	limit: u64,
	at: u64,
	buffer: &mut [u8],
) -> io::Result<()> {
	let count = limit.saturating_sub(at).min(buffer.len() as u64) as usize;
	let (real, zeros) = buffer.split_at_mut(count);
	zeros.fill(0);
	let (Some(below), false) = (below, real.is_empty()) else { return Ok(()) };
	let read = below.lower.read_at(below.entry, at, real)?;
	add(&counters.lower_bytes_read, read as u64);
	if read < real.len() {
		return Err(io::Error::other("the snapshot's file is shorter than its manifest says"));
	}
	Ok(())
}
