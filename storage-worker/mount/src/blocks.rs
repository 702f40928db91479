//! Blocks of a file: which of them the layer owns, and reading and writing them.

use crate::{
	bitmap::Bitmap,
	dirty::Dirty,
	passed::Passed,
	stats::{add, Counters},
	Lower,
};
use std::{fs::File, io, ops::Range, os::unix::fs::FileExt, path::PathBuf, sync::Arc};

/// The unit of copy on write: a page.
pub(crate) const BLOCK_BYTES: u64 = 4096;

/// What of a file lies below.
#[derive(Clone, Debug)]
pub(crate) struct Below {
	pub(crate) lower: Arc<dyn Lower>,
	/// The entry of the snapshot.
	pub(crate) entry: usize,
	/// Bytes of it that still count.
	pub(crate) limit: u64,
}

/// What a file is right now.
#[derive(Debug)]
pub(crate) struct State {
	pub(crate) below: Option<Below>,
	/// Blocks that the layer owns; unused where nothing lies below.
	pub(crate) owned: Bitmap,
	/// Bytes of the map that the durable one does not have yet.
	pub(crate) unsynced: Option<Range<usize>>,
	/// What may not be durable.
	pub(crate) dirty: Dirty,
	pub(crate) size: u64,
	/// The generation's directory, which holds the maps.
	pub(crate) map_dir: PathBuf,
	/// What was changed since a commit began, while there is one.
	pub(crate) since: Option<Since>,
	/// The kernel reads and writes it itself, while it is open.
	pub(crate) passed: Option<Passed>,
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

	pub(crate) fn resized(&mut self, size: u64) {
		if let Some(since) = self.since.as_mut().filter(|_| size != self.size) {
			since.cut = since.cut.min(self.size).min(size);
		}
		self.dirty.resized(self.size, size);
		self.size = size;
	}
}

/// What a write needs of blocks that it covers in part.
#[derive(Debug, Default)]
pub(crate) struct Edges(pub(crate) Vec<(u64, Vec<u8>)>);

/// Runs of bytes with the same owner: whether it is the layer, and their number.
pub(crate) fn pieces(state: &State, offset: u64, len: usize) -> Vec<(bool, usize)> {
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
pub(crate) fn copy_up_edges(
	data: &File,
	counters: &Counters,
	state: &State,
	edges: &Edges,
) -> io::Result<()> {
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

/// Marks blocks as written, and as owned, in memory and in the map.
pub(crate) fn mark(map: Option<&File>, state: &mut State, first: u64, last: u64) -> io::Result<()> {
	if let Some(since) = &mut state.since {
		since.blocks.add(first, last);
	}
	state.dirty.wrote(first, last);
	if state.below.is_none() {
		return Ok(());
	}
	let Some(range) = state.owned.add(first, last) else { return Ok(()) };
	let unsynced = state.unsynced.take().unwrap_or_else(|| range.clone());
	state.unsynced = Some(unsynced.start.min(range.start)..unsynced.end.max(range.end));
	let Some(map) = map else { return Ok(()) };
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
