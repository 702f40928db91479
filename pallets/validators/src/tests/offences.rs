//! What an equivocation costs.

use super::admit;
use crate::{mock::*, Bonds, Error, Event, Expelled, Members, OldestSession, Slashes};
use frame_support::{assert_noop, assert_ok};
use pallet_session::historical::HistoricalSessions;
use sp_runtime::Perbill;
use sp_staking::offence::{OffenceDetails, OnOffenceHandler};

/// Reports offences of these validators in this session, as the offences pallet does.
fn report(offenders: &[u64], percent: u32, session: u32) {
	let details: Vec<_> = offenders
		.iter()
		.map(|who| OffenceDetails { offender: (*who, ()), reporters: vec![] })
		.collect();
	let fractions = vec![Perbill::from_percent(percent); offenders.len()];
	Validators::on_offence(&details, &fractions, session);
}

#[test]
fn an_offender_is_slashed_disabled_and_out() {
	run(|| {
		report(&[2], 50, 0);
		assert_eq!(last_event(), Event::Expelled { validator: 2, until: 4 });
		System::assert_has_event(Event::Slashed { validator: 2, session: 0, amount: 50 }.into());
		assert_eq!((held(2), Balances::free_balance(99)), (50, 51));
		assert_eq!(Session::disabled_validators(), [1]);
		end_sessions(1);
		assert_eq!(Session::validators(), [1, 2, 3, 4]);
		assert_eq!(Session::disabled_validators(), [1], "it stays disabled while it is there");
		end_sessions(1);
		assert_eq!(Session::validators(), [1, 3, 4]);
		assert!(Session::disabled_validators().is_empty());
		assert!(Expelled::<Test>::get().is_empty());
		end_sessions(2);
		assert_ok!(Validators::withdraw(RuntimeOrigin::signed(2)));
		assert_eq!(Balances::free_balance(2), 950);
	});
}

#[test]
fn an_offender_stays_disabled_when_others_change() {
	run(|| {
		assert_ok!(admit(5));
		end_sessions(1);
		report(&[2], 50, 1);
		end_sessions(1);
		assert_eq!(Session::validators(), [1, 2, 3, 4, 5]);
		assert_eq!(Session::disabled_validators(), [1]);
	});
}

#[test]
fn an_offence_costs_at_least_so_much() {
	run(|| {
		report(&[2], 1, 0);
		assert_eq!(held(2), 90);
	});
}

#[test]
fn concurrent_reports_take_the_difference_only() {
	run(|| {
		report(&[2], 20, 0);
		report(&[2, 3], 60, 0);
		assert_eq!((held(2), held(3)), (40, 40));
		report(&[2, 3], 60, 0);
		report(&[2], 30, 0);
		assert_eq!((held(2), held(3)), (40, 40));
		// Another session is another offence; there is not more than there is.
		report(&[2], 100, 1);
		assert_eq!(held(2), 0);
		report(&[2], 100, 2);
		assert_eq!(Balances::free_balance(99), 1 + 100 + 60);
	});
}

#[test]
fn who_left_is_still_slashed() {
	run(|| {
		assert_ok!(Validators::leave(RuntimeOrigin::signed(2)));
		end_sessions(3);
		report(&[2], 100, 0);
		assert_eq!(held(2), 0);
		end_sessions(1);
		assert_ok!(Validators::withdraw(RuntimeOrigin::signed(2)));
		assert_eq!(last_event(), Event::Withdrawn { account: 2, amount: 0 });
		report(&[2], 100, 0);
		assert_eq!(Bonds::<Test>::get(2), None);
	});
}

#[test]
fn offenders_stay_only_until_others_have_come() {
	run(|| {
		report(&[1, 2, 3], 100, 0);
		assert_eq!(Members::<Test>::get().into_inner(), [4]);
		end_sessions(2);
		assert_eq!(Session::validators(), [4, 1], "one is kept: two are the minimum");
		end_sessions(4);
		assert_noop!(Validators::withdraw(RuntimeOrigin::signed(1)), Error::<Test>::KeysInUse);
		assert_ok!(Validators::withdraw(RuntimeOrigin::signed(3)));
		assert_ok!(admit(5));
		end_sessions(2);
		assert_eq!(Session::validators(), [4, 5]);
		assert_ok!(Validators::withdraw(RuntimeOrigin::signed(1)));
	});
}

#[test]
fn at_most_a_third_is_disabled() {
	run(|| {
		report(&[1, 2, 3], 100, 0);
		assert_eq!(Session::disabled_validators().len(), 1);
	});
}

#[test]
fn an_expelled_validator_needs_a_new_invitation() {
	run(|| {
		report(&[2], 10, 0);
		assert_noop!(Validators::join(RuntimeOrigin::signed(2)), Error::<Test>::NotInvited);
		end_sessions(4);
		assert!(admit(2).is_err(), "the old bond is still there");
		assert_ok!(Validators::withdraw(RuntimeOrigin::signed(2)));
		assert_ok!(admit(2));
		assert!(!Bonds::<Test>::get(2).unwrap().offended);
	});
}

#[test]
fn old_sessions_are_forgotten_some_at_a_time() {
	run(|| {
		report(&[2], 10, 0);
		end_sessions(7);
		assert_eq!(Slashes::<Test>::iter().count(), 0);
		assert_eq!(OldestSession::<Test>::get(), 1);
		assert!(HistoricalSessions::<Test>::get(0).is_none());
		assert!(HistoricalSessions::<Test>::get(1).is_some());
		// A cursor that is far behind catches up in steps.
		pallet_session::CurrentIndex::<Test>::put(99);
		end_sessions(1);
		assert_eq!(OldestSession::<Test>::get(), 9);
		end_sessions(1);
		assert_eq!(OldestSession::<Test>::get(), 17);
	});
}
