//! Weights of `pallet_oracle`, written by the benchmarking CLI. Do not edit: run `scripts/weights`.
//!
//! Benchmarking CLI 64.0.0, 2026-11-21, 20 steps, 10 repeats, on AMD EPYC.

#![allow(unused_parens, unused_imports, missing_docs, clippy::all, reason = "generated")]

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weight functions needed for `pallet_oracle`.
pub trait WeightInfo {
	fn submit_price() -> Weight;
	fn add_feeder() -> Weight;
	fn remove_feeder() -> Weight;
	fn set_parameters() -> Weight;
}

/// Measured weights.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Oracle::OracleParameters` (r:1 w:0)
	/// Proof: `Oracle::OracleParameters` (`max_values`: Some(1), `max_size`: Some(24), added: 519, mode: `MaxEncodedLen`)
	/// Storage: `Oracle::Feeders` (r:1 w:1)
	/// Proof: `Oracle::Feeders` (`max_values`: Some(1), `max_size`: Some(721), added: 1216, mode: `MaxEncodedLen`)
	fn submit_price() -> Weight {
		// Minimum execution time: 9_314_000 picoseconds.
		Weight::from_parts(10_245_000, 2206)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Oracle::Feeders` (r:1 w:1)
	/// Proof: `Oracle::Feeders` (`max_values`: Some(1), `max_size`: Some(721), added: 1216, mode: `MaxEncodedLen`)
	fn add_feeder() -> Weight {
		// Minimum execution time: 7_682_000 picoseconds.
		Weight::from_parts(8_403_000, 2206)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Oracle::Feeders` (r:1 w:1)
	/// Proof: `Oracle::Feeders` (`max_values`: Some(1), `max_size`: Some(721), added: 1216, mode: `MaxEncodedLen`)
	fn remove_feeder() -> Weight {
		// Minimum execution time: 7_451_000 picoseconds.
		Weight::from_parts(8_222_000, 2206)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Oracle::OracleParameters` (r:0 w:1)
	/// Proof: `Oracle::OracleParameters` (`max_values`: Some(1), `max_size`: Some(24), added: 519, mode: `MaxEncodedLen`)
	fn set_parameters() -> Weight {
		// Minimum execution time: 3_635_000 picoseconds.
		Weight::from_parts(4_096_000, 0).saturating_add(T::DbWeight::get().writes(1_u64))
	}
}

impl WeightInfo for () {
	fn submit_price() -> Weight {
		Weight::from_parts(10_245_000, 2206)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn add_feeder() -> Weight {
		Weight::from_parts(8_403_000, 2206)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn remove_feeder() -> Weight {
		Weight::from_parts(8_222_000, 2206)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn set_parameters() -> Weight {
		Weight::from_parts(4_096_000, 0).saturating_add(ParityDbWeight::get().writes(1_u64))
	}
}
