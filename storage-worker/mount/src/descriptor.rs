//! Serving a mount through a descriptor that another process served before, and answering with numbers that may be of such a process.
//!
//! The kernel greets a filesystem once, when it is mounted. The library that serves requests waits for that greeting, so it gets one from here, through a pair of
//! sockets, whose end it holds is then replaced by the descriptor of `/dev/fuse`.

#![allow(
	unsafe_code,
	reason = "the one place where descriptors and files of the kernel are addressed by their numbers"
)]

use crate::{
	layer::Attributes,
	replies::{attr, TTL},
	requests::Requests,
};
use fuser::{Config, FileHandle, FopenFlags, Generation, ReplyCreate, ReplyOpen, Session};
use rustix::{
	io::{dup3, read, write, DupFlags},
	ioctl,
	net::{socketpair, AddressFamily, SocketFlags, SocketType},
};
use std::{
	io,
	mem::ManuallyDrop,
	os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd},
};

/// Of the kernel's greeting: operation, and the protocol's version that has all that is used here.
const INIT: u32 = 26;
const VERSION: (u32, u32) = (7, 40);
/// Everything is allowed: what this connection may do was agreed when it was made.
const ALL_FLAGS: u32 = u32::MAX;
const READ_AHEAD_BYTES: u32 = 1 << 20;
const HEAD_BYTES: u32 = 40;
const INIT_BYTES: u32 = 64;
/// The notification that asks for all requests that were read and not answered.
const RESEND: i32 = 7;

/// A session on the descriptor.
pub(crate) fn session(
	requests: Requests,
	fuse: BorrowedFd<'_>,
	config: Config,
) -> io::Result<Session<Requests>> {
	let (kernel, library) =
		socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
	write(&kernel, &greeting())?;
	let session = Session::from_fd(requests, library, config.acl, config)?;
	let mut answer = [0; 256];
	read(&kernel, &mut answer)?;
	let number = session.as_fd().as_raw_fd();
	// SAFETY: the number is that of a descriptor which the session owns and keeps open; it is not closed here, and the session goes on with what it
	// refers to from now on.
	let mut inside = ManuallyDrop::new(unsafe { OwnedFd::from_raw_fd(number) });
	dup3(fuse, &mut inside, DupFlags::CLOEXEC)?;
	Ok(session)
}

/// Makes the kernel send again what the process before read and did not answer.
pub(crate) fn ask_again(fuse: BorrowedFd<'_>) -> io::Result<()> {
	let mut notification = Vec::new();
	notification.extend_from_slice(&16u32.to_ne_bytes());
	notification.extend_from_slice(&RESEND.to_ne_bytes());
	notification.extend_from_slice(&0u64.to_ne_bytes());
	write(fuse, &notification)?;
	Ok(())
}

/// Nothing is held back here, so the kernel need not ask at every closing, also while nobody is there to answer.
const PASSED: FopenFlags = FopenFlags::FOPEN_NOFLUSH;
/// And what the kernel has cached stays valid: nobody else writes.
const CACHED: FopenFlags = PASSED.union(FopenFlags::FOPEN_KEEP_CACHE);

/// Answers an opening: with the number under which the kernel has the file that it is to read and write itself, or without one.
pub(crate) fn opened(reply: ReplyOpen, backing: Option<u32>) {
	let Some(backing) = backing else { return reply.opened(FileHandle(0), CACHED) };
	// SAFETY: the kernel gave the number to a process that served this connection, and the layer closes it when nobody has the file open any more; here it is given
	// back unclosed.
	let id = unsafe { reply.wrap_backing(backing) };
	reply.opened_passthrough(FileHandle(0), PASSED, &id);
	id.into_raw();
}

/// The same for a file that was made.
pub(crate) fn created(reply: ReplyCreate, made: &Attributes, backing: Option<u32>) {
	let (attr, generation) = (attr(made), Generation(0));
	let Some(backing) = backing else {
		return reply.created(&TTL, &attr, generation, FileHandle(0), CACHED);
	};
	// SAFETY: as above.
	let id = unsafe { reply.wrap_backing(backing) };
	reply.created_passthrough(&TTL, &attr, generation, FileHandle(0), PASSED, &id);
	id.into_raw();
}

/// Closes a file that the kernel read and wrote itself.
pub(crate) fn close_backing(fuse: BorrowedFd<'_>, backing: u32) -> io::Result<()> {
	const CLOSE: ioctl::Opcode = ioctl::opcode::write::<u32>(b'\xe5', 2);
	// SAFETY: `FUSE_DEV_IOC_BACKING_CLOSE` takes a pointer to the number and changes nothing in this process.
	Ok(unsafe { ioctl::ioctl(fuse, ioctl::Setter::<CLOSE, u32>::new(backing)) }?)
}

fn greeting() -> Vec<u8> {
	let mut bytes = Vec::new();
	// Length, operation, number of the request, then inode, user, group, process and extensions, of which there are none.
	bytes.extend_from_slice(&(HEAD_BYTES + INIT_BYTES).to_ne_bytes());
	bytes.extend_from_slice(&INIT.to_ne_bytes());
	bytes.extend_from_slice(&1u64.to_ne_bytes());
	bytes.resize(HEAD_BYTES as usize, 0);
	for field in [VERSION.0, VERSION.1, READ_AHEAD_BYTES, ALL_FLAGS, ALL_FLAGS] {
		bytes.extend_from_slice(&field.to_ne_bytes());
	}
	bytes.resize((HEAD_BYTES + INIT_BYTES) as usize, 0);
	bytes
}
