//! Money, time and room.

use crate::{Balance, BlockNumber};

/// One unit of the chain's currency, in plancks.
pub const UNIT: Balance = 1_000_000_000_000;
/// A thousandth of a unit.
pub const MILLI: Balance = UNIT / 1_000;
/// A millionth of a unit.
pub const MICRO: Balance = MILLI / 1_000;

/// The least an account must hold to exist.
pub const EXISTENTIAL_DEPOSIT: Balance = MILLI;

/// Time between two blocks of a production chain.
pub const SLOT_DURATION_MS: u64 = 6_000;
/// Slots of an epoch of a production chain: one hour.
pub const EPOCH_SLOTS: u64 = 600;
/// Time between two blocks of the development and local presets.
pub const DEVELOPMENT_SLOT_DURATION_MS: u64 = 3_000;
/// Slots of an epoch of the development and local presets: one minute.
pub const DEVELOPMENT_EPOCH_SLOTS: u64 = 20;

/// One minute of a production chain, in blocks.
pub const MINUTES: BlockNumber = (60_000 / SLOT_DURATION_MS) as BlockNumber;
/// One hour of a production chain, in blocks.
pub const HOURS: BlockNumber = 60 * MINUTES;
/// One day of a production chain, in blocks.
pub const DAYS: BlockNumber = 24 * HOURS;

/// The largest block. Proofs are what fills blocks: with 7 MiB a tenth of them audits 300,000 allotments, and
/// full blocks are 1.2 MB a second, which any server's line carries. Far below what the network takes in one message.
pub const MAX_BLOCK_BYTES: u32 = 7 * 1024 * 1024;

/// The longest time for which a validator's bond stays after it left, in sessions: six weeks of hours.
pub const MAX_UNBONDING_SESSIONS: u32 = 1008;

/// The decimals of the currency, as wallets want to know them.
pub const TOKEN_DECIMALS: u32 = 12;
/// The symbol of the currency.
pub const TOKEN_SYMBOL: &str = "GRAN";
/// The prefix of addresses: 42, the generic one.
pub const SS58_PREFIX: u16 = 42;
