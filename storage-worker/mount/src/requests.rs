//! The kernel's requests, translated into operations and back.

use crate::{
	descriptor::{created, opened},
	journal::NewKind,
	layer::{Answer, Attributes, Change, Layer, Owner, Rename, NAME_BYTES_MAX},
	node::{now_ns, to_ns},
	page_cache::PageCache,
	replies::{answer_read, answer_write, attr, reply_empty, reply_entry, reply_xattr, TTL},
	resent,
	virtual_files::VirtualFiles,
	waiting::Waiting,
};
use fuser::{
	Errno, FileHandle, Filesystem, FopenFlags, Generation, INodeNo, InitFlags, KernelConfig,
	LockOwner, OpenAccMode, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData,
	ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyLseek, ReplyOpen, ReplyStatfs, ReplyWrite,
	ReplyXattr, Request, TimeOrNow, WriteFlags,
};
use std::{
	ffi::OsStr,
	io,
	os::unix::ffi::OsStrExt,
	path::Path,
	sync::Arc,
	time::{Duration, SystemTime},
};

/// Bytes of a write request, and of read-ahead.
const REQUEST_BYTES: u32 = 1 << 20;
/// Requests that the kernel keeps under way in the background.
const BACKGROUND_REQUESTS: u16 = 64;

/// The filesystem as FUSE sees it.
#[derive(Debug)]
pub(crate) struct Requests {
	layer: Arc<Layer>,
	waiting: Waiting,
	virtual_files: VirtualFiles,
	page_cache: Arc<PageCache>,
}

impl Requests {
	/// Answers for a layer on so many threads.
	pub(crate) fn new(
		layer: Arc<Layer>,
		threads: usize,
		virtual_files: VirtualFiles,
		page_cache: Arc<PageCache>,
	) -> Self {
		Self { layer, waiting: Waiting::new(threads), virtual_files, page_cache }
	}

	fn make(
		&self,
		request: &Request,
		parent: INodeNo,
		name: &OsStr,
		kind: NewKind,
		mode: u32,
	) -> Answer<Attributes> {
		let owner = Owner { mode, uid: request.uid(), gid: request.gid() };
		let wanted = kind.file_type();
		let answer = self.layer.create(parent.0, name.as_bytes(), kind, owner);
		let existing = || self.layer.lookup(parent.0, name.as_bytes());
		resent::made(request, answer, existing, |found| found.kind == wanted)
	}
}

impl Filesystem for Requests {
	fn init(&mut self, _: &Request, config: &mut KernelConfig) -> io::Result<()> {
		// A kernel that allows less says how much; that is taken then.
		if let Err(most) = config.set_max_write(REQUEST_BYTES) {
			let _ = config.set_max_write(most);
		}
		if let Err(most) = config.set_max_readahead(REQUEST_BYTES) {
			let _ = config.set_max_readahead(most);
		}
		let _ = config.set_max_background(BACKGROUND_REQUESTS);
		// For databases' logs. A depth of one: the layer has to lie on a filesystem that is not stacked itself. Without it the kernel asks for everything.
		let _ = config.add_capabilities(InitFlags::FUSE_PASSTHROUGH);
		let _ = config.set_max_stack_depth(1);
		// Then the kernel remembers that a file has no capabilities, instead of asking before every write.
		let _ = config.add_capabilities(InitFlags::FUSE_HANDLE_KILLPRIV_V2);
		Ok(())
	}

	fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
		if let Some(found) = self.virtual_files.lookup(parent.0, name.as_bytes()) {
			return reply.entry(&Duration::ZERO, &found, Generation(0));
		}
		reply_entry(self.layer.lookup(parent.0, name.as_bytes()), reply);
	}

	fn forget(&self, _: &Request, ino: INodeNo, _: u64) {
		self.layer.forget(ino.0);
	}

	fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
		if let Some(found) = self.virtual_files.attributes(ino.0) {
			return reply.attr(&Duration::ZERO, &found);
		}
		match self.layer.attributes(ino.0) {
			Ok(attributes) => reply.attr(&TTL, &attr(&attributes)),
			Err(error) => reply.error(error),
		}
	}

	fn setattr(
		&self,
		_: &Request,
		ino: INodeNo,
		mode: Option<u32>,
		uid: Option<u32>,
		gid: Option<u32>,
		size: Option<u64>,
		_: Option<TimeOrNow>,
		mtime: Option<TimeOrNow>,
		_: Option<SystemTime>,
		_: Option<FileHandle>,
		_: Option<SystemTime>,
		_: Option<SystemTime>,
		_: Option<SystemTime>,
		_: Option<fuser::BsdFileFlags>,
		reply: ReplyAttr,
	) {
		let mtime_ns = mtime.map(|time| match time {
			TimeOrNow::SpecificTime(time) => to_ns(time),
			TimeOrNow::Now => now_ns(),
		});
		let before = size.and_then(|_| self.layer.attributes(ino.0).ok());
		match self.layer.change(ino.0, Change { mode, uid, gid, size, mtime_ns }) {
			Ok(attributes) => {
				if let Some(before) = before.filter(|_| !self.layer.is_passed(ino.0)) {
					self.page_cache.grown(ino.0, before.size, attributes.size);
				}
				reply.attr(&TTL, &attr(&attributes));
			},
			Err(error) => reply.error(error),
		}
	}

	fn readlink(&self, _: &Request, ino: INodeNo, reply: ReplyData) {
		match self.layer.link_target(ino.0) {
			Ok(target) => reply.data(&target),
			Err(error) => reply.error(error),
		}
	}

	fn mknod(
		&self,
		request: &Request,
		parent: INodeNo,
		name: &OsStr,
		mode: u32,
		umask: u32,
		_: u32,
		reply: ReplyEntry,
	) {
		if mode & libc::S_IFMT != libc::S_IFREG {
			// A database needs neither devices nor pipes.
			return reply.error(Errno::EPERM);
		}
		reply_entry(self.make(request, parent, name, NewKind::File, mode & !umask), reply);
	}

	fn mkdir(
		&self,
		request: &Request,
		parent: INodeNo,
		name: &OsStr,
		mode: u32,
		umask: u32,
		reply: ReplyEntry,
	) {
		reply_entry(self.make(request, parent, name, NewKind::Directory, mode & !umask), reply);
	}

	fn unlink(&self, request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
		let answer = self.layer.remove(parent.0, name.as_bytes(), false);
		reply_empty(resent::done(request, answer, Errno::ENOENT, || true), reply);
	}

	fn rmdir(&self, request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
		let answer = self.layer.remove(parent.0, name.as_bytes(), true);
		reply_empty(resent::done(request, answer, Errno::ENOENT, || true), reply);
	}

	fn symlink(
		&self,
		request: &Request,
		parent: INodeNo,
		name: &OsStr,
		target: &Path,
		reply: ReplyEntry,
	) {
		let kind = NewKind::Symlink(target.as_os_str().as_bytes().to_vec());
		reply_entry(self.make(request, parent, name, kind, 0o777), reply);
	}

	fn rename(
		&self,
		request: &Request,
		parent: INodeNo,
		name: &OsStr,
		new_parent: INodeNo,
		new_name: &OsStr,
		flags: RenameFlags,
		reply: ReplyEmpty,
	) {
		let how = match flags {
			flags if flags.contains(RenameFlags::RENAME_WHITEOUT) => {
				return reply.error(Errno::EINVAL)
			},
			flags if flags.contains(RenameFlags::RENAME_EXCHANGE) => Rename::Exchange,
			flags if flags.contains(RenameFlags::RENAME_NOREPLACE) => Rename::NoReplace,
			_ => Rename::Replace,
		};
		let from = (parent.0, name.as_bytes());
		let to = (new_parent.0, new_name.as_bytes());
		let moved = || self.layer.lookup(to.0, to.1).is_ok();
		let answer = self.layer.rename(from, to, how);
		reply_empty(resent::done(request, answer, Errno::ENOENT, moved), reply);
	}

	fn link(
		&self,
		request: &Request,
		ino: INodeNo,
		parent: INodeNo,
		name: &OsStr,
		reply: ReplyEntry,
	) {
		let existing = || self.layer.lookup(parent.0, name.as_bytes());
		let answer = self.layer.link(ino.0, parent.0, name.as_bytes());
		reply_entry(resent::made(request, answer, existing, |found| found.ino == ino.0), reply);
	}

	fn open(&self, _: &Request, ino: INodeNo, flags: OpenFlags, reply: ReplyOpen) {
		if let Some(handle) = self.virtual_files.open(ino.0) {
			return reply.opened(FileHandle(handle), FopenFlags::FOPEN_DIRECT_IO);
		}
		let writing = flags.acc_mode() != OpenAccMode::O_RDONLY;
		match self.layer.open_file(ino.0, writing) {
			Ok(backing) => opened(reply, backing),
			Err(error) => reply.error(error),
		}
	}

	fn create(
		&self,
		request: &Request,
		parent: INodeNo,
		name: &OsStr,
		mode: u32,
		umask: u32,
		_: i32,
		reply: ReplyCreate,
	) {
		let made = self.make(request, parent, name, NewKind::File, mode & !umask);
		let opened = made.and_then(|made| Ok((made, self.layer.open_file(made.ino, true)?)));
		match opened {
			Ok((made, backing)) => created(reply, &made, backing),
			Err(error) => reply.error(error),
		}
	}

	fn read(
		&self,
		_: &Request,
		ino: INodeNo,
		handle: FileHandle,
		offset: u64,
		size: u32,
		_: OpenFlags,
		_: Option<LockOwner>,
		reply: ReplyData,
	) {
		if VirtualFiles::is_one(ino.0) {
			return reply.data(&self.virtual_files.read(handle.0, offset, size as usize));
		}
		if !self.layer.is_slow(ino.0, offset, size as usize, false) {
			return answer_read(&self.layer, ino.0, offset, size, reply);
		}
		let mut reply = Some(reply);
		let here = || {
			reply
				.take()
				.into_iter()
				.for_each(|reply| answer_read(&self.layer, ino.0, offset, size, reply))
		};
		if !self.waiting.try_here(here) {
			let layer = self.layer.clone();
			let there = move || {
				reply.into_iter().for_each(|reply| answer_read(&layer, ino.0, offset, size, reply))
			};
			self.waiting.hand_over(Box::new(there));
		}
	}

	fn write(
		&self,
		_: &Request,
		ino: INodeNo,
		_: FileHandle,
		offset: u64,
		data: &[u8],
		flags: WriteFlags,
		_: OpenFlags,
		_: Option<LockOwner>,
		reply: ReplyWrite,
	) {
		if flags.contains(WriteFlags::FUSE_WRITE_KILL_SUIDGID) {
			if let Err(error) = self.layer.drop_privileges(ino.0) {
				return reply.error(error);
			}
		}
		if !self.layer.is_slow(ino.0, offset, data.len(), true) {
			return answer_write(&self.layer, ino.0, offset, data, reply);
		}
		let mut reply = Some(reply);
		let here = || {
			reply
				.take()
				.into_iter()
				.for_each(|reply| answer_write(&self.layer, ino.0, offset, data, reply))
		};
		if !self.waiting.try_here(here) {
			let (layer, data) = (self.layer.clone(), data.to_vec());
			let there = move || {
				reply
					.into_iter()
					.for_each(|reply| answer_write(&layer, ino.0, offset, &data, reply))
			};
			self.waiting.hand_over(Box::new(there));
		}
	}

	fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
		// A kernel before 5.16 asks once.
		reply.error(Errno::ENOSYS);
	}

	fn release(
		&self,
		_: &Request,
		ino: INodeNo,
		handle: FileHandle,
		_: OpenFlags,
		_: Option<LockOwner>,
		_: bool,
		reply: ReplyEmpty,
	) {
		if VirtualFiles::is_one(ino.0) {
			self.virtual_files.close(handle.0);
			return reply.ok();
		}
		// Answered first: a closing that is asked for again counts twice.
		reply.ok();
		self.layer.close_file(ino.0);
	}

	fn fsync(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
		reply_empty(self.layer.sync(ino.0), reply);
	}

	fn opendir(&self, _: &Request, ino: INodeNo, _: OpenFlags, reply: ReplyOpen) {
		if VirtualFiles::is_one(ino.0) {
			return reply.opened(FileHandle(0), FopenFlags::empty());
		}
		match self.layer.open_listing(ino.0) {
			Ok(handle) => reply.opened(FileHandle(handle), FopenFlags::empty()),
			Err(error) => reply.error(error),
		}
	}

	fn readdir(
		&self,
		_: &Request,
		ino: INodeNo,
		handle: FileHandle,
		offset: u64,
		mut reply: ReplyDirectory,
	) {
		if VirtualFiles::is_one(ino.0) {
			return VirtualFiles::list(offset, reply);
		}
		let listing = match self.layer.listing(ino.0, handle.0) {
			Ok(listing) => listing,
			Err(error) => return reply.error(error),
		};
		for (position, listed) in listing.iter().enumerate().skip(offset as usize) {
			let next = position as u64 + 1;
			let name = OsStr::from_bytes(&listed.name);
			if reply.add(INodeNo(listed.ino), next, listed.kind, name) {
				break;
			}
		}
		reply.ok();
	}

	fn releasedir(
		&self,
		_: &Request,
		_: INodeNo,
		handle: FileHandle,
		_: OpenFlags,
		reply: ReplyEmpty,
	) {
		self.layer.close_listing(handle.0);
		reply.ok();
	}

	fn fsyncdir(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
		reply_empty(self.layer.sync(ino.0), reply);
	}

	fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
		// The room for writing is that of the layer's filesystem.
		match rustix::fs::statvfs(self.layer.layer_path()) {
			Ok(stat) => reply.statfs(
				stat.f_blocks,
				stat.f_bfree,
				stat.f_bavail,
				stat.f_files,
				stat.f_ffree,
				stat.f_bsize as u32,
				NAME_BYTES_MAX as u32,
				stat.f_frsize as u32,
			),
			Err(error) => reply.error(Errno::from_i32(error.raw_os_error())),
		}
	}

	fn getxattr(&self, _: &Request, ino: INodeNo, name: &OsStr, size: u32, reply: ReplyXattr) {
		reply_xattr(self.layer.xattr(ino.0, name.as_bytes()), size, reply);
	}

	fn listxattr(&self, _: &Request, ino: INodeNo, size: u32, reply: ReplyXattr) {
		reply_xattr(self.layer.xattr_names(ino.0), size, reply);
	}

	fn setxattr(
		&self,
		_: &Request,
		ino: INodeNo,
		name: &OsStr,
		value: &[u8],
		flags: i32,
		_: u32,
		reply: ReplyEmpty,
	) {
		reply_empty(self.layer.set_xattr(ino.0, name.as_bytes(), Some(value), flags), reply);
	}

	fn removexattr(&self, _: &Request, ino: INodeNo, name: &OsStr, reply: ReplyEmpty) {
		reply_empty(self.layer.set_xattr(ino.0, name.as_bytes(), None, 0), reply);
	}

	fn fallocate(
		&self,
		_: &Request,
		ino: INodeNo,
		_: FileHandle,
		offset: u64,
		length: u64,
		mode: i32,
		reply: ReplyEmpty,
	) {
		let Some(end) = offset.checked_add(length) else { return reply.error(Errno::EFBIG) };
		reply_empty(self.layer.reserve(ino.0, offset..end, mode), reply);
	}

	fn lseek(
		&self,
		_: &Request,
		ino: INodeNo,
		_: FileHandle,
		offset: i64,
		whence: i32,
		reply: ReplyLseek,
	) {
		let Ok(offset) = u64::try_from(offset) else { return reply.error(Errno::EINVAL) };
		match self.layer.seek(ino.0, offset, whence == libc::SEEK_HOLE) {
			Ok(found) => reply.offset(i64::try_from(found).unwrap_or(i64::MAX)),
			Err(error) => reply.error(error),
		}
	}
}
