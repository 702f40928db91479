//! Inviting, joining, parameters.

use super::admit;
use crate::{mock::*, Bonds, Error, Event, Invitations, Parameters, ValidatorParameters};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError, TokenError};

#[test]
fn who_is_invited_and_has_keys_joins_with_a_bond() {
	run(|| {
		assert_ok!(Validators::invite(RuntimeOrigin::root(), 5));
		assert_eq!(last_event(), Event::Invited { account: 5, until: 2 });
		set_keys(5, keys(5));
		assert_ok!(Validators::join(RuntimeOrigin::signed(5)));
		assert_eq!(last_event(), Event::Joined { validator: 5, bond: 100 });
		assert_eq!((held(5), Invitations::<Test>::count()), (100, 0));
		assert_eq!(Session::validators(), [1, 2, 3, 4]);
		end_sessions(1);
		assert_eq!(Session::validators(), [1, 2, 3, 4]);
		end_sessions(1);
		assert_eq!(Session::validators(), [1, 2, 3, 4, 5]);
		assert_eq!(Running::get(), [1, 2, 3, 4, 5]);
	});
}

#[test]
fn only_governance_invites_and_revokes() {
	run(|| {
		let signed = || RuntimeOrigin::signed(1);
		assert_noop!(Validators::invite(signed(), 5), DispatchError::BadOrigin);
		assert_noop!(Validators::revoke(signed(), 5), DispatchError::BadOrigin);
		let root = RuntimeOrigin::root;
		assert_noop!(Validators::invite(root(), 1), Error::<Test>::AlreadyValidator);
		assert_noop!(Validators::revoke(root(), 5), Error::<Test>::NotInvited);
		assert_ok!(Validators::invite(root(), 5));
		assert_ok!(Validators::revoke(root(), 5));
		assert_eq!(last_event(), Event::Revoked { account: 5 });
		set_keys(5, keys(5));
		assert_noop!(Validators::join(RuntimeOrigin::signed(5)), Error::<Test>::NotInvited);
	});
}

#[test]
fn invitations_are_bounded_and_renewable() {
	run(|| {
		for account in 5..11 {
			assert_ok!(Validators::invite(RuntimeOrigin::root(), account));
		}
		assert_noop!(
			Validators::invite(RuntimeOrigin::root(), 11),
			Error::<Test>::TooManyInvitations
		);
		end_sessions(1);
		assert_ok!(Validators::invite(RuntimeOrigin::root(), 5));
		assert_eq!(last_event(), Event::Invited { account: 5, until: 3 });
	});
}

#[test]
fn an_invitation_expires() {
	run(|| {
		assert_ok!(Validators::invite(RuntimeOrigin::root(), 5));
		set_keys(5, keys(5));
		end_sessions(3);
		assert_noop!(Validators::join(RuntimeOrigin::signed(5)), Error::<Test>::InvitationExpired);
	});
}

#[test]
fn without_keys_money_or_room_nobody_joins() {
	run(|| {
		assert_noop!(Validators::join(RuntimeOrigin::none()), DispatchError::BadOrigin);
		assert_ok!(Validators::invite(RuntimeOrigin::root(), 5));
		assert_noop!(Validators::join(RuntimeOrigin::signed(5)), Error::<Test>::NoKeys);
		assert_ok!(Validators::invite(RuntimeOrigin::root(), 21));
		set_keys(21, keys(21));
		assert_noop!(Validators::join(RuntimeOrigin::signed(21)), TokenError::FundsUnavailable);
		assert_ok!(admit(5));
		assert_ok!(admit(6));
		assert_ok!(Validators::invite(RuntimeOrigin::root(), 7));
		set_keys(7, keys(7));
		assert_noop!(Validators::join(RuntimeOrigin::signed(7)), Error::<Test>::TooManyValidators);
	});
}

#[test]
fn whoever_left_withdraws_before_it_joins_again() {
	run(|| {
		assert_ok!(Validators::leave(RuntimeOrigin::signed(4)));
		end_sessions(3);
		assert_ok!(Validators::invite(RuntimeOrigin::root(), 4));
		assert_noop!(Validators::join(RuntimeOrigin::signed(4)), Error::<Test>::StillBonded);
		end_sessions(1);
		assert_ok!(Validators::withdraw(RuntimeOrigin::signed(4)));
		assert_ok!(admit(4));
		assert_eq!(Bonds::<Test>::get(4).unwrap().until, None);
	});
}

#[test]
fn parameters_must_be_sane_and_come_from_governance() {
	run(|| {
		let parameters = Parameters { bond: 500, ..RULES };
		let set = |parameters| Validators::set_parameters(RuntimeOrigin::root(), parameters);
		assert_ok!(set(parameters));
		assert_eq!(last_event(), Event::ParametersSet { parameters });
		assert_ok!(admit(5));
		assert_eq!((held(1), held(5)), (100, 500));
		for bad in [
			Parameters { bond: 0, ..RULES },
			Parameters { unbonding_sessions: 2, ..RULES },
			Parameters { unbonding_sessions: 201, ..RULES },
			Parameters { invitation_sessions: 0, ..RULES },
			Parameters { minimum: 0, ..RULES },
			Parameters { minimum: 7, ..RULES },
		] {
			assert_noop!(set(bad), Error::<Test>::BadParameters);
		}
		assert_eq!(ValidatorParameters::<Test>::get(), parameters);
		let signed = Validators::set_parameters(RuntimeOrigin::signed(1), RULES);
		assert_noop!(signed, DispatchError::BadOrigin);
	});
}

#[test]
fn the_default_rules_fit_a_chain_of_a_hundred() {
	assert!(Parameters::default().are_sane(100, 168));
}

#[test]
#[should_panic(expected = "cannot be one")]
fn a_genesis_validator_needs_its_bond() {
	use sp_runtime::BuildStorage;
	let validators = vec![1].try_into().unwrap();
	let genesis = crate::GenesisConfig::<Test> { parameters: RULES, validators };
	let _ = genesis.build_storage();
}

#[test]
fn the_runtime_fits_together() {
	use frame_support::traits::Hooks;
	run(<Validators as Hooks<u64>>::integrity_test);
}
