//! The tree of a snapshot and what a node must match to use it.

use crate::{ChunkTable, ObjectId, SnapshotError};
use codec::{Decode, Encode};

/// The smallest chunk: a page.
pub const CHUNK_BYTES_MIN: u32 = 4096;
/// The largest chunk.
pub const CHUNK_BYTES_MAX: u32 = 1 << 20;
const PATH_BYTES_MAX: usize = 4096;
const ENTRIES_MAX: usize = 4 << 20;

/// The chain whose database a snapshot is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct ChainInfo {
	/// The chain's id, as its specification has it.
	pub chain_id: String,
	/// Hash of its first block.
	pub genesis: [u8; 32],
	/// Kind of the database: `paritydb` or `rocksdb`.
	pub database: String,
	/// Version of the database's own format, as its files have it; empty if unknown.
	pub database_version: String,
	/// State and blocks pruning, as the node was started with.
	pub pruning: String,
	/// Height of the best block.
	pub best_number: u64,
	/// Its hash; zeros if unknown.
	pub best_hash: [u8; 32],
	/// Height of the finalised block; 0 if unknown.
	pub finalized_number: u64,
	/// Its hash; zeros if unknown.
	pub finalized_hash: [u8; 32],
	/// Name and version of the software that wrote it.
	pub software: String,
}

/// A file, directory or symbolic link.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Entry {
	/// Path from the root, without leading slash; empty for the root itself.
	pub path: Vec<u8>,
	/// What it is.
	pub kind: EntryKind,
	/// Permission bits.
	pub mode: u32,
	/// Owner.
	pub uid: u32,
	/// Group.
	pub gid: u32,
	/// Time of the last change, in nanoseconds since 1970.
	pub mtime_ns: i64,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum EntryKind {
	/// A directory.
	#[codec(index = 0)]
	Directory,
	/// A regular file.
	#[codec(index = 1)]
	File {
		/// Its length in bytes.
		size: u64,
		/// Bytes of each of its chunks but the last.
		chunk_bytes: u32,
		/// Its chunks.
		chunks: ChunkTable,
	},
	/// A symbolic link.
	#[codec(index = 2)]
	Symlink {
		/// Where it points.
		target: Vec<u8>,
	},
}

/// The description of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Manifest {
	/// Its name.
	pub name: String,
	/// When it was made, in milliseconds since 1970.
	pub created_unix_ms: u64,
	/// The manifest that this one was committed on top of.
	pub parent: Option<ObjectId>,
	/// What a first start reads, for those who start from it: a [`crate::Trace`].
	pub trace: Option<ObjectId>,
	/// The chain, for a node's database.
	pub chain: Option<ChainInfo>,
	/// All entries, sorted by path; the first is the root.
	pub entries: Vec<Entry>,
}

/// Whether chunks of this size are possible.
pub(crate) fn is_chunk_size(bytes: u32) -> bool {
	bytes.is_power_of_two() && (CHUNK_BYTES_MIN..=CHUNK_BYTES_MAX).contains(&bytes)
}

impl Manifest {
	/// Bytes of all files.
	pub fn total_bytes(&self) -> u64 {
		self.entries
			.iter()
			.map(|entry| match entry.kind {
				EntryKind::File { size, .. } => size,
				_ => 0,
			})
			.sum()
	}

	/// Checks everything that reading relies on; a manifest comes from outside.
	pub fn validate(&self) -> Result<(), SnapshotError> {
		let bad = |what: String| Err(SnapshotError::BadManifest(what));
		if self.entries.len() > ENTRIES_MAX {
			return bad(format!("{} entries are too many", self.entries.len()));
		}
		match self.entries.first() {
			Some(root) if root.path.is_empty() && root.kind == EntryKind::Directory => {},
			_ => return bad("the first entry is not the root".to_owned()),
		}
		let mut directories: std::collections::HashSet<&[u8]> = [b"".as_slice()].into();
		for (before, entry) in self.entries.iter().zip(self.entries.iter().skip(1)) {
			let shown = String::from_utf8_lossy(&entry.path);
			if before.path >= entry.path {
				return bad(format!("'{shown}' is out of order"));
			}
			if !is_relative(&entry.path) {
				return bad(format!("'{shown}' is not a relative path"));
			}
			if !directories.contains(parent(&entry.path)) {
				return bad(format!("'{shown}' has no directory"));
			}
			match &entry.kind {
				EntryKind::Directory => {
					directories.insert(&entry.path);
				},
				EntryKind::File { size, chunk_bytes, chunks } => {
					if !is_chunk_size(*chunk_bytes) {
						return Err(SnapshotError::BadChunkSize { bytes: *chunk_bytes });
					}
					if !chunks.fits(size.div_ceil(u64::from(*chunk_bytes))) {
						return bad(format!("'{shown}' has a table of other than {size} bytes"));
					}
				},
				EntryKind::Symlink { target } => {
					if target.is_empty() || target.len() > PATH_BYTES_MAX || target.contains(&0) {
						return bad(format!("'{shown}' points nowhere"));
					}
				},
			}
		}
		Ok(())
	}
}

/// The path of the directory that holds this one.
fn parent(path: &[u8]) -> &[u8] {
	let end = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
	path.split_at_checked(end).map_or(b"", |(directory, _)| directory)
}

fn is_relative(path: &[u8]) -> bool {
	path.len() <= PATH_BYTES_MAX
		&& !path.contains(&0)
		&& path.split(|byte| *byte == b'/').all(|part| !matches!(part, b"" | b"." | b".."))
}

#[cfg(test)]
mod tests {
	use super::*;

	fn entry(path: &str, kind: EntryKind) -> Entry {
		Entry { path: path.as_bytes().to_vec(), kind, mode: 0o755, uid: 0, gid: 0, mtime_ns: 0 }
	}

	fn manifest(entries: Vec<Entry>) -> Manifest {
		Manifest {
			name: "x".to_owned(),
			created_unix_ms: 0,
			parent: None,
			trace: None,
			chain: None,
			entries,
		}
	}

	fn file(size: u64, chunks: usize) -> EntryKind {
		EntryKind::File { size, chunk_bytes: 4096, chunks: ChunkTable::Inline(vec![None; chunks]) }
	}

	#[test]
	fn a_good_tree_passes() {
		let root = || entry("", EntryKind::Directory);
		manifest(vec![
			root(),
			entry("a", EntryKind::Directory),
			entry("a-b", file(0, 0)),
			entry("a/b", file(4097, 2)),
			entry("z", EntryKind::Symlink { target: b"../out".to_vec() }),
		])
		.validate()
		.unwrap();
	}

	#[test]
	fn bad_trees_are_refused() {
		let root = || entry("", EntryKind::Directory);
		let dir = || EntryKind::Directory;
		for (why, entries) in [
			("no root", vec![]),
			("root is a file", vec![entry("", file(0, 0))]),
			("order", vec![root(), entry("b", dir()), entry("a", dir())]),
			("twice", vec![root(), entry("b", dir()), entry("b", dir())]),
			("absolute", vec![root(), entry("/etc", dir())]),
			("up", vec![root(), entry("..", dir())]),
			("up inside", vec![root(), entry("a", dir()), entry("a/../b", dir())]),
			("orphan", vec![root(), entry("a/b", dir())]),
			("file as directory", vec![root(), entry("a", file(0, 0)), entry("a/b", dir())]),
			("chunks", vec![root(), entry("a", file(4096, 2))]),
			("link", vec![root(), entry("a", EntryKind::Symlink { target: vec![] })]),
		] {
			assert!(manifest(entries).validate().is_err(), "{why}");
		}
		let chunks = ChunkTable::Inline(vec![None]);
		let odd = entry("a", EntryKind::File { size: 1, chunk_bytes: 5000, chunks });
		assert!(manifest(vec![root(), odd]).validate().is_err());
	}
}
