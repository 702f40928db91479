//! Audits are opened once a period, bounded, and end proven or missed.

use crate::{mock::*, Audited, Deadlines, Due, Event, OpenedTick, WeightInfo};
use frame_support::{
	traits::Hooks,
	weights::{Weight, WeightMeter},
};
use granary_primitives::{audit::AuditOutcome, traits::AuditSchedule};

#[test]
fn a_miss_is_recorded_after_the_deadline() {
	run(|| {
		let mut party = Party::new(1);
		party.checkpoint(10);
		let due = party.await_audit();
		run_to_tick(due.deadline_tick);
		assert_eq!(Audits::audit_status(1).unwrap().missed, 0);
		next_block();
		System::assert_has_event(
			Event::AuditMissed { allotment: 1, node: 1, tick: due.tick, window_misses: 1 }.into(),
		);
		let status = Audits::audit_status(1).unwrap();
		assert_eq!((status.proven, status.missed, status.window_misses), (0, 1, 1));
		let block = System::block_number();
		assert_eq!(Audits::audit_history(1)[0].outcome, AuditOutcome::Missed { block });
		assert_eq!(Till::get(), vec![(1, false, 1, due.tick)]);
	});
}

#[test]
fn audits_follow_each_other_by_period_and_jitter_and_cover_every_block() {
	run(|| {
		let mut party = Party::new(1);
		party.checkpoint(10);
		let mut last = None;
		let mut gaps = std::collections::BTreeSet::new();
		for _ in 0..40 {
			let due = party.await_audit();
			if let Some(last) = last {
				let gap = due.tick - last;
				assert!((27..=33).contains(&gap), "gap {gap}");
				gaps.insert(gap);
			}
			last = Some(due.tick);
			party.answer(&due);
		}
		assert!(gaps.len() > 3, "the jitter varies: {gaps:?}");
		let till = Till::get();
		assert_eq!(till.len(), 40);
		assert_eq!(till[0].2, 1);
		assert!(till.windows(2).all(|pair| pair[0].3 == pair[1].2), "coverage has no gaps");
	});
}

#[test]
fn history_is_a_ring_newest_first_and_misses_slide() {
	run(|| {
		let mut party = Party::new(1);
		party.checkpoint(10);
		for number in 0..20 {
			let due = party.await_audit();
			if number % 4 == 0 {
				party.miss(&due)
			} else {
				party.answer(&due)
			}
		}
		let history = Audits::audit_history(1);
		assert_eq!(history.len(), 16);
		assert!(history.windows(2).all(|pair| pair[0].tick > pair[1].tick));
		let status = Audits::audit_status(1).unwrap();
		assert_eq!((status.proven, status.missed, status.window_misses), (15, 5, 4));
		let mut state = Audited::<Test>::get(1).unwrap();
		let due_tick = history[0].tick;
		for _ in 0..3 {
			state.end(due_tick, AuditOutcome::Proven { block: 1, extrinsic: 1 });
		}
		assert_eq!(state.window_misses(), 3);
	});
}

#[test]
fn a_tick_opens_no_more_than_its_share() {
	run(|| {
		for id in 1..=10 {
			Party::new(id).checkpoint(10);
			let mut state = Audited::<Test>::get(id).unwrap();
			Due::<Test>::remove(state.next_tick, id);
			state.next_tick = 2;
			Due::<Test>::insert(2, id, ());
			Audited::<Test>::insert(id, state);
		}
		run_to_tick(1);
		let opened = || Deadlines::<Test>::iter().count();
		assert_eq!(opened(), 4);
		// A tick that is held opens nothing more.
		end_block();
		begin_block(System::block_number() + 1);
		assert_eq!((opened(), OpenedTick::<Test>::get()), (4, 2));
		next_block();
		assert_eq!(opened(), 8);
		next_block();
		assert_eq!(opened(), 10);
		// Those that came later have later ticks, so later deadlines.
		let mut ticks: Vec<_> =
			(1..=10).map(|id| Audited::<Test>::get(id).unwrap().open.unwrap().tick).collect();
		ticks.sort_unstable();
		assert_eq!(ticks, [2, 2, 2, 2, 3, 3, 3, 3, 4, 4]);
	});
}

#[test]
fn hooks_stop_when_the_weight_is_used_and_go_on_later() {
	run(|| {
		for id in 1..=3 {
			Party::new(id).checkpoint(10);
			let mut state = Audited::<Test>::get(id).unwrap();
			Due::<Test>::remove(state.next_tick, id);
			state.next_tick = 2;
			Due::<Test>::insert(2, id, ());
			Audited::<Test>::insert(id, state);
		}
		let weight_of =
			|audits: u64| <() as WeightInfo>::poll_base() + Audits::opening_weight() * audits;
		let poll = |limit: Weight| {
			Vrf::set(Some([System::block_number() as u8; 32]));
			end_block();
			let number = System::block_number() + 1;
			System::set_block_number(number);
			let mut meter = WeightMeter::with_limit(limit);
			Audits::on_poll(number, &mut meter);
			assert!(meter.consumed().all_lte(limit));
			Deadlines::<Test>::iter().count()
		};
		assert_eq!(poll(weight_of(1)), 1);
		assert_eq!(poll(weight_of(1) + Weight::from_parts(1, 0)), 2);
		assert_eq!(poll(weight_of(2)), 3);
	});
}

#[test]
fn misses_are_bounded_per_block_and_carried_over() {
	run(|| {
		for id in 1..=10 {
			Party::new(id).checkpoint(10);
		}
		// Move all deadlines to one tick, as if windows had been shortened.
		run_to_tick(45);
		let open: Vec<_> = Deadlines::<Test>::iter().collect();
		for (deadline, id, node) in &open {
			Deadlines::<Test>::remove(deadline, id);
			Deadlines::<Test>::insert(60, id, node);
			Audited::<Test>::mutate(id, |state| {
				state.as_mut().unwrap().open.as_mut().unwrap().deadline_tick = 60;
			});
		}
		assert!(!open.is_empty());
		let misses = || (1..=10).map(|id| Audits::audit_status(id).unwrap().missed).sum::<u32>();
		run_to_tick(60);
		let mut before = misses();
		while Deadlines::<Test>::iter_prefix(60).next().is_some() {
			next_block();
			assert!((1..=4).contains(&(misses() - before)));
			before = misses();
		}
	});
}

#[test]
fn a_backlog_of_misses_postpones_the_next_audit() {
	run(|| {
		let mut party = Party::new(1);
		party.checkpoint(10);
		let due = party.await_audit();
		let state = Audited::<Test>::get(1).unwrap();
		// As if the miss were still waiting when the next audit is due.
		Due::<Test>::remove(state.next_tick, 1);
		let soon = due.tick + 2;
		Due::<Test>::insert(soon, 1, ());
		Audited::<Test>::mutate(1, |state| state.as_mut().unwrap().next_tick = soon);
		run_to_tick(soon);
		let state = Audited::<Test>::get(1).unwrap();
		assert_eq!(state.open.unwrap().tick, due.tick);
		assert_eq!(state.next_tick, due.deadline_tick + 1);
	});
}

#[test]
fn a_closed_allotment_is_forgotten() {
	run(|| {
		let mut party = Party::new(1);
		party.checkpoint(10);
		let due = party.await_audit();
		run_to_tick(due.deadline_tick + 1);
		party.await_audit();
		Audits::closed(1);
		assert_eq!(Audits::audit_status(1), None);
		assert_eq!((Due::<Test>::iter().count(), Deadlines::<Test>::iter().count()), (0, 0));
		assert!(Audits::audit_history(1).is_empty());
		Audits::closed(1);
	});
}

#[test]
fn an_allotment_that_is_found_dead_is_forgotten() {
	run(|| {
		Party::new(1).checkpoint(10);
		World::change(1, |view| view.live = false);
		run_to_tick(40);
		assert_eq!(Audits::audit_status(1), None);
		assert_eq!(Due::<Test>::iter().count(), 0);
		assert!(Till::get().is_empty());
	});
}

#[test]
fn due_audits_are_listed_by_node_and_limit() {
	run(|| {
		for id in 1..=3 {
			Party::new(id).checkpoint(10);
		}
		for _ in 0..60 {
			let all = Audits::due_audits(None, 100);
			assert!(all.windows(2).all(|pair| pair[0].deadline_tick <= pair[1].deadline_tick));
			assert_eq!(Audits::due_audits(None, 1).len(), all.len().min(1));
			let of_two = Audits::due_audits(Some(2), 100);
			assert!(of_two.iter().all(|due| due.node == 2 && due.allotment == 2));
			assert_eq!(of_two.len(), all.iter().filter(|due| due.node == 2).count());
			next_block();
		}
	});
}
