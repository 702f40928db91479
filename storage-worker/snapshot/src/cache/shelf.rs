//! What a cache knows of its chunks, and in which order they go.

use super::pack::{Check, Place, Record};
use crate::ObjectId;
use std::{
	collections::{HashMap, HashSet},
	hash::{BuildHasherDefault, Hasher},
};

/// Takes the first bytes of an id for its hash: ids are keyed hashes or drawn, nobody chooses them.
#[derive(Default)]
pub(super) struct IdHasher(u64);

impl Hasher for IdHasher {
	fn write(&mut self, bytes: &[u8]) {
		if let Some(first) = bytes.first_chunk() {
			self.0 = u64::from_le_bytes(*first);
		}
	}

	/// The length of the id, which all ids share.
	fn write_usize(&mut self, _: usize) {}

	fn finish(&self) -> u64 {
		self.0
	}
}

/// What is known of each chunk on disk.
#[derive(Debug, Default)]
pub(super) struct Shelf {
	chunks: HashMap<ObjectId, Held, BuildHasherDefault<IdHasher>>,
	bytes: u64,
	clock: u64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
	pub(super) place: Place,
	pub(super) check: Check,
	used: u64,
	/// It was used again after it came.
	hot: bool,
	/// This process has checked it.
	checked: bool,
}

impl Shelf {
	/// Notes a chunk that another process, or an earlier one, has put. Of a chunk that is there twice the one that was put later counts, unless the other one
	/// is known to be good.
	pub(super) fn found(&mut self, record: &Record) {
		if self.chunks.get(&record.id).is_none_or(|held| !held.checked) {
			self.insert(record, false);
		}
	}

	/// Notes a chunk that this process has put.
	pub(super) fn put(&mut self, record: &Record) {
		self.insert(record, true);
	}

	fn insert(&mut self, record: &Record, checked: bool) {
		self.clock += 1;
		let Record { id, check, place } = *record;
		let hot = self.chunks.get(&id).is_some_and(|held| held.hot);
		let held = Held { place, check, used: self.clock, hot, checked };
		self.bytes += place.taken();
		if let Some(before) = self.chunks.insert(id, held) {
			self.bytes -= before.place.taken();
		}
	}

	/// Notes that a chunk lies elsewhere now.
	pub(super) fn moved(&mut self, record: &Record) {
		if let Some(held) = self.chunks.get_mut(&record.id) {
			held.place = record.place;
		}
	}

	pub(super) fn get(&self, id: &ObjectId) -> Option<Held> {
		self.chunks.get(id).copied()
	}

	/// Notes a use of a chunk, which was checked.
	pub(super) fn used(&mut self, id: &ObjectId) {
		self.clock += 1;
		if let Some(held) = self.chunks.get_mut(id) {
			(held.used, held.hot, held.checked) = (self.clock, true, true);
		}
	}

	/// Notes a use of a chunk if this process has checked it, and says whether it has.
	pub(super) fn use_checked(&mut self, id: &ObjectId) -> bool {
		let is_checked = self.chunks.get(id).is_some_and(|held| held.checked);
		if is_checked {
			self.used(id);
		}
		is_checked
	}

	pub(super) fn contains(&self, id: &ObjectId) -> bool {
		self.chunks.contains_key(id)
	}

	pub(super) fn forget(&mut self, id: &ObjectId) {
		if let Some(held) = self.chunks.remove(id) {
			self.bytes -= held.place.taken();
		}
	}

	/// Forgets what lies in packs that are gone.
	pub(super) fn forget_packs(&mut self, gone: &HashSet<u32>) {
		let bytes = &mut self.bytes;
		self.chunks.retain(|_, held| {
			let stays = !gone.contains(&held.place.pack);
			*bytes -= if stays { 0 } else { held.place.taken() };
			stays
		});
	}

	pub(super) fn chunks(&self) -> impl Iterator<Item = (&ObjectId, &Held)> {
		self.chunks.iter()
	}

	/// How many chunks there are.
	pub(super) fn len(&self) -> usize {
		self.chunks.len()
	}

	/// What has to go so that at most `goal` bytes are left: first what was used once, oldest first, and what was used again but is
	/// beyond the newest `keep_hot` bytes of that; then the rest of it.
	pub(super) fn victims(
		&self,
		goal: u64,
		keep_hot: u64,
		pinned: &HashSet<ObjectId>,
	) -> HashSet<ObjectId> {
		let mut held: Vec<(&ObjectId, &Held)> =
			self.chunks.iter().filter(|(id, _)| !pinned.contains(*id)).collect();
		held.sort_unstable_by_key(|(_, held)| std::cmp::Reverse(held.used));
		let mut hot_bytes = 0;
		let mut order: Vec<(bool, u64, ObjectId, u64)> = held
			.into_iter()
			.map(|(id, held)| {
				let bytes = held.place.taken();
				hot_bytes += if held.hot { bytes } else { 0 };
				(held.hot && hot_bytes <= keep_hot, held.used, *id, bytes)
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
