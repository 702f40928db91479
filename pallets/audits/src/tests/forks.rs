//! Reorganisations: what one fork paid the other does not know, and no fork pays twice.

use crate::{mock::*, Call, ProofRefusal};
use frame_support::assert_ok;
use granary_primitives::audit::DueAudit;
use sp_io::TestExternalities;
use sp_runtime::StateVersion;

/// Two equal chains out of one, as at the parent of a fork.
fn fork(mut ext: TestExternalities) -> (TestExternalities, TestExternalities) {
	ext.commit_all().unwrap();
	let (storage, root) = ext.into_raw_snapshot();
	let again =
		|| TestExternalities::from_raw_snapshot(storage.clone(), root, StateVersion::default());
	(again(), again())
}

fn submit_proof(party: &Party, due: &DueAudit) -> RuntimeCall {
	let (proof, signature) = party.prove(due);
	let (allotment, tick, challenge) = (due.allotment, due.tick, due.challenge());
	let proof = proof.try_into().unwrap();
	Call::submit_proof { allotment, tick, challenge, proof, signature }.into()
}

#[test]
fn a_proof_holds_on_the_other_fork_if_the_seed_is_equal_and_pays_once_on_each() {
	let mut ext = new_test_ext();
	let (party, due) = ext.execute_with(|| {
		let mut party = Party::new(1);
		party.checkpoint(100);
		let due = party.await_audit();
		run_to_tick(due.opens_tick);
		(party, due)
	});
	let (mut first, mut second) = fork(ext);
	let call = first.execute_with(|| submit_proof(&party, &due));
	first.execute_with(|| {
		assert_ok!(authorized(call.clone()));
		assert!(authorized(call.clone()).is_err(), "not twice on one fork");
		assert_eq!(Audits::audit_status(1).unwrap().proven, 1);
	});
	let paid = Till::get();
	assert_eq!(paid.len(), 1);
	// The first fork is given up. On the second nothing was paid yet; the same bytes still hold.
	Till::set(vec![]);
	second.execute_with(|| {
		assert_eq!(Audits::audit_status(1).unwrap().proven, 0);
		next_block();
		assert_ok!(authorized(call.clone()));
		assert!(authorized(call.clone()).is_err());
		Audits::do_try_state().unwrap();
	});
	assert_eq!(Till::get(), paid, "the same blocks for the same proof, once");
}

#[test]
fn a_proof_is_refused_on_a_fork_with_another_seed() {
	let mut ext = new_test_ext();
	let party = ext.execute_with(|| {
		let mut party = Party::new(1);
		party.checkpoint(1000);
		let next = Audits::audit_status(1).unwrap().next_tick.unwrap();
		run_to_tick(next - 1);
		party
	});
	// The audit is open and frozen; the forks part with the block that mints its seed.
	let (mut first, mut second) = fork(ext);
	let due = first.execute_with(|| {
		next_block();
		let due = party.await_audit();
		run_to_tick(due.opens_tick);
		due
	});
	let call = first.execute_with(|| {
		let call = submit_proof(&party, &due);
		assert_ok!(authorized(call.clone()));
		call
	});
	second.execute_with(|| {
		Vrf::set(Some([99; 32]));
		end_block();
		begin_block(System::block_number() + 1);
		let other = party.await_audit();
		assert_eq!((other.tick, other.root), (due.tick, due.root));
		assert_ne!(other.seed, due.seed);
		run_to_tick(other.opens_tick);
		let (old, _) = party.prove(&due);
		let refusal = Audits::check_proof(1, due.tick, &old).unwrap_err();
		assert!(matches!(refusal, ProofRefusal::InvalidProof | ProofRefusal::WrongLength));
		let _ = authorized(call);
		assert_eq!(Audits::audit_status(1).unwrap().proven, 0);
		// Proven again with what this fork asks for.
		assert_ok!(authorized(submit_proof(&party, &other)));
		Audits::do_try_state().unwrap();
	});
}
