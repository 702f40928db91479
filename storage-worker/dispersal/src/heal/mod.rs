//! Healing: find what is missing or damaged, and put it back, the most endangered first.
//!
//! There is no list of objects but the backends' own: [`Dataset::survey`] walks through what each of them has and asks the others for it, in
//! pages, so that its memory does not grow with the dataset. Nothing is remembered between runs: what a run that was
//! killed has put back is not missing any more.

mod repair;
mod survey;

pub use repair::{HealReport, Healing};
#[cfg(feature = "fuzzing")]
pub(crate) use survey::Scanned;
pub use survey::{Check, Survey};

/// The probability that an object is lost before the next repair, if each of its nodes is lost by then with probability `node_loss`, independent of the
/// others: more than `spare` of the `held` nodes that have a good shard must go. Source: the tail of the binomial distribution.
pub fn loss_probability(held: u32, spare: u32, node_loss: f64) -> f64 {
	let (n, p) = (f64::from(held), node_loss.clamp(0.0, 1.0));
	let mut term = (1.0 - p).powf(n);
	let mut survival = 0.0;
	for lost in 0..=spare.min(held) {
		survival += term;
		let i = f64::from(lost);
		if p >= 1.0 {
			break;
		}
		term *= (n - i) / (i + 1.0) * p / (1.0 - p);
	}
	// What is left of one is too coarse for small probabilities: sum the tail itself.
	let mut tail = 0.0;
	for lost in spare.saturating_add(1)..=held {
		tail += term;
		let i = f64::from(lost);
		term *= (n - i) / (i + 1.0) * p / (1.0 - p).max(f64::MIN_POSITIVE);
	}
	if survival < 0.5 || p >= 1.0 {
		(1.0 - survival).clamp(0.0, 1.0)
	} else {
		tail
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_tail_of_the_binomial() {
		let near = |a: f64, b: f64| (a - b).abs() <= b * 1e-9;
		// Of two, without spare: one loss is enough.
		assert!(near(loss_probability(2, 0, 0.1), 1.0 - 0.81));
		assert!(near(loss_probability(3, 1, 0.5), 0.5));
		// 20 nodes, 4 spare, one per cent each: C(20,5) 1e-10 0.99^15 + ...
		let expected: f64 = (5..=20u32)
			.map(|i| {
				let ways = (0..i).fold(1.0, |ways, j| ways * f64::from(20 - j) / f64::from(j + 1));
				ways * 0.01f64.powi(i as i32) * 0.99f64.powi(20 - i as i32)
			})
			.sum();
		assert!(near(loss_probability(20, 4, 0.01), expected));
		assert!(loss_probability(20, 4, 1e-4) > 0.0);
		assert_eq!(loss_probability(5, 5, 0.3), 0.0);
		assert_eq!(loss_probability(5, 1, 1.0), 1.0);
		assert_eq!(loss_probability(5, 1, 0.0), 0.0);
	}
}
