//! An append-only key-value store with namespaces and audited logs, served over RESP.
//!
//! Two halves, usable apart:
//!
//! - the **engine** ([`Store`], [`Namespace`]): synchronous and thread-safe. Each namespace is a
//!   directory of append-only segment files; an index in memory, rebuilt from them on open, finds the newest
//!   record of a key. Nothing is ever overwritten: an update appends, a deletion appends a tombstone.
//! - the **server** ([`Server`]): 0-db's commands and replies for any redis or 0-db client.
//!
//! ```
//! use granary_zdb::{NamespaceOptions, Store, StoreOptions};
//!
//! let dir = tempfile::tempdir()?;
//! let store = Store::open(StoreOptions::new(dir.path()))?;
//! let log = store.create_namespace("shards", NamespaceOptions { audited: true, ..Default::default() })?;
//! log.set(b"key", &[7; 1000])?;
//! let (leaf_count, root, _peaks) = log.log_state()?;
//! assert_eq!((leaf_count, root), (2, log.log_root_at(2)?));
//! assert_eq!(log.get(b"key")?, Some(vec![7; 1000]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Files
//!
//! `STORE/lock` is held by the process that uses the directory, `STORE/secret` seals passwords; `STORE/namespaces/NAME/` holds
//!
//! - `config`: the namespace's settings, replaced as a whole (the format is in the source of `engine/config.rs`);
//! - `segment-NNNNNNNN.log`: a header of 32 bytes and records (`engine/segment.rs`, `engine/record.rs`);
//! - `durable`: up to where the log is on the disk (`engine/durable.rs`);
//! - `retired`: the segments that compaction removed (`engine/retired.rs`);
//! - `generation`, `generation-NNNNNNNN/`: the logs that an audited namespace had after its first one (`engine/generation.rs`);
//! - `tree/`: the log tree of an audited namespace, see [`granary_prover`].
//!
//! # What is promised
//!
//! A write that was answered has reached the kernel; [`Durability`] says when it reaches the disk. After a failed
//! fsync the namespace takes no more writes until it is opened again. After a loss of power a log is a beginning of what was
//! done; what is half written behind that is cut on open and reported in the [`RecoveryReport`]. Damage of what was
//! durable is reported, and reads of what it hit fail instead of answering something older, unless the key itself was hit.
//!
//! # Space
//!
//! Space of overwritten and deleted values is given back by compaction in the background ([`CompactionOptions`]); until
//! then a namespace's quota counts it. An audited namespace's log is replaced by a shorter one ([`Namespace::prepare_removal`]), never changed.

#![warn(clippy::indexing_slicing)]

mod account;
mod command;
mod engine;
mod error;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub mod limits;
mod server;
mod sys;

pub use account::{parse_account, sign_in_message, AccountKey};
pub use engine::{
	Access, Compacted, CompactionOptions, DamagedRange, Durability, LeavesEntry, LeavesPage,
	LogState, MendOutcome, MissingSegments, Mode, Namespace, NamespaceInfo, NamespaceOptions,
	NamespaceUpdate, RawRecord, RecoveryReport, RemovalStage, RemovalStatus, ReplicatedPage,
	ReplicatedRecord, ScanEntry, ScanPage, ScrubOptions, ScrubReport, ScrubStatus, SegmentSource,
	SetOutcome, Store, StoreObserver, StoreOptions, TornTail, Traffic, Version,
};
pub use error::ZdbError;
pub use server::{
	ClientStream, Extension, Metrics, OtherConnection, OtherProtocol, Replica, ReplicaStatus,
	Reply, Server, ServerError, ServerOptions, TlsOptions,
};
