//! Proofs of retrievability: the part that a chain and its workers must agree on to the bit.
//!
//! A log is a sequence of 512-byte leaves under a Merkle mountain range. Its [`root`] commits to the leaf count and
//! all leaves. A [`challenge`] picks leaves by a seed that nobody knew when the root was frozen; a multiproof ([`build`]) carries
//! these leaves and the hashes that lead to the root, and [`verify`] checks it. The format is in this crate's README and, for
//! other implementations, in `vectors/por-v1.json`.
//!
//! ```
//! use granary_por::{challenge, Blake2, Peaks};
//!
//! let mut log = Peaks::new();
//! log.push_value(b"a value");
//! log.push_value(&[7; 5000]);
//! assert_eq!(log.leaf_count(), 1 + 10);
//! let leaves = challenge::<Blake2>(&[1; 32], 42, &log.root(), log.leaf_count(), 4);
//! assert_eq!(leaves.len(), 4);
//! ```

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing)]

extern crate alloc;

mod challenge;
mod hash;
mod peaks;
mod proof;
mod shape;

pub use challenge::{challenge, CHALLENGE_TAG};
pub use hash::{leaf_hash, node_hash, Blake2, Hash, Hasher, HASH_BYTES, LEAF_BYTES, ROOT_TAG};
pub use peaks::{root, Peaks};
pub use proof::{build, max_proof_len, proof_len, verify, BuildError, ProofError, TreeSource};
pub use shape::{leaves_of, mountains, Mountain};
