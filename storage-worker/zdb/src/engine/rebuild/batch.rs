//! Records that wait for their places in the index, many at a time.

use crate::engine::{
	index::{KeyHash, SHARDS},
	location::Location,
	segment::Segment,
};
use std::{ops::Range, sync::Arc};

/// Most records of a batch: 12 MiB, and as much again while they are brought into the order of their places.
const RECORDS_MAX: usize = 512 << 10;
/// Most bytes of their keys.
const KEYS_MAX_BYTES: usize = 32 << 20;

/// Ranges of neighbouring places in each of the index's tables; what goes to one of them fits into a processor's second cache.
const RANGES: usize = 64;
const RANGE_SHIFT: u32 = u32::BITS - RANGES.ilog2();

/// A record that waits for its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
	pub(super) location: Location,
	pub(super) fingerprint: u32,
	/// Where its key begins among all of the batch.
	key_start: u32,
	key_len: u8,
	shard: u8,
	pub(super) tombstone: bool,
}

impl Waiting {
	const NONE: Self = Self {
		location: Location::NONE,
		fingerprint: 0,
		key_start: 0,
		key_len: 0,
		shard: 0,
		tombstone: false,
	};

	/// The number of the range that its place is in.
	fn range(&self) -> usize {
		usize::from(self.shard) * RANGES + (self.fingerprint >> RANGE_SHIFT) as usize
	}
}

/// Records in the order in which they are in the log.
#[derive(Debug, Default)]
pub(super) struct Batch {
	records: Vec<Waiting>,
	keys: Vec<u8>,
	/// Segments that were met since the batch before.
	pub(super) segments: Vec<Arc<Segment>>,
}

impl Batch {
	/// Adds the next record of the log.
	pub(super) fn push(&mut self, hash: KeyHash, location: Location, tombstone: bool, key: &[u8]) {
		self.records.push(Waiting {
			location,
			fingerprint: hash.fingerprint,
			key_start: self.keys.len() as u32,
			key_len: key.len() as u8,
			shard: hash.shard as u8,
			tombstone,
		});
		self.keys.extend_from_slice(key);
	}

	pub(super) fn is_full(&self) -> bool {
		self.records.len() >= RECORDS_MAX || self.keys.len() >= KEYS_MAX_BYTES
	}

	/// The key of one of its records.
	pub(super) fn key(&self, record: &Waiting) -> &[u8] {
		let start = record.key_start as usize;
		self.keys.get(start..start + usize::from(record.key_len)).unwrap_or_default()
	}

	/// Copies the records to `sorted` in the order of their places, so that bringing them there passes over the memory of the index once, instead of
	/// waiting for another part of it for each. Records of the same key keep their order. Answers where those of each table are.
	pub(super) fn sort_into(&self, sorted: &mut Vec<Waiting>) -> Vec<Range<usize>> {
		let mut ends = vec![0; SHARDS * RANGES];
		for record in &self.records {
			if let Some(count) = ends.get_mut(record.range()) {
				*count += 1;
			}
		}
		let mut sum = 0;
		for end in &mut ends {
			sum += std::mem::replace(end, sum);
		}
		sorted.resize(self.records.len(), Waiting::NONE);
		for record in &self.records {
			let Some(next) = ends.get_mut(record.range()) else { continue };
			if let Some(place) = sorted.get_mut(*next) {
				*place = *record;
			}
			*next += 1;
		}
		let mut start = 0;
		let of_table = |ends: &[usize]| {
			let end = ends.last().copied().unwrap_or(start);
			std::mem::replace(&mut start, end)..end
		};
		ends.chunks(RANGES).map(of_table).collect()
	}
}
