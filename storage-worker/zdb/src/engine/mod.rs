//! The engine: segments, index, namespaces, store.

mod audit;
mod config;
mod index;
mod location;
mod log;
#[cfg(test)]
mod log_tests;
mod namespace;
mod options;
mod read;
mod rebuild;
mod record;
mod recovery;
mod scan;
mod segment;
mod store;
mod syncer;
mod upkeep;
mod window;
mod write;

pub use audit::LogState;
pub use namespace::Namespace;
pub use options::{Access, Durability, Mode, NamespaceInfo, NamespaceOptions, NamespaceUpdate};
pub use recovery::{DamagedRange, RecoveryReport, TornTail};
pub use scan::{ScanEntry, ScanPage};
pub use store::{Store, StoreOptions};
pub use write::SetOutcome;

pub(crate) use config::PasswordHash;
pub(crate) use store::DEFAULT_NAMESPACE;
