//! Weights of `pallet_grandpa` in this runtime, written by the benchmarking CLI. Do not edit: run `scripts/weights`.
//!
//! Benchmarking CLI 64.0.0, 2026-11-21, 20 steps, 10 repeats, on AMD EPYC.

#![allow(unused_parens, unused_imports, missing_docs, clippy::all, reason = "generated")]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Measured weights.
pub struct WeightInfo<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo<T> {
	/// The range of component `x` is `[0, 1]`.
	pub(crate) fn check_equivocation_proof(_x: u32) -> Weight {
		// Minimum execution time: 65_668_000 picoseconds.
		Weight::from_parts(69_562_191, 0)
	}
	/// Storage: `Grandpa::Stalled` (r:0 w:1)
	/// Proof: `Grandpa::Stalled` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	pub(crate) fn note_stalled() -> Weight {
		// Minimum execution time: 2_263_000 picoseconds.
		Weight::from_parts(2_624_000, 0).saturating_add(T::DbWeight::get().writes(1_u64))
	}
}
