//! A moving window over a segment's bytes, for reading it from front to back in large pieces.

use crate::{
	engine::{
		record::{Header, HEADER_BYTES, HEAD_MAX_BYTES},
		segment::Segment,
	},
	ZdbError,
};

/// The window.
#[derive(Debug)]
pub(crate) struct Window<'s> {
	segment: &'s Segment,
	end: u64,
	step: usize,
	start: u64,
	bytes: Vec<u8>,
}

impl<'s> Window<'s> {
	/// A window over the first `end` bytes of a segment, which reads at least `step` bytes at once.
	pub(crate) fn new(segment: &'s Segment, end: u64, step: usize) -> Self {
		Self { segment, end, step, start: 0, bytes: Vec::new() }
	}

	/// Up to `len` bytes from `offset` on; fewer at the end.
	pub(crate) fn get(&mut self, offset: u64, len: usize) -> Result<&[u8], ZdbError> {
		let len = len.min(usize::try_from(self.end.saturating_sub(offset)).unwrap_or(len));
		let inside =
			offset >= self.start && offset + len as u64 <= self.start + self.bytes.len() as u64;
		if !inside {
			let left = self.end.saturating_sub(offset);
			let wanted = (len.max(self.step) as u64).min(left) as usize;
			self.bytes.resize(wanted, 0);
			let read = self.segment.read_at(offset, &mut self.bytes)?;
			self.bytes.truncate(read);
			self.start = offset;
		}
		let from = (offset - self.start) as usize;
		Ok(self
			.bytes
			.get(from..)
			.map(|bytes| bytes.get(..len).unwrap_or(bytes))
			.unwrap_or_default())
	}

	/// The record at `offset` if header and key are valid and it ends within the segment.
	pub(crate) fn record(&mut self, offset: u64) -> Result<Option<(Header, &[u8])>, ZdbError> {
		let (salt, end) = (self.segment.salt, self.end);
		let bytes = self.get(offset, HEAD_MAX_BYTES)?;
		let Some(header) = Header::decode(bytes) else { return Ok(None) };
		let key_end = HEADER_BYTES + usize::from(header.key_len);
		let Some(key) = bytes.get(HEADER_BYTES..key_end) else { return Ok(None) };
		let fits = offset + header.record_len() <= end;
		Ok((fits && header.is_valid(key, salt)).then_some((header, key)))
	}

	/// Whether the value of the record at `offset` matches its checksum.
	pub(crate) fn value_is_valid(
		&mut self,
		offset: u64,
		header: &Header,
	) -> Result<bool, ZdbError> {
		let value_at = offset + (HEADER_BYTES + usize::from(header.key_len)) as u64;
		let value = self.get(value_at, header.value_len as usize)?;
		Ok(value.len() == header.value_len as usize && crc32c::crc32c(value) == header.value_crc)
	}
}

/// Tells records of a segment from what merely looks like one: a block that a disk has put into the wrong place holds records of the same segment, valid in
/// themselves. Sequences go up, and behind damage by no more than the records that it can have held.
#[derive(Debug)]
pub(crate) struct Succession {
	next_sequence: u64,
	/// Where the damage began that is being passed.
	damage: Option<u64>,
}

impl Succession {
	/// What follows the record of this sequence, or, without one, the beginning of a segment.
	pub(crate) fn behind(sequence: Option<u64>) -> Self {
		let next_sequence = sequence.map_or(0, |sequence| sequence.saturating_add(1));
		Self { next_sequence, damage: None }
	}

	/// Whether the record at `offset` can be the next one. If not, what is there is damage.
	pub(crate) fn takes(&mut self, offset: u64, header: Option<&Header>) -> bool {
		let most = match self.damage {
			None => u64::MAX,
			Some(damage) => (offset - damage) / (HEADER_BYTES as u64 + 1) + 1,
		};
		let ahead = header.and_then(|header| header.sequence.checked_sub(self.next_sequence));
		match (header, ahead) {
			(Some(header), Some(ahead)) if ahead <= most => {
				(self.next_sequence, self.damage) = (header.sequence + 1, None);
				true
			},
			_ => {
				self.damage.get_or_insert(offset);
				false
			},
		}
	}
}
