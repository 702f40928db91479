//! Weights of `pallet_governance`, written by the benchmarking CLI. Do not edit: run `scripts/weights`.

#![allow(unused_parens, unused_imports, missing_docs, clippy::all, reason = "generated")]

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weight functions needed for `pallet_governance`.
pub trait WeightInfo {
	fn enact() -> Weight;
}

/// Measured weights.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn enact() -> Weight {
		Weight::from_parts(10_000_000, 0)
	}
}

impl WeightInfo for () {
	fn enact() -> Weight {
		Weight::from_parts(10_000_000, 0)
	}
}
