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
	fn set_parameters() -> Weight;
	fn poll_base() -> Weight;
	fn open_audit() -> Weight;
	fn close_missed() -> Weight;
	fn forget_retired() -> Weight;
	fn on_finalize() -> Weight;
}

/// Measured weights.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Reservations::Allotments` (r:32 w:0)
	/// Proof: `Reservations::Allotments` (`max_values`: None, `max_size`: Some(117), added: 2592, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Reservations` (r:32 w:0)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(381), added: 2856, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Audited` (r:32 w:32)
	/// Proof: `Audits::Audited` (`max_values`: None, `max_size`: Some(183), added: 2658, mode: `MaxEncodedLen`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:32 w:0)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Beacon` (r:1 w:0)
	/// Proof: `Audits::Beacon` (`max_values`: Some(1), `max_size`: Some(69), added: 564, mode: `MaxEncodedLen`)
	/// Storage: `Audits::AuditParameters` (r:1 w:0)
	/// Proof: `Audits::AuditParameters` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Due` (r:0 w:32)
	/// Proof: `Audits::Due` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	/// The range of component `n` is `[1, 32]`.
	fn submit_checkpoints(n: u32) -> Weight {
		// Minimum execution time: 98_307_000 picoseconds.
		Weight::from_parts(13_180_421, 3509)
			.saturating_add(Weight::from_parts(80_158_126, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().reads((4_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes((2_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2856).saturating_mul(n.into()))
	}
	/// Storage: `Audits::Audited` (r:1 w:0)
	/// Proof: `Audits::Audited` (`max_values`: None, `max_size`: Some(183), added: 2658, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Beacon` (r:1 w:0)
	/// Proof: `Audits::Beacon` (`max_values`: Some(1), `max_size`: Some(69), added: 564, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Seeds` (r:1 w:0)
	/// Proof: `Audits::Seeds` (`max_values`: None, `max_size`: Some(40), added: 2515, mode: `MaxEncodedLen`)
	/// Storage: `Grid::Nodes` (r:1 w:0)
	/// Proof: `Grid::Nodes` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// The range of component `s` is `[1, 64]`.
	fn authorize_submit_proof(s: u32) -> Weight {
		// Minimum execution time: 51_317_000 picoseconds.
		Weight::from_parts(53_408_601, 3771)
			.saturating_add(Weight::from_parts(2_122_288, 0).saturating_mul(s.into()))
			.saturating_add(T::DbWeight::get().reads(5_u64))
	}
	/// Storage: `Audits::Audited` (r:1 w:1)
	/// Proof: `Audits::Audited` (`max_values`: None, `max_size`: Some(183), added: 2658, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Beacon` (r:1 w:0)
	/// Proof: `Audits::Beacon` (`max_values`: Some(1), `max_size`: Some(69), added: 564, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Seeds` (r:1 w:0)
	/// Proof: `Audits::Seeds` (`max_values`: None, `max_size`: Some(40), added: 2515, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Allotments` (r:1 w:1)
	/// Proof: `Reservations::Allotments` (`max_values`: None, `max_size`: Some(117), added: 2592, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Reservations` (r:1 w:0)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(381), added: 2856, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Deadlines` (r:0 w:1)
	/// Proof: `Audits::Deadlines` (`max_values`: None, `max_size`: Some(32), added: 2507, mode: `MaxEncodedLen`)
	/// Storage: `Audits::History` (r:0 w:1)
	/// Proof: `Audits::History` (`max_values`: None, `max_size`: Some(105), added: 2580, mode: `MaxEncodedLen`)
	/// The range of component `s` is `[1, 64]`.
	fn submit_proof(s: u32) -> Weight {
		// Minimum execution time: 41_272_000 picoseconds.
		Weight::from_parts(40_635_664, 3846)
			.saturating_add(Weight::from_parts(10_099_466, 0).saturating_mul(s.into()))
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Audits::AuditParameters` (r:0 w:1)
	/// Proof: `Audits::AuditParameters` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	fn set_parameters() -> Weight {
		// Minimum execution time: 3_755_000 picoseconds.
		Weight::from_parts(4_166_000, 0).saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Audits::Beacon` (r:1 w:0)
	/// Proof: `Audits::Beacon` (`max_values`: Some(1), `max_size`: Some(69), added: 564, mode: `MaxEncodedLen`)
	/// Storage: `Audits::DeadlineCursor` (r:1 w:1)
	/// Proof: `Audits::DeadlineCursor` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Deadlines` (r:8 w:0)
	/// Proof: `Audits::Deadlines` (`max_values`: None, `max_size`: Some(32), added: 2507, mode: `MaxEncodedLen`)
	/// Storage: `Audits::OpenedTick` (r:1 w:1)
	/// Proof: `Audits::OpenedTick` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Audits::DueCursor` (r:1 w:1)
	/// Proof: `Audits::DueCursor` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Due` (r:8 w:0)
	/// Proof: `Audits::Due` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Polled` (r:0 w:1)
	/// Proof: `Audits::Polled` (`max_values`: Some(1), `max_size`: Some(1), added: 496, mode: `MaxEncodedLen`)
	fn poll_base() -> Weight {
		// Minimum execution time: 39_890_000 picoseconds.
		Weight::from_parts(42_153_000, 21046)
			.saturating_add(T::DbWeight::get().reads(20_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Audits::Due` (r:2 w:2)
	/// Proof: `Audits::Due` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Audited` (r:1 w:1)
	/// Proof: `Audits::Audited` (`max_values`: None, `max_size`: Some(183), added: 2658, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Allotments` (r:1 w:0)
	/// Proof: `Reservations::Allotments` (`max_values`: None, `max_size`: Some(117), added: 2592, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Reservations` (r:1 w:0)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(381), added: 2856, mode: `MaxEncodedLen`)
	/// Storage: `Audits::AuditParameters` (r:1 w:0)
	/// Proof: `Audits::AuditParameters` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Beacon` (r:1 w:0)
	/// Proof: `Audits::Beacon` (`max_values`: Some(1), `max_size`: Some(69), added: 564, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Deadlines` (r:0 w:1)
	/// Proof: `Audits::Deadlines` (`max_values`: None, `max_size`: Some(32), added: 2507, mode: `MaxEncodedLen`)
	fn open_audit() -> Weight {
		// Minimum execution time: 26_460_000 picoseconds.
		Weight::from_parts(29_283_000, 5996)
			.saturating_add(T::DbWeight::get().reads(7_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Audits::Deadlines` (r:2 w:1)
	/// Proof: `Audits::Deadlines` (`max_values`: None, `max_size`: Some(32), added: 2507, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Audited` (r:1 w:1)
	/// Proof: `Audits::Audited` (`max_values`: None, `max_size`: Some(183), added: 2658, mode: `MaxEncodedLen`)
	/// Storage: `Audits::Seeds` (r:1 w:0)
	/// Proof: `Audits::Seeds` (`max_values`: None, `max_size`: Some(40), added: 2515, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Allotments` (r:1 w:1)
	/// Proof: `Reservations::Allotments` (`max_values`: None, `max_size`: Some(117), added: 2592, mode: `MaxEncodedLen`)
	/// Storage: `Reservations::Reservations` (r:1 w:0)
	/// Proof: `Reservations::Reservations` (`max_values`: None, `max_size`: Some(381), added: 2856, mode: `MaxEncodedLen`)
	/// Storage: `Audits::History` (r:0 w:1)
	/// Proof: `Audits::History` (`max_values`: None, `max_size`: Some(105), added: 2580, mode: `MaxEncodedLen`)
	fn close_missed() -> Weight {
		// Minimum execution time: 27_552_000 picoseconds.
		Weight::from_parts(30_185_000, 6004)
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Audits::Retired` (r:2 w:1)
	/// Proof: `Audits::Retired` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `MaxEncodedLen`)
	/// Storage: `Audits::History` (r:0 w:16)
	/// Proof: `Audits::History` (`max_values`: None, `max_size`: Some(105), added: 2580, mode: `MaxEncodedLen`)
	fn forget_retired() -> Weight {
		// Minimum execution time: 19_299_000 picoseconds.
		Weight::from_parts(20_721_000, 5972)
			.saturating_add(T::DbWeight::get().reads(2_u64))
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
	/// Storage: `Audits::Seeds` (r:0 w:1)
	/// Proof: `Audits::Seeds` (`max_values`: None, `max_size`: Some(40), added: 2515, mode: `MaxEncodedLen`)
	fn on_finalize() -> Weight {
		// Minimum execution time: 9_795_000 picoseconds.
		Weight::from_parts(10_536_000, 1554)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
}

impl WeightInfo for () {
	fn submit_checkpoints(n: u32) -> Weight {
		Weight::from_parts(13_180_421, 3509)
			.saturating_add(Weight::from_parts(80_158_126, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().reads((4_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes((2_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2856).saturating_mul(n.into()))
	}
	fn authorize_submit_proof(s: u32) -> Weight {
		Weight::from_parts(53_408_601, 3771)
			.saturating_add(Weight::from_parts(2_122_288, 0).saturating_mul(s.into()))
			.saturating_add(ParityDbWeight::get().reads(5_u64))
	}
	fn submit_proof(s: u32) -> Weight {
		Weight::from_parts(40_635_664, 3846)
			.saturating_add(Weight::from_parts(10_099_466, 0).saturating_mul(s.into()))
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
	fn set_parameters() -> Weight {
		Weight::from_parts(4_166_000, 0).saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn poll_base() -> Weight {
		Weight::from_parts(42_153_000, 21046)
			.saturating_add(ParityDbWeight::get().reads(20_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
	fn open_audit() -> Weight {
		Weight::from_parts(29_283_000, 5996)
			.saturating_add(ParityDbWeight::get().reads(7_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
	fn close_missed() -> Weight {
		Weight::from_parts(30_185_000, 6004)
			.saturating_add(ParityDbWeight::get().reads(6_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
	fn forget_retired() -> Weight {
		Weight::from_parts(20_721_000, 5972)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(17_u64))
	}
	fn on_finalize() -> Weight {
		Weight::from_parts(10_536_000, 1554)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
}
