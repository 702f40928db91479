//! The records of an audited log with the hashes of their leaves, in their order: what it takes to compute the root of another log made of
//! some of them, without their values.

use crate::{
	engine::{
		location::Location,
		namespace::Namespace,
		record::Header,
		scan::encode_cursor,
		segment::{Segment, SEGMENT_HEADER_BYTES},
		window::Window,
	},
	limits::{LEAVES_ENTRIES_MAX, LEAVES_READ_BYTES},
	ZdbError,
};
use granary_por::Hash;
use granary_prover::leaf_hashes;
use std::sync::Arc;

/// How much is read at once.
const STEP_BYTES: usize = 1 << 20;

/// A record of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeavesEntry {
	/// The key.
	pub key: Vec<u8>,
	/// Whether the key has no later record.
	pub is_newest: bool,
	/// The hashes of the value's leaves.
	pub leaves: Vec<Hash>,
}

/// A part of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeavesPage {
	/// Where the next part starts.
	pub cursor: [u8; 17],
	/// The records, at least one.
	pub entries: Vec<LeavesEntry>,
}

/// A page while it is filled.
#[derive(Default)]
struct Filling {
	entries: Vec<LeavesEntry>,
	last: Option<(Location, Header)>,
	bytes: u64,
}

impl Filling {
	fn is_full(&self) -> bool {
		self.entries.len() >= LEAVES_ENTRIES_MAX || self.bytes >= LEAVES_READ_BYTES
	}
}

impl Namespace {
	/// The records behind `cursor`, or from the first one on; `None` if there are no more.
	pub fn leaves(&self, cursor: Option<&[u8]>) -> Result<Option<LeavesPage>, ZdbError> {
		self.readable()?;
		if self.audit.is_none() {
			return Err(ZdbError::NotAudited);
		}
		self.flush()?;
		let (mut segment, mut offset) = match cursor {
			None => (self.log().first_segment(), SEGMENT_HEADER_BYTES),
			Some(cursor) => {
				let (location, header) =
					self.cursor_record(cursor).map_err(|error| match error {
						// An audited log is not compacted: a segment that is not there never was.
						ZdbError::Moved => ZdbError::BadCursor,
						other => other,
					})?;
				let segment = self.log().segment(location.segment());
				(segment, location.offset() + header.record_len())
			},
		};
		let mut page = Filling::default();
		while let Some(current) = segment.filter(|_| !page.is_full()) {
			self.leaves_of_segment(&current, offset, &mut page)?;
			segment = self.log().segment_after(current.number);
			offset = SEGMENT_HEADER_BYTES;
		}
		let Filling { entries, last, .. } = page;
		Ok(last.map(|(location, header)| LeavesPage {
			cursor: encode_cursor(location, &header),
			entries,
		}))
	}

	fn leaves_of_segment(
		&self,
		segment: &Arc<Segment>,
		from: u64,
		page: &mut Filling,
	) -> Result<(), ZdbError> {
		let end = segment.flushed();
		let mut window = Window::new(segment, end, STEP_BYTES);
		let mut offset = from;
		while offset < end && !page.is_full() {
			let Some((header, key)) = window.record(offset)? else {
				return Err(segment.damaged(offset));
			};
			let location = segment.location(offset, &header);
			let (key, is_newest) = (key.to_vec(), self.is_current(key, location));
			if !window.value_is_valid(offset, &header)? {
				return Err(segment.damaged(offset));
			}
			let start = offset + header.record_len() - u64::from(header.value_len);
			let leaves = leaf_hashes(window.get(start, header.value_len as usize)?);
			page.entries.push(LeavesEntry { key, is_newest, leaves });
			page.bytes += header.record_len();
			page.last = Some((location, header));
			offset += header.record_len();
		}
		Ok(())
	}
}
