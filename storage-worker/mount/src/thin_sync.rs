//! Making a file's content durable.

use crate::{
	blocks::{read_owned, State, BLOCK_BYTES},
	dirty::Changed,
	sync_log::{Head, LogRecord, SyncLog},
	thin::ThinFile,
};
use parking_lot::MutexGuard;
use std::{io, os::unix::fs::FileExt, sync::atomic::Ordering};

/// How a sync went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Synced {
	/// What was written before it began is durable.
	Durable,
	/// Not yet: the log is full. When it was emptied, it is to be tried again.
	LogFull,
}

/// What a sync has to make durable.
enum Collected {
	Nothing,
	Record(LogRecord),
	Whole,
}

/// A file whose syncs wait.
#[derive(Debug)]
pub(crate) struct SyncsHeld<'a> {
	thin: &'a ThinFile,
	/// Where the last record of the file ends in the log.
	last_record: MutexGuard<'a, u64>,
}

impl ThinFile {
	/// Lets no sync of the file begin, and waits for those that are under way.
	pub(crate) fn hold_syncs(&self) -> SyncsHeld<'_> {
		SyncsHeld { thin: self, last_record: self.last_record.lock() }
	}

	/// Makes durable what was written before this began: by a record of the log if that is little, else by a sync of the file.
	pub(crate) fn sync(&self, log: &SyncLog) -> io::Result<Synced> {
		let mut held = self.hold_syncs();
		self.check_poisoned()?;
		match held.collect()? {
			Collected::Nothing => {},
			Collected::Whole => return held.sync_whole(log),
			Collected::Record(record) => match log.append(&record) {
				Ok(Some(end)) => *held.last_record = end,
				other => {
					// Nobody else must take it for done.
					self.state.write().dirty.changed();
					return other.map(|_| Synced::LogFull);
				},
			},
		}
		let end = *held.last_record;
		// Others may append meanwhile, and wait for the disk together.
		drop(held);
		log.sync_to(end).map(|()| Synced::Durable)
	}

	/// Makes the file itself durable if the log speaks of it, so that the log can be emptied.
	pub(crate) fn leave_log(&self, log: &SyncLog) -> io::Result<()> {
		let held = self.hold_syncs();
		if *held.last_record <= log.start() {
			return Ok(());
		}
		held.sync_itself()
	}

	fn check_poisoned(&self) -> io::Result<()> {
		match self.poisoned.load(Ordering::Relaxed) {
			true => Err(io::Error::other("an earlier sync of the file failed")),
			false => Ok(()),
		}
	}
}

impl SyncsHeld<'_> {
	/// What changed, read under the lock under which it is written, so that nothing is half there.
	fn collect(&self) -> io::Result<Collected> {
		let mut state = self.thin.state.write();
		if state.passed.is_some() {
			// Nobody tells what was written.
			state.dirty.changed();
		}
		match state.dirty.take() {
			Changed::Nothing => Ok(Collected::Nothing),
			Changed::Blocks(blocks) => {
				let record = self.record(&state, blocks);
				Ok(Collected::Record(record.inspect_err(|_| state.dirty.changed())?))
			},
			Changed::Whole => {
				state.dirty.changed();
				Ok(Collected::Whole)
			},
		}
	}

	fn record(&self, state: &State, blocks: Vec<u64>) -> io::Result<LogRecord> {
		let data = &self.thin.handles(state)?.data;
		let mut content = vec![0; blocks.len() * BLOCK_BYTES as usize];
		for (block, page) in blocks.iter().zip(content.chunks_mut(BLOCK_BYTES as usize)) {
			read_owned(data, block * BLOCK_BYTES, page)?;
		}
		let head = Head::Blocks {
			ino: self.thin.ino,
			size: state.size,
			marked: state.below.is_some(),
			blocks,
		};
		Ok(LogRecord { head, content })
	}

	/// Syncs the file, and says so in the log if that speaks of it.
	fn sync_whole(mut self, log: &SyncLog) -> io::Result<Synced> {
		self.sync_itself()?;
		if *self.last_record <= log.start() {
			return Ok(Synced::Durable);
		}
		let record = LogRecord::bare(Head::Synced { ino: self.thin.ino });
		match log.append(&record)? {
			Some(end) => {
				*self.last_record = end;
				log.sync_to(end)?;
				Ok(Synced::Durable)
			},
			// Emptying the log does as well.
			None => Ok(Synced::LogFull),
		}
	}

	/// Makes the content durable, then the marks of what was in it when this began.
	pub(crate) fn sync_itself(&self) -> io::Result<()> {
		let thin = self.thin;
		thin.check_poisoned()?;
		let (handles, marks) = {
			let mut state = thin.state.write();
			// What is written from here on is for the next sync.
			state.dirty.take();
			let range = state.unsynced.take();
			let marks = range.map(|range| {
				(range.start as u64, state.owned.bytes().get(range).unwrap_or_default().to_vec())
			});
			(thin.handles(&state)?, marks)
		};
		let result = handles.data.sync_data().and_then(|()| match (&handles.durable, &marks) {
			(Some(durable), Some((at, bytes))) => {
				durable.write_all_at(bytes, *at).and_then(|()| durable.sync_data())
			},
			_ => Ok(()),
		});
		if result.is_err() {
			thin.poisoned.store(true, Ordering::Relaxed);
		}
		result
	}

	/// Makes the content durable if a mark or the log speaks of something that may not be, since the generation that holds both goes.
	pub(crate) fn leave_generation(&mut self) -> io::Result<()> {
		let spoken_of = *self.last_record > 0 || self.thin.state.read().unsynced.is_some();
		if spoken_of {
			self.thin.handles(&self.thin.state.read())?.data.sync_data()?;
			self.thin.state.write().dirty.changed();
		}
		*self.last_record = 0;
		Ok(())
	}

	/// Says in the log, durably, that the file is about to be cut to `size`, if the log speaks of what is cut: else the log would
	/// make it longer again without what lay between.
	pub(crate) fn log_cut(&mut self, log: &SyncLog, size: u64) -> io::Result<Synced> {
		if *self.last_record <= log.start() || size >= self.thin.size() {
			return Ok(Synced::Durable);
		}
		match log.append(&LogRecord::bare(Head::Cut { ino: self.thin.ino, size }))? {
			Some(end) => {
				*self.last_record = end;
				log.sync_to(end)?;
				Ok(Synced::Durable)
			},
			None => Ok(Synced::LogFull),
		}
	}
}
