//! The journal: every change of the tree, in order.
//!
//! It begins from the snapshot's tree, whose entries have the numbers of their places plus one, or, if its first record is [`Record::Reset`], from the tree
//! that [`Record::Node`] and [`Record::Link`] describe. A record is `length u32 LE ‖ crc32c u32 LE ‖ SCALE(Record)`. A torn tail is cut off when the journal is opened. A record is appended before the change is
//! visible, and the write has reached the kernel before the change is acknowledged.

use crate::MountError;
use codec::{Decode, DecodeAll, Encode};
use std::{
	fs::{File, OpenOptions},
	os::unix::fs::FileExt,
	path::{Path, PathBuf},
};

/// The longest record: all extended attributes of an inode fit.
const RECORD_BYTES_MAX: usize = 1 << 20;
const HEAD_BYTES: usize = 8;

/// What a new entry is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum NewKind {
	/// A directory.
	#[codec(index = 0)]
	Directory,
	/// An empty file.
	#[codec(index = 1)]
	File,
	/// A symbolic link.
	#[codec(index = 2)]
	Symlink(Vec<u8>),
}

impl NewKind {
	pub(crate) fn file_type(&self) -> fuser::FileType {
		match self {
			Self::Directory => fuser::FileType::Directory,
			Self::File => fuser::FileType::RegularFile,
			Self::Symlink(_) => fuser::FileType::Symlink,
		}
	}
}

/// What an inode is, for [`Record::Node`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum NodeKind {
	/// A directory.
	#[codec(index = 0)]
	Directory,
	/// A file.
	#[codec(index = 1)]
	File {
		/// The entry of the snapshot that lies below, and how many bytes of it count.
		below: Option<(u64, u64)>,
		/// Its length as long as the layer has no content of it.
		size: u64,
	},
	/// A symbolic link.
	#[codec(index = 2)]
	Symlink(Vec<u8>),
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Record {
	/// An entry was made.
	#[codec(index = 0)]
	Create {
		/// Its inode number.
		ino: u64,
		/// Its directory.
		parent: u64,
		/// Its name.
		name: Vec<u8>,
		/// What it is.
		kind: NewKind,
		/// Permission bits.
		mode: u32,
		/// Owner.
		uid: u32,
		/// Group.
		gid: u32,
		/// When, in nanoseconds since 1970.
		time_ns: i64,
	},
	/// An entry was removed.
	#[codec(index = 1)]
	Remove {
		/// Its directory.
		parent: u64,
		/// Its name.
		name: Vec<u8>,
	},
	/// An entry was moved, over another one if there was one.
	#[codec(index = 2)]
	Rename {
		/// From this directory.
		parent: u64,
		/// From this name.
		name: Vec<u8>,
		/// To this directory.
		new_parent: u64,
		/// To this name.
		new_name: Vec<u8>,
	},
	/// Attributes changed.
	#[codec(index = 3)]
	Attributes {
		/// The inode.
		ino: u64,
		/// Permission bits.
		mode: u32,
		/// Owner.
		uid: u32,
		/// Group.
		gid: u32,
		/// Time of the last change of its content.
		mtime_ns: i64,
	},
	/// A file of the snapshot was cut: from here on what lies below is not its content any more.
	#[codec(index = 4)]
	LowerLimit {
		/// The inode.
		ino: u64,
		/// Bytes from below that still count.
		limit: u64,
	},
	/// The tree is what follows; new inodes get numbers from here on.
	#[codec(index = 5)]
	Reset {
		/// The first of them.
		next_ino: u64,
	},
	/// There is this inode, without a name yet.
	#[codec(index = 6)]
	Node {
		/// Its number.
		ino: u64,
		/// What it is.
		kind: NodeKind,
		/// Permission bits.
		mode: u32,
		/// Owner.
		uid: u32,
		/// Group.
		gid: u32,
		/// Time of the last change of its content.
		mtime_ns: i64,
		/// Extended attributes, sorted by name.
		xattrs: Vec<(Vec<u8>, Vec<u8>)>,
	},
	/// An inode has one more name.
	#[codec(index = 7)]
	Link {
		/// The inode.
		ino: u64,
		/// In this directory.
		parent: u64,
		/// This name.
		name: Vec<u8>,
	},
	/// Two names changed places.
	#[codec(index = 8)]
	Exchange {
		/// One directory.
		parent: u64,
		/// And the name in it.
		name: Vec<u8>,
		/// The other directory.
		new_parent: u64,
		/// And the name in it.
		new_name: Vec<u8>,
	},
	/// An extended attribute was set or, without a value, removed.
	#[codec(index = 9)]
	Xattr {
		/// The inode.
		ino: u64,
		/// The attribute's name.
		name: Vec<u8>,
		/// Its value.
		value: Option<Vec<u8>>,
	},
	/// The layer holds all of a file, durably: nothing lies below it any more.
	#[codec(index = 10)]
	Detached {
		/// The inode.
		ino: u64,
	},
}

/// The open journal.
#[derive(Debug)]
pub(crate) struct Journal {
	path: PathBuf,
	file: File,
	end: u64,
	/// As far as this it is durable.
	synced: u64,
	/// A sync failed: the kernel may have dropped what it should have stored, so no later one proves anything.
	poisoned: bool,
}

impl Journal {
	/// Opens a journal, made if missing, and answers its records.
	pub(crate) fn open(path: &Path) -> Result<(Self, Vec<Record>), MountError> {
		let failed = |source| MountError::File { path: path.to_owned(), source };
		let file =
			OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
		let file = file.map_err(failed)?;
		let bytes = std::fs::read(path).map_err(failed)?;
		let (records, end) = parse(&bytes);
		file.set_len(end).map_err(failed)?;
		Ok((Self { path: path.to_owned(), file, end, synced: 0, poisoned: false }, records))
	}

	/// Appends a record.
	pub(crate) fn append(&mut self, record: &Record) -> std::io::Result<()> {
		let bytes = encode(record);
		self.file.write_all_at(&bytes, self.end)?;
		self.end += bytes.len() as u64;
		Ok(())
	}

	/// A handle to sync and how far that reaches; `None` if everything is durable.
	pub(crate) fn begin_sync(&self) -> std::io::Result<Option<(File, u64)>> {
		if self.poisoned {
			return Err(std::io::Error::other("an earlier sync of the journal failed"));
		}
		(self.synced < self.end).then(|| Ok((self.file.try_clone()?, self.end))).transpose()
	}

	/// Notes how the sync ended.
	pub(crate) fn end_sync(&mut self, end: u64, succeeded: bool) {
		if succeeded {
			self.synced = self.synced.max(end);
		} else {
			self.poisoned = true;
		}
	}

	/// Where it is.
	pub(crate) fn path(&self) -> &Path {
		&self.path
	}

	/// Bytes that it has.
	pub(crate) fn len(&self) -> u64 {
		self.end
	}

	/// Makes everything in it durable, whoever else syncs it.
	pub(crate) fn sync(&mut self) -> std::io::Result<()> {
		self.file.sync_data()?;
		self.synced = self.end;
		Ok(())
	}
}

/// A record's bytes.
pub(crate) fn encode(record: &Record) -> Vec<u8> {
	let body = record.encode();
	let mut bytes = Vec::with_capacity(HEAD_BYTES + body.len());
	bytes.extend_from_slice(&(body.len() as u32).to_le_bytes());
	bytes.extend_from_slice(&crc32c::crc32c(&body).to_le_bytes());
	bytes.extend_from_slice(&body);
	bytes
}

/// The valid records at the beginning of a journal, and where they end.
pub(crate) fn parse(bytes: &[u8]) -> (Vec<Record>, u64) {
	let mut records = Vec::new();
	let mut rest = bytes;
	while let Some((record, after)) = parse_one(rest) {
		records.push(record);
		rest = after;
	}
	(records, (bytes.len() - rest.len()) as u64)
}

fn parse_one(bytes: &[u8]) -> Option<(Record, &[u8])> {
	let (head, rest) = bytes.split_at_checked(HEAD_BYTES)?;
	let (len, crc) = head.split_at(4);
	let len = u32::from_le_bytes(len.try_into().ok()?) as usize;
	if len > RECORD_BYTES_MAX {
		return None;
	}
	let (mut body, rest) = rest.split_at_checked(len)?;
	if crc32c::crc32c(body) != u32::from_le_bytes(crc.try_into().ok()?) {
		return None;
	}
	Some((Record::decode_all(&mut body).ok()?, rest))
}

#[cfg(test)]
mod tests {
	use super::*;

	fn sample(n: u64) -> Record {
		Record::Remove { parent: n, name: vec![b'x'; n as usize] }
	}

	#[test]
	fn a_journal_cut_anywhere_keeps_what_is_whole() {
		let dir = tempfile::tempdir().unwrap();
		let path = dir.path().join("journal");
		let (mut journal, records) = Journal::open(&path).unwrap();
		assert!(records.is_empty());
		let mut ends = vec![0];
		for n in 1..6 {
			journal.append(&sample(n)).unwrap();
			ends.push(journal.end);
		}
		let whole = std::fs::read(&path).unwrap();
		for cut in 0..=whole.len() {
			std::fs::write(&path, &whole[..cut]).unwrap();
			let (journal, records) = Journal::open(&path).unwrap();
			let expected = ends.iter().filter(|end| **end <= cut as u64).count() - 1;
			assert_eq!(records, (1..=expected as u64).map(sample).collect::<Vec<_>>());
			assert_eq!(journal.end, ends[expected]);
		}
		for flip in 0..whole.len() {
			let mut bad = whole.clone();
			bad[flip] ^= 1;
			let (records, _) = parse(&bad);
			let intact = ends.iter().filter(|end| **end <= flip as u64).count() - 1;
			assert_eq!(records.len(), intact, "flipped byte {flip}");
		}
	}
}
