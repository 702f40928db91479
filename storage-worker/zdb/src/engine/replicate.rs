//! Replication: the records of a log in their order, and taking them over one by one.
//!
//! A replica keeps sequences and ordinals of its primary, so its next sequence is where it goes on, and an audited log has
//! the same tree. What compaction removed before a replica saw it cannot be told any more, deletions included: such a
//! replica starts anew.

use crate::{
	engine::{
		log::{Append, AppendKey},
		namespace::Namespace,
		read::id_of,
		segment::SEGMENT_HEADER_BYTES,
		window::Window,
	},
	limits::{KEY_MAX_BYTES, NUMBERS_MAX, VALUE_LIMIT_BYTES},
	ZdbError,
};

/// How much is read at once.
const STEP_BYTES: usize = 256 << 10;
/// Bytes of one answer, unless its first record alone is longer.
const ANSWER_BYTES: usize = 4 << 20;

/// A record as a primary tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicatedRecord {
	/// Its number, over all records of the namespace.
	pub sequence: u64,
	/// The first leaf (audited) or the next id before it (sequential).
	pub ordinal: u64,
	/// It is a copy that compaction made.
	pub moved: bool,
	/// When it was written, unix seconds.
	pub timestamp: u32,
	/// Its key.
	pub key: Vec<u8>,
	/// Its value; `None` deletes the key.
	pub value: Option<Vec<u8>>,
}

/// Records from some sequence on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicatedPage {
	/// Compaction removed records that the asker has not seen: it has to start anew.
	pub must_restart: bool,
	/// The number that the next record of the primary gets.
	pub next_sequence: u64,
	/// The records, as many as fit into an answer.
	pub records: Vec<ReplicatedRecord>,
}

impl Namespace {
	/// The number that the next record gets.
	pub fn next_record(&self) -> u64 {
		self.log().next_sequence()
	}

	/// Records from `sequence` on, at most `count`, all of them durable: a replica that had one which its primary then lost would
	/// take the primary's next one for a record that it has already.
	pub fn records_from(&self, sequence: u64, count: usize) -> Result<ReplicatedPage, ZdbError> {
		self.flush()?;
		let next_sequence = self.log().next_sequence();
		let must_restart = sequence > 0 && sequence <= self.retired.lock().last_sequence();
		let mut page = ReplicatedPage { must_restart, next_sequence, records: Vec::new() };
		if must_restart || sequence >= next_sequence {
			return Ok(page);
		}
		self.sync()?;
		let (mut segment, mut bytes) = (self.log().segment_of_sequence(sequence), 0);
		while let Some(current) = segment {
			let end = current.flushed();
			let mut window = Window::new(&current, end, STEP_BYTES);
			let mut offset = SEGMENT_HEADER_BYTES;
			while offset < end {
				let Some((header, key)) = window.record(offset)? else {
					return Err(current.damaged(offset));
				};
				if header.sequence >= sequence {
					if page.records.len() >= count || bytes > ANSWER_BYTES {
						return Ok(page);
					}
					let key = key.to_vec();
					if !window.value_is_valid(offset, &header)? {
						return Err(current.damaged(offset));
					}
					let start = offset + header.record_len() - u64::from(header.value_len);
					let value = window.get(start, header.value_len as usize)?.to_vec();
					bytes += value.len() + key.len();
					page.records.push(ReplicatedRecord {
						sequence: header.sequence,
						ordinal: header.ordinal,
						moved: header.moved,
						timestamp: header.timestamp,
						key,
						value: (!header.tombstone).then_some(value),
					});
				}
				offset += header.record_len();
			}
			segment = self.log().segment_after(current.number);
		}
		Ok(page)
	}

	/// Takes over the next record of the primary. One that was taken over already is left out.
	pub fn apply_record(&self, record: &ReplicatedRecord) -> Result<(), ZdbError> {
		if record.sequence < self.log().next_sequence() {
			return Ok(());
		}
		let key = record.key.as_slice();
		if let Some(reason) = self.why_not(record) {
			return Err(ZdbError::BadRecord { sequence: record.sequence, reason });
		}
		let _appending = self.audit.as_ref().map(|_| self.gate.read());
		let _stripe = self.stripe(self.stripe_of(key)).lock();
		let current = self.find(key)?;
		let append = Append {
			key: AppendKey::Given(key),
			value: record.value.as_deref(),
			value_crc: record.value.as_deref().map_or(0, crc32c::crc32c),
			timestamp: record.timestamp,
			max_bytes: None,
			previous: current.map(|(location, _)| location),
			moved: record.moved,
			numbers: Some((record.sequence, record.ordinal)),
		};
		let placed = match (&self.audit, append.value) {
			(Some(audit), Some(value)) => {
				audit.append(self.log(), value, || self.log().append(&append))?
			},
			_ => self.log().append(&append)?,
		};
		let new = record.value.is_some().then_some(placed);
		self.point_to(key, current.map(|(at, _)| at), new.map(|(at, _)| at));
		self.count_live(current, new);
		Ok(())
	}

	/// Why a record cannot be the primary's next one here, if so. A primary is another server: what it says is looked at as closely as what lies on a disk.
	fn why_not(&self, record: &ReplicatedRecord) -> Option<&'static str> {
		let ReplicatedRecord { sequence, ordinal, moved, ref key, ref value, .. } = *record;
		let (_, next_ordinal) = self.log().next_numbers();
		if key.is_empty() || key.len() > KEY_MAX_BYTES {
			return Some("a key has 1 to 255 bytes");
		}
		if value.as_ref().is_some_and(|value| value.len() > VALUE_LIMIT_BYTES) {
			return Some("its value is longer than any can be");
		}
		if sequence >= NUMBERS_MAX || ordinal >= NUMBERS_MAX || ordinal < next_ordinal {
			return Some("its numbers do not go on from those before it");
		}
		if self.audit.is_some() && (ordinal != next_ordinal || moved || value.is_none()) {
			return Some("an audited log has values alone, without a gap between them");
		}
		if self.ids().is_some() && id_of(key).is_none_or(|id| id > ordinal) {
			return Some("its key is no id that was issued");
		}
		None
	}
}
