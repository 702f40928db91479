//! Finding segments of a log, and reading records from them.

use super::{place_of, Log, Record};
use crate::{
	engine::{
		cache::Cached,
		location::Location,
		record::{Header, HEADER_BYTES, HEAD_MAX_BYTES},
		segment::Segment,
	},
	ZdbError,
};
use std::sync::{atomic::Ordering, Arc};

impl Log {
	/// The number that the next record gets, and its ordinal.
	pub(crate) fn next_numbers(&self) -> (u64, u64) {
		let writer = self.writer.lock();
		(writer.next_sequence, writer.next_ordinal)
	}

	/// The segment of that number.
	pub(crate) fn segment(&self, number: u32) -> Option<Arc<Segment>> {
		self.segments.read().get(&number).cloned()
	}

	/// The first segment behind that number.
	pub(crate) fn segment_after(&self, number: u32) -> Option<Arc<Segment>> {
		self.segments.read().range(number + 1..).next().map(|(_, segment)| segment.clone())
	}

	/// The last segment before that number.
	pub(crate) fn segment_before(&self, number: u32) -> Option<Arc<Segment>> {
		self.segments.read().range(..number).next_back().map(|(_, segment)| segment.clone())
	}

	/// The segment in which the record of this number is, or would be.
	pub(crate) fn segment_of_sequence(&self, sequence: u64) -> Option<Arc<Segment>> {
		let mut found = self.first_segment();
		let mut next = found.clone();
		while let Some(segment) = next {
			match segment.first() {
				Some((_, first)) if first > sequence => break,
				Some(_) => found = Some(segment.clone()),
				None => {},
			}
			next = self.segment_after(segment.number);
		}
		found
	}

	/// All segments but the active one, oldest first.
	pub(crate) fn sealed_segments(&self) -> Vec<Arc<Segment>> {
		let active = self.end().0.number;
		self.segments.read().range(..active).map(|(_, segment)| segment.clone()).collect()
	}

	/// Takes a segment that nobody points into any more out of the log; its bytes are given back.
	pub(crate) fn forget_segment(&self, segment: &Segment) {
		if self.segments.write().remove(&segment.number).is_some() {
			self.bytes.fetch_sub(segment.flushed(), Ordering::Relaxed);
		}
	}

	/// The first segment.
	pub(crate) fn first_segment(&self) -> Option<Arc<Segment>> {
		self.segments.read().values().next().cloned()
	}

	/// Lets `look` see the record at `location` if it is in memory.
	pub(crate) fn cached<R>(
		&self,
		location: Location,
		look: impl FnOnce(Cached<'_>) -> R,
	) -> Option<R> {
		// Nobody sees what the kernel does not have, unless the disk takes nothing at present: that must not keep from reading.
		let place = place_of(location.segment(), location.offset());
		if place >= self.unflushed.load(Ordering::Acquire) {
			let _ = self.flush();
		}
		self.shape.environment.cache.look(self.number, location, look)
	}

	/// Keeps a record in memory that was read whole and verified.
	pub(crate) fn keep(&self, location: Location, record: &[u8]) {
		self.shape.environment.cache.keep(self.number, location, record);
	}

	/// The long record at `location`, if it is in memory.
	pub(crate) fn long(&self, location: Location) -> Option<Arc<Vec<u8>>> {
		self.shape.environment.long_cache.get(self.number, location)
	}

	/// Whether a long record that is not in memory should be kept there once it is read.
	pub(crate) fn is_wanted(&self, location: Location) -> bool {
		self.shape.environment.long_cache.is_wanted(self.number, location)
	}

	/// Keeps a long record in memory that was read whole and verified.
	pub(crate) fn keep_long(&self, location: Location, record: Arc<Vec<u8>>) {
		self.shape.environment.long_cache.keep(self.number, location, record);
	}

	/// Has the place where the cache notes a record brought near.
	pub(crate) fn prefetch_slot(&self, location: Location) {
		self.shape.environment.cache.prefetch_slot(self.number, location);
	}

	/// Has a record that is in memory brought near.
	pub(crate) fn prefetch_record(&self, location: Location) {
		self.shape.environment.cache.prefetch_record(self.number, location);
	}

	/// Reads the record at `location` into `buffer`; header and key are verified, the value is not.
	pub(crate) fn read<'b>(
		&self,
		location: Location,
		buffer: &'b mut Vec<u8>,
	) -> Result<Record<'b>, ZdbError> {
		let mut record = self.read_parts(location, location.read_len(), buffer)?;
		let value = record.value.get(..record.header.value_len as usize);
		record.value = value.ok_or_else(|| self.damaged(location))?;
		Ok(record)
	}

	/// Reads and verifies header and key of the record at `location`; the value is left where it is.
	pub(crate) fn read_head<'b>(
		&self,
		location: Location,
		buffer: &'b mut Vec<u8>,
	) -> Result<(Header, &'b [u8]), ZdbError> {
		let record = self.read_parts(location, HEAD_MAX_BYTES, buffer)?;
		Ok((record.header, record.key))
	}

	/// Reads up to `wanted` bytes; the record's value is whatever they hold behind the key.
	fn read_parts<'b>(
		&self,
		location: Location,
		wanted: usize,
		buffer: &'b mut Vec<u8>,
	) -> Result<Record<'b>, ZdbError> {
		let segment = self.segment(location.segment()).ok_or(ZdbError::Moved)?;
		let offset = location.offset();
		let refused = if offset >= segment.flushed() { self.flush().err() } else { None };
		if buffer.len() < wanted {
			buffer.resize(wanted, 0);
		}
		let buffer = buffer.get_mut(..wanted).unwrap_or_default();
		let read = match refused {
			None => segment.read_at(offset, buffer)?,
			Some(error) => self.read_waiting(&segment, offset, buffer).ok_or(error)?,
		};
		let damaged = || segment.damaged(offset);
		let bytes = buffer.get(..read).ok_or_else(damaged)?;
		let header = Header::decode(bytes).ok_or_else(damaged)?;
		let body = bytes.get(HEADER_BYTES..).ok_or_else(damaged)?;
		let (key, value) =
			body.split_at_checked(usize::from(header.key_len)).ok_or_else(damaged)?;
		if !header.is_valid(key, segment.salt) {
			return Err(damaged());
		}
		Ok(Record { header, key, value })
	}

	/// Reads a record that waits for a disk that takes nothing at present, so that a full disk does not keep from reading.
	fn read_waiting(&self, segment: &Segment, offset: u64, buffer: &mut [u8]) -> Option<usize> {
		// Nothing is between memory and kernel while this is held.
		let _flushing = self.flushing.lock();
		let writer = self.writer.lock();
		if writer.active.number != segment.number {
			return None;
		}
		let at = usize::try_from(offset.checked_sub(writer.pending_start)?).ok()?;
		let waiting = writer.pending.get(at..)?;
		let read = waiting.len().min(buffer.len());
		buffer.get_mut(..read)?.copy_from_slice(waiting.get(..read)?);
		Some(read)
	}

	/// The error for a value at `location` that does not match its checksum.
	pub(crate) fn damaged(&self, location: Location) -> ZdbError {
		match self.segment(location.segment()) {
			Some(segment) => segment.damaged(location.offset()),
			None => ZdbError::Damaged { path: self.shape.dir.clone(), offset: location.offset() },
		}
	}
}
