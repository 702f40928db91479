//! Snapshot manifests, chunking, publishing, lazy reading and the verified chunk cache.
//!
//! A snapshot is an immutable file tree. [`create`] cuts its files into chunks, stores each as an object of an [`ObjectStore`] and describes
//! the tree in a [`Manifest`], stored as objects too; its head object's id is all that has to be remembered. A [`Reader`] reads files through a
//! [`ChunkCache`] on disk: a chunk is fetched once, verified before it is kept and whenever it is read back.
//!
//! The store is the crate's only door to the outside; it knows neither how objects are kept nor the chain.
//!
//! Keystores and network keys never enter a snapshot, see [`exclusion`].

#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing)]

mod bring;
mod cache;
mod chunking;
mod codec;
mod create;
mod error;
pub mod exclusion;
mod fetch;
mod known;
mod live;
mod manifest;
mod memory;
mod patch;
mod prefetch;
mod progress;
mod read_ahead;
mod reader;
mod references;
mod restore;
mod store;
mod table;
mod trace;
mod walk;
mod writer;

pub use cache::{CacheOptions, ChunkCache};
pub use chunking::{is_log, Chunking};
pub use create::{create, now_unix_ms, CreateOptions, Created};
pub use error::{ReadError, SnapshotError};
pub use known::KnownFiles;
pub use live::{create_live, CreatedLive, Pausable};
pub use manifest::{ChainInfo, Entry, EntryKind, Manifest, CHUNK_BYTES_MAX, CHUNK_BYTES_MIN};
pub use prefetch::{Pace, Prefetched, Wanted};
pub use progress::Progress;
pub use reader::{ReadPolicy, ReadStats, Reader};
pub use restore::{materialise, verify, VerifyReport};
pub use store::{BoxFuture, ObjectId, ObjectStore, Objects, StoreError};
pub use table::{ChunkIds, ChunkTable};
pub use trace::Trace;
pub use writer::{ManifestWriter, Written};
