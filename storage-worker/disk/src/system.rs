//! The operating system's files.

use crate::{
	door::{Entry, Open},
	sys,
};
use rustix::{
	fs::OFlags,
	io::{Errno, ReadWriteFlags},
};
use std::{
	fs::{self, DirBuilder, File, OpenOptions, TryLockError},
	io::{self, IoSliceMut},
	os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt},
	path::Path,
};

pub(crate) fn open(path: &Path, how: Open) -> io::Result<File> {
	let mut options = OpenOptions::new();
	options.read(true).mode(0o600);
	match how {
		Open::Read => &mut options,
		Open::Write => options.write(true),
		Open::Create => options.write(true).create(true).truncate(false),
		Open::Replace => options.write(true).create(true).truncate(true),
	};
	options.open(path)
}

/// Opens for reading past the kernel's memory; where the file system has no such thing, as usual.
pub(crate) fn open_direct(path: &Path) -> io::Result<File> {
	let flags = OFlags::DIRECT.bits() as i32;
	match OpenOptions::new().read(true).custom_flags(flags).open(path) {
		Err(error) if error.kind() == io::ErrorKind::InvalidInput => open(path, Open::Read),
		opened => opened,
	}
}

pub(crate) fn read_from_memory(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
	let buffers = &mut [IoSliceMut::new(buffer)];
	match rustix::io::preadv2(file, buffers, offset, ReadWriteFlags::NOWAIT) {
		// A file system that cannot tell.
		Err(Errno::OPNOTSUPP) => file.read_at(buffer, offset),
		read => Ok(read?),
	}
}

pub(crate) fn list(dir: &Path) -> io::Result<Vec<Entry>> {
	let entries = fs::read_dir(dir)?.map(|entry| {
		let entry = entry?;
		Ok(Entry { name: entry.file_name(), is_dir: entry.file_type()?.is_dir() })
	});
	entries.collect()
}

pub(crate) fn make_dir(dir: &Path) -> io::Result<()> {
	DirBuilder::new().mode(0o700).create(dir)
}

pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
	File::open(dir)?.sync_all()
}

pub(crate) fn try_lock(file: &File) -> io::Result<bool> {
	match file.try_lock() {
		Ok(()) => Ok(true),
		Err(TryLockError::WouldBlock) => Ok(false),
		Err(TryLockError::Error(error)) => Err(error),
	}
}

pub(crate) fn is_read_only(dir: &Path) -> io::Result<bool> {
	sys::is_read_only(&File::open(dir)?)
}

pub(crate) fn free_bytes(dir: &Path) -> io::Result<u64> {
	sys::free_bytes(&File::open(dir)?)
}
