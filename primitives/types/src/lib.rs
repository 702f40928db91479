//! Ids, records and traits that Granary's pallets, runtime APIs and clients share.
//!
//! Five kinds of things live here and nothing else:
//!
//! - [`ids`]: the numbers by which everything on the chain is named;
//! - records ([`grid`], [`reservation`], [`audit`], [`snapshot`]): what the runtime API answers
//!   and a client decodes, in SCALE;
//! - [`message`]: the exact bytes that tenants and nodes sign;
//! - [`refusal`]: why a proof is refused, and [`detection`]: what passed audits are worth;
//! - [`traits`]: the narrow doors through which the pallets meet.
//!
//! The crate is `no_std` and knows neither FRAME nor any storage engine, so that a worker can
//! depend on it without compiling a chain.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod audit;
pub mod detection;
pub mod grid;
pub mod ids;
pub mod message;
pub mod refusal;
pub mod reservation;
pub mod snapshot;
pub mod traits;

pub use ids::{
	AccountBytes, AllotmentId, Balance, BlockNumber, DatasetId, FarmId, Hash, NodeId, ProviderId,
	PublicKey, Region, ReservationId, Signature, SnapshotId, Tick, TwinId,
};

/// Bytes of one leaf, the unit that is sampled.
pub const LEAF_BYTES: u64 = 512;
/// One GiB, the unit of prices.
pub const GIB: u64 = 1 << 30;
