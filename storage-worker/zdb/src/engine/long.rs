//! Long values: handed over in the memory that they were read into, and kept there if they are asked for again and again.

use crate::engine::location::Location;
use parking_lot::Mutex;
use std::{
	cell::RefCell,
	collections::{HashMap, VecDeque},
	ops::{Deref, Range},
	sync::Arc,
};

/// Records from about this length on are long.
pub(crate) const LONG_BYTES: usize = 16 << 10;
/// Buffers for long values that a thread keeps, and how long each may be.
const POOL_BUFFERS: usize = 8;
const POOL_BUFFER_MAX_BYTES: usize = 2 << 20;

thread_local! {
	/// Buffers that long values were read into.
	static POOL: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// A long value within the record that it was read with. The buffer goes back to the thread's when nobody else has it.
#[derive(Debug)]
pub(crate) struct LongValue {
	record: Arc<Vec<u8>>,
	range: Range<usize>,
}

impl LongValue {
	/// A value of a record.
	pub(crate) fn new(record: Arc<Vec<u8>>, range: Range<usize>) -> Self {
		Self { record, range }
	}
}

impl From<Vec<u8>> for LongValue {
	fn from(value: Vec<u8>) -> Self {
		let range = 0..value.len();
		Self::new(Arc::new(value), range)
	}
}

impl Deref for LongValue {
	type Target = [u8];

	fn deref(&self) -> &[u8] {
		self.record.get(self.range.clone()).unwrap_or_default()
	}
}

impl Drop for LongValue {
	fn drop(&mut self) {
		if let Some(buffer) = Arc::get_mut(&mut self.record) {
			if buffer.capacity() <= POOL_BUFFER_MAX_BYTES {
				let buffer = std::mem::take(buffer);
				POOL.with_borrow_mut(|pool| {
					if pool.len() < POOL_BUFFERS {
						pool.push(buffer);
					}
				});
			}
		}
	}
}

/// A buffer for a record that nobody keeps.
pub(crate) fn pooled_buffer() -> Vec<u8> {
	POOL.with_borrow_mut(Vec::pop).unwrap_or_default()
}

/// A log's number and a location in it.
type Place = (u32, Location);

/// Long records that were asked for more than once. A record never changes and its place is never used again, so nothing in here can be
/// out of date; what comes in was verified.
#[derive(Debug)]
pub(crate) struct LongCache {
	max_bytes: usize,
	inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
	records: HashMap<Place, Kept>,
	/// All places, the ones to be looked at first when room is needed first.
	queue: VecDeque<Place>,
	bytes: usize,
	/// Hashes of places that were asked for lately and are not here, each where its bits say.
	asked: Vec<u64>,
}

#[derive(Debug)]
struct Kept {
	record: Arc<Vec<u8>>,
	/// It was asked for since it was looked at last.
	is_used: bool,
}

impl LongCache {
	/// A cache of at most so many bytes.
	pub(crate) fn new(max_bytes: usize) -> Self {
		// Places are remembered for longer than records are kept, so that they come back.
		let asked = vec![u64::MAX; (max_bytes / LONG_BYTES * 4).next_power_of_two()];
		Self { max_bytes, inner: Mutex::new(Inner { asked, ..Inner::default() }) }
	}

	/// The record at a place, if it is here.
	pub(crate) fn get(&self, log: u32, location: Location) -> Option<Arc<Vec<u8>>> {
		let mut inner = self.inner.lock();
		let kept = inner.records.get_mut(&(log, location))?;
		kept.is_used = true;
		Some(kept.record.clone())
	}

	/// Whether a record that is not here was asked for before and should be kept now. Reading everything once changes nothing here.
	pub(crate) fn is_wanted(&self, log: u32, location: Location) -> bool {
		if location.read_len() > self.max_bytes / 8 {
			return false;
		}
		let hash = location.hash_in(log);
		let mut inner = self.inner.lock();
		let slots = inner.asked.len();
		let slot = inner.asked.get_mut((hash >> 24) as usize & (slots - 1));
		slot.is_some_and(|slot| std::mem::replace(slot, hash) == hash)
	}

	/// Keeps a record that was read whole and verified.
	pub(crate) fn keep(&self, log: u32, location: Location, record: Arc<Vec<u8>>) {
		let mut inner = self.inner.lock();
		let bytes = record.capacity();
		if bytes > self.max_bytes || inner.records.contains_key(&(log, location)) {
			return;
		}
		inner.make_room(self.max_bytes - bytes);
		inner.bytes += bytes;
		inner.queue.push_back((log, location));
		inner.records.insert((log, location), Kept { record, is_used: false });
	}
}

impl Inner {
	/// Lets go of what was not used for the longest time until there are at most so many bytes.
	fn make_room(&mut self, max_bytes: usize) {
		while self.bytes > max_bytes {
			let Some(place) = self.queue.pop_front() else { break };
			if self.records.get_mut(&place).is_some_and(|kept| std::mem::take(&mut kept.is_used)) {
				self.queue.push_back(place);
			} else if let Some(kept) = self.records.remove(&place) {
				self.bytes -= kept.record.capacity();
			}
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	/// Asks for a record as a reader does; whether it was here.
	fn ask(cache: &LongCache, number: u32) -> bool {
		let location = Location::new(number, 32, 64 << 10);
		match cache.get(1, location) {
			Some(record) => {
				assert_eq!(*record, vec![number as u8; 64 << 10]);
				true
			},
			None => {
				if cache.is_wanted(1, location) {
					cache.keep(1, location, Arc::new(vec![number as u8; 64 << 10]));
				}
				false
			},
		}
	}

	#[test]
	fn what_is_asked_for_again_stays_and_what_passes_does_not_come_in() {
		let cache = LongCache::new(1 << 20);
		assert_eq!([0, 1, 2].map(|_| ask(&cache, 7)), [false, false, true]);
		for number in 100..10_000 {
			assert!(!ask(&cache, number));
			assert!(number % 8 > 0 || ask(&cache, 7), "gone after {number}");
		}
		assert!(cache.inner.lock().bytes <= 1 << 20);
		// More than fit: what is used in turn drives others out, but the bound holds.
		for number in (0..200).flat_map(|_| 20..60) {
			ask(&cache, number);
			let inner = cache.inner.lock();
			assert!(inner.bytes <= 1 << 20 && inner.queue.len() == inner.records.len());
		}
	}

	#[test]
	fn a_record_that_would_fill_the_cache_is_not_wanted() {
		let cache = LongCache::new(1 << 20);
		let location = Location::new(1, 32, 512 << 10);
		assert!(!cache.is_wanted(1, location) && !cache.is_wanted(1, location));
		assert!(!LongCache::new(0).is_wanted(1, Location::new(1, 32, 20 << 10)));
	}

	#[test]
	fn a_buffer_comes_back_when_nobody_has_it() {
		POOL.with_borrow_mut(Vec::clear);
		let kept = Arc::new(vec![1; 20 << 10]);
		drop(LongValue::new(kept.clone(), 4..8));
		assert!(pooled_buffer().is_empty());
		let value = LongValue::new(kept, 4..8);
		assert_eq!(*value, [1; 4]);
		drop(value);
		assert_eq!(pooled_buffer().len(), 20 << 10);
	}
}
