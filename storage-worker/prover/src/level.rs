//! One level of the tree as a flat file of hashes.

use crate::TreeError;
use granary_disk::{Disk, DiskFile, Open};
use granary_por::{Hash, HASH_BYTES};
use std::{
	io,
	path::{Path, PathBuf},
};

/// Hashes that are gathered before they are written.
const BUFFER_HASHES: usize = 2048;

/// The nodes of one level: those in the file, then those still in memory.
#[derive(Debug)]
pub(crate) struct Level {
	path: PathBuf,
	file: DiskFile,
	written: u64,
	pending: Vec<Hash>,
}

impl Level {
	/// Opens `level-<level>` in `dir`; a torn last hash is cut off.
	pub(crate) fn open(disk: &Disk, dir: &Path, level: u8) -> Result<Self, TreeError> {
		let path = dir.join(format!("level-{level:02}"));
		let file = disk.open(&path, Open::Create);
		let opened = file.and_then(|file| Ok((file.len_bytes()?, file)));
		let (len, file) =
			opened.map_err(|source| TreeError::File { path: path.clone(), source })?;
		let mut level = Self { path, file, written: len / HASH_BYTES as u64, pending: Vec::new() };
		level.truncate(level.written)?;
		Ok(level)
	}

	/// Nodes on this level.
	pub(crate) fn len(&self) -> u64 {
		self.written + self.pending.len() as u64
	}

	/// Appends a node.
	pub(crate) fn push(&mut self, hash: Hash) -> Result<(), TreeError> {
		self.pending.push(hash);
		if self.pending.len() >= BUFFER_HASHES {
			self.flush()?;
		}
		Ok(())
	}

	/// The node at this position.
	pub(crate) fn get(&self, index: u64) -> Result<Option<Hash>, TreeError> {
		if let Some(at) = index.checked_sub(self.written) {
			return Ok(usize::try_from(at).ok().and_then(|at| self.pending.get(at)).copied());
		}
		let mut hash = [0; HASH_BYTES];
		self.file
			.read_exact_at(&mut hash, index * HASH_BYTES as u64)
			.map_err(|source| self.error(source))?;
		Ok(Some(hash))
	}

	/// Hands what is gathered to the kernel.
	pub(crate) fn flush(&mut self) -> Result<(), TreeError> {
		if self.pending.is_empty() {
			return Ok(());
		}
		let bytes = self.pending.concat();
		self.file
			.write_all_at(&bytes, self.written * HASH_BYTES as u64)
			.map_err(|source| self.error(source))?;
		self.written += self.pending.len() as u64;
		self.pending.clear();
		Ok(())
	}

	/// Makes it durable.
	pub(crate) fn sync(&mut self) -> Result<(), TreeError> {
		self.flush()?;
		self.file.sync_data().map_err(|source| self.error(source))
	}

	/// Cuts the level to `len` nodes.
	pub(crate) fn truncate(&mut self, len: u64) -> Result<(), TreeError> {
		self.flush()?;
		self.written = self.written.min(len);
		self.file.set_len(self.written * HASH_BYTES as u64).map_err(|source| self.error(source))
	}

	fn error(&self, source: io::Error) -> TreeError {
		TreeError::File { path: self.path.clone(), source }
	}
}
