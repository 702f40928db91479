//! Rebuilding index and figures from the records, on open.

use crate::{
	engine::{
		audit::Extents,
		ids::IdIndex,
		index::{KeyHash, KeyIndex},
		location::Location,
		namespace::Index,
		options::Mode,
		read::id_of,
		record::{Header, HEADER_BYTES, HEAD_MAX_BYTES},
		segment::Segment,
	},
	ZdbError,
};
use std::{collections::BTreeMap, ops::Range, sync::Arc};

/// Records of which the places in the index are fetched before the first of them is looked up: each is a wait for memory, and so they
/// wait together.
const BATCH_RECORDS: usize = 64;

/// What the records of a log add up to.
#[derive(Debug)]
pub(super) struct Rebuilt {
	index: Index,
	extents: Extents,
	live_bytes: u64,
	/// Segments that were met so far, for looking at earlier records, and the newest of them.
	segments: BTreeMap<u32, Arc<Segment>>,
	newest: Option<Arc<Segment>>,
	/// Records of user keys that are not in the index yet, in their order, and their keys.
	batch: Vec<Waiting>,
	keys: Vec<u8>,
}

/// A record that waits for its place in the index.
#[derive(Debug)]
struct Waiting {
	hash: KeyHash,
	location: Location,
	header: Header,
	/// Where its key is among all of them.
	key: Range<usize>,
}

impl Rebuilt {
	pub(super) fn new(mode: Mode) -> Self {
		let index = match mode {
			Mode::User => Index::Keys(KeyIndex::new()),
			Mode::Sequential => Index::Ids(IdIndex::default()),
		};
		Self {
			index,
			extents: Extents::default(),
			live_bytes: 0,
			segments: BTreeMap::new(),
			newest: None,
			batch: Vec::new(),
			keys: Vec::new(),
		}
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
		if self.newest.as_ref().is_none_or(|newest| !Arc::ptr_eq(newest, segment)) {
			self.settle()?;
			self.segments.insert(segment.number, segment.clone());
			self.newest = Some(segment.clone());
		}
		let location = segment.location(offset, header);
		if audited {
			self.extents.push(location, header);
		}
		match &self.index {
			Index::Keys(index) => {
				let hash = index.hash(key);
				index.prefetch_run(hash);
				let start = self.keys.len();
				self.keys.extend_from_slice(key);
				let key = start..self.keys.len();
				self.batch.push(Waiting { hash, location, header: *header, key });
				if self.batch.len() == BATCH_RECORDS {
					self.settle()?;
				}
			},
			Index::Ids(ids) => {
				// An id is the number of the record that issued it, so none is beyond its record's.
				let id = id_of(key).filter(|id| *id <= header.ordinal);
				let id = id.ok_or_else(|| segment.damaged(offset))?;
				let (old, new) = (ids.get(id), (!header.tombstone).then_some(location));
				ids.set(id, new.unwrap_or(Location::NONE));
				let old = match old {
					Some(at) => self.header_if_key(at, key)?.map(|header| (at, header)),
					None => None,
				};
				self.count(old, header);
			},
		}
		Ok(())
	}

	/// Index, extents and bytes of live values, once everything was visited.
	pub(super) fn finish(mut self) -> Result<(Index, Extents, u64), ZdbError> {
		self.settle()?;
		Ok((self.index, self.extents, self.live_bytes))
	}

	/// Brings what waits into the index.
	fn settle(&mut self) -> Result<(), ZdbError> {
		let (mut batch, mut keys) =
			(std::mem::take(&mut self.batch), std::mem::take(&mut self.keys));
		for Waiting { hash, location, header, key } in batch.drain(..) {
			let key = keys.get(key).unwrap_or_default();
			let old = self.place(hash, key, (!header.tombstone).then_some(location))?;
			self.count(old, &header);
		}
		keys.clear();
		(self.batch, self.keys) = (batch, keys);
		Ok(())
	}

	/// Points a key to its new record, or to none; answers where it was.
	fn place(
		&self,
		hash: KeyHash,
		key: &[u8],
		new: Option<Location>,
	) -> Result<Option<(Location, Header)>, ZdbError> {
		let Index::Keys(index) = &self.index else { return Ok(None) };
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
		Ok(old)
	}

	/// Keeps the sums as a record of the newest segment takes the place of another.
	fn count(&mut self, old: Option<(Location, Header)>, new: &Header) {
		if let Some((at, old)) = old {
			self.live_bytes -= u64::from(old.value_len).min(self.live_bytes);
			if let Some(segment) = self.segments.get(&at.segment()) {
				segment.remove_live(&old);
			}
		}
		if !new.tombstone {
			self.live_bytes += u64::from(new.value_len);
			if let Some(newest) = &self.newest {
				newest.add_live(new);
			}
		}
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
