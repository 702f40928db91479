//! Two logs of one namespace: which of them a root belongs to, while one waits to take the other's place.

use crate::{
	engine::{namespace::Namespace, removal::Successor, LogState},
	ZdbError,
};
use granary_por::Hash;
use granary_prover::TreeError;
use std::sync::Arc;

/// Which of a namespace's logs is meant.
enum Lineage {
	Present,
	Successor(Arc<Successor>),
}

impl Namespace {
	/// The log of this namespace that had that root at so many leaves. One that is signed for goes before the present one: it may have the
	/// same beginning.
	fn lineage(&self, leaf_count: u64, root: &Hash) -> Result<Option<Lineage>, ZdbError> {
		if let Some(successor) = self.successor().filter(|successor| successor.is_signed()) {
			self.catch_up(&successor)?;
			if leaf_count > 0 && successor.namespace.had_root(leaf_count, root)? {
				return Ok(Some(Lineage::Successor(successor)));
			}
		}
		Ok(self.had_root(leaf_count, root)?.then_some(Lineage::Present))
	}

	/// Whether the log had this root at so many leaves.
	fn had_root(&self, leaf_count: u64, root: &Hash) -> Result<bool, ZdbError> {
		match self.log_root_at(leaf_count) {
			Ok(own) => Ok(own == *root),
			Err(ZdbError::Tree(TreeError::Beyond { .. })) => Ok(false),
			Err(error) => Err(error),
		}
	}

	/// The state of the log, the present one or the one that waits, that had this root at so many leaves; `None` if neither did.
	pub fn log_state_after(
		&self,
		leaf_count: u64,
		root: &Hash,
	) -> Result<Option<LogState>, ZdbError> {
		match self.lineage(leaf_count, root)? {
			None => Ok(None),
			Some(Lineage::Present) => self.log_state().map(Some),
			Some(Lineage::Successor(successor)) => successor.namespace.log_state().map(Some),
		}
	}

	/// The root at `leaf_count` leaves of the log that had `known_root` at `known_leaves`; `None` if neither the present log nor the one that
	/// waits did.
	pub fn log_root_after(
		&self,
		known_leaves: u64,
		known_root: &Hash,
		leaf_count: u64,
	) -> Result<Option<Hash>, ZdbError> {
		match self.lineage(known_leaves, known_root)? {
			None => Ok(None),
			Some(Lineage::Present) => self.log_root_at(leaf_count).map(Some),
			Some(Lineage::Successor(successor)) => {
				successor.namespace.log_root_at(leaf_count).map(Some)
			},
		}
	}

	/// Whether the log that is signed for had this root at so many leaves; `false` if there is none.
	pub fn successor_had_root(&self, leaf_count: u64, root: &Hash) -> Result<bool, ZdbError> {
		let Some(successor) = self.successor().filter(|successor| successor.is_signed()) else {
			return Ok(false);
		};
		self.catch_up(&successor)?;
		successor.namespace.had_root(leaf_count, root)
	}

	/// The multiproof of the leaves `indexes` (ascending) of the log that had this root at `leaf_count` leaves: the present one or the one that
	/// waits.
	pub fn prove_root(
		&self,
		root: &Hash,
		leaf_count: u64,
		indexes: &[u64],
	) -> Result<Vec<u8>, ZdbError> {
		if let Some(successor) = self.successor().filter(|successor| successor.is_signed()) {
			if !self.had_root(leaf_count, root)? {
				self.catch_up(&successor)?;
				if successor.namespace.had_root(leaf_count, root)? {
					return successor.namespace.prove(leaf_count, indexes);
				}
			}
		}
		self.prove(leaf_count, indexes)
	}
}
