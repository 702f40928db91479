//! All nodes collude and choose what to drop: what they achieve against secret orders is what the figures promise, whatever they choose by.

#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

#[path = "../examples/collusion/attack.rs"]
mod attack;

use attack::{Attack, Choice, SAMPLES};
use granary_dispersal::{Layout, Soundness};
use rand::{rngs::StdRng, SeedableRng};

fn soundness(layout: Layout) -> Soundness {
	Soundness { layout, samples: SAMPLES, share: 1.0 }
}

/// 2+1 is weak enough to see the best attack succeed: the bound is 2^-10.6 for a round. Each way to choose is tried 15,000 times.
#[test]
fn the_best_attack_succeeds_as_rarely_as_promised_and_not_much_more_rarely() {
	const TRIALS: u32 = 15_000;
	let layout = Layout::from_parts(2, 3, 1, 512).unwrap();
	let worst = soundness(layout).worst();
	let promised = worst.log2.exp2();
	let mut random = StdRng::seed_from_u64(0xc011);
	let mut all = 0;
	for choice in Choice::ALL {
		let attack = Attack {
			layout,
			colluders: worst.colluders,
			fraction: worst.dropped,
			choice,
			is_ordered_secretly: true,
		};
		let succeeded = (0..TRIALS)
			.map(|_| attack.run(&mut random))
			.filter(|outcome| outcome.is_destroyed && outcome.is_unnoticed)
			.count() as f64;
		// Of a binomial variable with this mean: beyond five deviations lies less than one in a million.
		let mean = promised * f64::from(TRIALS);
		assert!(succeeded <= mean + 5.0 * mean.sqrt(), "{choice:?}: {succeeded} of {mean}");
		all += succeeded as u32;
	}
	// And the figure is no idle one: it is reached within its bound's slack.
	assert!(f64::from(all) > 0.1 * promised * f64::from(4 * TRIALS), "{all} in all");
}

/// At 16+4 no attack succeeds in one's lifetime; how many rows it costs is seen at once.
#[test]
fn whatever_they_choose_by_as_many_rows_are_lost_as_if_they_chose_blindly() {
	const TRIALS: u32 = 12;
	let layout = Layout::from_parts(16, 20, 1, 16_384).unwrap();
	let mut random = StdRng::seed_from_u64(0xc012);
	for (colluders, fraction, destroys) in
		[(20, 0.08, false), (20, 0.12, true), (5, 0.45, false), (5, 0.6, true)]
	{
		let mut dropped = vec![fraction; colluders];
		dropped.resize(20, 0.0);
		let chance = soundness(layout).row_loss(&dropped);
		let expected = layout.rows() as f64 * chance;
		for choice in Choice::ALL {
			let attack = Attack { layout, colluders, fraction, choice, is_ordered_secretly: true };
			let outcomes: Vec<_> = (0..TRIALS).map(|_| attack.run(&mut random)).collect();
			let mean =
				outcomes.iter().map(|one| one.lost_rows as f64).sum::<f64>() / f64::from(TRIALS);
			let deviation = (expected * (1.0 - chance) / f64::from(TRIALS)).sqrt();
			assert!(
				(mean - expected).abs() < 5.0 * deviation,
				"{colluders} drop {fraction}, {choice:?}: {mean} rows, {expected} expected"
			);
			assert!(outcomes.iter().all(|one| one.is_destroyed == destroys), "{choice:?}");
		}
	}
}

/// The same attackers against rows that lie alike on all nodes: little is enough, and audits hardly notice. So the simulation can fail.
#[test]
fn without_secret_orders_the_same_attack_succeeds() {
	const TRIALS: u32 = 2000;
	let layout = Layout::from_parts(16, 20, 1, 512).unwrap();
	let mut random = StdRng::seed_from_u64(0xc013);
	let mut successes = |is_ordered_secretly| {
		let attack = Attack {
			layout,
			colluders: 5,
			fraction: 0.052,
			choice: Choice::Oldest,
			is_ordered_secretly,
		};
		let outcomes = (0..TRIALS).map(|_| attack.run(&mut random));
		outcomes.filter(|one| one.is_destroyed && one.is_unnoticed).count()
	};
	// 0.948^80 = 1.4 % of 2000.
	let in_the_open = successes(false);
	assert!((8..60).contains(&in_the_open), "{in_the_open}");
	assert_eq!(successes(true), 0);
}
