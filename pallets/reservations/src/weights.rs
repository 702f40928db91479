//! Weights of `pallet_reservations`, to be measured by `scripts/weights`.

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
}

/// Measured weights.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn reserve(n: u32) -> Weight {
		Weight::from_parts(40_000_000, 6000)
			.saturating_add(Weight::from_parts(45_000_000, 4000).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().reads((5_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(5_u64))
			.saturating_add(T::DbWeight::get().writes((5_u64).saturating_mul(n.into())))
	}
	fn extend(n: u32) -> Weight {
		Weight::from_parts(40_000_000, 6000)
			.saturating_add(Weight::from_parts(45_000_000, 4000).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().reads((5_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(3_u64))
			.saturating_add(T::DbWeight::get().writes((5_u64).saturating_mul(n.into())))
	}
	fn close(n: u32) -> Weight {
		Weight::from_parts(40_000_000, 6000)
			.saturating_add(Weight::from_parts(45_000_000, 4000).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().reads((5_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(3_u64))
			.saturating_add(T::DbWeight::get().writes((5_u64).saturating_mul(n.into())))
	}
	fn settle(n: u32) -> Weight {
		Weight::from_parts(40_000_000, 6000)
			.saturating_add(Weight::from_parts(45_000_000, 4000).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().reads((5_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(3_u64))
			.saturating_add(T::DbWeight::get().writes((5_u64).saturating_mul(n.into())))
	}
	fn authorize_settle() -> Weight {
		Weight::from_parts(40_000_000, 6000).saturating_add(T::DbWeight::get().reads(4_u64))
	}
	fn set_parameters() -> Weight {
		Weight::from_parts(40_000_000, 6000)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
}

impl WeightInfo for () {
	fn reserve(n: u32) -> Weight {
		Weight::from_parts(40_000_000, 6000)
			.saturating_add(Weight::from_parts(45_000_000, 4000).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(6_u64))
			.saturating_add(ParityDbWeight::get().reads((5_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
			.saturating_add(ParityDbWeight::get().writes((5_u64).saturating_mul(n.into())))
	}
	fn extend(n: u32) -> Weight {
		Weight::from_parts(40_000_000, 6000)
			.saturating_add(Weight::from_parts(45_000_000, 4000).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().reads((5_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
			.saturating_add(ParityDbWeight::get().writes((5_u64).saturating_mul(n.into())))
	}
	fn close(n: u32) -> Weight {
		Weight::from_parts(40_000_000, 6000)
			.saturating_add(Weight::from_parts(45_000_000, 4000).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().reads((5_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
			.saturating_add(ParityDbWeight::get().writes((5_u64).saturating_mul(n.into())))
	}
	fn settle(n: u32) -> Weight {
		Weight::from_parts(40_000_000, 6000)
			.saturating_add(Weight::from_parts(45_000_000, 4000).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().reads((5_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
			.saturating_add(ParityDbWeight::get().writes((5_u64).saturating_mul(n.into())))
	}
	fn authorize_settle() -> Weight {
		Weight::from_parts(40_000_000, 6000).saturating_add(ParityDbWeight::get().reads(4_u64))
	}
	fn set_parameters() -> Weight {
		Weight::from_parts(40_000_000, 6000)
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
}
