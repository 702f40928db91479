//! Inodes in memory.

use crate::{
	journal::Record,
	thin::{Below, ThinFile},
};
use std::{
	collections::BTreeMap,
	sync::Arc,
	time::{Duration, SystemTime, UNIX_EPOCH},
};

/// What an inode is.
#[derive(Debug)]
pub(crate) enum Kind {
	Directory {
		parent: u64,
		children: BTreeMap<Vec<u8>, u64>,
	},
	File {
		/// What of it lies below.
		below: Option<Below>,
		/// Its length as long as the layer has no content of it.
		size: u64,
		/// Its content in the layer.
		thin: Option<Arc<ThinFile>>,
	},
	Symlink(Vec<u8>),
}

/// An inode.
#[derive(Debug)]
pub(crate) struct Node {
	pub(crate) kind: Kind,
	pub(crate) mode: u32,
	pub(crate) uid: u32,
	pub(crate) gid: u32,
	pub(crate) mtime_ns: i64,
	/// How often it is open.
	pub(crate) opened: u64,
	/// It has no name any more and goes when it is closed.
	pub(crate) unlinked: bool,
}

impl Node {
	pub(crate) fn new(kind: Kind, mode: u32, uid: u32, gid: u32, mtime_ns: i64) -> Self {
		Self { kind, mode, uid, gid, mtime_ns, opened: 0, unlinked: false }
	}

	/// The record that keeps its attributes.
	pub(crate) fn attributes(&self, ino: u64) -> Record {
		Record::Attributes {
			ino,
			mode: self.mode,
			uid: self.uid,
			gid: self.gid,
			mtime_ns: self.mtime_ns,
		}
	}

	pub(crate) fn is_directory(&self) -> bool {
		matches!(self.kind, Kind::Directory { .. })
	}

	/// The file's length; a link's is that of its target.
	pub(crate) fn size(&self) -> u64 {
		match &self.kind {
			Kind::Directory { .. } => 4096,
			Kind::Symlink(target) => target.len() as u64,
			Kind::File { thin: Some(thin), .. } => thin.size(),
			Kind::File { size, .. } => *size,
		}
	}
}

/// Nanoseconds since 1970.
pub(crate) fn to_ns(time: SystemTime) -> i64 {
	match time.duration_since(UNIX_EPOCH) {
		Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
		Err(before) => -i64::try_from(before.duration().as_nanos()).unwrap_or(i64::MAX),
	}
}

/// The time so many nanoseconds after 1970.
pub(crate) fn from_ns(ns: i64) -> SystemTime {
	let distance = Duration::from_nanos(ns.unsigned_abs());
	if ns >= 0 {
		UNIX_EPOCH + distance
	} else {
		UNIX_EPOCH - distance
	}
}

/// Now, in nanoseconds since 1970.
pub(crate) fn now_ns() -> i64 {
	to_ns(SystemTime::now())
}
