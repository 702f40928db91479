//! Publishing and retiring.

use crate::{mock::*, types::Attestation, Counts, Error, Event, HoldReason, Names, NextSnapshot};
use frame_support::{assert_noop, assert_ok, traits::fungible::InspectHold};
use granary_primitives::snapshot::DatabaseKind;
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
		let mut other_dataset = contents(1, b"one");
		other_dataset.dataset = [6; 16];
		assert_ok!(publish_contents(alice(), other_dataset, None));
		let origin = RuntimeOrigin::signed(alice());
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
		let contents = contents(1, b"one");
		let attestation = attest(&contents);
		assert_noop!(
			Snapshots::publish(RuntimeOrigin::none(), contents, None, attestation),
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
fn what_is_signed_is_what_is_published() {
	run(|| {
		let signed = contents(1, b"one");
		let attestation = attest(&signed);
		let publish = |contents, attestation| {
			Snapshots::publish(RuntimeOrigin::signed(alice()), contents, None, attestation)
		};
		// Each thing that a reader relies on.
		let changes: [fn(&mut crate::ContentsOf<Test>); 8] = [
			|it| it.reservation = 2,
			|it| it.dataset = [6; 16],
			|it| it.name = b"two".to_vec().try_into().unwrap(),
			|it| it.manifest = [7; 32],
			|it| it.database = DatabaseKind::RocksDb,
			|it| it.genesis = [8; 32],
			|it| it.height = 9,
			|it| it.total_bytes = 10,
		];
		for (number, change) in changes.into_iter().enumerate() {
			let mut other = signed.clone();
			change(&mut other);
			let outcome = publish(other, attestation.clone());
			assert_eq!(outcome, Err(Error::<Test>::BadSignature.into()), "change {number}");
		}
		let stranger = Attestation { signer: bob(), ..attestation.clone() };
		assert_noop!(publish(signed.clone(), stranger), Error::<Test>::BadSignature);
		// On another chain the same signature says nothing.
		let genesis = frame_system::BlockHash::<Test>::get(0);
		frame_system::BlockHash::<Test>::insert(0, sp_core::H256::repeat_byte(1));
		assert_noop!(publish(signed.clone(), attestation.clone()), Error::<Test>::BadSignature);
		frame_system::BlockHash::<Test>::insert(0, genesis);
		assert_ok!(publish(signed, attestation.clone()));
		let answered = Snapshots::snapshot_info(0).unwrap().signature.unwrap();
		assert_eq!(answered.signer, <[u8; 32]>::from(attestation.signer));
		assert_eq!(answered.signature, attestation.signature.to_vec());
	});
}

#[test]
fn what_has_expired_can_be_retired_by_anyone() {
	run(|| {
		System::set_block_number(10);
		let contents = contents(1, b"one");
		let publish = |expires| publish_contents(alice(), contents.clone(), expires);
		assert_noop!(publish(Some(10)), Error::<Test>::AlreadyExpired);
		assert_ok!(publish(Some(11)));
		let retire = || Snapshots::retire(RuntimeOrigin::signed(bob()), 0);
		assert_noop!(retire(), Error::<Test>::NotPublisher);
		let set = |who, expires| Snapshots::set_expiry(RuntimeOrigin::signed(who), 0, expires);
		assert_noop!(set(bob(), None), Error::<Test>::NotPublisher);
		assert_noop!(set(alice(), Some(10)), Error::<Test>::AlreadyExpired);
		assert_ok!(set(alice(), Some(12)));
		System::assert_last_event(Event::ExpirySet { snapshot: 0, expires: Some(12) }.into());
		System::set_block_number(11);
		assert_noop!(retire(), Error::<Test>::NotPublisher);
		System::set_block_number(12);
		assert_ok!(retire());
		assert_eq!(held(&alice()), 0, "the deposit is its publisher's");
		let unknown = Error::<Test>::UnknownSnapshot;
		assert_noop!(Snapshots::set_expiry(RuntimeOrigin::signed(alice()), 0, None), unknown);
		// So can what a closed reservation stored.
		assert_ok!(publish(None));
		Tenants::mutate(|tenants| tenants.remove(&1));
		assert_ok!(Snapshots::retire(RuntimeOrigin::signed(bob()), 1));
	});
}

#[test]
fn the_runtime_fits_together() {
	use frame_support::traits::Hooks;
	new_test_ext().execute_with(<Snapshots as Hooks<u32>>::integrity_test);
}
