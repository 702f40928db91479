//! The system calls that the standard library does not offer; the only `unsafe` of the crate.

#![allow(
	unsafe_code,
	reason = "rlimit and the coarse clock have no safe form in the standard library"
)]

use std::{io, mem::MaybeUninit, time::Duration};

/// Lifts the limit of open files to what the system allows this process: every segment is one.
pub(crate) fn raise_open_files_limit() -> io::Result<()> {
	let mut limit = MaybeUninit::<libc::rlimit>::zeroed();
	// SAFETY: the pointer is valid for writes of an `rlimit`.
	if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, limit.as_mut_ptr()) } != 0 {
		return Err(io::Error::last_os_error());
	}
	// SAFETY: the call succeeded, so the structure is filled; all zeros are valid as well.
	let mut limit = unsafe { limit.assume_init() };
	limit.rlim_cur = limit.rlim_max;
	// SAFETY: the pointer is valid for reads of an `rlimit`.
	if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) } != 0 {
		return Err(io::Error::last_os_error());
	}
	Ok(())
}

/// The time since some moment, a few milliseconds exact: the kernel's own tick, which costs hardly anything to read.
pub(crate) fn coarse_clock() -> Duration {
	let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
	// SAFETY: the pointer is valid for writes of a `timespec`. The clock exists since Linux 2.6.32, so the call succeeds.
	let result = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &raw mut time) };
	debug_assert_eq!(result, 0);
	Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}
