//! Records in memory, so that reading what is read or written often takes no system call.
//!
//! A record never changes once it is written and its location is never used again, so nothing here can be out of date. The memory is
//! divided into rings: what comes in is copied to a ring's head, over what is oldest there; what is found in the older half is copied to the head
//! again and so stays. Keys and values were verified before they came in.

use crate::{
	engine::{
		location::Location,
		record::{Header, HEADER_BYTES},
	},
	sys,
};
use parking_lot::Mutex;
use std::thread::available_parallelism;

/// Longer records are left to the page cache: a system call costs little beside copying them.
const RECORD_MAX_BYTES: usize = 8 << 10;
/// A new record that is longer comes in without its value, which may never be read; its head is looked at by the next write of its key.
const NEW_RECORD_MAX_BYTES: usize = 1 << 10;
/// Rings for each processor, so that threads seldom wait for one: a thread holds one while it copies a record.
const RINGS_PER_PROCESSOR: usize = 4;
/// Of a hash, the bits that choose the ring.
const RING_BITS: u32 = 16;
/// A cache line.
const LINE_BYTES: usize = 64;
/// How much of a record is brought near before it is looked at.
const AHEAD_BYTES: usize = 1 << 10;
/// Before each record: its location (8), the number of its log (4), its bytes in the ring (4).
const LABEL_BYTES: usize = 16;
/// How many bytes of ring there are for each slot of the table.
const BYTES_PER_SLOT: usize = 128;
/// Slots for each hash.
const WAYS: usize = 4;

/// The records of a store's logs that are in memory.
#[derive(Debug)]
pub(crate) struct RecordCache {
	rings: Vec<Mutex<Ring>>,
}

/// A record that is in memory; the value may be missing.
pub(crate) struct Cached<'c> {
	bytes: &'c [u8],
}

/// Header, key, and the value if it is there.
pub(crate) type CachedParts<'c> = (Header, &'c [u8], Option<&'c [u8]>);

impl<'c> Cached<'c> {
	/// What it consists of; `None` if it is no record.
	pub(crate) fn parts(&self) -> Option<CachedParts<'c>> {
		let header = Header::decode(self.bytes)?;
		let body = self.bytes.get(HEADER_BYTES..)?;
		let (key, value) = body.split_at_checked(usize::from(header.key_len))?;
		let value = (value.len() == header.value_len as usize).then_some(value);
		Some((header, key, value))
	}
}

impl RecordCache {
	/// A cache of about so many bytes; with fewer than a mebibyte there is none.
	pub(crate) fn new(bytes: usize) -> Self {
		let processors = available_parallelism().map_or(1, usize::from);
		let rings = match bytes < 1 << 20 {
			true => 0,
			// A ring must not be so short that it has room for a few records only.
			false => (processors * RINGS_PER_PROCESSOR).min(bytes >> 18),
		};
		let ring_bytes = bytes / rings.max(1) / LABEL_BYTES * LABEL_BYTES;
		Self { rings: (0..rings).map(|_| Mutex::new(Ring::new(ring_bytes))).collect() }
	}

	/// The highest bits of a hash choose the ring, lower ones the slot.
	fn ring(&self, hash: u64) -> Option<&Mutex<Ring>> {
		let chosen = (hash >> (u64::BITS - RING_BITS)) as usize * self.rings.len();
		self.rings.get(chosen >> RING_BITS)
	}

	/// Has the place where the record's position is noted brought near.
	pub(crate) fn prefetch_slot(&self, log: u32, location: Location) {
		let hash = location.hash_in(log);
		if let Some(ring) = self.ring(hash) {
			if let Some(slots) = ring.lock().slots(hash) {
				sys::prefetch(slots);
			}
		}
	}

	/// Has the record, or its beginning, brought near.
	pub(crate) fn prefetch_record(&self, log: u32, location: Location) {
		let hash = location.hash_in(log);
		if let Some(ring) = self.ring(hash) {
			ring.lock().prefetch(hash, location.read_len());
		}
	}

	/// Lets `look` see the record at the location of a log, if it is in memory.
	pub(crate) fn look<R>(
		&self,
		log: u32,
		location: Location,
		look: impl FnOnce(Cached<'_>) -> R,
	) -> Option<R> {
		let hash = location.hash_in(log);
		self.ring(hash)?.lock().look(hash, log, location, look)
	}

	/// Keeps a record that was read and verified.
	pub(crate) fn keep(&self, log: u32, location: Location, record: &[u8]) {
		if record.len() > RECORD_MAX_BYTES {
			return;
		}
		let hash = location.hash_in(log);
		if let Some(ring) = self.ring(hash) {
			ring.lock().insert(hash, log, location, &[record]);
		}
	}

	/// Keeps a record that is being written, or its head.
	pub(crate) fn keep_new(
		&self,
		log: u32,
		location: Location,
		header: &[u8; HEADER_BYTES],
		key: &[u8],
		value: &[u8],
	) {
		let len = HEADER_BYTES + key.len() + value.len();
		let value = if len > NEW_RECORD_MAX_BYTES { &[] } else { value };
		let hash = location.hash_in(log);
		if let Some(ring) = self.ring(hash) {
			ring.lock().insert(hash, log, location, &[header, key, value]);
		}
	}
}

/// A part of the memory. Positions count all bytes that ever came in; where one is in the ring is its remainder.
#[derive(Debug)]
struct Ring {
	bytes: Vec<u8>,
	/// Where the next record goes.
	head: u64,
	/// Positions of records, a few for each hash, those used last first.
	slots: Vec<[u64; WAYS]>,
}

/// No record starts here: it would end behind every head.
const NOWHERE: u64 = u64::MAX;

impl Ring {
	fn new(bytes: usize) -> Self {
		let slots = (bytes / BYTES_PER_SLOT / WAYS).next_power_of_two();
		let mut ring = Self { bytes: vec![0; bytes], head: 0, slots: vec![[NOWHERE; WAYS]; slots] };
		sys::prefer_huge_pages(&mut ring.bytes);
		ring
	}

	/// Brings near what the first of a hash's positions leads to, which is nearly always what is meant.
	fn prefetch(&mut self, hash: u64, bytes: usize) {
		let Some([position, ..]) = self.slots(hash).copied() else { return };
		if self.is_alive(position) {
			let labelled = self.bytes.get(self.place(position)..).unwrap_or_default();
			let wanted = (LABEL_BYTES + bytes).min(AHEAD_BYTES);
			labelled.iter().take(wanted).step_by(LINE_BYTES).for_each(sys::prefetch);
		}
	}

	fn slots(&mut self, hash: u64) -> Option<&mut [u64; WAYS]> {
		let slots = self.slots.len();
		self.slots.get_mut((hash >> 16) as usize & (slots - 1))
	}

	/// Whether nothing was written over what came in at the position.
	fn is_alive(&self, position: u64) -> bool {
		position < self.head && self.head - position <= self.bytes.len() as u64
	}

	fn place(&self, position: u64) -> usize {
		(position % self.bytes.len() as u64) as usize
	}

	/// The record at a position, with its label, if it is this one.
	fn record_at(&self, position: u64, log: u32, location: Location) -> Option<&[u8]> {
		if !self.is_alive(position) {
			return None;
		}
		let labelled = self.bytes.get(self.place(position)..)?;
		let (label, rest) = labelled.split_first_chunk::<LABEL_BYTES>()?;
		let (is, rest_of_label) = label.split_first_chunk::<8>()?;
		let (of, len) = rest_of_label.split_first_chunk::<4>()?;
		let len = u32::from_le_bytes(len.try_into().ok()?) as usize;
		let is_it = u64::from_le_bytes(*is) == location.bits() && u32::from_le_bytes(*of) == log;
		if is_it {
			rest.get(..len)
		} else {
			None
		}
	}

	fn look<R>(
		&mut self,
		hash: u64,
		log: u32,
		location: Location,
		look: impl FnOnce(Cached<'_>) -> R,
	) -> Option<R> {
		let mut positions = *self.slots(hash)?;
		let is_it = |position: &u64| self.record_at(*position, log, location).is_some();
		let way = positions.iter().position(is_it)?;
		let position = *positions.get(way)?;
		if way > 0 {
			positions.get_mut(..=way)?.rotate_right(1);
			*self.slots(hash)? = positions;
		}
		let record = self.record_at(position, log, location)?;
		let found = look(Cached { bytes: record });
		if self.head - position > self.bytes.len() as u64 / 2 {
			let record = record.to_vec();
			self.insert(hash, log, location, &[&record]);
		}
		Some(found)
	}

	fn insert(&mut self, hash: u64, log: u32, location: Location, parts: &[&[u8]]) {
		let len: usize = parts.iter().map(|part| part.len()).sum();
		let needed = LABEL_BYTES + len;
		if needed > self.bytes.len() / 8 {
			return;
		}
		let room = self.bytes.len() - self.place(self.head);
		if room < needed {
			self.head += room as u64;
		}
		let (position, place) = (self.head, self.place(self.head));
		self.head += needed.next_multiple_of(LABEL_BYTES) as u64;
		let bits = location.bits().to_le_bytes();
		let label: [&[u8]; 3] = [&bits, &log.to_le_bytes(), &(len as u32).to_le_bytes()];
		let mut rest = self.bytes.get_mut(place..).unwrap_or_default();
		for part in label.iter().chain(parts) {
			let Some((room, behind)) = rest.split_at_mut_checked(part.len()) else { return };
			room.copy_from_slice(part);
			rest = behind;
		}
		if let Some(slots) = self.slots(hash) {
			slots.rotate_right(1);
			slots[0] = position;
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn record(key: &[u8], value: &[u8]) -> Vec<u8> {
		let mut header = Header {
			header_crc: 0,
			value_crc: crc32c::crc32c(value),
			value_len: value.len() as u32,
			timestamp: 1,
			sequence: 2,
			ordinal: 3,
			previous: None,
			back: 0,
			key_len: key.len() as u8,
			tombstone: false,
			moved: false,
		};
		header.header_crc = header.checksum(key, 7);
		let mut bytes = Vec::new();
		header.encode(key, value, &mut bytes);
		bytes
	}

	fn value(cache: &RecordCache, log: u32, location: Location) -> Option<Vec<u8>> {
		cache.look(log, location, |cached| cached.parts().unwrap().2.map(<[u8]>::to_vec))?
	}

	#[test]
	fn what_is_found_is_what_came_in() {
		let cache = RecordCache::new(4 << 20);
		let mut state = 1_u64;
		for step in 0..100_000_u32 {
			state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
			let number = (state >> 33) as u32 % 20_000;
			let (log, location) = (number % 3, Location::new(number / 1000, number * 64, 900));
			let wanted = vec![number as u8; 20 + number as usize % 3000];
			match value(&cache, log, location) {
				Some(found) => assert_eq!(found, wanted, "step {step}"),
				None => cache.keep(log, location, &record(b"key", &wanted)),
			}
		}
	}

	#[test]
	fn what_is_asked_for_stays_while_others_pass() {
		let cache = RecordCache::new(2 << 20);
		let hot = Location::new(0, 64, 200);
		cache.keep(1, hot, &record(b"hot", &[1; 100]));
		for number in 0..200_000_u32 {
			cache.keep(2, Location::new(1, number * 64, 200), &record(b"cold", &[2; 100]));
			if number % 100 == 0 {
				assert_eq!(value(&cache, 1, hot), Some(vec![1; 100]), "after {number}");
			}
		}
		assert_eq!(value(&cache, 2, Location::new(1, 64, 200)), None);
	}

	#[test]
	fn a_long_new_record_comes_without_its_value() {
		let cache = RecordCache::new(1 << 20);
		let (location, long) = (Location::new(0, 32, 4000), vec![3; 4000]);
		let bytes = record(b"key", &long);
		let head = bytes.first_chunk::<HEADER_BYTES>().unwrap();
		cache.keep_new(1, location, head, b"key", &long);
		let found = cache.look(1, location, |cached| {
			let (header, key, value) = cached.parts().unwrap();
			(header.value_len, key.to_vec(), value.is_some())
		});
		assert_eq!(found, Some((4000, b"key".to_vec(), false)));
		assert_eq!(value(&RecordCache::new(0), 1, location), None);
	}
}
