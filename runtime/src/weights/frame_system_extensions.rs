//! Weights of `frame_system_extensions` in this runtime, written by the benchmarking CLI. Do not edit: run `scripts/weights`.
//!
//! Benchmarking CLI 64.0.0, 2026-11-21, 20 steps, 10 repeats, on AMD EPYC.

#![allow(unused_parens, unused_imports, missing_docs, clippy::all, reason = "generated")]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Measured weights.
pub struct WeightInfo<T>(PhantomData<T>);
impl<T: frame_system::Config> frame_system::ExtensionsWeightInfo for WeightInfo<T> {
	fn check_genesis() -> Weight {
		// Minimum execution time: 1_663_000 picoseconds.
		Weight::from_parts(1_892_000, 0)
	}
	fn check_mortality_mortal_transaction() -> Weight {
		// Minimum execution time: 3_585_000 picoseconds.
		Weight::from_parts(3_936_000, 0)
	}
	fn check_mortality_immortal_transaction() -> Weight {
		// Minimum execution time: 3_716_000 picoseconds.
		Weight::from_parts(4_046_000, 0)
	}
	fn check_non_zero_sender() -> Weight {
		// Minimum execution time: 530_000 picoseconds.
		Weight::from_parts(631_000, 0)
	}
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn check_nonce() -> Weight {
		// Minimum execution time: 7_211_000 picoseconds.
		Weight::from_parts(7_902_000, 3593)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	fn check_spec_version() -> Weight {
		// Minimum execution time: 391_000 picoseconds.
		Weight::from_parts(481_000, 0)
	}
	fn check_tx_version() -> Weight {
		// Minimum execution time: 391_000 picoseconds.
		Weight::from_parts(471_000, 0)
	}
	fn check_weight() -> Weight {
		// Minimum execution time: 3_946_000 picoseconds.
		Weight::from_parts(4_427_000, 0)
	}
	fn weight_reclaim() -> Weight {
		// Minimum execution time: 2_203_000 picoseconds.
		Weight::from_parts(2_644_000, 0)
	}
}
