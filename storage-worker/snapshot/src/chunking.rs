//! How large a file's chunks are.
//!
//! Chunks are of one size within a file and begin at multiples of it: databases write pages in place, so what changes between two snapshots stays where it was,
//! and content-defined cuts find nothing more there (measured in `docs/adr/0006`).

use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::Path};

/// Sizes of chunks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Chunking {
	/// By what a file is for.
	#[default]
	ByUse,
	/// So many bytes for all of them.
	Fixed(u32),
}

/// Tables and indexes that are read and written here and there.
const IN_PLACE_BYTES: u32 = 32 << 10;
/// Whatever else is read: sorted tables, metadata.
const USUAL_BYTES: u32 = 64 << 10;
/// Logs, which are read once from front to back.
const LOG_BYTES: u32 = 256 << 10;

impl Chunking {
	/// Bytes of the chunks of the file with this path.
	pub fn bytes(self, path: &Path) -> u32 {
		let name = path.file_name().map(OsStr::as_bytes).unwrap_or_default();
		match self {
			Self::Fixed(bytes) => bytes,
			Self::ByUse if name.starts_with(b"table_") || name.starts_with(b"index_") => {
				IN_PLACE_BYTES
			},
			Self::ByUse if is_log(name) => LOG_BYTES,
			Self::ByUse => USUAL_BYTES,
		}
	}
}

/// Whether a file of this name is a database's log: ParityDB's `log<n>` and RocksDB's `<n>.log`.
pub fn is_log(name: &[u8]) -> bool {
	let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
	name.strip_prefix(b"log").is_some_and(digits) || name.strip_suffix(b".log").is_some_and(digits)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn files_of_databases_are_told_apart() {
		for (path, bytes) in [
			("chains/x/paritydb/full/table_03_15", IN_PLACE_BYTES),
			("chains/x/paritydb/full/index_01_18", IN_PLACE_BYTES),
			("chains/x/paritydb/full/log7", LOG_BYTES),
			("chains/x/db/full/000012.log", LOG_BYTES),
			("chains/x/db/full/000012.sst", USUAL_BYTES),
			("chains/x/paritydb/full/metadata", USUAL_BYTES),
			("catalog.log", USUAL_BYTES),
			("log", USUAL_BYTES),
		] {
			assert_eq!(Chunking::ByUse.bytes(Path::new(path)), bytes, "{path}");
			assert_eq!(Chunking::Fixed(4096).bytes(Path::new(path)), 4096);
		}
	}
}
