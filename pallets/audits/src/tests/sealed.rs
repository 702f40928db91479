//! Sealed logs say what code they carry and are audited as any other.

use crate::{mock::*, Error};
use frame_support::{assert_noop, assert_ok};
use granary_primitives::{
	audit::{Removal, Seal, SealedCheckpoint, SignedRemoval, SignedSealedCheckpoint},
	message,
};
use sp_core::Pair;
use sp_runtime::{AccountId32, DispatchResult};

const SEAL: Seal = Seal { codeword_leaves: 65_536, parity_leaves: 3_277 };

fn sealed(party: &Party, seal: Seal) -> SignedSealedCheckpoint {
	let sealed = SealedCheckpoint { checkpoint: party.last, seal };
	let message = message::sealed_checkpoint(&Audits::genesis_hash(), &sealed);
	SignedSealedCheckpoint {
		sealed,
		tenant_signature: party.tenant.sign(&message).0,
		node_signature: party.node.sign(&message).0,
	}
}

fn submit_sealed(checkpoints: Vec<SignedSealedCheckpoint>) -> DispatchResult {
	Audits::submit_sealed_checkpoints(
		RuntimeOrigin::signed(AccountId32::new([9; 32])),
		checkpoints.try_into().unwrap(),
	)
}

#[test]
fn it_is_recorded_grown_and_audited() {
	run(|| {
		let mut party = Party::new(1);
		party.grow(60);
		assert_ok!(submit_sealed(vec![sealed(&party, SEAL)]));
		assert_eq!(Audits::audit_details(1).unwrap().seal, Some(SEAL));
		party.grow(40);
		assert_ok!(submit_sealed(vec![sealed(&party, SEAL)]));
		let due = party.await_audit();
		assert_eq!(due.leaf_count, 100);
		party.answer(&due);
		assert_eq!(Audits::audit_status(1).unwrap().proven, 1);
	});
}

#[test]
fn the_seal_stays_until_another_log_replaces_it() {
	run(|| {
		let mut party = Party::new(1);
		party.grow(60);
		assert_ok!(submit_sealed(vec![sealed(&party, SEAL)]));
		let open = party.grow(5);
		assert_noop!(submit(vec![open]), Error::<Test>::SealMismatch);
		let weaker = Seal { parity_leaves: 1, ..SEAL };
		assert_noop!(submit_sealed(vec![sealed(&party, weaker)]), Error::<Test>::SealMismatch);
		assert_ok!(submit_sealed(vec![sealed(&party, SEAL)]));
		// A removal may take the seal off.
		let checkpoint = granary_primitives::audit::Checkpoint {
			epoch: party.last.epoch + 1,
			previous_root: party.last.root,
			..party.last
		};
		let removal = Removal { checkpoint, seal: None };
		let message = message::removal(&Audits::genesis_hash(), &removal);
		assert_ok!(Audits::submit_removal(
			RuntimeOrigin::signed(AccountId32::new([9; 32])),
			SignedRemoval {
				removal,
				tenant_signature: party.tenant.sign(&message).0,
				node_signature: party.node.sign(&message).0,
			},
		));
		assert_eq!(Audits::audit_details(1).unwrap().seal, Some(SEAL));
		party.answer(&party.await_audit());
		assert_eq!(Audits::audit_details(1).unwrap().seal, None);
	});
}

#[test]
fn nonsense_and_foreign_signatures_are_refused() {
	run(|| {
		let mut party = Party::new(1);
		let hot = party.grow(60);
		for (codeword_leaves, parity_leaves) in [(10, 0), (10, 10), (65_537, 9), (0, 0)] {
			let seal = Seal { codeword_leaves, parity_leaves };
			assert!(!seal.is_valid());
			assert_noop!(submit_sealed(vec![sealed(&party, seal)]), Error::<Test>::BadSeal);
		}
		// The signatures of a plain checkpoint do not vouch for a seal.
		let replayed = SignedSealedCheckpoint {
			sealed: SealedCheckpoint { checkpoint: hot.checkpoint, seal: SEAL },
			tenant_signature: hot.tenant_signature,
			node_signature: hot.node_signature,
		};
		assert_noop!(submit_sealed(vec![replayed]), Error::<Test>::BadTenantSignature);
		let checkpoints = vec![sealed(&party, SEAL)].try_into().unwrap();
		assert_noop!(
			Audits::submit_sealed_checkpoints(RuntimeOrigin::none(), checkpoints),
			sp_runtime::DispatchError::BadOrigin
		);
	});
}
