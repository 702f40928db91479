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
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `Snapshots::Snapshots` (r:0 w:1)
	/// Proof: `Snapshots::Snapshots` (`max_values`: None, `max_size`: Some(349), added: 2824, mode: `MaxEncodedLen`)
	/// Storage: `Snapshots::Newest` (r:0 w:1)
	/// Proof: `Snapshots::Newest` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	/// The range of component `n` is `[1, 64]`.
	fn publish(n: u32) -> Weight {
		// Minimum execution time: 108_994_000 picoseconds.
		Weight::from_parts(116_067_590, 3852)
			.saturating_add(Weight::from_parts(15_582, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(7_u64))
			.saturating_add(T::DbWeight::get().writes(7_u64))
	}
	/// Storage: `Snapshots::Snapshots` (r:1 w:1)
	/// Proof: `Snapshots::Snapshots` (`max_values`: None, `max_size`: Some(349), added: 2824, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Reservations` (r:1 w:0)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(387), added: 2862, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `Snapshots::Counts` (r:1 w:1)
	/// Proof: `Snapshots::Counts` (`max_values`: None, `max_size`: Some(20), added: 2495, mode: `MaxEncodedLen`)
	/// Storage: `Snapshots::Names` (r:0 w:1)
	/// Proof: `Snapshots::Names` (`max_values`: None, `max_size`: Some(138), added: 2613, mode: `MaxEncodedLen`)
	/// Storage: `Snapshots::Newest` (r:0 w:1)
	/// Proof: `Snapshots::Newest` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	fn retire() -> Weight {
		// Minimum execution time: 62_885_000 picoseconds.
		Weight::from_parts(67_602_000, 3852)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}
	/// Storage: `Snapshots::Snapshots` (r:1 w:1)
	/// Proof: `Snapshots::Snapshots` (`max_values`: None, `max_size`: Some(349), added: 2824, mode: `MaxEncodedLen`)
	fn set_expiry() -> Weight {
		// Minimum execution time: 11_587_000 picoseconds.
		Weight::from_parts(13_210_000, 3814)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Reservations::Reservations` (r:1 w:0)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(387), added: 2862, mode: `MaxEncodedLen`)
	/// Storage: `Snapshots::Grants` (r:1 w:1)
	/// Proof: `Snapshots::Grants` (`max_values`: None, `max_size`: Some(2203), added: 4678, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `Snapshots::GrantCounts` (r:1 w:1)
	/// Proof: `Snapshots::GrantCounts` (`max_values`: None, `max_size`: Some(20), added: 2495, mode: `MaxEncodedLen`)
	/// The range of component `n` is `[1, 2048]`.
	fn grant(n: u32) -> Weight {
		// Minimum execution time: 97_716_000 picoseconds.
		Weight::from_parts(103_868_572, 5668)
			.saturating_add(Weight::from_parts(362, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Snapshots::Grants` (r:1 w:1)
	/// Proof: `Snapshots::Grants` (`max_values`: None, `max_size`: Some(2203), added: 4678, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Reservations` (r:1 w:0)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(387), added: 2862, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `Snapshots::GrantCounts` (r:1 w:1)
	/// Proof: `Snapshots::GrantCounts` (`max_values`: None, `max_size`: Some(20), added: 2495, mode: `MaxEncodedLen`)
	fn revoke() -> Weight {
		// Minimum execution time: 58_728_000 picoseconds.
		Weight::from_parts(62_914_000, 5668)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Snapshots::Snapshots` (r:2 w:1)
	/// Proof: `Snapshots::Snapshots` (`max_values`: None, `max_size`: Some(349), added: 2824, mode: `MaxEncodedLen`)
	/// Storage: `Snapshots::Newest` (r:0 w:1)
	/// Proof: `Snapshots::Newest` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	fn migrate_v2_step() -> Weight {
		// Minimum execution time: 8_733_000 picoseconds.
		Weight::from_parts(9_574_000, 6638)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
}

impl WeightInfo for () {
	fn publish(n: u32) -> Weight {
		Weight::from_parts(116_067_590, 3852)
			.saturating_add(Weight::from_parts(15_582, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(7_u64))
			.saturating_add(ParityDbWeight::get().writes(7_u64))
	}
	fn retire() -> Weight {
		Weight::from_parts(67_602_000, 3852)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(6_u64))
	}
	fn set_expiry() -> Weight {
		Weight::from_parts(13_210_000, 3814)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn grant(n: u32) -> Weight {
		Weight::from_parts(103_868_572, 5668)
			.saturating_add(Weight::from_parts(362, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
	fn revoke() -> Weight {
		Weight::from_parts(62_914_000, 5668)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
	fn migrate_v2_step() -> Weight {
		Weight::from_parts(9_574_000, 6638)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
}
