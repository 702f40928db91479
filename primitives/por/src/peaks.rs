//! The accumulator of a log: its peaks, and the root over them.

use crate::{
	hash::{leaf_hash, node_hash, Blake2, Hash, Hasher, LEAF_BYTES, ROOT_TAG},
	proof::ProofError,
	shape::mountains,
};
use alloc::vec::Vec;
use core::marker::PhantomData;

/// The root of a log of `leaf_count` leaves with these peaks, highest mountain first.
///
/// Fails with [`ProofError::PeakCount`] if a log of that length has another number of peaks.
pub fn root<H: Hasher>(leaf_count: u64, peaks: &[Hash]) -> Result<Hash, ProofError> {
	let expected = leaf_count.count_ones() as usize;
	if peaks.len() != expected {
		return Err(ProofError::PeakCount { expected, found: peaks.len() });
	}
	let mut preimage = Vec::with_capacity(ROOT_TAG.len() + 8 + 32);
	preimage.extend_from_slice(ROOT_TAG);
	preimage.extend_from_slice(&leaf_count.to_le_bytes());
	let mut from_right = peaks.iter().rev();
	if let Some(last) = from_right.next() {
		let bagged = from_right.fold(*last, |bagged, peak| node_hash::<H>(peak, &bagged));
		preimage.extend_from_slice(&bagged);
	}
	Ok(H::hash(&preimage))
}

/// The peaks of a growing log: enough to append leaves and to name the root, 32 bytes a mountain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peaks<H = Blake2> {
	leaf_count: u64,
	peaks: Vec<Hash>,
	hasher: PhantomData<H>,
}

impl<H: Hasher> Default for Peaks<H> {
	fn default() -> Self {
		Self { leaf_count: 0, peaks: Vec::new(), hasher: PhantomData }
	}
}

impl Peaks<Blake2> {
	/// An empty log.
	pub fn new() -> Self {
		Self::default()
	}
}

impl<H: Hasher> Peaks<H> {
	/// A log of which these peaks are known, highest mountain first.
	pub fn from_parts(leaf_count: u64, peaks: Vec<Hash>) -> Result<Self, ProofError> {
		let expected = leaf_count.count_ones() as usize;
		if peaks.len() != expected {
			return Err(ProofError::PeakCount { expected, found: peaks.len() });
		}
		Ok(Self { leaf_count, peaks, hasher: PhantomData })
	}

	/// Appends a leaf by its hash.
	pub fn push(&mut self, leaf: Hash) {
		let mut node = leaf;
		// Each trailing one bit of the count is a mountain as high as the new one: they merge.
		for _ in 0..self.leaf_count.trailing_ones() {
			if let Some(left) = self.peaks.pop() {
				node = node_hash::<H>(&left, &node);
			}
		}
		self.peaks.push(node);
		self.leaf_count += 1;
	}

	/// Appends a value: its leaves of 512 bytes, the last one zero-padded.
	pub fn push_value(&mut self, value: &[u8]) {
		for piece in value.chunks(LEAF_BYTES) {
			let mut leaf = [0u8; LEAF_BYTES];
			let (filled, _) = leaf.split_at_mut(piece.len());
			filled.copy_from_slice(piece);
			self.push(leaf_hash::<H>(&leaf));
		}
	}

	/// Leaves in the log.
	pub fn leaf_count(&self) -> u64 {
		self.leaf_count
	}

	/// The peaks, highest mountain first.
	pub fn peaks(&self) -> &[Hash] {
		&self.peaks
	}

	/// The mountains' heights agree with the count by construction, so the root always exists.
	pub fn root(&self) -> Hash {
		debug_assert_eq!(mountains(self.leaf_count).count(), self.peaks.len());
		root::<H>(self.leaf_count, &self.peaks).unwrap_or_default()
	}
}
