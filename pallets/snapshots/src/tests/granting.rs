//! Sealed keys for recipients.

use crate::{mock::*, types::Sealed, Error, Event, GrantCounts, Grants, HoldReason};
use frame_support::{assert_noop, assert_ok, traits::fungible::InspectHold};
use granary_primitives::snapshot::GrantInfo;
use sp_runtime::{AccountId32, DispatchError, DispatchResult, TokenError};

fn held(who: &AccountId32) -> u128 {
	Balances::balance_on_hold(&HoldReason::Grant.into(), who)
}

fn sealed(len: usize) -> Sealed {
	vec![3; len].try_into().unwrap()
}

fn grant(who: AccountId32, recipient: u8, len: usize, expires: Option<u32>) -> DispatchResult {
	let origin = RuntimeOrigin::signed(who);
	Snapshots::grant(origin, 1, [5; 16], [recipient; 32], sealed(len), expires)
}

fn revoke(who: AccountId32, recipient: u8) -> DispatchResult {
	Snapshots::revoke(RuntimeOrigin::signed(who), 1, [5; 16], [recipient; 32])
}

#[test]
fn a_tenant_grants_and_revokes() {
	run(|| {
		System::set_block_number(7);
		assert_ok!(grant(alice(), 1, 40, Some(9)));
		let (dataset, recipient) = ([5; 16], [1; 32]);
		System::assert_last_event(
			Event::Granted { reservation: 1, dataset, recipient, expires: Some(9) }.into(),
		);
		assert_eq!(held(&alice()), 50);
		let answer = GrantInfo {
			recipient,
			granter: [1; 32],
			sealed: vec![3; 40],
			granted: 7,
			expires: Some(9),
		};
		assert_eq!(Snapshots::grant_of((1, dataset, recipient)), Some(answer));
		assert_ok!(revoke(alice(), 1));
		System::assert_last_event(
			Event::Revoked { reservation: 1, dataset, recipient, granter: alice(), deposit: 50 }
				.into(),
		);
		assert_eq!((held(&alice()), Grants::<Test>::iter().count()), (0, 0));
		assert!(!GrantCounts::<Test>::contains_key(1));
		assert_noop!(revoke(alice(), 1), Error::<Test>::UnknownGrant);
	});
}

#[test]
fn a_later_grant_takes_the_place_of_an_earlier() {
	run(|| {
		assert_ok!(grant(alice(), 1, 40, None));
		assert_ok!(grant(alice(), 1, 60, None));
		assert_eq!((held(&alice()), GrantCounts::<Test>::get(1)), (70, 1));
		assert_eq!(Snapshots::grant_of((1, [5; 16], [1; 32])).unwrap().sealed.len(), 60);
	});
}

#[test]
fn only_a_tenant_grants_and_so_many() {
	run(|| {
		assert_noop!(grant(bob(), 1, 40, None), Error::<Test>::NotTenant);
		assert_noop!(grant(alice(), 1, 0, None), Error::<Test>::EmptyKey);
		assert_noop!(grant(alice(), 1, 1, Some(1)), Error::<Test>::AlreadyExpired);
		let unknown =
			Snapshots::grant(RuntimeOrigin::signed(alice()), 9, [5; 16], [1; 32], sealed(1), None);
		assert_eq!(unknown, Err(Error::<Test>::UnknownReservation.into()));
		assert_noop!(
			Snapshots::grant(RuntimeOrigin::none(), 1, [5; 16], [1; 32], sealed(1), None),
			DispatchError::BadOrigin
		);
		assert_noop!(grant(alice(), 1, 2_000, None), TokenError::FundsUnavailable);
		assert_ok!(grant(alice(), 1, 1, None));
		assert_ok!(grant(alice(), 2, 1, None));
		assert_noop!(grant(alice(), 3, 1, None), Error::<Test>::TooManyGrants);
		assert_ok!(grant(alice(), 2, 2, None));
	});
}

#[test]
fn strangers_remove_what_is_out_of_date_only() {
	run(|| {
		assert_ok!(grant(alice(), 1, 40, Some(5)));
		assert_ok!(grant(alice(), 2, 40, None));
		assert_noop!(revoke(bob(), 1), Error::<Test>::NotGranter);
		System::set_block_number(5);
		assert_ok!(revoke(bob(), 1));
		assert_eq!(held(&alice()), 50, "the deposit is the granter's");
		assert_noop!(revoke(bob(), 2), Error::<Test>::NotGranter);
		// Whoever took the reservation over decides who reads.
		Tenants::mutate(|tenants| tenants.insert(1, bob()));
		assert_ok!(revoke(bob(), 2));
		assert_ok!(grant(bob(), 3, 1, None));
		Tenants::mutate(|tenants| tenants.remove(&1));
		assert_ok!(revoke(alice(), 3));
		assert_eq!((held(&alice()), held(&bob())), (0, 0));
	});
}

#[test]
fn the_grants_of_a_dataset_come_in_pages() {
	run(|| {
		assert_ok!(grant(alice(), 1, 1, None));
		assert_ok!(grant(alice(), 2, 1, None));
		let page = |after, limit| Snapshots::grants_of_dataset(1, [5; 16], after, limit);
		let all = page(None, 10);
		assert_eq!(all.len(), 2);
		let first = page(None, 1);
		assert_eq!(first, all[..1]);
		assert_eq!(page(Some(first[0].recipient), 10), all[1..]);
		assert!(page(Some(all[1].recipient), 10).is_empty());
		assert!(Snapshots::grants_of_dataset(2, [5; 16], None, 10).is_empty());
	});
}
