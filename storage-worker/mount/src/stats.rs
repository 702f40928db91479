//! What a mount has done.

use std::sync::atomic::{AtomicU64, Ordering};

/// Figures of a mount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MountStats {
	/// Bytes that were read from below.
	pub lower_bytes_read: u64,
	/// Bytes that were written into the layer by applications, without those that the kernel wrote itself.
	pub thin_bytes_written: u64,
	/// Blocks that were copied up because a write covered them in part.
	pub copied_up_blocks: u64,
	/// Logs that the kernel was given to read and write itself, each time that one was opened.
	pub passed_logs: u64,
}

/// The counters behind [`MountStats`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
	pub(crate) lower_bytes_read: AtomicU64,
	pub(crate) thin_bytes_written: AtomicU64,
	pub(crate) copied_up_blocks: AtomicU64,
	pub(crate) passed_logs: AtomicU64,
}

impl Counters {
	pub(crate) fn read(&self) -> MountStats {
		MountStats {
			lower_bytes_read: self.lower_bytes_read.load(Ordering::Relaxed),
			thin_bytes_written: self.thin_bytes_written.load(Ordering::Relaxed),
			copied_up_blocks: self.copied_up_blocks.load(Ordering::Relaxed),
			passed_logs: self.passed_logs.load(Ordering::Relaxed),
		}
	}
}

pub(crate) fn add(counter: &AtomicU64, amount: u64) {
	counter.fetch_add(amount, Ordering::Relaxed);
}
