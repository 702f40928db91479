//! Which leaves an audit samples.

use crate::hash::{Hash, Hasher};
use alloc::{collections::BTreeSet, vec::Vec};

/// Domain of challenges.
pub const CHALLENGE_TAG: &[u8] = b"por-idx";

/// The leaves that the audit of `allotment` samples, ascending and distinct: `samples` of them, or all if the log has
/// no more.
///
/// `index_j = H("por-idx" ‖ seed ‖ allotment ‖ root ‖ leaf_count ‖ j) mod leaf_count` over the first sixteen bytes as a little-endian
/// number, so the bias is below `leaf_count / 2^128`; repeats are skipped.
pub fn challenge<H: Hasher>(
	seed: &Hash,
	allotment: u64,
	root: &Hash,
	leaf_count: u64,
	samples: u32,
) -> Vec<u64> {
	if leaf_count <= u64::from(samples) {
		return (0..leaf_count).collect();
	}
	let mut preimage = Vec::with_capacity(CHALLENGE_TAG.len() + 32 + 8 + 32 + 8 + 4);
	preimage.extend_from_slice(CHALLENGE_TAG);
	preimage.extend_from_slice(seed);
	preimage.extend_from_slice(&allotment.to_le_bytes());
	preimage.extend_from_slice(root);
	preimage.extend_from_slice(&leaf_count.to_le_bytes());
	let prefix = preimage.len();
	let mut chosen = BTreeSet::new();
	// More leaves exist than are wanted, so the loop ends; a counter that runs out would need 2^32
	// repeats in a row.
	for j in 0..=u32::MAX {
		if chosen.len() as u64 >= u64::from(samples) {
			break;
		}
		preimage.truncate(prefix);
		preimage.extend_from_slice(&j.to_le_bytes());
		let digest = H::hash(&preimage);
		let mut low = [0u8; 16];
		low.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
		chosen.insert((u128::from_le_bytes(low) % u128::from(leaf_count)) as u64);
	}
	chosen.into_iter().collect()
}
