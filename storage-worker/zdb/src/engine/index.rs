//! The index in memory: from a key to the location of its newest record.
//!
//! User keys: sixty-four tables, each open addressing with linear probing over slots of twelve bytes (32 bits of
//! the key's hash and a [`Location`]). Keys themselves are on disk only; whoever looks up verifies the record's
//! key. A table grows by half when seven eighths are full, so a key takes 14 to 21 bytes. Sequential keys have
//! an index of their own (`engine/ids.rs`).

use super::location::Location;
use crate::{sys, ZdbError};
use parking_lot::RwLock;
use std::hash::{BuildHasher, RandomState};

pub(crate) const SHARDS: usize = 64;
const SLOTS_MIN: usize = 8;

/// The hash of a key: its table, and its fingerprint there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyHash {
	/// Which table, and which write stripe.
	pub(crate) shard: usize,
	/// A greater one has its place further behind.
	pub(crate) fingerprint: u32,
}

/// Hashes keys with a secret: nobody outside can make them collide.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyHasher(RandomState);

impl KeyHasher {
	pub(crate) fn hash(&self, key: &[u8]) -> KeyHash {
		let hash = self.0.hash_one(key);
		KeyHash { shard: (hash >> 58) as usize, fingerprint: hash as u32 }
	}
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

/// One of the index's tables.
#[derive(Debug, Default)]
pub(crate) struct Table {
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
		if !self.has_room() {
			self.grow();
		}
		self.place(Slot::new(fingerprint, location));
		self.used += 1;
	}

	fn place(&mut self, slot: Slot) {
		let empty = self.probe(slot.fingerprint).find(|(_, slot)| slot.is_empty());
		if let Some((position, _)) = empty {
			self.put(position, slot);
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

	/// Has a key's first place brought near.
	pub(crate) fn prefetch(&self, fingerprint: u32) {
		if let Some(slot) = self.slots.get(self.home(fingerprint)) {
			sys::prefetch(slot);
		}
	}

	/// Points a key to its new record, or to none. `look` looks at a record that may be the key's and answers what it is if it is; with where it
	/// was, that is passed on.
	pub(crate) fn set<T>(
		&mut self,
		fingerprint: u32,
		new: Option<Location>,
		mut look: impl FnMut(Location) -> Result<Option<T>, ZdbError>,
	) -> Result<Option<(Location, T)>, ZdbError> {
		// Two plain loops instead of one over both parts: this is where opening a store spends its time.
		let home = self.home(fingerprint);
		let (before, from) = self.slots.split_at(home);
		let mut met = meet(from, fingerprint, &mut look)?.behind(home);
		if let Met::Nothing = met {
			met = meet(before, fingerprint, &mut look)?;
		}
		match (met, new) {
			(Met::Record(position, at, old), new) => {
				match new {
					Some(new) => self.put(position, Slot::new(fingerprint, new)),
					None => self.remove(position),
				}
				Ok(Some((at, old)))
			},
			(Met::End(position), Some(new)) if self.has_room() => {
				self.put(position, Slot::new(fingerprint, new));
				self.used += 1;
				Ok(None)
			},
			(Met::End(_) | Met::Nothing, new) => {
				if let Some(new) = new {
					self.insert(fingerprint, new);
				}
				Ok(None)
			},
		}
	}

	fn put(&mut self, position: usize, slot: Slot) {
		if let Some(place) = self.slots.get_mut(position) {
			*place = slot;
		}
	}

	fn has_room(&self) -> bool {
		(self.used + 1) * 8 <= self.slots.len() * 7
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
				self.put(hole, slot);
				hole = next;
			}
			next = (next + 1) % len;
		}
		self.put(hole, Slot::EMPTY);
		self.used -= 1;
	}
}

/// What there is in slots from a key's home on.
enum Met<T> {
	/// A record of the key: its slot, its location, and what was seen of it.
	Record(usize, Location, T),
	/// None; this slot is empty and ends the run.
	End(usize),
	/// None, and the run goes on behind them.
	Nothing,
}

impl<T> Met<T> {
	/// The same for slots that lie so far behind the first.
	fn behind(self, distance: usize) -> Self {
		match self {
			Self::Record(position, at, seen) => Self::Record(distance + position, at, seen),
			Self::End(position) => Self::End(distance + position),
			Self::Nothing => Self::Nothing,
		}
	}
}

fn meet<T>(
	slots: &[Slot],
	fingerprint: u32,
	look: &mut impl FnMut(Location) -> Result<Option<T>, ZdbError>,
) -> Result<Met<T>, ZdbError> {
	for (position, slot) in slots.iter().enumerate() {
		if slot.is_empty() {
			return Ok(Met::End(position));
		}
		if slot.fingerprint == fingerprint {
			if let Some(seen) = look(slot.location())? {
				return Ok(Met::Record(position, slot.location(), seen));
			}
		}
	}
	Ok(Met::Nothing)
}

/// The index of a user-key namespace.
#[derive(Debug)]
pub(crate) struct KeyIndex {
	hasher: KeyHasher,
	shards: Vec<RwLock<Table>>,
}

impl KeyIndex {
	/// An empty one whose keys are hashed so.
	pub(crate) fn new(hasher: KeyHasher) -> Self {
		let shards = (0..SHARDS).map(|_| RwLock::default()).collect();
		Self { hasher, shards }
	}

	/// The hash of a key.
	pub(crate) fn hash(&self, key: &[u8]) -> KeyHash {
		self.hasher.hash(key)
	}

	/// Its tables, for who has it alone.
	pub(crate) fn tables(&mut self) -> impl Iterator<Item = &mut Table> {
		self.shards.iter_mut().map(RwLock::get_mut)
	}

	fn shard(&self, hash: KeyHash) -> &RwLock<Table> {
		#[allow(clippy::indexing_slicing, reason = "a shard number has six bits and there are 64")]
		&self.shards[hash.shard]
	}

	/// Has the place where the key's location would be brought near.
	pub(crate) fn prefetch(&self, hash: KeyHash) {
		self.shard(hash).read().prefetch(hash.fingerprint);
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
		let (index, mut map) = (KeyIndex::new(KeyHasher::default()), HashMap::new());
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
		let index = KeyIndex::new(KeyHasher::default());
		for key in 0..1_000_000_u64 {
			index.replace(index.hash(&key.to_le_bytes()), None, Location::new(0, key as u32, 50));
			if key > 100_000 && key % 10_007 == 0 {
				assert!(index.memory_bytes() <= 24 * key, "{} for {key}", index.memory_bytes());
			}
		}
	}
}
