//! A plain directory as the tree below.

use granary_mount::Lower;
use granary_snapshot::{ChunkTable, Entry, EntryKind};
use std::{
	fs::{self, File},
	io,
	os::unix::{
		ffi::OsStrExt,
		fs::{FileExt, MetadataExt},
	},
	path::{Path, PathBuf},
};

/// A directory whose files are read in place; it must not change while it is mounted.
#[derive(Debug)]
pub struct DirLower {
	entries: Vec<Entry>,
	/// One per entry; only regular files have one.
	files: Vec<Option<File>>,
}

impl DirLower {
	/// Lists the directory and opens its files.
	pub fn open(root: &Path) -> io::Result<Self> {
		let mut paths = vec![PathBuf::new()];
		let mut at = 0;
		while let Some(path) = paths.get(at).cloned() {
			let full = root.join(&path);
			if fs::symlink_metadata(&full)?.is_dir() {
				for child in fs::read_dir(&full)? {
					paths.push(path.join(child?.file_name()));
				}
			}
			at += 1;
		}
		paths.sort_by(|a, b| a.as_os_str().as_bytes().cmp(b.as_os_str().as_bytes()));
		let mut lower = Self { entries: Vec::new(), files: Vec::new() };
		for path in paths {
			lower.push(root, &path)?;
		}
		Ok(lower)
	}

	fn push(&mut self, root: &Path, path: &Path) -> io::Result<()> {
		let full = root.join(path);
		let metadata = fs::symlink_metadata(&full)?;
		let (kind, file) = if metadata.is_dir() {
			(EntryKind::Directory, None)
		} else if metadata.is_symlink() {
			let target = fs::read_link(&full)?.as_os_str().as_bytes().to_vec();
			(EntryKind::Symlink { target }, None)
		} else if metadata.is_file() {
			// Chunks matter to a snapshot's reader only.
			let chunks = ChunkTable::Inline(Vec::new());
			let kind = EntryKind::File { size: metadata.len(), chunk_bytes: 4096, chunks };
			(kind, Some(File::open(&full)?))
		} else {
			return Err(io::Error::other(format!("{} is of no usable kind", full.display())));
		};
		self.entries.push(Entry {
			path: path.as_os_str().as_bytes().to_vec(),
			kind,
			mode: metadata.mode() & 0o7777,
			uid: metadata.uid(),
			gid: metadata.gid(),
			mtime_ns: metadata.mtime() * 1_000_000_000 + metadata.mtime_nsec(),
		});
		self.files.push(file);
		Ok(())
	}
}

impl Lower for DirLower {
	fn entries(&self) -> &[Entry] {
		&self.entries
	}

	fn read_at(&self, entry: usize, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
		let file = self.files.get(entry).and_then(Option::as_ref);
		let file = file.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
		let mut filled = 0;
		while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
			match file.read_at(rest, offset + filled as u64)? {
				0 => break,
				count => filled += count,
			}
		}
		Ok(filled)
	}
}
