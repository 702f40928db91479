//! Which segments hold records that were superseded since somebody asked last: what a copy of the files has to look at again.

use parking_lot::Mutex;
use std::{
	collections::BTreeSet,
	sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// Numbers of segments.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
	segments: Mutex<BTreeSet<u32>>,
	/// One more than the number that was noted last: most updates meet the same segment again.
	last: AtomicU64,
}

impl Dirty {
	/// Notes a segment.
	pub(crate) fn note(&self, segment: u32) {
		let mark = u64::from(segment) + 1;
		if self.last.load(Relaxed) != mark {
			let mut segments = self.segments.lock();
			segments.insert(segment);
			self.last.store(mark, Relaxed);
		}
	}

	/// All that were noted, ascending.
	pub(crate) fn list(&self) -> Vec<u32> {
		self.segments.lock().iter().copied().collect()
	}

	/// Forgets some, which are given in ascending order.
	pub(crate) fn forget(&self, numbers: &[u32]) {
		let mut segments = self.segments.lock();
		segments.retain(|number| numbers.binary_search(number).is_err());
		self.last.store(0, Relaxed);
	}

	/// Forgets all.
	pub(crate) fn reset(&self) {
		let mut segments = self.segments.lock();
		segments.clear();
		self.last.store(0, Relaxed);
	}
}
