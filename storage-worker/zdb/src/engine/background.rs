//! What a store does by itself, seen from outside: compaction and scrub.

use crate::{
	engine::{compact::Compacted, scrubber::ScrubStatus, store::Store},
	ZdbError,
};

impl Store {
	/// Has the background thread look for work now.
	pub fn wake_background(&self) {
		self.compactor.compaction.signal.wake();
	}

	/// Lets the background thread compact, or stops it where it is.
	pub fn set_compaction(&self, enabled: bool) {
		self.compactor.compaction.signal.set_enabled(enabled);
	}

	/// Lets compaction append records of its own: the store follows no other any more.
	pub fn end_following(&self) {
		self.compactor.compaction.set_moves();
	}

	/// Whether the background thread compacts.
	pub fn is_compacting(&self) -> bool {
		self.compactor.compaction.signal.is_enabled()
	}

	/// What compaction did since the store was opened, and why it cannot go on, if so.
	pub fn compaction(&self) -> (Compacted, Option<String>) {
		(self.compactor.compaction.done(), self.compactor.compaction.failure())
	}

	/// Lets the background thread scrub, or stops it where it is.
	pub fn set_scrub(&self, enabled: bool) {
		self.scrubber.scrubbing.signal.set_enabled(enabled);
	}

	/// Whether the background thread scrubs when it is time, and what it did and found since the store was opened.
	pub fn scrub_status(&self) -> (bool, ScrubStatus) {
		(self.scrubber.scrubbing.signal.is_enabled(), self.scrubber.scrubbing.status())
	}

	/// Compacts a namespace now, at full speed: every sealed segment with anything dead in it. The others get their hints.
	pub fn compact_namespace(&self, name: &str) -> Result<Compacted, ZdbError> {
		let unknown = || ZdbError::NoNamespace(name.to_owned());
		let namespace = self.namespace(name).ok_or_else(unknown)?;
		let done = namespace.compact(f64::MIN_POSITIVE, true, &mut |_| true)?;
		namespace.write_hints(&mut |_| true)?;
		self.compactor.compaction.count(done);
		Ok(done)
	}
}
