//! How an upgrade changes storage.
//!
//! Every own pallet has a storage version. A change of a layout raises it and comes with a migration here, which stays until
//! no chain with the older layout is left. Layouts whose number of entries has no bound are migrated over as many blocks as it takes
//! ([`MultiBlock`]), during which no transaction is included.

use crate::Runtime;

/// Migrations that take as many blocks as they need. The benchmarking build has the migrations pallet's own in their place.
pub type MultiBlock = (pallet_snapshots::migrations::v2::MigrateV1ToV2<Runtime>,);
