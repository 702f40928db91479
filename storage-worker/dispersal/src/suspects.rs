//! Objects that reads found to lack good shards: what healing should look at first.

use crate::dataset::ObjectId;
use std::{
	collections::HashSet,
	sync::{Mutex, PoisonError},
};

/// Objects that are remembered; what else is wrong is found by a survey.
const REMEMBERED_MAX: usize = 16 << 10;

/// Objects of which a read met a missing or damaged shard.
#[derive(Debug, Default)]
pub(crate) struct Suspects(Mutex<HashSet<ObjectId>>);

impl Suspects {
	fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<ObjectId>> {
		self.0.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// Remembers an object.
	pub(crate) fn note(&self, id: ObjectId) {
		let mut noted = self.lock();
		if noted.len() < REMEMBERED_MAX {
			noted.insert(id);
		}
	}

	/// Those that are remembered.
	pub(crate) fn all(&self) -> Vec<ObjectId> {
		self.lock().iter().copied().collect()
	}

	/// Somebody has looked after these: a read that meets one again notes it again.
	pub(crate) fn forget(&self, ids: &[ObjectId]) {
		let mut noted = self.lock();
		for id in ids {
			noted.remove(id);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn they_are_remembered_until_somebody_has_looked_after_them_and_there_is_a_bound() {
		let suspects = Suspects::default();
		[[1; 32], [2; 32], [1; 32]].into_iter().for_each(|id| suspects.note(id));
		let mut all = suspects.all();
		all.sort_unstable();
		assert_eq!(all, [[1; 32], [2; 32]]);
		suspects.forget(&[[1; 32], [9; 32]]);
		assert_eq!(suspects.all(), [[2; 32]]);
		suspects.note([1; 32]);
		assert_eq!(suspects.all().len(), 2);
		for number in 0..2 * REMEMBERED_MAX as u64 {
			let mut id = [3; 32];
			id[..8].copy_from_slice(&number.to_le_bytes());
			suspects.note(id);
		}
		assert_eq!(suspects.all().len(), REMEMBERED_MAX);
	}
}
