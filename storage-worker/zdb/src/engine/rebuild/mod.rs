//! Rebuilding index and figures from the records, on open.

mod batch;
mod by_key;
mod placer;

use crate::{
	engine::{
		audit::Extents, ids::IdIndex, location::Location, namespace::Index, options::Mode,
		read::id_of, record::Header, recovery::Visit, segment::Segment,
	},
	ZdbError,
};
use placer::header_if_key;
use std::{collections::BTreeMap, sync::Arc};

/// What the records of a log add up to.
#[derive(Debug)]
pub(super) struct Rebuilt {
	pub(super) index: Index,
	/// Where the leaves are, if the log is audited.
	pub(super) extents: Extents,
	/// Bytes of values that the index leads to.
	pub(super) live_bytes: u64,
}

/// Rebuilds what is known of a log from the records that `walk` visits in their order; what it answers is passed on.
pub(super) fn rebuild<W>(
	mode: Mode,
	audited: bool,
	walk: impl FnOnce(Visit<'_>) -> Result<W, ZdbError>,
) -> Result<(W, Rebuilt), ZdbError> {
	match mode {
		Mode::User => by_key::rebuild(audited, walk),
		Mode::Sequential => {
			let mut ids = Ids::default();
			let walked = walk(&mut |segment, offset, header, key| {
				ids.visit(segment, offset, header, key, audited)
			})?;
			let Ids { index, extents, live_bytes, .. } = ids;
			Ok((walked, Rebuilt { index: Index::Ids(index), extents, live_bytes }))
		},
	}
}

/// The index of a sequential log as it grows.
#[derive(Debug, Default)]
struct Ids {
	index: IdIndex,
	extents: Extents,
	live_bytes: u64,
	/// Segments that were met so far, for looking at earlier records.
	segments: BTreeMap<u32, Arc<Segment>>,
}

impl Ids {
	/// Takes the next record of the log.
	fn visit(
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
		// An id is the number of the record that issued it, so none is beyond its record's.
		let id = id_of(key).filter(|id| *id <= header.ordinal);
		let id = id.ok_or_else(|| segment.damaged(offset))?;
		if let Some(at) = self.index.get(id) {
			if let Some(old) = header_if_key(&self.segments, at, key)? {
				self.live_bytes -= u64::from(old.value_len).min(self.live_bytes);
				if let Some(segment) = self.segments.get(&at.segment()) {
					segment.remove_live(&old);
				}
			}
		}
		self.index.set(id, if header.tombstone { Location::NONE } else { location });
		if !header.tombstone {
			self.live_bytes += u64::from(header.value_len);
			segment.add_live(header);
		}
		Ok(())
	}
}
