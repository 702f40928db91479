//! What can go wrong between an object and its shards.

use crate::ArchiveId;
use std::{io, path::PathBuf};

/// Why one backend did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BackendError {
	/// It cannot be reached.
	#[error("unreachable: {0}")]
	Unreachable(String),
	/// None of the ways to it works.
	#[error("no way leads to it ({0})")]
	NoRoute(String),
	/// The relay on the way to it does not let through.
	#[error("relay {relay}: {reason}")]
	Relay {
		/// The relay's number.
		relay: u32,
		/// What it said, or why it said nothing.
		reason: String,
	},
	/// It did not answer in time.
	#[error("no answer within {0} ms")]
	TimedOut(u64),
	/// The way to it broke after it was asked for something that is not asked twice.
	#[error("the way to it broke: whether it has done what it was asked for is not known")]
	Unsure,
	/// It did not show that it is the node on record.
	#[error("its identity is not proven: {0}")]
	Stranger(String),
	/// It is on another machine, and no way to encrypt was given.
	#[error("it is on another machine, where nothing is sent unencrypted")]
	Unencrypted,
	/// It answered with an error.
	#[error("it answered: {0}")]
	Refused(String),
	/// It answered something that this client does not understand or accept.
	#[error("it broke the protocol: {0}")]
	Protocol(String),
}

/// Why an object could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum DispersalError {
	/// The numbers of shards or backends do not fit.
	#[error("{data}+{parity} shards over {backends} backends: {reason}")]
	BadGeometry {
		/// Shards that suffice.
		data: u8,
		/// Shards that may be lost.
		parity: u8,
		/// Backends given.
		backends: usize,
		/// What is wrong.
		reason: &'static str,
	},
	/// An object is larger than can be stored at once.
	#[error("an object of {bytes} bytes is larger than the limit of {limit}")]
	TooLarge {
		/// Its size.
		bytes: usize,
		/// The limit.
		limit: usize,
	},
	/// A backend did not do its part of a write.
	#[error("node {node} at {address}: {source}")]
	Backend {
		/// The node.
		node: u32,
		/// Its address.
		address: String,
		/// What happened.
		source: BackendError,
	},
	/// Too few readable shards are left.
	#[error("object {}: {found} of the {needed} shards that are needed were found ({reasons})", hex(.id))]
	TooFewShards {
		/// The object.
		id: [u8; 32],
		/// Shards that were found and verify.
		found: usize,
		/// Shards that are needed.
		needed: usize,
		/// Backends that did not answer, whose shards may be found later.
		silent: usize,
		/// What each backend said.
		reasons: String,
	},
	/// Shards were found but none verifies: they were written with another key.
	#[error("object {}: no shard verifies under this dataset key; it is the wrong key", hex(.id))]
	WrongKey {
		/// The object.
		id: [u8; 32],
	},
	/// The shards verify but what they make up does not.
	#[error("object {}: {reason}", hex(.id))]
	Damaged {
		/// The object.
		id: [u8; 32],
		/// What is wrong.
		reason: String,
	},
	/// An archive is larger than can be sealed.
	#[error("an archive of {bytes} bytes is larger than the limit of {limit}; store it in parts")]
	ArchiveTooLarge {
		/// Its content.
		bytes: u64,
		/// The limit.
		limit: u64,
	},
	/// The id is not that of an archive of this dataset at this geometry.
	#[error("archive {id} was not sealed with this dataset key over so many nodes")]
	NoArchive {
		/// The archive.
		id: ArchiveId,
	},
	/// More of an archive is missing than its codes repair.
	#[error("archive {id}: {rows} rows of block {block} cannot be put together from the nodes that answer, {tolerated} at most may be lacking ({reasons})")]
	ArchiveLost {
		/// The archive.
		id: ArchiveId,
		/// The first block that cannot be read.
		block: usize,
		/// Its rows that lack content.
		rows: usize,
		/// How many rows of a block may be lost.
		tolerated: usize,
		/// What each node that has not everything said.
		reasons: String,
	},
	/// The content of an archive is not what this version understands.
	#[error("the archive's content cannot be used: {0}")]
	BadPack(&'static str),
	/// What is kept of an archive on this machine for a while cannot be read or written.
	#[error("{}: {source}", path.display())]
	Spool {
		/// The file.
		path: PathBuf,
		/// The system's word.
		source: io::Error,
	},
	/// A node's log is not what it should be.
	#[error("node {node}: {reason}")]
	BadList {
		/// The node.
		node: u32,
		/// What is wrong.
		reason: String,
	},
	/// A node may have forgotten for a while that objects are relied upon.
	#[error("a node could not be reached for {seconds} s or longer: objects that were relied upon may have been released meanwhile; start again")]
	HoldLost {
		/// How long a hold lasts.
		seconds: u64,
	},
	/// A key file cannot be used.
	#[error("dataset key {}: {reason}", path.display())]
	KeyFile {
		/// The file.
		path: PathBuf,
		/// What is wrong and what to do.
		reason: String,
	},
	/// A text is not a dataset key.
	#[error("not a dataset key: {0}")]
	KeyText(&'static str),
	/// A sealed dataset key cannot be opened.
	#[error("the sealed key cannot be opened: {0}")]
	Grant(&'static str),
	/// A key file cannot be read or written.
	#[error("dataset key {}: {source}", path.display())]
	KeyIo {
		/// The file.
		path: PathBuf,
		/// The system's word.
		source: io::Error,
	},
	/// A cipher refused its input, or the system has no randomness.
	#[error("the cryptographic library failed at {0}")]
	Crypto(&'static str),
	/// A worker thread ended early.
	#[error("a sealing task ended early: {0}")]
	Task(String),
}

impl DispersalError {
	/// Whether it may be gone when backends that did not answer do so again.
	pub fn is_transient(&self) -> bool {
		matches!(self, Self::TooFewShards { found, needed, silent, .. } if found + silent >= *needed)
	}
}

fn hex(id: &[u8; 32]) -> String {
	id.iter().map(|byte| format!("{byte:02x}")).collect()
}
