//! Rebuilding index and figures from the records, on open.

use crate::{
	engine::{
		audit::Extents,
		ids::IdIndex,
		index::KeyIndex,
		location::Location,
		namespace::Index,
		options::Mode,
		read::id_of,
		record::{Header, HEADER_BYTES, HEAD_MAX_BYTES},
		segment::Segment,
	},
	ZdbError,
};
use std::{collections::BTreeMap, sync::Arc};

/// What the records of a log add up to.
#[derive(Debug)]
pub(super) struct Rebuilt {
	pub(super) index: Index,
	pub(super) extents: Extents,
	pub(super) live_bytes: u64,
	/// Segments that were met so far, for looking at earlier records.
	segments: BTreeMap<u32, Arc<Segment>>,
}

impl Rebuilt {
	pub(super) fn new(mode: Mode) -> Self {
		let index = match mode {
			Mode::User => Index::Keys(KeyIndex::new()),
			Mode::Sequential => Index::Ids(IdIndex::default()),
		};
		Self { index, extents: Extents::default(), live_bytes: 0, segments: BTreeMap::new() }
	}

	/// Takes the next record of the log.
	pub(super) fn visit(
		&mut self,
		segment: &Arc<Segment>,
		offset: u64,
		header: &Header,
		key: &[u8],
		audited: bool,
	) -> Result<(), ZdbError> {
		self.segments.entry(segment.number).or_insert_with(|| segment.clone());
		let location = segment.location(offset, header);
		if audited {
			self.extents.push(location, header);
		}
		let new = (!header.tombstone).then_some(location);
		if new.is_some() {
			segment.add_live(header);
		}
		let old = match &self.index {
			Index::Keys(index) => {
				let hash = index.hash(key);
				let mut old = None;
				for at in index.candidates(hash) {
					if let Some(header) = self.header_if_key(at, key)? {
						old = Some((at, header));
						break;
					}
				}
				match (old, new) {
					(_, Some(new)) => index.replace(hash, old.map(|(at, _)| at), new),
					(Some((at, _)), None) => index.remove(hash, at),
					(None, None) => {},
				}
				old
			},
			Index::Ids(ids) => {
				// An id is the number of the record that issued it, so none is beyond its record's.
				let id = id_of(key).filter(|id| *id <= header.ordinal);
				let id = id.ok_or_else(|| segment.damaged(offset))?;
				let old = ids.get(id);
				ids.set(id, new.unwrap_or(Location::NONE));
				match old {
					Some(at) => self.header_if_key(at, key)?.map(|header| (at, header)),
					None => None,
				}
			},
		};
		if let Some((at, old)) = old {
			self.live_bytes -= u64::from(old.value_len).min(self.live_bytes);
			if let Some(segment) = self.segments.get(&at.segment()) {
				segment.remove_live(&old);
			}
		}
		self.live_bytes += new.map_or(0, |_| u64::from(header.value_len));
		Ok(())
	}

	/// The header of the record at `location` if its key is `key`. Its checksum was verified when it was met. A record that
	/// cannot be read is an error: taken for another key's, it would stay in the index beside the newer one.
	fn header_if_key(&self, location: Location, key: &[u8]) -> Result<Option<Header>, ZdbError> {
		let Some(segment) = self.segments.get(&location.segment()) else { return Ok(None) };
		let mut bytes = [0; HEAD_MAX_BYTES];
		let read = segment.read_at(location.offset(), &mut bytes)?;
		let bytes = bytes.get(..read).unwrap_or_default();
		let Some(header) = Header::decode(bytes) else { return Ok(None) };
		let found = bytes.get(HEADER_BYTES..HEADER_BYTES + usize::from(header.key_len));
		Ok((found == Some(key)).then_some(header))
	}
}
