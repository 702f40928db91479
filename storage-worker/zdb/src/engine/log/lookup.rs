//! Finding segments of a log, and reading records from them.

use super::{Log, Record};
use crate::{
	engine::{
		location::Location,
		record::{Header, HEADER_BYTES, HEAD_MAX_BYTES},
		segment::Segment,
	},
	ZdbError,
};
use std::{
	path::PathBuf,
	sync::{atomic::Ordering, Arc},
};

impl Log {
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
	pub(crate) fn segment_of_sequence(
		&self,
		sequence: u64,
	) -> Result<Option<Arc<Segment>>, ZdbError> {
		let mut found = self.first_segment();
		let mut next = found.clone();
		while let Some(segment) = next {
			match segment.first_sequence()? {
				Some(first) if first > sequence => break,
				Some(_) => found = Some(segment.clone()),
				None => {},
			}
			next = self.segment_after(segment.number);
		}
		Ok(found)
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

	/// Reads the record at `location` into `buffer`; header and key are verified, the value is not.
	pub(crate) fn read<'b>(
		&self,
		location: Location,
		buffer: &'b mut Vec<u8>,
	) -> Result<Record<'b>, ZdbError> {
		self.bring_back(location)?;
		let mut record = self.read_parts(location, location.read_len(), buffer)?;
		let value = record.value.get(..record.header.value_len as usize);
		record.value = value.ok_or_else(|| self.damaged(location))?;
		Ok(record)
	}

	/// Takes the segment's file into use if it was missing and is there again. If it is not, it is noted as wanted.
	fn bring_back(&self, location: Location) -> Result<(), ZdbError> {
		let Some(segment) = self.segment(location.segment()) else { return Ok(()) };
		if !segment.is_absent() || self.adopt(&segment)? {
			return Ok(());
		}
		self.wanted.lock().insert(segment.number);
		Err(ZdbError::Absent(segment.path.clone()))
	}

	/// Takes the file of a segment into use that was missing; `false` if it still is. Another file in its place is an error.
	pub(crate) fn adopt(&self, segment: &Segment) -> Result<bool, ZdbError> {
		let adopted = segment.adopt(self.shape.mode, self.shape.audited)?;
		if adopted {
			self.wanted.lock().remove(&segment.number);
		}
		Ok(adopted)
	}

	/// Segments whose missing files reads needed, and the files.
	pub(crate) fn wanted(&self) -> Vec<(u32, PathBuf)> {
		let wanted = self.wanted.lock();
		let segments = wanted.iter().filter_map(|number| self.segment(*number));
		segments.map(|segment| (segment.number, segment.path.clone())).collect()
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
		if offset >= segment.flushed() {
			self.flush()?;
		}
		if buffer.len() < wanted {
			buffer.resize(wanted, 0);
		}
		let buffer = buffer.get_mut(..wanted).unwrap_or_default();
		let read = segment.read_at(offset, buffer)?;
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

	/// The error for a value at `location` that does not match its checksum.
	pub(crate) fn damaged(&self, location: Location) -> ZdbError {
		match self.segment(location.segment()) {
			Some(segment) => segment.damaged(location.offset()),
			None => ZdbError::Damaged { path: self.shape.dir.clone(), offset: location.offset() },
		}
	}
}
