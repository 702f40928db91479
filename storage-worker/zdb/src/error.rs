//! What can go wrong in the engine.

use granary_prover::TreeError;
use std::{io, path::PathBuf};

/// Why the engine could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ZdbError {
	/// A file or directory could not be used.
	#[error("cannot {action} {}: {source}", path.display())]
	File {
		/// What was tried.
		action: &'static str,
		/// The file.
		path: PathBuf,
		/// The system's word.
		source: io::Error,
	},
	/// Another process uses the directory.
	#[error("{} is in use by another process; stop that one first", .0.display())]
	InUse(PathBuf),
	/// A segment file that is none of ours, or of another version.
	#[error("{} is not a segment that this version can read: {reason}", path.display())]
	BadSegment {
		/// The file.
		path: PathBuf,
		/// What is wrong with it.
		reason: &'static str,
	},
	/// A settings file that cannot be used.
	#[error("{} is not a valid namespace configuration: {reason}", path.display())]
	BadConfig {
		/// The file.
		path: PathBuf,
		/// What is wrong with it.
		reason: &'static str,
	},
	/// A record does not match its checksum.
	#[error("the record at offset {offset} of {} is damaged", path.display())]
	Damaged {
		/// The segment.
		path: PathBuf,
		/// Where the record starts.
		offset: u64,
	},
	/// A value that was to be mended is another one.
	#[error("that is not the value that was written under this key")]
	OtherValue,
	/// An fsync failed earlier: what the disk holds is unknown, so nothing more is written.
	#[error("an fsync of {} failed; no more writes until the store is opened again", .0.display())]
	Poisoned(PathBuf),
	/// No such namespace.
	#[error("there is no namespace {0}")]
	NoNamespace(String),
	/// A namespace of that name exists.
	#[error("namespace {0} exists already")]
	NamespaceExists(String),
	/// A name that cannot be a namespace's.
	#[error("{0:?} cannot be the name of a namespace")]
	BadName(String),
	/// More namespaces than a store may have.
	#[error("a store has at most {max} namespaces")]
	TooManyNamespaces {
		/// The bound.
		max: usize,
	},
	/// The default namespace stays.
	#[error("the default namespace cannot be removed")]
	DefaultNamespace,
	/// The namespace was removed while someone still held it.
	#[error("the namespace was removed")]
	Removed,
	/// The mode of a namespace that has records, or `audited` on one, cannot change.
	#[error("the mode of a namespace that was written to cannot change")]
	Used,
	/// Settings that contradict each other.
	#[error("an audited namespace is in user mode and worm, and stays so")]
	AuditedIsWorm,
	/// The key is too long.
	#[error("a key has at most 255 bytes, not {0}")]
	KeyTooLong(usize),
	/// The value is too long.
	#[error("a value has at most {max} bytes here, not {len}")]
	ValueTooLong {
		/// Its length.
		len: usize,
		/// The store's limit.
		max: usize,
	},
	/// User mode needs a key.
	#[error("a key is needed")]
	KeyNeeded,
	/// Sequential mode makes its own keys.
	#[error("only existing keys can be given in sequential mode")]
	KeyNotIssued,
	/// An id of another store that this one could not go on from.
	#[error("the id {id} is larger than any that a store issues; they are below {max}")]
	IdTooLarge {
		/// The id.
		id: u64,
		/// The bound.
		max: u64,
	},
	/// A record of the primary that cannot follow what its replica has.
	#[error("the primary's record {sequence} cannot be taken over: {reason}")]
	BadRecord {
		/// Its number.
		sequence: u64,
		/// What is wrong with it.
		reason: &'static str,
	},
	/// Worm: the key is there already.
	#[error("the namespace is in worm mode and the key exists")]
	WormKeyExists,
	/// Worm: nothing is deleted.
	#[error("the namespace is in worm mode: nothing can be deleted")]
	WormNoDelete,
	/// Nothing to delete.
	#[error("there is no such key")]
	KeyNotFound,
	/// The file system takes no writes.
	#[error("the store lies on a read-only file system")]
	ReadOnly,
	/// Writes are off.
	#[error("the namespace is locked")]
	Locked,
	/// Reads and writes are off.
	#[error("the namespace is frozen")]
	Frozen,
	/// The quota is used up.
	#[error("no space left: {used_bytes} of {max_bytes} bytes are in use and {needed_bytes} more are needed")]
	NoSpace {
		/// Bytes on disk.
		used_bytes: u64,
		/// The quota.
		max_bytes: u64,
		/// What the write would add.
		needed_bytes: u64,
	},
	/// The log has all the segments or records that its numbers can name.
	#[error("the namespace is full: it has no number for another segment or record")]
	Full,
	/// Compaction moved the record meanwhile; whoever looks it up again finds it.
	#[error("the record was moved by compaction")]
	Moved,
	/// The thread never waits for the disk, and the kernel does not have the record in memory.
	#[error("the record has to be read from the disk")]
	NotInMemory,
	/// Nothing is removed from an audited log but by the removal rule.
	#[error("an audited namespace is emptied by removing it, not otherwise")]
	AuditedStays,
	/// A step of a removal whose one before is missing.
	#[error("no removal is at this step: name its keys first, then have its log prepared")]
	NoRemoval,
	/// A removal names too much.
	#[error("one removal names at most {max} keys; do it in several")]
	RemovalTooLarge {
		/// The bound.
		max: usize,
	},
	/// The log of another removal is being made.
	#[error("the log of a removal is being made; try again when it is there")]
	RemovalBusy,
	/// A removal is signed for and waits to be in force.
	#[error("a removal was signed for in epoch {epoch} and is not decided yet; try again after the next audit")]
	RemovalSigned {
		/// Its epoch.
		epoch: u64,
	},
	/// The disk has no room for a second log.
	#[error("the log that stays needs {needed_bytes} bytes beside the present one and the disk has {free_bytes}")]
	NoRoom {
		/// Bytes that the copy takes, with some to spare.
		needed_bytes: u64,
		/// Bytes that the disk has.
		free_bytes: u64,
	},
	/// Too many writers keep a removal from being signed for.
	#[error("at most {max} holds are kept")]
	TooManyHolds {
		/// The bound.
		max: usize,
	},
	/// There is no such record in the files.
	#[error("there is no record at that place")]
	NoRecord,
	/// A cursor that this namespace did not issue.
	#[error("the scan cursor is not valid")]
	BadCursor,
	/// Log functions need an audited namespace.
	#[error("the namespace is not audited")]
	NotAudited,
	/// The tree of an audited log.
	#[error(transparent)]
	Tree(#[from] TreeError),
}

impl ZdbError {
	pub(crate) fn file(action: &'static str, path: &std::path::Path, source: io::Error) -> Self {
		Self::File { action, path: path.to_owned(), source }
	}
}
