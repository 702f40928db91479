//! What the kernel's page cache of a mount is told before it finds out.

use fuser::{INodeNo, Notifier};
use std::{ops::Range, sync::OnceLock};

const PAGE_BYTES: u64 = 4096;
/// A file that grows by no more than this is about to be written there (ParityDB's tables grow by 256 KiB); more may stay a hole.
const FILLED_MAX: usize = 256 << 10;
static ZEROS: [u8; FILLED_MAX] = [0; FILLED_MAX];

/// The page cache of one mount, once that is served.
#[derive(Debug, Default)]
pub(crate) struct PageCache(OnceLock<Notifier>);

impl PageCache {
	/// From here on the kernel is told.
	pub(crate) fn connect(&self, notifier: Notifier) {
		let _ = self.0.set(notifier);
	}

	/// A file was made longer by zeros, as the kernel has asked, which has no answer yet.
	///
	/// A kernel that learns of the new length from the answer drops every page of the file, the changed ones after it has sent each of them in a request of its own
	/// (Linux, `fuse_do_setattr`). It learns it from a page that is put behind the old end as well, and drops nothing. Pages
	/// that will be written through a memory map are all put there: each of them would be asked for otherwise.
	pub(crate) fn grown(&self, ino: u64, from: u64, to: u64) {
		let (Some(notifier), Some(Range { start, end })) = (self.0.get(), filled(from, to)) else {
			return;
		};
		let zeros = ZEROS.get(..(end - start) as usize).unwrap_or_default();
		if let Err(error) = notifier.store(INodeNo(ino), start, zeros) {
			// It costs time and nothing else.
			tracing::debug!(ino, "the kernel takes no pages of a file that grows: {error}");
		}
	}
}

/// What of a file that grows is put into the page cache. A page that the old end lies in is the kernel's to fill with zeros.
fn filled(from: u64, to: u64) -> Option<Range<u64>> {
	if to <= from || !from.is_multiple_of(PAGE_BYTES) {
		return None;
	}
	let start =
		if to - from <= FILLED_MAX as u64 { from } else { (to - 1) / PAGE_BYTES * PAGE_BYTES };
	Some(start..to)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn little_is_filled_whole_and_much_at_its_end_only() {
		assert_eq!(filled(0, 4096), Some(0..4096));
		assert_eq!(filled(8192, 8193), Some(8192..8193));
		assert_eq!(filled(4096, 4096 + (256 << 10)), Some(4096..4096 + (256 << 10)));
		assert_eq!(filled(4096, 4097 + (256 << 10)), Some(4096 + (256 << 10)..4097 + (256 << 10)));
		assert_eq!(filled(0, 1 << 40), Some((1 << 40) - 4096..1 << 40));
		for (from, to) in [(4096, 4096), (8192, 4096), (4095, 8192), (1, 2)] {
			assert_eq!(filled(from, to), None, "{from} to {to}");
		}
	}
}
