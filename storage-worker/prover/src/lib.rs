//! The stored log tree of an audited namespace and the builder of its multiproofs.
//!
//! A log's data are the truth; the tree beside them saves reading all of it for a proof. Nodes of level 4 (one for 8 KiB
//! of log) and above are kept, one flat file a level: node `i` of level `l` is the 32 bytes at `32 * i` of `level-<l>`, 0.8 % of the
//! data in all. The levels below are recomputed from the data when a leaf is proven, which checks that leaf at the same
//! time. Memory is O(depth).
//!
//! A *mark* beside them says up to where the nodes are durable and what the root is there. On open nothing behind it is
//! believed, and what is before it must lead to its root: damaged nodes are computed anew from the data, and data that do not lead to
//! the mark's root are an error, never adopted.

#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing)]

mod append;
mod block;
mod error;
mod level;
mod mark;
mod tree;

pub use append::append;
pub use block::leaf_hashes;
pub use error::TreeError;
pub use mark::durable_leaves;
pub use tree::{LeafSource, LogTree};

/// Levels below this one are recomputed from the data.
pub const STORED_LEVEL: u8 = 4;
/// Leaves below one node of the lowest stored level.
pub const BLOCK_LEAVES: u64 = 1 << STORED_LEVEL;
