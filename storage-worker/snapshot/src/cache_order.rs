//! In which order a cache's chunks go.

use crate::ObjectId;
use std::collections::{HashMap, HashSet};

/// What is known of each chunk on disk.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
	chunks: HashMap<ObjectId, Held>,
	bytes: u64,
	clock: u64,
}

#[derive(Debug, Clone, Copy)]
struct Held {
	bytes: u64,
	used: u64,
	/// It was used again after it came.
	hot: bool,
	/// This process has checked it.
	checked: bool,
}

impl Shelf {
	/// What is there now, oldest use first. What was known keeps its age; what is new counts as oldest.
	pub(crate) fn replace(&mut self, found: impl Iterator<Item = (ObjectId, u64)>) {
		let before = std::mem::take(&mut self.chunks);
		self.bytes = 0;
		let first = before.is_empty();
		for (id, bytes) in found {
			if first {
				self.clock += 1;
			}
			let unknown = Held {
				bytes,
				used: if first { self.clock } else { 0 },
				hot: false,
				checked: false,
			};
			let held = before.get(&id).map_or(unknown, |held| Held { bytes, ..*held });
			self.chunks.insert(id, held);
			self.bytes += bytes;
		}
	}

	/// Notes a use, or that it came.
	pub(crate) fn used(&mut self, id: &ObjectId, bytes: u64, checked: bool) {
		self.clock += 1;
		let used = self.clock;
		let before = self.chunks.get(id).copied();
		let hot = before.is_some();
		let checked = checked || before.is_some_and(|held| held.checked);
		self.chunks.insert(*id, Held { bytes, used, hot, checked });
		self.bytes = self.bytes - before.map_or(0, |held| held.bytes) + bytes;
	}

	pub(crate) fn is_checked(&mut self, id: &ObjectId) -> bool {
		self.clock += 1;
		let used = self.clock;
		match self.chunks.get_mut(id).filter(|held| held.checked) {
			Some(held) => {
				(held.used, held.hot) = (used, true);
				true
			},
			None => false,
		}
	}

	pub(crate) fn contains(&self, id: &ObjectId) -> bool {
		self.chunks.contains_key(id)
	}

	pub(crate) fn forget(&mut self, id: &ObjectId) {
		if let Some(held) = self.chunks.remove(id) {
			self.bytes -= held.bytes;
		}
	}

	pub(crate) fn bytes(&self) -> u64 {
		self.bytes
	}

	/// What has to go so that at most `goal` bytes are left: first what was used once, oldest first, and what was used again but is
	/// beyond the newest `keep_hot` bytes of that; then the rest of it.
	pub(crate) fn victims(
		&self,
		goal: u64,
		keep_hot: u64,
		pinned: &HashSet<ObjectId>,
	) -> Vec<ObjectId> {
		let mut held: Vec<(&ObjectId, &Held)> =
			self.chunks.iter().filter(|(id, _)| !pinned.contains(*id)).collect();
		held.sort_unstable_by_key(|(_, held)| std::cmp::Reverse(held.used));
		let mut hot_bytes = 0;
		let mut order: Vec<(bool, u64, ObjectId, u64)> = held
			.into_iter()
			.map(|(id, held)| {
				hot_bytes += if held.hot { held.bytes } else { 0 };
				(held.hot && hot_bytes <= keep_hot, held.used, *id, held.bytes)
			})
			.collect();
		order.sort_unstable();
		let mut left = self.bytes;
		order
			.into_iter()
			.take_while(|(.., bytes)| {
				let go = left > goal;
				left = left.saturating_sub(*bytes);
				go
			})
			.map(|(_, _, id, _)| id)
			.collect()
	}
}
