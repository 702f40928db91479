//! What clients do with a namespace, counted.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What clients did with a namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
	/// Keys that were read or looked at.
	pub reads: u64,
	/// Of these, keys that were not there.
	pub misses: u64,
	/// Values that were written; not those that were there already.
	pub writes: u64,
	/// Keys that were deleted.
	pub deletes: u64,
	/// Bytes of values that were read.
	pub read_bytes: u64,
	/// Bytes of values that were written.
	pub written_bytes: u64,
	/// Commands that were answered with an error.
	pub refusals: u64,
}

impl Traffic {
	/// Counts a key that was looked at, and the bytes of its value that were read; `None` if it was not there.
	pub(crate) fn read(&mut self, value_bytes: Option<usize>) {
		self.reads += 1;
		match value_bytes {
			Some(bytes) => self.read_bytes += bytes as u64,
			None => self.misses += 1,
		}
	}

	/// Counts a value that was written.
	pub(crate) fn write(&mut self, value_bytes: usize) {
		self.writes += 1;
		self.written_bytes += value_bytes as u64;
	}
}

/// The sums since the store was opened.
#[derive(Debug, Default)]
pub(crate) struct TrafficSums {
	reads: AtomicU64,
	misses: AtomicU64,
	writes: AtomicU64,
	deletes: AtomicU64,
	read_bytes: AtomicU64,
	written_bytes: AtomicU64,
	refusals: AtomicU64,
}

impl TrafficSums {
	/// Adds what a client did since it was added last.
	pub(crate) fn add(&self, traffic: &Traffic) {
		for (sum, more) in [
			(&self.reads, traffic.reads),
			(&self.misses, traffic.misses),
			(&self.writes, traffic.writes),
			(&self.deletes, traffic.deletes),
			(&self.read_bytes, traffic.read_bytes),
			(&self.written_bytes, traffic.written_bytes),
			(&self.refusals, traffic.refusals),
		] {
			// Most batches are of one kind, and a counter that is left alone costs other threads nothing.
			if more > 0 {
				sum.fetch_add(more, Relaxed);
			}
		}
	}

	pub(crate) fn figures(&self) -> Traffic {
		Traffic {
			reads: self.reads.load(Relaxed),
			misses: self.misses.load(Relaxed),
			writes: self.writes.load(Relaxed),
			deletes: self.deletes.load(Relaxed),
			read_bytes: self.read_bytes.load(Relaxed),
			written_bytes: self.written_bytes.load(Relaxed),
			refusals: self.refusals.load(Relaxed),
		}
	}
}
