//! A miss costs once for each step, however the window moves.

use crate::{
	mock::*,
	penalties::{MissWindow, Step},
	Event, Penalties,
};
use sp_runtime::Perbill;

/// The steps that a sequence of outcomes takes, with the audit's number; `M` is a miss.
fn steps(outcomes: &str) -> Vec<(usize, Step)> {
	let mut window = MissWindow::default();
	let mut taken = Vec::new();
	for (number, outcome) in outcomes.chars().enumerate() {
		window.record(outcome == 'M');
		assert!(window.is_valid());
		if outcome == 'M' {
			taken.extend(window.take_step(&Penalties::DEFAULT).map(|step| (number + 1, step)));
		}
	}
	taken
}

#[test]
fn a_streak_takes_each_step_once() {
	let expected = [(3, Step::First), (6, Step::Second), (8, Step::Faulty)];
	assert_eq!(steps("MMMMMMMM"), expected);
}

#[test]
fn a_window_that_falls_and_rises_does_not_punish_the_same_misses_again() {
	// At 17 the first miss has left and a new one comes: three are in the window again, two of
	// which are paid for.
	let once = format!("MMM{}MM", "P".repeat(13));
	assert_eq!(steps(&once), [(3, Step::First)]);
	// The third new one is punished.
	assert_eq!(steps(&format!("{once}M")), [(3, Step::First), (19, Step::First)]);
}

#[test]
fn staying_just_below_a_step_is_no_way_out() {
	// Three of sixteen, for ever: five percent each time.
	let pattern = "MPPPPMPPPPMPPPPP".repeat(10);
	let taken = steps(&pattern);
	assert_eq!(taken.len(), 10);
	assert!(taken.iter().all(|(_, step)| *step == Step::First));
	// Two of sixteen are tolerated.
	assert_eq!(steps(&"MPPPPPPPMPPPPPPP".repeat(10)), []);
	// Answering now and then does not dodge the last step.
	assert_eq!(steps(&"MP".repeat(8)).last(), Some(&(15, Step::Faulty)));
}

#[test]
fn the_bond_pays_and_the_allotment_ends() {
	run(|| {
		let mut party = Party::new(1);
		party.checkpoint(100);
		let second = Party::new(2);
		let mut second = second;
		second.checkpoint(100);
		for misses in 1..=8u32 {
			let due = party.await_audit();
			if let Some(other) = Audits::due_audits(Some(2), 1).first() {
				if other.current_tick <= other.deadline_tick {
					second.answer(other);
				}
			}
			party.miss(&due);
			let (share, amount) = match misses {
				3 => (Perbill::from_percent(5), BOND / 20),
				6 => (Perbill::from_percent(15), BOND * 15 / 100),
				_ => continue,
			};
			System::assert_has_event(
				Event::BondSlashed { allotment: 1, node: 1, share, amount, window_misses: misses }
					.into(),
			);
		}
		System::assert_has_event(
			Event::AllotmentFaulty { allotment: 1, node: 1, declared: false }.into(),
		);
		let slashed: Vec<_> = Slashed::get().into_iter().filter(|(id, ..)| *id == 1).collect();
		assert_eq!(slashed.len(), 2);
		assert!(slashed.iter().all(|(_, _, to)| to.is_none()), "for the repair");
		assert_eq!(Lost::get().iter().filter(|lost| **lost == (1, false)).count(), 1);
		assert_eq!(Audits::audit_status(1), None);
		assert!(Audits::next_audits(1).is_empty());
		// The last miss was told to the till, too.
		assert_eq!(Till::get().iter().filter(|(id, proven, ..)| *id == 1 && !proven).count(), 8);
	});
}
