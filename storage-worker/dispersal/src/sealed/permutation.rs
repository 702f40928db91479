//! The secret order of an archive's leaves on one node.

use blake3::Hasher;

/// Rounds of the network: as in NIST SP 800-38G's FF1, and two more.
const ROUNDS: usize = 12;

/// A keyed permutation of `0..len`, from a leaf's position on a node to its slice.
///
/// A balanced Feistel network over pairs of numbers below `side`, the square root of `len` rounded up, with addition for the exclusive or (Black and
/// Rogaway, *Ciphers with Arbitrary Finite Domains*, 2002, "generalized Feistel"); results beyond `len` go through once more, which leaves a permutation.
/// A round function takes no more than `side` values, so all of them are drawn beforehand from BLAKE3's keyed output: they are random functions
/// as far as that is, and a look-up costs nanoseconds. Nobody ever sees a value of the permutation, since what stands at a position is
/// encrypted; all an adversary can do is to choose positions.
#[derive(Debug)]
pub struct LeafOrder {
	len: u64,
	side: u32,
	/// The round functions, one after the other.
	functions: Vec<u32>,
}

impl LeafOrder {
	/// Of so many numbers, at most 2^32, under this key.
	pub fn new(key: &[u8; 32], len: u64) -> Self {
		let mut side = (len as f64).sqrt() as u64;
		while side * side < len {
			side += 1;
		}
		let mut words = vec![0; ROUNDS * side as usize * 8];
		Hasher::new_keyed(key).finalize_xof().fill(&mut words);
		let functions = words
			.chunks_exact(8)
			.map(|word| {
				let word = word.first_chunk().copied().map_or(0, u64::from_le_bytes);
				// The high half of a product spreads 64 bits over `side` values with a bias below 2^-32 of each.
				((u128::from(word) * u128::from(side)) >> 64) as u32
			})
			.collect();
		Self { len, side: side as u32, functions }
	}

	/// The slice at a position below `len`.
	pub fn slice(&self, position: u64) -> u64 {
		let mut at = position;
		loop {
			at = self.round_trip(at);
			if at < self.len {
				return at;
			}
		}
	}

	fn round_trip(&self, at: u64) -> u64 {
		let side = self.side;
		let (mut left, mut right) = ((at / u64::from(side)) as u32, (at % u64::from(side)) as u32);
		for function in self.functions.chunks_exact(side as usize) {
			let added = left + function.get(right as usize).copied().unwrap_or_default();
			(left, right) = (right, if added >= side { added - side } else { added });
		}
		u64::from(left) * u64::from(side) + u64::from(right)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn it_is_a_permutation_of_every_length() {
		for len in (1..200).chain([539, 1024, 64_674, 100_003]) {
			let permutation = LeafOrder::new(&[len as u8; 32], len);
			let mut seen = vec![false; len as usize];
			for position in 0..len {
				let slice = permutation.slice(position) as usize;
				assert!(!std::mem::replace(&mut seen[slice], true), "{len}: {slice} twice");
			}
		}
	}

	#[test]
	fn the_format_stays_as_it_is() {
		let permutation = LeafOrder::new(&[7; 32], 1000);
		let slices: Vec<u64> = (0..8).map(|position| permutation.slice(position)).collect();
		assert_eq!(slices, [925, 639, 752, 51, 16, 653, 104, 147]);
	}

	/// Over many keys every pair of neighbours must land everywhere: chi-squared of their slices' cells in a table of 16 by 16.
	#[test]
	fn where_neighbours_land_is_unrelated() {
		const LEN: u64 = 539;
		const KEYS: u32 = 25_600;
		for (one, other) in [(0, 1), (0, 24), (100, 101), (269, 270), (0, 538)] {
			let mut counts = [0f64; 256];
			for number in 0..KEYS {
				let key = crate::kdf::keyed_hash(&[3; 32], &[&number.to_le_bytes()]);
				let permutation = LeafOrder::new(&key, LEN);
				let cell = |position| permutation.slice(position) * 16 / LEN;
				counts[(cell(one) * 16 + cell(other)) as usize] += 1.0;
			}
			let size = |cell: u64| ((cell + 1) * LEN).div_ceil(16) - (cell * LEN).div_ceil(16);
			let chi: f64 = (0..256u64)
				.map(|at| {
					let (a, b) = (size(at / 16), size(at % 16));
					let pairs = a * (b - u64::from(at / 16 == at % 16));
					let expected = pairs as f64 / (LEN * (LEN - 1)) as f64 * f64::from(KEYS);
					(counts[at as usize] - expected).powi(2) / expected
				})
				.sum();
			// 255 degrees of freedom: 400 and more has a chance of 1e-8.
			assert!(chi < 400.0, "{one} and {other}: {chi}");
		}
	}
}
