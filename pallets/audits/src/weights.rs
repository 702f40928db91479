//! Weights of `pallet_audits`.
//!
//! First values, by operation counts on a two-core machine; they have the form that the benchmarking
//! command writes, which replaces this file:
//!
//! ```text
//! granary-node benchmark pallet --chain dev --pallet pallet_audits --extrinsic '*' \
//!     --steps 50 --repeat 20 --template .maintain/frame-weight-template.hbs \
//!     --output pallets/audits/src/weights.rs
//! ```

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens, unused_imports, missing_docs, dead_code, reason = "generated file")]

use frame_support::{traits::Get, weights::{Weight, constants::RocksDbWeight}};
use core::marker::PhantomData;

/// Weight functions needed for `pallet_audits`.
pub trait WeightInfo {
	fn submit_checkpoints(n: u32, ) -> Weight;
	fn authorize_submit_proof(s: u32, ) -> Weight;
	fn submit_proof(s: u32, ) -> Weight;
	fn set_parameters() -> Weight;
	fn poll_base() -> Weight;
	fn open_audit() -> Weight;
	fn close_missed() -> Weight;
	fn forget_retired() -> Weight;
	fn on_finalize() -> Weight;
	fn submit_sealed_checkpoints(n: u32, ) -> Weight;
	fn submit_removal() -> Weight;
	fn authorize_declare_loss() -> Weight;
	fn declare_loss() -> Weight;
	fn buy_audit() -> Weight;
	fn authorize_submit_proofs(n: u32, l: u32, ) -> Weight;
	fn submit_proofs(n: u32, l: u32, ) -> Weight;
	fn retire() -> Weight;
}

/// Weights for `pallet_audits` using the Substrate node and recommended hardware.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Audits::AuditParameters` (r:1 w:0)
	/// Storage: `Audits::Beacon` (r:1 w:0)
	/// Storage: `Audits::Audited` (r:32 w:32)
	/// Storage: `Audits::Due` (r:0 w:32)
	/// The range of component `n` is `[1, 32]`.
	fn submit_checkpoints(n: u32, ) -> Weight {
		// Minimum execution time: 116_000_000 picoseconds.
		Weight::from_parts(12_000_000, 3000)
			.saturating_add(Weight::from_parts(104_000_000, 2600).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().reads((3_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes((2_u64).saturating_mul(n.into())))
	}
	/// Storage: `Audits::Audited` (r:1 w:0)
	/// Storage: `Audits::Beacon` (r:1 w:0)
	/// Storage: `Audits::Seeds` (r:1 w:0)
	/// The range of component `s` is `[1, 64]`.
	fn authorize_submit_proof(s: u32, ) -> Weight {
		// Minimum execution time: 74_600_000 picoseconds.
		Weight::from_parts(72_000_000, 4000)
			.saturating_add(Weight::from_parts(2_600_000, 0).saturating_mul(s.into()))
			.saturating_add(T::DbWeight::get().reads(6_u64))
	}
	/// Storage: `Audits::Audited` (r:1 w:1)
	/// Storage: `Audits::Beacon` (r:1 w:0)
	/// Storage: `Audits::Seeds` (r:1 w:0)
	/// Storage: `Audits::Deadlines` (r:0 w:1)
	/// Storage: `Audits::History` (r:0 w:1)
	/// The range of component `s` is `[1, 64]`.
	fn submit_proof(s: u32, ) -> Weight {
		// Minimum execution time: 97_000_000 picoseconds.
		Weight::from_parts(70_000_000, 6000)
			.saturating_add(Weight::from_parts(27_000_000, 0).saturating_mul(s.into()))
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Audits::AuditParameters` (r:0 w:1)
	fn set_parameters() -> Weight {
		// Minimum execution time: 8_000_000 picoseconds.
		Weight::from_parts(8_000_000, 0)
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Audits::Beacon` (r:1 w:0)
	/// Storage: `Audits::Polled` (r:0 w:1)
	/// Storage: `Audits::DeadlineCursor` (r:1 w:1)
	/// Storage: `Audits::OpenedTick` (r:1 w:1)
	/// Storage: `Audits::DueCursor` (r:1 w:1)
	fn poll_base() -> Weight {
		// Minimum execution time: 14_000_000 picoseconds.
		Weight::from_parts(14_000_000, 1500)
			.saturating_add(T::DbWeight::get().reads(22_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Audits::Due` (r:1 w:2)
	/// Storage: `Audits::Audited` (r:1 w:1)
	/// Storage: `Audits::AuditParameters` (r:1 w:0)
	/// Storage: `Audits::Beacon` (r:1 w:0)
	/// Storage: `Audits::Deadlines` (r:0 w:1)
	fn open_audit() -> Weight {
		// Minimum execution time: 45_000_000 picoseconds.
		Weight::from_parts(45_000_000, 4000)
			.saturating_add(T::DbWeight::get().reads(7_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Audits::Deadlines` (r:1 w:1)
	/// Storage: `Audits::Audited` (r:1 w:1)
	/// Storage: `Audits::Seeds` (r:1 w:0)
	/// Storage: `Audits::History` (r:0 w:1)
	fn close_missed() -> Weight {
		// Minimum execution time: 60_000_000 picoseconds.
		Weight::from_parts(60_000_000, 4000)
			.saturating_add(T::DbWeight::get().reads(16_u64))
			.saturating_add(T::DbWeight::get().writes(16_u64))
	}
	/// Storage: `Audits::Retired` (r:1 w:1)
	/// Storage: `Audits::History` (r:0 w:16)
	fn forget_retired() -> Weight {
		// Minimum execution time: 30_000_000 picoseconds.
		Weight::from_parts(30_000_000, 3600)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(17_u64))
	}
	/// Storage: `Audits::Polled` (r:1 w:1)
	/// Storage: `Audits::FullBlocks` (r:1 w:1)
	/// Storage: `Audits::Beacon` (r:1 w:1)
	/// Storage: `Audits::Seeds` (r:0 w:1)
	fn on_finalize() -> Weight {
		// Minimum execution time: 22_000_000 picoseconds.
		Weight::from_parts(22_000_000, 2000)
			.saturating_add(T::DbWeight::get().reads(7_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Audits::Audited` (r:32 w:32)
	/// Storage: `Audits::Removals` (r:32 w:32)
	/// Storage: `Audits::Due` (r:0 w:32)
	fn submit_sealed_checkpoints(n: u32, ) -> Weight {
		// Minimum execution time: 12_000_000 picoseconds.
		Weight::from_parts(12_000_000, 3000)
			.saturating_add(Weight::from_parts(106_000_000, 2600).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads((4_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes((3_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Audits::Audited` (r:1 w:1)
	/// Storage: `Audits::Removals` (r:1 w:1)
	fn submit_removal() -> Weight {
		// Minimum execution time: 120_000_000 picoseconds.
		Weight::from_parts(120_000_000, 5000)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Audits::Audited` (r:1 w:0)
	fn authorize_declare_loss() -> Weight {
		// Minimum execution time: 75_000_000 picoseconds.
		Weight::from_parts(75_000_000, 3000)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(0_u64))
	}
	/// Storage: `Audits::Audited` (r:2 w:2)
	/// Storage: `Audits::AuditSlots` (r:1 w:2)
	/// Storage: `Audits::SlotCount` (r:1 w:1)
	/// Storage: `Audits::Removals` (r:0 w:1)
	/// Storage: `Audits::Targeted` (r:1 w:1)
	fn declare_loss() -> Weight {
		// Minimum execution time: 90_000_000 picoseconds.
		Weight::from_parts(90_000_000, 9000)
			.saturating_add(T::DbWeight::get().reads(14_u64))
			.saturating_add(T::DbWeight::get().writes(12_u64))
	}
	/// Storage: `Audits::Audited` (r:1 w:1)
	/// Storage: `Audits::Targeted` (r:1 w:1)
	/// Storage: `Audits::TargetedQueue` (r:1 w:1)
	fn buy_audit() -> Weight {
		// Minimum execution time: 80_000_000 picoseconds.
		Weight::from_parts(80_000_000, 6000)
			.saturating_add(T::DbWeight::get().reads(9_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}
	/// Storage: `Audits::Audited` (r:32 w:0)
	/// Storage: `Audits::Beacon` (r:1 w:0)
	/// Storage: `Audits::Seeds` (r:32 w:0)
	fn authorize_submit_proofs(n: u32, l: u32, ) -> Weight {
		// Minimum execution time: 72_000_000 picoseconds.
		Weight::from_parts(72_000_000, 4000)
			.saturating_add(Weight::from_parts(6_000_000, 2600).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(2_600_000, 0).saturating_mul(l.into()))
			.saturating_add(T::DbWeight::get().reads((2_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(0_u64))
	}
	/// Storage: `Audits::Audited` (r:32 w:32)
	/// Storage: `Audits::Beacon` (r:1 w:0)
	/// Storage: `Audits::Seeds` (r:32 w:0)
	/// Storage: `Audits::Deadlines` (r:0 w:32)
	/// Storage: `Audits::History` (r:0 w:32)
	fn submit_proofs(n: u32, l: u32, ) -> Weight {
		// Minimum execution time: 20_000_000 picoseconds.
		Weight::from_parts(20_000_000, 4000)
			.saturating_add(Weight::from_parts(70_000_000, 6000).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(27_000_000, 0).saturating_mul(l.into()))
			.saturating_add(T::DbWeight::get().reads((8_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes((8_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(0_u64))
	}
	/// Storage: `Audits::Audited` (r:2 w:2)
	/// Storage: `Audits::AuditSlots` (r:1 w:2)
	/// Storage: `Audits::SlotCount` (r:1 w:1)
	/// Storage: `Audits::Removals` (r:0 w:1)
	/// Storage: `Audits::Targeted` (r:1 w:1)
	fn retire() -> Weight {
		// Minimum execution time: 60_000_000 picoseconds.
		Weight::from_parts(60_000_000, 9000)
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().writes(9_u64))
	}
}

// For backwards compatibility and tests.
impl WeightInfo for () {
	/// Storage: `Audits::AuditParameters` (r:1 w:0)
	/// Storage: `Audits::Beacon` (r:1 w:0)
	/// Storage: `Audits::Audited` (r:32 w:32)
	/// Storage: `Audits::Due` (r:0 w:32)
	/// The range of component `n` is `[1, 32]`.
	fn submit_checkpoints(n: u32, ) -> Weight {
		// Minimum execution time: 116_000_000 picoseconds.
		Weight::from_parts(12_000_000, 3000)
			.saturating_add(Weight::from_parts(104_000_000, 2600).saturating_mul(n.into()))
			.saturating_add(RocksDbWeight::get().reads(2_u64))
			.saturating_add(RocksDbWeight::get().reads((3_u64).saturating_mul(n.into())))
			.saturating_add(RocksDbWeight::get().writes((2_u64).saturating_mul(n.into())))
	}
	/// Storage: `Audits::Audited` (r:1 w:0)
	/// Storage: `Audits::Beacon` (r:1 w:0)
	/// Storage: `Audits::Seeds` (r:1 w:0)
	/// The range of component `s` is `[1, 64]`.
	fn authorize_submit_proof(s: u32, ) -> Weight {
		// Minimum execution time: 74_600_000 picoseconds.
		Weight::from_parts(72_000_000, 4000)
			.saturating_add(Weight::from_parts(2_600_000, 0).saturating_mul(s.into()))
			.saturating_add(RocksDbWeight::get().reads(6_u64))
	}
	/// Storage: `Audits::Audited` (r:1 w:1)
	/// Storage: `Audits::Beacon` (r:1 w:0)
	/// Storage: `Audits::Seeds` (r:1 w:0)
	/// Storage: `Audits::Deadlines` (r:0 w:1)
	/// Storage: `Audits::History` (r:0 w:1)
	/// The range of component `s` is `[1, 64]`.
	fn submit_proof(s: u32, ) -> Weight {
		// Minimum execution time: 97_000_000 picoseconds.
		Weight::from_parts(70_000_000, 6000)
			.saturating_add(Weight::from_parts(27_000_000, 0).saturating_mul(s.into()))
			.saturating_add(RocksDbWeight::get().reads(6_u64))
			.saturating_add(RocksDbWeight::get().writes(4_u64))
	}
	/// Storage: `Audits::AuditParameters` (r:0 w:1)
	fn set_parameters() -> Weight {
		// Minimum execution time: 8_000_000 picoseconds.
		Weight::from_parts(8_000_000, 0)
			.saturating_add(RocksDbWeight::get().writes(1_u64))
	}
	/// Storage: `Audits::Beacon` (r:1 w:0)
	/// Storage: `Audits::Polled` (r:0 w:1)
	/// Storage: `Audits::DeadlineCursor` (r:1 w:1)
	/// Storage: `Audits::OpenedTick` (r:1 w:1)
	/// Storage: `Audits::DueCursor` (r:1 w:1)
	fn poll_base() -> Weight {
		// Minimum execution time: 14_000_000 picoseconds.
		Weight::from_parts(14_000_000, 1500)
			.saturating_add(RocksDbWeight::get().reads(22_u64))
			.saturating_add(RocksDbWeight::get().writes(4_u64))
	}
	/// Storage: `Audits::Due` (r:1 w:2)
	/// Storage: `Audits::Audited` (r:1 w:1)
	/// Storage: `Audits::AuditParameters` (r:1 w:0)
	/// Storage: `Audits::Beacon` (r:1 w:0)
	/// Storage: `Audits::Deadlines` (r:0 w:1)
	fn open_audit() -> Weight {
		// Minimum execution time: 45_000_000 picoseconds.
		Weight::from_parts(45_000_000, 4000)
			.saturating_add(RocksDbWeight::get().reads(7_u64))
			.saturating_add(RocksDbWeight::get().writes(4_u64))
	}
	/// Storage: `Audits::Deadlines` (r:1 w:1)
	/// Storage: `Audits::Audited` (r:1 w:1)
	/// Storage: `Audits::Seeds` (r:1 w:0)
	/// Storage: `Audits::History` (r:0 w:1)
	fn close_missed() -> Weight {
		// Minimum execution time: 60_000_000 picoseconds.
		Weight::from_parts(60_000_000, 4000)
			.saturating_add(RocksDbWeight::get().reads(16_u64))
			.saturating_add(RocksDbWeight::get().writes(16_u64))
	}
	/// Storage: `Audits::Retired` (r:1 w:1)
	/// Storage: `Audits::History` (r:0 w:16)
	fn forget_retired() -> Weight {
		// Minimum execution time: 30_000_000 picoseconds.
		Weight::from_parts(30_000_000, 3600)
			.saturating_add(RocksDbWeight::get().reads(2_u64))
			.saturating_add(RocksDbWeight::get().writes(17_u64))
	}
	/// Storage: `Audits::Polled` (r:1 w:1)
	/// Storage: `Audits::FullBlocks` (r:1 w:1)
	/// Storage: `Audits::Beacon` (r:1 w:1)
	/// Storage: `Audits::Seeds` (r:0 w:1)
	fn on_finalize() -> Weight {
		// Minimum execution time: 22_000_000 picoseconds.
		Weight::from_parts(22_000_000, 2000)
			.saturating_add(RocksDbWeight::get().reads(7_u64))
			.saturating_add(RocksDbWeight::get().writes(4_u64))
	}
	/// Storage: `Audits::Audited` (r:32 w:32)
	/// Storage: `Audits::Removals` (r:32 w:32)
	/// Storage: `Audits::Due` (r:0 w:32)
	fn submit_sealed_checkpoints(n: u32, ) -> Weight {
		// Minimum execution time: 12_000_000 picoseconds.
		Weight::from_parts(12_000_000, 3000)
			.saturating_add(Weight::from_parts(106_000_000, 2600).saturating_mul(n.into()))
			.saturating_add(RocksDbWeight::get().reads((4_u64).saturating_mul(n.into())))
			.saturating_add(RocksDbWeight::get().writes((3_u64).saturating_mul(n.into())))
			.saturating_add(RocksDbWeight::get().reads(2_u64))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
	}
	/// Storage: `Audits::Audited` (r:1 w:1)
	/// Storage: `Audits::Removals` (r:1 w:1)
	fn submit_removal() -> Weight {
		// Minimum execution time: 120_000_000 picoseconds.
		Weight::from_parts(120_000_000, 5000)
			.saturating_add(RocksDbWeight::get().reads(5_u64))
			.saturating_add(RocksDbWeight::get().writes(2_u64))
	}
	/// Storage: `Audits::Audited` (r:1 w:0)
	fn authorize_declare_loss() -> Weight {
		// Minimum execution time: 75_000_000 picoseconds.
		Weight::from_parts(75_000_000, 3000)
			.saturating_add(RocksDbWeight::get().reads(4_u64))
			.saturating_add(RocksDbWeight::get().writes(0_u64))
	}
	/// Storage: `Audits::Audited` (r:2 w:2)
	/// Storage: `Audits::AuditSlots` (r:1 w:2)
	/// Storage: `Audits::SlotCount` (r:1 w:1)
	/// Storage: `Audits::Removals` (r:0 w:1)
	/// Storage: `Audits::Targeted` (r:1 w:1)
	fn declare_loss() -> Weight {
		// Minimum execution time: 90_000_000 picoseconds.
		Weight::from_parts(90_000_000, 9000)
			.saturating_add(RocksDbWeight::get().reads(14_u64))
			.saturating_add(RocksDbWeight::get().writes(12_u64))
	}
	/// Storage: `Audits::Audited` (r:1 w:1)
	/// Storage: `Audits::Targeted` (r:1 w:1)
	/// Storage: `Audits::TargetedQueue` (r:1 w:1)
	fn buy_audit() -> Weight {
		// Minimum execution time: 80_000_000 picoseconds.
		Weight::from_parts(80_000_000, 6000)
			.saturating_add(RocksDbWeight::get().reads(9_u64))
			.saturating_add(RocksDbWeight::get().writes(6_u64))
	}
	/// Storage: `Audits::Audited` (r:32 w:0)
	/// Storage: `Audits::Beacon` (r:1 w:0)
	/// Storage: `Audits::Seeds` (r:32 w:0)
	fn authorize_submit_proofs(n: u32, l: u32, ) -> Weight {
		// Minimum execution time: 72_000_000 picoseconds.
		Weight::from_parts(72_000_000, 4000)
			.saturating_add(Weight::from_parts(6_000_000, 2600).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(2_600_000, 0).saturating_mul(l.into()))
			.saturating_add(RocksDbWeight::get().reads((2_u64).saturating_mul(n.into())))
			.saturating_add(RocksDbWeight::get().reads(4_u64))
			.saturating_add(RocksDbWeight::get().writes(0_u64))
	}
	/// Storage: `Audits::Audited` (r:32 w:32)
	/// Storage: `Audits::Beacon` (r:1 w:0)
	/// Storage: `Audits::Seeds` (r:32 w:0)
	/// Storage: `Audits::Deadlines` (r:0 w:32)
	/// Storage: `Audits::History` (r:0 w:32)
	fn submit_proofs(n: u32, l: u32, ) -> Weight {
		// Minimum execution time: 20_000_000 picoseconds.
		Weight::from_parts(20_000_000, 4000)
			.saturating_add(Weight::from_parts(70_000_000, 6000).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(27_000_000, 0).saturating_mul(l.into()))
			.saturating_add(RocksDbWeight::get().reads((8_u64).saturating_mul(n.into())))
			.saturating_add(RocksDbWeight::get().writes((8_u64).saturating_mul(n.into())))
			.saturating_add(RocksDbWeight::get().reads(2_u64))
			.saturating_add(RocksDbWeight::get().writes(0_u64))
	}
	/// Storage: `Audits::Audited` (r:2 w:2)
	/// Storage: `Audits::AuditSlots` (r:1 w:2)
	/// Storage: `Audits::SlotCount` (r:1 w:1)
	/// Storage: `Audits::Removals` (r:0 w:1)
	/// Storage: `Audits::Targeted` (r:1 w:1)
	fn retire() -> Weight {
		// Minimum execution time: 60_000_000 picoseconds.
		Weight::from_parts(60_000_000, 9000)
			.saturating_add(RocksDbWeight::get().reads(8_u64))
			.saturating_add(RocksDbWeight::get().writes(9_u64))
	}
}
