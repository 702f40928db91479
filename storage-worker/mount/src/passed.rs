//! What a file's content knows while the kernel reads and writes it itself: nothing but what the layer's filesystem tells.

use crate::{
	blocks::{State, BLOCK_BYTES},
	node::now_ns,
	thin::ThinFile,
};
use std::{
	fs::{File, Metadata},
	io,
	os::unix::fs::MetadataExt,
	sync::atomic::Ordering,
};

/// A time of a file this long ago cannot be that of a later change as well: filesystems round times to some milliseconds.
const SETTLED_NS: i64 = 50_000_000;

/// A content that the kernel reads and writes itself.
#[derive(Debug)]
pub(crate) struct Passed {
	/// The kernel's number of the file.
	pub(crate) backing: u32,
	/// How the file was when a commit saw it last; as long as it is like that, nothing was written.
	seen: Option<Stamp>,
}

impl Passed {
	pub(crate) fn new(backing: u32) -> Self {
		Self { backing, seen: None }
	}
}

/// What changes with every write, and with every store through a memory map to a page that was clean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
	len: u64,
	modified_ns: i64,
	changed_ns: i64,
}

impl Stamp {
	fn of(data: &File) -> io::Result<Self> {
		let ns = |seconds: i64, ns: i64| seconds.saturating_mul(1_000_000_000) + ns;
		data.metadata().map(|metadata: Metadata| Self {
			len: metadata.len(),
			modified_ns: ns(metadata.mtime(), metadata.mtime_nsec()),
			changed_ns: ns(metadata.ctime(), metadata.ctime_nsec()),
		})
	}

	fn is_settled(&self) -> bool {
		now_ns().saturating_sub(self.modified_ns.max(self.changed_ns)) > SETTLED_NS
	}
}

impl ThinFile {
	/// The kernel's number of the file, if it reads and writes it itself.
	pub(crate) fn backing(&self) -> Option<u32> {
		self.state.read().passed.as_ref().map(|passed| passed.backing)
	}

	/// Takes over what the kernel may have changed: the length, and for a commit everything if anything.
	pub(crate) fn catch_up(&self, state: &mut State) -> io::Result<()> {
		if state.passed.is_none() {
			return Ok(());
		}
		let now = Stamp::of(&self.handles(state)?.data)?;
		state.size = now.len;
		let Some(passed) = state.passed.as_mut().filter(|passed| passed.seen != Some(now)) else {
			return Ok(());
		};
		passed.seen = None;
		if let Some(since) = &mut state.since {
			since.cut = 0;
			if let Some(last) = now.len.checked_sub(1) {
				since.blocks.add(0, last / BLOCK_BYTES);
			}
		}
		Ok(())
	}

	/// Before a commit reads it: if nobody writes it, then later it can be told that nobody did.
	pub(crate) fn settle(&self) -> io::Result<()> {
		let handles = {
			let state = self.state.read();
			if state.passed.is_none() {
				return Ok(());
			}
			self.handles(&state)?
		};
		let before = Stamp::of(&handles.data)?;
		// A page that is clean afterwards tells of the first store to it; one that is not clean does not tell of another.
		handles.data.sync_data().inspect_err(|_| self.poisoned.store(true, Ordering::Relaxed))?;
		let mut state = self.state.write();
		self.catch_up(&mut state)?;
		let now = Stamp::of(&handles.data)?;
		if let Some(passed) = state.passed.as_mut().filter(|_| now == before && now.is_settled()) {
			passed.seen = Some(now);
		}
		Ok(())
	}

	/// From here on the kernel reads and writes it itself.
	pub(crate) fn begin_passing(&self, backing: u32) {
		self.state.write().passed = Some(Passed::new(backing));
	}

	/// Nobody has it open any more.
	pub(crate) fn end_passing(&self) -> io::Result<()> {
		let mut state = self.state.write();
		self.catch_up(&mut state)?;
		state.passed = None;
		state.dirty.changed();
		Ok(())
	}
}
