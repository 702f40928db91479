//! Compaction: live records of a mostly dead segment are appended again, then the segment is removed.
//!
//! It never stands in the way: it holds the lock of one key at a time, and a reader that still has the segment reads
//! on. A copy supersedes its original by its place in the log alone, so a crash at any point leaves at least one of
//! both. A tombstone is copied as long as an older segment may hold what it deletes. Audited namespaces are left
//! alone: their log is what tenant and node signed, and `removal.rs` says how it becomes shorter.

use crate::{
	engine::{
		log::{Append, AppendKey},
		namespace::Namespace,
		record::Header,
		retired::remove_segment,
		segment::{Segment, SEGMENT_HEADER_BYTES},
		window::{Succession, Window},
	},
	ZdbError,
};
use std::sync::Arc;

/// How much is read at once.
const STEP_BYTES: usize = 1 << 20;

/// What compaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compacted {
	/// Segments that were removed.
	pub segments: u64,
	/// Bytes of records that were appended again.
	pub moved_bytes: u64,
	/// Bytes that the disk got back, the copies not yet subtracted.
	pub freed_bytes: u64,
}

impl Compacted {
	/// Adds what was done elsewhere.
	pub fn add(&mut self, other: Self) {
		self.segments += other.segments;
		self.moved_bytes += other.moved_bytes;
		self.freed_bytes += other.freed_bytes;
	}
}

/// Asked after each record with the bytes that were read: `false` stops at once.
pub(crate) type Pace<'p> = &'p mut dyn FnMut(u64) -> bool;

impl Namespace {
	/// Compacts every segment of which at least `dead_share` (0 to 1) is dead; `pace` may slow it down or stop it. Without
	/// `moves` nothing is appended: only the oldest segments go, as far as nothing in them lives.
	pub(crate) fn compact(
		&self,
		dead_share: f64,
		moves: bool,
		pace: Pace<'_>,
	) -> Result<Compacted, ZdbError> {
		let mut done = Compacted::default();
		let Some(_only_one) = self.compacting.try_lock() else { return Ok(done) };
		if self.audit.is_some() {
			return Ok(done);
		}
		for segment in self.log().sealed_segments() {
			let used = segment.flushed().saturating_sub(SEGMENT_HEADER_BYTES);
			let dead = used.saturating_sub(segment.live());
			if used > 0 && (dead as f64) < dead_share * used as f64 || self.is_removed() {
				continue;
			}
			let is_oldest = self.log().segment_before(segment.number).is_none();
			if !moves && (segment.live() > 0 || !is_oldest) {
				return Ok(done);
			}
			let Some(compacted) = self.compact_segment(&segment, pace)? else { return Ok(done) };
			done.add(compacted);
		}
		Ok(done)
	}

	/// Compacts one segment; `None` if it was stopped, or if nothing behind it remembers how far the log has come.
	fn compact_segment(
		&self,
		segment: &Arc<Segment>,
		pace: Pace<'_>,
	) -> Result<Option<Compacted>, ZdbError> {
		// Whoever issued an id in this segment has it in the index from here on.
		drop(self.issuing.write());
		let oldest = self.log().segment_before(segment.number).is_none();
		let mut moved_bytes = 0;
		let mut window = Window::new(segment, segment.flushed(), STEP_BYTES);
		let (mut succession, mut offset) = Succession::of_segment(segment);
		if offset > SEGMENT_HEADER_BYTES {
			return Err(segment.damaged(SEGMENT_HEADER_BYTES));
		}
		while offset < segment.flushed() {
			let found = window.record(offset)?;
			let is_next = succession.takes(offset, found.as_ref().map(|(header, _)| header));
			let Some((header, key)) = found.filter(|_| is_next) else {
				// What is damaged may be all that is left of a key: it stays for whoever restores it.
				return Err(segment.damaged(offset));
			};
			let key = key.to_vec();
			if self.move_record(segment, offset, &header, &key, oldest)? {
				moved_bytes += header.record_len();
			}
			offset += header.record_len();
			if !pace(header.record_len()) || self.is_removed() {
				return Ok(None);
			}
		}
		if !self.is_remembered_behind(segment.number) {
			return Ok(None);
		}
		self.sync()?;
		self.retire(segment)?;
		let freed_bytes = segment.flushed();
		Ok(Some(Compacted { segments: 1, moved_bytes, freed_bytes }))
	}

	/// Appends the record again if it is needed, and says whether.
	fn move_record(
		&self,
		segment: &Segment,
		offset: u64,
		header: &Header,
		key: &[u8],
		oldest: bool,
	) -> Result<bool, ZdbError> {
		let location = segment.location(offset, header);
		let _stripe = self.stripe(self.stripe_of(key)).lock();
		let needed = match header.tombstone {
			true => !oldest && self.find(key)?.is_none(),
			false => self.is_current(key, location),
		};
		if !needed {
			return Ok(false);
		}
		let mut buffer = Vec::new();
		let record = self.log().read(location, &mut buffer)?;
		if !record.value_is_valid() {
			return Err(segment.damaged(offset));
		}
		let copy = Append {
			key: AppendKey::Given(key),
			value: (!header.tombstone).then_some(record.value),
			value_crc: header.value_crc,
			timestamp: header.timestamp,
			max_bytes: None,
			previous: None,
			moved: true,
			numbers: None,
		};
		let (new, new_header) = self.log().append(&copy)?;
		if !header.tombstone {
			self.point_to(key, Some(location), Some(new));
			segment.remove_live(header);
			if let Some(active) = self.log().segment(new.segment()) {
				active.add_live(&new_header);
			}
		}
		Ok(true)
	}

	/// Whether a later segment has a record: sequences and ids go on from the last one.
	fn is_remembered_behind(&self, number: u32) -> bool {
		let mut next = self.log().segment_after(number);
		while let Some(segment) = next {
			if segment.last().is_some() {
				return true;
			}
			next = self.log().segment_after(segment.number);
		}
		false
	}

	/// Takes the segment off the log: first on the list, then out of memory, then off the disk.
	fn retire(&self, segment: &Segment) -> Result<(), ZdbError> {
		let mut retired = self.retired.lock();
		let mut longer = retired.clone();
		longer.insert(segment.number, segment.last_sequence()?.unwrap_or_default());
		longer.store(&self.environment.disk, &self.log_dir)?;
		*retired = longer;
		self.log().forget_segment(segment);
		remove_segment(&self.environment.disk, &self.log_dir, segment.number)
	}
}
