//! The content of a file that was written: blocks that the layer owns above blocks that it does not.
//!
//! `files/<inode>.data` is a sparse file of the file's full length. One bit for each block of 4 KiB says whether the layer owns it, and there are two maps of
//! them in the generation's directory: `<inode>.live` is written with each write, after its bytes, and holds whatever was acknowledged when the process is
//! killed; `<inode>.map` is written when the file is synced, after the bytes are durable, and is what counts after the machine lost its power, since then a mark in the
//! live one may have outlived its bytes. Between two of those a record of [`crate::sync_log`] holds bytes and marks of what was synced. A file that has nothing below it is owned whole and has no map.

use crate::{
	bitmap::Bitmap,
	blocks::{
		copy_up_edges, mark, pieces, punch_data, read_below, read_owned, Below, Edges, State,
		BLOCK_BYTES,
	},
	dirty::Dirty,
	stats::{add, Counters},
};
use parking_lot::{Mutex, RwLock};
use std::{
	fs::{File, OpenOptions},
	io,
	os::unix::fs::FileExt,
	path::{Path, PathBuf},
	sync::{atomic::AtomicBool, Arc},
};

/// A file with content in the layer.
#[derive(Debug)]
pub(crate) struct ThinFile {
	files_dir: PathBuf,
	pub(crate) ino: u64,
	/// Open only while somebody has the file open: there may be more of them than descriptors.
	handles: Mutex<Option<Arc<Handles>>>,
	pub(crate) state: RwLock<State>,
	/// Where the last record of the file ends in the log of synced writes. Held while a sync collects what it has to make durable, so that
	/// records have the order of what they say, and while the file itself is synced.
	pub(crate) last_record: Mutex<u64>,
	/// A sync failed: the kernel may have dropped what it should have stored, so no later one proves anything.
	pub(crate) poisoned: AtomicBool,
}

#[derive(Debug)]
pub(crate) struct Handles {
	pub(crate) data: File,
	/// Marks as they are.
	pub(crate) live: Option<File>,
	/// Marks of bytes that are durable.
	pub(crate) durable: Option<File>,
}

pub(crate) fn data_path(dir: &Path, ino: u64) -> PathBuf {
	dir.join(format!("{ino:016x}.data"))
}

/// A content that is about to take its place.
pub(crate) fn unfinished_path(dir: &Path, ino: u64) -> PathBuf {
	dir.join(format!("{ino:016x}.new"))
}

pub(crate) fn map_path(dir: &Path, ino: u64) -> PathBuf {
	dir.join(format!("{ino:016x}.map"))
}

pub(crate) fn live_path(dir: &Path, ino: u64) -> PathBuf {
	dir.join(format!("{ino:016x}.live"))
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
	let _ = std::fs::remove_file(live_path(places.map_dir, ino));
}

/// Makes the durable maps the ones that count: the machine was started anew since the others were written.
pub(crate) fn forget_live(map_dir: &Path) -> io::Result<()> {
	for entry in std::fs::read_dir(map_dir)? {
		let path = entry?.path();
		if path.extension().is_some_and(|extension| extension == "live") {
			std::fs::remove_file(path)?;
		}
	}
	Ok(())
}

pub(crate) fn read_map(path: &Path) -> io::Result<Option<Bitmap>> {
	match std::fs::read(path) {
		Ok(bytes) => Ok(Some(Bitmap::from_bytes(bytes))),
		Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
		Err(error) => Err(error),
	}
}

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
		let owned = match below {
			Some(_) => match read_map(&live_path(places.map_dir, ino))? {
				Some(live) => live,
				None => read_map(&map_path(places.map_dir, ino))?.unwrap_or_default(),
			},
			None => Bitmap::default(),
		};
		// Whatever was cut does not come back, also if the record that says so was lost with the power.
		let below = below.map(|below| Below { limit: below.limit.min(size), ..below });
		let unsynced = (!owned.bytes().is_empty()).then(|| 0..owned.bytes().len());
		let map_dir = places.map_dir.to_owned();
		Ok(Some(Self {
			files_dir: places.files_dir.to_owned(),
			ino,
			handles: Mutex::new(None),
			state: RwLock::new(State {
				below,
				owned,
				unsynced,
				// Whoever wrote it last may not have synced it.
				dirty: Dirty::unknown(),
				size,
				map_dir,
				since: None,
				passed: None,
			}),
			last_record: Mutex::new(0),
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
		let (mut live, mut durable) = (None, None);
		if state.below.is_some() {
			let path = live_path(&state.map_dir, self.ino);
			let missing = !path.exists();
			options.create(true).truncate(false);
			let file = options.open(path)?;
			if missing {
				// What is durable is part of what is.
				file.write_all_at(state.owned.bytes(), 0)?;
			}
			live = Some(file);
			durable = Some(options.open(map_path(&state.map_dir, self.ino))?);
		}
		let opened = Arc::new(Handles { data, live, durable });
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
		let unfinished = unfinished_path(places.files_dir, ino);
		let data = File::create(&unfinished)?;
		data.set_len(size)?;
		std::fs::rename(&unfinished, data_path(places.files_dir, ino))?;
		Self::open(places, ino, below)?.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
	}

	/// The file's length.
	pub(crate) fn size(&self) -> u64 {
		let state = self.state.read();
		match state.passed {
			// Nobody tells when it grows.
			Some(_) => self.metadata().map_or(state.size, |metadata| metadata.len()),
			None => state.size,
		}
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
		mark(handles.live.as_ref(), &mut state, offset / BLOCK_BYTES, (end - 1) / BLOCK_BYTES)?;
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
		self.catch_up(&mut state)?;
		let end = end.min(state.size);
		if offset >= end {
			return Ok(());
		}
		let handles = self.handles(&state)?;
		copy_up_edges(&handles.data, counters, &state, edges)?;
		punch_data(&handles.data, offset, end - offset)?;
		state.dirty.changed();
		mark(handles.live.as_ref(), &mut state, offset / BLOCK_BYTES, (end - 1) / BLOCK_BYTES)
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
		self.catch_up(&mut state)?;
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
		let size = self.size();
		if offset >= size {
			return Err(io::Error::from_raw_os_error(libc::ENXIO));
		}
		let state = self.state.read();
		if state.below.is_some() {
			return Ok(if hole { size } else { offset });
		}
		let handles = self.handles(&state)?;
		let whence = match hole {
			true => rustix::fs::SeekFrom::Hole(offset),
			false => rustix::fs::SeekFrom::Data(offset),
		};
		Ok(rustix::fs::seek(&handles.data, whence)?)
	}
}
