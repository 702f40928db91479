//! System calls that the standard library does not offer; the only `unsafe` of the crate.

#![allow(
	unsafe_code,
	reason = "fstatvfs and sync_file_range have no safe form in the standard library"
)]

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

/// Has the kernel begin to write these bytes of a file to its disk.
pub(crate) fn begin_writing(file: &File, offset: u64, len_bytes: u64) -> io::Result<()> {
	#[cfg(target_os = "linux")]
	{
		let as_offset = |bytes| libc::off64_t::try_from(bytes).map_err(io::Error::other);
		let (offset, len) = (as_offset(offset)?, as_offset(len_bytes)?);
		// SAFETY: the descriptor is open, and nothing in memory is passed.
		let begun = unsafe {
			libc::sync_file_range(file.as_raw_fd(), offset, len, libc::SYNC_FILE_RANGE_WRITE)
		};
		if begun != 0 {
			return Err(io::Error::last_os_error());
		}
	}
	#[cfg(not(target_os = "linux"))]
	let _ = (file, offset, len_bytes);
	Ok(())
}
