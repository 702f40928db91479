//! Multiproofs: their canonical size, building and verification.

use crate::{
	hash::{leaf_hash, node_hash, Hash, Hasher, HASH_BYTES, LEAF_BYTES},
	peaks::root as root_of,
	shape::{hash_count, mountains, split_samples, walk, Visitor},
};
use alloc::vec::Vec;
use core::{fmt, marker::PhantomData};

/// Why a proof is refused or cannot exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofError {
	/// The sampled indexes are not strictly ascending, or empty.
	BadIndexes,
	/// An index is not below the leaf count.
	OutOfRange {
		/// The index.
		index: u64,
		/// Leaves in the log.
		leaf_count: u64,
	},
	/// The proof has another length than its shape demands.
	WrongLength {
		/// Bytes that (leaf count, indexes) demand.
		expected: usize,
		/// Bytes that were given.
		found: usize,
	},
	/// A log of this length has another number of peaks.
	PeakCount {
		/// Peaks that the leaf count demands.
		expected: usize,
		/// Peaks that were given.
		found: usize,
	},
	/// The bytes do not lead to the root.
	RootMismatch,
}

impl fmt::Display for ProofError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::BadIndexes => {
				write!(f, "sampled indexes must be strictly ascending and not empty")
			},
			Self::OutOfRange { index, leaf_count } => {
				write!(f, "leaf {index} is not in a log of {leaf_count} leaves")
			},
			Self::WrongLength { expected, found } => {
				write!(f, "the proof has {found} bytes, its shape demands {expected}")
			},
			Self::PeakCount { expected, found } => {
				write!(f, "{found} peaks were given, the leaf count demands {expected}")
			},
			Self::RootMismatch => write!(f, "the proof does not lead to the root"),
		}
	}
}

impl core::error::Error for ProofError {}

fn check_indexes(leaf_count: u64, indexes: &[u64]) -> Result<(), ProofError> {
	let ascending = indexes.iter().zip(indexes.iter().skip(1)).all(|(a, b)| a < b);
	let Some(last) = indexes.last().filter(|_| ascending) else {
		return Err(ProofError::BadIndexes);
	};
	if *last >= leaf_count {
		return Err(ProofError::OutOfRange { index: *last, leaf_count });
	}
	Ok(())
}

/// The one length in bytes that a proof of these leaves has.
pub fn proof_len(leaf_count: u64, indexes: &[u64]) -> Result<usize, ProofError> {
	check_indexes(leaf_count, indexes)?;
	Ok(indexes.len() * LEAF_BYTES + hash_count(leaf_count, indexes) * HASH_BYTES)
}

/// A length that no proof of `samples` leaves out of at most `max_leaf_count` exceeds.
///
/// Each sample contributes at most one hash a level, and each of the other mountains its peak.
pub const fn max_proof_len(samples: u32, max_leaf_count: u64) -> usize {
	let levels = (u64::BITS - max_leaf_count.leading_zeros()) as usize;
	samples as usize * (LEAF_BYTES + levels * HASH_BYTES) + levels * HASH_BYTES
}

/// Reads a proof's leaves and hashes in the order of the walk.
struct Verifier<'a, H> {
	leaves: core::slice::ChunksExact<'a, u8>,
	hashes: core::slice::ChunksExact<'a, u8>,
	hasher: PhantomData<H>,
}

impl<H: Hasher> Visitor for Verifier<'_, H> {
	type Output = Hash;
	type Error = ProofError;

	fn leaf(&mut self, _: u64) -> Result<Hash, ProofError> {
		let bytes = self.leaves.next().and_then(|bytes| bytes.try_into().ok());
		bytes.map(leaf_hash::<H>).ok_or(ProofError::RootMismatch)
	}

	fn absent(&mut self, _: u8, _: u64) -> Result<Hash, ProofError> {
		let bytes = self.hashes.next().and_then(|bytes| bytes.try_into().ok());
		bytes.ok_or(ProofError::RootMismatch)
	}

	fn join(&mut self, left: Hash, right: Hash) -> Hash {
		node_hash::<H>(&left, &right)
	}
}

/// Verifies a proof of the leaves `indexes` of the log with this root and length.
///
/// The length is checked before anything is hashed.
pub fn verify<H: Hasher>(
	root: &Hash,
	leaf_count: u64,
	indexes: &[u64],
	proof: &[u8],
) -> Result<(), ProofError> {
	let expected = proof_len(leaf_count, indexes)?;
	if proof.len() != expected {
		return Err(ProofError::WrongLength { expected, found: proof.len() });
	}
	let (leaves, hashes) = proof.split_at(indexes.len() * LEAF_BYTES);
	let mut verifier = Verifier::<H> {
		leaves: leaves.chunks_exact(LEAF_BYTES),
		hashes: hashes.chunks_exact(HASH_BYTES),
		hasher: PhantomData,
	};
	let mut peaks = Vec::with_capacity(leaf_count.count_ones() as usize);
	let mut rest = indexes;
	for mountain in mountains(leaf_count) {
		let (inside, after) = split_samples(mountain, rest);
		rest = after;
		peaks.push(walk(&mut verifier, mountain.height, mountain.peak_index(), inside)?);
	}
	if root_of::<H>(leaf_count, &peaks)? == *root {
		Ok(())
	} else {
		Err(ProofError::RootMismatch)
	}
}

/// Where a prover takes leaves and inner nodes from.
pub trait TreeSource {
	/// Why it could not.
	type Error;
	/// The bytes of a leaf.
	fn leaf(&self, index: u64) -> Result<[u8; LEAF_BYTES], Self::Error>;
	/// Node `index` of `level`; level 0 are the leaves' hashes.
	fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error>;
}

/// Why a proof could not be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildError<E> {
	/// No such proof exists.
	Shape(ProofError),
	/// The source failed.
	Source(E),
}

/// Collects what the verifier will read.
struct Builder<'a, S> {
	source: &'a S,
	leaves: Vec<u8>,
	hashes: Vec<u8>,
}

impl<S: TreeSource> Visitor for Builder<'_, S> {
	type Output = ();
	type Error = S::Error;

	fn leaf(&mut self, index: u64) -> Result<(), S::Error> {
		self.leaves.extend_from_slice(&self.source.leaf(index)?);
		Ok(())
	}

	fn absent(&mut self, level: u8, index: u64) -> Result<(), S::Error> {
		self.hashes.extend_from_slice(&self.source.node(level, index)?);
		Ok(())
	}

	fn join(&mut self, _: (), _: ()) {}
}

/// Builds the proof of the leaves `indexes` (strictly ascending) of a log of `leaf_count` leaves.
pub fn build<S: TreeSource>(
	source: &S,
	leaf_count: u64,
	indexes: &[u64],
) -> Result<Vec<u8>, BuildError<S::Error>> {
	let len = proof_len(leaf_count, indexes).map_err(BuildError::Shape)?;
	let mut builder = Builder { source, leaves: Vec::with_capacity(len), hashes: Vec::new() };
	let mut rest = indexes;
	for mountain in mountains(leaf_count) {
		let (inside, after) = split_samples(mountain, rest);
		rest = after;
		walk(&mut builder, mountain.height, mountain.peak_index(), inside)
			.map_err(BuildError::Source)?;
	}
	let mut proof = builder.leaves;
	proof.append(&mut builder.hashes);
	debug_assert_eq!(proof.len(), len);
	Ok(proof)
}
