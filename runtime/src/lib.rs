//! The Granary chain's runtime.
//!
//! [`configs`] puts the pallets together, [`apis`] answers queries, [`genesis_config_presets`]
//! describes the chains that can be started without a file. [`timing`] lets one and the same
//! runtime drive a fast development chain and a production chain.

#![cfg_attr(not(feature = "std"), no_std)]
// The runtime macros write items without documentation and deep types.
#![recursion_limit = "256"]

extern crate alloc;

// First, since its macros are used by the modules below.
#[cfg(feature = "runtime-benchmarks")]
#[macro_use]
mod benchmarks;

pub mod apis;
pub mod configs;
pub mod constants;
mod construct;
mod extrinsic;
pub mod genesis_config_presets;
mod health;
pub mod migrations;
pub mod timing;
mod types;
pub mod weights;

pub use apis::RUNTIME_API_VERSIONS;
pub use construct::*;
pub use extrinsic::{SignedPayload, TxExtension, UncheckedExtrinsic};
pub use types::*;

#[cfg(feature = "std")]
mod wasm {
	#![allow(missing_docs, dead_code, unreachable_pub, reason = "written by the wasm builder")]
	include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));
}
#[cfg(feature = "std")]
pub use wasm::{WASM_BINARY, WASM_BINARY_BLOATY};
