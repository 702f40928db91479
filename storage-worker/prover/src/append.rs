//! Appending many leaves to a log of which only the peaks are known.

use crate::block::hash_pieces;
use granary_por::{Hash, Peaks};

/// Bytes below an inner node.
const PAIR_BYTES: usize = 64;
/// With fewer leaves nothing is gained by hashing several at once.
const FEW: usize = 4;

/// Appends leaves by their hashes. The same as [`Peaks::push`] for one after the other, but the nodes of a level are hashed several at once where the
/// processor can.
pub fn append(peaks: &mut Peaks, leaves: &[Hash]) {
	if leaves.len() < FEW {
		return leaves.iter().for_each(|leaf| peaks.push(*leaf));
	}
	let before = peaks.leaf_count();
	let mut higher = peaks.peaks().to_vec();
	let (mut row, mut lower, mut level) = (leaves.to_vec(), Vec::new(), 0);
	while !row.is_empty() {
		// A mountain of this height becomes the left sibling of the first node.
		if before.checked_shr(level).unwrap_or(0) & 1 == 1 {
			row.splice(..0, higher.pop());
		}
		if row.len() % 2 == 1 {
			lower.extend(row.pop());
		}
		row = hash_pieces(row.as_flattened(), PAIR_BYTES);
		level += 1;
	}
	higher.extend(lower.into_iter().rev());
	match Peaks::from_parts(before + leaves.len() as u64, higher) {
		Ok(after) => *peaks = after,
		// The number of mountains follows from that of leaves; were it otherwise, one by one is as right.
		Err(_) => leaves.iter().for_each(|leaf| peaks.push(*leaf)),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn many_at_once_are_the_same_as_one_after_the_other() {
		let leaf = |number: u64| -> Hash {
			let mut leaf = [7; 32];
			leaf[..8].copy_from_slice(&number.to_le_bytes());
			leaf
		};
		for before in [0, 1, 2, 3, 7, 8, 21, 64, 1023] {
			for count in [0, 1, 3, 4, 5, 8, 31, 128, 130, 2049] {
				let mut one_by_one = Peaks::new();
				(0..before).for_each(|number| one_by_one.push(leaf(number)));
				let mut together = one_by_one.clone();
				let leaves: Vec<Hash> = (before..before + count).map(leaf).collect();
				leaves.iter().for_each(|leaf| one_by_one.push(*leaf));
				append(&mut together, &leaves);
				let parts = |peaks: &Peaks| (peaks.leaf_count(), peaks.peaks().to_vec());
				assert_eq!(parts(&together), parts(&one_by_one), "{count} after {before}");
			}
		}
	}
}
