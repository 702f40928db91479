//! Weights of `pallet_snapshots`.
//!
//! First values, by operation counts on a two-core machine; they have the form that the benchmarking
//! command writes, which replaces this file:
//!
//! ```text
//! granary-node benchmark pallet --chain dev --pallet pallet_snapshots --extrinsic '*' \
//!     --steps 50 --repeat 20 --template .maintain/frame-weight-template.hbs \
//!     --output pallets/snapshots/src/weights.rs
//! ```

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens, unused_imports, missing_docs, dead_code, reason = "generated file")]

use frame_support::{traits::Get, weights::{Weight, constants::RocksDbWeight}};
use core::marker::PhantomData;

/// Weight functions needed for `pallet_snapshots`.
pub trait WeightInfo {
	fn publish(n: u32, ) -> Weight;
	fn retire() -> Weight;
}

/// Weights for `pallet_snapshots` using the Substrate node and recommended hardware.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Reservations::Reservations` (r:1 w:0)
	/// Storage: `Snapshots::Names` (r:1 w:1)
	/// Storage: `Snapshots::Counts` (r:1 w:1)
	/// Storage: `Snapshots::NextSnapshot` (r:1 w:1)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Storage: `System::Account` (r:1 w:1)
	/// Storage: `Snapshots::Snapshots` (r:0 w:1)
	/// The range of component `n` is `[1, 64]`.
	fn publish(n: u32, ) -> Weight {
		// Minimum execution time: 60_000_000 picoseconds.
		Weight::from_parts(60_000_000, 6000)
			.saturating_add(Weight::from_parts(10_000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}
	/// Storage: `Snapshots::Snapshots` (r:1 w:1)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Storage: `System::Account` (r:1 w:1)
	/// Storage: `Snapshots::Counts` (r:1 w:1)
	/// Storage: `Snapshots::Names` (r:0 w:1)
	fn retire() -> Weight {
		// Minimum execution time: 55_000_000 picoseconds.
		Weight::from_parts(55_000_000, 6000)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
}

// For backwards compatibility and tests.
impl WeightInfo for () {
	/// Storage: `Reservations::Reservations` (r:1 w:0)
	/// Storage: `Snapshots::Names` (r:1 w:1)
	/// Storage: `Snapshots::Counts` (r:1 w:1)
	/// Storage: `Snapshots::NextSnapshot` (r:1 w:1)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Storage: `System::Account` (r:1 w:1)
	/// Storage: `Snapshots::Snapshots` (r:0 w:1)
	/// The range of component `n` is `[1, 64]`.
	fn publish(n: u32, ) -> Weight {
		// Minimum execution time: 60_000_000 picoseconds.
		Weight::from_parts(60_000_000, 6000)
			.saturating_add(Weight::from_parts(10_000, 0).saturating_mul(n.into()))
			.saturating_add(RocksDbWeight::get().reads(6_u64))
			.saturating_add(RocksDbWeight::get().writes(6_u64))
	}
	/// Storage: `Snapshots::Snapshots` (r:1 w:1)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Storage: `System::Account` (r:1 w:1)
	/// Storage: `Snapshots::Counts` (r:1 w:1)
	/// Storage: `Snapshots::Names` (r:0 w:1)
	fn retire() -> Weight {
		// Minimum execution time: 55_000_000 picoseconds.
		Weight::from_parts(55_000_000, 6000)
			.saturating_add(RocksDbWeight::get().reads(4_u64))
			.saturating_add(RocksDbWeight::get().writes(5_u64))
	}
}
