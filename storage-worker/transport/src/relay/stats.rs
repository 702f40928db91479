//! What a relay did and does.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counters of a relay since its start.
#[derive(Debug, Default)]
pub struct RelayStats {
	/// Nodes that are connected.
	pub nodes: AtomicU64,
	/// Streams that are passed on now.
	pub streams: AtomicU64,
	/// Streams that were passed on so far.
	pub streams_total: AtomicU64,
	/// Wishes that were refused.
	pub refused: AtomicU64,
	/// Bytes that were passed on, both directions together.
	pub bytes: AtomicU64,
}

/// A stream that is counted as long as it is there.
pub(super) struct Counted<'a>(&'a RelayStats);

impl RelayStats {
	pub(super) fn stream(&self) -> Counted<'_> {
		self.streams.fetch_add(1, Relaxed);
		self.streams_total.fetch_add(1, Relaxed);
		Counted(self)
	}
}

impl Drop for Counted<'_> {
	fn drop(&mut self) {
		self.0.streams.fetch_sub(1, Relaxed);
	}
}
