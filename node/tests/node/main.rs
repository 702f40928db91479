//! Tests of the node's binary. One program, so that those which wait for blocks do it side by side.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod audit;
mod clients;
mod commands;
mod common;
mod development_chain;
mod local_chain;
mod validators;
