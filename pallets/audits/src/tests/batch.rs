//! Many proofs under one signature, each judged alone.

use crate::{mock::*, types::invalid, BatchedProof, Call, Error, Event, ProofBatch, ProofRefusal};
use codec::Encode;
use frame_support::{assert_noop, assert_ok, dispatch::GetDispatchInfo, traits::Authorize};
use granary_primitives::{audit::DueAudit, message, Signature};
use sp_core::Pair;
use sp_runtime::{
	traits::Dispatchable,
	transaction_validity::{TransactionSource, TransactionValidityError, ValidTransaction},
	DispatchError,
};

/// Allotments of one node with open windows, and the audits that they owe.
fn owed(count: u64) -> Vec<(Party, DueAudit)> {
	MaxAuditsPerTick::set(64);
	crate::AuditParameters::<Test>::mutate(|p| {
		(p.period_ticks, p.window_ticks, p.jitter_ticks) = (400, 200, 0);
	});
	let mut parties: Vec<Party> = (1..=count).map(Party::new).collect();
	let (node, key) = (parties[0].node.clone(), parties[0].node.public().0);
	for party in &mut parties {
		World::change(party.allotment, |view| view.node = 1);
		party.node = node.clone();
		party.checkpoint(40);
	}
	World::set_key(1, Some(key));
	for party in &parties {
		let id = party.allotment;
		let mut state = crate::Audited::<Test>::get(id).unwrap();
		crate::Due::<Test>::remove(state.next_tick, id);
		state.next_tick = 2;
		crate::Due::<Test>::insert(2, id, ());
		crate::Audited::<Test>::insert(id, state);
	}
	run_to_tick(4);
	let due = Audits::due_audits(Some(1), 64);
	parties
		.into_iter()
		.map(|party| {
			let due = due.iter().find(|due| due.allotment == party.allotment).unwrap().clone();
			(party, due)
		})
		.collect()
}

fn proofs(owed: &[(Party, DueAudit)]) -> Vec<BatchedProof<Test>> {
	let one = |(party, due): &(Party, DueAudit)| BatchedProof {
		allotment: due.allotment,
		tick: due.tick,
		challenge: due.challenge(),
		proof: party.prove(due).0.try_into().unwrap(),
	};
	owed.iter().map(one).collect()
}

fn sign(party: &Party, node: u32, batch: &ProofBatch<Test>) -> Signature {
	let hash = sp_io::hashing::blake2_256(&batch.encode());
	party.node.sign(&message::proofs(&Audits::genesis_hash(), node, &hash)).0
}

fn call(party: &Party, proofs: Vec<BatchedProof<Test>>) -> RuntimeCall {
	let batch = proofs.try_into().unwrap();
	let signature = sign(party, 1, &batch);
	RuntimeCall::Audits(Call::submit_proofs { node: 1, batch, signature })
}

fn validity(call: &RuntimeCall) -> Result<ValidTransaction, TransactionValidityError> {
	call.authorize(TransactionSource::External).unwrap().map(|(validity, _)| validity)
}

fn refused(call: &RuntimeCall, refusal: ProofRefusal) {
	assert_eq!(validity(call), Err(invalid(refusal)));
}

#[test]
fn a_full_batch_proves_all() {
	run(|| {
		let owed = owed(32);
		let call = call(&owed[0].0, proofs(&owed));
		let pool = validity(&call).unwrap();
		assert_eq!(pool.provides.len(), 32);
		assert_eq!(pool.longevity, 199);
		let alone = owed.iter().map(|(party, due)| {
			let (proof, signature) = party.prove(due);
			let proof = proof.try_into().unwrap();
			let (allotment, tick) = (due.allotment, due.tick);
			let challenge = due.challenge();
			let single: RuntimeCall =
				Call::submit_proof { allotment, tick, challenge, proof, signature }.into();
			// The weight and the length of a batch are below those of its proofs alone.
			assert!(call.get_dispatch_info().call_weight.ref_time() > 0);
			validity(&single).unwrap().provides[0].clone()
		});
		let alone: Vec<_> = alone.collect();
		assert_eq!(pool.provides, alone, "a batch excludes single proofs and other batches");
		assert_ok!(authorized(call.clone()));
		assert_eq!(Till::get().len(), 32);
		refused(&call, ProofRefusal::AlreadyProven);
	});
}

#[test]
fn a_bad_one_fails_alone() {
	run(|| {
		let owed = owed(3);
		let mut batch = proofs(&owed);
		batch[1].proof[7] ^= 1;
		let call = call(&owed[0].0, batch);
		assert_ok!(authorized(call.clone()));
		System::assert_has_event(
			Event::ProofRefused {
				allotment: 2,
				node: 1,
				tick: owed[1].1.tick,
				refusal: ProofRefusal::InvalidProof,
				attempts_left: 2,
			}
			.into(),
		);
		let proven: Vec<_> = Till::get().iter().map(|(id, ..)| *id).collect();
		assert_eq!(proven, [1, 3]);
		// In a block that holds another proof of the same audits each is refused alone, too.
		let origin = frame_system::Origin::<Test>::Authorized;
		assert_ok!(call.dispatch(origin.into()));
		System::assert_has_event(
			Event::ProofRefused {
				allotment: 1,
				node: 1,
				tick: owed[0].1.tick,
				refusal: ProofRefusal::AlreadyProven,
				attempts_left: 0,
			}
			.into(),
		);
		assert_eq!(Till::get().len(), 2);
	});
}

#[test]
fn the_pool_takes_only_what_is_owed() {
	run(|| {
		let owed = owed(3);
		let party = &owed[0].0;
		let good = proofs(&owed);
		refused(&call(party, vec![]), ProofRefusal::BadBatch);
		let twice = vec![good[0].clone(), good[0].clone()];
		refused(&call(party, twice), ProofRefusal::BadBatch);
		let unordered = vec![good[1].clone(), good[0].clone()];
		refused(&call(party, unordered), ProofRefusal::BadBatch);
		let mut unknown = good.clone();
		unknown[2].tick += 1;
		refused(&call(party, unknown), ProofRefusal::UnknownAudit);
		let mut long = good.clone();
		long[0].proof.try_push(0).unwrap();
		refused(&call(party, long), ProofRefusal::WrongLength);
		let batch: ProofBatch<Test> = good.clone().try_into().unwrap();
		let signature = sign(party, 2, &batch);
		let forged = Call::submit_proofs { node: 1, batch: batch.clone(), signature };
		refused(&forged.into(), ProofRefusal::BadSignature);
		let foreign = Call::submit_proofs { node: 9, batch: batch.clone(), signature };
		refused(&foreign.into(), ProofRefusal::UnknownNode);
		// Another node cannot answer for this one, even with a signature of its own.
		let stranger = Party::new(9);
		let signature = sign(&stranger, 9, &batch);
		let theft = Call::submit_proofs { node: 9, batch, signature };
		refused(&theft.into(), ProofRefusal::WrongNode);
	});
}

#[test]
fn its_bytes_are_bounded() {
	run(|| {
		let party = Party::new(1);
		let bound = <crate::MaxProofLen<Test> as frame_support::traits::Get<u32>>::get;
		let one = |allotment| BatchedProof {
			allotment,
			tick: 1,
			challenge: Default::default(),
			proof: vec![0; bound() as usize].try_into().unwrap(),
		};
		let fitting = Audits::max_batch_bytes() / bound();
		assert!((1..32).contains(&fitting));
		let too_many = (0..=u64::from(fitting)).map(one).collect();
		refused(&call(&party, too_many), ProofRefusal::BatchTooLong);
		let full = (0..u64::from(fitting)).map(one).collect();
		refused(&call(&party, full), ProofRefusal::UnknownAudit);
	});
}

#[test]
fn the_origin_must_be_authorised_and_an_extrinsic() {
	run(|| {
		let owed = owed(2);
		let call = call(&owed[0].0, proofs(&owed));
		for origin in [RuntimeOrigin::none(), RuntimeOrigin::root()] {
			let result = call.clone().dispatch(origin).map_err(|error| error.error);
			assert_noop!(result, DispatchError::BadOrigin);
		}
		sp_io::storage::clear(sp_core::storage::well_known_keys::EXTRINSIC_INDEX);
		assert_noop!(authorized(call), Error::<Test>::NotInExtrinsic);
	});
}

#[test]
fn the_weight_counts_proofs_and_leaves() {
	let proof = |len: usize| BatchedProof::<Test> {
		allotment: 1,
		tick: 1,
		challenge: Default::default(),
		proof: vec![0; len].try_into().unwrap(),
	};
	assert_eq!(Audits::batch_size(&[]), (0, 0));
	assert_eq!(Audits::batch_size(&[proof(0), proof(4 * 512)]), (2, 5));
}
