//! The client of the Granary chain: typed queries, calls and finalised blocks.
//!
//! Queries go through the runtime API ([`ChainClient::node`], [`ChainClient::due_audits`], …) at the newest finalised block and decode into
//! the records of `granary-primitives`. Calls are encoded from SCALE values whose pallet and call numbers are looked up in the chain's own
//! metadata, so a client outlives runtime upgrades that keep the calls' arguments.
//!
//! ```no_run
//! # async fn example() -> Result<(), granary_chain::ChainError> {
//! use granary_chain::{ChainClient, Signer};
//!
//! let chain = ChainClient::connect(&["ws://127.0.0.1:9944".to_owned()], None).await?;
//! for node in chain.all_nodes().await? {
//!     println!("node {} has {} bytes", node.id, node.capacity_bytes);
//! }
//! let bob = Signer::from_uri("//Bob")?.account();
//! chain.transfer(&Signer::from_uri("//Alice")?, bob, 1_000_000_000_000).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Signed transactions ([`ChainClient::submit_and_finalise`], [`Sender`] for many) are mortal. Calls that authorise themselves (proofs of
//! audits, settlements) travel as general transactions of format 5 without account, nonce and fee
//! ([`ChainClient::submit_authorised`]).

#![forbid(unsafe_code)]

mod authorised;
mod block;
mod call;
mod client;
mod error;
mod follow;
mod observe;
mod past;
mod query;
mod refusal;
mod seed;
mod sender;
mod signer;
mod state;
mod submit;

pub use call::{AuditAnswer, Call, PublishSnapshot, RegisterNode, Reserve};
pub use client::ChainClient;
pub use error::ChainError;
pub use follow::FinalisedBlocks;
pub use observe::{ObservedBlock, ObservedNode};
pub use past::SubmittedProof;
pub use query::{AccountBalance, ContractTerms};
pub use refusal::{ALREADY_IN_POOL, NOTHING_DUE};
pub use sender::Sender;
pub use signer::{address_of, parse_address, verify_signature, Signer};
pub use state::EntrySize;
pub use submit::Submitted;
