//! What is coming, and what it is worth.

use crate::{mock::*, Due};
use granary_primitives::{audit::Detection, traits::AuditSchedule};
use sp_runtime::Perbill;
use std::collections::BTreeSet;

#[test]
fn pages_list_every_scheduled_audit_once_in_order() {
	run(|| {
		for id in 1..=30 {
			Party::new(id).checkpoint(10);
		}
		let (mut cursor, mut seen, mut last) = (None, BTreeSet::new(), 0);
		loop {
			let page = Audits::audit_calendar(None, cursor, 7);
			assert!(page.entries.len() <= 7);
			for entry in &page.entries {
				assert!(seen.insert(entry.allotment), "twice: {entry:?}");
				assert!(entry.tick >= last && !entry.open);
				assert!(Due::<Test>::contains_key(entry.tick, entry.allotment));
				assert_eq!(entry.node, entry.allotment as u32);
				last = entry.tick;
			}
			let Some(next) = page.next else { break };
			cursor = Some(next);
		}
		assert_eq!(seen.len(), 30);
		let of_one = Audits::audit_calendar(Some(7), None, 100);
		assert_eq!(of_one.entries.iter().map(|e| e.allotment).collect::<Vec<_>>(), [7]);
		// What is asked for again after its last entry was closed goes on behind it.
		let page = Audits::audit_calendar(None, None, 1);
		Audits::closed(page.entries[0].allotment);
		let rest = Audits::audit_calendar(None, page.next, 100);
		assert_eq!(rest.entries.len(), 29);
	});
}

#[test]
fn its_blocks_are_those_in_which_things_happen() {
	run(|| {
		let mut party = Party::new(1);
		party.checkpoint(100);
		let scheduled = Audits::next_audits(1)[0];
		assert!(!scheduled.open);
		let due = party.await_audit();
		assert_eq!(due.tick, scheduled.tick);
		assert_eq!(System::block_number(), scheduled.seed_block + 1);
		let open = Audits::next_audits(1);
		assert!(open[0].open && open.len() == 2);
		assert_eq!(open[0].opens_block, scheduled.opens_block);
		run_to_tick(due.opens_tick);
		assert_eq!(System::block_number(), scheduled.opens_block);
		party.miss(&due);
		assert_eq!(System::block_number(), scheduled.missed_block);
		assert_eq!(Audits::audit_status(1).unwrap().missed, 1);
		assert!(Audits::next_audits(2).is_empty());
	});
}

#[test]
fn detection_adds_up_the_worst_coalition() {
	run(|| {
		for (id, leaves) in [(1, 2), (2, 100), (3, 100)] {
			Party::new(id).checkpoint(leaves);
		}
		let half = Perbill::from_percent(50);
		let one = Audits::detection(&[2], 1, half, 0);
		assert_eq!((one.samples_per_round, one.samples_within), (4, 0));
		assert_eq!(one.escapes_round_e18, 62_500_000_000_000_000);
		assert_eq!(one.escapes_within_e18, 1_000_000_000_000_000_000);
		// Period 30 and jitter 3: three audits in a hundred ticks at least.
		assert_eq!(Audits::detection(&[2], 1, half, 100).samples_within, 12);
		let worst = Audits::detection(&[1, 2, 3], 2, half, 0);
		assert_eq!(worst.samples_per_round, 6, "the short log and one other");
		assert_eq!(Audits::detection(&[77], 1, half, 100).samples_within, 0);
		let none = Audits::detection(&[], 1, half, 100);
		assert_eq!(none.escapes_round_e18, 1_000_000_000_000_000_000);
		assert_eq!(Detection { ..none }, none);
	});
}

#[test]
fn what_is_proven_counts_until_a_miss() {
	run(|| {
		let mut party = Party::new(1);
		party.checkpoint(100);
		let proven = || Audits::detection(&[1], 1, Perbill::from_percent(10), 0).samples_proven;
		assert_eq!(proven(), 0);
		for count in 1..=3 {
			party.answer(&party.await_audit());
			assert_eq!(proven(), 4 * count);
		}
		party.miss(&party.await_audit());
		assert_eq!(proven(), 0);
	});
}
