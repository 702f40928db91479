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
	/// Proof: `Reservations::ContractParameters` (`max_values`: Some(1), `max_size`: Some(44), added: 539, mode: `MaxEncodedLen`)
	/// Storage: `Grid::TwinOf` (r:1 w:0)
	/// Proof: `Grid::TwinOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Twins` (r:1 w:0)
	/// Proof: `Grid::Twins` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::NextReservation` (r:1 w:1)
	/// Proof: `Reservations::NextReservation` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:32 w:32)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::AllotmentCount` (r:32 w:32)
	/// Proof: `Reservations::AllotmentCount` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::NextAllotment` (r:1 w:1)
	/// Proof: `Reservations::NextAllotment` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(103), added: 2578, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::ReservationCount` (r:1 w:1)
	/// Proof: `Reservations::ReservationCount` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Reservations` (r:0 w:1)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(381), added: 2856, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Allotments` (r:0 w:32)
	/// Proof: `Reservations::Allotments` (`max_values`: None, `max_size`: Some(117), added: 2592, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::ReservationOfTenant` (r:0 w:1)
	/// Proof: `Reservations::ReservationOfTenant` (`max_values`: None, `max_size`: Some(68), added: 2543, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::AllotmentsOfNode` (r:0 w:32)
	/// Proof: `Reservations::AllotmentsOfNode` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	/// The range of component `n` is `[1, 32]`.
	fn reserve(n: u32) -> Weight {
		// Minimum execution time: 74_492_000 picoseconds.
		Weight::from_parts(65_217_966, 3675)
			.saturating_add(Weight::from_parts(11_331_579, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(7_u64))
			.saturating_add(T::DbWeight::get().reads((2_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(6_u64))
			.saturating_add(T::DbWeight::get().writes((4_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2781).saturating_mul(n.into()))
	}
	/// Storage: `Reservations::Reservations` (r:1 w:1)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(381), added: 2856, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::ContractParameters` (r:1 w:0)
	/// Proof: `Reservations::ContractParameters` (`max_values`: Some(1), `max_size`: Some(44), added: 539, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Allotments` (r:32 w:0)
	/// Proof: `Reservations::Allotments` (`max_values`: None, `max_size`: Some(117), added: 2592, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(103), added: 2578, mode: `MaxEncodedLen`)
	/// The range of component `n` is `[1, 32]`.
	fn extend(n: u32) -> Weight {
		// Minimum execution time: 51_007_000 picoseconds.
		Weight::from_parts(53_300_620, 3846)
			.saturating_add(Weight::from_parts(2_978_338, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(2_u64))
			.saturating_add(Weight::from_parts(0, 2592).saturating_mul(n.into()))
	}
	/// Storage: `Reservations::Reservations` (r:1 w:1)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(381), added: 2856, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::ContractParameters` (r:1 w:0)
	/// Proof: `Reservations::ContractParameters` (`max_values`: Some(1), `max_size`: Some(44), added: 539, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Allotments` (r:32 w:32)
	/// Proof: `Reservations::Allotments` (`max_values`: None, `max_size`: Some(117), added: 2592, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:32 w:32)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Farms` (r:32 w:0)
	/// Proof: `Grid::Farms` (`max_values`: None, `max_size`: Some(118), added: 2593, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(103), added: 2578, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:33 w:33)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::AllotmentCount` (r:32 w:32)
	/// Proof: `Reservations::AllotmentCount` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Audited` (r:32 w:0)
	/// Proof: `Audits::Audited` (`max_values`: None, `max_size`: Some(183), added: 2658, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::AllotmentsOfNode` (r:0 w:32)
	/// Proof: `Reservations::AllotmentsOfNode` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	/// The range of component `n` is `[1, 32]`.
	fn close(n: u32) -> Weight {
		// Minimum execution time: 120_210_000 picoseconds.
		Weight::from_parts(36_412_296, 3846)
			.saturating_add(Weight::from_parts(83_588_223, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().reads((6_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(3_u64))
			.saturating_add(T::DbWeight::get().writes((5_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2781).saturating_mul(n.into()))
	}
	/// Storage: `Reservations::Reservations` (r:1 w:1)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(381), added: 2856, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::ContractParameters` (r:1 w:0)
	/// Proof: `Reservations::ContractParameters` (`max_values`: Some(1), `max_size`: Some(44), added: 539, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Allotments` (r:32 w:32)
	/// Proof: `Reservations::Allotments` (`max_values`: None, `max_size`: Some(117), added: 2592, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:32 w:0)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Farms` (r:32 w:0)
	/// Proof: `Grid::Farms` (`max_values`: None, `max_size`: Some(118), added: 2593, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(103), added: 2578, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:33 w:33)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// The range of component `n` is `[1, 32]`.
	fn settle(n: u32) -> Weight {
		// Minimum execution time: 98_067_000 picoseconds.
		Weight::from_parts(29_597_149, 3846)
			.saturating_add(Weight::from_parts(74_872_680, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().reads((4_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(3_u64))
			.saturating_add(T::DbWeight::get().writes((2_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2781).saturating_mul(n.into()))
	}
	/// Storage: `Reservations::Reservations` (r:1 w:0)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(381), added: 2856, mode: `MaxEncodedLen`)
	fn authorize_settle() -> Weight {
		// Minimum execution time: 5_008_000 picoseconds.
		Weight::from_parts(5_468_000, 3846).saturating_add(T::DbWeight::get().reads(1_u64))
	}
	/// Storage: `Reservations::ContractParameters` (r:0 w:1)
	/// Proof: `Reservations::ContractParameters` (`max_values`: Some(1), `max_size`: Some(44), added: 539, mode: `MaxEncodedLen`)
	fn set_parameters() -> Weight {
		// Minimum execution time: 3_795_000 picoseconds.
		Weight::from_parts(4_286_000, 0).saturating_add(T::DbWeight::get().writes(1_u64))
	}
	fn reserve_by_policy(n: u32) -> Weight {
		Weight::from_parts(80_000_000, 4000)
			.saturating_add(Weight::from_parts(60_000_000, 3000).saturating_mul(n.into()))
	}
	fn grow(n: u32) -> Weight {
		Weight::from_parts(80_000_000, 4000)
			.saturating_add(Weight::from_parts(60_000_000, 3000).saturating_mul(n.into()))
	}
	fn shrink(n: u32) -> Weight {
		Weight::from_parts(80_000_000, 4000)
			.saturating_add(Weight::from_parts(60_000_000, 3000).saturating_mul(n.into()))
	}
	fn offer_transfer() -> Weight {
		Weight::from_parts(80_000_000, 4000)
			.saturating_add(Weight::from_parts(60_000_000, 3000).saturating_mul(1))
	}
	fn accept_transfer() -> Weight {
		Weight::from_parts(80_000_000, 4000)
			.saturating_add(Weight::from_parts(60_000_000, 3000).saturating_mul(1))
	}
	fn set_data() -> Weight {
		Weight::from_parts(80_000_000, 4000)
			.saturating_add(Weight::from_parts(60_000_000, 3000).saturating_mul(1))
	}
	fn replace_allotment(n: u32) -> Weight {
		Weight::from_parts(80_000_000, 4000)
			.saturating_add(Weight::from_parts(60_000_000, 3000).saturating_mul(n.into()))
	}
	fn register_provider() -> Weight {
		Weight::from_parts(80_000_000, 4000)
			.saturating_add(Weight::from_parts(60_000_000, 3000).saturating_mul(1))
	}
	fn approve_provider() -> Weight {
		Weight::from_parts(80_000_000, 4000)
			.saturating_add(Weight::from_parts(60_000_000, 3000).saturating_mul(1))
	}
}

impl WeightInfo for () {
	fn reserve(n: u32) -> Weight {
		Weight::from_parts(65_217_966, 3675)
			.saturating_add(Weight::from_parts(11_331_579, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(7_u64))
			.saturating_add(ParityDbWeight::get().reads((2_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(6_u64))
			.saturating_add(ParityDbWeight::get().writes((4_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2781).saturating_mul(n.into()))
	}
	fn extend(n: u32) -> Weight {
		Weight::from_parts(53_300_620, 3846)
			.saturating_add(Weight::from_parts(2_978_338, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
			.saturating_add(Weight::from_parts(0, 2592).saturating_mul(n.into()))
	}
	fn close(n: u32) -> Weight {
		Weight::from_parts(36_412_296, 3846)
			.saturating_add(Weight::from_parts(83_588_223, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().reads((6_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
			.saturating_add(ParityDbWeight::get().writes((5_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2781).saturating_mul(n.into()))
	}
	fn settle(n: u32) -> Weight {
		Weight::from_parts(29_597_149, 3846)
			.saturating_add(Weight::from_parts(74_872_680, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().reads((4_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
			.saturating_add(ParityDbWeight::get().writes((2_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2781).saturating_mul(n.into()))
	}
	fn authorize_settle() -> Weight {
		Weight::from_parts(5_468_000, 3846).saturating_add(ParityDbWeight::get().reads(1_u64))
	}
	fn set_parameters() -> Weight {
		Weight::from_parts(4_286_000, 0).saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn reserve_by_policy(n: u32) -> Weight {
		Weight::from_parts(80_000_000, 4000)
			.saturating_add(Weight::from_parts(60_000_000, 3000).saturating_mul(n.into()))
	}
	fn grow(n: u32) -> Weight {
		Weight::from_parts(80_000_000, 4000)
			.saturating_add(Weight::from_parts(60_000_000, 3000).saturating_mul(n.into()))
	}
	fn shrink(n: u32) -> Weight {
		Weight::from_parts(80_000_000, 4000)
			.saturating_add(Weight::from_parts(60_000_000, 3000).saturating_mul(n.into()))
	}
	fn offer_transfer() -> Weight {
		Weight::from_parts(80_000_000, 4000)
			.saturating_add(Weight::from_parts(60_000_000, 3000).saturating_mul(1))
	}
	fn accept_transfer() -> Weight {
		Weight::from_parts(80_000_000, 4000)
			.saturating_add(Weight::from_parts(60_000_000, 3000).saturating_mul(1))
	}
	fn set_data() -> Weight {
		Weight::from_parts(80_000_000, 4000)
			.saturating_add(Weight::from_parts(60_000_000, 3000).saturating_mul(1))
	}
	fn replace_allotment(n: u32) -> Weight {
		Weight::from_parts(80_000_000, 4000)
			.saturating_add(Weight::from_parts(60_000_000, 3000).saturating_mul(n.into()))
	}
	fn register_provider() -> Weight {
		Weight::from_parts(80_000_000, 4000)
			.saturating_add(Weight::from_parts(60_000_000, 3000).saturating_mul(1))
	}
	fn approve_provider() -> Weight {
		Weight::from_parts(80_000_000, 4000)
			.saturating_add(Weight::from_parts(60_000_000, 3000).saturating_mul(1))
	}
}
