//! The store's directory: made, listed, and locked by the one process that uses it.

use crate::ZdbError;
use granary_disk::{Disk, DiskFile, Open};
use std::{
	io,
	path::Path,
	thread,
	time::{Duration, Instant},
};

/// How long a lock is waited for: a process that has just ended, or that a third one was forked from, holds it for a moment longer.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);

/// Makes a directory, if it is not there.
pub(super) fn make_dir(disk: &Disk, dir: &Path) -> Result<(), ZdbError> {
	disk.make_dirs(dir).map_err(|error| ZdbError::file("create", dir, error))
}

/// Locks the directory; says as well whether its file system takes no writes.
pub(super) fn lock(disk: &Disk, dir: &Path) -> Result<(DiskFile, bool), ZdbError> {
	let path = dir.join("lock");
	let (file, read_only) = match disk.open(&path, Open::Create) {
		Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => {
			(disk.open(&path, Open::Read), true)
		},
		opened => (opened, false),
	};
	let file = file.map_err(|error| ZdbError::file("open", &path, error))?;
	let deadline = Instant::now() + LOCK_PATIENCE;
	loop {
		match file.try_lock() {
			Ok(true) => return Ok((file, read_only)),
			Ok(false) if Instant::now() < deadline => thread::sleep(LOCK_PATIENCE / 100),
			Ok(false) => return Err(ZdbError::InUse(dir.to_owned())),
			Err(error) => return Err(ZdbError::file("lock", &path, error)),
		}
	}
}

/// The names of the directories in one, sorted.
pub(super) fn directory_names(disk: &Disk, dir: &Path) -> Result<Vec<String>, ZdbError> {
	let entries = disk.list(dir).map_err(|error| ZdbError::file("list", dir, error))?;
	let names = entries.into_iter().filter(|entry| entry.is_dir);
	let mut names: Vec<_> = names.filter_map(|entry| entry.name.into_string().ok()).collect();
	names.sort();
	Ok(names)
}
