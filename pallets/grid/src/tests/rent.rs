//! Farms' names and prices, and nodes that are rented as a whole.

use super::{farm, node, signed, text};
use crate::{mock::*, types::Rent, Error, Event, FarmNames, FarmPrices, RentOffers, Rents};
use frame_support::{assert_noop, assert_ok};
use granary_primitives::traits::Capacity;

/// Runs a test on a chain where account 1 has farm 0 with node 0.
fn ready(test: impl FnOnce()) {
	run(|| {
		let farm = farm(1);
		node(1, farm, 1000, 1);
		test();
	});
}

/// What a node offers to an account.
fn offered(node: u32, who: Option<u8>) -> bool {
	let tenant = who.map(account);
	<Grid as Capacity<_, _>>::offer(node, tenant.as_ref()).is_some()
}

#[test]
fn a_farms_name_is_its_own_until_it_is_removed() {
	ready(|| {
		assert_ok!(Grid::create_farm(signed(1), text("name"), None));
		let taken = Error::<Test>::NameTaken;
		assert_noop!(Grid::create_farm(signed(1), text("name"), None), taken);
		assert_ok!(Grid::remove_farm(signed(1), 1));
		assert_ok!(Grid::create_farm(signed(1), text("name"), None));
		assert_eq!(FarmNames::<Test>::get(text("name")), Some(2));
	});
}

#[test]
fn a_node_without_a_price_asks_its_farms() {
	ready(|| {
		let price = |node| Grid::node_info(node).unwrap().price_per_gib_hour;
		assert_eq!(price(0), 5);
		assert_ok!(Grid::update_node(signed(1), 0, text("h:1"), 1000, 0));
		assert_eq!(price(0), 0);
		let stranger = Grid::set_farm_price(signed(2), 0, 9);
		assert_noop!(stranger, Error::<Test>::NotFarmOwner);
		assert_noop!(Grid::set_farm_price(signed(1), 7, 9), Error::<Test>::UnknownFarm);
		assert_ok!(Grid::set_farm_price(signed(1), 0, 9));
		System::assert_last_event(Event::FarmPriceSet { farm: 0, price_per_gib_hour: 9 }.into());
		assert_eq!(price(0), 9);
		let offer = <Grid as Capacity<_, _>>::offer(0, None).unwrap();
		assert_eq!(offer.price_per_gib_hour, 9);
		assert_ok!(Grid::update_node(signed(1), 0, text("h:1"), 1000, 4));
		assert_eq!(price(0), 4, "its own price comes first");
		assert_ok!(Grid::remove_node(signed(1), 0));
		assert_ok!(Grid::remove_farm(signed(1), 0));
		assert_eq!(FarmPrices::<Test>::get(0), None);
	});
}

#[test]
fn who_rents_a_node_has_it_alone_and_pays_at_once() {
	ready(|| {
		assert_noop!(Grid::rent(signed(2), 0, 10, 3), Error::<Test>::NotForRent);
		let offer = |who, price| Grid::offer_rent(signed(who), 0, price);
		assert_noop!(offer(2, Some(3)), Error::<Test>::NotNodeOperator);
		assert_ok!(offer(1, Some(3)));
		System::assert_last_event(Event::RentOffered { node: 0, price_per_block: Some(3) }.into());
		assert_noop!(Grid::rent(signed(2), 9, 10, 3), Error::<Test>::UnknownNode);
		assert_noop!(Grid::rent(signed(2), 0, 10, 2), Error::<Test>::RentTooHigh);
		assert_noop!(Grid::rent(signed(2), 0, 0, 3), Error::<Test>::BadRent);
		assert_noop!(Grid::rent(signed(2), 0, u32::MAX, 3), Error::<Test>::BadRent);
		let free = |who| Balances::free_balance(account(who));
		let before = (free(1), free(2));
		assert_ok!(Grid::rent(signed(2), 0, 10, 3));
		let until = System::block_number() + 10;
		let tenant = account(2);
		System::assert_last_event(Event::Rented { node: 0, tenant, until, paid: 30 }.into());
		assert_eq!((free(1), free(2)), (before.0 + 30, before.1 - 30));
		assert_eq!(
			(offered(0, Some(2)), offered(0, Some(3)), offered(0, None)),
			(true, false, false)
		);
		assert_eq!(Grid::node_report(0).unwrap().renter, Some([2; 32]));

		// Neither another account nor the operator gets it before the end; the tenant may stay longer.
		assert_noop!(Grid::rent(signed(3), 0, 1, 3), Error::<Test>::RentedByOther);
		let sleep = Grid::set_availability(signed(1), 0, false, true);
		assert_noop!(sleep, Error::<Test>::NodeInUse);
		assert_noop!(Grid::set_availability(signed(1), 0, true, false), Error::<Test>::NodeInUse);
		assert_noop!(Grid::remove_node(signed(1), 0), Error::<Test>::NodeInUse);
		assert_ok!(Grid::rent(signed(2), 0, 5, 3));
		assert_eq!(Rents::<Test>::get(0), Some(Rent { tenant: account(2), until: until + 5 }));
		assert_ok!(offer(1, None));
		assert_noop!(Grid::rent(signed(2), 0, 5, 3), Error::<Test>::NotForRent);
		System::set_block_number(until + 5);
		assert!(offered(0, Some(3)) && Grid::renter(0).is_none());
		assert_ok!(Grid::remove_node(signed(1), 0));
		assert_eq!((Rents::<Test>::get(0), RentOffers::<Test>::get(0)), (None, None));
	});
}

#[test]
fn a_node_that_others_use_cannot_be_rented() {
	ready(|| {
		assert_ok!(Grid::offer_rent(signed(1), 0, Some(3)));
		assert_ok!(<Grid as Capacity<_, _>>::allot(0, 1, 0));
		assert_noop!(Grid::rent(signed(2), 0, 10, 3), Error::<Test>::NodeInUse);
		<Grid as Capacity<_, _>>::release(0, 1, 0);
		assert_ok!(Grid::set_availability(signed(1), 0, true, false));
		assert_noop!(Grid::rent(signed(2), 0, 10, 3), Error::<Test>::NotAvailable);
	});
}
