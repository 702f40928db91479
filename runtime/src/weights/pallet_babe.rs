//! Weights of `pallet_babe` in this runtime, written by the benchmarking CLI. Do not edit: run `scripts/weights`.
//!
//! Benchmarking CLI 64.0.0, 2026-11-21, 20 steps, 10 repeats, on AMD EPYC.

#![allow(unused_parens, unused_imports, missing_docs, clippy::all, reason = "generated")]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Measured weights.
pub struct WeightInfo<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo<T> {
	/// The range of component `x` is `[0, 1]`.
	pub(crate) fn check_equivocation_proof(x: u32) -> Weight {
		// Minimum execution time: 73_450_000 picoseconds.
		Weight::from_parts(77_590_705, 0)
			.saturating_add(Weight::from_parts(8_794, 0).saturating_mul(x.into()))
	}
}
