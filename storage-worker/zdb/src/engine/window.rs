//! A moving window over a segment's bytes, for reading it from front to back in large pieces.

use crate::{
	engine::{
		record::{Header, HEADER_BYTES, HEAD_MAX_BYTES},
		segment::{Segment, SEGMENT_HEADER_BYTES},
	},
	ZdbError,
};
use granary_disk::{DirectReader, Disk};

/// The window.
#[derive(Debug)]
pub(crate) struct Window<'s> {
	segment: &'s Segment,
	end: u64,
	step: usize,
	start: u64,
	bytes: Vec<u8>,
	/// Reads past the kernel's memory.
	direct: Option<DirectReader>,
}

impl<'s> Window<'s> {
	/// A window over the first `end` bytes of a segment, which reads at least `step` bytes at once.
	pub(crate) fn new(segment: &'s Segment, end: u64, step: usize) -> Self {
		Self { segment, end, step, start: 0, bytes: Vec::new(), direct: None }
	}

	/// The same over what the disk has, whatever the kernel remembers.
	pub(crate) fn past_memory(
		segment: &'s Segment,
		end: u64,
		step: usize,
		disk: &Disk,
	) -> Result<Self, ZdbError> {
		let path = &segment.path;
		let direct =
			DirectReader::open(disk, path).map_err(|error| ZdbError::file("open", path, error))?;
		Ok(Self { direct: Some(direct), ..Self::new(segment, end, step) })
	}

	/// Up to `len` bytes from `offset` on; fewer at the end.
	pub(crate) fn get(&mut self, offset: u64, len: usize) -> Result<&[u8], ZdbError> {
		let len = len.min(usize::try_from(self.end.saturating_sub(offset)).unwrap_or(len));
		let inside =
			offset >= self.start && offset + len as u64 <= self.start + self.bytes.len() as u64;
		if !inside {
			let left = self.end.saturating_sub(offset);
			let wanted = (len.max(self.step) as u64).min(left) as usize;
			// A sector that cannot be read spoils no more than who asks for it.
			self.fill(offset, wanted).or_else(|_| self.fill(offset, len))?;
		}
		let from = (offset - self.start) as usize;
		Ok(self
			.bytes
			.get(from..)
			.map(|bytes| bytes.get(..len).unwrap_or(bytes))
			.unwrap_or_default())
	}

	/// Moves the window to `len` bytes from `offset` on.
	fn fill(&mut self, offset: u64, len: usize) -> Result<(), ZdbError> {
		self.bytes.clear();
		self.start = offset;
		if let Some(direct) = &mut self.direct {
			let read = direct.read(offset, len);
			let path = &self.segment.path;
			let read = read.map_err(|error| ZdbError::file("read", path, error))?;
			self.bytes.extend_from_slice(read);
			return Ok(());
		}
		self.bytes.resize(len, 0);
		let read = self.segment.read_at(offset, &mut self.bytes);
		self.bytes.truncate(*read.as_ref().unwrap_or(&0));
		read.map(|_| ())
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
	/// What follows the record of this sequence.
	pub(crate) fn behind(sequence: u64) -> Self {
		Self { next_sequence: sequence.saturating_add(1), damage: None }
	}

	/// What a segment begins with, and where that is.
	pub(crate) fn of_segment(segment: &Segment) -> (Self, u64) {
		let (offset, next_sequence) = segment.first().unwrap_or((SEGMENT_HEADER_BYTES, 0));
		(Self { next_sequence, damage: None }, offset)
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
