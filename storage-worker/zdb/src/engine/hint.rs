//! Hints: the heads of a sealed segment's records without their values, so that opening need not pass over the data.
//!
//! File `segment-NNNNNNNN.hint`, little endian: `GRZDBHT1`, number u32, records u32, the segment's salt u64 and its length
//! u64; then the records' headers and keys as they are in the segment; CRC-32C of all before. A hint that does not fit
//! its segment is not used; it holds nothing that the segment does not.

use crate::{
	engine::{
		record::{Header, HEADER_BYTES},
		segment::{segment_path, Segment, SEGMENT_HEADER_BYTES},
		window::Window,
	},
	ZdbError,
};
use std::{
	collections::BTreeMap,
	fs,
	path::{Path, PathBuf},
};

const MAGIC: &[u8; 8] = b"GRZDBHT1";
const HEAD_BYTES: usize = 8 + 4 + 4 + 8 + 8;
const STEP_BYTES: usize = 1 << 20;

/// The path of a segment's hint.
pub(crate) fn hint_path(dir: &Path, number: u32) -> PathBuf {
	segment_path(dir, number).with_extension("hint")
}

/// Receives each record of a hint in order: offset, header, key.
pub(crate) type VisitHead<'v> = &'v mut dyn FnMut(u64, &Header, &[u8]) -> Result<(), ZdbError>;

/// The records of a segment in their order.
pub(crate) struct Hint {
	bytes: Vec<u8>,
}

impl Hint {
	/// Reads the hint of a segment; `None` if there is none that fits it.
	pub(crate) fn load(dir: &Path, segment: &Segment) -> Option<Self> {
		let hint = Self { bytes: fs::read(hint_path(dir, segment.number)).ok()? };
		Some(hint).filter(|hint| hint.fits(segment))
	}

	/// The segment of a hint whose file is missing, and the hint; `None` if there is none either.
	pub(crate) fn load_alone(dir: &Path, number: u32) -> Option<(Segment, Self)> {
		let hint = Self { bytes: fs::read(hint_path(dir, number)).ok()? };
		let salt = u64::from_le_bytes(hint.bytes.get(16..24)?.try_into().ok()?);
		let len = u64::from_le_bytes(hint.bytes.get(24..32)?.try_into().ok()?);
		let (mut heads, mut offset) = (BTreeMap::new(), SEGMENT_HEADER_BYTES);
		for (header, key) in hint.heads() {
			let mut head = Vec::new();
			header.encode(key, &[], &mut head);
			heads.insert(offset, head);
			offset += header.record_len();
		}
		let segment = Segment::absent(dir, number, salt, len, heads);
		Some((segment, hint)).filter(|(segment, hint)| hint.fits(segment))
	}

	/// Whether it is whole and of this segment.
	fn fits(&self, segment: &Segment) -> bool {
		let fits = || {
			let (body, crc) = self.bytes.split_last_chunk::<4>()?;
			let is_whole = crc32c::crc32c(body) == u32::from_le_bytes(*crc);
			Some(is_whole && body.get(..HEAD_BYTES)? == head(segment, records(body)?))
		};
		fits().unwrap_or(false)
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
pub(crate) fn write(dir: &Path, segment: &Segment) -> Result<(), ZdbError> {
	let end = segment.flushed();
	let mut window = Window::new(segment, end, STEP_BYTES);
	let (mut heads, mut records, mut offset) = (Vec::new(), 0, SEGMENT_HEADER_BYTES);
	while offset < end {
		let Some((header, key)) = window.record(offset)? else {
			return Err(segment.damaged(offset));
		};
		header.encode(key, &[], &mut heads);
		offset += header.record_len();
		records += 1;
	}
	let mut bytes = head(segment, records);
	bytes.append(&mut heads);
	bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
	let (path, new) = (hint_path(dir, segment.number), dir.join("hint.new"));
	// Not made durable: after a loss of power its checksum tells whether it is whole.
	fs::write(&new, bytes)
		.and_then(|()| fs::rename(&new, &path))
		.map_err(|error| ZdbError::file("write", &path, error))
}
