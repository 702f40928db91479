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
	fn set_farm_price() -> Weight;
	fn offer_rent() -> Weight;
	fn rent() -> Weight;
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
		// Minimum execution time: 10_646_000 picoseconds.
		Weight::from_parts(11_517_000, 3517)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `Grid::TwinOf` (r:1 w:0)
	/// Proof: `Grid::TwinOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Twins` (r:1 w:1)
	/// Proof: `Grid::Twins` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	fn update_twin() -> Weight {
		// Minimum execution time: 11_898_000 picoseconds.
		Weight::from_parts(12_949_000, 3675)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Grid::TwinOf` (r:1 w:0)
	/// Proof: `Grid::TwinOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Grid::FarmNames` (r:1 w:1)
	/// Proof: `Grid::FarmNames` (`max_values`: None, `max_size`: Some(86), added: 2561, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Twins` (r:1 w:1)
	/// Proof: `Grid::Twins` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Grid::NextFarm` (r:1 w:1)
	/// Proof: `Grid::NextFarm` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Farms` (r:0 w:1)
	/// Proof: `Grid::Farms` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
	fn create_farm() -> Weight {
		// Minimum execution time: 18_087_000 picoseconds.
		Weight::from_parts(19_599_000, 3675)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Grid::Farms` (r:1 w:1)
	/// Proof: `Grid::Farms` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
	/// Storage: `Grid::TwinOf` (r:1 w:0)
	/// Proof: `Grid::TwinOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Grid::NodeOfAuditKey` (r:1 w:1)
	/// Proof: `Grid::NodeOfAuditKey` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `Grid::NextNode` (r:1 w:1)
	/// Proof: `Grid::NextNode` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:0 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	fn register_node() -> Weight {
		// Minimum execution time: 56_194_000 picoseconds.
		Weight::from_parts(59_880_000, 3676)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	fn update_node() -> Weight {
		// Minimum execution time: 9_675_000 picoseconds.
		Weight::from_parts(10_566_000, 3867)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	fn bond_more() -> Weight {
		// Minimum execution time: 47_932_000 picoseconds.
		Weight::from_parts(50_646_000, 3867)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Rents` (r:1 w:1)
	/// Proof: `Grid::Rents` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Farms` (r:1 w:1)
	/// Proof: `Grid::Farms` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Uptimes` (r:0 w:1)
	/// Proof: `Grid::Uptimes` (`max_values`: None, `max_size`: Some(32), added: 2507, mode: `MaxEncodedLen`)
	/// Storage: `Grid::RentOffers` (r:0 w:1)
	/// Proof: `Grid::RentOffers` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Descriptions` (r:0 w:1)
	/// Proof: `Grid::Descriptions` (`max_values`: None, `max_size`: Some(102), added: 2577, mode: `MaxEncodedLen`)
	/// Storage: `Grid::NodeOfAuditKey` (r:0 w:1)
	/// Proof: `Grid::NodeOfAuditKey` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	fn remove_node() -> Weight {
		// Minimum execution time: 51_567_000 picoseconds.
		Weight::from_parts(54_532_000, 3867)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(8_u64))
	}
	/// Storage: `Grid::Farms` (r:1 w:1)
	/// Proof: `Grid::Farms` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
	/// Storage: `Grid::TwinOf` (r:1 w:0)
	/// Proof: `Grid::TwinOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Twins` (r:1 w:1)
	/// Proof: `Grid::Twins` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Grid::FarmPrices` (r:0 w:1)
	/// Proof: `Grid::FarmPrices` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	/// Storage: `Grid::FarmNames` (r:0 w:1)
	/// Proof: `Grid::FarmNames` (`max_values`: None, `max_size`: Some(86), added: 2561, mode: `MaxEncodedLen`)
	fn remove_farm() -> Weight {
		// Minimum execution time: 18_097_000 picoseconds.
		Weight::from_parts(19_719_000, 3675)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Grid::Farms` (r:1 w:1)
	/// Proof: `Grid::Farms` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
	/// Storage: `Grid::TwinOf` (r:1 w:0)
	/// Proof: `Grid::TwinOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	fn update_farm() -> Weight {
		// Minimum execution time: 13_030_000 picoseconds.
		Weight::from_parts(14_281_000, 3586)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Grid::Farms` (r:1 w:0)
	/// Proof: `Grid::Farms` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
	/// Storage: `Grid::TwinOf` (r:1 w:0)
	/// Proof: `Grid::TwinOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Grid::FarmPrices` (r:0 w:1)
	/// Proof: `Grid::FarmPrices` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	fn set_farm_price() -> Weight {
		// Minimum execution time: 13_050_000 picoseconds.
		Weight::from_parts(14_291_000, 3586)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// Storage: `Grid::RentOffers` (r:0 w:1)
	/// Proof: `Grid::RentOffers` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	fn offer_rent() -> Weight {
		// Minimum execution time: 10_816_000 picoseconds.
		Weight::from_parts(11_798_000, 3867)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Grid::Nodes` (r:1 w:0)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// Storage: `Grid::RentOffers` (r:1 w:0)
	/// Proof: `Grid::RentOffers` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Rents` (r:1 w:1)
	/// Proof: `Grid::Rents` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Farms` (r:1 w:0)
	/// Proof: `Grid::Farms` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn rent() -> Weight {
		// Minimum execution time: 55_844_000 picoseconds.
		Weight::from_parts(59_399_000, 3867)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Grid::Certifiers` (r:1 w:0)
	/// Proof: `Grid::Certifiers` (`max_values`: Some(1), `max_size`: Some(1025), added: 1520, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Farms` (r:1 w:1)
	/// Proof: `Grid::Farms` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
	fn certify_farm() -> Weight {
		// Minimum execution time: 11_837_000 picoseconds.
		Weight::from_parts(12_980_000, 3586)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Grid::Certifiers` (r:1 w:0)
	/// Proof: `Grid::Certifiers` (`max_values`: Some(1), `max_size`: Some(1025), added: 1520, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	fn certify_node() -> Weight {
		// Minimum execution time: 11_367_000 picoseconds.
		Weight::from_parts(12_579_000, 3867)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Grid::Certifiers` (r:1 w:1)
	/// Proof: `Grid::Certifiers` (`max_values`: Some(1), `max_size`: Some(1025), added: 1520, mode: `MaxEncodedLen`)
	fn set_certifier() -> Weight {
		// Minimum execution time: 7_601_000 picoseconds.
		Weight::from_parts(8_413_000, 2510)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Rents` (r:1 w:0)
	/// Proof: `Grid::Rents` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	fn set_availability() -> Weight {
		// Minimum execution time: 11_056_000 picoseconds.
		Weight::from_parts(12_178_000, 3867)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	fn withdraw_bond() -> Weight {
		// Minimum execution time: 40_691_000 picoseconds.
		Weight::from_parts(43_987_000, 3867)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// Storage: `Grid::GridParameters` (r:1 w:0)
	/// Proof: `Grid::GridParameters` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	fn announce_maintenance() -> Weight {
		// Minimum execution time: 12_409_000 picoseconds.
		Weight::from_parts(13_590_000, 3867)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	fn cancel_maintenance() -> Weight {
		// Minimum execution time: 10_025_000 picoseconds.
		Weight::from_parts(10_997_000, 3867)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Grid::GridParameters` (r:1 w:0)
	/// Proof: `Grid::GridParameters` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// Storage: `Grid::NodeOfAuditKey` (r:1 w:2)
	/// Proof: `Grid::NodeOfAuditKey` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	fn rotate_keys() -> Weight {
		// Minimum execution time: 18_217_000 picoseconds.
		Weight::from_parts(19_690_000, 3867)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// Storage: `Grid::NodeOfAuditKey` (r:0 w:1)
	/// Proof: `Grid::NodeOfAuditKey` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	fn cancel_rotation() -> Weight {
		// Minimum execution time: 11_367_000 picoseconds.
		Weight::from_parts(12_589_000, 3867)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Descriptions` (r:0 w:1)
	/// Proof: `Grid::Descriptions` (`max_values`: None, `max_size`: Some(102), added: 2577, mode: `MaxEncodedLen`)
	fn describe_node() -> Weight {
		// Minimum execution time: 11_126_000 picoseconds.
		Weight::from_parts(12_168_000, 3867)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// Storage: `Timestamp::Now` (r:1 w:0)
	/// Proof: `Timestamp::Now` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Uptimes` (r:1 w:1)
	/// Proof: `Grid::Uptimes` (`max_values`: None, `max_size`: Some(32), added: 2507, mode: `MaxEncodedLen`)
	fn report_uptime() -> Weight {
		// Minimum execution time: 15_013_000 picoseconds.
		Weight::from_parts(16_415_000, 3867)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Grid::GridParameters` (r:0 w:1)
	/// Proof: `Grid::GridParameters` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	fn set_parameters() -> Weight {
		// Minimum execution time: 3_996_000 picoseconds.
		Weight::from_parts(4_406_000, 0).saturating_add(T::DbWeight::get().writes(1_u64))
	}
}

impl WeightInfo for () {
	fn register_twin() -> Weight {
		Weight::from_parts(11_517_000, 3517)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn update_twin() -> Weight {
		Weight::from_parts(12_949_000, 3675)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn create_farm() -> Weight {
		Weight::from_parts(19_599_000, 3675)
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
	fn register_node() -> Weight {
		Weight::from_parts(59_880_000, 3676)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
	fn update_node() -> Weight {
		Weight::from_parts(10_566_000, 3867)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn bond_more() -> Weight {
		Weight::from_parts(50_646_000, 3867)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn remove_node() -> Weight {
		Weight::from_parts(54_532_000, 3867)
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().writes(8_u64))
	}
	fn remove_farm() -> Weight {
		Weight::from_parts(19_719_000, 3675)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
	fn update_farm() -> Weight {
		Weight::from_parts(14_281_000, 3586)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn set_farm_price() -> Weight {
		Weight::from_parts(14_291_000, 3586)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn offer_rent() -> Weight {
		Weight::from_parts(11_798_000, 3867)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn rent() -> Weight {
		Weight::from_parts(59_399_000, 3867)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn certify_farm() -> Weight {
		Weight::from_parts(12_980_000, 3586)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn certify_node() -> Weight {
		Weight::from_parts(12_579_000, 3867)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn set_certifier() -> Weight {
		Weight::from_parts(8_413_000, 2510)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn set_availability() -> Weight {
		Weight::from_parts(12_178_000, 3867)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn withdraw_bond() -> Weight {
		Weight::from_parts(43_987_000, 3867)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn announce_maintenance() -> Weight {
		Weight::from_parts(13_590_000, 3867)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn cancel_maintenance() -> Weight {
		Weight::from_parts(10_997_000, 3867)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn rotate_keys() -> Weight {
		Weight::from_parts(19_690_000, 3867)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn cancel_rotation() -> Weight {
		Weight::from_parts(12_589_000, 3867)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn describe_node() -> Weight {
		Weight::from_parts(12_168_000, 3867)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn report_uptime() -> Weight {
		Weight::from_parts(16_415_000, 3867)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn set_parameters() -> Weight {
		Weight::from_parts(4_406_000, 0).saturating_add(ParityDbWeight::get().writes(1_u64))
	}
}
