//! RSCAN: live keys from the last record to the first, along the lengths that records keep of those before them.

use crate::{
	engine::{
		location::Location,
		namespace::Namespace,
		record::Header,
		scan::{cursor_id, cursor_location, Last, Page, ScanPage},
		segment::{Segment, SEGMENT_HEADER_BYTES},
		window::Window,
		Access,
	},
	ZdbError,
};
use std::sync::Arc;

/// How much is read at once where a damaged record has to be walked around.
const STEP_BYTES: usize = 1 << 20;

/// A segment and the offset of a record in it.
type Place = (Arc<Segment>, u64);

impl Namespace {
	/// The live keys before `cursor`, or from the last one on; `None` if there are no more.
	pub fn scan_back(&self, cursor: Option<&[u8]>) -> Result<Option<ScanPage>, ZdbError> {
		if self.access() == Access::Frozen {
			return Err(ZdbError::Frozen);
		}
		let mut page = Page::new();
		if self.ids().is_some() {
			let before = cursor.map(cursor_id).transpose()?;
			self.scan_ids_back(before.unwrap_or(u64::MAX), &mut page)?;
			return Ok(page.end());
		}
		match cursor.map(|cursor| self.cursor_record(cursor)).transpose() {
			// Compaction removed the cursor's segment: what was live before the cursor was moved to the end.
			Err(ZdbError::Moved) => {
				let gone = cursor.and_then(cursor_location).ok_or(ZdbError::BadCursor)?;
				self.scan_records_back(self.last_place(gone.segment()), &mut page)?;
			},
			Err(error) => return Err(error),
			Ok(None) => {
				self.flush()?;
				self.scan_records_back(self.last_place(u32::MAX), &mut page)?;
			},
			Ok(Some((location, header))) => {
				let segment = self.log().segment(location.segment()).ok_or(ZdbError::BadCursor)?;
				let place = self.place_before(segment, location.offset(), &header);
				self.scan_records_back(place, &mut page)?;
			},
		}
		Ok(page.end())
	}

	fn scan_ids_back(&self, before: u64, page: &mut Page) -> Result<(), ZdbError> {
		let Some(ids) = self.ids() else { return Ok(()) };
		let mut buffer = Vec::new();
		let mut next = ids.last_before(before);
		while let Some((id, location)) = next {
			if page.is_full() {
				break;
			}
			match self.log().read_head(location, &mut buffer) {
				// Compaction moved it between the index and the reading: it is looked up again.
				Err(ZdbError::Moved) => next = ids.last_before(id.saturating_add(1)),
				head => {
					let (header, key) = head?;
					page.push(&header, key);
					page.last = Some(Last::Id(id));
					next = ids.last_before(id);
				},
			}
		}
		Ok(())
	}

	fn scan_records_back(&self, mut place: Option<Place>, page: &mut Page) -> Result<(), ZdbError> {
		let mut buffer = Vec::new();
		while let Some((segment, offset)) = place {
			let location = Location::new(segment.number, offset as u32, STEP_BYTES as u64);
			let Ok((header, key)) = self.log().read_head(location, &mut buffer) else {
				// Damage, which was reported on open: go on at the last valid record before it.
				place = match valid_before(&segment, offset)? {
					Some(offset) => Some((segment, offset)),
					None => self.last_place(segment.number),
				};
				continue;
			};
			if page.is_full() {
				return Ok(());
			}
			let location = segment.location(offset, &header);
			if !header.tombstone
				&& self.is_current(key, location)
				&& !self.is_leaving(key, location, &header)?
			{
				page.push(&header, key);
			}
			page.last = Some(Last::Record(location, header));
			place = self.place_before(segment, offset, &header);
		}
		Ok(())
	}

	/// Where the record before the one at `offset` starts.
	fn place_before(&self, segment: Arc<Segment>, offset: u64, header: &Header) -> Option<Place> {
		if header.back == 0 {
			return self.last_place(segment.number);
		}
		Some((segment, offset.saturating_sub(u64::from(header.back))))
	}

	/// The last record of the last segment before that number that has one.
	fn last_place(&self, number: u32) -> Option<Place> {
		let mut segment = self.log().segment_before(number)?;
		loop {
			if let Some(offset) = segment.last() {
				return Some((segment, offset));
			}
			segment = self.log().segment_before(segment.number)?;
		}
	}
}

/// The last valid record of a segment that starts before `offset`, found from the front.
fn valid_before(segment: &Segment, end: u64) -> Result<Option<u64>, ZdbError> {
	let mut window = Window::new(segment, segment.flushed(), STEP_BYTES);
	let (mut offset, mut found) = (SEGMENT_HEADER_BYTES, None);
	while offset < end {
		match window.record(offset)? {
			Some((header, _)) => {
				found = Some(offset);
				offset += header.record_len();
			},
			None => offset += 1,
		}
	}
	Ok(found)
}
