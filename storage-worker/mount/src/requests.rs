//! The kernel's requests, translated into operations and back.

use crate::{
	filesystem::{Answer, Attributes, Change, Layered, Owner, NAME_BYTES_MAX},
	journal::NewKind,
	node::{from_ns, now_ns, to_ns},
	waiting::Waiting,
	Lower,
};
use fuser::{
	Errno, FileAttr, FileHandle, Filesystem, FopenFlags, Generation, INodeNo, KernelConfig,
	LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory,
	ReplyEmpty, ReplyEntry, ReplyOpen, ReplyStatfs, ReplyWrite, ReplyXattr, Request, TimeOrNow,
	WriteFlags,
};
use std::{
	ffi::OsStr,
	io,
	os::unix::ffi::OsStrExt,
	path::Path,
	sync::Arc,
	time::{Duration, SystemTime},
};

/// How long the kernel may believe what it was told: every change goes through it.
const TTL: Duration = Duration::from_secs(3600);
/// Bytes of a write request, and of read-ahead.
const REQUEST_BYTES: u32 = 1 << 20;
/// Requests that the kernel keeps under way in the background.
const BACKGROUND_REQUESTS: u16 = 64;
const BLOCK: u32 = 4096;

/// The filesystem as FUSE sees it.
#[derive(Debug)]
pub(crate) struct Requests<L>(Arc<Layered<L>>, Waiting);

impl<L: Lower> Requests<L> {
	/// Answers for `layered` on so many threads.
	pub(crate) fn new(layered: Arc<Layered<L>>, threads: usize) -> Self {
		Self(layered, Waiting::new(threads))
	}
}

fn answer_read<L: Lower>(layered: &Layered<L>, ino: u64, offset: u64, size: u32, reply: ReplyData) {
	let mut buffer = vec![0; size as usize];
	match layered.read(ino, offset, &mut buffer) {
		Ok(len) => {
			buffer.truncate(len);
			reply.data(&buffer);
		},
		Err(error) => reply.error(error),
	}
}

fn answer_write<L: Lower>(
	layered: &Layered<L>,
	ino: u64,
	offset: u64,
	data: &[u8],
	reply: ReplyWrite,
) {
	match layered.write(ino, offset, data) {
		Ok(()) => reply.written(data.len() as u32),
		Err(error) => reply.error(error),
	}
}

fn attr(attributes: &Attributes) -> FileAttr {
	let time = from_ns(attributes.mtime_ns);
	FileAttr {
		ino: INodeNo(attributes.ino),
		size: attributes.size,
		blocks: attributes.blocks,
		atime: time,
		mtime: time,
		ctime: time,
		crtime: time,
		kind: attributes.kind,
		perm: attributes.mode as u16,
		nlink: attributes.nlink,
		uid: attributes.uid,
		gid: attributes.gid,
		rdev: 0,
		blksize: BLOCK,
		flags: 0,
	}
}

fn reply_entry(answer: Answer<Attributes>, reply: ReplyEntry) {
	match answer {
		Ok(attributes) => reply.entry(&TTL, &attr(&attributes), Generation(0)),
		Err(error) => reply.error(error),
	}
}

fn reply_empty(answer: Answer<()>, reply: ReplyEmpty) {
	match answer {
		Ok(()) => reply.ok(),
		Err(error) => reply.error(error),
	}
}

fn owner(request: &Request, mode: u32, umask: u32) -> Owner {
	Owner { mode: mode & !umask, uid: request.uid(), gid: request.gid() }
}

impl<L: Lower> Filesystem for Requests<L> {
	fn init(&mut self, _: &Request, config: &mut KernelConfig) -> io::Result<()> {
		// A kernel that allows less says how much; that is taken then.
		if let Err(most) = config.set_max_write(REQUEST_BYTES) {
			let _ = config.set_max_write(most);
		}
		if let Err(most) = config.set_max_readahead(REQUEST_BYTES) {
			let _ = config.set_max_readahead(most);
		}
		let _ = config.set_max_background(BACKGROUND_REQUESTS);
		Ok(())
	}

	fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
		reply_entry(self.0.lookup(parent.0, name.as_bytes()), reply);
	}

	fn forget(&self, _: &Request, _: INodeNo, _: u64) {}

	fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
		match self.0.attributes(ino.0) {
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
		match self.0.change(ino.0, Change { mode, uid, gid, size, mtime_ns }) {
			Ok(attributes) => reply.attr(&TTL, &attr(&attributes)),
			Err(error) => reply.error(error),
		}
	}

	fn readlink(&self, _: &Request, ino: INodeNo, reply: ReplyData) {
		match self.0.link_target(ino.0) {
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
		let owner = owner(request, mode, umask);
		reply_entry(self.0.create(parent.0, name.as_bytes(), NewKind::File, owner), reply);
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
		let owner = owner(request, mode, umask);
		reply_entry(self.0.create(parent.0, name.as_bytes(), NewKind::Directory, owner), reply);
	}

	fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
		reply_empty(self.0.remove(parent.0, name.as_bytes(), false), reply);
	}

	fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
		reply_empty(self.0.remove(parent.0, name.as_bytes(), true), reply);
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
		let owner = owner(request, 0o777, 0);
		reply_entry(self.0.create(parent.0, name.as_bytes(), kind, owner), reply);
	}

	fn rename(
		&self,
		_: &Request,
		parent: INodeNo,
		name: &OsStr,
		new_parent: INodeNo,
		new_name: &OsStr,
		flags: RenameFlags,
		reply: ReplyEmpty,
	) {
		if flags.intersects(RenameFlags::RENAME_EXCHANGE | RenameFlags::RENAME_WHITEOUT) {
			return reply.error(Errno::EINVAL);
		}
		let replace = !flags.contains(RenameFlags::RENAME_NOREPLACE);
		let from = (parent.0, name.as_bytes());
		let to = (new_parent.0, new_name.as_bytes());
		reply_empty(self.0.rename(from, to, replace), reply);
	}

	fn link(&self, _: &Request, _: INodeNo, _: INodeNo, _: &OsStr, reply: ReplyEntry) {
		// A name is an inode's only one here; databases of nodes make no hard links.
		reply.error(Errno::EOPNOTSUPP);
	}

	fn open(&self, _: &Request, ino: INodeNo, _: OpenFlags, reply: ReplyOpen) {
		match self.0.open(ino.0) {
			// What the kernel has cached stays valid: nobody else writes.
			Ok(()) => reply.opened(FileHandle(0), FopenFlags::FOPEN_KEEP_CACHE),
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
		let owner = owner(request, mode, umask);
		let made = self.0.create(parent.0, name.as_bytes(), NewKind::File, owner);
		match made.and_then(|made| self.0.open(made.ino).map(|()| made)) {
			Ok(made) => reply.created(
				&TTL,
				&attr(&made),
				Generation(0),
				FileHandle(0),
				FopenFlags::FOPEN_KEEP_CACHE,
			),
			Err(error) => reply.error(error),
		}
	}

	fn read(
		&self,
		_: &Request,
		ino: INodeNo,
		_: FileHandle,
		offset: u64,
		size: u32,
		_: OpenFlags,
		_: Option<LockOwner>,
		reply: ReplyData,
	) {
		if !self.0.is_slow(ino.0, offset, size as usize, false) {
			return answer_read(&self.0, ino.0, offset, size, reply);
		}
		let mut reply = Some(reply);
		let here = || {
			reply
				.take()
				.into_iter()
				.for_each(|reply| answer_read(&self.0, ino.0, offset, size, reply))
		};
		if !self.1.try_here(here) {
			let layered = self.0.clone();
			let there = move || {
				reply
					.into_iter()
					.for_each(|reply| answer_read(&layered, ino.0, offset, size, reply))
			};
			self.1.hand_over(Box::new(there));
		}
	}

	fn write(
		&self,
		_: &Request,
		ino: INodeNo,
		_: FileHandle,
		offset: u64,
		data: &[u8],
		_: WriteFlags,
		_: OpenFlags,
		_: Option<LockOwner>,
		reply: ReplyWrite,
	) {
		if !self.0.is_slow(ino.0, offset, data.len(), true) {
			return answer_write(&self.0, ino.0, offset, data, reply);
		}
		let mut reply = Some(reply);
		let here = || {
			reply
				.take()
				.into_iter()
				.for_each(|reply| answer_write(&self.0, ino.0, offset, data, reply))
		};
		if !self.1.try_here(here) {
			let (layered, data) = (self.0.clone(), data.to_vec());
			let there = move || {
				reply
					.into_iter()
					.for_each(|reply| answer_write(&layered, ino.0, offset, &data, reply))
			};
			self.1.hand_over(Box::new(there));
		}
	}

	fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
		// Nothing is held back here, so the kernel need not ask again.
		reply.error(Errno::ENOSYS);
	}

	fn release(
		&self,
		_: &Request,
		ino: INodeNo,
		_: FileHandle,
		_: OpenFlags,
		_: Option<LockOwner>,
		_: bool,
		reply: ReplyEmpty,
	) {
		self.0.close(ino.0);
		reply.ok();
	}

	fn fsync(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
		reply_empty(self.0.sync(ino.0), reply);
	}

	fn opendir(&self, _: &Request, ino: INodeNo, _: OpenFlags, reply: ReplyOpen) {
		match self.0.open_listing(ino.0) {
			Ok(handle) => reply.opened(FileHandle(handle), FopenFlags::empty()),
			Err(error) => reply.error(error),
		}
	}

	fn readdir(
		&self,
		_: &Request,
		_: INodeNo,
		handle: FileHandle,
		offset: u64,
		mut reply: ReplyDirectory,
	) {
		let listing = match self.0.listing(handle.0) {
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
		self.0.close_listing(handle.0);
		reply.ok();
	}

	fn fsyncdir(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
		reply_empty(self.0.sync(ino.0), reply);
	}

	fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
		// The room for writing is that of the layer's filesystem.
		match rustix::fs::statvfs(self.0.layer_path()) {
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

	fn getxattr(&self, _: &Request, _: INodeNo, _: &OsStr, _: u32, reply: ReplyXattr) {
		// ENOSYS reaches applications as EOPNOTSUPP, and the kernel never asks again; otherwise it asks before every write.
		reply.error(Errno::ENOSYS);
	}

	fn listxattr(&self, _: &Request, _: INodeNo, _: u32, reply: ReplyXattr) {
		reply.error(Errno::ENOSYS);
	}

	fn setxattr(
		&self,
		_: &Request,
		_: INodeNo,
		_: &OsStr,
		_: &[u8],
		_: i32,
		_: u32,
		reply: ReplyEmpty,
	) {
		reply.error(Errno::EOPNOTSUPP);
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
		let answer = match mode {
			0 => offset
				.checked_add(length)
				.ok_or(Errno::EFBIG)
				.and_then(|end| self.0.allocate(ino.0, end)),
			// Space is taken when it is written.
			libc::FALLOC_FL_KEEP_SIZE => Ok(()),
			_ => Err(Errno::EOPNOTSUPP),
		};
		reply_empty(answer, reply);
	}
}
