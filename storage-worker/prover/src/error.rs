//! What can go wrong with a stored tree.

use granary_por::ProofError;
use std::{io, path::PathBuf};

/// Why a tree could not be opened, grown or proven from.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
	/// A level file could not be read or written.
	#[error("log tree file {}: {source}", path.display())]
	File {
		/// The file.
		path: PathBuf,
		/// The system's word.
		source: io::Error,
	},
	/// The log's data could not be read.
	#[error("reading {leaves} leaves of the log from leaf {first_leaf} on: {source}")]
	Data {
		/// The first leaf asked for.
		first_leaf: u64,
		/// How many.
		leaves: u64,
		/// The system's word.
		source: io::Error,
	},
	/// The data do not hash to what the tree recorded when they were written: they are damaged.
	#[error("the log's data from leaf {first_leaf} on do not match the tree: {leaves} leaves are damaged and must be repaired")]
	LeafMismatch {
		/// The first leaf of the damaged stretch.
		first_leaf: u64,
		/// Its length.
		leaves: u64,
	},
	/// The tree's nodes do not lead to its root: they are damaged, or the data are.
	#[error("the log tree's nodes do not lead to its root at {leaf_count} leaves: the tree must be computed anew from the data")]
	NodeMismatch {
		/// Leaves of the log that was to be proven.
		leaf_count: u64,
	},
	/// The data do not lead to the root that they had when the tree was made durable.
	#[error("the log's first {marked} leaves are not those that were written: they are damaged and must be repaired")]
	Damaged {
		/// Leaves that the mark vouches for.
		marked: u64,
	},
	/// The log is shorter than it was when the tree was made durable.
	#[error(
		"the log has {available} leaves but had {marked}: its end is lost and must be repaired"
	)]
	LogShrunk {
		/// Leaves that the mark vouches for.
		marked: u64,
		/// Leaves that are there.
		available: u64,
	},
	/// A node that the log does not have was asked for.
	#[error("the log of {leaf_count} leaves has no node {index} on level {level}")]
	NoSuchNode {
		/// The level.
		level: u8,
		/// The node's position on it.
		index: u64,
		/// Leaves in the log.
		leaf_count: u64,
	},
	/// More leaves were asked for than the log has.
	#[error("the log has {available} leaves, not {asked}")]
	Beyond {
		/// Leaves asked for.
		asked: u64,
		/// Leaves in the log.
		available: u64,
	},
	/// The proof asked for cannot exist.
	#[error("no such proof: {0}")]
	Shape(ProofError),
}
