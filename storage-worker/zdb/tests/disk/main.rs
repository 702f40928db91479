//! The engine on a disk that fails: faults at every call, losses of power, flipped bytes.
//!
//! A few seconds by default; `GRANARY_LOSSES=N` draws N losses of power instead of a few hundred.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod faults;
mod flips;
mod model;
mod power;
mod world;
