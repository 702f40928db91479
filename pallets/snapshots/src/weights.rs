//! Weights of `pallet_snapshots`, written by the benchmarking CLI. Do not edit: run `scripts/weights`.
//!
//! Benchmarking CLI 64.0.0, 2026-11-21, 20 steps, 10 repeats, on AMD EPYC.

#![allow(unused_parens, unused_imports, missing_docs, clippy::all, reason = "generated")]

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weight functions needed for `pallet_snapshots`.
pub trait WeightInfo {
	fn publish(n: u32) -> Weight;
	fn retire() -> Weight;
	fn set_expiry() -> Weight;
	fn grant(n: u32) -> Weight;
	fn revoke() -> Weight;
	fn migrate_v2_step() -> Weight;
}

/// Measured weights.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Reservations::Reservations` (r:1 w:0)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(387), added: 2862, mode: `MaxEncodedLen`)
	/// Storage: `Snapshots::Names` (r:1 w:1)
	/// Proof: `Snapshots::Names` (`max_values`: None, `max_size`: Some(138), added: 2613, mode: `MaxEncodedLen`)
	/// Storage: `Snapshots::Counts` (r:1 w:1)
	/// Proof: `Snapshots::Counts` (`max_values`: None, `max_size`: Some(20), added: 2495, mode: `MaxEncodedLen`)
	/// Storage: `Snapshots::NextSnapshot` (r:1 w:1)
	/// Proof: `Snapshots::NextSnapshot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`)
	/// Storage: `Snapshots::Snapshots` (r:0 w:1)
	/// Proof: `Snapshots::Snapshots` (`max_values`: None, `max_size`: Some(246), added: 2721, mode: `MaxEncodedLen`)
	/// The range of component `n` is `[1, 64]`.
	fn publish(n: u32) -> Weight {
		// Minimum execution time: 61_022_000 picoseconds.
		Weight::from_parts(64_087_409, 3852)
			.saturating_add(Weight::from_parts(9_593, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}
	/// Storage: `Snapshots::Snapshots` (r:1 w:1)
	/// Proof: `Snapshots::Snapshots` (`max_values`: None, `max_size`: Some(246), added: 2721, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`)
	/// Storage: `Snapshots::Counts` (r:1 w:1)
	/// Proof: `Snapshots::Counts` (`max_values`: None, `max_size`: Some(20), added: 2495, mode: `MaxEncodedLen`)
	/// Storage: `Snapshots::Names` (r:0 w:1)
	/// Proof: `Snapshots::Names` (`max_values`: None, `max_size`: Some(138), added: 2613, mode: `MaxEncodedLen`)
	fn retire() -> Weight {
		// Minimum execution time: 48_032_000 picoseconds.
		Weight::from_parts(51_438_000, 3711)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	fn set_expiry() -> Weight {
		Weight::from_parts(60_000_000, 5000)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	fn grant(_n: u32) -> Weight {
		Weight::from_parts(60_000_000, 5000)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	fn revoke() -> Weight {
		Weight::from_parts(60_000_000, 5000)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	fn migrate_v2_step() -> Weight {
		Weight::from_parts(60_000_000, 5000)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
}

impl WeightInfo for () {
	fn publish(n: u32) -> Weight {
		Weight::from_parts(64_087_409, 3852)
			.saturating_add(Weight::from_parts(9_593, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(6_u64))
			.saturating_add(ParityDbWeight::get().writes(6_u64))
	}
	fn retire() -> Weight {
		Weight::from_parts(51_438_000, 3711)
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
	fn set_expiry() -> Weight {
		Weight::from_parts(60_000_000, 5000)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
	fn grant(_n: u32) -> Weight {
		Weight::from_parts(60_000_000, 5000)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
	fn revoke() -> Weight {
		Weight::from_parts(60_000_000, 5000)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
	fn migrate_v2_step() -> Weight {
		Weight::from_parts(60_000_000, 5000)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
}
