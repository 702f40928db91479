//! Leaving, being removed, getting the bond back.

use crate::{mock::*, Bonds, Error, Event};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

#[test]
fn who_leaves_works_on_until_the_second_boundary() {
	run(|| {
		assert_ok!(Validators::leave(RuntimeOrigin::signed(2)));
		assert_eq!(last_event(), Event::Left { validator: 2, until: 4 });
		end_sessions(1);
		assert_eq!(Session::validators(), [1, 2, 3, 4]);
		end_sessions(1);
		assert_eq!(Session::validators(), [1, 3, 4]);
		assert_noop!(Validators::leave(RuntimeOrigin::signed(2)), Error::<Test>::NotValidator);
	});
}

#[test]
fn the_bond_comes_back_after_the_unbonding() {
	run(|| {
		let withdraw = |who| Validators::withdraw(RuntimeOrigin::signed(who));
		assert_noop!(withdraw(9), Error::<Test>::NoBond);
		assert_noop!(withdraw(2), Error::<Test>::StillValidator);
		assert_ok!(Validators::leave(RuntimeOrigin::signed(2)));
		end_sessions(3);
		assert_noop!(withdraw(2), Error::<Test>::TooEarly);
		assert_noop!(
			Validators::release_keys(RuntimeOrigin::signed(2)),
			Error::<Test>::StillBonded
		);
		end_sessions(1);
		assert_ok!(withdraw(2));
		assert_eq!(last_event(), Event::Withdrawn { account: 2, amount: 100 });
		assert_eq!((held(2), Bonds::<Test>::get(2)), (0, None));
		assert!(Session::load_keys(&2).is_none());
		assert_noop!(withdraw(2), Error::<Test>::NoBond);
		assert_noop!(Validators::withdraw(RuntimeOrigin::none()), DispatchError::BadOrigin);
	});
}

#[test]
fn governance_removes() {
	run(|| {
		assert_noop!(Validators::remove(RuntimeOrigin::signed(1), 2), DispatchError::BadOrigin);
		assert_noop!(Validators::remove(RuntimeOrigin::root(), 9), Error::<Test>::NotValidator);
		assert_ok!(Validators::remove(RuntimeOrigin::root(), 2));
		assert_eq!(last_event(), Event::Removed { validator: 2, until: 4 });
		assert_eq!(held(2), 100);
		end_sessions(2);
		assert_eq!(Session::validators(), [1, 3, 4]);
	});
}

#[test]
fn the_last_ones_stay() {
	run(|| {
		assert_ok!(Validators::leave(RuntimeOrigin::signed(1)));
		assert_ok!(Validators::leave(RuntimeOrigin::signed(2)));
		assert_noop!(Validators::leave(RuntimeOrigin::signed(3)), Error::<Test>::TooFewValidators);
		assert_noop!(Validators::remove(RuntimeOrigin::root(), 3), Error::<Test>::TooFewValidators);
		end_sessions(3);
		assert_eq!(Session::validators(), [3, 4]);
	});
}

#[test]
fn keys_of_no_validator_are_released() {
	run(|| {
		set_keys(9, keys(9));
		assert_ok!(Validators::release_keys(RuntimeOrigin::signed(9)));
		assert!(Session::load_keys(&9).is_none());
		assert_noop!(
			Validators::release_keys(RuntimeOrigin::signed(9)),
			pallet_session::Error::<Test>::NoKeys
		);
		assert_noop!(Validators::release_keys(RuntimeOrigin::none()), DispatchError::BadOrigin);
	});
}
