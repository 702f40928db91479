//! What consensus hears, and when.

use super::admit;
use crate::{mock::*, Members};
use frame_support::{assert_ok, traits::KeyOwnerProofSystem};
use pallet_session::historical::HistoricalSessions;
use sp_runtime::{key_types::DUMMY, testing::UintAuthorityId};

#[test]
fn a_set_that_stays_is_not_announced() {
	run(|| {
		end_sessions(2);
		for _ in 0..3 {
			end_sessions(1);
			assert!(!Changed::get());
		}
		assert_ok!(admit(5));
		end_sessions(1);
		assert!(!Changed::get());
		end_sessions(1);
		assert!(Changed::get());
	});
}

#[test]
fn every_session_has_its_root() {
	run(|| {
		end_sessions(3);
		for session in 0..=4 {
			assert_eq!(HistoricalSessions::<Test>::get(session).unwrap().1, 4);
		}
	});
}

#[test]
fn rotated_keys_can_be_proven_from_their_first_session_on() {
	run(|| {
		end_sessions(2);
		set_keys(2, Keys { dummy: UintAuthorityId(222) });
		end_sessions(2);
		assert!(Changed::get());
		let key = (DUMMY, UintAuthorityId(222));
		let proof = Historical::prove(key.clone()).unwrap();
		assert_eq!(Historical::check_proof(key.clone(), proof.clone()), Some((2, ())));
		end_sessions(1);
		assert_eq!(proof.session + 1, Session::current_index());
		assert_eq!(Historical::check_proof(key, proof), Some((2, ())));
	});
}

#[test]
fn without_validators_the_set_stays() {
	run(|| {
		let members = Members::<Test>::take();
		end_sessions(3);
		assert_eq!(Session::validators(), [1, 2, 3, 4]);
		Members::<Test>::put(members);
	});
}
