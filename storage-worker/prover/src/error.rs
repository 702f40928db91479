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
