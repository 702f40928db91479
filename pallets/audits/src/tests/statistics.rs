//! Figures: how often losses are detected, and how even the beacon is.

use crate::{beacon, types::HostBlake2};
use granary_por::challenge;
use granary_primitives::detection::escape;
use sp_runtime::Perbill;
use std::collections::BTreeSet;

fn seed(number: u64) -> [u8; 32] {
	let accumulator = sp_io::hashing::blake2_256(&number.to_le_bytes());
	beacon::seed(&accumulator, &[7; 32], number as u32)
}

/// Rounds of 16 leaves that hit one of the leaves for which `lost` is true.
fn detected(leaf_count: u64, rounds: u64, lost: impl Fn(u64) -> bool) -> u64 {
	let root = [3; 32];
	let hits = |number: &u64| {
		let leaves = challenge::<HostBlake2>(&seed(*number), 42, &root, leaf_count, 16);
		leaves.into_iter().any(&lost)
	};
	(0..rounds).filter(hits).count() as u64
}

#[test]
fn losses_are_detected_as_often_as_the_formula_says() {
	const ROUNDS: u64 = 4000;
	let leaf_count = 1 << 20;
	for percent in [1u64, 5, 10, 20] {
		// It makes no difference which leaves are dropped.
		let first = detected(leaf_count, ROUNDS, |leaf| leaf * 100 < leaf_count * percent);
		let spread = detected(leaf_count, ROUNDS, |leaf| leaf % 100 < percent);
		let escapes = escape(Perbill::from_percent(percent as u32), 16).deconstruct() as f64 / 1e18;
		let expected = ROUNDS as f64 * (1.0 - escapes);
		let deviation = (ROUNDS as f64 * escapes * (1.0 - escapes)).sqrt();
		for found in [first, spread] {
			// Four standard deviations: wrong once in sixteen thousand; the seeds are fixed.
			let off = (found as f64 - expected).abs();
			assert!(off < 4.0 * deviation + 1.0, "{percent} %: {found}, expected {expected}");
		}
	}
}

#[test]
fn seeds_are_even_in_every_byte_and_never_repeat() {
	const SEEDS: u64 = 20_000;
	let mut accumulator = [0; 32];
	let mut counts = vec![[0u32; 256]; 32];
	let mut seen = BTreeSet::new();
	for tick in 0..SEEDS {
		let vrf = sp_io::hashing::blake2_256(&tick.to_be_bytes());
		accumulator = beacon::accumulate(&accumulator, &vrf);
		let seed = beacon::seed(&accumulator, &[7; 32], tick as u32);
		assert!(seen.insert(seed));
		for (byte, count) in seed.iter().zip(&mut counts) {
			count[usize::from(*byte)] += 1;
		}
	}
	let expected = SEEDS as f64 / 256.0;
	for (position, count) in counts.iter().enumerate() {
		let chi: f64 =
			count.iter().map(|found| (f64::from(*found) - expected).powi(2) / expected).sum();
		// 255 degrees of freedom; outside of these bounds once in ten thousand.
		assert!((177.0..=347.0).contains(&chi), "byte {position}: chi-square {chi}");
	}
}

#[test]
fn phases_and_slots_are_even() {
	const DRAWS: u64 = 20_000;
	for range in [7u32, 100] {
		let mut counts = vec![0u32; range as usize];
		for number in 0..DRAWS {
			let accumulator = seed(number);
			counts[beacon::phase(&accumulator, number, range) as usize] += 1;
		}
		let expected = DRAWS as f64 / f64::from(range);
		let chi: f64 =
			counts.iter().map(|found| (f64::from(*found) - expected).powi(2) / expected).sum();
		let freedom = f64::from(range - 1);
		// The mean and four and a half standard deviations.
		assert!(chi < freedom + 4.5 * (2.0 * freedom).sqrt(), "range {range}: {chi}");
	}
}
