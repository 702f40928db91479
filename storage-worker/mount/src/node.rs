//! Inodes in memory.

use crate::{
	blocks::Below,
	journal::{NodeKind, Record},
	thin::ThinFile,
};
use std::{
	collections::BTreeMap,
	os::unix::fs::MetadataExt,
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
	pub(crate) xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
	/// How many names it has; it goes when it has none and is closed.
	pub(crate) names: u32,
	/// How often it is open.
	pub(crate) opened: u64,
	/// It has, or had, a name of a database's log.
	pub(crate) is_log: bool,
}

impl Node {
	pub(crate) fn new(kind: Kind, mode: u32, uid: u32, gid: u32, mtime_ns: i64) -> Self {
		let xattrs = BTreeMap::new();
		Self { kind, mode, uid, gid, mtime_ns, xattrs, names: 0, opened: 0, is_log: false }
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

	/// The record that keeps all of it but its names.
	pub(crate) fn record(
		&self,
		ino: u64,
		lies_below: &impl Fn(u64, Option<Below>) -> Option<(usize, u64)>,
	) -> Record {
		let kind = match &self.kind {
			Kind::Directory { .. } => NodeKind::Directory,
			Kind::Symlink(target) => NodeKind::Symlink(target.clone()),
			Kind::File { below, size, thin } => {
				let now = match thin {
					Some(thin) => thin.state.read().below.clone(),
					None => below.clone(),
				};
				let below = lies_below(ino, now).map(|(entry, limit)| (entry as u64, limit));
				NodeKind::File { below, size: thin.as_ref().map_or(*size, |thin| thin.size()) }
			},
		};
		Record::Node {
			ino,
			kind,
			mode: self.mode,
			uid: self.uid,
			gid: self.gid,
			mtime_ns: self.mtime_ns(),
			xattrs: self.xattrs.clone().into_iter().collect(),
		}
	}

	/// Whether there is something to read in it, here or below.
	pub(crate) fn has_content(&self) -> bool {
		match &self.kind {
			Kind::File { below, thin, .. } => below.is_some() || thin.is_some(),
			_ => false,
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

	/// When its content changed last; the layer's file knows that for what it holds.
	pub(crate) fn mtime_ns(&self) -> i64 {
		match &self.kind {
			Kind::File { thin: Some(thin), .. } => {
				thin.metadata().map_or(self.mtime_ns, |metadata| {
					metadata.mtime().saturating_mul(1_000_000_000) + metadata.mtime_nsec()
				})
			},
			_ => self.mtime_ns,
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
