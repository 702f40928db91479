//! The client of the Granary chain: typed queries, calls and finalised blocks.
//!
//! Queries go through the runtime API ([`ChainClient::node`], [`ChainClient::due_audits`], …) and decode into the records of
//! `granary-primitives`. Calls are encoded from SCALE values whose pallet and call numbers are looked up in the chain's own metadata, so a
//! client outlives runtime upgrades that keep the calls' arguments.

#![forbid(unsafe_code)]

mod authorised;
mod call;
mod client;
mod error;
mod query;
mod signer;
mod submit;

pub use call::{Call, PublishSnapshot, RegisterNode, Reserve};
pub use client::ChainClient;
pub use error::ChainError;
pub use query::AccountBalance;
pub use signer::{address_of, parse_address, verify_signature, Signer};
pub use submit::Submitted;
