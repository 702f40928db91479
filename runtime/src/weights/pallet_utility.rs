//! Weights of `pallet_utility` in this runtime, written by the benchmarking CLI. Do not edit: run `scripts/weights`.
//!
//! Benchmarking CLI 64.0.0, 2026-11-21, 20 steps, 10 repeats, on AMD EPYC.

#![allow(unused_parens, unused_imports, missing_docs, clippy::all, reason = "generated")]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Measured weights.
pub struct WeightInfo<T>(PhantomData<T>);
impl<T: frame_system::Config> pallet_utility::WeightInfo for WeightInfo<T> {
	/// The range of component `c` is `[0, 1000]`.
	fn batch(c: u32) -> Weight {
		// Minimum execution time: 4_276_000 picoseconds.
		Weight::from_parts(4_697_000, 0)
			.saturating_add(Weight::from_parts(3_142_972, 0).saturating_mul(c.into()))
	}
	fn as_derivative() -> Weight {
		// Minimum execution time: 4_477_000 picoseconds.
		Weight::from_parts(5_087_000, 0)
	}
	/// The range of component `c` is `[0, 1000]`.
	fn batch_all(c: u32) -> Weight {
		// Minimum execution time: 4_366_000 picoseconds.
		Weight::from_parts(3_439_018, 0)
			.saturating_add(Weight::from_parts(3_337_789, 0).saturating_mul(c.into()))
	}
	fn dispatch_as() -> Weight {
		// Minimum execution time: 6_059_000 picoseconds.
		Weight::from_parts(6_900_000, 0)
	}
	/// The range of component `c` is `[0, 1000]`.
	fn force_batch(c: u32) -> Weight {
		// Minimum execution time: 4_266_000 picoseconds.
		Weight::from_parts(5_577_524, 0)
			.saturating_add(Weight::from_parts(3_099_868, 0).saturating_mul(c.into()))
	}
	fn dispatch_as_fallible() -> Weight {
		// Minimum execution time: 6_120_000 picoseconds.
		Weight::from_parts(6_850_000, 0)
	}
	fn if_else() -> Weight {
		// Minimum execution time: 7_781_000 picoseconds.
		Weight::from_parts(8_653_000, 0)
	}
}
