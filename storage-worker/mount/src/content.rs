//! What is in files: reading, writing and cutting.

use crate::{
	blocks::read_below,
	journal::Record,
	layer::{Answer, Change, Layer},
	node::Kind,
	thin::ThinFile,
	thin_sync::Synced,
};
use fuser::Errno;
use std::{
	ops::Range,
	sync::{atomic::Ordering, Arc},
};

impl Layer {
	/// The file's content in the layer, made if there is none yet.
	pub(crate) fn content(&self, ino: u64) -> Answer<Arc<ThinFile>> {
		if let Some(Kind::File { thin: Some(thin), .. }) =
			self.tree.read().get(ino).map(|node| &node.kind)
		{
			return Ok(thin.clone());
		}
		let _open = self.gate.read();
		let mut tree = self.tree.write();
		let (below, size) = match tree.get(ino).map(|node| &node.kind) {
			Some(Kind::File { thin: Some(thin), .. }) => return Ok(thin.clone()),
			Some(Kind::File { below, size, .. }) => (below.clone(), *size),
			Some(_) => return Err(Errno::EINVAL),
			None => return Err(Errno::ENOENT),
		};
		let made = self.tracked(ThinFile::create(tree.places(), ino, below, size)?);
		let made = Arc::new(made);
		if let Some(Kind::File { thin, .. }) = tree.get_mut(ino).map(|node| &mut node.kind) {
			*thin = Some(made.clone());
		}
		Ok(made)
	}

	/// A new content, watched if a commit is under way.
	pub(crate) fn tracked(&self, content: ThinFile) -> ThinFile {
		if self.tracking.load(Ordering::Relaxed) {
			content.state.write().since = Some(Default::default());
		}
		content
	}

	/// Takes away the bits that make a file run as somebody else, since it was written to.
	pub(crate) fn drop_privileges(&self, ino: u64) -> Answer<()> {
		let mode = self.tree.read().get(ino).map(|node| node.mode).ok_or(Errno::ENOENT)?;
		let group = if mode & 0o010 == 0 { 0 } else { 0o2000 };
		match mode & !(0o4000 | group) {
			same if same == mode => Ok(()),
			mode => self.change(ino, Change { mode: Some(mode), ..Change::default() }).map(|_| ()),
		}
	}

	pub(crate) fn set_size(&self, ino: u64, size: u64) -> Answer<()> {
		self.writable()?;
		let content = self.content(ino)?;
		loop {
			let log = self.log();
			let _open = self.gate.read();
			let mut syncs = content.hold_syncs();
			if syncs.log_cut(&log, size)? == Synced::Durable {
				let limit = content.new_limit(size);
				if let Some(limit) = limit {
					// In the journal first: cut bytes from below must not come back when the file grows again.
					self.commit_record(&mut self.tree.write(), &Record::LowerLimit { ino, limit })?;
				}
				return Ok(content.set_size(size, limit)?);
			}
			drop((syncs, _open));
			self.empty_log(&log)?;
		}
	}

	/// `fallocate(2)`.
	pub(crate) fn reserve(
		&self,
		ino: u64,
		Range { start, end }: Range<u64>,
		mode: i32,
	) -> Answer<()> {
		const PUNCH: i32 = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
		const ZERO: i32 = libc::FALLOC_FL_ZERO_RANGE;
		const ZERO_INSIDE: i32 = libc::FALLOC_FL_ZERO_RANGE | libc::FALLOC_FL_KEEP_SIZE;
		match mode {
			0 => self.allocate(ino, end),
			// Space is taken when it is written.
			libc::FALLOC_FL_KEEP_SIZE => Ok(()),
			PUNCH | ZERO_INSIDE => self.punch(ino, start, end),
			ZERO => self.punch(ino, start, end).and_then(|()| self.allocate(ino, end)),
			_ => Err(Errno::EOPNOTSUPP),
		}
	}

	/// Makes room up to `end`; what is added reads as zeros.
	fn allocate(&self, ino: u64, end: u64) -> Answer<()> {
		self.writable()?;
		let content = self.content(ino)?;
		let _open = self.gate.read();
		if content.size() < end {
			content.set_size(end, None)?;
		}
		Ok(())
	}

	/// Makes a range read as zeros and gives its space back; the length stays.
	fn punch(&self, ino: u64, offset: u64, end: u64) -> Answer<()> {
		self.writable()?;
		let content = self.content(ino)?;
		let end = end.min(content.size());
		if offset >= end {
			return Ok(());
		}
		let edges = content.fetch_edges(&self.counters, offset, end)?;
		let _open = self.gate.read();
		Ok(content.punch(&self.counters, &edges, offset, end)?)
	}

	/// Where the next data or hole begins.
	pub(crate) fn seek(&self, ino: u64, offset: u64, hole: bool) -> Answer<u64> {
		let (thin, size) = match self.tree.read().get(ino).map(|node| &node.kind) {
			Some(Kind::File { size, thin, .. }) => (thin.clone(), *size),
			Some(_) => return Err(Errno::EISDIR),
			None => return Err(Errno::ENOENT),
		};
		match thin {
			Some(thin) => Ok(thin.seek(offset, hole)?),
			None if offset >= size => Err(Errno::ENXIO),
			None => Ok(if hole { size } else { offset }),
		}
	}

	/// The kernel knows an inode no more. After another process served it before, nobody else knows who has it open.
	pub(crate) fn forget(&self, ino: u64) {
		let unnamed = self.tree.read().get(ino).is_some_and(|node| node.names == 0);
		if unnamed {
			self.tree.write().forget(ino);
		}
	}

	pub(crate) fn read(&self, ino: u64, offset: u64, buffer: &mut [u8]) -> Answer<usize> {
		let (thin, below, size) = match self.tree.read().get(ino).map(|node| &node.kind) {
			Some(Kind::File { below, size, thin }) => (thin.clone(), below.clone(), *size),
			Some(_) => return Err(Errno::EISDIR),
			None => return Err(Errno::ENOENT),
		};
		let read = match thin {
			Some(thin) => thin.read_at(&self.counters, offset, buffer),
			None => {
				let len = size.saturating_sub(offset).min(buffer.len() as u64) as usize;
				let (buffer, _) = buffer.split_at_mut(len);
				let limit = below.as_ref().map_or(0, |below| below.limit.min(size));
				read_below(&self.counters, below.as_ref(), limit, offset, buffer).map(|()| len)
			},
		};
		read.map_err(|error| {
			tracing::error!(ino, offset, "reading: {error}");
			Errno::EIO
		})
	}

	pub(crate) fn write(&self, ino: u64, offset: u64, bytes: &[u8]) -> Answer<()> {
		self.writable()?;
		let content = self.content(ino)?;
		let end = offset.checked_add(bytes.len() as u64).ok_or(Errno::EFBIG)?;
		let edges = content.fetch_edges(&self.counters, offset, end);
		let written = edges.and_then(|edges| {
			let _open = self.gate.read();
			content.write_at(&self.counters, &edges, offset, bytes)
		});
		written.map_err(|error| {
			tracing::error!(ino, offset, "writing: {error}");
			Errno::from(error)
		})
	}

	/// Whether a read or write of this range would wait for the snapshot.
	pub(crate) fn is_slow(&self, ino: u64, offset: u64, len: usize, writing: bool) -> bool {
		match self.tree.read().get(ino).map(|node| &node.kind) {
			Some(Kind::File { thin: Some(thin), .. }) => thin.needs_below(offset, len, writing),
			Some(Kind::File { below, .. }) => below.is_some(),
			_ => false,
		}
	}
}
