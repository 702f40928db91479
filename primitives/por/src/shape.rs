//! The shape of a log's tree and the one walk that prover, verifier and size all share.

use core::convert::Infallible;

/// A perfect binary tree of the mountain range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mountain {
	/// The first leaf that it covers.
	pub first_leaf: u64,
	/// Levels above the leaves; it covers `1 << height` leaves.
	pub height: u8,
}

impl Mountain {
	/// The position of its peak among the nodes of level `height`.
	pub fn peak_index(&self) -> u64 {
		self.first_leaf >> self.height
	}
}

/// The mountains of a log of `leaf_count` leaves, highest first.
pub fn mountains(leaf_count: u64) -> impl DoubleEndedIterator<Item = Mountain> + Clone {
	(0..64u8).rev().filter(move |height| leaf_count >> height & 1 == 1).map(move |height| {
		// What the higher bits cover lies to the left; a shift by 64 would overflow at height 63.
		let higher = (leaf_count >> height) & !1;
		Mountain { first_leaf: higher.checked_shl(u32::from(height)).unwrap_or(0), height }
	})
}

/// Leaves that a value of `value_len` bytes fills.
pub fn leaves_of(value_len: u64) -> u64 {
	value_len.div_ceil(crate::LEAF_BYTES as u64)
}

/// What is met on the canonical walk.
pub(crate) trait Visitor {
	/// What a subtree yields.
	type Output;
	/// Why the walk ends early.
	type Error;
	/// A sampled leaf.
	fn leaf(&mut self, index: u64) -> Result<Self::Output, Self::Error>;
	/// The root of a maximal subtree without samples: node `index` of `level`.
	fn absent(&mut self, level: u8, index: u64) -> Result<Self::Output, Self::Error>;
	/// Both halves of a subtree with samples.
	fn join(&mut self, left: Self::Output, right: Self::Output) -> Self::Output;
}

/// Walks node `index` of `level`; `samples` are the sampled leaves below it, ascending. Recursion is
/// bounded by the level, which is at most 63.
pub(crate) fn walk<V: Visitor>(
	visitor: &mut V,
	level: u8,
	index: u64,
	samples: &[u64],
) -> Result<V::Output, V::Error> {
	if samples.is_empty() {
		return visitor.absent(level, index);
	}
	if level == 0 {
		return visitor.leaf(index);
	}
	let right = 2 * index + 1;
	let first_right_leaf = right << (level - 1);
	let (left_samples, right_samples) =
		samples.split_at(samples.partition_point(|sample| *sample < first_right_leaf));
	let left_output = walk(visitor, level - 1, right - 1, left_samples)?;
	let right_output = walk(visitor, level - 1, right, right_samples)?;
	Ok(visitor.join(left_output, right_output))
}

/// The part of `samples` that lies in a mountain, and the rest.
pub(crate) fn split_samples(mountain: Mountain, samples: &[u64]) -> (&[u64], &[u64]) {
	let last = mountain.first_leaf + ((1u64 << mountain.height) - 1);
	samples.split_at(samples.partition_point(|sample| *sample <= last))
}

/// Counts the hashes that a proof carries.
struct Count(usize);

impl Visitor for Count {
	type Output = ();
	type Error = Infallible;

	fn leaf(&mut self, _: u64) -> Result<(), Infallible> {
		Ok(())
	}

	fn absent(&mut self, _: u8, _: u64) -> Result<(), Infallible> {
		self.0 += 1;
		Ok(())
	}

	fn join(&mut self, _: (), _: ()) {}
}

/// The number of hashes in the proof of these samples; they must be ascending and in range.
pub(crate) fn hash_count(leaf_count: u64, samples: &[u64]) -> usize {
	let mut count = Count(0);
	let mut rest = samples;
	for mountain in mountains(leaf_count) {
		let (inside, after) = split_samples(mountain, rest);
		rest = after;
		let Ok(()) = walk(&mut count, mountain.height, mountain.peak_index(), inside);
	}
	count.0
}
