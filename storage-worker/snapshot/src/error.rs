//! What can go wrong with a snapshot.

use crate::{ObjectId, StoreError};
use std::{io, path::PathBuf};

/// Why a snapshot could not be made, read or restored.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
	/// A file or directory could not be read or written.
	#[error("{}: {source}", path.display())]
	File {
		/// Which.
		path: PathBuf,
		/// The system's word.
		source: io::Error,
	},
	/// A file changed while it was read; a running database cannot be published.
	#[error("{} changed while it was read; stop what writes to it and try again", path.display())]
	Changed {
		/// The file.
		path: PathBuf,
	},
	/// A path cannot be stored.
	#[error("{}: {reason}", path.display())]
	BadPath {
		/// Which.
		path: PathBuf,
		/// Why.
		reason: &'static str,
	},
	/// The size of chunks is not allowed.
	#[error(
		"chunks of {bytes} bytes are not possible; it must be a power of two from 4096 to 1048576"
	)]
	BadChunkSize {
		/// The size asked for.
		bytes: u32,
	},
	/// The manifest is not what this version understands.
	#[error("the manifest is not valid: {0}")]
	BadManifest(String),
	/// What an earlier publish remembered of files cannot be used.
	#[error("what is remembered of an earlier publish is damaged or of another version")]
	BadKnownFiles,
	/// The process could not be stopped for a moment.
	#[error("stopping the process for a moment: {source}")]
	Pause {
		/// The system's word.
		source: io::Error,
	},
	/// A trace cannot be used.
	#[error("the trace cannot be used: {0}")]
	BadTrace(String),
	/// The target is not empty.
	#[error("{} exists and is not empty; name a new directory", path.display())]
	TargetNotEmpty {
		/// The target.
		path: PathBuf,
	},
	/// The store failed.
	#[error(transparent)]
	Store(#[from] StoreError),
	/// A file could not be read from the snapshot.
	#[error(transparent)]
	Read(#[from] ReadError),
	/// A task ended early.
	#[error("a task ended early: {0}")]
	Task(String),
}

/// Why a part of a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
	/// There is no such file in the snapshot.
	#[error("entry {0} is not a file of the snapshot")]
	NotAFile(usize),
	/// The chunk could not be fetched.
	#[error("chunk at {offset} of {path}: {reason}")]
	Unreadable {
		/// The file.
		path: String,
		/// Where the chunk begins.
		offset: u64,
		/// What the store or the cache said.
		reason: String,
	},
	/// The chunk has another length than the manifest says.
	#[error("object {} has {found} bytes, the manifest says {expected}", hex::encode(id))]
	WrongLength {
		/// The object.
		id: ObjectId,
		/// Bytes expected.
		expected: usize,
		/// Bytes found.
		found: usize,
	},
}
