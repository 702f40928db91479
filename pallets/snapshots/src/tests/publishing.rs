//! Publishing and retiring.

use crate::{mock::*, Counts, Error, Event, HoldReason, Names, NextSnapshot};
use frame_support::{assert_noop, assert_ok, traits::fungible::InspectHold};
use sp_runtime::{DispatchError, TokenError};

fn held(who: &sp_runtime::AccountId32) -> u128 {
	Balances::balance_on_hold(&HoldReason::Snapshot.into(), who)
}

#[test]
fn the_tenant_publishes_and_a_deposit_is_held() {
	run(|| {
		assert_ok!(publish(alice(), 1, b"one"));
		System::assert_last_event(
			Event::Published {
				snapshot: 0,
				publisher: alice(),
				reservation: 1,
				dataset: [5; 16],
				manifest: [6; 32],
			}
			.into(),
		);
		assert_eq!(held(&alice()), 100);
		assert_ok!(publish(alice(), 1, b"two"));
		assert_eq!((held(&alice()), Counts::<Test>::get(1)), (200, 2));
	});
}

#[test]
fn the_publisher_retires_and_gets_it_back() {
	run(|| {
		assert_ok!(publish(alice(), 1, b"one"));
		// Even when the reservation is closed.
		Tenants::mutate(|tenants| tenants.remove(&1));
		assert_ok!(Snapshots::retire(RuntimeOrigin::signed(alice()), 0));
		System::assert_last_event(
			Event::Retired { snapshot: 0, publisher: alice(), deposit: 100 }.into(),
		);
		assert_eq!(held(&alice()), 0);
		assert!(!Counts::<Test>::contains_key(1));
		assert_eq!(Names::<Test>::iter().count(), 0);
	});
}

#[test]
fn a_name_is_unique_in_its_dataset_until_it_is_retired() {
	run(|| {
		assert_ok!(publish(alice(), 1, b"one"));
		assert_noop!(publish(alice(), 1, b"one"), Error::<Test>::NameTaken);
		assert_ok!(publish(alice(), 2, b"one"));
		let origin = RuntimeOrigin::signed(alice());
		let name = b"one".to_vec().try_into().unwrap();
		let other_dataset = [6; 16];
		assert_ok!(Snapshots::publish(
			origin.clone(),
			1,
			other_dataset,
			name,
			[6; 32],
			[7; 32],
			8,
			9,
			10
		));
		assert_ok!(Snapshots::retire(origin, 0));
		assert_ok!(publish(alice(), 1, b"one"));
		assert_eq!(Snapshots::snapshot_info(3).unwrap().name, b"one");
	});
}

#[test]
fn only_the_tenant_of_an_open_reservation_publishes() {
	run(|| {
		assert_noop!(publish(bob(), 1, b"one"), Error::<Test>::NotTenant);
		assert_noop!(publish(alice(), 9, b"one"), Error::<Test>::UnknownReservation);
		let name = b"one".to_vec().try_into().unwrap();
		assert_noop!(
			Snapshots::publish(RuntimeOrigin::none(), 1, [5; 16], name, [6; 32], [7; 32], 8, 9, 10),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn a_name_is_readable() {
	run(|| {
		assert_noop!(publish(alice(), 1, b""), Error::<Test>::EmptyName);
		assert_noop!(publish(alice(), 1, &[0xff, 0xfe]), Error::<Test>::NameNotUtf8);
		assert_ok!(publish(alice(), 1, &[b'n'; 64]));
	});
}

#[test]
fn a_reservation_has_so_many_and_no_more() {
	run(|| {
		for name in [b"a", b"b", b"c"] {
			assert_ok!(publish(alice(), 1, name));
		}
		assert_noop!(publish(alice(), 1, b"d"), Error::<Test>::TooManySnapshots);
		assert_ok!(publish(alice(), 2, b"d"));
		assert_ok!(Snapshots::retire(RuntimeOrigin::signed(alice()), 0));
		assert_ok!(publish(alice(), 1, b"d"));
	});
}

#[test]
fn without_money_there_is_no_deposit() {
	run(|| {
		assert_ok!(publish(bob(), 3, b"one"));
		assert_noop!(publish(bob(), 3, b"two"), TokenError::FundsUnavailable);
	});
}

#[test]
fn numbers_are_never_used_again() {
	run(|| {
		assert_ok!(publish(alice(), 1, b"one"));
		assert_ok!(Snapshots::retire(RuntimeOrigin::signed(alice()), 0));
		assert_ok!(publish(alice(), 1, b"one"));
		assert!(Snapshots::snapshot_info(1).is_some());
		NextSnapshot::<Test>::put(u64::MAX);
		assert_noop!(publish(alice(), 1, b"two"), Error::<Test>::NoMoreNumbers);
	});
}

#[test]
fn only_the_publisher_retires() {
	run(|| {
		assert_ok!(publish(alice(), 1, b"one"));
		let retire = |origin, id| Snapshots::retire(origin, id);
		assert_noop!(retire(RuntimeOrigin::signed(bob()), 0), Error::<Test>::NotPublisher);
		assert_noop!(retire(RuntimeOrigin::signed(alice()), 1), Error::<Test>::UnknownSnapshot);
		assert_noop!(retire(RuntimeOrigin::none(), 0), DispatchError::BadOrigin);
	});
}

#[test]
fn the_runtime_fits_together() {
	use frame_support::traits::Hooks;
	new_test_ext().execute_with(<Snapshots as Hooks<u32>>::integrity_test);
}
