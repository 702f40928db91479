//! What a namespace may hold, by what was asked of it and what it answered.

use granary_zdb::{Durability, Mode, NamespaceOptions};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) type Key = Vec<u8>;
pub(crate) type Contents = BTreeMap<Key, Vec<u8>>;

/// A change that was asked for.
#[derive(Clone, Debug)]
pub(crate) enum Change {
	Set(Key, Vec<u8>),
	Del(Key),
	Clear,
}

#[derive(Clone, Debug)]
pub(crate) struct Op {
	pub(crate) change: Change,
	/// It was answered with success. One that was not may have happened or not.
	pub(crate) acknowledged: bool,
}

/// A namespace.
#[derive(Clone, Debug)]
pub(crate) struct Space {
	pub(crate) options: NamespaceOptions,
	pub(crate) ops: Vec<Op>,
	/// So many of the first changes survive a loss of power.
	pub(crate) durable: usize,
	/// Quotas that it may have: the last one that was acknowledged, then those that were not.
	pub(crate) quotas: Vec<Option<u64>>,
	/// Whether it is there, if that is known.
	pub(crate) exists: Option<bool>,
	pub(crate) next_id: u64,
}

impl Space {
	pub(crate) fn new(options: NamespaceOptions) -> Self {
		let quotas = vec![options.max_bytes];
		Self { options, ops: Vec::new(), durable: 0, quotas, exists: Some(true), next_id: 0 }
	}

	pub(crate) fn is_sequential(&self) -> bool {
		self.options.mode == Mode::Sequential
	}

	pub(crate) fn note(&mut self, change: Change, acknowledged: bool) {
		let is_clear = matches!(change, Change::Clear);
		self.ops.push(Op { change, acknowledged });
		if acknowledged && (is_clear || self.options.durability == Durability::Always) {
			self.durable = self.ops.len();
		}
	}

	/// What is there after the first `count` changes.
	pub(crate) fn after(&self, count: usize) -> Contents {
		let mut contents = Contents::new();
		for op in &self.ops[..count] {
			match &op.change {
				Change::Set(key, value) => drop(contents.insert(key.clone(), value.clone())),
				Change::Del(key) => drop(contents.remove(key)),
				Change::Clear => contents.clear(),
			}
		}
		contents
	}

	/// Keys that were ever touched.
	pub(crate) fn keys(&self) -> BTreeSet<Key> {
		let keys = self.ops.iter().filter_map(|op| match &op.change {
			Change::Set(key, _) | Change::Del(key) => Some(key.clone()),
			Change::Clear => None,
		});
		keys.collect()
	}

	/// The values that a key may have: what was acknowledged last, and what was asked for since without an answer.
	pub(crate) fn candidates(&self, key: &[u8]) -> Vec<Option<Vec<u8>>> {
		let mut candidates = vec![None];
		for op in &self.ops {
			let value = match &op.change {
				Change::Set(touched, value) if touched == key => Some(value.clone()),
				Change::Del(touched) if touched == key => None,
				Change::Clear => None,
				_ => continue,
			};
			if op.acknowledged {
				candidates.clear();
			}
			candidates.push(value);
		}
		candidates
	}

	/// Every value that the key ever had.
	pub(crate) fn candidates_ever(&self, key: &[u8]) -> Vec<Option<Vec<u8>>> {
		(0..=self.ops.len()).map(|count| self.after(count).get(key).cloned()).collect()
	}

	/// Takes what was found for the truth, all of it durable.
	pub(crate) fn settle(&mut self, contents: &Contents) {
		self.ops = contents
			.iter()
			.map(|(key, value)| Op {
				change: Change::Set(key.clone(), value.clone()),
				acknowledged: true,
			})
			.collect();
		self.durable = self.ops.len();
	}
}
