//! The index in memory: from a key to the location of its newest record.
//!
//! User keys: sixty-four tables, each open addressing with linear probing over slots of twelve bytes (32 bits of
//! the key's hash and a [`Location`]). Keys themselves are on disk only; whoever looks up verifies the record's
//! key. A table grows by half when seven eighths are full, so a key takes 14 to 21 bytes. Sequential keys have
//! an index of their own (`engine/ids.rs`).

use super::location::Location;
use crate::sys;
use parking_lot::RwLock;
use std::hash::{BuildHasher, RandomState};

const SHARDS: usize = 64;
const SLOTS_MIN: usize = 8;

/// The hash of a key: its table, and its fingerprint there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyHash {
	/// Which table, and which write stripe.
	pub(crate) shard: usize,
	fingerprint: u32,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
	fingerprint: u32,
	low: u32,
	high: u32,
}

impl Slot {
	const EMPTY: Self = Self { fingerprint: 0, low: u32::MAX, high: u32::MAX };

	fn new(fingerprint: u32, location: Location) -> Self {
		let bits = location.bits();
		Self { fingerprint, low: bits as u32, high: (bits >> 32) as u32 }
	}

	fn location(self) -> Location {
		Location::from_bits(u64::from(self.high) << 32 | u64::from(self.low))
	}

	fn is_empty(self) -> bool {
		self.location() == Location::NONE
	}
}

#[derive(Debug, Default)]
struct Table {
	slots: Vec<Slot>,
	used: usize,
}

impl Table {
	fn home(&self, fingerprint: u32) -> usize {
		((u64::from(fingerprint) * self.slots.len() as u64) >> 32) as usize
	}

	/// Positions from the fingerprint's home on, wrapping, each once.
	fn probe(&self, fingerprint: u32) -> impl Iterator<Item = (usize, Slot)> + '_ {
		let home = self.home(fingerprint);
		let (before, from) = self.slots.split_at(home);
		from.iter().chain(before).enumerate().map(move |(step, slot)| {
			let position = home + step;
			let len = self.slots.len();
			(if position >= len { position - len } else { position }, *slot)
		})
	}

	fn insert(&mut self, fingerprint: u32, location: Location) {
		if (self.used + 1) * 8 > self.slots.len() * 7 {
			self.grow();
		}
		self.place(Slot::new(fingerprint, location));
		self.used += 1;
	}

	fn place(&mut self, slot: Slot) {
		let empty = self.probe(slot.fingerprint).find(|(_, slot)| slot.is_empty());
		if let Some(place) = empty.and_then(|(position, _)| self.slots.get_mut(position)) {
			*place = slot;
		}
	}

	fn grow(&mut self) {
		let len = (self.slots.len() + self.slots.len() / 2).max(SLOTS_MIN);
		let mut slots = Vec::new();
		slots.reserve_exact(len);
		sys::prefer_huge_pages(slots.spare_capacity_mut());
		slots.resize(len, Slot::EMPTY);
		let old = std::mem::replace(&mut self.slots, slots);
		for slot in old.into_iter().filter(|slot| !slot.is_empty()) {
			self.place(slot);
		}
	}

	fn position(&self, fingerprint: u32, location: Location) -> Option<usize> {
		self.probe(fingerprint)
			.take_while(|(_, slot)| !slot.is_empty())
			.find(|(_, slot)| slot.location() == location)
			.map(|(position, _)| position)
	}

	/// Removes a slot and moves later ones of its run back, so that no probe breaks off early.
	fn remove(&mut self, position: usize) {
		let len = self.slots.len();
		let mut hole = position;
		let mut next = (position + 1) % len;
		while let Some(slot) = self.slots.get(next).copied().filter(|slot| !slot.is_empty()) {
			let distance = (next + len - self.home(slot.fingerprint)) % len;
			if distance >= (next + len - hole) % len {
				if let Some(place) = self.slots.get_mut(hole) {
					*place = slot;
				}
				hole = next;
			}
			next = (next + 1) % len;
		}
		if let Some(place) = self.slots.get_mut(hole) {
			*place = Slot::EMPTY;
		}
		self.used -= 1;
	}
}

/// The index of a user-key namespace.
#[derive(Debug)]
pub(crate) struct KeyIndex {
	hasher: RandomState,
	shards: Vec<RwLock<Table>>,
}

impl KeyIndex {
	pub(crate) fn new() -> Self {
		let shards = (0..SHARDS).map(|_| RwLock::default()).collect();
		Self { hasher: RandomState::new(), shards }
	}

	/// The keyed hash of a key: nobody outside can make keys collide.
	pub(crate) fn hash(&self, key: &[u8]) -> KeyHash {
		let hash = self.hasher.hash_one(key);
		KeyHash { shard: (hash >> 58) as usize, fingerprint: hash as u32 }
	}

	fn shard(&self, hash: KeyHash) -> &RwLock<Table> {
		#[allow(clippy::indexing_slicing, reason = "a shard number has six bits and there are 64")]
		&self.shards[hash.shard]
	}

	/// Has all places brought near that are passed until it is known that a new key is not there yet: in a full table they are many.
	pub(crate) fn prefetch_run(&self, hash: KeyHash) {
		const LINE_SLOTS: usize = 64 / size_of::<Slot>();
		const LINES: usize = 4;
		let table = self.shard(hash).read();
		let home = table.home(hash.fingerprint);
		for line in 0..LINES {
			if let Some(slot) = table.slots.get(home + line * LINE_SLOTS) {
				sys::prefetch(slot);
			}
		}
	}

	/// Has the place where the key's location would be brought near.
	pub(crate) fn prefetch(&self, hash: KeyHash) {
		let table = self.shard(hash).read();
		if let Some(slot) = table.slots.get(table.home(hash.fingerprint)) {
			sys::prefetch(slot);
		}
	}

	/// The locations that may hold the key: usually none or one.
	pub(crate) fn candidates(&self, hash: KeyHash) -> Candidates {
		let mut found = Candidates::default();
		let table = self.shard(hash).read();
		// Two plain loops instead of one over both parts: this is where a GET spends its own time.
		let (before, from) = table.slots.split_at(table.home(hash.fingerprint));
		if !found.take_run(from, hash.fingerprint) {
			found.take_run(before, hash.fingerprint);
		}
		found
	}

	/// Points the key to a new record; `old` is where it was.
	pub(crate) fn replace(&self, hash: KeyHash, old: Option<Location>, new: Location) {
		let mut table = self.shard(hash).write();
		let position = old.and_then(|old| table.position(hash.fingerprint, old));
		match position.and_then(|position| table.slots.get_mut(position)) {
			Some(slot) => *slot = Slot::new(hash.fingerprint, new),
			None => table.insert(hash.fingerprint, new),
		}
	}

	/// Forgets the key.
	pub(crate) fn remove(&self, hash: KeyHash, old: Location) {
		let mut table = self.shard(hash).write();
		if let Some(position) = table.position(hash.fingerprint, old) {
			table.remove(position);
		}
	}

	/// Live keys.
	pub(crate) fn len(&self) -> u64 {
		self.shards.iter().map(|shard| shard.read().used as u64).sum()
	}

	/// Bytes of memory.
	pub(crate) fn memory_bytes(&self) -> u64 {
		let slots: usize = self.shards.iter().map(|shard| shard.read().slots.capacity()).sum();
		(slots * size_of::<Slot>() + SHARDS * size_of::<RwLock<Table>>()) as u64
	}
}

/// Locations that a fingerprint fits; more than one only by a collision of hashes, so one costs no memory.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
	first: Option<Location>,
	more: Vec<Location>,
}

impl Candidates {
	/// Takes what fits from a run of slots; says whether the run ended.
	fn take_run(&mut self, slots: &[Slot], fingerprint: u32) -> bool {
		for slot in slots {
			if slot.is_empty() {
				return true;
			}
			if slot.fingerprint == fingerprint {
				match self.first {
					None => self.first = Some(slot.location()),
					Some(_) => self.more.push(slot.location()),
				}
			}
		}
		false
	}
}

impl From<Option<Location>> for Candidates {
	fn from(first: Option<Location>) -> Self {
		Self { first, more: Vec::new() }
	}
}

impl Iterator for Candidates {
	type Item = Location;

	fn next(&mut self) -> Option<Location> {
		self.first.take().or_else(|| self.more.pop())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::collections::HashMap;

	fn find(index: &KeyIndex, key: u64, wanted: Option<Location>) -> bool {
		let mut candidates = index.candidates(index.hash(&key.to_le_bytes()));
		match wanted {
			None => candidates.next().is_none(),
			Some(wanted) => candidates.any(|at| at == wanted),
		}
	}

	#[test]
	fn behaves_like_a_map() {
		let (index, mut map) = (KeyIndex::new(), HashMap::new());
		let mut state = 1_u64;
		for step in 0..200_000_u32 {
			state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
			let key = (state >> 33) % 5000;
			let hash = index.hash(&key.to_le_bytes());
			if state >> 62 == 0 {
				if let Some(old) = map.remove(&key) {
					index.remove(hash, old);
				}
			} else {
				let location = Location::new(step / 1000, step, 100);
				index.replace(hash, map.insert(key, location), location);
			}
		}
		assert_eq!(index.len(), map.len() as u64);
		let missing = (0..5000).filter(|key| !find(&index, *key, map.get(key).copied())).count();
		// A removed key may still meet another's fingerprint, once in a few million.
		assert!(missing <= 1, "{missing} keys are not as they should be");
	}

	#[test]
	fn a_key_takes_at_most_24_bytes() {
		let index = KeyIndex::new();
		for key in 0..1_000_000_u64 {
			index.replace(index.hash(&key.to_le_bytes()), None, Location::new(0, key as u32, 50));
			if key > 100_000 && key % 10_007 == 0 {
				assert!(index.memory_bytes() <= 24 * key, "{} for {key}", index.memory_bytes());
			}
		}
	}
}
