//! An archive on the client's disk while it is made or read: its content and its parity, each cell in its place.
//!
//! What lies there is encrypted as objects are; only whitening and order are missing.

use super::{layout::Cell, Layout, PAYLOAD_BYTES};
use crate::DispersalError;
use std::{
	fs::{File, OpenOptions},
	io,
	os::unix::fs::{FileExt, OpenOptionsExt},
	path::{Path, PathBuf},
};

const CONTENT: &str = "content";
const PARITY: &str = "parity";

/// A file of a spool, whose errors name it.
#[derive(Debug)]
pub(crate) struct SpoolFile {
	path: PathBuf,
	file: File,
}

impl SpoolFile {
	fn create(path: PathBuf) -> Result<Self, DispersalError> {
		let mut options = OpenOptions::new();
		let opened = options.read(true).write(true).create_new(true).mode(0o600).open(&path);
		match opened {
			Ok(file) => Ok(Self { path, file }),
			Err(source) => Err(DispersalError::Spool { path, source }),
		}
	}

	/// A new file for the content of an archive.
	pub(crate) fn for_content(dir: &Path) -> Result<Self, DispersalError> {
		Self::create(dir.join(CONTENT))
	}

	fn told<T>(&self, result: io::Result<T>) -> Result<T, DispersalError> {
		result.map_err(|source| DispersalError::Spool { path: self.path.clone(), source })
	}

	pub(crate) fn set_len(&self, bytes: u64) -> Result<(), DispersalError> {
		self.told(self.file.set_len(bytes))
	}

	pub(crate) fn len(&self) -> Result<u64, DispersalError> {
		Ok(self.told(self.file.metadata())?.len())
	}

	pub(crate) fn read_at(&self, at: u64, bytes: &mut [u8]) -> Result<(), DispersalError> {
		self.told(self.file.read_exact_at(bytes, at))
	}

	pub(crate) fn write_at(&self, at: u64, bytes: &[u8]) -> Result<(), DispersalError> {
		self.told(self.file.write_all_at(bytes, at))
	}
}

/// The cells of an archive.
#[derive(Debug)]
pub(crate) struct Spool {
	pub(crate) layout: Layout,
	content: SpoolFile,
	parity: SpoolFile,
}

impl Spool {
	/// For an archive that is to be read.
	pub(crate) fn empty(dir: &Path, layout: Layout) -> Result<Self, DispersalError> {
		Self::of_content(dir, SpoolFile::for_content(dir)?, layout)
	}

	/// For an archive that is made of this content, padded with zeros.
	pub(crate) fn of_content(
		dir: &Path,
		content: SpoolFile,
		layout: Layout,
	) -> Result<Self, DispersalError> {
		let parity = SpoolFile::create(dir.join(PARITY))?;
		content.set_len(layout.content_bytes())?;
		parity.set_len(layout.parity_bytes())?;
		Ok(Self { layout, content, parity })
	}

	/// The content alone.
	pub(crate) fn into_content(self) -> SpoolFile {
		self.content
	}

	fn place(&self, column: usize, block: usize, row: usize) -> (&SpoolFile, u64) {
		match self.layout.cell(column, block, row) {
			Cell::Content(at) => (&self.content, at),
			Cell::Parity(at) => (&self.parity, at),
		}
	}

	/// Where the rows of a column are cut: content and inner parity of a data column lie apart.
	fn split(&self, column: usize, row: usize, rows: usize) -> usize {
		let content_rows = self.layout.data_rows().saturating_sub(row).min(rows);
		if column < self.layout.data_shards() {
			content_rows
		} else {
			rows
		}
	}

	/// Reads consecutive rows of a column.
	pub(crate) fn read(
		&self,
		column: usize,
		block: usize,
		row: usize,
		cells: &mut [u8],
	) -> Result<(), DispersalError> {
		let before = self.split(column, row, cells.len() / PAYLOAD_BYTES);
		let (front, back) = cells.split_at_mut(before * PAYLOAD_BYTES);
		for (part, row) in [(front, row), (back, row + before)] {
			if !part.is_empty() {
				let (file, at) = self.place(column, block, row);
				file.read_at(at, part)?;
			}
		}
		Ok(())
	}

	/// Writes consecutive rows of a column.
	pub(crate) fn write(
		&self,
		column: usize,
		block: usize,
		row: usize,
		cells: &[u8],
	) -> Result<(), DispersalError> {
		let before = self.split(column, row, cells.len() / PAYLOAD_BYTES);
		let (front, back) = cells.split_at(before * PAYLOAD_BYTES);
		for (part, row) in [(front, row), (back, row + before)] {
			if !part.is_empty() {
				let (file, at) = self.place(column, block, row);
				file.write_at(at, part)?;
			}
		}
		Ok(())
	}
}
