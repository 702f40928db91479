//! Weights of `pallet_grid`, written by the benchmarking CLI. Do not edit: run `scripts/weights`.
//!
//! Benchmarking CLI 64.0.0, 2026-11-21, 20 steps, 10 repeats, on AMD EPYC.

#![allow(unused_parens, unused_imports, missing_docs, clippy::all, reason = "generated")]

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weight functions needed for `pallet_grid`.
pub trait WeightInfo {
	fn register_twin() -> Weight;
	fn update_twin() -> Weight;
	fn create_farm() -> Weight;
	fn register_node() -> Weight;
	fn update_node() -> Weight;
	fn bond_more() -> Weight;
	fn remove_node() -> Weight;
	fn remove_farm() -> Weight;
	fn update_farm() -> Weight;
	fn certify_farm() -> Weight;
	fn certify_node() -> Weight;
	fn set_certifier() -> Weight;
	fn set_availability() -> Weight;
	fn withdraw_bond() -> Weight;
	fn announce_maintenance() -> Weight;
	fn cancel_maintenance() -> Weight;
	fn rotate_keys() -> Weight;
	fn cancel_rotation() -> Weight;
	fn describe_node() -> Weight;
	fn report_uptime() -> Weight;
	fn set_parameters() -> Weight;
}

/// Measured weights.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Grid::TwinOf` (r:1 w:1)
	/// Proof: `Grid::TwinOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Grid::NextTwin` (r:1 w:1)
	/// Proof: `Grid::NextTwin` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Twins` (r:0 w:1)
	/// Proof: `Grid::Twins` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	fn register_twin() -> Weight {
		// Minimum execution time: 10_025_000 picoseconds.
		Weight::from_parts(11_067_000, 3517)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `Grid::TwinOf` (r:1 w:0)
	/// Proof: `Grid::TwinOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Twins` (r:1 w:1)
	/// Proof: `Grid::Twins` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	fn update_twin() -> Weight {
		// Minimum execution time: 11_377_000 picoseconds.
		Weight::from_parts(12_358_000, 3675)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Grid::TwinOf` (r:1 w:0)
	/// Proof: `Grid::TwinOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Twins` (r:1 w:1)
	/// Proof: `Grid::Twins` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Grid::NextFarm` (r:1 w:1)
	/// Proof: `Grid::NextFarm` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Farms` (r:0 w:1)
	/// Proof: `Grid::Farms` (`max_values`: None, `max_size`: Some(118), added: 2593, mode: `MaxEncodedLen`)
	fn create_farm() -> Weight {
		// Minimum execution time: 13_610_000 picoseconds.
		Weight::from_parts(15_003_000, 3675)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `Grid::Farms` (r:1 w:1)
	/// Proof: `Grid::Farms` (`max_values`: None, `max_size`: Some(118), added: 2593, mode: `MaxEncodedLen`)
	/// Storage: `Grid::TwinOf` (r:1 w:0)
	/// Proof: `Grid::TwinOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Grid::NodeOfAuditKey` (r:1 w:1)
	/// Proof: `Grid::NodeOfAuditKey` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(103), added: 2578, mode: `MaxEncodedLen`)
	/// Storage: `Grid::NextNode` (r:1 w:1)
	/// Proof: `Grid::NextNode` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:0 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
	fn register_node() -> Weight {
		// Minimum execution time: 52_159_000 picoseconds.
		Weight::from_parts(56_414_000, 3583)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
	fn update_node() -> Weight {
		// Minimum execution time: 8_442_000 picoseconds.
		Weight::from_parts(9_344_000, 3771)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(103), added: 2578, mode: `MaxEncodedLen`)
	fn bond_more() -> Weight {
		// Minimum execution time: 42_865_000 picoseconds.
		Weight::from_parts(45_007_000, 3771)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(103), added: 2578, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Farms` (r:1 w:1)
	/// Proof: `Grid::Farms` (`max_values`: None, `max_size`: Some(118), added: 2593, mode: `MaxEncodedLen`)
	/// Storage: `Grid::NodeOfAuditKey` (r:0 w:1)
	/// Proof: `Grid::NodeOfAuditKey` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	fn remove_node() -> Weight {
		// Minimum execution time: 41_433_000 picoseconds.
		Weight::from_parts(44_817_000, 3771)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Grid::Farms` (r:1 w:1)
	/// Proof: `Grid::Farms` (`max_values`: None, `max_size`: Some(118), added: 2593, mode: `MaxEncodedLen`)
	/// Storage: `Grid::TwinOf` (r:1 w:0)
	/// Proof: `Grid::TwinOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Twins` (r:1 w:1)
	/// Proof: `Grid::Twins` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	fn remove_farm() -> Weight {
		// Minimum execution time: 15_894_000 picoseconds.
		Weight::from_parts(17_156_000, 3675)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	fn update_farm() -> Weight {
		Weight::from_parts(30_000_000, 3000)
	}
	fn certify_farm() -> Weight {
		Weight::from_parts(30_000_000, 3000)
	}
	fn certify_node() -> Weight {
		Weight::from_parts(30_000_000, 3000)
	}
	fn set_certifier() -> Weight {
		Weight::from_parts(30_000_000, 3000)
	}
	fn set_availability() -> Weight {
		Weight::from_parts(30_000_000, 3000)
	}
	fn withdraw_bond() -> Weight {
		Weight::from_parts(30_000_000, 3000)
	}
	fn announce_maintenance() -> Weight {
		Weight::from_parts(30_000_000, 3000)
	}
	fn cancel_maintenance() -> Weight {
		Weight::from_parts(30_000_000, 3000)
	}
	fn rotate_keys() -> Weight {
		Weight::from_parts(30_000_000, 3000)
	}
	fn cancel_rotation() -> Weight {
		Weight::from_parts(30_000_000, 3000)
	}
	fn describe_node() -> Weight {
		Weight::from_parts(30_000_000, 3000)
	}
	fn report_uptime() -> Weight {
		Weight::from_parts(30_000_000, 3000)
	}
	fn set_parameters() -> Weight {
		Weight::from_parts(30_000_000, 3000)
	}
}

impl WeightInfo for () {
	fn register_twin() -> Weight {
		Weight::from_parts(11_067_000, 3517)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn update_twin() -> Weight {
		Weight::from_parts(12_358_000, 3675)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn create_farm() -> Weight {
		Weight::from_parts(15_003_000, 3675)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn register_node() -> Weight {
		Weight::from_parts(56_414_000, 3583)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
	fn update_node() -> Weight {
		Weight::from_parts(9_344_000, 3771)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn bond_more() -> Weight {
		Weight::from_parts(45_007_000, 3771)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn remove_node() -> Weight {
		Weight::from_parts(44_817_000, 3771)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
	fn remove_farm() -> Weight {
		Weight::from_parts(17_156_000, 3675)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn update_farm() -> Weight {
		Weight::from_parts(30_000_000, 3000)
	}
	fn certify_farm() -> Weight {
		Weight::from_parts(30_000_000, 3000)
	}
	fn certify_node() -> Weight {
		Weight::from_parts(30_000_000, 3000)
	}
	fn set_certifier() -> Weight {
		Weight::from_parts(30_000_000, 3000)
	}
	fn set_availability() -> Weight {
		Weight::from_parts(30_000_000, 3000)
	}
	fn withdraw_bond() -> Weight {
		Weight::from_parts(30_000_000, 3000)
	}
	fn announce_maintenance() -> Weight {
		Weight::from_parts(30_000_000, 3000)
	}
	fn cancel_maintenance() -> Weight {
		Weight::from_parts(30_000_000, 3000)
	}
	fn rotate_keys() -> Weight {
		Weight::from_parts(30_000_000, 3000)
	}
	fn cancel_rotation() -> Weight {
		Weight::from_parts(30_000_000, 3000)
	}
	fn describe_node() -> Weight {
		Weight::from_parts(30_000_000, 3000)
	}
	fn report_uptime() -> Weight {
		Weight::from_parts(30_000_000, 3000)
	}
	fn set_parameters() -> Weight {
		Weight::from_parts(30_000_000, 3000)
	}
}
