//! What lies in a directory that becomes a snapshot, and whether it stays as it was found.

use crate::{
	exclusion::is_excluded,
	manifest::{Entry, EntryKind},
	SnapshotError,
};
use std::{
	fs::{self, File, Metadata},
	io,
	os::unix::{
		ffi::OsStrExt,
		fs::{FileExt, MetadataExt},
	},
	path::{Path, PathBuf},
};

/// Something on disk that is to be stored.
pub(crate) struct Found {
	pub(crate) path: PathBuf,
	pub(crate) relative: PathBuf,
	pub(crate) metadata: Metadata,
}

impl Found {
	/// What it is, if it is no regular file.
	pub(crate) fn kind_unless_file(&self) -> Result<Option<EntryKind>, SnapshotError> {
		let kind = self.metadata.file_type();
		if kind.is_dir() {
			return Ok(Some(EntryKind::Directory));
		}
		if !kind.is_symlink() {
			return Ok(None);
		}
		let target = fs::read_link(&self.path).map_err(|source| file_error(&self.path, source))?;
		Ok(Some(EntryKind::Symlink { target: target.as_os_str().as_bytes().to_vec() }))
	}

	/// Its entry in the manifest.
	pub(crate) fn entry(&self, kind: EntryKind) -> Entry {
		Entry {
			path: self.relative.as_os_str().as_bytes().to_vec(),
			kind,
			mode: self.metadata.mode() & 0o7777,
			uid: self.metadata.uid(),
			gid: self.metadata.gid(),
			mtime_ns: self.metadata.mtime().saturating_mul(1_000_000_000)
				+ self.metadata.mtime_nsec(),
		}
	}
}

/// A tree, symbolic links as they are, sorted by path.
pub(crate) struct Walk {
	pub(crate) found: Vec<Found>,
	pub(crate) excluded: Vec<PathBuf>,
}

impl Walk {
	/// Lists everything below `root`, and the root itself, without what is never stored.
	pub(crate) fn new(root: &Path) -> Result<Self, SnapshotError> {
		let (mut found, mut excluded) = (Vec::new(), Vec::new());
		let mut stack = vec![root.to_owned()];
		while let Some(path) = stack.pop() {
			let relative = path.strip_prefix(root).unwrap_or(&path).to_owned();
			if is_excluded(&relative) {
				excluded.push(relative);
				continue;
			}
			let metadata =
				fs::symlink_metadata(&path).map_err(|source| file_error(&path, source))?;
			let kind = metadata.file_type();
			if !(kind.is_dir() || kind.is_file() || kind.is_symlink()) {
				// Sockets, pipes and devices mean nothing outside their machine.
				excluded.push(relative);
				continue;
			}
			if kind.is_dir() {
				let listed = fs::read_dir(&path).map_err(|source| file_error(&path, source))?;
				for entry in listed {
					stack.push(entry.map_err(|source| file_error(&path, source))?.path());
				}
			}
			found.push(Found { path, relative, metadata });
		}
		let bytes = |found: &Found| found.relative.as_os_str().as_bytes().to_vec();
		found.sort_by_cached_key(bytes);
		Ok(Self { found, excluded })
	}

	/// Bytes of all files.
	pub(crate) fn total_bytes(&self) -> u64 {
		let files = self.found.iter().filter(|found| found.metadata.is_file());
		files.map(|found| found.metadata.len()).sum()
	}

	/// Whether everything is as it was when it was found. Names that came or went show in their directory.
	pub(crate) fn unchanged(&self) -> Result<(), SnapshotError> {
		for found in &self.found {
			let changed = || SnapshotError::Changed { path: found.path.clone() };
			let after = fs::symlink_metadata(&found.path).map_err(|error| match error.kind() {
				io::ErrorKind::NotFound => changed(),
				_ => file_error(&found.path, error),
			})?;
			if !same_content(&found.metadata, &after) {
				return Err(changed());
			}
		}
		Ok(())
	}
}

/// Whether nothing was written between two looks at a file.
pub(crate) fn same_content(before: &Metadata, after: &Metadata) -> bool {
	let key = |metadata: &Metadata| {
		let (changed, changed_ns) = (metadata.ctime(), metadata.ctime_nsec());
		let (written, written_ns) = (metadata.mtime(), metadata.mtime_nsec());
		(metadata.ino(), metadata.len(), written, written_ns, changed, changed_ns)
	};
	key(before) == key(after)
}

pub(crate) fn file_error(path: &Path, source: io::Error) -> SnapshotError {
	SnapshotError::File { path: path.to_owned(), source }
}

/// The chunk at `at` of a file that had `size` bytes; none at the end, or where the file ends by now.
pub(crate) fn next_chunk(
	file: &File,
	at: u64,
	chunk_bytes: usize,
	size: u64,
) -> io::Result<Option<Vec<u8>>> {
	let mut chunk = vec![0; size.saturating_sub(at).min(chunk_bytes as u64) as usize];
	if chunk.is_empty() {
		return Ok(None);
	}
	match file.read_exact_at(&mut chunk, at) {
		Ok(()) => Ok(Some(chunk)),
		Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
		Err(error) => Err(error),
	}
}
