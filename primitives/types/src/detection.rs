//! What audits are worth: the chance that a loss escapes them.
//!
//! Of a log of which a fraction `f` is missing, `t` sampled leaves show nothing with probability `(1 - f)^t` at
//! most: sampling without replacement, as audits do, misses less. Several logs of one code
//! that miss the same fraction are sampled each on its own, so their samples add up.

use sp_arithmetic::{traits::Saturating, PerThing, Perbill, Perquintill};

/// Parts of a quintillion in one part of a billion.
const QUINTILLIONTHS: u64 = 1_000_000_000;

/// The chance that a loss of the fraction `lost` is not among `samples` sampled leaves:
/// `(1 - lost)^samples`, to 10^-18.
///
/// ```
/// use granary_primitives::detection::escape;
/// use sp_arithmetic::{Perbill, Perquintill};
///
/// // 128 leaves a day on each of five nodes that all drop 5 %: 2^-47.
/// let day = escape(Perbill::from_percent(5), 128 * 5);
/// assert!(day < Perquintill::from_rational(1u64, 1 << 47));
/// ```
pub fn escape(lost: Perbill, samples: u64) -> Perquintill {
	let kept = Perquintill::from_parts(
		u64::from(lost.left_from_one().deconstruct()).saturating_mul(QUINTILLIONTHS),
	);
	// 2^32 samples leave no chance that 10^-18 could tell from none, unless nothing is lost.
	let samples = u32::try_from(samples).unwrap_or(u32::MAX);
	kept.saturating_pow(usize::try_from(samples).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_published_table_holds() {
		// Samples for 99 % detection, from the formula t >= ln(0.01) / ln(1 - f).
		let table = [(50, 7), (25, 17), (20, 21), (10, 44), (5, 90), (2, 228), (1, 459)];
		for (percent, samples) in table {
			let lost = Perbill::from_percent(percent);
			let limit = Perquintill::from_percent(1);
			assert!(escape(lost, samples) <= limit, "{percent} % with {samples}");
			assert!(escape(lost, samples - 1) > limit, "{percent} % with one less");
		}
	}

	#[test]
	fn the_ends_are_exact() {
		assert_eq!(escape(Perbill::zero(), u64::MAX), Perquintill::one());
		assert_eq!(escape(Perbill::one(), 1), Perquintill::zero());
		assert_eq!(escape(Perbill::from_percent(30), 0), Perquintill::one());
		assert_eq!(escape(Perbill::from_percent(1), u64::MAX), Perquintill::zero());
	}
}
