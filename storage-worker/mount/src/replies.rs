//! Answers in FUSE's terms.

use crate::{
	layer::{Answer, Attributes, Layer},
	node::from_ns,
};
use fuser::{
	Errno, FileAttr, Generation, INodeNo, ReplyData, ReplyEmpty, ReplyEntry, ReplyWrite, ReplyXattr,
};
use std::{cell::RefCell, time::Duration};

/// How long the kernel may believe what it was told: every change goes through it.
pub(crate) const TTL: Duration = Duration::from_secs(3600);
const BLOCK: u32 = 4096;

thread_local! {
	/// What a thread answers reads from. A new one for each read costs as much as reading: the kernel clears its pages and takes them back.
	static ANSWER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

pub(crate) fn answer_read(layer: &Layer, ino: u64, offset: u64, size: u32, reply: ReplyData) {
	ANSWER.with_borrow_mut(|answer| {
		let size = size as usize;
		if answer.len() < size {
			answer.resize(size, 0);
		}
		let (buffer, _) = answer.split_at_mut(size);
		match layer.read(ino, offset, buffer) {
			Ok(len) => reply.data(buffer.get(..len).unwrap_or_default()),
			Err(error) => reply.error(error),
		}
	});
}

pub(crate) fn answer_write(layer: &Layer, ino: u64, offset: u64, data: &[u8], reply: ReplyWrite) {
	match layer.write(ino, offset, data) {
		Ok(()) => reply.written(data.len() as u32),
		Err(error) => reply.error(error),
	}
}

pub(crate) fn attr(attributes: &Attributes) -> FileAttr {
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

pub(crate) fn reply_entry(answer: Answer<Attributes>, reply: ReplyEntry) {
	match answer {
		Ok(attributes) => reply.entry(&TTL, &attr(&attributes), Generation(0)),
		Err(error) => reply.error(error),
	}
}

pub(crate) fn reply_empty(answer: Answer<()>, reply: ReplyEmpty) {
	match answer {
		Ok(()) => reply.ok(),
		Err(error) => reply.error(error),
	}
}

/// A value, or only its length if that is what was asked.
pub(crate) fn reply_xattr(answer: Answer<Vec<u8>>, size: u32, reply: ReplyXattr) {
	match answer {
		Ok(value) if size == 0 => reply.size(value.len() as u32),
		Ok(value) if value.len() > size as usize => reply.error(Errno::ERANGE),
		Ok(value) => reply.data(&value),
		Err(error) => reply.error(error),
	}
}
