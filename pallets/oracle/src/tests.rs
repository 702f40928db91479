//! Tests of every call, error and event, and of the median.

use crate::{mock::*, Error, Event, Parameters};
use frame_support::{assert_noop, assert_ok, dispatch::Pays};
use granary_primitives::traits::PriceFeed;
use sp_runtime::DispatchError::BadOrigin;

type E = Error<Test>;

/// A dollar.
const DOLLAR: u64 = 100_000_000_000;

fn submit(feeder: u64, price: u64) -> frame_support::dispatch::DispatchResultWithPostInfo {
	Oracle::submit_price(RuntimeOrigin::signed(feeder), price)
}

#[test]
fn the_price_is_the_median_of_enough_fresh_submissions() {
	run(|| {
		assert_eq!(Oracle::price(), None);
		let paid = submit(1, 3 * DOLLAR).unwrap();
		assert_eq!(paid.pays_fee, Pays::No);
		System::assert_last_event(Event::PriceSubmitted { feeder: 1, price: 3 * DOLLAR }.into());
		assert_eq!(Oracle::price(), None, "one is not enough");
		assert_ok!(submit(2, DOLLAR));
		assert_eq!(Oracle::price(), Some(2 * DOLLAR), "the mean of two");
		assert_ok!(submit(3, 900 * DOLLAR));
		assert_eq!(Oracle::price(), Some(3 * DOLLAR), "one that lies does not count");
		// What is old counts no more.
		System::set_block_number(11);
		assert_eq!(Oracle::price(), Some(3 * DOLLAR));
		assert_ok!(submit(2, DOLLAR));
		System::set_block_number(12);
		assert_eq!(Oracle::price(), None);
		assert_ok!(submit(1, DOLLAR + 1));
		assert_eq!(Oracle::price(), Some(DOLLAR));
	});
}

#[test]
fn amounts_are_rounded_up() {
	run(|| {
		assert_eq!(Oracle::plancks(1), None);
		for feeder in [1, 2, 3] {
			assert_ok!(submit(feeder, DOLLAR / 20));
		}
		// At five cents a unit a cent is a fifth of it.
		assert_eq!(Oracle::plancks(u128::from(DOLLAR / 100)), Some(200_000_000_000));
		assert_eq!(Oracle::plancks(1), Some(200));
		assert_eq!(Oracle::plancks(0), Some(0));
		assert_eq!(Oracle::plancks(u128::MAX), None);
	});
}

#[test]
fn bad_submissions_change_nothing() {
	run(|| {
		assert_noop!(submit(9, DOLLAR), E::NotFeeder);
		assert_noop!(submit(1, Parameters::default().min_price - 1), E::PriceOutOfBounds);
		assert_noop!(submit(1, Parameters::default().max_price + 1), E::PriceOutOfBounds);
		assert_noop!(Oracle::submit_price(RuntimeOrigin::root(), DOLLAR), BadOrigin);
		assert_ok!(submit(1, DOLLAR));
		assert_noop!(submit(1, DOLLAR), E::TooSoon);
		System::set_block_number(2);
		assert_ok!(submit(1, DOLLAR));
	});
}

#[test]
fn governance_names_the_feeders() {
	run(|| {
		let root = RuntimeOrigin::root;
		assert_noop!(Oracle::add_feeder(RuntimeOrigin::signed(1), 4), BadOrigin);
		assert_noop!(Oracle::remove_feeder(RuntimeOrigin::signed(1), 1), BadOrigin);
		assert_noop!(Oracle::add_feeder(root(), 1), E::AlreadyFeeder);
		assert_ok!(Oracle::add_feeder(root(), 4));
		System::assert_last_event(Event::FeederAdded { feeder: 4 }.into());
		assert_ok!(Oracle::add_feeder(root(), 5));
		assert_noop!(Oracle::add_feeder(root(), 6), E::TooManyFeeders);
		assert_ok!(submit(4, DOLLAR));
		assert_ok!(submit(5, DOLLAR));
		assert_eq!(Oracle::price(), Some(DOLLAR));
		assert_ok!(Oracle::remove_feeder(root(), 4));
		System::assert_last_event(Event::FeederRemoved { feeder: 4 }.into());
		assert_eq!(Oracle::price(), None, "what it submitted is forgotten");
		assert_noop!(Oracle::remove_feeder(root(), 4), E::NotFeeder);
		assert_noop!(submit(4, DOLLAR), E::NotFeeder);
	});
}

#[test]
fn parameters_must_be_sane() {
	run(|| {
		let fine = Parameters { min_feeders: 1, ..Default::default() };
		for bad in [
			Parameters { min_price: 0, ..fine },
			Parameters { min_price: 2, max_price: 1, ..fine },
			Parameters { max_age_blocks: 0, ..fine },
			Parameters { min_feeders: 0, ..fine },
		] {
			assert_noop!(Oracle::set_parameters(RuntimeOrigin::root(), bad), E::BadParameters);
		}
		assert_noop!(Oracle::set_parameters(RuntimeOrigin::signed(1), fine), BadOrigin);
		assert_ok!(Oracle::set_parameters(RuntimeOrigin::root(), fine));
		System::assert_last_event(Event::ParametersSet { parameters: fine }.into());
		assert_ok!(submit(1, DOLLAR));
		assert_eq!(Oracle::price(), Some(DOLLAR));
	});
}
