//! The system call that the standard library does not offer; the only `unsafe` of the crate.

#![allow(unsafe_code, reason = "fstatvfs has no safe form in the standard library")]

use std::{fs::File, io, mem::MaybeUninit, os::fd::AsRawFd};

/// Whether the file's file system takes no writes.
pub(crate) fn is_read_only(file: &File) -> io::Result<bool> {
	Ok(statvfs(file)?.f_flag & libc::ST_RDONLY != 0)
}

/// Bytes that an unprivileged process can still write on the file's disk.
pub(crate) fn free_bytes(file: &File) -> io::Result<u64> {
	let stat = statvfs(file)?;
	Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

fn statvfs(file: &File) -> io::Result<libc::statvfs> {
	let mut stat = MaybeUninit::<libc::statvfs>::zeroed();
	// SAFETY: the descriptor is open and the pointer is valid for writes of a `statvfs`.
	if unsafe { libc::fstatvfs(file.as_raw_fd(), stat.as_mut_ptr()) } != 0 {
		return Err(io::Error::last_os_error());
	}
	// SAFETY: the call succeeded, so the structure is filled; all zeros are valid as well.
	Ok(unsafe { stat.assume_init() })
}
