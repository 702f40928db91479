//! Only a checkpoint that both sides signed and that continues the log is recorded.

use crate::{mock::*, Audited, Due, Error, Event};
use frame_support::{assert_noop, assert_ok};
use granary_primitives::audit::Checkpoint;
use sp_core::{sr25519, Pair};
use sp_runtime::DispatchError;

#[test]
fn the_first_one_schedules_an_audit_within_a_period() {
	run(|| {
		let mut party = Party::new(1);
		assert_eq!(Audits::audit_status(1), None);
		party.checkpoint(10);
		System::assert_last_event(
			Event::CheckpointRecorded { allotment: 1, epoch: 1, leaf_count: 10 }.into(),
		);
		let status = Audits::audit_status(1).unwrap();
		assert_eq!(status.checkpoint, Some(party.last.head()));
		let next = status.next_tick.unwrap();
		assert!((2..2 + PARAMETERS.period_ticks).contains(&next));
		assert!(Due::<Test>::contains_key(next, 1));
	});
}

#[test]
fn a_later_one_replaces_it_and_keeps_the_schedule() {
	run(|| {
		let mut party = Party::new(1);
		party.checkpoint(10);
		let before = Audits::audit_status(1).unwrap();
		party.checkpoint(5);
		let after = Audits::audit_status(1).unwrap();
		assert_eq!(after.checkpoint, Some(party.last.head()));
		assert_eq!(after.next_tick, before.next_tick);
	});
}

#[test]
fn several_of_one_allotment_may_come_at_once() {
	run(|| {
		let mut party = Party::new(1);
		let batch = vec![party.grow(3), party.grow(4)];
		assert_ok!(submit(batch));
		assert_eq!(Audited::<Test>::get(1).unwrap().log.epoch, 2);
	});
}

#[test]
fn all_or_none_are_recorded() {
	run(|| {
		let (mut good, mut bad) = (Party::new(1), Party::new(2));
		let mut forged = bad.grow(3);
		forged.node_signature[0] ^= 1;
		let batch = vec![good.grow(3), forged];
		assert_noop!(submit(batch), Error::<Test>::BadNodeSignature);
		assert_eq!(Audited::<Test>::get(1), None);
	});
}

#[test]
fn the_origin_must_be_signed() {
	run(|| {
		let batch = vec![Party::new(1).grow(1)].try_into().unwrap();
		assert_noop!(
			Audits::submit_checkpoints(RuntimeOrigin::none(), batch),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn the_allotment_must_be_known_and_live() {
	run(|| {
		let mut party = Party::new(1);
		let signed = party.grow(1);
		let stranger = party.sign(Checkpoint { allotment: 77, ..party.last });
		assert_noop!(submit(vec![stranger]), Error::<Test>::UnknownAllotment);
		World::change(1, |view| view.live = false);
		assert_noop!(submit(vec![signed]), Error::<Test>::AllotmentClosed);
	});
}

#[test]
fn the_node_must_have_a_key() {
	run(|| {
		let mut party = Party::new(1);
		let signed = party.grow(1);
		World::set_key(1, None);
		assert_noop!(submit(vec![signed]), Error::<Test>::UnknownNode);
	});
}

#[test]
fn it_must_continue_the_log() {
	run(|| {
		let mut party = Party::new(1);
		let first = party.grow(10);
		let try_with = |party: &Party, change: &dyn Fn(&mut Checkpoint)| {
			let mut checkpoint = party.last;
			change(&mut checkpoint);
			submit(vec![party.sign(checkpoint)])
		};
		assert_noop!(try_with(&party, &|c| c.epoch = 2), Error::<Test>::StaleEpoch);
		assert_noop!(
			try_with(&party, &|c| c.previous_root = [1; 32]),
			Error::<Test>::PreviousRootMismatch
		);
		assert_noop!(try_with(&party, &|c| c.leaf_count = 0), Error::<Test>::LogNotGrown);
		assert_ok!(submit(vec![first.clone()]));
		assert_noop!(submit(vec![first]), Error::<Test>::StaleEpoch);
		party.grow(1);
		assert_noop!(
			try_with(&party, &|c| c.previous_root = c.root),
			Error::<Test>::PreviousRootMismatch
		);
		assert_noop!(try_with(&party, &|c| c.leaf_count = 10), Error::<Test>::LogNotGrown);
		assert_noop!(try_with(&party, &|c| c.leaf_count = 9), Error::<Test>::LogNotGrown);
		assert_ok!(try_with(&party, &|_| ()));
	});
}

#[test]
fn it_must_fit() {
	run(|| {
		let mut party = Party::new(1);
		party.grow(1);
		let with_leaves = |leaf_count| vec![party.sign(Checkpoint { leaf_count, ..party.last })];
		assert_noop!(submit(with_leaves(2049)), Error::<Test>::LogExceedsAllotment);
		World::change(1, |view| view.bytes = u64::MAX);
		assert_noop!(submit(with_leaves((1 << 33) + 1)), Error::<Test>::LogTooLong);
		World::change(1, |view| view.bytes = 1 << 20);
		assert_ok!(submit(with_leaves(2048)));
	});
}

#[test]
fn both_must_have_signed_this_very_checkpoint() {
	run(|| {
		let mut party = Party::new(1);
		let signed = party.grow(5);
		let mut forged = signed.clone();
		forged.checkpoint.leaf_count = 6;
		assert_noop!(submit(vec![forged]), Error::<Test>::BadTenantSignature);
		let mut swapped = signed.clone();
		swapped.tenant_signature = signed.node_signature;
		assert_noop!(submit(vec![swapped]), Error::<Test>::BadTenantSignature);
		let mut swapped = signed.clone();
		swapped.node_signature = signed.tenant_signature;
		assert_noop!(submit(vec![swapped]), Error::<Test>::BadNodeSignature);
		// A rotated key does not vouch for what the old one signed.
		let rotated = sr25519::Pair::from_string("//rotated", None).unwrap();
		World::set_key(1, Some(rotated.public().0));
		assert_noop!(submit(vec![signed]), Error::<Test>::BadNodeSignature);
	});
}

#[test]
fn a_checkpoint_of_another_chain_is_refused() {
	run(|| {
		let mut party = Party::new(1);
		party.grow(5);
		let message = granary_primitives::message::checkpoint(&[3; 32], &party.last);
		let foreign = granary_primitives::audit::SignedCheckpoint {
			checkpoint: party.last,
			tenant_signature: party.tenant.sign(&message).0,
			node_signature: party.node.sign(&message).0,
		};
		assert_noop!(submit(vec![foreign]), Error::<Test>::BadTenantSignature);
	});
}
