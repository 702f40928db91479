//! Weights of `pallet_audits`, written by the benchmarking CLI. Do not edit: run `scripts/weights`.
//!
//! Benchmarking CLI 64.0.0, 2026-11-21, 20 steps, 10 repeats, on AMD EPYC.

#![allow(unused_parens, unused_imports, missing_docs, clippy::all, reason = "generated")]

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weight functions needed for `pallet_audits`.
pub trait WeightInfo {
	fn submit_checkpoints(n: u32) -> Weight;
	fn authorize_submit_proof(s: u32) -> Weight;
	fn submit_proof(s: u32) -> Weight;
	fn submit_sealed_checkpoints(n: u32) -> Weight;
	fn submit_removal() -> Weight;
	fn authorize_declare_loss() -> Weight;
	fn declare_loss() -> Weight;
	fn buy_audit() -> Weight;
	fn authorize_submit_proofs(n: u32, l: u32) -> Weight;
	fn submit_proofs(n: u32, l: u32) -> Weight;
	fn retire() -> Weight;
	fn set_parameters() -> Weight;
	fn poll_base() -> Weight;
	fn open_audit() -> Weight;
	fn close_missed() -> Weight;
	fn on_finalize() -> Weight;
}

/// Measured weights.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Allotments` (r:32 w:0)
	/// Proof: `Reservations::Allotments` (`max_values`: None, `max_size`: Some(159), added: 2634, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Reservations` (r:32 w:0)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(387), added: 2862, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Audited` (r:32 w:32)
	/// Proof: `Audits::Audited` (`max_values`: None, `max_size`: Some(372), added: 2847, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:32 w:0)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// Storage: `Audits::AuditParameters` (r:1 w:0)
	/// Proof: `Audits::AuditParameters` (`max_values`: Some(1), `max_size`: Some(85), added: 580, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Beacon` (r:1 w:0)
	/// Proof: `Audits::Beacon` (`max_values`: Some(1), `max_size`: Some(69), added: 564, mode: `MaxEncodedLen`)
	/// Storage: `Audits::SlotCount` (r:1 w:1)
	/// Proof: `Audits::SlotCount` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Due` (r:0 w:32)
	/// Proof: `Audits::Due` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	/// Storage: `Audits::AuditSlots` (r:0 w:32)
	/// Proof: `Audits::AuditSlots` (`max_values`: None, `max_size`: Some(12), added: 2487, mode: `MaxEncodedLen`)
	/// The range of component `n` is `[1, 32]`.
	fn submit_checkpoints(n: u32) -> Weight {
		// Minimum execution time: 133_260_000 picoseconds.
		Weight::from_parts(49_533_407, 3509)
			.saturating_add(Weight::from_parts(99_471_679, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().reads((4_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(1_u64))
			.saturating_add(T::DbWeight::get().writes((3_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2877).saturating_mul(n.into()))
	}
	/// Storage: `Audits::Beacon` (r:1 w:0)
	/// Proof: `Audits::Beacon` (`max_values`: Some(1), `max_size`: Some(69), added: 564, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Audited` (r:1 w:0)
	/// Proof: `Audits::Audited` (`max_values`: None, `max_size`: Some(372), added: 2847, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Seeds` (r:1 w:0)
	/// Proof: `Audits::Seeds` (`max_values`: None, `max_size`: Some(40), added: 2515, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:1 w:0)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// The range of component `s` is `[1, 64]`.
	fn authorize_submit_proof(s: u32) -> Weight {
		// Minimum execution time: 63_315_000 picoseconds.
		Weight::from_parts(67_522_047, 3867)
			.saturating_add(Weight::from_parts(2_471_257, 0).saturating_mul(s.into()))
			.saturating_add(T::DbWeight::get().reads(5_u64))
	}
	/// Storage: `Audits::Beacon` (r:1 w:0)
	/// Proof: `Audits::Beacon` (`max_values`: Some(1), `max_size`: Some(69), added: 564, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Audited` (r:1 w:1)
	/// Proof: `Audits::Audited` (`max_values`: None, `max_size`: Some(372), added: 2847, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Seeds` (r:1 w:0)
	/// Proof: `Audits::Seeds` (`max_values`: None, `max_size`: Some(40), added: 2515, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Removals` (r:1 w:1)
	/// Proof: `Audits::Removals` (`max_values`: None, `max_size`: Some(109), added: 2584, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Allotments` (r:1 w:1)
	/// Proof: `Reservations::Allotments` (`max_values`: None, `max_size`: Some(159), added: 2634, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Reservations` (r:1 w:1)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(387), added: 2862, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Repairs` (r:1 w:1)
	/// Proof: `Reservations::Repairs` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::RepairFunds` (r:1 w:1)
	/// Proof: `Reservations::RepairFunds` (`max_values`: None, `max_size`: Some(32), added: 2507, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:3 w:3)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Targeted` (r:1 w:1)
	/// Proof: `Audits::Targeted` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:1 w:0)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Farms` (r:1 w:0)
	/// Proof: `Grid::Farms` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Deadlines` (r:0 w:1)
	/// Proof: `Audits::Deadlines` (`max_values`: None, `max_size`: Some(32), added: 2507, mode: `MaxEncodedLen`)
	/// The range of component `s` is `[1, 64]`.
	fn submit_proof(s: u32) -> Weight {
		// Minimum execution time: 202_584_000 picoseconds.
		Weight::from_parts(214_260_687, 8799)
			.saturating_add(Weight::from_parts(11_578_629, 0).saturating_mul(s.into()))
			.saturating_add(T::DbWeight::get().reads(15_u64))
			.saturating_add(T::DbWeight::get().writes(12_u64))
	}
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Allotments` (r:32 w:0)
	/// Proof: `Reservations::Allotments` (`max_values`: None, `max_size`: Some(159), added: 2634, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Reservations` (r:32 w:0)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(387), added: 2862, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Audited` (r:32 w:32)
	/// Proof: `Audits::Audited` (`max_values`: None, `max_size`: Some(372), added: 2847, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:32 w:0)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// Storage: `Audits::AuditParameters` (r:1 w:0)
	/// Proof: `Audits::AuditParameters` (`max_values`: Some(1), `max_size`: Some(85), added: 580, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Beacon` (r:1 w:0)
	/// Proof: `Audits::Beacon` (`max_values`: Some(1), `max_size`: Some(69), added: 564, mode: `MaxEncodedLen`)
	/// Storage: `Audits::SlotCount` (r:1 w:1)
	/// Proof: `Audits::SlotCount` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Due` (r:0 w:32)
	/// Proof: `Audits::Due` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	/// Storage: `Audits::AuditSlots` (r:0 w:32)
	/// Proof: `Audits::AuditSlots` (`max_values`: None, `max_size`: Some(12), added: 2487, mode: `MaxEncodedLen`)
	/// The range of component `n` is `[1, 32]`.
	fn submit_sealed_checkpoints(n: u32) -> Weight {
		// Minimum execution time: 123_575_000 picoseconds.
		Weight::from_parts(51_006_261, 3509)
			.saturating_add(Weight::from_parts(101_054_514, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().reads((4_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(1_u64))
			.saturating_add(T::DbWeight::get().writes((3_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2877).saturating_mul(n.into()))
	}
	/// Storage: `Reservations::Allotments` (r:1 w:0)
	/// Proof: `Reservations::Allotments` (`max_values`: None, `max_size`: Some(159), added: 2634, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Reservations` (r:1 w:0)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(387), added: 2862, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Audited` (r:1 w:1)
	/// Proof: `Audits::Audited` (`max_values`: None, `max_size`: Some(372), added: 2847, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Removals` (r:1 w:1)
	/// Proof: `Audits::Removals` (`max_values`: None, `max_size`: Some(109), added: 2584, mode: `MaxEncodedLen`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:1 w:0)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	fn submit_removal() -> Weight {
		// Minimum execution time: 109_825_000 picoseconds.
		Weight::from_parts(118_348_000, 3867)
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Audits::Audited` (r:1 w:0)
	/// Proof: `Audits::Audited` (`max_values`: None, `max_size`: Some(372), added: 2847, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Allotments` (r:1 w:0)
	/// Proof: `Reservations::Allotments` (`max_values`: None, `max_size`: Some(159), added: 2634, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Reservations` (r:1 w:0)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(387), added: 2862, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:1 w:0)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	fn authorize_declare_loss() -> Weight {
		// Minimum execution time: 61_102_000 picoseconds.
		Weight::from_parts(66_009_000, 3867).saturating_add(T::DbWeight::get().reads(5_u64))
	}
	/// Storage: `Audits::Audited` (r:2 w:2)
	/// Proof: `Audits::Audited` (`max_values`: None, `max_size`: Some(372), added: 2847, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Allotments` (r:1 w:1)
	/// Proof: `Reservations::Allotments` (`max_values`: None, `max_size`: Some(159), added: 2634, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Reservations` (r:1 w:0)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(387), added: 2862, mode: `MaxEncodedLen`)
	/// Storage: `Audits::SlotCount` (r:1 w:1)
	/// Proof: `Audits::SlotCount` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Audits::AuditSlots` (r:1 w:2)
	/// Proof: `Audits::AuditSlots` (`max_values`: None, `max_size`: Some(12), added: 2487, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Targeted` (r:1 w:1)
	/// Proof: `Audits::Targeted` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:2 w:2)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:2 w:2)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::RepairFunds` (r:1 w:1)
	/// Proof: `Reservations::RepairFunds` (`max_values`: None, `max_size`: Some(32), added: 2507, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Repairs` (r:0 w:1)
	/// Proof: `Reservations::Repairs` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Due` (r:0 w:1)
	/// Proof: `Audits::Due` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Removals` (r:0 w:1)
	/// Proof: `Audits::Removals` (`max_values`: None, `max_size`: Some(109), added: 2584, mode: `MaxEncodedLen`)
	fn declare_loss() -> Weight {
		// Minimum execution time: 152_489_000 picoseconds.
		Weight::from_parts(171_738_000, 6684)
			.saturating_add(T::DbWeight::get().reads(13_u64))
			.saturating_add(T::DbWeight::get().writes(16_u64))
	}
	/// Storage: `Reservations::Allotments` (r:1 w:0)
	/// Proof: `Reservations::Allotments` (`max_values`: None, `max_size`: Some(159), added: 2634, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Reservations` (r:1 w:0)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(387), added: 2862, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Audited` (r:1 w:1)
	/// Proof: `Audits::Audited` (`max_values`: None, `max_size`: Some(372), added: 2847, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Targeted` (r:1 w:1)
	/// Proof: `Audits::Targeted` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
	/// Storage: `Audits::AuditParameters` (r:1 w:0)
	/// Proof: `Audits::AuditParameters` (`max_values`: Some(1), `max_size`: Some(85), added: 580, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Beacon` (r:1 w:0)
	/// Proof: `Audits::Beacon` (`max_values`: Some(1), `max_size`: Some(69), added: 564, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:1 w:0)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// Storage: `Audits::TargetedQueue` (r:1 w:1)
	/// Proof: `Audits::TargetedQueue` (`max_values`: Some(1), `max_size`: Some(514), added: 1009, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	fn buy_audit() -> Weight {
		// Minimum execution time: 77_636_000 picoseconds.
		Weight::from_parts(92_670_000, 3867)
			.saturating_add(T::DbWeight::get().reads(9_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Grid::Nodes` (r:1 w:0)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Beacon` (r:1 w:0)
	/// Proof: `Audits::Beacon` (`max_values`: Some(1), `max_size`: Some(69), added: 564, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Audited` (r:32 w:0)
	/// Proof: `Audits::Audited` (`max_values`: None, `max_size`: Some(372), added: 2847, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Seeds` (r:1 w:0)
	/// Proof: `Audits::Seeds` (`max_values`: None, `max_size`: Some(40), added: 2515, mode: `MaxEncodedLen`)
	/// The range of component `n` is `[1, 32]`.
	/// The range of component `l` is `[1, 512]`.
	fn authorize_submit_proofs(n: u32, l: u32) -> Weight {
		// Minimum execution time: 248_653_000 picoseconds.
		Weight::from_parts(251_297_000, 3867)
			.saturating_add(Weight::from_parts(12_436_345, 0).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(2_326_999, 0).saturating_mul(l.into()))
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2847).saturating_mul(n.into()))
	}
	/// Storage: `Audits::Beacon` (r:1 w:0)
	/// Proof: `Audits::Beacon` (`max_values`: Some(1), `max_size`: Some(69), added: 564, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Audited` (r:32 w:32)
	/// Proof: `Audits::Audited` (`max_values`: None, `max_size`: Some(372), added: 2847, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Seeds` (r:1 w:0)
	/// Proof: `Audits::Seeds` (`max_values`: None, `max_size`: Some(40), added: 2515, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Allotments` (r:32 w:32)
	/// Proof: `Reservations::Allotments` (`max_values`: None, `max_size`: Some(159), added: 2634, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Reservations` (r:32 w:32)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(387), added: 2862, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Repairs` (r:32 w:32)
	/// Proof: `Reservations::Repairs` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::RepairFunds` (r:32 w:32)
	/// Proof: `Reservations::RepairFunds` (`max_values`: None, `max_size`: Some(32), added: 2507, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:33 w:33)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Deadlines` (r:0 w:32)
	/// Proof: `Audits::Deadlines` (`max_values`: None, `max_size`: Some(32), added: 2507, mode: `MaxEncodedLen`)
	/// The range of component `n` is `[1, 32]`.
	/// The range of component `l` is `[1, 512]`.
	fn submit_proofs(n: u32, l: u32) -> Weight {
		// Minimum execution time: 835_804_000 picoseconds.
		Weight::from_parts(839_540_000, 3593)
			.saturating_add(Weight::from_parts(104_565_811, 0).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(9_031_012, 0).saturating_mul(l.into()))
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().reads((6_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(1_u64))
			.saturating_add(T::DbWeight::get().writes((7_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2862).saturating_mul(n.into()))
	}
	/// Storage: `Audits::SlotCount` (r:1 w:1)
	/// Proof: `Audits::SlotCount` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Audits::AuditSlots` (r:1 w:2)
	/// Proof: `Audits::AuditSlots` (`max_values`: None, `max_size`: Some(12), added: 2487, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Audited` (r:1 w:2)
	/// Proof: `Audits::Audited` (`max_values`: None, `max_size`: Some(372), added: 2847, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Targeted` (r:1 w:1)
	/// Proof: `Audits::Targeted` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Due` (r:0 w:1)
	/// Proof: `Audits::Due` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Removals` (r:0 w:1)
	/// Proof: `Audits::Removals` (`max_values`: None, `max_size`: Some(109), added: 2584, mode: `MaxEncodedLen`)
	fn retire() -> Weight {
		// Minimum execution time: 61_792_000 picoseconds.
		Weight::from_parts(69_034_000, 3837)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(9_u64))
	}
	/// Storage: `Audits::AuditParameters` (r:0 w:1)
	/// Proof: `Audits::AuditParameters` (`max_values`: Some(1), `max_size`: Some(85), added: 580, mode: `MaxEncodedLen`)
	fn set_parameters() -> Weight {
		// Minimum execution time: 4_767_000 picoseconds.
		Weight::from_parts(5_318_000, 0).saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Audits::Beacon` (r:1 w:0)
	/// Proof: `Audits::Beacon` (`max_values`: Some(1), `max_size`: Some(69), added: 564, mode: `MaxEncodedLen`)
	/// Storage: `Audits::DeadlineCursor` (r:1 w:1)
	/// Proof: `Audits::DeadlineCursor` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Deadlines` (r:8 w:0)
	/// Proof: `Audits::Deadlines` (`max_values`: None, `max_size`: Some(32), added: 2507, mode: `MaxEncodedLen`)
	/// Storage: `Audits::OpenedTick` (r:1 w:1)
	/// Proof: `Audits::OpenedTick` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Audits::AuditParameters` (r:1 w:0)
	/// Proof: `Audits::AuditParameters` (`max_values`: Some(1), `max_size`: Some(85), added: 580, mode: `MaxEncodedLen`)
	/// Storage: `Audits::TargetedQueue` (r:1 w:0)
	/// Proof: `Audits::TargetedQueue` (`max_values`: Some(1), `max_size`: Some(514), added: 1009, mode: `MaxEncodedLen`)
	/// Storage: `Audits::SlotCount` (r:1 w:0)
	/// Proof: `Audits::SlotCount` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Audits::DueCursor` (r:1 w:1)
	/// Proof: `Audits::DueCursor` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Due` (r:8 w:0)
	/// Proof: `Audits::Due` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Polled` (r:0 w:1)
	/// Proof: `Audits::Polled` (`max_values`: Some(1), `max_size`: Some(1), added: 496, mode: `MaxEncodedLen`)
	fn poll_base() -> Weight {
		// Minimum execution time: 53_500_000 picoseconds.
		Weight::from_parts(56_995_000, 21046)
			.saturating_add(T::DbWeight::get().reads(23_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Audits::Due` (r:2 w:2)
	/// Proof: `Audits::Due` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Audited` (r:1 w:1)
	/// Proof: `Audits::Audited` (`max_values`: None, `max_size`: Some(372), added: 2847, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Allotments` (r:1 w:0)
	/// Proof: `Reservations::Allotments` (`max_values`: None, `max_size`: Some(159), added: 2634, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Reservations` (r:1 w:0)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(387), added: 2862, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:1 w:0)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Deadlines` (r:0 w:1)
	/// Proof: `Audits::Deadlines` (`max_values`: None, `max_size`: Some(32), added: 2507, mode: `MaxEncodedLen`)
	fn open_audit() -> Weight {
		// Minimum execution time: 36_394_000 picoseconds.
		Weight::from_parts(41_192_000, 5996)
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Audits::Deadlines` (r:2 w:1)
	/// Proof: `Audits::Deadlines` (`max_values`: None, `max_size`: Some(32), added: 2507, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Audited` (r:2 w:2)
	/// Proof: `Audits::Audited` (`max_values`: None, `max_size`: Some(372), added: 2847, mode: `MaxEncodedLen`)
	/// Storage: `Audits::AuditParameters` (r:1 w:0)
	/// Proof: `Audits::AuditParameters` (`max_values`: Some(1), `max_size`: Some(85), added: 580, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Allotments` (r:1 w:1)
	/// Proof: `Reservations::Allotments` (`max_values`: None, `max_size`: Some(159), added: 2634, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Reservations` (r:1 w:0)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(387), added: 2862, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Targeted` (r:1 w:1)
	/// Proof: `Audits::Targeted` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:2 w:2)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:1 w:1)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(402), added: 2877, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:2 w:2)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Audits::SlotCount` (r:1 w:1)
	/// Proof: `Audits::SlotCount` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Audits::AuditSlots` (r:1 w:2)
	/// Proof: `Audits::AuditSlots` (`max_values`: None, `max_size`: Some(12), added: 2487, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::RepairFunds` (r:1 w:1)
	/// Proof: `Reservations::RepairFunds` (`max_values`: None, `max_size`: Some(32), added: 2507, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Repairs` (r:0 w:1)
	/// Proof: `Reservations::Repairs` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Due` (r:0 w:1)
	/// Proof: `Audits::Due` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Removals` (r:0 w:1)
	/// Proof: `Audits::Removals` (`max_values`: None, `max_size`: Some(109), added: 2584, mode: `MaxEncodedLen`)
	fn close_missed() -> Weight {
		// Minimum execution time: 205_909_000 picoseconds.
		Weight::from_parts(224_507_000, 6684)
			.saturating_add(T::DbWeight::get().reads(16_u64))
			.saturating_add(T::DbWeight::get().writes(17_u64))
	}
	/// Storage: `Babe::AuthorVrfRandomness` (r:1 w:0)
	/// Proof: `Babe::AuthorVrfRandomness` (`max_values`: Some(1), `max_size`: Some(33), added: 528, mode: `MaxEncodedLen`)
	/// Storage: `Babe::EpochIndex` (r:1 w:0)
	/// Proof: `Babe::EpochIndex` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Polled` (r:1 w:1)
	/// Proof: `Audits::Polled` (`max_values`: Some(1), `max_size`: Some(1), added: 496, mode: `MaxEncodedLen`)
	/// Storage: `Audits::FullBlocks` (r:1 w:0)
	/// Proof: `Audits::FullBlocks` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Beacon` (r:1 w:1)
	/// Proof: `Audits::Beacon` (`max_values`: Some(1), `max_size`: Some(69), added: 564, mode: `MaxEncodedLen`)
	/// Storage: `Audits::DeadlineCursor` (r:1 w:0)
	/// Proof: `Audits::DeadlineCursor` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Seeds` (r:0 w:1)
	/// Proof: `Audits::Seeds` (`max_values`: None, `max_size`: Some(40), added: 2515, mode: `MaxEncodedLen`)
	fn on_finalize() -> Weight {
		// Minimum execution time: 11_768_000 picoseconds.
		Weight::from_parts(12_819_000, 1554)
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
}

impl WeightInfo for () {
	fn submit_checkpoints(n: u32) -> Weight {
		Weight::from_parts(49_533_407, 3509)
			.saturating_add(Weight::from_parts(99_471_679, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().reads((4_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
			.saturating_add(ParityDbWeight::get().writes((3_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2877).saturating_mul(n.into()))
	}
	fn authorize_submit_proof(s: u32) -> Weight {
		Weight::from_parts(67_522_047, 3867)
			.saturating_add(Weight::from_parts(2_471_257, 0).saturating_mul(s.into()))
			.saturating_add(ParityDbWeight::get().reads(5_u64))
	}
	fn submit_proof(s: u32) -> Weight {
		Weight::from_parts(214_260_687, 8799)
			.saturating_add(Weight::from_parts(11_578_629, 0).saturating_mul(s.into()))
			.saturating_add(ParityDbWeight::get().reads(15_u64))
			.saturating_add(ParityDbWeight::get().writes(12_u64))
	}
	fn submit_sealed_checkpoints(n: u32) -> Weight {
		Weight::from_parts(51_006_261, 3509)
			.saturating_add(Weight::from_parts(101_054_514, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().reads((4_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
			.saturating_add(ParityDbWeight::get().writes((3_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2877).saturating_mul(n.into()))
	}
	fn submit_removal() -> Weight {
		Weight::from_parts(118_348_000, 3867)
			.saturating_add(ParityDbWeight::get().reads(6_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn authorize_declare_loss() -> Weight {
		Weight::from_parts(66_009_000, 3867).saturating_add(ParityDbWeight::get().reads(5_u64))
	}
	fn declare_loss() -> Weight {
		Weight::from_parts(171_738_000, 6684)
			.saturating_add(ParityDbWeight::get().reads(13_u64))
			.saturating_add(ParityDbWeight::get().writes(16_u64))
	}
	fn buy_audit() -> Weight {
		Weight::from_parts(92_670_000, 3867)
			.saturating_add(ParityDbWeight::get().reads(9_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
	fn authorize_submit_proofs(n: u32, l: u32) -> Weight {
		Weight::from_parts(251_297_000, 3867)
			.saturating_add(Weight::from_parts(12_436_345, 0).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(2_326_999, 0).saturating_mul(l.into()))
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2847).saturating_mul(n.into()))
	}
	fn submit_proofs(n: u32, l: u32) -> Weight {
		Weight::from_parts(839_540_000, 3593)
			.saturating_add(Weight::from_parts(104_565_811, 0).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(9_031_012, 0).saturating_mul(l.into()))
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().reads((6_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
			.saturating_add(ParityDbWeight::get().writes((7_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2862).saturating_mul(n.into()))
	}
	fn retire() -> Weight {
		Weight::from_parts(69_034_000, 3837)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(9_u64))
	}
	fn set_parameters() -> Weight {
		Weight::from_parts(5_318_000, 0).saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn poll_base() -> Weight {
		Weight::from_parts(56_995_000, 21046)
			.saturating_add(ParityDbWeight::get().reads(23_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
	fn open_audit() -> Weight {
		Weight::from_parts(41_192_000, 5996)
			.saturating_add(ParityDbWeight::get().reads(6_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
	fn close_missed() -> Weight {
		Weight::from_parts(224_507_000, 6684)
			.saturating_add(ParityDbWeight::get().reads(16_u64))
			.saturating_add(ParityDbWeight::get().writes(17_u64))
	}
	fn on_finalize() -> Weight {
		Weight::from_parts(12_819_000, 1554)
			.saturating_add(ParityDbWeight::get().reads(6_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
}
