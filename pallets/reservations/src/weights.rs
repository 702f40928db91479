//! Weights of `pallet_reservations`, written by the benchmarking CLI. Do not edit: run `scripts/weights`.
//!
//! Benchmarking CLI 64.0.0, 2026-11-21, 20 steps, 10 repeats, on AMD EPYC.

#![allow(unused_parens, unused_imports, missing_docs, clippy::all, reason = "generated")]

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weight functions needed for `pallet_reservations`.
pub trait WeightInfo {
	fn reserve(n: u32) -> Weight;
	fn extend(n: u32) -> Weight;
	fn close(n: u32) -> Weight;
	fn settle(n: u32) -> Weight;
	fn authorize_settle() -> Weight;
	fn set_parameters() -> Weight;
	fn reserve_by_policy(n: u32) -> Weight;
	fn grow(n: u32) -> Weight;
	fn shrink(n: u32) -> Weight;
	fn offer_transfer() -> Weight;
	fn accept_transfer() -> Weight;
	fn set_data() -> Weight;
	fn replace_allotment(n: u32) -> Weight;
	fn register_provider() -> Weight;
	fn approve_provider() -> Weight;
}

/// Measured weights.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Reservations::ContractParameters` (r:1 w:0)
	/// Proof: `Reservations::ContractParameters` (`max_values`: Some(1), `max_size`: Some(93), added: 588, mode: `MaxEncodedLen`)
	/// Storage: `Grid::TwinOf` (r:1 w:0)
	/// Proof: `Grid::TwinOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Twins` (r:1 w:0)
	/// Proof: `Grid::Twins` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:32 w:32)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Rents` (r:32 w:0)
	/// Proof: `Grid::Rents` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Farms` (r:32 w:0)
	/// Proof: `Grid::Farms` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::AllotmentCount` (r:32 w:32)
	/// Proof: `Reservations::AllotmentCount` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::NextReservation` (r:1 w:1)
	/// Proof: `Reservations::NextReservation` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::NextAllotment` (r:1 w:1)
	/// Proof: `Reservations::NextAllotment` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Reservations` (r:0 w:1)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(387), added: 2862, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Allotments` (r:0 w:32)
	/// Proof: `Reservations::Allotments` (`max_values`: None, `max_size`: Some(159), added: 2634, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::ReservationOfTenant` (r:0 w:1)
	/// Proof: `Reservations::ReservationOfTenant` (`max_values`: None, `max_size`: Some(56), added: 2531, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::ReservationDetails` (r:0 w:1)
	/// Proof: `Reservations::ReservationDetails` (`max_values`: None, `max_size`: Some(406), added: 2881, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::AllotmentsOfNode` (r:0 w:32)
	/// Proof: `Reservations::AllotmentsOfNode` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	/// The range of component `n` is `[1, 32]`.
	fn reserve(n: u32) -> Weight {
		// Minimum execution time: 93_550_000 picoseconds.
		Weight::from_parts(68_832_179, 3676)
			.saturating_add(Weight::from_parts(22_219_844, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().reads((4_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(6_u64))
			.saturating_add(T::DbWeight::get().writes((4_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2877).saturating_mul(n.into()))
	}
	/// Storage: `Reservations::Reservations` (r:1 w:1)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(387), added: 2862, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::ContractParameters` (r:1 w:0)
	/// Proof: `Reservations::ContractParameters` (`max_values`: Some(1), `max_size`: Some(93), added: 588, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Allotments` (r:32 w:32)
	/// Proof: `Reservations::Allotments` (`max_values`: None, `max_size`: Some(159), added: 2634, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// The range of component `n` is `[1, 32]`.
	fn extend(n: u32) -> Weight {
		// Minimum execution time: 66_079_000 picoseconds.
		Weight::from_parts(61_844_461, 3852)
			.saturating_add(Weight::from_parts(5_530_113, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(2_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2634).saturating_mul(n.into()))
	}
	/// Storage: `Reservations::Reservations` (r:1 w:1)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(387), added: 2862, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::ContractParameters` (r:1 w:0)
	/// Proof: `Reservations::ContractParameters` (`max_values`: Some(1), `max_size`: Some(93), added: 588, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Allotments` (r:32 w:32)
	/// Proof: `Reservations::Allotments` (`max_values`: None, `max_size`: Some(159), added: 2634, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:32 w:32)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Farms` (r:32 w:0)
	/// Proof: `Grid::Farms` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:35 w:35)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::FarmEarnings` (r:32 w:32)
	/// Proof: `Reservations::FarmEarnings` (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Providers` (r:1 w:0)
	/// Proof: `Reservations::Providers` (`max_values`: None, `max_size`: Some(49), added: 2524, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::AllotmentCount` (r:32 w:32)
	/// Proof: `Reservations::AllotmentCount` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Audited` (r:32 w:0)
	/// Proof: `Audits::Audited` (`max_values`: None, `max_size`: Some(372), added: 2847, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::RepairFunds` (r:1 w:1)
	/// Proof: `Reservations::RepairFunds` (`max_values`: None, `max_size`: Some(32), added: 2507, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::ReservationDetails` (r:1 w:1)
	/// Proof: `Reservations::ReservationDetails` (`max_values`: None, `max_size`: Some(406), added: 2881, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Names` (r:0 w:1)
	/// Proof: `Reservations::Names` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Offers` (r:0 w:1)
	/// Proof: `Reservations::Offers` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::AllotmentsOfNode` (r:0 w:32)
	/// Proof: `Reservations::AllotmentsOfNode` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Repairs` (r:0 w:32)
	/// Proof: `Reservations::Repairs` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `MaxEncodedLen`)
	/// The range of component `n` is `[1, 32]`.
	fn close(n: u32) -> Weight {
		// Minimum execution time: 256_505_000 picoseconds.
		Weight::from_parts(195_094_348, 8799)
			.saturating_add(Weight::from_parts(70_808_009, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(9_u64))
			.saturating_add(T::DbWeight::get().reads((7_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(9_u64))
			.saturating_add(T::DbWeight::get().writes((7_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2877).saturating_mul(n.into()))
	}
	/// Storage: `Reservations::Reservations` (r:1 w:1)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(387), added: 2862, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::ContractParameters` (r:1 w:0)
	/// Proof: `Reservations::ContractParameters` (`max_values`: Some(1), `max_size`: Some(93), added: 588, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Allotments` (r:32 w:32)
	/// Proof: `Reservations::Allotments` (`max_values`: None, `max_size`: Some(159), added: 2634, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:32 w:0)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Farms` (r:32 w:0)
	/// Proof: `Grid::Farms` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:34 w:34)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::FarmEarnings` (r:32 w:32)
	/// Proof: `Reservations::FarmEarnings` (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Providers` (r:1 w:0)
	/// Proof: `Reservations::Providers` (`max_values`: None, `max_size`: Some(49), added: 2524, mode: `MaxEncodedLen`)
	/// The range of component `n` is `[1, 32]`.
	fn settle(n: u32) -> Weight {
		// Minimum execution time: 177_847_000 picoseconds.
		Weight::from_parts(121_606_578, 6196)
			.saturating_add(Weight::from_parts(57_321_420, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().reads((5_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(4_u64))
			.saturating_add(T::DbWeight::get().writes((3_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2877).saturating_mul(n.into()))
	}
	/// Storage: `Reservations::Reservations` (r:1 w:0)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(387), added: 2862, mode: `MaxEncodedLen`)
	fn authorize_settle() -> Weight {
		// Minimum execution time: 5_318_000 picoseconds.
		Weight::from_parts(5_888_000, 3852).saturating_add(T::DbWeight::get().reads(1_u64))
	}
	/// Storage: `Reservations::ContractParameters` (r:0 w:1)
	/// Proof: `Reservations::ContractParameters` (`max_values`: Some(1), `max_size`: Some(93), added: 588, mode: `MaxEncodedLen`)
	fn set_parameters() -> Weight {
		// Minimum execution time: 4_737_000 picoseconds.
		Weight::from_parts(5_248_000, 0).saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Reservations::ContractParameters` (r:1 w:0)
	/// Proof: `Reservations::ContractParameters` (`max_values`: Some(1), `max_size`: Some(93), added: 588, mode: `MaxEncodedLen`)
	/// Storage: `Grid::TwinOf` (r:1 w:0)
	/// Proof: `Grid::TwinOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Twins` (r:1 w:0)
	/// Proof: `Grid::Twins` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:32 w:32)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Rents` (r:32 w:0)
	/// Proof: `Grid::Rents` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Farms` (r:32 w:0)
	/// Proof: `Grid::Farms` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::AllotmentCount` (r:32 w:32)
	/// Proof: `Reservations::AllotmentCount` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::NextReservation` (r:1 w:1)
	/// Proof: `Reservations::NextReservation` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::NextAllotment` (r:1 w:1)
	/// Proof: `Reservations::NextAllotment` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Providers` (r:1 w:0)
	/// Proof: `Reservations::Providers` (`max_values`: None, `max_size`: Some(49), added: 2524, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Names` (r:1 w:1)
	/// Proof: `Reservations::Names` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Reservations` (r:0 w:1)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(387), added: 2862, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Allotments` (r:0 w:32)
	/// Proof: `Reservations::Allotments` (`max_values`: None, `max_size`: Some(159), added: 2634, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::ReservationOfTenant` (r:0 w:1)
	/// Proof: `Reservations::ReservationOfTenant` (`max_values`: None, `max_size`: Some(56), added: 2531, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::ReservationDetails` (r:0 w:1)
	/// Proof: `Reservations::ReservationDetails` (`max_values`: None, `max_size`: Some(406), added: 2881, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::AllotmentsOfNode` (r:0 w:32)
	/// Proof: `Reservations::AllotmentsOfNode` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	/// The range of component `n` is `[1, 128]`.
	fn reserve_by_policy(n: u32) -> Weight {
		// Minimum execution time: 101_392_000 picoseconds.
		Weight::from_parts(337_388_520, 49326)
			.saturating_add(Weight::from_parts(9_043_225, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(75_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(74_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 481).saturating_mul(n.into()))
	}
	/// Storage: `Reservations::Reservations` (r:1 w:1)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(387), added: 2862, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::ContractParameters` (r:1 w:0)
	/// Proof: `Reservations::ContractParameters` (`max_values`: Some(1), `max_size`: Some(93), added: 588, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Allotments` (r:32 w:32)
	/// Proof: `Reservations::Allotments` (`max_values`: None, `max_size`: Some(159), added: 2634, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:32 w:32)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Rents` (r:32 w:0)
	/// Proof: `Grid::Rents` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Farms` (r:32 w:0)
	/// Proof: `Grid::Farms` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// The range of component `n` is `[1, 32]`.
	fn grow(n: u32) -> Weight {
		// Minimum execution time: 81_352_000 picoseconds.
		Weight::from_parts(64_606_085, 3852)
			.saturating_add(Weight::from_parts(16_795_746, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().reads((4_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(2_u64))
			.saturating_add(T::DbWeight::get().writes((2_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2877).saturating_mul(n.into()))
	}
	/// Storage: `Reservations::Reservations` (r:1 w:1)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(387), added: 2862, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Allotments` (r:32 w:32)
	/// Proof: `Reservations::Allotments` (`max_values`: None, `max_size`: Some(159), added: 2634, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Audited` (r:32 w:0)
	/// Proof: `Audits::Audited` (`max_values`: None, `max_size`: Some(372), added: 2847, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:32 w:32)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// The range of component `n` is `[1, 32]`.
	fn shrink(n: u32) -> Weight {
		// Minimum execution time: 68_402_000 picoseconds.
		Weight::from_parts(23_750_639, 3852)
			.saturating_add(Weight::from_parts(43_816_114, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().reads((3_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(2_u64))
			.saturating_add(T::DbWeight::get().writes((2_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2877).saturating_mul(n.into()))
	}
	/// Storage: `Reservations::Reservations` (r:1 w:0)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(387), added: 2862, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Offers` (r:0 w:1)
	/// Proof: `Reservations::Offers` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	fn offer_transfer() -> Weight {
		// Minimum execution time: 12_118_000 picoseconds.
		Weight::from_parts(13_641_000, 3852)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Reservations::Reservations` (r:1 w:1)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(387), added: 2862, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Offers` (r:1 w:1)
	/// Proof: `Reservations::Offers` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	/// Storage: `Grid::TwinOf` (r:1 w:0)
	/// Proof: `Grid::TwinOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Twins` (r:1 w:0)
	/// Proof: `Grid::Twins` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:2 w:2)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::ReservationOfTenant` (r:0 w:2)
	/// Proof: `Reservations::ReservationOfTenant` (`max_values`: None, `max_size`: Some(56), added: 2531, mode: `MaxEncodedLen`)
	fn accept_transfer() -> Weight {
		// Minimum execution time: 92_349_000 picoseconds.
		Weight::from_parts(101_102_000, 6362)
			.saturating_add(T::DbWeight::get().reads(7_u64))
			.saturating_add(T::DbWeight::get().writes(7_u64))
	}
	/// Storage: `Reservations::Reservations` (r:1 w:0)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(387), added: 2862, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::ReservationDetails` (r:1 w:1)
	/// Proof: `Reservations::ReservationDetails` (`max_values`: None, `max_size`: Some(406), added: 2881, mode: `MaxEncodedLen`)
	fn set_data() -> Weight {
		// Minimum execution time: 15_824_000 picoseconds.
		Weight::from_parts(17_316_000, 3871)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Reservations::Reservations` (r:1 w:1)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(387), added: 2862, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::ReservationDetails` (r:1 w:0)
	/// Proof: `Reservations::ReservationDetails` (`max_values`: None, `max_size`: Some(406), added: 2881, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Allotments` (r:32 w:33)
	/// Proof: `Reservations::Allotments` (`max_values`: None, `max_size`: Some(159), added: 2634, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:33 w:2)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::ContractParameters` (r:1 w:0)
	/// Proof: `Reservations::ContractParameters` (`max_values`: Some(1), `max_size`: Some(93), added: 588, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Rents` (r:1 w:0)
	/// Proof: `Grid::Rents` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Farms` (r:33 w:0)
	/// Proof: `Grid::Farms` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::AllotmentCount` (r:2 w:2)
	/// Proof: `Reservations::AllotmentCount` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:34 w:34)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::FarmEarnings` (r:32 w:32)
	/// Proof: `Reservations::FarmEarnings` (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Providers` (r:1 w:0)
	/// Proof: `Reservations::Providers` (`max_values`: None, `max_size`: Some(49), added: 2524, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::NextAllotment` (r:1 w:1)
	/// Proof: `Reservations::NextAllotment` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Audited` (r:1 w:0)
	/// Proof: `Audits::Audited` (`max_values`: None, `max_size`: Some(372), added: 2847, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::AllotmentsOfNode` (r:0 w:2)
	/// Proof: `Reservations::AllotmentsOfNode` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Repairs` (r:0 w:2)
	/// Proof: `Reservations::Repairs` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `MaxEncodedLen`)
	/// The range of component `n` is `[1, 32]`.
	fn replace_allotment(n: u32) -> Weight {
		// Minimum execution time: 261_262_000 picoseconds.
		Weight::from_parts(211_911_571, 6196)
			.saturating_add(Weight::from_parts(60_169_313, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(14_u64))
			.saturating_add(T::DbWeight::get().reads((5_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(14_u64))
			.saturating_add(T::DbWeight::get().writes((3_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2877).saturating_mul(n.into()))
	}
	/// Storage: `Reservations::ContractParameters` (r:1 w:0)
	/// Proof: `Reservations::ContractParameters` (`max_values`: Some(1), `max_size`: Some(93), added: 588, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::NextProvider` (r:1 w:1)
	/// Proof: `Reservations::NextProvider` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Providers` (r:0 w:1)
	/// Proof: `Reservations::Providers` (`max_values`: None, `max_size`: Some(49), added: 2524, mode: `MaxEncodedLen`)
	fn register_provider() -> Weight {
		// Minimum execution time: 9_034_000 picoseconds.
		Weight::from_parts(9_885_000, 1578)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Reservations::Providers` (r:1 w:1)
	/// Proof: `Reservations::Providers` (`max_values`: None, `max_size`: Some(49), added: 2524, mode: `MaxEncodedLen`)
	fn approve_provider() -> Weight {
		// Minimum execution time: 7_501_000 picoseconds.
		Weight::from_parts(8_353_000, 3514)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
}

impl WeightInfo for () {
	fn reserve(n: u32) -> Weight {
		Weight::from_parts(68_832_179, 3676)
			.saturating_add(Weight::from_parts(22_219_844, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(6_u64))
			.saturating_add(ParityDbWeight::get().reads((4_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(6_u64))
			.saturating_add(ParityDbWeight::get().writes((4_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2877).saturating_mul(n.into()))
	}
	fn extend(n: u32) -> Weight {
		Weight::from_parts(61_844_461, 3852)
			.saturating_add(Weight::from_parts(5_530_113, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
			.saturating_add(ParityDbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2634).saturating_mul(n.into()))
	}
	fn close(n: u32) -> Weight {
		Weight::from_parts(195_094_348, 8799)
			.saturating_add(Weight::from_parts(70_808_009, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(9_u64))
			.saturating_add(ParityDbWeight::get().reads((7_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(9_u64))
			.saturating_add(ParityDbWeight::get().writes((7_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2877).saturating_mul(n.into()))
	}
	fn settle(n: u32) -> Weight {
		Weight::from_parts(121_606_578, 6196)
			.saturating_add(Weight::from_parts(57_321_420, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(6_u64))
			.saturating_add(ParityDbWeight::get().reads((5_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
			.saturating_add(ParityDbWeight::get().writes((3_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2877).saturating_mul(n.into()))
	}
	fn authorize_settle() -> Weight {
		Weight::from_parts(5_888_000, 3852).saturating_add(ParityDbWeight::get().reads(1_u64))
	}
	fn set_parameters() -> Weight {
		Weight::from_parts(5_248_000, 0).saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn reserve_by_policy(n: u32) -> Weight {
		Weight::from_parts(337_388_520, 49326)
			.saturating_add(Weight::from_parts(9_043_225, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(75_u64))
			.saturating_add(ParityDbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(74_u64))
			.saturating_add(ParityDbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 481).saturating_mul(n.into()))
	}
	fn grow(n: u32) -> Weight {
		Weight::from_parts(64_606_085, 3852)
			.saturating_add(Weight::from_parts(16_795_746, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().reads((4_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
			.saturating_add(ParityDbWeight::get().writes((2_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2877).saturating_mul(n.into()))
	}
	fn shrink(n: u32) -> Weight {
		Weight::from_parts(23_750_639, 3852)
			.saturating_add(Weight::from_parts(43_816_114, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().reads((3_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
			.saturating_add(ParityDbWeight::get().writes((2_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2877).saturating_mul(n.into()))
	}
	fn offer_transfer() -> Weight {
		Weight::from_parts(13_641_000, 3852)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn accept_transfer() -> Weight {
		Weight::from_parts(101_102_000, 6362)
			.saturating_add(ParityDbWeight::get().reads(7_u64))
			.saturating_add(ParityDbWeight::get().writes(7_u64))
	}
	fn set_data() -> Weight {
		Weight::from_parts(17_316_000, 3871)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn replace_allotment(n: u32) -> Weight {
		Weight::from_parts(211_911_571, 6196)
			.saturating_add(Weight::from_parts(60_169_313, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(14_u64))
			.saturating_add(ParityDbWeight::get().reads((5_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(14_u64))
			.saturating_add(ParityDbWeight::get().writes((3_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2877).saturating_mul(n.into()))
	}
	fn register_provider() -> Weight {
		Weight::from_parts(9_885_000, 1578)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn approve_provider() -> Weight {
		Weight::from_parts(8_353_000, 3514)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
}
