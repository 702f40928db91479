//! Making contents and the tree durable.

use crate::{
	layer::{Answer, Layer},
	node::Kind,
	sync_log::{Held, SyncLog},
	thin::{self, ThinFile},
	thin_sync::Synced,
};
use std::{io, sync::Arc};

/// Contents of removed files that may wait for the journal to be durable.
const GONE_MAX: usize = 64;

impl Layer {
	/// The log of the generation in use.
	pub(crate) fn log(&self) -> Arc<SyncLog> {
		self.log.read().clone()
	}

	pub(crate) fn sync_content(&self, content: &ThinFile) -> io::Result<()> {
		loop {
			let log = self.log();
			match content.sync(&log)? {
				Synced::Durable => return Ok(()),
				Synced::LogFull => self.empty_log(&log)?,
			}
		}
	}

	/// Makes everything that the log speaks of durable in its own place and empties the log, unless somebody else just did.
	pub(crate) fn empty_log(&self, log: &SyncLog) -> io::Result<()> {
		let held = log.hold();
		match held.is_full() {
			true => self.empty(log, held),
			false => Ok(()),
		}
	}

	fn empty(&self, log: &SyncLog, held: Held<'_>) -> io::Result<()> {
		let contents = self.tree.read().contents();
		for (_, content) in contents {
			content.leave_log(log)?;
		}
		held.restart()
	}

	/// Makes a file's content, then the tree, durable.
	pub(crate) fn sync(&self, ino: u64) -> Answer<()> {
		let thin = match self.tree.read().get(ino).map(|node| &node.kind) {
			Some(Kind::File { thin, .. }) => thin.clone(),
			_ => None,
		};
		if let Some(thin) = &thin {
			self.sync_content(thin)?;
		}
		self.sync_journal()?;
		if thin.is_some_and(|thin| thin.backing().is_some()) {
			// A commit that reads the file right now may have read it before this was written: whatever relies on it comes after the point.
			drop(self.gate.read());
		}
		Ok(())
	}

	/// Makes the journal durable, then removes contents that it says are gone. Its lock is not held meanwhile: every change of the tree needs it.
	pub(crate) fn sync_journal(&self) -> Answer<()> {
		let waiting = self.tree.read().waiting_contents();
		let gone = if waiting == 0 { Vec::new() } else { self.tree.write().take_gone() };
		let syncing = self.journal.lock().begin_sync()?;
		if let Some((file, end)) = syncing {
			let result = file.sync_data();
			self.journal.lock().end_sync(end, result.is_ok());
			result?;
		}
		let tree = self.tree.read();
		gone.into_iter().for_each(|ino| thin::remove(tree.places(), ino));
		Ok(())
	}

	/// Removes contents of files that are gone if many wait for it, so that their space comes back.
	pub(crate) fn bury(&self) -> Answer<()> {
		let waiting = self.tree.read().waiting_contents();
		if waiting < GONE_MAX {
			return Ok(());
		}
		self.sync_journal()
	}

	/// Makes everything durable, when the filesystem goes.
	pub(crate) fn sync_all(&self) -> Answer<()> {
		let contents = self.tree.read().contents();
		for (_, content) in contents {
			content.hold_syncs().sync_itself()?;
		}
		self.sync_journal()
	}
}
