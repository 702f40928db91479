//! What a publish found out about a tree's files, so that the next one of the same tree reads only what has changed.
//!
//! A file counts as unchanged if device, inode, length and both times of its last change are what they were; programs set the time of writing as they like, but
//! not the time of the inode's change. Only files are remembered that had rested for a while when they were read, and what memory maps had
//! written to them was written back before: from then on every write changes the times.
//!
//! What is remembered names objects, and is good as long as the store has these: as long as the snapshot is kept that was published with it.

use crate::{walk::Found, ChunkTable, SnapshotError};
use codec::{Decode, DecodeAll, Encode};
use std::{
	collections::BTreeMap,
	os::unix::{ffi::OsStrExt, fs::MetadataExt},
	time::{Duration, SystemTime},
};

/// Version of the format.
const VERSION: u8 = 1;
/// A file that was written so shortly before it was read may be written after it at the same time of the clock.
pub(crate) const CLOCK_GRAIN: Duration = Duration::from_millis(50);
const HASH_BYTES: usize = 32;

/// How a file shows that nothing was written to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
struct Stamp {
	device: u64,
	inode: u64,
	size: u64,
	written: (i64, i64),
	changed: (i64, i64),
}

impl Stamp {
	fn of(found: &Found) -> Self {
		let metadata = &found.metadata;
		Self {
			device: metadata.dev(),
			inode: metadata.ino(),
			size: metadata.len(),
			written: (metadata.mtime(), metadata.mtime_nsec()),
			changed: (metadata.ctime(), metadata.ctime_nsec()),
		}
	}
}

/// A file that was stored.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct KnownFile {
	stamp: Stamp,
	pub(crate) chunk_bytes: u32,
	pub(crate) chunks: ChunkTable,
	/// Chunks that hold data, and chunks of zeros.
	pub(crate) counts: (u64, u64),
}

/// The files of a tree as a publish found them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct KnownFiles {
	files: BTreeMap<Vec<u8>, KnownFile>,
}

impl KnownFiles {
	/// How many files are remembered.
	pub fn len(&self) -> usize {
		self.files.len()
	}

	/// Whether none is.
	pub fn is_empty(&self) -> bool {
		self.files.is_empty()
	}

	/// What is known of a file that is cut so, if it is as it was.
	pub(crate) fn get(&self, found: &Found, chunk_bytes: u32) -> Option<&KnownFile> {
		let known = self.files.get(found.relative.as_os_str().as_bytes())?;
		(known.stamp == Stamp::of(found) && known.chunk_bytes == chunk_bytes).then_some(known)
	}

	/// Remembers a file that was read from this moment on, unless it was written a moment before.
	pub(crate) fn note(
		&mut self,
		found: &Found,
		began: SystemTime,
		chunk_bytes: u32,
		chunks: ChunkTable,
		counts: (u64, u64),
	) {
		let seconds = |(seconds, nanoseconds): (i64, i64)| {
			Duration::new(seconds.try_into().unwrap_or(0), nanoseconds.try_into().unwrap_or(0))
		};
		let stamp = Stamp::of(found);
		let newest = seconds(stamp.changed).max(seconds(stamp.written));
		let settled = SystemTime::UNIX_EPOCH.checked_add(newest.saturating_add(CLOCK_GRAIN));
		if settled.is_some_and(|settled| settled < began) {
			let path = found.relative.as_os_str().as_bytes().to_vec();
			self.files.insert(path, KnownFile { stamp, chunk_bytes, chunks, counts });
		}
	}

	/// Takes over what an earlier publish knew of a file.
	pub(crate) fn keep(&mut self, found: &Found, known: KnownFile) {
		self.files.insert(found.relative.as_os_str().as_bytes().to_vec(), known);
	}

	/// Bytes to be kept in a file.
	pub fn to_bytes(&self) -> Vec<u8> {
		let body = self.encode();
		let hash = blake3::hash(&body);
		[&[VERSION], hash.as_bytes().as_slice(), &body].concat()
	}

	/// What [`KnownFiles::to_bytes`] wrote.
	///
	/// Errors: [`SnapshotError::BadKnownFiles`] for anything else.
	pub fn from_bytes(bytes: &[u8]) -> Result<Self, SnapshotError> {
		let (version, rest) = bytes.split_first().ok_or(SnapshotError::BadKnownFiles)?;
		let (hash, body) = rest.split_at_checked(HASH_BYTES).ok_or(SnapshotError::BadKnownFiles)?;
		if *version != VERSION || blake3::hash(body) != *hash {
			return Err(SnapshotError::BadKnownFiles);
		}
		Self::decode_all(&mut &*body).map_err(|_| SnapshotError::BadKnownFiles)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::walk::Walk;
	use std::fs::{self, File};

	fn known(dir: &std::path::Path, began: SystemTime) -> KnownFiles {
		let mut known = KnownFiles::default();
		for found in Walk::new(dir).unwrap().found.iter().filter(|one| one.metadata.is_file()) {
			known.note(found, began, 4096, ChunkTable::Inline(vec![Some([7; 32])]), (1, 0));
		}
		known
	}

	#[test]
	fn a_file_is_known_until_anything_of_it_changes() {
		let dir = tempfile::tempdir().unwrap();
		let path = dir.path().join("file");
		let is_known = |known: &KnownFiles, chunk_bytes| {
			let walk = Walk::new(dir.path()).unwrap();
			let found = walk.found.iter().find(|one| one.metadata.is_file()).unwrap();
			known.get(found, chunk_bytes).is_some()
		};
		let later = || SystemTime::now() + Duration::from_secs(1);
		fs::write(&path, b"one").unwrap();
		assert!(known(dir.path(), SystemTime::now()).is_empty(), "it was written just now");
		let before = known(dir.path(), later());
		assert!(is_known(&before, 4096) && !is_known(&before, 8192));
		// The same length, and the time of writing set back.
		let modified = fs::metadata(&path).unwrap().modified().unwrap();
		fs::write(&path, b"two").unwrap();
		File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
		assert!(!is_known(&before, 4096));
		// Another file in its place.
		let before = known(dir.path(), later());
		fs::write(dir.path().join("next"), b"two").unwrap();
		fs::rename(dir.path().join("next"), &path).unwrap();
		assert!(!is_known(&before, 4096));
	}

	#[test]
	fn what_was_kept_is_read_as_it_was_or_not_at_all() {
		let dir = tempfile::tempdir().unwrap();
		fs::write(dir.path().join("file"), b"one").unwrap();
		let known = known(dir.path(), SystemTime::now() + Duration::from_secs(1));
		let bytes = known.to_bytes();
		assert_eq!(KnownFiles::from_bytes(&bytes).unwrap(), known);
		for at in 0..bytes.len() {
			let mut bad = bytes.clone();
			bad[at] ^= 1;
			assert!(KnownFiles::from_bytes(&bad).is_err(), "byte {at}");
			assert!(KnownFiles::from_bytes(&bytes[..at]).is_err(), "cut at {at}");
		}
	}
}
