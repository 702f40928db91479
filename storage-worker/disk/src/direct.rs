//! Reading what the disk has.

use crate::door::{Disk, DiskFile, Open};
use std::{
	io::{self, ErrorKind},
	path::{Path, PathBuf},
};

/// What a read past the kernel's memory is aligned to: in the file, in length and in memory.
const ALIGN_BYTES: usize = 4096;

/// Reads a file from the disk itself where its file system can do that (`O_DIRECT`): what the kernel remembers of the file is neither
/// believed nor displaced by it. Elsewhere it reads as everybody does.
#[derive(Debug)]
pub struct DirectReader {
	disk: Disk,
	file: DiskFile,
	path: PathBuf,
	buffer: Vec<u8>,
}

impl DirectReader {
	/// Opens a file, which must exist.
	pub fn open(disk: &Disk, path: &Path) -> io::Result<Self> {
		let file = disk.open_direct(path)?;
		Ok(Self { disk: disk.clone(), file, path: path.to_owned(), buffer: Vec::new() })
	}

	/// The bytes from `offset` on, `len` of them or fewer at the end of the file.
	pub fn read(&mut self, offset: u64, len: usize) -> io::Result<&[u8]> {
		let lead = (offset % ALIGN_BYTES as u64) as usize;
		let span = (lead + len).next_multiple_of(ALIGN_BYTES);
		if self.buffer.len() < span + ALIGN_BYTES {
			self.buffer.resize(span + ALIGN_BYTES, 0);
		}
		let first = self.buffer.as_ptr().align_offset(ALIGN_BYTES);
		let aligned = self.buffer.get_mut(first..first + span).ok_or(ErrorKind::OutOfMemory)?;
		let start = offset - lead as u64;
		let filled = match fill(&self.file, aligned, start) {
			// A file system that opens such files and cannot read them, or not so finely.
			Err(error) if error.kind() == ErrorKind::InvalidInput => {
				self.file = self.disk.open(&self.path, Open::Read)?;
				fill(&self.file, aligned, start)?
			},
			filled => filled?,
		};
		let end = filled.min(lead + len);
		Ok(aligned.get(lead..end).unwrap_or_default())
	}
}

/// Fills a buffer as far as the file goes.
fn fill(file: &DiskFile, buffer: &mut [u8], start: u64) -> io::Result<usize> {
	let mut filled = 0;
	// Only the end of the file ends elsewhere than at a multiple; from there no further read could begin.
	while filled % ALIGN_BYTES == 0 {
		let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) else { break };
		match file.read_at(rest, start + filled as u64) {
			Ok(0) => break,
			Ok(read) => filled += read,
			Err(error) if error.kind() == ErrorKind::Interrupted => {},
			Err(error) => return Err(error),
		}
	}
	Ok(filled)
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::fs;

	#[test]
	fn any_stretch_is_read_as_it_is() {
		let dir = tempfile::tempdir().unwrap();
		let path = dir.path().join("file");
		let bytes: Vec<u8> = (0..100_003_u32).map(|number| (number % 251) as u8).collect();
		fs::write(&path, &bytes).unwrap();
		let mut reader = DirectReader::open(&Disk::default(), &path).unwrap();
		for (offset, len) in
			[(0, 1), (0, 100_003), (4095, 2), (4096, 4096), (5000, 70_000), (100_000, 3)]
		{
			let read = reader.read(offset, len).unwrap();
			assert_eq!(read, &bytes[offset as usize..offset as usize + len], "{offset}, {len}");
		}
		assert_eq!(reader.read(99_999, 4096).unwrap(), &bytes[99_999..]);
		assert_eq!(reader.read(100_003, 10).unwrap(), b"");
		assert_eq!(reader.read(1 << 40, 10).unwrap(), b"");
	}
}
