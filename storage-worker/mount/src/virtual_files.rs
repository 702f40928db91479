//! `.granary/status.json` in the mount's root: what the mount has fetched and written, without knowing where its state is kept.
//!
//! The directory is found but not listed, so that copying a mount does not copy it.

use crate::{layer::first_handle, tree::ROOT};
use fuser::{FileAttr, FileType, INodeNo, ReplyDirectory};
use parking_lot::Mutex;
use std::{
	collections::HashMap,
	ffi::OsStr,
	fmt,
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
	time::SystemTime,
};

const DIRECTORY: u64 = u64::MAX - 1;
const STATUS: u64 = u64::MAX - 2;
const DIRECTORY_NAME: &[u8] = b".granary";
const STATUS_NAME: &[u8] = b"status.json";

/// Says what the status file shows.
#[derive(Clone)]
pub struct StatusSource(Arc<dyn Fn() -> Vec<u8> + Send + Sync>);

impl StatusSource {
	/// What `source` answers whenever the file is opened.
	pub fn new(source: impl Fn() -> Vec<u8> + Send + Sync + 'static) -> Self {
		Self(Arc::new(source))
	}
}

impl fmt::Debug for StatusSource {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("StatusSource")
	}
}

/// The virtual files of a mount.
#[derive(Debug, Default)]
pub(crate) struct VirtualFiles {
	source: Option<StatusSource>,
	/// What those see who have it open.
	open: Mutex<HashMap<u64, Vec<u8>>>,
	next: AtomicU64,
}

impl VirtualFiles {
	pub(crate) fn new(source: Option<StatusSource>) -> Self {
		Self { source, next: AtomicU64::new(first_handle()), ..Self::default() }
	}

	pub(crate) fn is_one(ino: u64) -> bool {
		ino == DIRECTORY || ino == STATUS
	}

	pub(crate) fn lookup(&self, parent: u64, name: &[u8]) -> Option<FileAttr> {
		match (parent, name) {
			(ROOT, DIRECTORY_NAME) => self.attributes(DIRECTORY),
			(DIRECTORY, STATUS_NAME) => self.attributes(STATUS),
			_ => None,
		}
	}

	pub(crate) fn attributes(&self, ino: u64) -> Option<FileAttr> {
		let source = self.source.as_ref()?;
		let (kind, perm, size) = match ino {
			DIRECTORY => (FileType::Directory, 0o555, 0),
			STATUS => (FileType::RegularFile, 0o444, (source.0)().len() as u64),
			_ => return None,
		};
		let now = SystemTime::now();
		let attributes = FileAttr {
			ino: INodeNo(ino),
			size,
			blocks: 0,
			atime: now,
			mtime: now,
			ctime: now,
			crtime: now,
			kind,
			perm,
			nlink: 1,
			uid: rustix::process::geteuid().as_raw(),
			gid: rustix::process::getegid().as_raw(),
			rdev: 0,
			blksize: 4096,
			flags: 0,
		};
		Some(attributes)
	}

	/// Takes the content for one reader, who sees all of it as it is now.
	pub(crate) fn open(&self, ino: u64) -> Option<u64> {
		let source = self.source.as_ref().filter(|_| ino == STATUS)?;
		let handle = self.next.fetch_add(1, Ordering::Relaxed);
		self.open.lock().insert(handle, (source.0)());
		Some(handle)
	}

	pub(crate) fn read(&self, handle: u64, offset: u64, size: usize) -> Vec<u8> {
		let mut open = self.open.lock();
		// Whoever opened it with an earlier process sees it as it is now.
		let now = || self.source.as_ref().map(|source| (source.0)()).unwrap_or_default();
		let content = open.entry(handle).or_insert_with(now);
		content.iter().skip(offset as usize).take(size).copied().collect()
	}

	pub(crate) fn close(&self, handle: u64) {
		self.open.lock().remove(&handle);
	}

	pub(crate) fn list(offset: u64, mut reply: ReplyDirectory) {
		let entries = [
			(DIRECTORY, FileType::Directory, b".".as_slice()),
			(ROOT, FileType::Directory, b".."),
			(STATUS, FileType::RegularFile, STATUS_NAME),
		];
		for (place, (ino, kind, name)) in (1..).zip(entries).skip(offset as usize) {
			let name: &OsStr = std::os::unix::ffi::OsStrExt::from_bytes(name);
			if reply.add(INodeNo(ino), place, kind, name) {
				break;
			}
		}
		reply.ok();
	}
}
