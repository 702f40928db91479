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
pub(crate) struct Suspects(Mutex<State>);

#[derive(Debug, Default)]
struct State {
	noted: HashSet<ObjectId>,
	/// Of those, the ones that nobody has been told of yet.
	untold: Vec<ObjectId>,
}

impl Suspects {
	fn lock(&self) -> std::sync::MutexGuard<'_, State> {
		self.0.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// Remembers an object, once.
	pub(crate) fn note(&self, id: ObjectId) {
		let mut state = self.lock();
		if state.noted.len() < REMEMBERED_MAX && state.noted.insert(id) {
			state.untold.push(id);
		}
	}

	/// Those that were noted since this was asked last.
	pub(crate) fn take(&self) -> Vec<ObjectId> {
		std::mem::take(&mut self.lock().untold)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn each_is_told_once_and_there_is_a_bound() {
		let suspects = Suspects::default();
		[[1; 32], [2; 32], [1; 32]].into_iter().for_each(|id| suspects.note(id));
		assert_eq!(suspects.take(), [[1; 32], [2; 32]]);
		suspects.note([2; 32]);
		assert!(suspects.take().is_empty());
		for number in 0..2 * REMEMBERED_MAX as u64 {
			let mut id = [3; 32];
			id[..8].copy_from_slice(&number.to_le_bytes());
			suspects.note(id);
		}
		assert_eq!(suspects.take().len(), REMEMBERED_MAX - 2);
	}
}
