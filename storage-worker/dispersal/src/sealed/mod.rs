//! Sealed archives: what nobody who stores them can destroy in part without being noticed, even if all of them agree on what to drop.
//!
//! The code over the nodes protects a row of k+m cells from the loss of m of them. Whoever holds m+1 of the nodes may drop one row of a hot dataset, and
//! audits, which draw few leaves, will hardly ever notice. An archive takes two things from such an adversary: in its blocks of up to
//! 64,674 rows any 5 % may be lost (inner parity), and *which* leaves of different nodes make up a row is secret: each node holds its
//! column of the whole archive in an order of its own, encrypted under a key of its own. All it can do is to drop leaves blindly, and to lose a
//! row it then has to drop so many on all nodes that an audit notices. `docs/adr/0007` has the construction, the proof and the figures; [`Soundness`] computes them.
//!
//! An archive is written once and read as a whole: reading parts would tell which leaves belong together.

mod code;
mod fetch;
mod heal;
mod id;
mod layout;
mod leaf;
mod pack;
mod permutation;
mod recover;
mod soundness;
mod spool;
mod store;

pub use heal::{ArchiveHealing, StoredArchive};
pub use id::ArchiveId;
pub use layout::Layout;
pub use pack::{Pack, PackWriter};
pub use permutation::LeafOrder;
pub use soundness::{Soundness, WorstCase};
pub use store::SealReport;

pub(crate) use leaf::Column;
#[cfg(feature = "fuzzing")]
pub(crate) use pack::pack_of;

/// Bytes of a cell: a leaf without its tag.
pub(crate) const PAYLOAD_BYTES: usize = granary_por::LEAF_BYTES - 16;
/// Leaves of a value.
pub(crate) const VALUE_LEAVES: usize = 512;
/// Rows of content in a block: with fewer, the share of rows that is lost varies too much around the share of leaves that are dropped; more, with
/// their parity, have no code over GF(2^16).
pub(crate) const DATA_ROWS_MIN: usize = 512;
pub(crate) const DATA_ROWS_MAX: usize = 61_440;

/// Is told the step, how much of it is done and how much there is.
type Progress<'a> = &'a (dyn Fn(&'static str, u64, u64) + Sync);
