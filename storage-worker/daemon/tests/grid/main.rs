//! The binary against real chains and real workers. One test file, so that the chains' waiting overlaps.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod chain;
#[path = "../common/mod.rs"]
mod common;
mod faults;
mod healing;
mod path;
mod relaying;
mod release;
mod sealed;
mod thin;
