//! Targeted audits are bought, opened, paid or rewarded, and never drown a node.

use crate::{mock::*, AuditParameters, Audited, Error, Event, Targeted, TargetedQueue};
use frame_support::{
	assert_noop, assert_ok,
	traits::fungible::{Inspect, InspectHold},
};
use granary_primitives::{audit::AuditKind, traits::AuditSchedule, Balance};
use sp_runtime::{AccountId32, DispatchError, DispatchResult, Perbill, TokenError};

const TERMS: crate::TargetedTerms = PARAMETERS.targeted;

fn buy(number: u8, allotment: u64, leaves: u32) -> DispatchResult {
	Audits::buy_audit(RuntimeOrigin::signed(buyer(number)), allotment, leaves)
}

fn held(number: u8) -> Balance {
	let reason = crate::HoldReason::TargetedAudit.into();
	<Balances as InspectHold<AccountId32>>::balance_on_hold(&reason, &buyer(number))
}

fn total(number: u8) -> Balance {
	<Balances as Inspect<AccountId32>>::total_balance(&buyer(number))
}

/// A party whose next scheduled audit is far away.
fn quiet() -> Party {
	AuditParameters::<Test>::mutate(|p| p.period_ticks = 10_000);
	let mut party = Party::new(1);
	party.checkpoint(500);
	party
}

#[test]
fn a_proven_one_pays_the_nodes_side() {
	run(|| {
		let party = quiet();
		let scheduled = Audits::audit_status(1).unwrap().next_tick;
		Payee::set(Some(buyer(7)));
		assert_ok!(buy(0, 1, 64));
		System::assert_last_event(
			Event::AuditBought {
				allotment: 1,
				buyer: buyer(0),
				leaves: 64,
				deposit: TERMS.deposit,
			}
			.into(),
		);
		assert_eq!(held(0), TERMS.deposit);
		let bought = Audits::audit_details(1).unwrap().bought.unwrap();
		assert_eq!((bought.buyer, bought.leaves), (buyer(0).into(), 64));
		let due = party.await_audit();
		assert_eq!(due.leaves.len(), 64);
		assert_eq!(Audits::audit_details(1).unwrap().open.unwrap().kind, AuditKind::Targeted);
		assert_eq!(Audits::audit_status(1).unwrap().next_tick, scheduled);
		party.answer(&due);
		System::assert_last_event(
			Event::PurchaseSettled { allotment: 1, buyer: buyer(0), paid: TERMS.price, reward: 0 }
				.into(),
		);
		assert_eq!((held(0), total(0), total(7)), (0, WEALTH - TERMS.price, WEALTH + TERMS.price));
		assert!(Slashed::get().is_empty());
	});
}

#[test]
fn without_a_payee_the_price_is_burned() {
	run(|| {
		let party = quiet();
		let issued = Balances::total_issuance();
		for payee in [None, Some(AccountId32::new([77; 32]))] {
			// The second cannot receive less than an existential deposit.
			AuditParameters::<Test>::mutate(|p| p.targeted.price = 5);
			Payee::set(payee);
			assert_ok!(buy(0, 1, 4));
			party.answer(&party.await_audit());
			run_to_tick(Audits::audit_clock().tick + TERMS.cooldown_ticks);
		}
		assert_eq!((held(0), total(0)), (0, WEALTH - 10));
		assert_eq!(Balances::total_issuance(), issued - 10);
	});
}

#[test]
fn a_missed_one_is_returned_with_a_reward() {
	run(|| {
		let party = quiet();
		assert_ok!(buy(0, 1, 16));
		party.miss(&party.await_audit());
		let reward = TERMS.reward * BOND;
		System::assert_last_event(
			Event::PurchaseSettled { allotment: 1, buyer: buyer(0), paid: 0, reward }.into(),
		);
		assert_eq!((held(0), total(0)), (0, WEALTH + reward));
		assert_eq!(Slashed::get(), vec![(1, Perbill::from_percent(1), Some(buyer(0)))]);
		assert_eq!(Audits::audit_status(1).unwrap().window_misses, 1, "it counts as any other");
	});
}

#[test]
fn refusals() {
	run(|| {
		assert_noop!(buy(0, 1, 4), Error::<Test>::UnknownAllotment);
		let mut party = Party::new(1);
		assert_noop!(buy(0, 1, 4), Error::<Test>::NoCheckpoint);
		AuditParameters::<Test>::mutate(|p| p.period_ticks = 10_000);
		party.checkpoint(100);
		assert_noop!(buy(0, 1, 0), Error::<Test>::LeavesOutOfRange);
		assert_noop!(buy(0, 1, 65), Error::<Test>::LeavesOutOfRange);
		Resting::set(vec![1]);
		assert_noop!(buy(0, 1, 4), Error::<Test>::NodeInMaintenance);
		Resting::set(vec![]);
		World::change(1, |view| view.live = false);
		assert_noop!(buy(0, 1, 4), Error::<Test>::AllotmentClosed);
		World::change(1, |view| view.live = true);
		let poor = RuntimeOrigin::signed(AccountId32::new([1; 32]));
		assert_noop!(Audits::buy_audit(poor, 1, 4), TokenError::FundsUnavailable);
		assert_noop!(Audits::buy_audit(RuntimeOrigin::root(), 1, 4), DispatchError::BadOrigin);
		assert_ok!(buy(0, 1, 4));
		assert_noop!(buy(1, 1, 4), Error::<Test>::AlreadyBought);
		let due = party.await_audit();
		assert_noop!(buy(1, 1, 4), Error::<Test>::AlreadyBought);
		party.answer(&due);
		assert_noop!(buy(1, 1, 4), Error::<Test>::BoughtTooSoon);
		run_to_tick(TERMS.cooldown_ticks + 1);
		assert_ok!(buy(1, 1, 4));
	});
}

#[test]
fn the_queue_is_bounded_and_drains() {
	run(|| {
		AuditParameters::<Test>::mutate(|p| p.period_ticks = 10_000);
		for id in 1..=65 {
			Party::new(id).checkpoint(4);
			if id <= 64 {
				assert_ok!(buy((id % 8) as u8, id, 4));
			}
		}
		assert_noop!(buy(0, 65, 4), Error::<Test>::TooManyBought);
		// Half of the four openings of a tick: two are opened at each.
		next_block();
		assert_eq!(TargetedQueue::<Test>::get().len(), 62);
		for _ in 0..31 {
			next_block();
		}
		assert!(TargetedQueue::<Test>::get().is_empty());
		run_to_tick(60);
		assert_eq!(Targeted::<Test>::iter().count(), 0);
		assert_eq!(Slashed::get().len(), 64, "every buyer was rewarded");
	});
}

#[test]
fn one_waits_while_another_audit_is_open() {
	run(|| {
		let mut party = Party::new(1);
		party.checkpoint(100);
		let due = party.await_audit();
		assert_ok!(buy(0, 1, 8));
		next_block();
		next_block();
		assert_eq!(TargetedQueue::<Test>::get().into_inner(), [1]);
		party.answer(&due);
		let due = party.await_audit();
		assert_eq!(due.leaves.len(), 8);
		assert_eq!(Audits::audit_details(1).unwrap().open.unwrap().kind, AuditKind::Targeted);
	});
}

#[test]
fn the_deposit_comes_back_if_it_cannot_take_place() {
	run(|| {
		let _party = quiet();
		assert_ok!(buy(0, 1, 8));
		Resting::set(vec![1]);
		next_block();
		System::assert_last_event(Event::PurchaseRefunded { allotment: 1, buyer: buyer(0) }.into());
		assert_eq!((held(0), total(0)), (0, WEALTH));
		Resting::set(vec![]);
		run_to_tick(60);
		// Closed while it waits, closed while it is open, found dead when its turn comes.
		assert_ok!(buy(0, 1, 8));
		Audits::closed(1);
		assert_eq!((held(0), total(0)), (0, WEALTH));
		let mut second = Party::new(2);
		second.checkpoint(10);
		assert_ok!(buy(0, 2, 8));
		second.await_audit();
		Audits::closed(2);
		assert_eq!((held(0), total(0)), (0, WEALTH));
		Party::new(3).checkpoint(10);
		assert_ok!(buy(0, 3, 8));
		World::change(3, |view| view.live = false);
		next_block();
		assert_eq!((held(0), total(0)), (0, WEALTH));
		assert_eq!(Audited::<Test>::iter().count(), 0);
	});
}
