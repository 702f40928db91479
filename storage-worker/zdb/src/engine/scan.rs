//! SCAN: live keys in the order of their records (user mode) or ids (sequential mode).

use crate::{
	engine::{
		location::Location,
		namespace::Namespace,
		read::id_of,
		record::Header,
		segment::Segment,
		window::{Succession, Window},
		Access,
	},
	limits::{KSCAN_TIME_MS, SCAN_ENTRIES_MAX, SCAN_TIME_US},
	ZdbError,
};
use std::{
	sync::Arc,
	time::{Duration, Instant},
};

/// Bytes of a cursor.
const CURSOR_BYTES: usize = 17;
/// How much is read at once.
const STEP_BYTES: usize = 64 << 10;

/// A live key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanEntry {
	/// The key.
	pub key: Vec<u8>,
	/// Length of its value.
	pub value_len: u32,
	/// When it was written, unix seconds.
	pub timestamp: u32,
}

/// A part of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanPage {
	/// Where the next part starts. It survives updates, deletions and compaction.
	pub cursor: [u8; CURSOR_BYTES],
	/// The keys. There may be none although more follow, after a long stretch of overwritten records.
	pub entries: Vec<ScanEntry>,
}

/// The cursor of a record, laid out as 0-db's: key length u8, segment u32, value length u32, offset u32, CRC u32.
pub(super) fn encode_cursor(location: Location, header: &Header) -> [u8; CURSOR_BYTES] {
	let mut cursor = [0; CURSOR_BYTES];
	let fields = [
		[header.key_len].as_slice(),
		&location.segment().to_le_bytes(),
		&header.value_len.to_le_bytes(),
		&(location.offset() as u32).to_le_bytes(),
		&header.header_crc.to_le_bytes(),
	]
	.concat();
	for (place, byte) in cursor.iter_mut().zip(fields) {
		*place = byte;
	}
	cursor
}

pub(super) fn cursor_location(cursor: &[u8]) -> Option<Location> {
	let cursor: &[u8; CURSOR_BYTES] = cursor.try_into().ok()?;
	let (_, rest) = cursor.split_first()?;
	let (segment, rest) = rest.split_first_chunk::<4>()?;
	let (_, rest) = rest.split_first_chunk::<4>()?;
	let (offset, _) = rest.split_first_chunk::<4>()?;
	let segment = u32::from_le_bytes(*segment);
	(segment < 1 << 24).then(|| Location::new(segment, u32::from_le_bytes(*offset), 0x40))
}

/// The cursor of an id, which is valid for ever: key length u8, id u64, zero u32, CRC u32 of these.
fn encode_id_cursor(id: u64) -> [u8; CURSOR_BYTES] {
	let mut cursor = [0; CURSOR_BYTES];
	let fields = [[8].as_slice(), &id.to_le_bytes(), &[0; 4]].concat();
	let crc = crc32c::crc32c(&fields).to_le_bytes();
	for (place, byte) in cursor.iter_mut().zip(fields.iter().chain(&crc)) {
		*place = *byte;
	}
	cursor
}

/// The id that a cursor of sequential mode names.
pub(super) fn cursor_id(cursor: &[u8]) -> Result<u64, ZdbError> {
	let id = cursor.get(1..9).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
	id.filter(|id| encode_id_cursor(*id) == cursor).ok_or(ZdbError::BadCursor)
}

/// What was looked at last, live or not.
#[derive(Clone, Copy)]
pub(super) enum Last {
	/// User mode.
	Record(Location, Header),
	/// Sequential mode.
	Id(u64),
}

impl Last {
	fn cursor(self) -> [u8; CURSOR_BYTES] {
		match self {
			Self::Record(location, header) => encode_cursor(location, &header),
			Self::Id(id) => encode_id_cursor(id),
		}
	}
}

/// Collects entries until a page is full.
pub(super) struct Page {
	pub(super) started: Instant,
	pub(super) last: Option<Last>,
	entries: Vec<ScanEntry>,
	is_cut: bool,
}

impl Page {
	pub(super) fn new() -> Self {
		Self { started: Instant::now(), last: None, entries: Vec::new(), is_cut: false }
	}

	/// The page as it is answered; `None` if there was nothing more.
	pub(super) fn end(self) -> Option<ScanPage> {
		let Self { last, entries, is_cut, .. } = self;
		let last = last.filter(|_| is_cut || !entries.is_empty())?;
		Some(ScanPage { cursor: last.cursor(), entries })
	}

	/// Whether the page ends here; at least one record is looked at.
	pub(super) fn is_full(&mut self) -> bool {
		let late = self.started.elapsed() >= Duration::from_micros(SCAN_TIME_US);
		self.is_cut = self.last.is_some() && (late || self.entries.len() >= SCAN_ENTRIES_MAX);
		self.is_cut
	}

	pub(super) fn push(&mut self, header: &Header, key: &[u8]) {
		self.entries.push(ScanEntry {
			key: key.to_vec(),
			value_len: header.value_len,
			timestamp: header.timestamp,
		});
	}
}

impl Namespace {
	/// The live keys behind `cursor`, or from the first one on; `None` if there are no more.
	pub fn scan(&self, cursor: Option<&[u8]>) -> Result<Option<ScanPage>, ZdbError> {
		if self.access() == Access::Frozen {
			return Err(ZdbError::Frozen);
		}
		let mut page = Page::new();
		if self.ids().is_some() {
			self.scan_ids(cursor.map(cursor_id).transpose()?, &mut page)?;
			return Ok(page.end());
		}
		match cursor.map(|cursor| self.cursor_record(cursor)).transpose() {
			// Compaction removed the cursor's segment: what was live behind the cursor is in later ones.
			Err(ZdbError::Moved) => {
				let gone = cursor.and_then(cursor_location).ok_or(ZdbError::BadCursor)?;
				let next = self.log().segment_after(gone.segment());
				self.scan_records(next, None, &mut page)?;
			},
			Err(error) => return Err(error),
			Ok(None) => self.scan_records(self.log().first_segment(), None, &mut page)?,
			Ok(Some((location, header))) => {
				let segment = self.log().segment(location.segment());
				self.scan_records(segment, Some((location, header)), &mut page)?;
			},
		}
		Ok(page.end())
	}

	/// The cursor of the key's record; `None` if there is no such key.
	pub fn key_cursor(&self, key: &[u8]) -> Result<Option<[u8; CURSOR_BYTES]>, ZdbError> {
		self.readable()?;
		let found = self.find(key)?;
		Ok(found.map(|(location, header)| match self.ids().and_then(|_| id_of(key)) {
			Some(id) => encode_id_cursor(id),
			None => encode_cursor(location, &header),
		}))
	}

	/// Live keys that start with `prefix`, from `cursor` on, and the cursor at which to go on if not all were looked at.
	#[allow(clippy::type_complexity, reason = "keys and where to go on")]
	pub fn keys_with_prefix(
		&self,
		prefix: &[u8],
		cursor: Option<&[u8]>,
	) -> Result<(Vec<Vec<u8>>, Option<[u8; CURSOR_BYTES]>), ZdbError> {
		let started = Instant::now();
		let mut keys = Vec::new();
		let mut page = self.scan(cursor)?;
		while let Some(ScanPage { cursor, entries }) = page {
			keys.extend(
				entries.into_iter().map(|entry| entry.key).filter(|key| key.starts_with(prefix)),
			);
			let late = started.elapsed() >= Duration::from_millis(KSCAN_TIME_MS);
			if late || keys.len() >= SCAN_ENTRIES_MAX {
				return Ok((keys, Some(cursor)));
			}
			page = self.scan(Some(&cursor))?;
		}
		Ok((keys, None))
	}

	/// The record that a cursor of user mode names: where it is, and its header.
	pub(super) fn cursor_record(&self, cursor: &[u8]) -> Result<(Location, Header), ZdbError> {
		let location = cursor_location(cursor).ok_or(ZdbError::BadCursor)?;
		let mut buffer = Vec::new();
		let (header, _) =
			self.log().read_head(location, &mut buffer).map_err(|error| match error {
				ZdbError::Moved => ZdbError::Moved,
				_ => ZdbError::BadCursor,
			})?;
		if encode_cursor(location, &header) != cursor {
			return Err(ZdbError::BadCursor);
		}
		Ok((location, header))
	}

	fn scan_ids(&self, after: Option<u64>, page: &mut Page) -> Result<(), ZdbError> {
		let Some(ids) = self.ids() else { return Ok(()) };
		let mut next = after.map_or(Some(0), |id| id.checked_add(1));
		let mut buffer = Vec::new();
		while let Some((id, location)) = next.and_then(|from| ids.next_from(from)) {
			if page.is_full() {
				break;
			}
			match self.log().read_head(location, &mut buffer) {
				// Compaction moved it between the index and the reading: it is looked up again.
				Err(ZdbError::Moved) => next = Some(id),
				head => {
					let (header, key) = head?;
					page.push(&header, key);
					page.last = Some(Last::Id(id));
					next = id.checked_add(1);
				},
			}
		}
		Ok(())
	}

	fn scan_records(
		&self,
		mut segment: Option<Arc<Segment>>,
		mut behind: Option<(Location, Header)>,
		page: &mut Page,
	) -> Result<(), ZdbError> {
		self.flush()?;
		while let Some(current) = segment {
			if !self.scan_segment(&current, behind.take(), page)? {
				return Ok(());
			}
			segment = self.log().segment_after(current.number);
		}
		Ok(())
	}

	/// Walks one segment, from behind a record on if there is one; `false` once the page is full.
	fn scan_segment(
		&self,
		segment: &Arc<Segment>,
		behind: Option<(Location, Header)>,
		page: &mut Page,
	) -> Result<bool, ZdbError> {
		let end = segment.flushed();
		let mut window = Window::new(segment, end, STEP_BYTES);
		let (mut succession, mut offset) = match behind {
			Some((location, header)) => {
				(Succession::behind(header.sequence), location.offset() + header.record_len())
			},
			None => Succession::of_segment(segment),
		};
		while offset < end {
			let found = window.record(offset)?;
			let is_next = succession.takes(offset, found.as_ref().map(|(header, _)| header));
			let Some((header, key)) = found.filter(|_| is_next) else {
				// Damage, which was reported on open: go on at the next valid record.
				offset += 1;
				continue;
			};
			if page.is_full() {
				return Ok(false);
			}
			let location = segment.location(offset, &header);
			if !header.tombstone
				&& self.is_current(key, location)
				&& !self.is_leaving(key, location, &header)?
			{
				page.push(&header, key);
			}
			page.last = Some(Last::Record(location, header));
			offset += header.record_len();
		}
		Ok(true)
	}
}
