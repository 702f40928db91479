use super::{farm, node, signed, text};
use crate::{mock::*, Error, Event, HoldReason};
use frame_support::{
	assert_noop, assert_ok,
	traits::fungible::{Inspect, InspectHold},
};
use granary_primitives::traits::{AuditKeys, Capacity};
use sp_runtime::TokenError;

fn held(number: u8) -> u128 {
	Balances::balance_on_hold(&HoldReason::NodeBond.into(), &account(number))
}

#[test]
fn a_node_is_registered_bonded_updated_and_removed() {
	run(|| {
		let farm = farm(1);
		let id = node(1, farm, 500, 3);
		System::assert_last_event(
			Event::NodeRegistered { node: id, farm, capacity_bytes: 500 }.into(),
		);
		assert_eq!(held(1), 1000);
		assert_eq!(<Grid as AuditKeys>::audit_key(id), Some([3; 32]));
		assert_ok!(Grid::bond_more(signed(1), id, 50));
		System::assert_last_event(Event::BondAdded { node: id, amount: 50 }.into());
		assert_eq!(held(1), 1050);
		assert_ok!(Grid::update_node(signed(1), id, text("[::1]:1"), 600, 9));
		System::assert_last_event(Event::NodeUpdated { node: id }.into());
		let info = Grid::node_info(id).unwrap();
		assert_eq!((info.capacity_bytes, info.price_per_gib_hour, info.bond), (600, 9, 1050));
		assert_ok!(Grid::remove_node(signed(1), id));
		System::assert_last_event(Event::NodeRemoved { node: id }.into());
		assert_eq!((held(1), Balances::balance(&account(1))), (0, 10_000));
		assert!(Grid::node_info(id).is_none());
		// The key is free again.
		node(1, farm, 500, 3);
	});
}

#[test]
fn bad_registrations_change_nothing() {
	run(|| {
		let id = farm(1);
		let register = |who, farm, endpoint, capacity, key: u8, bond| {
			Grid::register_node(
				signed(who),
				farm,
				text(endpoint),
				capacity,
				1,
				[key; 32],
				[0; 32],
				bond,
			)
		};
		assert_noop!(register(1, 7, "h:1", 1, 1, 100), Error::<Test>::UnknownFarm);
		assert_noop!(register(2, id, "h:1", 1, 1, 100), Error::<Test>::NotFarmOwner);
		assert_noop!(register(1, id, "no port", 1, 1, 100), Error::<Test>::BadText);
		assert_noop!(register(1, id, "h:1", 0, 1, 100), Error::<Test>::BadCapacity);
		assert_noop!(register(1, id, "h:1", 1, 1, 99), Error::<Test>::BondTooLow);
		assert_noop!(register(1, id, "h:1", 1, 1, 1_000_000), TokenError::FundsUnavailable);
		assert_eq!(held(1), 0);
		for key in 1..=3 {
			node(1, id, 1, key);
		}
		assert_noop!(register(1, id, "h:1", 1, 1, 100), Error::<Test>::AuditKeyInUse);
		assert_noop!(register(1, id, "h:1", 1, 9, 100), Error::<Test>::TooManyNodes);
		let other = farm(2);
		crate::NextNode::<Test>::put(u32::MAX);
		frame_support::assert_err!(register(2, other, "h:1", 1, 9, 100), Error::<Test>::NoIdLeft);
	});
}

#[test]
fn only_the_operator_changes_a_node() {
	run(|| {
		let id = farm(1);
		let id = node(1, id, 100, 1);
		assert_noop!(
			Grid::update_node(signed(2), id, text("h:1"), 1, 1),
			Error::<Test>::NotNodeOperator
		);
		assert_noop!(
			Grid::update_node(signed(1), 9, text("h:1"), 1, 1),
			Error::<Test>::UnknownNode
		);
		assert_noop!(Grid::update_node(signed(1), id, text("h"), 1, 1), Error::<Test>::BadText);
		assert_noop!(Grid::bond_more(signed(1), id, 0), Error::<Test>::BondTooLow);
		assert_noop!(Grid::bond_more(signed(2), id, 1), Error::<Test>::NotNodeOperator);
		assert_noop!(Grid::bond_more(signed(1), 9, 1), Error::<Test>::UnknownNode);
		assert_noop!(Grid::bond_more(signed(1), id, 1_000_000), TokenError::FundsUnavailable);
		assert_noop!(Grid::remove_node(signed(2), id), Error::<Test>::NotNodeOperator);
		assert_noop!(Grid::remove_node(signed(1), 9), Error::<Test>::UnknownNode);
	});
}

#[test]
fn a_node_in_use_stays_and_keeps_its_capacity() {
	run(|| {
		let id = farm(1);
		let id = node(1, id, 100, 1);
		assert_ok!(<Grid as Capacity<_, _>>::allot(id, 60, 10));
		assert_noop!(Grid::remove_node(signed(1), id), Error::<Test>::NodeInUse);
		assert_noop!(
			Grid::update_node(signed(1), id, text("h:1"), 59, 1),
			Error::<Test>::BadCapacity
		);
		assert_ok!(Grid::update_node(signed(1), id, text("h:1"), 60, 1));
		<Grid as Capacity<_, _>>::release(id, 60, 10);
		assert_ok!(Grid::remove_node(signed(1), id));
	});
}
