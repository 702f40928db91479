//! Penalties, lost allotments, their replacement and who is paid for it.

use super::{held, reserve, tenant};
use crate::{mock::*, Error, Event};
use frame_support::{
	assert_noop, assert_ok,
	traits::fungible::{Inspect, InspectHold, Mutate},
};
use granary_primitives::{traits::Allotments, Balance};
use sp_runtime::Perbill;

type E = Error<Test>;

fn signed(number: u8) -> RuntimeOrigin {
	RuntimeOrigin::signed(account(number))
}

fn bond_held(number: u8) -> Balance {
	Balances::balance_on_hold(&pallet_grid::HoldReason::NodeBond.into(), &account(number))
}

fn slash(allotment: u64, percent: u32, to: Option<u8>) -> Balance {
	let to = to.map(account);
	let share = Perbill::from_percent(percent);
	<Reservations as Allotments<_>>::slash(allotment, share, to.as_ref())
}

fn fund(id: u64) -> Balance {
	Reservations::reservation_details(id).unwrap().repair_fund
}

#[test]
fn penalties_are_shares_of_the_bond_that_was_promised() {
	run(|| {
		let id = reserve(100);
		assert_eq!(slash(0, 5, None), 432);
		let event = Event::Slashed { allotment: 0, amount: 432, to: None };
		System::assert_last_event(event.into());
		assert_eq!((fund(id), bond_held(1)), (432, 50_000 - 432));
		// Of the original bond, not of what is left of it.
		assert_eq!(slash(0, 15, None), 1296);
		assert_eq!(fund(id), 432 + 1296);
		let before = Balances::balance(&account(30));
		assert_eq!(slash(0, 1, Some(30)), 87, "rounded up");
		assert_eq!(Balances::balance(&account(30)), before + 87);
		assert_eq!(fund(id), 1728);
		// Never more than is left.
		assert_eq!(slash(0, 100, None), 8640 - 1728 - 87);
		assert_eq!(slash(0, 100, None), 0);
		assert_eq!(slash(9, 100, None), 0);
		assert_eq!(Grid::node_info(0).unwrap().bond_used, 0);
		// What is left of the fund is the tenant's in the end.
		let (money, kept) = (Balances::balance(&account(TENANT)), fund(id));
		assert_ok!(Reservations::close(tenant(), id));
		assert_eq!(Balances::balance(&account(TENANT)), money + 3000 + kept);
		assert_eq!(Balances::balance(&account(98)), 10, "the account keeps what it began with");
	});
}

#[test]
fn a_lost_allotment_earns_nothing_more() {
	run(|| {
		let id = reserve(100);
		<Reservations as Allotments<_>>::proven(0, 1, 11);
		<Reservations as Allotments<_>>::lost(0, false);
		System::assert_has_event(Event::Lost { allotment: 0, declared: false }.into());
		assert_eq!(fund(id), 8640);
		<Reservations as Allotments<_>>::lost(0, false);
		assert_eq!(fund(id), 8640, "it is lost once");
		<Reservations as Allotments<_>>::proven(0, 11, 21);
		let one = Reservations::allotment_info(0).unwrap();
		assert!(one.lost);
		assert_eq!((one.accrued, one.bond), (10 * PRICE, 0));
		let view = <Reservations as Allotments<_>>::allotment(0).unwrap();
		assert!(!view.live);
		// Who says so itself keeps half.
		<Reservations as Allotments<_>>::lost(1, true);
		assert_eq!(fund(id), 8640 + 4320);
		assert_noop!(Reservations::grow(tenant(), id, 2 << 30, 1000), E::IsLost);
		// What was earned before is paid.
		let farmer = Balances::balance(&account(1));
		assert_ok!(Reservations::close(tenant(), id));
		assert_eq!(Balances::balance(&account(1)), farmer + 90);
		assert_eq!(Grid::node_info(1).unwrap().bond_used, 0);
	});
}

#[test]
fn whoever_restores_a_shard_is_paid_when_it_is_proven() {
	run(|| {
		let id = reserve(100);
		let replace = |who, shard, node| {
			Reservations::replace_allotment(signed(who), id, shard, node, Balance::MAX)
		};
		assert_noop!(replace(TENANT, 0, 3), E::NotLost);
		<Reservations as Allotments<_>>::lost(0, false);
		System::set_block_number(21);
		assert_noop!(replace(30, 0, 3), E::NotTenant);
		assert_noop!(replace(TENANT, 7, 3), E::UnknownAllotment);
		assert_noop!(replace(TENANT, 1, 3), E::NotLost);
		assert_noop!(replace(TENANT, 0, 50), E::UnknownNode);
		assert_noop!(replace(TENANT, 0, 1), E::FarmsNotDistinct);
		assert_noop!(Reservations::replace_allotment(tenant(), id, 0, 3, 9), E::TooExpensive);
		assert_noop!(Reservations::set_repairer(signed(1), id, Some(account(30))), E::NotTenant);
		assert_ok!(Balances::mint_into(&account(30), 10).map(|_| ()));
		assert_ok!(Reservations::set_repairer(tenant(), id, Some(account(30))));
		let named = Event::RepairerSet { reservation: id, repairer: Some(account(30)) };
		System::assert_last_event(named.into());

		assert_ok!(replace(30, 0, 3));
		let replaced = Event::Replaced { reservation: id, shard: 0, old: 0, new: 3 };
		System::assert_last_event(replaced.into());
		assert_eq!(Reservations::reservation_info(id).unwrap().allotments, vec![3, 1, 2]);
		// Twenty blocks of the old one are not needed for the 80 that are left.
		assert_eq!(held(), 3000 - 200);
		assert_eq!(Grid::node_info(0).unwrap().reserved_bytes, 0);
		assert_eq!(Grid::node_info(3).unwrap().reserved_bytes, 1 << 30);
		assert!(Closed::get().contains(&0));

		<Reservations as Allotments<_>>::missed(3, 21, 31);
		assert_eq!(Balances::balance(&account(30)), 10);
		<Reservations as Allotments<_>>::proven(3, 31, 41);
		// Twice what repairing a GiB costs, 5.
		assert_eq!(Balances::balance(&account(30)), 20);
		let repaired = Event::Repaired { allotment: 3, repairer: account(30), paid: 10 };
		System::assert_last_event(repaired.into());
		<Reservations as Allotments<_>>::proven(3, 41, 51);
		assert_eq!(Balances::balance(&account(30)), 20, "it is paid once");
		assert_eq!(fund(id), 8630);
	});
}

#[test]
fn a_dearer_replacement_costs_the_tenant_and_not_the_repairer() {
	run(|| {
		let id = reserve(100);
		assert_ok!(Reservations::set_repairer(tenant(), id, Some(account(30))));
		<Reservations as Allotments<_>>::lost(2, true);
		// The blocks before were all paid for, so that nothing is left over for a dearer node.
		let endpoint = b"h:1".to_vec().try_into().unwrap();
		assert_ok!(Grid::update_node(signed(4), 3, endpoint, 4 << 30, 720));
		let replace = |who| Reservations::replace_allotment(signed(who), id, 2, 3, Balance::MAX);
		assert_noop!(replace(30), E::TooExpensive);
		assert_ok!(replace(TENANT));
		assert_eq!(held(), 3000 + 1000);
		// It may be lost again, and whoever made it is not paid then.
		let new = Reservations::reservation_info(id).unwrap().allotments[2];
		<Reservations as Allotments<_>>::lost(new, false);
		assert!(!crate::Repairs::<Test>::contains_key(new));
		System::set_block_number(101);
		assert_noop!(replace(TENANT), E::BadTerm);
	});
}

#[test]
fn a_shard_moves_to_another_node_though_nothing_is_lost() {
	run(|| {
		let id = reserve(100);
		let to = |who, shard, node| {
			Reservations::move_allotment(signed(who), id, shard, node, Balance::MAX)
		};
		<Reservations as Allotments<_>>::proven(0, 1, 11);
		System::set_block_number(21);
		assert_ok!(Reservations::set_repairer(tenant(), id, Some(account(30))));
		assert_noop!(to(30, 0, 3), E::NotTenant);
		assert_noop!(to(1, 0, 3), E::NotTenant);
		assert_noop!(to(TENANT, 7, 3), E::UnknownAllotment);
		assert_noop!(to(TENANT, 0, 50), E::UnknownNode);
		assert_noop!(to(TENANT, 0, 1), E::FarmsNotDistinct);
		assert_noop!(Reservations::move_allotment(tenant(), id, 0, 3, 9), E::TooExpensive);
		assert_noop!(
			Reservations::move_allotment(tenant(), id + 1, 0, 3, 9),
			E::UnknownReservation
		);

		let farmer = Balances::balance(&account(1));
		assert_ok!(to(TENANT, 0, 3));
		let moved = Event::Moved { reservation: id, shard: 0, old: 0, new: 3 };
		System::assert_last_event(moved.into());
		assert_eq!(Reservations::reservation_info(id).unwrap().allotments, vec![3, 1, 2]);
		// What it had proven is paid, its bond and its room are its own again.
		assert_eq!(Balances::balance(&account(1)), farmer + 90);
		let left = Grid::node_info(0).unwrap();
		assert_eq!((left.bond_used, left.reserved_bytes), (0, 0));
		assert!(Closed::get().contains(&0));
		assert_eq!((fund(id), Reservations::allotment_info(0).unwrap().lost), (0, true));
		assert_eq!(Grid::node_info(3).unwrap().reserved_bytes, 1 << 30);
		// It earns nothing more, and nobody is paid for a repair.
		<Reservations as Allotments<_>>::proven(0, 11, 21);
		<Reservations as Allotments<_>>::proven(3, 31, 41);
		assert_eq!(Reservations::allotment_info(0).unwrap().accrued, 0);
		assert!(!System::events().iter().any(|record| matches!(
			record.event,
			RuntimeEvent::Reservations(Event::Repaired { .. })
		)));
		// Of the first twenty blocks ten were paid for and ten were not proven; the other 80 cost what they did.
		assert_eq!(held(), 3000 - 200);

		// A lost one is replaced instead, and one that was moved can be moved on.
		<Reservations as Allotments<_>>::lost(1, false);
		assert_noop!(to(TENANT, 1, 0), E::IsLost);
		assert_ok!(to(TENANT, 0, 0));
		assert_eq!(Reservations::reservation_info(id).unwrap().allotments, vec![4, 1, 2]);
		System::set_block_number(101);
		assert_noop!(to(TENANT, 0, 3), E::BadTerm);
		assert_ok!(Reservations::close(tenant(), id));
		assert_noop!(to(TENANT, 0, 3), E::AlreadyClosed);
	});
}
