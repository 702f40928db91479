//! Spot audits come to any allotment at any time, without disturbing the schedule.

use crate::{mock::*, AuditParameters, AuditSlots, Audited, Parameters, SlotCount};
use granary_primitives::{
	audit::{AuditKind, AuditOutcome},
	traits::AuditSchedule,
};
use std::collections::BTreeMap;

fn set(change: impl FnOnce(&mut Parameters)) {
	AuditParameters::<Test>::mutate(change);
}

fn kinds() -> Vec<(u64, AuditKind)> {
	let open = Audited::<Test>::iter();
	open.filter_map(|(id, state)| state.open.map(|open| (id, open.kind))).collect()
}

#[test]
fn they_come_beside_the_schedule_and_cover_its_blocks() {
	run(|| {
		set(|p| (p.spot_period_ticks, p.period_ticks) = (5, 10_000));
		let mut party = Party::new(1);
		party.checkpoint(100);
		let next = Audits::audit_status(1).unwrap().next_tick;
		for _ in 0..5 {
			let due = party.await_audit();
			assert_eq!(Audits::audit_details(1).unwrap().open.unwrap().kind, AuditKind::Spot);
			assert_eq!(due.leaves.len(), 4);
			party.answer(&due);
		}
		assert_eq!(Audits::audit_status(1).unwrap().next_tick, next);
		let till = Till::get();
		assert!(till.windows(2).all(|pair| pair[0].3 == pair[1].2), "no block counts twice");
		assert!(till.iter().all(|(_, proven, ..)| *proven));
	});
}

#[test]
fn every_allotment_is_picked_as_often_as_any_other() {
	new_test_ext().execute_with(|| {
		set(|p| (p.spot_period_ticks, p.period_ticks) = (30, 100_000));
		let count = 20u64;
		for id in 1..=count {
			Party::new(id).checkpoint(4);
		}
		let mut picked = BTreeMap::<u64, u64>::new();
		let ticks = 1500;
		for _ in 0..ticks {
			next_block();
			for (id, kind) in kinds() {
				assert_eq!(kind, AuditKind::Spot);
				*picked.entry(id).or_default() += 1;
				// Clear it, as if it were answered at once.
				Audited::<Test>::mutate_extant(id, |state| {
					let open = state.open.take().unwrap();
					crate::Deadlines::<Test>::remove(open.deadline_tick, id);
				});
			}
		}
		let total: u64 = picked.values().sum();
		// 20 / 30 a tick: 1000 expected, less what was open; standard deviation below 32.
		assert!((870..=1130).contains(&total), "{total} picks");
		let expected = total as f64 / count as f64;
		let chi: f64 = (1..=count)
			.map(|id| (picked.get(&id).copied().unwrap_or_default() as f64 - expected).powi(2))
			.sum::<f64>()
			/ expected;
		// 19 degrees of freedom: 43.8 is exceeded once in a thousand.
		assert!(chi < 43.8, "chi-square {chi}");
	});
}

#[test]
fn they_are_bounded_and_leave_room_for_the_schedule() {
	run(|| {
		set(|p| (p.spot_period_ticks, p.period_ticks) = (1, 10_000));
		for id in 1..=10 {
			Party::new(id).checkpoint(10);
		}
		next_block();
		// All ten are wanted at once, half of the four openings may be spot audits.
		assert!((1..=2).contains(&kinds().len()));
	});
}

#[test]
fn they_spare_nodes_in_maintenance_and_find_the_dead() {
	run(|| {
		set(|p| (p.spot_period_ticks, p.period_ticks) = (1, 10_000));
		Party::new(1).checkpoint(10);
		Resting::set(vec![1]);
		for _ in 0..20 {
			next_block();
		}
		assert!(kinds().is_empty());
		Resting::set(vec![]);
		World::change(1, |view| view.live = false);
		for _ in 0..5 {
			next_block();
		}
		assert_eq!(SlotCount::<Test>::get(), 0);
		assert!(!Audited::<Test>::contains_key(1));
	});
}

#[test]
fn slots_stay_dense() {
	run(|| {
		for id in 1..=5 {
			Party::new(id).checkpoint(10);
		}
		for closed in [2, 5, 1] {
			Audits::closed(closed);
			Audits::do_try_state().unwrap();
		}
		assert_eq!(SlotCount::<Test>::get(), 2);
		let mut left: Vec<_> = AuditSlots::<Test>::iter().collect();
		left.sort_unstable();
		assert_eq!(left.iter().map(|(slot, _)| *slot).collect::<Vec<_>>(), [0, 1]);
		Party::new(9).checkpoint(10);
		assert_eq!(AuditSlots::<Test>::get(2), Some(9));
	});
}

#[test]
fn an_allotment_stays_within_its_state() {
	use codec::Encode;
	run(|| {
		let mut party = Party::new(1);
		party.checkpoint(10);
		let mut state = Audited::<Test>::get(1).unwrap();
		assert!(state.encoded_size() <= 96, "{} bytes at first", state.encoded_size());
		// Two days with audits every three hours, of a log of 1 TiB.
		state.log.leaf_count = 1 << 31;
		for number in 1..=16 {
			let outcome = AuditOutcome::Proven { block: number * 1810, extrinsic: 40 };
			state.end(number * 1800, outcome);
		}
		assert!(state.encoded_size() <= 176, "{} bytes later", state.encoded_size());
	});
}
