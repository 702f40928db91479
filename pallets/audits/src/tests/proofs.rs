//! The pool lets only owed proofs pass, the block believes only the tree.

use crate::{mock::*, types::PROOF_PRIORITY, Call, Error, Event, MaxProofLen, ProofRefusal};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::Pays,
	traits::{Authorize, Get},
};
use granary_primitives::{
	audit::{AuditOutcome, Challenge},
	Signature, Tick,
};
use sp_runtime::{
	traits::Dispatchable,
	transaction_validity::{TransactionSource, TransactionValidityError, ValidTransaction},
	AccountId32, DispatchError,
};

fn authorized() -> RuntimeOrigin {
	frame_system::Origin::<Test>::Authorized.into()
}

fn call(allotment: u64, tick: Tick, proof: Vec<u8>, signature: Signature) -> RuntimeCall {
	let proof = proof.try_into().unwrap();
	let challenge = asked(allotment);
	RuntimeCall::Audits(Call::submit_proof { allotment, tick, challenge, proof, signature })
}

fn authorize(call: &RuntimeCall) -> Result<ValidTransaction, TransactionValidityError> {
	let result = call.authorize(TransactionSource::External).expect("the call is authorised");
	result.map(|(validity, refund)| {
		assert_eq!(refund, Default::default());
		validity
	})
}

fn refused(call: &RuntimeCall, refusal: ProofRefusal) {
	assert_eq!(authorize(call), Err(crate::types::invalid(refusal)));
}

fn dispatch(call: RuntimeCall) -> Result<Pays, DispatchError> {
	call.dispatch(authorized()).map(|info| info.pays_fee).map_err(|error| error.error)
}

/// A party whose audit is open and whose window has opened, with its proof.
fn owed() -> (Party, granary_primitives::audit::DueAudit, Vec<u8>, Signature) {
	let mut party = Party::new(1);
	party.checkpoint(100);
	let due = party.await_audit();
	run_to_tick(due.opens_tick);
	let (proof, signature) = party.prove(&due);
	(party, due, proof, signature)
}

#[test]
fn a_valid_proof_is_recorded_and_paid() {
	run(|| {
		let (_, due, proof, signature) = owed();
		assert_eq!(due.leaves.len(), 4);
		let call = call(1, due.tick, proof, signature);
		assert_ok!(authorize(&call));
		System::set_extrinsic_index(3);
		assert_eq!(dispatch(call), Ok(Pays::No));
		System::assert_last_event(
			Event::AuditProven { allotment: 1, node: 1, tick: due.tick }.into(),
		);
		let status = Audits::audit_status(1).unwrap();
		assert_eq!((status.proven, status.missed, status.window_misses), (1, 0, 0));
		let history = Audits::audit_history(1);
		let block = System::block_number();
		assert_eq!(history.len(), 1);
		assert_eq!(history[0].outcome, AuditOutcome::Proven { block, extrinsic: 3 });
		assert_eq!(history[0].tick, due.tick);
		// From the block of the checkpoint to the block in which the audit was opened.
		let opened = due.tick;
		assert_eq!(Till::get(), vec![(1, true, 1, opened)]);
		assert!(Audits::due_audits(None, 10).is_empty());
	});
}

#[test]
fn a_proof_repeats_what_the_audit_asked() {
	run(|| {
		let (_, due, proof, signature) = owed();
		let right = due.challenge();
		let wrong = [
			Challenge { seed: [1; 32], ..right },
			Challenge { root: [1; 32], ..right },
			Challenge { leaf_count: right.leaf_count + 1, ..right },
			Challenge { samples: right.samples + 1, ..right },
		];
		for challenge in wrong {
			let proof = proof.clone().try_into().unwrap();
			let call =
				Call::submit_proof { allotment: 1, tick: due.tick, challenge, proof, signature };
			let call = RuntimeCall::Audits(call);
			refused(&call, ProofRefusal::WrongChallenge);
			assert_noop!(dispatch(call), Error::<Test>::WrongChallenge);
		}
		assert_ok!(authorize(&call(1, due.tick, proof, signature)));
	});
}

#[test]
fn the_pool_learns_what_it_needs() {
	run(|| {
		let (_, due, proof, signature) = owed();
		let validity = authorize(&call(1, due.tick, proof.clone(), signature)).unwrap();
		assert_eq!(validity.priority, PROOF_PRIORITY);
		assert_eq!(validity.longevity, u64::from(due.deadline_tick - due.opens_tick) + 1);
		assert!(validity.propagate && validity.requires.is_empty());
		assert_eq!(validity.provides.len(), 1);
		// The same audit provides the same tag whatever the bytes are.
		let (party, ..) = (Party::new(1), ());
		let wrong = vec![1; proof.len()];
		let signature = party.sign_proof(due.tick, &wrong);
		let other = authorize(&call(1, due.tick, wrong, signature)).unwrap();
		assert_eq!(other.provides, validity.provides);
	});
}

#[test]
fn a_proof_is_neither_early_nor_late() {
	run(|| {
		let mut party = Party::new(1);
		party.checkpoint(100);
		let due = party.await_audit();
		let (proof, signature) = party.prove(&due);
		let call = call(1, due.tick, proof, signature);
		assert_eq!(due.current_tick, due.tick);
		refused(&call, ProofRefusal::TooEarly);
		assert_noop!(dispatch(call.clone()), Error::<Test>::TooEarly);
		next_block();
		refused(&call, ProofRefusal::TooEarly);
		next_block();
		assert_ok!(authorize(&call));
		run_to_tick(due.deadline_tick);
		assert_eq!(authorize(&call).unwrap().longevity, 1);
		next_block();
		refused(&call, ProofRefusal::TooLate);
		assert_noop!(dispatch(call), Error::<Test>::TooLate);
	});
}

#[test]
fn a_proof_counts_at_the_last_moment() {
	run(|| {
		let (_, due, proof, signature) = owed();
		run_to_tick(due.deadline_tick);
		assert_ok!(dispatch(call(1, due.tick, proof, signature)));
		run_to_tick(due.deadline_tick + 3);
		assert_eq!(Audits::audit_status(1).unwrap().missed, 0);
	});
}

#[test]
fn a_proof_is_taken_once() {
	run(|| {
		let (_, due, proof, signature) = owed();
		let call = call(1, due.tick, proof, signature);
		assert_ok!(dispatch(call.clone()));
		refused(&call, ProofRefusal::AlreadyProven);
		assert_noop!(dispatch(call), Error::<Test>::AlreadyProven);
	});
}

#[test]
fn an_audit_must_be_owed() {
	run(|| {
		let (party, due, proof, _) = owed();
		for (allotment, tick) in [(1, due.tick + 1), (1, due.tick - 1), (2, due.tick)] {
			let signature = party.sign_proof(tick, &proof);
			let call = call(allotment, tick, proof.clone(), signature);
			refused(&call, ProofRefusal::UnknownAudit);
			assert_noop!(dispatch(call), Error::<Test>::UnknownAudit);
		}
	});
}

#[test]
fn only_one_length_is_possible() {
	run(|| {
		let (party, due, proof, _) = owed();
		for wrong in [proof[1..].to_vec(), [&proof[..], &[0]].concat(), Vec::new()] {
			let signature = party.sign_proof(due.tick, &wrong);
			let call = call(1, due.tick, wrong, signature);
			refused(&call, ProofRefusal::WrongLength);
			assert_noop!(dispatch(call), Error::<Test>::WrongLength);
		}
	});
}

#[test]
fn only_the_nodes_key_passes() {
	run(|| {
		let (party, due, proof, signature) = owed();
		let stranger = Party::new(2);
		let mut other = proof.clone();
		other[0] ^= 1;
		let forgeries = [
			call(1, due.tick, other, signature),
			call(1, due.tick, proof.clone(), [0; 64]),
			call(1, due.tick, proof.clone(), stranger.sign_proof(due.tick, &proof)),
			call(1, due.tick, proof.clone(), party.sign_proof(due.tick + 1, &proof)),
		];
		for forgery in forgeries {
			refused(&forgery, ProofRefusal::BadSignature);
		}
		World::set_key(1, None);
		refused(&call(1, due.tick, proof, signature), ProofRefusal::UnknownNode);
	});
}

#[test]
fn a_wrong_proof_passes_the_pool_but_not_the_tree() {
	run(|| {
		let (party, due, proof, signature) = owed();
		for (attempts_left, at) in [(2, 0), (1, proof.len() - 1)] {
			let mut wrong = proof.clone();
			wrong[at] ^= 1;
			assert_eq!(Audits::check_proof(1, due.tick, &wrong), Err(ProofRefusal::InvalidProof));
			let forged = party.sign_proof(due.tick, &wrong);
			let wrong = call(1, due.tick, wrong, forged);
			assert_ok!(authorize(&wrong));
			// The call succeeds: an error would undo the count.
			assert_eq!(dispatch(wrong), Ok(Pays::No));
			System::assert_last_event(
				Event::ProofRefused {
					allotment: 1,
					node: 1,
					tick: due.tick,
					refusal: ProofRefusal::InvalidProof,
					attempts_left,
				}
				.into(),
			);
		}
		assert!(Till::get().is_empty());
		// The audit is still owed and can be proven.
		assert_eq!(Audits::check_proof(1, due.tick, &proof), Ok(()));
		assert_ok!(dispatch(call(1, due.tick, proof, signature)));
		assert_eq!(Audits::audit_status(1).unwrap().proven, 1);
	});
}

#[test]
fn after_a_few_wrong_proofs_no_more_are_taken() {
	run(|| {
		let (party, due, proof, signature) = owed();
		let wrong = vec![0; proof.len()];
		let forged = party.sign_proof(due.tick, &wrong);
		for _ in 0..PARAMETERS.max_failed_proofs {
			assert_ok!(dispatch(call(1, due.tick, wrong.clone(), forged)));
		}
		let right = call(1, due.tick, proof.clone(), signature);
		refused(&right, ProofRefusal::TooManyFailures);
		assert_noop!(dispatch(right), Error::<Test>::TooManyFailures);
		assert_eq!(Audits::check_proof(1, due.tick, &proof), Err(ProofRefusal::TooManyFailures));
		run_to_tick(due.deadline_tick + 1);
		assert_eq!(Audits::audit_status(1).unwrap().missed, 1);
		// The next audit starts afresh.
		let due = party.await_audit();
		run_to_tick(due.opens_tick);
		let (proof, signature) = party.prove(&due);
		assert_ok!(dispatch(call(1, due.tick, proof, signature)));
	});
}

#[test]
fn every_refusal_has_the_error_of_its_name() {
	for refusal in ProofRefusal::ALL {
		let error = format!("{:?}", Error::<Test>::from(*refusal));
		let expected = match refusal {
			ProofRefusal::BadSignature => "BadNodeSignature".to_owned(),
			other => format!("{other:?}"),
		};
		assert_eq!(error, expected);
	}
}

#[test]
fn the_origin_must_be_authorised() {
	run(|| {
		let (_, due, proof, signature) = owed();
		let call = call(1, due.tick, proof, signature);
		for origin in [
			RuntimeOrigin::none(),
			RuntimeOrigin::root(),
			RuntimeOrigin::signed(AccountId32::new([1; 32])),
		] {
			let result = call.clone().dispatch(origin).map_err(|error| error.error);
			assert_noop!(result, DispatchError::BadOrigin);
		}
	});
}

#[test]
fn a_proof_outside_of_an_extrinsic_has_no_place() {
	run(|| {
		let (_, due, proof, signature) = owed();
		sp_io::storage::clear(sp_core::storage::well_known_keys::EXTRINSIC_INDEX);
		let call = call(1, due.tick, proof, signature);
		assert_noop!(dispatch(call), Error::<Test>::NotInExtrinsic);
	});
}

#[test]
fn the_root_is_frozen_while_the_log_grows() {
	run(|| {
		let mut party = Party::new(1);
		party.checkpoint(100);
		let due = party.await_audit();
		party.checkpoint(50);
		run_to_tick(due.opens_tick);
		let again = party.await_audit();
		assert_eq!((again.root, again.leaf_count), (due.root, 100));
		// The log is append-only: what it was is still there to be proven.
		party.log.0.truncate(100);
		let (proof, signature) = party.prove(&due);
		assert_ok!(dispatch(call(1, due.tick, proof, signature)));
		let next = party.await_audit();
		assert_eq!((next.root, next.leaf_count), (party.last.root, 150));
	});
}

#[test]
fn a_short_log_is_proven_as_a_whole() {
	run(|| {
		let mut party = Party::new(1);
		party.checkpoint(3);
		let due = party.await_audit();
		assert_eq!(due.leaves, vec![0, 1, 2]);
		run_to_tick(due.opens_tick);
		let (proof, signature) = party.prove(&due);
		assert_ok!(dispatch(call(1, due.tick, proof, signature)));
	});
}

#[test]
fn the_weight_follows_the_leaves_and_the_bound_the_limits() {
	assert_eq!(Audits::samples_bound(0), 0);
	assert_eq!(Audits::samples_bound(4 * 512 + 900), 5);
	assert_eq!(Audits::samples_bound(usize::MAX), 64);
	let bound: u32 = MaxProofLen::<Test>::get();
	assert_eq!(bound as usize, granary_por::max_proof_len(64, 1 << 33));
}
