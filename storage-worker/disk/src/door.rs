//! The door: what the store may ask of a disk.

use crate::{simulated::SimulatedDisk, sys, system};
use std::{
	ffi::OsString,
	fmt::Debug,
	fs::{self, File},
	io::{self, ErrorKind},
	os::unix::fs::FileExt,
	path::Path,
	sync::Arc,
};

/// How a file is opened. New files belong to their owner alone (mode 0600).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
	/// For reading; it must exist.
	Read,
	/// For reading and writing; it must exist.
	Write,
	/// For reading and writing; made if absent.
	Create,
	/// For reading and writing; made if absent, emptied otherwise.
	Replace,
}

/// What a directory holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
	/// The name within the directory.
	pub name: OsString,
	/// Whether it is a directory itself.
	pub is_dir: bool,
}

/// An open file of a [`FileSystem`] that is not the system's.
pub trait FileOperations: Debug + Send + Sync {
	/// Reads up to the buffer's length from `offset` on; 0 at the end.
	fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
	/// Writes some of the bytes at `offset` and says how many.
	fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;
	/// Makes content and length durable.
	fn sync(&self) -> io::Result<()>;
	/// Cuts or extends with zeros.
	fn set_len(&self, len_bytes: u64) -> io::Result<()>;
	/// Its length.
	fn len_bytes(&self) -> io::Result<u64>;
	/// Takes an exclusive lock for as long as the file is open; `false` if someone else has it.
	fn try_lock(&self) -> io::Result<bool>;
}

/// A place for files that is not the system's.
pub trait FileSystem: Debug + Send + Sync {
	/// Opens a file.
	fn open(&self, path: &Path, how: Open) -> io::Result<Box<dyn FileOperations>>;
	/// The entries of a directory, in no order.
	fn list(&self, dir: &Path) -> io::Result<Vec<Entry>>;
	/// Makes one directory.
	fn make_dir(&self, dir: &Path) -> io::Result<()>;
	/// Gives a file or directory another name, in place of what had it.
	fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
	/// Removes a file.
	fn remove_file(&self, path: &Path) -> io::Result<()>;
	/// Removes an empty directory.
	fn remove_dir(&self, dir: &Path) -> io::Result<()>;
	/// Makes the names in a directory durable.
	fn sync_dir(&self, dir: &Path) -> io::Result<()>;
	/// Bytes that it still takes.
	fn free_bytes(&self, dir: &Path) -> io::Result<u64>;
}

/// Where files are. The default is the operating system's file system.
#[derive(Clone, Debug, Default)]
pub struct Disk(Place);

#[derive(Clone, Debug, Default)]
enum Place {
	#[default]
	System,
	Other(Arc<dyn FileSystem>),
}

impl From<Arc<dyn FileSystem>> for Disk {
	fn from(other: Arc<dyn FileSystem>) -> Self {
		Self(Place::Other(other))
	}
}

impl From<SimulatedDisk> for Disk {
	fn from(simulated: SimulatedDisk) -> Self {
		Self(Place::Other(Arc::new(simulated)))
	}
}

impl Disk {
	/// Opens a file.
	pub fn open(&self, path: &Path, how: Open) -> io::Result<DiskFile> {
		match &self.0 {
			Place::System => Ok(DiskFile(Handle::System(system::open(path, how)?))),
			Place::Other(other) => Ok(DiskFile(Handle::Other(other.open(path, how)?))),
		}
	}

	/// Opens a file for reading past what the kernel remembers of it, where that is possible.
	pub(crate) fn open_direct(&self, path: &Path) -> io::Result<DiskFile> {
		match &self.0 {
			Place::System => Ok(DiskFile(Handle::System(system::open_direct(path)?))),
			Place::Other(_) => self.open(path, Open::Read),
		}
	}

	/// The entries of a directory, in no order.
	pub fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
		match &self.0 {
			Place::System => system::list(dir),
			Place::Other(other) => other.list(dir),
		}
	}

	/// Makes a directory (mode 0700) with those above it as far as they are missing, and makes each new name durable. One whose
	/// name cannot be made durable is taken away again, or a later call would find it and believe that it stays.
	pub fn make_dirs(&self, dir: &Path) -> io::Result<()> {
		let made = match &self.0 {
			Place::System => system::make_dir(dir),
			Place::Other(other) => other.make_dir(dir),
		};
		let above = dir.parent().filter(|above| !above.as_os_str().is_empty());
		match (made, above) {
			(Ok(()), above) => {
				let synced = self.sync_dir(above.unwrap_or(Path::new(".")));
				synced.or_else(|error| self.remove_dir_all(dir).and(Err(error)))
			},
			(Err(error), _) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
			// One that exists on a file system that takes no writes needs not be made.
			(Err(error), _) if error.kind() == ErrorKind::ReadOnlyFilesystem => {
				self.list(dir).map(|_| ()).map_err(|_| error)
			},
			(Err(error), Some(above)) if error.kind() == ErrorKind::NotFound => {
				self.make_dirs(above)?;
				self.make_dirs(dir)
			},
			(Err(error), _) => Err(error),
		}
	}

	/// Gives a file or directory another name. [`Disk::sync_dir`] makes it durable.
	pub fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
		match &self.0 {
			Place::System => fs::rename(from, to),
			Place::Other(other) => other.rename(from, to),
		}
	}

	/// Removes a file. [`Disk::sync_dir`] makes it durable.
	pub fn remove_file(&self, path: &Path) -> io::Result<()> {
		match &self.0 {
			Place::System => fs::remove_file(path),
			Place::Other(other) => other.remove_file(path),
		}
	}

	/// Removes a directory with all that it holds.
	pub fn remove_dir_all(&self, dir: &Path) -> io::Result<()> {
		for entry in self.list(dir)? {
			let path = dir.join(entry.name);
			match entry.is_dir {
				true => self.remove_dir_all(&path)?,
				false => self.remove_file(&path)?,
			}
		}
		match &self.0 {
			Place::System => fs::remove_dir(dir),
			Place::Other(other) => other.remove_dir(dir),
		}
	}

	/// Makes the names in a directory durable.
	pub fn sync_dir(&self, dir: &Path) -> io::Result<()> {
		match &self.0 {
			Place::System => system::sync_dir(dir),
			Place::Other(other) => other.sync_dir(dir),
		}
	}

	/// The whole content of a file.
	pub fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
		let file = self.open(path, Open::Read)?;
		let len = usize::try_from(file.len_bytes()?).map_err(io::Error::other)?;
		let mut bytes = vec![0; len];
		let read = file.read_full_at(&mut bytes, 0)?;
		bytes.truncate(read);
		Ok(bytes)
	}

	/// The length of a file.
	pub fn len_bytes(&self, path: &Path) -> io::Result<u64> {
		self.open(path, Open::Read)?.len_bytes()
	}

	/// Gives the file `name` in `dir` another content, durably and as a whole: it is written as `NAME.new`, made durable and
	/// renamed, so that whatever happens the old or the new one is there. After an error it may be either.
	pub fn replace(&self, dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
		self.put(dir, name, bytes, true)?;
		self.sync_dir(dir)
	}

	/// As [`Disk::replace`], but nothing of it is made durable: after a loss of power there may be anything.
	pub fn replace_unsynced(&self, dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
		self.put(dir, name, bytes, false)
	}

	fn put(&self, dir: &Path, name: &str, bytes: &[u8], sync: bool) -> io::Result<()> {
		let new = dir.join(format!("{name}.new"));
		let file = self.open(&new, Open::Replace)?;
		file.write_all_at(bytes, 0)?;
		if sync {
			file.sync_all()?;
		}
		self.rename(&new, &dir.join(name))
	}

	/// Whether the file system of this directory takes no writes at all.
	pub fn is_read_only(&self, dir: &Path) -> io::Result<bool> {
		match &self.0 {
			Place::System => system::is_read_only(dir),
			Place::Other(_) => Ok(false),
		}
	}

	/// Bytes that an unprivileged process can still write on the disk of this directory.
	pub fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
		match &self.0 {
			Place::System => system::free_bytes(dir),
			Place::Other(other) => other.free_bytes(dir),
		}
	}
}

/// An open file.
#[derive(Debug)]
pub struct DiskFile(Handle);

#[derive(Debug)]
enum Handle {
	System(File),
	Other(Box<dyn FileOperations>),
}

impl DiskFile {
	/// Reads up to the buffer's length from `offset` on, in one call; 0 at the end.
	#[inline]
	pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
		match &self.0 {
			Handle::System(file) => file.read_at(buffer, offset),
			Handle::Other(file) => file.read_at(buffer, offset),
		}
	}

	/// Fills the buffer from `offset` on as far as the file goes.
	#[inline]
	pub fn read_full_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
		let mut filled = 0;
		while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
			match self.read_at(rest, offset + filled as u64) {
				Ok(0) => break,
				Ok(read) => filled += read,
				Err(error) if error.kind() == ErrorKind::Interrupted => {},
				Err(error) => return Err(error),
			}
		}
		Ok(filled)
	}

	/// As [`DiskFile::read_full_at`], but `WouldBlock` where the kernel would have to wait for the disk. Where it cannot tell, it waits.
	#[inline]
	pub fn read_full_at_from_memory(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
		let Handle::System(file) = &self.0 else { return self.read_full_at(buffer, offset) };
		let mut filled = 0;
		while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
			match system::read_from_memory(file, rest, offset + filled as u64) {
				Ok(0) => break,
				Ok(read) => filled += read,
				Err(error) if error.kind() == ErrorKind::Interrupted => {},
				Err(error) => return Err(error),
			}
		}
		Ok(filled)
	}

	/// Fills the whole buffer from `offset` on.
	pub fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
		match self.read_full_at(buffer, offset)? {
			read if read == buffer.len() => Ok(()),
			_ => Err(ErrorKind::UnexpectedEof.into()),
		}
	}

	/// Writes all bytes at `offset`, in as many calls as it takes. After an error some of them may be there.
	pub fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
		let mut done = 0;
		while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
			let written = match &self.0 {
				Handle::System(file) => file.write_at(rest, offset + done as u64),
				Handle::Other(file) => file.write_at(rest, offset + done as u64),
			};
			match written {
				Ok(0) => return Err(ErrorKind::WriteZero.into()),
				Ok(written) => done += written,
				Err(error) if error.kind() == ErrorKind::Interrupted => {},
				Err(error) => return Err(error),
			}
		}
		Ok(())
	}

	/// Makes content and length durable.
	pub fn sync_data(&self) -> io::Result<()> {
		match &self.0 {
			Handle::System(file) => file.sync_data(),
			Handle::Other(file) => file.sync(),
		}
	}

	/// Lets the disk begin with these bytes, so that a later sync finds less to do; nothing is waited for and nothing promised.
	pub fn begin_writing(&self, offset: u64, len_bytes: u64) -> io::Result<()> {
		match &self.0 {
			Handle::System(file) => sys::begin_writing(file, offset, len_bytes),
			Handle::Other(_) => Ok(()),
		}
	}

	/// Makes everything about the file durable but its name.
	pub fn sync_all(&self) -> io::Result<()> {
		match &self.0 {
			Handle::System(file) => file.sync_all(),
			Handle::Other(file) => file.sync(),
		}
	}

	/// Cuts the file, or extends it with zeros.
	pub fn set_len(&self, len_bytes: u64) -> io::Result<()> {
		match &self.0 {
			Handle::System(file) => file.set_len(len_bytes),
			Handle::Other(file) => file.set_len(len_bytes),
		}
	}

	/// Its length.
	pub fn len_bytes(&self) -> io::Result<u64> {
		match &self.0 {
			Handle::System(file) => Ok(file.metadata()?.len()),
			Handle::Other(file) => file.len_bytes(),
		}
	}

	/// Takes an exclusive lock for as long as the file is open; `false` if another process has it.
	pub fn try_lock(&self) -> io::Result<bool> {
		match &self.0 {
			Handle::System(file) => system::try_lock(file),
			Handle::Other(file) => file.try_lock(),
		}
	}

	/// The operating system's file, if it is one: for calls that only that has.
	pub fn system(&self) -> Option<&File> {
		match &self.0 {
			Handle::System(file) => Some(file),
			Handle::Other(_) => None,
		}
	}
}
