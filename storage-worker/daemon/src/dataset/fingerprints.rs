//! Sets of many object ids in eight bytes each.

use granary_dispersal::ObjectId;

/// Fingerprints that wait to be sorted in: so many, and as many as are sorted already.
const UNSORTED_MIN: usize = 1 << 16;

/// A set of object ids that remembers the first eight bytes of each. It may hold one that was never put in, with a probability of its size divided by
/// 2^64; whoever uses it must be on the safe side then. It never misses one.
#[derive(Debug, Default)]
pub(crate) struct Fingerprints {
	/// Ascending, each once.
	sorted: Vec<u64>,
	unsorted: Vec<u64>,
}

/// Ids are keyed hashes or random: any of their bytes are as good as others.
fn fingerprint(id: &ObjectId) -> u64 {
	id.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

impl Fingerprints {
	/// Puts an id in.
	pub(crate) fn insert(&mut self, id: &ObjectId) {
		self.unsorted.push(fingerprint(id));
		if self.unsorted.len() >= UNSORTED_MIN.max(self.sorted.len() / 2) {
			self.sort();
		}
	}

	/// Makes [`Fingerprints::contains`] know everything that was put in.
	pub(crate) fn sort(&mut self) {
		self.unsorted.sort_unstable();
		self.unsorted.dedup();
		let unsorted = std::mem::take(&mut self.unsorted);
		if self.sorted.is_empty() {
			self.sorted = unsorted;
			return;
		}
		// Two runs that are sorted already are merged in one pass by the stable sort.
		self.sorted.extend(unsorted);
		self.sorted.sort();
		self.sorted.dedup();
	}

	/// Whether an id was put in; what was put in since the last [`Fingerprints::sort`] may be missed.
	pub(crate) fn contains(&self, id: &ObjectId) -> bool {
		self.sorted.binary_search(&fingerprint(id)).is_ok()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn it_holds_what_was_put_in_and_nothing_else() {
		let id = |number: u64| {
			*blake2b_simd::blake2b(&number.to_le_bytes()).as_array().first_chunk::<32>().unwrap()
		};
		let mut set = Fingerprints::default();
		for number in (0..200_000).chain(0..50_000) {
			set.insert(&id(number));
		}
		set.sort();
		assert_eq!(set.sorted.len(), 200_000);
		assert!((0..200_000).all(|number| set.contains(&id(number))));
		assert!(!(200_000..300_000).any(|number| set.contains(&id(number))));
	}
}
