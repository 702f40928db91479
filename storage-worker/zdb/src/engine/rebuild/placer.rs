//! Bringing batches of records into the index of a log of user keys.

use super::batch::{Batch, Waiting};
use crate::{
	engine::{
		index::{KeyHasher, KeyIndex},
		location::Location,
		record::{Header, HEADER_BYTES, HEAD_MAX_BYTES},
		segment::Segment,
	},
	ZdbError,
};
use std::{collections::BTreeMap, sync::Arc};

/// So many places ahead are brought near.
const AHEAD: usize = 8;

/// What the batches add up to.
#[derive(Debug)]
pub(super) struct Placer {
	pub(super) index: KeyIndex,
	/// Bytes of values whose records were replaced or deleted by later ones.
	pub(super) dead_bytes: u64,
	/// Segments that were met so far, for looking at earlier records.
	segments: BTreeMap<u32, Arc<Segment>>,
	/// Memory for the next batch.
	sorted: Vec<Waiting>,
}

impl Placer {
	/// For an index that is empty yet.
	pub(super) fn new(hasher: KeyHasher) -> Self {
		let index = KeyIndex::new(hasher);
		Self { index, dead_bytes: 0, segments: BTreeMap::new(), sorted: Vec::new() }
	}

	/// Brings the next records of the log into the index.
	pub(super) fn place(&mut self, batch: &Batch) -> Result<(), ZdbError> {
		let met = batch.segments.iter().map(|segment| (segment.number, segment.clone()));
		self.segments.extend(met);
		let tables = batch.sort_into(&mut self.sorted);
		for (table, range) in self.index.tables().zip(tables) {
			let records = self.sorted.get(range).unwrap_or_default();
			for (position, record) in records.iter().enumerate() {
				if let Some(later) = records.get(position + AHEAD) {
					table.prefetch(later.fingerprint);
				}
				let new = (!record.tombstone).then_some(record.location);
				let key = batch.key(record);
				let old = table
					.set(record.fingerprint, new, |at| header_if_key(&self.segments, at, key))?;
				if let Some((at, header)) = old {
					self.dead_bytes += u64::from(header.value_len);
					if let Some(segment) = self.segments.get(&at.segment()) {
						segment.remove_live(&header);
					}
				}
			}
		}
		Ok(())
	}
}

/// The header of the record at `location` if its key is `key`. Its checksum was verified when it was met. A record that
/// cannot be read is an error: taken for another key's, it would stay in the index beside the newer one.
pub(super) fn header_if_key(
	segments: &BTreeMap<u32, Arc<Segment>>,
	location: Location,
	key: &[u8],
) -> Result<Option<Header>, ZdbError> {
	let Some(segment) = segments.get(&location.segment()) else { return Ok(None) };
	let mut bytes = [0; HEAD_MAX_BYTES];
	let read = segment.read_at(location.offset(), &mut bytes)?;
	let bytes = bytes.get(..read).unwrap_or_default();
	let Some(header) = Header::decode(bytes) else { return Ok(None) };
	let found = bytes.get(HEADER_BYTES..HEADER_BYTES + usize::from(header.key_len));
	Ok((found == Some(key)).then_some(header))
}
