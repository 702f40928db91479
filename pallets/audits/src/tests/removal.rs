//! What was promised stays audited until it is proven once more.

use crate::{mock::*, Error, Event, Removals};
use frame_support::{assert_noop, assert_ok};
use granary_primitives::{
	audit::{Checkpoint, Removal, Seal, SignedRemoval},
	message,
	traits::AuditSchedule,
};
use sp_core::Pair;
use sp_runtime::{AccountId32, DispatchError, DispatchResult};

fn signed(party: &Party, removal: Removal) -> SignedRemoval {
	let message = message::removal(&Audits::genesis_hash(), &removal);
	SignedRemoval {
		removal,
		tenant_signature: party.tenant.sign(&message).0,
		node_signature: party.node.sign(&message).0,
	}
}

fn submit_removal(removal: SignedRemoval) -> DispatchResult {
	Audits::submit_removal(RuntimeOrigin::signed(AccountId32::new([9; 32])), removal)
}

/// The removal that follows `last` with the first `leaves` of the party's log.
fn shrunk(party: &Party, last: Checkpoint, leaves: u64) -> Removal {
	let log = Log(party.log.0[..leaves as usize].to_vec());
	let checkpoint = Checkpoint {
		allotment: party.allotment,
		epoch: last.epoch + 1,
		root: log.root(),
		leaf_count: leaves,
		previous_root: last.root,
	};
	Removal { checkpoint, seal: None }
}

#[test]
fn it_takes_effect_with_the_next_proof() {
	run(|| {
		let mut party = Party::new(1);
		party.checkpoint(100);
		let removal = shrunk(&party, party.last, 10);
		assert_ok!(submit_removal(signed(&party, removal)));
		System::assert_last_event(
			Event::RemovalPending { allotment: 1, epoch: 2, leaf_count: 10 }.into(),
		);
		assert_eq!(Audits::audit_details(1).unwrap().removal, Some(removal));
		assert_eq!(<Audits as AuditSchedule>::leaf_count(1), 100, "both logs need room");
		let due = party.await_audit();
		assert_eq!((due.root, due.leaf_count), (party.last.root, 100));
		party.miss(&due);
		assert!(Removals::<Test>::contains_key(1), "a miss removes nothing");
		let due = party.await_audit();
		assert_eq!(due.leaf_count, 100);
		party.answer(&due);
		System::assert_has_event(
			Event::RemovalApplied { allotment: 1, epoch: 2, leaf_count: 10 }.into(),
		);
		assert_eq!(Audits::audit_status(1).unwrap().checkpoint, Some(removal.checkpoint.head()));
		assert_eq!(Audits::audit_details(1).unwrap().removal, None);
		assert_eq!(<Audits as AuditSchedule>::leaf_count(1), 10);
		party.log.0.truncate(10);
		let due = party.await_audit();
		assert_eq!((due.root, due.leaf_count), (removal.checkpoint.root, 10));
		party.answer(&due);
	});
}

#[test]
fn an_open_audit_that_is_proven_counts_only_if_it_is_of_the_present_log() {
	run(|| {
		let mut party = Party::new(1);
		party.checkpoint(50);
		let due = party.await_audit();
		party.checkpoint(50);
		let removal = shrunk(&party, party.last, 10);
		assert_ok!(submit_removal(signed(&party, removal)));
		// The audit is of the log with 50 leaves; the other 50 were never challenged.
		party.log.0.truncate(50);
		party.answer(&due);
		assert!(Removals::<Test>::contains_key(1));
		assert_eq!(Audits::audit_status(1).unwrap().checkpoint, Some(party.last.head()));
	});
}

#[test]
fn growth_continues_the_log_that_waits_and_removals_supersede_each_other() {
	run(|| {
		let mut party = Party::new(1);
		party.checkpoint(100);
		let present = party.last;
		let first = shrunk(&party, present, 10);
		let signed_first = signed(&party, first);
		assert_ok!(submit_removal(signed_first.clone()));
		// Growth of the present log is out of date.
		let stale = party.sign(Checkpoint { epoch: 2, leaf_count: 101, ..present });
		assert_noop!(submit(vec![stale]), Error::<Test>::StaleEpoch);
		// The log that waits grows.
		party.log.0.truncate(10);
		party.last = first.checkpoint;
		party.checkpoint(5);
		assert_eq!(Audits::audit_details(1).unwrap().removal.unwrap().checkpoint, party.last);
		assert_eq!(Audits::audit_status(1).unwrap().checkpoint, Some(present.head()));
		// A later removal supersedes it; the earlier one does not come back.
		let second = shrunk(&party, party.last, 3);
		assert_ok!(submit_removal(signed(&party, second)));
		assert_eq!(Removals::<Test>::get(1), Some(second));
		assert_noop!(submit_removal(signed_first), Error::<Test>::StaleEpoch);
	});
}

#[test]
fn refusals() {
	run(|| {
		let mut party = Party::new(1);
		party.grow(20);
		let early = Removal { checkpoint: party.last, seal: None };
		assert_noop!(submit_removal(signed(&party, early)), Error::<Test>::NoCheckpoint);
		assert_ok!(submit(vec![party.sign(party.last)]));
		let good = shrunk(&party, party.last, 5);
		let changed = |change: &dyn Fn(&mut Removal)| {
			let mut removal = good;
			change(&mut removal);
			submit_removal(signed(&party, removal))
		};
		assert_noop!(changed(&|r| r.checkpoint.allotment = 7), Error::<Test>::UnknownAllotment);
		assert_noop!(changed(&|r| r.checkpoint.epoch = 1), Error::<Test>::StaleEpoch);
		assert_noop!(
			changed(&|r| r.checkpoint.previous_root = [1; 32]),
			Error::<Test>::PreviousRootMismatch
		);
		assert_noop!(changed(&|r| r.checkpoint.leaf_count = 0), Error::<Test>::EmptyLog);
		assert_noop!(
			changed(&|r| r.checkpoint.leaf_count = 2049),
			Error::<Test>::LogExceedsAllotment
		);
		assert_noop!(
			changed(&|r| r.checkpoint.leaf_count = (1 << 33) + 1),
			Error::<Test>::LogTooLong
		);
		let seal = Seal { codeword_leaves: 5, parity_leaves: 5 };
		assert_noop!(changed(&|r| r.seal = Some(seal)), Error::<Test>::BadSeal);
		let mut forged = signed(&party, good);
		forged.tenant_signature = forged.node_signature;
		assert_noop!(submit_removal(forged), Error::<Test>::BadTenantSignature);
		let mut forged = signed(&party, good);
		forged.node_signature = forged.tenant_signature;
		assert_noop!(submit_removal(forged), Error::<Test>::BadNodeSignature);
		// A growth checkpoint's signatures do not authorise a removal of the same content.
		let growth = party.sign(good.checkpoint);
		let (tenant_signature, node_signature) = (growth.tenant_signature, growth.node_signature);
		let replayed = SignedRemoval { removal: good, tenant_signature, node_signature };
		assert_noop!(submit_removal(replayed), Error::<Test>::BadTenantSignature);
		assert_noop!(
			Audits::submit_removal(RuntimeOrigin::none(), signed(&party, good)),
			DispatchError::BadOrigin
		);
		World::set_key(1, None);
		assert_noop!(submit_removal(signed(&party, good)), Error::<Test>::UnknownNode);
		World::change(1, |view| view.live = false);
		assert_noop!(submit_removal(signed(&party, good)), Error::<Test>::AllotmentClosed);
	});
}
