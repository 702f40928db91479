//! Who is paid what when something stands in the way, and that nothing is ever owed twice.

use super::{held, reserve, tenant};
use crate::{mock::*, Event};
use frame_support::{
	assert_ok,
	traits::{
		fungible::{Inspect, Mutate},
		tokens::{Fortitude, Precision, Preservation},
		LockableCurrency, WithdrawReasons,
	},
};
use granary_primitives::traits::Allotments;

fn authorized() -> RuntimeOrigin {
	frame_system::RawOrigin::Authorized.into()
}

#[test]
fn an_extension_out_of_grace_pays_for_the_blocks_since_the_end() {
	run(|| {
		let id = reserve(20);
		System::set_block_number(25);
		assert_ok!(Reservations::settle(authorized(), id));
		assert_ok!(Reservations::extend(tenant(), id, 30));
		// The term ran to block 21 and runs to 55 now: 34 blocks more, 4 of them in grace.
		assert_eq!(held(), 3 * PRICE * 54);
		for allotment in 0..3 {
			<Reservations as Allotments<_>>::proven(allotment, 1, 55);
		}
		Reservations::do_try_state().unwrap();
		System::set_block_number(55);
		assert_ok!(Reservations::settle(authorized(), id));
		assert_eq!(held(), 0, "all blocks were proven, so all of the escrow is earned");
	});
}

#[test]
fn a_block_is_counted_once_however_often_it_is_reported() {
	run(|| {
		reserve(20);
		for _ in 0..3 {
			for allotment in 0..3 {
				<Reservations as Allotments<_>>::missed(allotment, 1, 6);
				<Reservations as Allotments<_>>::proven(allotment, 1, 21);
			}
			Reservations::do_try_state().unwrap();
		}
		let one = Reservations::allotment_info(0).unwrap();
		assert_eq!((one.accrued, one.withheld), (15 * PRICE, 5 * PRICE));
	});
}

#[test]
fn a_lock_on_the_tenants_account_does_not_stop_payment() {
	run(|| {
		let id = reserve(100);
		let farmer = Balances::balance(&account(1));
		Balances::set_lock(*b"reserved", &account(TENANT), 100_000, WithdrawReasons::all());
		<Reservations as Allotments<_>>::proven(0, 1, 11);
		System::set_block_number(11);
		assert_ok!(Reservations::settle(authorized(), id));
		System::assert_last_event(Event::Settled { reservation: id, paid: 100 }.into());
		assert_eq!(Balances::balance(&account(1)), farmer + 90);
		assert_eq!(Balances::balance(&account(99)), 10);
	});
}

#[test]
fn what_a_farm_cannot_receive_yet_waits_whole() {
	run(|| {
		// Node 9 is of a farm whose payout account does not exist; the treasury does.
		let origin = || RuntimeOrigin::signed(account(1));
		let name = b"f".to_vec().try_into().unwrap();
		assert_ok!(Grid::create_farm(origin(), name, Some(account(50))));
		let endpoint = b"h:1".to_vec().try_into().unwrap();
		assert_ok!(Grid::register_node(
			origin(),
			9,
			endpoint,
			4 << 30,
			36,
			[50; 32],
			[50; 32],
			50_000
		));
		assert_ok!(Balances::mint_into(&account(99), 1000));
		assert_ok!(Reservations::reserve(tenant(), 1, 0, nodes(&[9]), 1 << 30, 100, false, 1));
		// A block earns one; the existential deposit is ten.
		let settle = |now, proven_from| {
			<Reservations as Allotments<_>>::proven(0, proven_from, now);
			System::set_block_number(now);
			assert_ok!(Reservations::settle(authorized(), 0));
		};
		settle(11, 1);
		let one = Reservations::allotment_info(0).unwrap();
		assert_eq!((one.accrued, one.paid), (10, 0), "nine would not keep the account alive");
		assert_eq!(Balances::balance(&account(99)), 1000, "the treasury takes only its share");
		settle(21, 11);
		assert_eq!(Balances::balance(&account(50)), 18);
		assert_eq!(Balances::balance(&account(99)), 1002);
		assert_eq!(held(), 80);
	});
}

#[test]
fn money_is_moved_and_never_made() {
	run(|| {
		let issuance = Balances::total_issuance();
		let first = reserve(50);
		let second = reserve(30);
		for (allotment, from, to) in [(0, 1, 40), (1, 5, 30), (3, 1, 31), (4, 20, 25)] {
			<Reservations as Allotments<_>>::proven(allotment, from, to);
		}
		<Reservations as Allotments<_>>::missed(1, 1, 5);
		for now in [11, 21, 31, 41, 51] {
			System::set_block_number(now);
			assert_ok!(Reservations::settle(authorized(), first));
			assert_ok!(Reservations::settle(authorized(), second));
			Reservations::do_try_state().unwrap();
		}
		// The second term ended at 31, its grace at 51: what nobody earned is the tenant's again.
		assert_eq!(Reservations::reservation_info(second).unwrap().escrow, 0);
		assert_ok!(Reservations::close(tenant(), first));
		let earned = PRICE * (39 + 25 + 30 + 5);
		let kept = 100_000 - earned;
		let free = Balances::reducible_balance(
			&account(TENANT),
			Preservation::Expendable,
			Fortitude::Polite,
		);
		assert_eq!((held(), free), (0, kept));
		assert_eq!(Balances::total_issuance(), issuance);
		assert_ok!(Balances::burn_from(
			&account(TENANT),
			kept,
			Preservation::Expendable,
			Precision::Exact,
			Fortitude::Polite,
		));
	});
}
