//! Copying the records of one log to the end of another.

use crate::{
	engine::{
		compact::Pace,
		location::Location,
		log::{Append, AppendKey, Log},
		namespace::{Index, Namespace},
		segment::SEGMENT_HEADER_BYTES,
		window::Window,
	},
	ZdbError,
};
use std::sync::atomic::Ordering::Relaxed;

/// How much is read at once.
const STEP_BYTES: usize = 1 << 20;

/// A place in a log: the number of a segment and an offset in it, where a record starts or the segment ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
	segment: u32,
	offset: u64,
}

impl Place {
	/// The beginning of a log.
	pub(crate) fn start(log: &Log) -> Self {
		let segment = log.first_segment().map_or(0, |segment| segment.number);
		Self { segment, offset: SEGMENT_HEADER_BYTES }
	}
}

/// Which records are copied, by key and location.
type Stays<'s> = &'s dyn Fn(&[u8], Location) -> bool;

impl Namespace {
	/// Appends to `to` the records from `place` on whose sequence is below `until` and which stay, and answers where the next one is; `None` if
	/// `pace` stopped it.
	pub(super) fn copy_records(
		&self,
		place: Place,
		until: u64,
		to: &Namespace,
		stays: Stays<'_>,
		pace: Pace<'_>,
	) -> Result<Option<Place>, ZdbError> {
		self.flush()?;
		let mut place = place;
		let mut next = self.log().segment(place.segment);
		while let Some(segment) = next {
			if segment.number != place.segment {
				place = Place { segment: segment.number, offset: SEGMENT_HEADER_BYTES };
			}
			let end = segment.flushed();
			let mut window = Window::new(&segment, end, STEP_BYTES);
			while place.offset < end {
				let Some((header, key)) = window.record(place.offset)? else {
					return Err(segment.damaged(place.offset));
				};
				if header.sequence >= until {
					return Ok(Some(place));
				}
				if stays(key, segment.location(place.offset, &header)) {
					let key = key.to_vec();
					if !window.value_is_valid(place.offset, &header)? {
						return Err(segment.damaged(place.offset));
					}
					let start = place.offset + header.record_len() - u64::from(header.value_len);
					let value = window.get(start, header.value_len as usize)?;
					to.append_copy(&key, value, header.timestamp)?;
				}
				place.offset += header.record_len();
				self.removal_done.fetch_add(header.record_len(), Relaxed);
				if !pace(header.record_len()) || self.is_removed() {
					return Ok(None);
				}
			}
			next = self.log().segment_after(segment.number);
		}
		Ok(Some(place))
	}

	/// Where the record of this sequence is, or would be.
	pub(super) fn place_of(&self, sequence: u64) -> Result<Place, ZdbError> {
		let Some(segment) = self.log().segment_of_sequence(sequence) else {
			return Ok(Place::start(self.log()));
		};
		let end = segment.flushed();
		let mut window = Window::new(&segment, end, STEP_BYTES);
		let mut offset = SEGMENT_HEADER_BYTES;
		while offset < end {
			let Some((header, _)) = window.record(offset)? else {
				return Err(segment.damaged(offset));
			};
			if header.sequence >= sequence {
				break;
			}
			offset += header.record_len();
		}
		Ok(Place { segment: segment.number, offset })
	}

	/// Appends a record of another log. It obeys neither quota nor worm: what it copies did.
	fn append_copy(&self, key: &[u8], value: &[u8], timestamp: u32) -> Result<(), ZdbError> {
		let (Index::Keys(index), Some(audit)) = (&self.index, &self.audit) else {
			return Err(ZdbError::NotAudited);
		};
		let hash = index.hash(key);
		let _stripe = self.stripe(hash.shard).lock();
		let current = self.find_key(index, hash, key)?;
		let previous = current.map(|(location, _)| location);
		let append = Append {
			key: AppendKey::Given(key),
			value: Some(value),
			value_crc: crc32c::crc32c(value),
			timestamp,
			max_bytes: None,
			previous,
			moved: false,
			numbers: None,
		};
		let placed = audit.append(&self.log, value, || self.log.append(&append))?;
		index.replace(hash, previous, placed.0);
		self.count_live(current, Some(placed));
		Ok(())
	}
}
