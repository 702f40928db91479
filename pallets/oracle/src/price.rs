//! The median, and what follows from it.

use crate::{Config, Feeders, OracleParameters, Pallet};
use frame_support::traits::Get;
use granary_primitives::{traits::PriceFeed, Balance};
use sp_runtime::{helpers_128bit::multiply_by_rational_with_rounding, Rounding};

extern crate alloc;
use alloc::vec::Vec;

impl<T: Config> Pallet<T> {
	/// The median of the fresh submissions, in millionths of a milli-cent per unit; of an even number the mean of the two in the middle, rounded down.
	/// `None` while there are too few.
	pub fn price() -> Option<u64> {
		let parameters = OracleParameters::<T>::get();
		let oldest = Self::now().saturating_sub(parameters.max_age_blocks);
		let mut fresh: Vec<u64> = Feeders::<T>::get()
			.iter()
			.filter_map(|(_, submission)| *submission)
			.filter(|submission| submission.block >= oldest)
			.map(|submission| submission.price)
			.collect();
		if fresh.is_empty() || fresh.len() < parameters.min_feeders as usize {
			return None;
		}
		fresh.sort_unstable();
		let upper = *fresh.get(fresh.len() / 2)?;
		let lower = *fresh.get((fresh.len() - 1) / 2)?;
		Some(lower + (upper - lower) / 2)
	}

	/// Checks that no feeder is listed twice and no submission comes from the future.
	#[cfg(any(feature = "try-runtime", test))]
	pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
		let feeders = Feeders::<T>::get();
		for (place, (account, submission)) in feeders.iter().enumerate() {
			let again = feeders.iter().skip(place + 1).any(|(other, _)| other == account);
			frame_support::ensure!(!again, "a feeder is listed twice");
			let future = submission.is_some_and(|one| one.block > Self::now() || one.price == 0);
			frame_support::ensure!(!future, "a submission cannot be");
		}
		Ok(())
	}
}

impl<T: Config> PriceFeed for Pallet<T> {
	fn plancks(micro_milli_cents: Balance) -> Option<Balance> {
		let price = Balance::from(Self::price()?);
		multiply_by_rational_with_rounding(micro_milli_cents, T::Unit::get(), price, Rounding::Up)
	}
}
