//! A FUSE filesystem over a snapshot with a block-granular copy-on-write layer.
//!
//! Below lies an immutable snapshot that is read lazily, above it the *thin layer* in a local directory. A write copies at most the two blocks of
//! 4 KiB that it covers in part, never a file: a database of any size can be opened for writing at once. Removing, renaming and changing attributes is
//! kept in a journal. The formats are in `docs/adr/0006`, the records in [`journal`].
//!
//! Promise: what was acknowledged has reached the kernel, so that killing the mounting process loses nothing; `fsync` makes it durable, a small write with its
//! mark in one record of a log, a large one before the bitmap that says the layer owns it.
//!
//! A mount outlives the process that serves it if a [`hold`]er keeps its descriptor: inode numbers are those of the journal and open files have no state here,
//! so the next process goes on where the one before ended.
//!
//! The kernel caches pages and attributes for as long as it likes, since every change goes through it. There is no writeback cache: a
//! write that is acknowledged to the application has been written into the layer.

#![warn(clippy::indexing_slicing)]

mod bitmap;
mod blocks;
mod commit;
mod content;
mod descriptor;
mod detach;
mod dirty;
mod error;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod generation;
mod holder;
pub mod journal;
mod layer;
mod lower;
mod mounted;
mod names;
mod node;
mod page_cache;
mod passed;
mod passthrough;
mod rebase;
mod recovery;
mod release;
mod replies;
mod requests;
mod resent;
mod stats;
mod sync_log;
mod syncing;
mod thin;
mod thin_sync;
mod tree;
mod virtual_files;
mod waiting;

pub use commit::{CommitOptions, Committed};
pub use error::MountError;
pub use generation::snapshot_of;
pub use holder::{hold, is_held, Hold};
pub use layer::Layer;
pub use lower::Lower;
pub use mounted::{check_mount_point, clear_stale, is_mounted, mount, MountOptions, Mounted};
pub use rebase::{rebase, Base};
pub use stats::MountStats;
pub use virtual_files::StatusSource;
