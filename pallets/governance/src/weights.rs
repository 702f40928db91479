//! Weights of `pallet_governance`, written by the benchmarking CLI. Do not edit: run `scripts/weights`.
//!
//! Benchmarking CLI 64.0.0, 2026-11-21, 20 steps, 10 repeats, on AMD EPYC.

#![allow(unused_parens, unused_imports, missing_docs, clippy::all, reason = "generated")]

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weight functions needed for `pallet_governance`.
pub trait WeightInfo {
	fn enact() -> Weight;
}

/// Measured weights.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn enact() -> Weight {
		// Minimum execution time: 4_987_000 picoseconds.
		Weight::from_parts(5_548_000, 0)
	}
}

impl WeightInfo for () {
	fn enact() -> Weight {
		Weight::from_parts(5_548_000, 0)
	}
}
