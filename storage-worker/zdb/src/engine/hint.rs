//! Hints: the heads of a sealed segment's records without their values, so that opening need not pass over the data.
//!
//! File `segment-NNNNNNNN.hint`, little endian: `GRZDBHT1`, number u32, records u32, the segment's salt u64 and its length
//! u64; then the records' headers and keys as they are in the segment; CRC-32C of all before. A hint that does not fit
//! its segment is not used; it holds nothing that the segment does not. It is written after the segment is durable, and vouches for that.

use crate::{
	engine::{
		record::{Header, HEADER_BYTES},
		segment::{Segment, SEGMENT_HEADER_BYTES},
		window::{Succession, Window},
	},
	ZdbError,
};
use granary_disk::Disk;
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"GRZDBHT1";
const HEAD_BYTES: usize = 8 + 4 + 4 + 8 + 8;
const STEP_BYTES: usize = 1 << 20;

/// The path of a segment's hint.
pub(crate) fn hint_path(dir: &Path, number: u32) -> PathBuf {
	dir.join(hint_name(number))
}

fn hint_name(number: u32) -> String {
	format!("segment-{number:08}.hint")
}

/// Receives each record of a hint in order: offset, header, key.
pub(crate) type VisitHead<'v> = &'v mut dyn FnMut(u64, &Header, &[u8]) -> Result<(), ZdbError>;

/// What there is of a hint.
pub(crate) enum HintFound {
	Fit(Hint),
	/// It does not match its checksum, or its segment.
	Unfit(PathBuf),
	Nothing,
}

/// The records of a segment in their order.
pub(crate) struct Hint {
	bytes: Vec<u8>,
}

impl Hint {
	/// Reads the hint of a segment.
	pub(crate) fn load(disk: &Disk, dir: &Path, segment: &Segment) -> HintFound {
		let path = hint_path(dir, segment.number);
		// One that cannot be read is as good as none.
		let Ok(bytes) = disk.read(&path) else { return HintFound::Nothing };
		Self::parse(bytes, segment).map_or(HintFound::Unfit(path), HintFound::Fit)
	}

	fn parse(bytes: Vec<u8>, segment: &Segment) -> Option<Self> {
		let (body, crc) = bytes.split_last_chunk::<4>()?;
		let fits = crc32c::crc32c(body) == u32::from_le_bytes(*crc)
			&& body.get(..HEAD_BYTES)? == head(segment, records(body)?);
		fits.then_some(Self { bytes })
	}

	/// Calls `visit` for each record. A hint whose records do not add up to the segment is refused before the first.
	pub(crate) fn visit(&self, segment: &Segment, visit: VisitHead<'_>) -> Result<bool, ZdbError> {
		let end = self.heads().map(|(header, _)| header.record_len()).sum::<u64>();
		if SEGMENT_HEADER_BYTES + end != segment.flushed() {
			return Ok(false);
		}
		let mut offset = SEGMENT_HEADER_BYTES;
		for (header, key) in self.heads() {
			visit(offset, &header, key)?;
			offset += header.record_len();
		}
		Ok(true)
	}

	fn heads(&self) -> impl Iterator<Item = (Header, &[u8])> {
		let end = self.bytes.len().saturating_sub(4);
		let mut rest = self.bytes.get(HEAD_BYTES..end).unwrap_or_default();
		std::iter::from_fn(move || {
			let header = Header::decode(rest)?;
			let (head, behind) =
				rest.split_at_checked(HEADER_BYTES + usize::from(header.key_len))?;
			rest = behind;
			Some((header, head.get(HEADER_BYTES..)?))
		})
	}
}

fn records(body: &[u8]) -> Option<u32> {
	body.get(12..16)?.try_into().ok().map(u32::from_le_bytes)
}

fn head(segment: &Segment, records: u32) -> Vec<u8> {
	[
		MAGIC.as_slice(),
		&segment.number.to_le_bytes(),
		&records.to_le_bytes(),
		&segment.salt.to_le_bytes(),
		&segment.flushed().to_le_bytes(),
	]
	.concat()
}

/// Writes the hint of a sealed segment. One that is damaged gets none: opening then reports the damage each time.
pub(crate) fn write(disk: &Disk, dir: &Path, segment: &Segment) -> Result<(), ZdbError> {
	let end = segment.flushed();
	let mut window = Window::new(segment, end, STEP_BYTES);
	let (mut heads, mut records) = (Vec::new(), 0);
	let (mut succession, mut offset) = Succession::of_segment(segment);
	if offset > SEGMENT_HEADER_BYTES {
		return Err(segment.damaged(SEGMENT_HEADER_BYTES));
	}
	while offset < end {
		let found = window.record(offset)?;
		let is_next = succession.takes(offset, found.as_ref().map(|(header, _)| header));
		let Some((header, key)) = found.filter(|_| is_next) else {
			return Err(segment.damaged(offset));
		};
		header.encode(key, &[], &mut heads);
		offset += header.record_len();
		records += 1;
	}
	let mut bytes = head(segment, records);
	bytes.append(&mut heads);
	bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
	let name = hint_name(segment.number);
	// Not made durable: after a loss of power its checksum tells whether it is whole.
	disk.replace_unsynced(dir, &name, &bytes)
		.map_err(|error| ZdbError::file("write", &dir.join(name), error))
}
