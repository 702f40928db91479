//! The engine: segments, index, namespaces, store.

mod audit;
mod backward;
mod compact;
mod compactor;
mod config;
mod dirty;
mod hint;
mod index;
mod location;
mod log;
mod mend;
mod namespace;
mod options;
mod password;
mod read;
mod rebuild;
mod record;
mod recovery;
mod replicate;
mod retired;
mod scan;
mod scrub;
mod segment;
mod store;
mod syncer;
mod upkeep;
mod versions;
mod window;
mod write;

pub use audit::LogState;
pub use compact::Compacted;
pub use compactor::CompactionOptions;
pub use mend::MendOutcome;
pub use namespace::Namespace;
pub use options::{Access, Durability, Mode, NamespaceInfo, NamespaceOptions, NamespaceUpdate};
pub use recovery::{DamagedRange, RecoveryReport, TornTail};
pub use replicate::{ReplicatedPage, ReplicatedRecord};
pub use scan::{ScanEntry, ScanPage};
pub use scrub::ScrubReport;
pub use store::{Store, StoreOptions};
pub use versions::{RawRecord, Version};
pub use write::SetOutcome;

pub(crate) use password::{hex, Password};
pub(crate) use segment::never_wait_for_reads;
pub(crate) use store::DEFAULT_NAMESPACE;
