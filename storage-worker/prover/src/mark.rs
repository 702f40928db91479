//! The mark: how much of the tree is durable, and what its root is there.
//!
//! `mark` is 72 bytes: blocks (`u64`, little-endian), the root over their leaves, and the BLAKE2b-256 of both. It is
//! replaced as a whole and only after the nodes that it vouches for, so whatever a crash or a damaged disk leaves is recognised.

use crate::{TreeError, BLOCK_LEAVES};
use granary_disk::Disk;
use granary_por::{Blake2, Hash, Hasher, HASH_BYTES};
use std::{io, path::Path};

const NAME: &str = "mark";
const BODY_BYTES: usize = 8 + HASH_BYTES;

/// What the tree had when it was made durable last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
	/// Full blocks.
	pub(crate) blocks: u64,
	/// The root over their leaves.
	pub(crate) root: Hash,
}

/// How many leaves of its log the tree in `dir` knows to be durable; 0 without one.
pub fn durable_leaves(disk: &Disk, dir: &Path) -> Result<u64, TreeError> {
	Ok(Mark::read(disk, dir)?.map_or(0, |mark| mark.blocks.saturating_mul(BLOCK_LEAVES)))
}

impl Mark {
	/// The mark in `dir`; `None` if there is none or if it is damaged: then the data alone decide.
	pub(crate) fn read(disk: &Disk, dir: &Path) -> Result<Option<Self>, TreeError> {
		Ok(Self::read_file(disk, dir)?.and_then(|bytes| Self::parse(&bytes)))
	}

	/// Whether there is one that is damaged.
	pub(crate) fn is_damaged(disk: &Disk, dir: &Path) -> Result<bool, TreeError> {
		Ok(Self::read_file(disk, dir)?.is_some_and(|bytes| Self::parse(&bytes).is_none()))
	}

	fn read_file(disk: &Disk, dir: &Path) -> Result<Option<Vec<u8>>, TreeError> {
		let path = dir.join(NAME);
		match disk.read(&path) {
			Ok(bytes) => Ok(Some(bytes)),
			Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
			Err(source) => Err(TreeError::File { path, source }),
		}
	}

	fn parse(bytes: &[u8]) -> Option<Self> {
		let (body, checksum) = bytes.split_at_checked(BODY_BYTES)?;
		if checksum != Blake2::hash(body) {
			return None;
		}
		let (blocks, root) = body.split_first_chunk()?;
		Some(Self { blocks: u64::from_le_bytes(*blocks), root: root.try_into().ok()? })
	}

	/// Replaces the mark in `dir`, durably.
	pub(crate) fn write(&self, disk: &Disk, dir: &Path) -> Result<(), TreeError> {
		let mut bytes = self.blocks.to_le_bytes().to_vec();
		bytes.extend_from_slice(&self.root);
		bytes.extend_from_slice(&Blake2::hash(&bytes));
		let replaced = disk.replace(dir, NAME, &bytes);
		replaced.map_err(|source| TreeError::File { path: dir.join(NAME), source })
	}
}
