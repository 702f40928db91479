//! How the pallets are put together, one file a topic.

mod consensus;
mod governance;
mod granary;
mod money;
mod system;

pub use consensus::{BlockAuthor, GENESIS_EPOCH_CONFIG, MAX_AUTHORITIES};
pub use granary::{RepairAccount, TreasuryAccount, MAX_LEAF_COUNT};
pub use system::{RuntimeBlockLength, RuntimeBlockWeights};
