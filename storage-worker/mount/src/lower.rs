//! What lies below the thin layer.

use granary_snapshot::{Entry, Reader};
use std::{fmt, io};

/// An immutable tree that can be read at any place.
pub trait Lower: fmt::Debug + Send + Sync + 'static {
	/// The tree, sorted by path, the root first.
	fn entries(&self) -> &[Entry];
	/// Fills `buffer` from a file's `offset` on; less only at the file's end. May block.
	fn read_at(&self, entry: usize, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
	/// The snapshot, where it is one: what is written above it can be committed as its child.
	fn snapshot(&self) -> Option<&Reader> {
		None
	}
}

impl Lower for Reader {
	fn entries(&self) -> &[Entry] {
		&self.manifest().entries
	}

	fn read_at(&self, entry: usize, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
		Self::read_at(self, entry, offset, buffer).map_err(io::Error::other)
	}

	fn snapshot(&self) -> Option<&Reader> {
		Some(self)
	}
}
