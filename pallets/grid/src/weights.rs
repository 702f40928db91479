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
	fn set_farm_price() -> Weight;
	fn offer_rent() -> Weight;
	fn rent() -> Weight;
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
		// Minimum execution time: 10_676_000 picoseconds.
		Weight::from_parts(11_507_000, 3517)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `Grid::TwinOf` (r:1 w:0)
	/// Proof: `Grid::TwinOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Twins` (r:1 w:1)
	/// Proof: `Grid::Twins` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	fn update_twin() -> Weight {
		// Minimum execution time: 11_517_000 picoseconds.
		Weight::from_parts(12_519_000, 3675)
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
	/// Proof: `Grid::Farms` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
	fn create_farm() -> Weight {
		// Minimum execution time: 14_421_000 picoseconds.
		Weight::from_parts(15_473_000, 3675)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `Grid::Farms` (r:1 w:1)
	/// Proof: `Grid::Farms` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
	/// Storage: `Grid::TwinOf` (r:1 w:0)
	/// Proof: `Grid::TwinOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Grid::NodeOfAuditKey` (r:1 w:1)
	/// Proof: `Grid::NodeOfAuditKey` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`)
	/// Storage: `Grid::NextNode` (r:1 w:1)
	/// Proof: `Grid::NextNode` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:0 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(394), added: 2869, mode: `MaxEncodedLen`)
	fn register_node() -> Weight {
		// Minimum execution time: 51_307_000 picoseconds.
		Weight::from_parts(54_842_000, 3622)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(394), added: 2869, mode: `MaxEncodedLen`)
	fn update_node() -> Weight {
		// Minimum execution time: 8_823_000 picoseconds.
		Weight::from_parts(9_745_000, 3859)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(394), added: 2869, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`)
	fn bond_more() -> Weight {
		// Minimum execution time: 43_655_000 picoseconds.
		Weight::from_parts(46_540_000, 3859)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(394), added: 2869, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Farms` (r:1 w:1)
	/// Proof: `Grid::Farms` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Uptimes` (r:0 w:1)
	/// Proof: `Grid::Uptimes` (`max_values`: None, `max_size`: Some(32), added: 2507, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Descriptions` (r:0 w:1)
	/// Proof: `Grid::Descriptions` (`max_values`: None, `max_size`: Some(102), added: 2577, mode: `MaxEncodedLen`)
	/// Storage: `Grid::NodeOfAuditKey` (r:0 w:1)
	/// Proof: `Grid::NodeOfAuditKey` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	fn remove_node() -> Weight {
		// Minimum execution time: 44_107_000 picoseconds.
		Weight::from_parts(47_090_000, 3859)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}
	/// Storage: `Grid::Farms` (r:1 w:1)
	/// Proof: `Grid::Farms` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
	/// Storage: `Grid::TwinOf` (r:1 w:0)
	/// Proof: `Grid::TwinOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Twins` (r:1 w:1)
	/// Proof: `Grid::Twins` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	fn remove_farm() -> Weight {
		// Minimum execution time: 15_704_000 picoseconds.
		Weight::from_parts(17_216_000, 3675)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Grid::Farms` (r:1 w:1)
	/// Proof: `Grid::Farms` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
	/// Storage: `Grid::TwinOf` (r:1 w:0)
	/// Proof: `Grid::TwinOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	fn update_farm() -> Weight {
		// Minimum execution time: 12_849_000 picoseconds.
		Weight::from_parts(14_122_000, 3586)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Grid::Certifiers` (r:1 w:0)
	/// Proof: `Grid::Certifiers` (`max_values`: Some(1), `max_size`: Some(1025), added: 1520, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Farms` (r:1 w:1)
	/// Proof: `Grid::Farms` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
	fn certify_farm() -> Weight {
		// Minimum execution time: 11_317_000 picoseconds.
		Weight::from_parts(12_309_000, 3586)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Grid::Certifiers` (r:1 w:0)
	/// Proof: `Grid::Certifiers` (`max_values`: Some(1), `max_size`: Some(1025), added: 1520, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(394), added: 2869, mode: `MaxEncodedLen`)
	fn certify_node() -> Weight {
		// Minimum execution time: 10_556_000 picoseconds.
		Weight::from_parts(11_697_000, 3859)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Grid::Certifiers` (r:1 w:1)
	/// Proof: `Grid::Certifiers` (`max_values`: Some(1), `max_size`: Some(1025), added: 1520, mode: `MaxEncodedLen`)
	fn set_certifier() -> Weight {
		// Minimum execution time: 7_671_000 picoseconds.
		Weight::from_parts(8_483_000, 2510)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(394), added: 2869, mode: `MaxEncodedLen`)
	fn set_availability() -> Weight {
		// Minimum execution time: 8_763_000 picoseconds.
		Weight::from_parts(9_665_000, 3859)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(394), added: 2869, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`)
	fn withdraw_bond() -> Weight {
		// Minimum execution time: 37_526_000 picoseconds.
		Weight::from_parts(40_060_000, 3859)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(394), added: 2869, mode: `MaxEncodedLen`)
	/// Storage: `Grid::GridParameters` (r:1 w:0)
	/// Proof: `Grid::GridParameters` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	fn announce_maintenance() -> Weight {
		// Minimum execution time: 11_177_000 picoseconds.
		Weight::from_parts(12_408_000, 3859)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(394), added: 2869, mode: `MaxEncodedLen`)
	fn cancel_maintenance() -> Weight {
		// Minimum execution time: 9_364_000 picoseconds.
		Weight::from_parts(10_396_000, 3859)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Grid::GridParameters` (r:1 w:0)
	/// Proof: `Grid::GridParameters` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(394), added: 2869, mode: `MaxEncodedLen`)
	/// Storage: `Grid::NodeOfAuditKey` (r:1 w:2)
	/// Proof: `Grid::NodeOfAuditKey` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	fn rotate_keys() -> Weight {
		// Minimum execution time: 17_586_000 picoseconds.
		Weight::from_parts(19_188_000, 3859)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(394), added: 2869, mode: `MaxEncodedLen`)
	/// Storage: `Grid::NodeOfAuditKey` (r:0 w:1)
	/// Proof: `Grid::NodeOfAuditKey` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	fn cancel_rotation() -> Weight {
		// Minimum execution time: 10_776_000 picoseconds.
		Weight::from_parts(11_748_000, 3859)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(394), added: 2869, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Descriptions` (r:0 w:1)
	/// Proof: `Grid::Descriptions` (`max_values`: None, `max_size`: Some(102), added: 2577, mode: `MaxEncodedLen`)
	fn describe_node() -> Weight {
		// Minimum execution time: 10_255_000 picoseconds.
		Weight::from_parts(11_277_000, 3859)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(394), added: 2869, mode: `MaxEncodedLen`)
	/// Storage: `Timestamp::Now` (r:1 w:0)
	/// Proof: `Timestamp::Now` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Uptimes` (r:1 w:1)
	/// Proof: `Grid::Uptimes` (`max_values`: None, `max_size`: Some(32), added: 2507, mode: `MaxEncodedLen`)
	fn report_uptime() -> Weight {
		// Minimum execution time: 13_981_000 picoseconds.
		Weight::from_parts(15_303_000, 3859)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Grid::GridParameters` (r:0 w:1)
	/// Proof: `Grid::GridParameters` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	fn set_parameters() -> Weight {
		// Minimum execution time: 3_736_000 picoseconds.
		Weight::from_parts(4_146_000, 0).saturating_add(T::DbWeight::get().writes(1_u64))
	}
	fn set_farm_price() -> Weight {
		Weight::from_parts(60_000_000, 5000)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	fn offer_rent() -> Weight {
		Weight::from_parts(60_000_000, 5000)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	fn rent() -> Weight {
		Weight::from_parts(60_000_000, 5000)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
}

impl WeightInfo for () {
	fn register_twin() -> Weight {
		Weight::from_parts(11_507_000, 3517)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn update_twin() -> Weight {
		Weight::from_parts(12_519_000, 3675)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn create_farm() -> Weight {
		Weight::from_parts(15_473_000, 3675)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn register_node() -> Weight {
		Weight::from_parts(54_842_000, 3622)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
	fn update_node() -> Weight {
		Weight::from_parts(9_745_000, 3859)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn bond_more() -> Weight {
		Weight::from_parts(46_540_000, 3859)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn remove_node() -> Weight {
		Weight::from_parts(47_090_000, 3859)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(6_u64))
	}
	fn remove_farm() -> Weight {
		Weight::from_parts(17_216_000, 3675)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn update_farm() -> Weight {
		Weight::from_parts(14_122_000, 3586)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn certify_farm() -> Weight {
		Weight::from_parts(12_309_000, 3586)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn certify_node() -> Weight {
		Weight::from_parts(11_697_000, 3859)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn set_certifier() -> Weight {
		Weight::from_parts(8_483_000, 2510)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn set_availability() -> Weight {
		Weight::from_parts(9_665_000, 3859)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn withdraw_bond() -> Weight {
		Weight::from_parts(40_060_000, 3859)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn announce_maintenance() -> Weight {
		Weight::from_parts(12_408_000, 3859)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn cancel_maintenance() -> Weight {
		Weight::from_parts(10_396_000, 3859)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn rotate_keys() -> Weight {
		Weight::from_parts(19_188_000, 3859)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn cancel_rotation() -> Weight {
		Weight::from_parts(11_748_000, 3859)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn describe_node() -> Weight {
		Weight::from_parts(11_277_000, 3859)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn report_uptime() -> Weight {
		Weight::from_parts(15_303_000, 3859)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn set_parameters() -> Weight {
		Weight::from_parts(4_146_000, 0).saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn set_farm_price() -> Weight {
		Weight::from_parts(60_000_000, 5000)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
	fn offer_rent() -> Weight {
		Weight::from_parts(60_000_000, 5000)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
	fn rent() -> Weight {
		Weight::from_parts(60_000_000, 5000)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
}
