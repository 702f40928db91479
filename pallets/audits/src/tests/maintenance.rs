//! Maintenance postpones audits, profiles stretch them.

use crate::{mock::*, AuditParameters, Audited, Parameters};
use granary_primitives::reservation::AuditProfile;

#[test]
fn it_postpones_and_its_blocks_are_neither_earned_nor_lost() {
	run(|| {
		let mut party = Party::new(1);
		party.checkpoint(100);
		let next = Audits::audit_status(1).unwrap().next_tick.unwrap();
		Resting::set(vec![1]);
		run_to_tick(next + 40);
		let details = Audits::audit_details(1).unwrap();
		let since = details.postponed_since.unwrap();
		assert_eq!(details.open, None);
		assert!(since <= next, "since the opening that was postponed first");
		Resting::set(vec![]);
		let due = party.await_audit();
		let opened = Audited::<Test>::get(1).unwrap().covered_to;
		party.answer(&due);
		assert_eq!(Till::get(), vec![(1, true, 1, since)], "what lies before was proven");
		let due = party.await_audit();
		party.answer(&due);
		let till = Till::get();
		assert_eq!((till[1].1, till[1].2), (true, opened), "what lies between is left out");
		assert_eq!(Audits::audit_status(1).unwrap().missed, 0);
	});
}

#[test]
fn an_open_audit_must_be_answered_all_the_same() {
	run(|| {
		let mut party = Party::new(1);
		party.checkpoint(100);
		let due = party.await_audit();
		Resting::set(vec![1]);
		party.miss(&due);
		assert_eq!(Audits::audit_status(1).unwrap().missed, 1);
	});
}

#[test]
fn it_does_not_last_for_ever() {
	run(|| {
		AuditParameters::<Test>::mutate(|p| p.max_postponed_blocks = 100);
		let mut party = Party::new(1);
		party.checkpoint(100);
		Resting::set(vec![1]);
		let due = party.await_audit();
		assert!(due.tick > 100 && due.tick < 170, "tick {}", due.tick);
	});
}

#[test]
fn a_resting_node_does_not_hold_up_the_others() {
	run(|| {
		for id in 1..=40 {
			Party::new(id).checkpoint(10);
		}
		let mut busy = Party::new(100);
		busy.checkpoint(10);
		Resting::set((1..=40).collect());
		for _ in 0..6 {
			busy.answer(&busy.await_audit());
		}
		let (mut last, mut gaps) = (None, Vec::new());
		for record in Audits::audit_history(100).iter().rev() {
			gaps.extend(last.map(|last| record.tick - last));
			last = Some(record.tick);
		}
		assert!(gaps.iter().all(|gap| *gap <= 36), "{gaps:?}");
	});
}

#[test]
fn profiles_scale_the_period() {
	let standard = Parameters::default();
	assert_eq!(standard.rhythm(AuditProfile::Hot), (900, 90));
	assert_eq!(standard.rhythm(AuditProfile::Standard), (1800, 180));
	assert_eq!(standard.rhythm(AuditProfile::Cold), (7200, 720));
	// Two audits of one allotment are never open at once, however short the period.
	for profile in [AuditProfile::Hot, AuditProfile::Standard, AuditProfile::Cold] {
		let short = Parameters { period_ticks: 60, jitter_ticks: 5, ..standard };
		let (period, jitter) = short.rhythm(profile);
		assert!(period - jitter > short.window_ticks + 4, "{profile:?}");
	}
}

#[test]
fn profiles_are_followed() {
	run(|| {
		let profiles =
			[(1, AuditProfile::Hot), (2, AuditProfile::Standard), (3, AuditProfile::Cold)];
		AuditParameters::<Test>::mutate(|p| p.period_ticks = 60);
		let parties: Vec<_> = profiles
			.iter()
			.map(|(id, profile)| {
				let mut party = Party::new(*id);
				World::change(*id, |view| view.profile = *profile);
				party.checkpoint(10);
				party
			})
			.collect();
		while Audits::audit_clock().tick < 1000 {
			for due in Audits::due_audits(None, 10) {
				if due.current_tick >= due.opens_tick {
					parties[due.allotment as usize - 1].answer(&due);
				}
			}
			next_block();
		}
		let proven = |id| Audits::audit_status(id).unwrap().proven;
		assert!((30..=36).contains(&proven(1)), "hot {}", proven(1));
		assert!((15..=18).contains(&proven(2)), "standard {}", proven(2));
		assert!((3..=5).contains(&proven(3)), "cold {}", proven(3));
	});
}
