//! HISTORY and DATA RAW: records that the index does not point to any more.

use crate::{
	engine::{location::Location, namespace::Namespace, record::Header},
	ZdbError,
};
use std::path::{Path, PathBuf};

/// A version of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
	/// The cursor of the version before; `None` if there is none, or none any more.
	pub older: Option<[u8; 8]>,
	/// When it was written, unix seconds.
	pub timestamp: u32,
	/// The value.
	pub value: Vec<u8>,
}

/// A record as it lies in its segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawRecord {
	/// Its key.
	pub key: Vec<u8>,
	/// Where the record before it starts; 0 if it is the first of its segment.
	pub previous_offset: u64,
	/// CRC-32C of the value.
	pub value_crc: u32,
	/// Whether it deletes the key.
	pub tombstone: bool,
	/// When it was written, unix seconds.
	pub timestamp: u32,
	/// The value; `None` for a tombstone.
	pub value: Option<Vec<u8>>,
}

impl Namespace {
	/// The key's newest version, or the one that a cursor names. Versions live until compaction removes them.
	pub fn version(&self, key: &[u8], cursor: Option<[u8; 8]>) -> Result<Version, ZdbError> {
		self.readable()?;
		let location = match cursor {
			None => self.find(key)?.map(|(location, _)| location).ok_or(ZdbError::KeyNotFound)?,
			Some(bits) => self.cursor_version(Location::from_bits(u64::from_le_bytes(bits)))?,
		};
		let mut buffer = Vec::new();
		let record = self.log().read(location, &mut buffer).map_err(|error| match error {
			ZdbError::Damaged { .. } | ZdbError::Moved if cursor.is_some() => ZdbError::BadCursor,
			other => other,
		})?;
		if record.key != key {
			return Err(ZdbError::KeyNotFound);
		}
		if !record.value_is_valid() {
			return Err(self.log().damaged(location));
		}
		let Header { timestamp, previous, .. } = record.header;
		let value = record.value.to_vec();
		let older = previous.filter(|before| self.log().segment(before.segment()).is_some());
		Ok(Version { older: older.map(|before| before.bits().to_le_bytes()), timestamp, value })
	}

	/// The place that a cursor names, if a record of the length that it says is there. The cursor came from outside: what it leads to need not be a record,
	/// and no memory is taken for a length that only the cursor claims.
	fn cursor_version(&self, location: Location) -> Result<Location, ZdbError> {
		let mut buffer = Vec::new();
		let (header, _) =
			self.log().read_head(location, &mut buffer).map_err(|error| match error {
				ZdbError::Damaged { .. } | ZdbError::Moved => ZdbError::BadCursor,
				other => other,
			})?;
		let segment = self.log().segment(location.segment()).ok_or(ZdbError::BadCursor)?;
		match segment.location(location.offset(), &header) == location {
			true => Ok(location),
			false => Err(ZdbError::BadCursor),
		}
	}

	/// The record at an offset of a segment. `None` behind the last one.
	pub fn raw_record(&self, segment: u32, offset: u64) -> Result<Option<RawRecord>, ZdbError> {
		let found = self.log().segment(segment).ok_or(ZdbError::NoRecord)?;
		self.flush()?;
		if offset >= found.flushed() {
			return Ok(None);
		}
		let place = u32::try_from(offset).map_err(|_| ZdbError::NoRecord)?;
		let mut buffer = Vec::new();
		// The head tells how much there is to read.
		let (header, _) =
			self.log().read_head(Location::new(segment, place, 1 << 12), &mut buffer)?;
		let location = found.location(offset, &header);
		let record = self.log().read(location, &mut buffer)?;
		if !record.value_is_valid() {
			return Err(self.log().damaged(location));
		}
		Ok(Some(RawRecord {
			key: record.key.to_vec(),
			previous_offset: match header.back {
				0 => 0,
				back => offset.saturating_sub(u64::from(back)),
			},
			value_crc: header.value_crc,
			tombstone: header.tombstone,
			timestamp: header.timestamp,
			value: (!header.tombstone).then(|| record.value.to_vec()),
		}))
	}

	/// Segments in which records were superseded since [`Namespace::reset_dirty`].
	pub fn dirty_segments(&self) -> Vec<u32> {
		self.dirty.list()
	}

	/// Forgets which segments are dirty.
	pub fn reset_dirty(&self) {
		self.dirty.reset();
	}

	/// Takes up to `count` segments off the list of dirty ones.
	pub(crate) fn take_dirty(&self, count: usize) -> Vec<u32> {
		let mut numbers = self.dirty.list();
		numbers.truncate(count);
		self.dirty.forget(&numbers);
		numbers
	}

	/// Puts segments back on the list of dirty ones.
	pub(crate) fn note_dirty(&self, numbers: &[u32]) {
		numbers.iter().for_each(|number| self.dirty.note(*number));
	}

	/// The file that is written.
	pub(crate) fn active_segment(&self) -> PathBuf {
		self.log().end().0.path.clone()
	}

	/// Whether the files of the log that is in force are in `dir`.
	pub(crate) fn writes_in(&self, dir: Option<&Path>) -> bool {
		dir == Some(&self.log_dir)
	}

	/// Leaves the active segment for a new one, unless nothing was written into it.
	pub fn jump(&self) -> Result<(), ZdbError> {
		self.log().jump()
	}
}
