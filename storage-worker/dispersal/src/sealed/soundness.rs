//! What an audit says about an archive: the figures of `docs/adr/0007`, computed.

use super::Layout;

/// Steps of the search over fractions.
const STEPS: u32 = 2000;

/// An archive, and one round of audits of the allotments that hold it.
#[derive(Debug, Clone, Copy)]
pub struct Soundness {
	/// Its shape.
	pub layout: Layout,
	/// Leaves that are drawn from each node's log in a round.
	pub samples: u32,
	/// The archive's share of these logs, from 0 to 1.
	pub share: f64,
}

/// The best that colluding nodes can do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WorstCase {
	/// How many of them drop leaves.
	pub colluders: usize,
	/// The fraction of the archive's leaves that each of them drops.
	pub dropped: f64,
	/// The binary logarithm of the probability that something is lost for good and no audit of the round notices.
	pub log2: f64,
}

impl Soundness {
	/// The natural logarithm of the probability that one round notices nothing, if each node has dropped this fraction of its leaves of the archive:
	/// the product of `(1 - share·fraction)^samples`. Leaves are drawn without repeats, which only makes it smaller.
	pub fn ln_escape(&self, dropped: &[f64]) -> f64 {
		let unseen = |fraction: &f64| f64::from(self.samples) * (-self.share * fraction).ln_1p();
		dropped.iter().map(unseen).sum()
	}

	/// The probability that a row has lost more cells than the outer code repairs: the tail of a sum of independent choices, one for each node.
	pub fn row_loss(&self, dropped: &[f64]) -> f64 {
		// chances[i]: that i of the nodes looked at so far lack the cell; the last entry stands for too many.
		let limit = self.layout.total_shards() - self.layout.data_shards() + 1;
		let mut chances = vec![0.0; limit + 1];
		if let Some(first) = chances.first_mut() {
			*first = 1.0;
		}
		for fraction in dropped {
			let mut carried = 0.0;
			for (lost, chance) in chances.iter_mut().enumerate() {
				let stays = if lost == limit { *chance } else { *chance * (1.0 - fraction) };
				let moves = *chance - stays;
				*chance = stays + carried;
				carried = moves;
			}
		}
		chances.last().copied().unwrap_or(1.0)
	}

	/// A bound on the natural logarithm of the probability that a block loses more rows than the inner code repairs, over all blocks.
	///
	/// With `q` the probability of [`Soundness::row_loss`] and `x` the least fraction of rows that is too much it is `blocks·exp(-rows·KL(x‖q))`, Chernoff's
	/// bound. It holds although the rows are not independent: what each node drops is a random subset of fixed size of its cells, so the losses of
	/// rows are negatively associated (Joag-Dev and Proschan, 1983), and for these the bound is the same.
	pub fn ln_destruction(&self, dropped: &[f64]) -> f64 {
		let (rows, q) = (self.layout.rows() as f64, self.row_loss(dropped));
		let x = (self.layout.parity_rows() + 1) as f64 / rows;
		if q >= x {
			return 0.0;
		}
		if q <= 0.0 {
			return f64::NEG_INFINITY;
		}
		let divergence = x * (x / q).ln() + (1.0 - x) * ((1.0 - x) / (1.0 - q)).ln();
		((self.layout.blocks() as f64).ln() - rows * divergence).min(0.0)
	}

	/// The natural logarithm of the probability that something is lost for good and one round notices nothing. The two are independent: the beacon does
	/// not know the order of leaves.
	pub fn ln_success(&self, dropped: &[f64]) -> f64 {
		self.ln_escape(dropped) + self.ln_destruction(dropped)
	}

	/// What so many colluders achieve at most if they drop the same fraction each.
	pub fn worst_of(&self, colluders: usize) -> WorstCase {
		let at = |step: u32| f64::from(step) / f64::from(STEPS);
		let success = |step| (at(step), self.ln_success(&vec![at(step); colluders]));
		let best = (1..STEPS).map(success).max_by(|a, b| a.1.total_cmp(&b.1));
		let (dropped, ln) = best.unwrap_or((0.0, f64::NEG_INFINITY));
		WorstCase { colluders, dropped, log2: ln / std::f64::consts::LN_2 }
	}

	/// What nodes achieve at most, whichever and however many of them collude. That dropping different fractions gains nothing is a matter of the tests.
	pub fn worst(&self) -> WorstCase {
		let (least, most) = (
			self.layout.total_shards() - self.layout.data_shards() + 1,
			self.layout.total_shards(),
		);
		let none = WorstCase { colluders: 0, dropped: 0.0, log2: f64::NEG_INFINITY };
		(least..=most).map(|colluders| self.worst_of(colluders)).fold(none, |best, next| {
			if next.log2 > best.log2 {
				next
			} else {
				best
			}
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn soundness(data: usize, total: usize, blocks: usize, rows: usize) -> Soundness {
		let layout = Layout::from_parts(data, total, blocks, rows).unwrap();
		Soundness { layout, samples: 16, share: 1.0 }
	}

	#[test]
	fn a_row_is_lost_with_the_probability_of_the_binomial_tail() {
		let soundness = soundness(16, 20, 1, 1000);
		let all = soundness.row_loss(&[0.1; 20]);
		assert!((all - crate::loss_probability(20, 4, 0.1)).abs() < 1e-12, "{all}");
		// Five nodes of which each must lose the cell.
		let five = soundness.row_loss(&[0.5; 5]);
		assert!((five - 0.5f64.powi(5)).abs() < 1e-12);
		assert_eq!(soundness.row_loss(&[1.0; 4]), 0.0);
		assert_eq!(soundness.row_loss(&[1.0; 5]), 1.0);
	}

	#[test]
	fn the_figures_of_the_documents() {
		let full = soundness(16, 20, 1, 61_440);
		let worst = full.worst();
		assert_eq!(worst.colluders, 20);
		assert!((-52.0..-50.0).contains(&worst.log2), "{worst:?}");
		assert!((0.095..0.11).contains(&worst.dropped), "{worst:?}");
		assert!(full.worst_of(5).log2 < -80.0);
		// Small archives, large ones, and those that fill a tenth of the log only.
		for (blocks, rows) in [(1, 512), (1, 4096), (1000, 61_440)] {
			let worst = soundness(16, 20, blocks, rows).worst();
			assert!(worst.log2 < -48.0, "{blocks} {rows}: {worst:?}");
		}
		let tenth = Soundness { share: 0.1, ..full }.worst();
		assert!((-5.5..-4.5).contains(&tenth.log2), "{tenth:?}");
	}

	/// Two groups that drop different fractions, over a grid: nobody does better than all alike by more than the grid's own coarseness.
	#[test]
	fn dropping_different_fractions_gains_nothing() {
		for (data, total) in [(16usize, 20usize), (4, 6), (2, 3)] {
			let soundness = soundness(data, total, 1, 61_440);
			let alike = soundness.worst().log2;
			let grid: Vec<f64> = (0..40).map(|step| f64::from(step) / 40.0).collect();
			for first in 1..total {
				for (one, other) in grid.iter().flat_map(|a| grid.iter().map(move |b| (*a, *b))) {
					let mut dropped = vec![one; first];
					dropped.resize(total, other);
					let log2 = soundness.ln_success(&dropped) / std::f64::consts::LN_2;
					assert!(
						log2 < alike + 0.01,
						"{data}+{}: {first} drop {one}, the others {other}: {log2}",
						total - data
					);
				}
			}
		}
	}
}
