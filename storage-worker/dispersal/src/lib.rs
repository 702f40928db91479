//! Sealing, erasure coding, whitening and placement of objects over zdb backends.
//!
//! An object is compressed, encrypted under keys that follow from the dataset's secret and the object's keyed hash, coded into k+m shards
//! and each shard is whitened for its node, so that no node's shard can be rebuilt from the others ([`Pipeline`]). [`Dataset`] places one shard on
//! each backend, in one order on all of them, and reads any k that verify. The byte formats are in `docs/adr/0001`.
//!
//! The crate knows neither chain nor snapshots: a backend is the ways to it ([`Route`]), a namespace and a password. A transfer goes on over
//! another way when the one it uses breaks.

#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing)]

mod append;
mod backend;
mod codec;
mod connection;
mod dataset;
mod error;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod gather;
mod heal;
mod health;
mod hex;
mod kdf;
mod key;
mod latency;
mod link;
mod logs;
mod opening;
mod outstanding;
mod pipeline;
mod progress;
mod read;
mod recipient;
mod release;
mod resp;
mod route;
mod sealed;
mod shard;
mod suspects;
mod write;

pub use backend::Backend;
pub use codec::{Naming, ObjectCodec, OBJECT_BYTES_MAX};
pub use dataset::{Dataset, DatasetOptions, ObjectId};
pub use error::{BackendError, DispersalError};
pub use heal::{loss_probability, Check, HealReport, Healing, Survey};
pub use health::NodeHealth;
pub use key::DatasetKey;
pub use logs::LogState;
pub use pipeline::Pipeline;
pub use recipient::{Recipient, RecipientKey};
pub use release::{Hold, Leftovers, PreparedRelease, ReleaseStage, ReleaseState};
pub use route::Route;
pub use sealed::{
	ArchiveHealing, ArchiveId, Layout, LeafOrder, Pack, PackWriter, SealReport, Soundness,
	StoredArchive, WorstCase,
};
pub use write::PutReport;
