//! One test for each attack that concerns the chain, with what stops it.

use crate::{mock::*, types::invalid, AuditParameters, Audited, Call, Error, ProofRefusal};
use codec::Decode;
use frame_support::{
	assert_noop, assert_ok,
	dispatch::DispatchClass,
	traits::{Authorize, Get},
};
use granary_primitives::{
	audit::{AuditKind, Checkpoint, Removal, SignedCheckpoint, SignedRemoval},
	message,
};
use sp_core::Pair;
use sp_runtime::transaction_validity::TransactionSource;

fn party_with(leaves: u64) -> Party {
	let mut party = Party::new(1);
	party.checkpoint(leaves);
	party
}

fn submit_proof(party: &Party, tick: u32, proof: Vec<u8>) -> RuntimeCall {
	let signature = party.sign_proof(tick, &proof);
	let (allotment, proof) = (party.allotment, proof.try_into().unwrap());
	let challenge = asked(allotment);
	Call::submit_proof { allotment, tick, challenge, proof, signature }.into()
}

/// Computing responses ahead and dropping the data. The seed needs this block's VRF and a past
/// epoch; without either there is no tick, and never a default.
#[test]
fn predictable_challenges() {
	run(|| {
		let party = party_with(1000);
		let next = Audits::audit_status(1).unwrap().next_tick.unwrap();
		run_to_tick(next - 1);
		assert!(Audits::audit_details(1).unwrap().open.is_some());
		assert!(Audits::due_audits(None, 10).is_empty(), "frozen, and nobody knows the leaves");
		for (vrf, epoch) in [(None, Some([7; 32])), (Some([5; 32]), None)] {
			Vrf::set(vrf);
			Epoch::set(epoch);
			end_block();
			begin_block(System::block_number() + 1);
			assert_eq!(Audits::audit_clock().tick, next - 1);
		}
		Epoch::set(Some([7; 32]));
		next_block();
		assert_eq!(party.await_audit().tick, next);
	});
}

/// Choosing content so that kept leaves are sampled. The root is frozen before the block that
/// fixes the seed; what is recorded in that block is audited from the next audit on.
#[test]
fn grinding_the_content() {
	run(|| {
		let mut party = party_with(100);
		let next = Audits::audit_status(1).unwrap().next_tick.unwrap();
		run_to_tick(next - 1);
		let frozen = party.last;
		// The author of this very block knows the seed and brings a checkpoint that suits it.
		party.checkpoint(1);
		next_block();
		let due = party.await_audit();
		assert_eq!((due.root, due.leaf_count), (frozen.root, 100));
	});
}

/// Trying many wrong proofs. They cannot become right (the leaves' bytes are hashed), and only a
/// few of them get into blocks.
#[test]
fn grinding_the_proof() {
	run(|| {
		let party = party_with(100);
		let due = party.await_audit();
		run_to_tick(due.opens_tick);
		let len = party.prove(&due).0.len();
		let mut included = 0;
		for number in 0..20u8 {
			let call = submit_proof(&party, due.tick, vec![number; len]);
			if authorized(call).is_ok() {
				included += 1;
			}
		}
		assert_eq!(included, PARAMETERS.max_failed_proofs);
		assert!(Till::get().is_empty());
	});
}

/// Declaring a fault, or deleting, when the challenge is known. A loss is refused while an audit is
/// open; a removal takes effect only with the next valid proof.
#[test]
fn drop_after_seeing_the_challenge() {
	run(|| {
		let party = party_with(100);
		let due = party.await_audit();
		let message = message::loss(&Audits::genesis_hash(), 1, 1);
		let loss: RuntimeCall =
			Call::declare_loss { allotment: 1, signature: party.node.sign(&message).0 }.into();
		assert_eq!(
			loss.authorize(TransactionSource::Local).unwrap().unwrap_err(),
			invalid(ProofRefusal::AuditOpen)
		);
		let checkpoint = Checkpoint {
			epoch: 2,
			leaf_count: 1,
			previous_root: party.last.root,
			root: Log(vec![party.log.0[0]]).root(),
			allotment: 1,
		};
		let removal = Removal { checkpoint, seal: None };
		let message = message::removal(&Audits::genesis_hash(), &removal);
		let signed = SignedRemoval {
			removal,
			tenant_signature: party.tenant.sign(&message).0,
			node_signature: party.node.sign(&message).0,
		};
		assert_ok!(Audits::submit_removal(RuntimeOrigin::signed(buyer(0)), signed));
		for _ in 0..2 {
			party.miss(&party.await_audit());
		}
		let due = { due }.tick;
		assert!(party.await_audit().leaf_count == 100 && due > 0, "still the old log");
		assert_eq!(Audits::audit_status(1).unwrap().window_misses, 2);
	});
}

/// Answering with inner nodes. A proof carries the leaves' bytes and has one length.
#[test]
fn keep_only_hashes() {
	run(|| {
		let party = party_with(100);
		let due = party.await_audit();
		run_to_tick(due.opens_tick);
		let (proof, _) = party.prove(&due);
		let mut hashes = Vec::new();
		for leaf in &due.leaves {
			let bytes = &party.log.0[*leaf as usize];
			hashes.extend(sp_io::hashing::blake2_256(bytes));
		}
		hashes.extend(&proof[due.leaves.len() * 512..]);
		assert_eq!(Audits::check_proof(1, due.tick, &hashes), Err(ProofRefusal::WrongLength));
		hashes.resize(proof.len(), 0);
		assert_eq!(Audits::check_proof(1, due.tick, &hashes), Err(ProofRefusal::InvalidProof));
	});
}

/// Another leaf count or depth, leaves taken for nodes, extra bytes. The leaf count is in the root
/// and in the challenge, the shape follows from both, and the length is checked first.
#[test]
fn shape_attacks() {
	run(|| {
		let mut party = party_with(64);
		// The same root cannot stand for another number of leaves.
		let lying = Checkpoint { leaf_count: 63, ..party.last };
		let signed = party.sign(Checkpoint { epoch: 2, previous_root: lying.root, ..lying });
		assert_noop!(submit(vec![signed]), Error::<Test>::LogNotGrown);
		let due = party.await_audit();
		run_to_tick(due.opens_tick);
		let (proof, _) = party.prove(&due);
		for wrong in [
			[&proof[..], &[0; 32]].concat(),
			proof[..proof.len() - 32].to_vec(),
			[&proof[..], &proof[..512]].concat(),
		] {
			assert_eq!(Audits::check_proof(1, due.tick, &wrong), Err(ProofRefusal::WrongLength));
		}
		// Two leaves in each other's place.
		let mut swapped = proof.clone();
		swapped[..1024].rotate_left(512);
		assert_eq!(Audits::check_proof(1, due.tick, &swapped), Err(ProofRefusal::InvalidProof));
		party.log.0.pop();
	});
}

/// Copying a proof from the mempool. The challenge binds allotment and root, the signature the audit
/// key; not even an equal log on another node helps.
#[test]
fn proof_theft() {
	run(|| {
		let party = party_with(100);
		let due = party.await_audit();
		run_to_tick(due.opens_tick);
		let (proof, signature) = party.prove(&due);
		let thief = Party::new(2);
		let stolen: RuntimeCall = Call::submit_proof {
			allotment: 2,
			tick: due.tick,
			challenge: due.challenge(),
			proof: proof.clone().try_into().unwrap(),
			signature,
		}
		.into();
		assert_eq!(
			stolen.authorize(TransactionSource::External).unwrap().unwrap_err(),
			invalid(ProofRefusal::UnknownAudit)
		);
		let resigned = Call::submit_proof {
			allotment: 1,
			tick: due.tick,
			challenge: due.challenge(),
			proof: proof.try_into().unwrap(),
			signature: thief.sign_proof(due.tick, &[1]),
		};
		assert_eq!(
			RuntimeCall::from(resigned)
				.authorize(TransactionSource::External)
				.unwrap()
				.unwrap_err(),
			invalid(ProofRefusal::BadSignature)
		);
		let leaves = |allotment, root: &[u8; 32]| {
			granary_por::challenge::<crate::types::HostBlake2>(&due.seed, allotment, root, 100, 4)
		};
		assert_ne!(leaves(1, &due.root), leaves(2, &due.root));
		assert_ne!(leaves(1, &due.root), leaves(1, &[0; 32]));
	});
}

/// Filling blocks so that honest proofs miss. The tick pauses, so deadlines wait until proofs fit
/// again; proofs have a priority that no tip reaches.
#[test]
fn censorship_and_spam() {
	run(|| {
		// As on a real chain: longer than the blocks that may be full before the pause.
		AuditParameters::<Test>::mutate(|p| (p.window_ticks, p.period_ticks) = (50, 200));
		let party = party_with(100);
		let due = party.await_audit();
		let limits: frame_system::limits::BlockWeights =
			<Test as frame_system::Config>::BlockWeights::get();
		let full = limits.get(DispatchClass::Normal).max_total.unwrap();
		for _ in 0..200 {
			System::set_block_consumed_resources(full, 0);
			next_block();
		}
		assert_eq!(Audits::audit_status(1).unwrap().missed, 0);
		System::set_block_consumed_resources(Default::default(), 0);
		assert_eq!(Till::get(), vec![]);
		// Half of the blocks had been full before the pause: some ticks are left or none is.
		let now = Audits::audit_clock().tick;
		assert!(now <= due.tick + 26, "the clock ran on through full blocks");
	});
}

/// Flooding a node with audits. A deposit for each, one at a time, a pause in between, a short
/// queue for the whole chain.
#[test]
fn griefing_by_challenger() {
	run(|| {
		AuditParameters::<Test>::mutate(|p| p.period_ticks = 10_000);
		let party = party_with(1000);
		let mut bought = 0;
		let start = Audits::audit_clock().tick;
		for _ in 0..300 {
			for number in 0..8 {
				let origin = RuntimeOrigin::signed(buyer(number));
				bought += u32::from(Audits::buy_audit(origin, 1, 64).is_ok());
			}
			let open = Audits::due_audits(Some(1), 4).first().cloned();
			assert!(Audits::due_audits(Some(1), 4).len() <= 1);
			match open {
				Some(due) => party.answer(&due),
				None => next_block(),
			}
		}
		let ticks = Audits::audit_clock().tick - start;
		assert!(bought <= ticks / PARAMETERS.targeted.cooldown_ticks + 1, "{bought} in {ticks}");
		assert_eq!(Audits::audit_status(1).unwrap().missed, 0);
		let kinds = Audited::<Test>::get(1).unwrap().open.map(|open| open.kind);
		assert_ne!(kinds, Some(AuditKind::Spot));
	});
}

/// A root that the node never received. Every log, seal and removal is signed by both.
#[test]
fn framing_by_tenant() {
	run(|| {
		let mut party = Party::new(1);
		let honest = party.grow(10);
		let forged = SignedCheckpoint {
			node_signature: honest.tenant_signature,
			..party.sign(Checkpoint { root: [6; 32], ..party.last })
		};
		assert_noop!(submit(vec![forged]), Error::<Test>::BadNodeSignature);
		// And a replay of an older log cannot undo a newer one.
		assert_ok!(submit(vec![honest.clone()]));
		party.checkpoint(5);
		assert_noop!(submit(vec![honest]), Error::<Test>::StaleEpoch);
	});
}

/// A node that does not co-sign. Nothing is recorded, nothing is audited and nothing is earned.
#[test]
fn node_refuses_to_co_sign() {
	run(|| {
		let mut party = Party::new(1);
		party.grow(10);
		run_to_tick(100);
		assert_eq!(Audits::audit_status(1), None);
		assert!(Till::get().is_empty());
	});
}

/// Bytes that nobody signed. Whatever decodes to a call is refused without a panic.
#[test]
fn random_bytes_are_never_authorised() {
	run(|| {
		let party = party_with(100);
		let due = party.await_audit();
		run_to_tick(due.opens_tick);
		let (proof, signature) = party.prove(&due);
		let valid = Call::<Test>::submit_proof {
			allotment: 1,
			tick: due.tick,
			challenge: due.challenge(),
			proof: proof.try_into().unwrap(),
			signature,
		};
		let valid = codec::Encode::encode(&RuntimeCall::from(valid));
		let mut random = 0x1234_5678_9abc_def1u64;
		let mut next = move || {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			random
		};
		let mut decoded = 0;
		for round in 0..20_000u32 {
			let bytes: Vec<u8> = if round % 2 == 0 {
				// Pure noise behind the index of an authorised call.
				let len = next() as usize % 400;
				let call = [1u8, 5, 7][next() as usize % 3];
				[1, call].into_iter().chain((0..len).map(|_| next() as u8)).collect()
			} else {
				// The valid call with one to four bits changed. The compact length is left out: a
				// change there only fails to decode.
				let mut bytes = valid.clone();
				for _ in 0..=next() % 4 {
					let at = next() as usize % bytes.len();
					bytes[at] ^= 1 << (next() % 8);
				}
				bytes
			};
			let Ok(call) = RuntimeCall::decode(&mut &bytes[..]) else { continue };
			if codec::Encode::encode(&call) == valid {
				continue;
			}
			decoded += 1;
			if let Some(result) = call.authorize(TransactionSource::External) {
				assert!(result.is_err(), "accepted: {call:?}");
			}
		}
		assert!(decoded > 1000, "{decoded} calls were tried");
		let untouched = RuntimeCall::decode(&mut &valid[..]).unwrap();
		assert_ok!(untouched.authorize(TransactionSource::External).unwrap());
	});
}
