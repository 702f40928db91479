//! The system calls that the standard library does not offer; the only `unsafe` of the crate.

#![allow(
	unsafe_code,
	reason = "rlimit, rusage, the coarse clock, signal handlers, prefetching and advice on memory have no safe form in the standard library"
)]

use std::{
	ffi::CString,
	io,
	mem::MaybeUninit,
	os::unix::ffi::OsStrExt,
	sync::atomic::{AtomicPtr, Ordering},
	time::Duration,
};

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

/// Time that the process has used, its own and the kernel's for it.
pub(crate) fn cpu_time() -> (Duration, Duration) {
	let mut usage = MaybeUninit::<libc::rusage>::zeroed();
	// SAFETY: the pointer is valid for writes of an `rusage`. The call fails for a bad pointer or subject only, and then zeros are told.
	let _ = unsafe { libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()) };
	// SAFETY: the call has filled the structure, or it is all zeros, which is valid as well.
	let usage = unsafe { usage.assume_init() };
	let time = |time: libc::timeval| {
		let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
		Duration::from_secs(seconds)
			+ Duration::from_micros(u64::try_from(time.tv_usec).unwrap_or(0))
	};
	(time(usage.ru_utime), time(usage.ru_stime))
}

/// Has the processor bring a place's cache line near; nobody waits for it. On other processors than these it does nothing.
pub(crate) fn prefetch<T>(place: &T) {
	#[cfg(target_arch = "x86_64")]
	// SAFETY: a prefetch changes nothing that a program can see, and faults for no address.
	unsafe {
		use std::arch::x86_64::{_mm_prefetch, _MM_HINT_T0};
		_mm_prefetch::<_MM_HINT_T0>((&raw const *place).cast());
	}
	#[cfg(not(target_arch = "x86_64"))]
	let _ = place;
}

/// What a huge page has at least, where there are any.
const HUGE_PAGE_BYTES: usize = 2 << 20;

/// Asks for huge pages behind memory that is looked at in random places, so that finding a place's page takes less. Short memory is left
/// alone. A kernel without huge pages refuses; nothing but time is lost then.
pub(crate) fn prefer_huge_pages<T>(memory: &mut [T]) {
	let bytes = size_of_val(memory);
	let start = memory.as_mut_ptr().cast::<u8>();
	let skip = start.align_offset(HUGE_PAGE_BYTES);
	let Some(len) = bytes.checked_sub(skip) else { return };
	let len = len / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
	if len > 0 {
		// SAFETY: the range lies within `memory`, and the advice changes nothing that a program can see.
		unsafe { libc::madvise(start.add(skip).cast(), len, libc::MADV_HUGEPAGE) };
	}
}

/// Signals that end a process because of a fault in it.
const CRASHES: [libc::c_int; 5] =
	[libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGABRT];

/// A program and its arguments, as the kernel takes them.
struct CrashProgram {
	/// Keeps what the pointers lead to; the first is the program.
	_words: Vec<CString>,
	pointers: Vec<*const libc::c_char>,
	environment: *const *const libc::c_char,
}

/// The program to run; null before there is one, and while it was run already.
static CRASH_PROGRAM: AtomicPtr<CrashProgram> = AtomicPtr::new(std::ptr::null_mut());

/// Lets a program be run, once, when a fault ends this process; nobody waits for it. The words are its path and its arguments.
pub(crate) fn run_at_crash(words: &[&[u8]]) -> io::Result<()> {
	let words: Vec<CString> =
		words.iter().map(|word| CString::new(*word)).collect::<Result<_, _>>()?;
	let mut pointers: Vec<*const libc::c_char> = words.iter().map(|word| word.as_ptr()).collect();
	pointers.push(std::ptr::null());
	let variables = std::env::vars_os().filter_map(|(name, value)| {
		CString::new([name.as_bytes(), b"=", value.as_bytes()].concat()).ok()
	});
	// The handler may run at any time until the process ends, so all of this is never given back.
	let variables: &'static [CString] = Box::leak(variables.collect());
	let mut environment: Vec<*const libc::c_char> =
		variables.iter().map(|variable| variable.as_ptr()).collect();
	environment.push(std::ptr::null());
	let environment = Box::leak(environment.into_boxed_slice()).as_ptr();
	let program = Box::new(CrashProgram { _words: words, pointers, environment });
	CRASH_PROGRAM.store(Box::into_raw(program), Ordering::Release);
	for signal in CRASHES {
		let mut action = MaybeUninit::<libc::sigaction>::zeroed();
		// SAFETY: an action of zeros is valid: no flags, no signals held back, the default handler.
		let action = unsafe { action.assume_init_mut() };
		action.sa_sigaction = on_crash as *const () as libc::sighandler_t;
		// The other stack is there when a thread's own has overflown. The default action is back when the handler runs.
		action.sa_flags = libc::SA_ONSTACK | libc::SA_RESETHAND | libc::SA_NODEFER;
		// SAFETY: the action is valid, and its handler calls nothing but what may be called in one.
		if unsafe { libc::sigaction(signal, action, std::ptr::null_mut()) } != 0 {
			return Err(io::Error::last_os_error());
		}
	}
	Ok(())
}

/// Starts the program, then lets the signal end the process as it does without a handler.
extern "C" fn on_crash(signal: libc::c_int) {
	let program = CRASH_PROGRAM.swap(std::ptr::null_mut(), Ordering::AcqRel);
	if !program.is_null() {
		// SAFETY: the pointer comes from a box that is never given back. Between fork and exec the child calls only the kernel; the
		// raw call spares it what the C library does around a fork, which a crashed process may not survive.
		unsafe {
			let child = libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0);
			if child == 0 {
				let program = &*program;
				if let Some(path) = program.pointers.first() {
					libc::execve(*path, program.pointers.as_ptr(), program.environment);
				}
				libc::_exit(127);
			}
		}
	}
	// SAFETY: the default action was put back when the handler began, so this ends the process.
	unsafe { libc::raise(signal) };
}
