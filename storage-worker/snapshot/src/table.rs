//! Which chunks a file has.
//!
//! A file of few chunks lists them in its entry. One of more lists *pages*, objects that hold the ids of [`PAGE_CHUNKS`] chunks each and are read when
//! one of these chunks is: a manifest of a terabyte is mounted with the first kilobytes of it.

use crate::{ObjectId, SnapshotError};
use codec::{Decode, DecodeAll, Encode};
use std::ops::Range;

/// Chunks that one page lists.
pub(crate) const PAGE_CHUNKS: u64 = 1024;
/// Chunks that an entry may list itself.
pub(crate) const INLINE_CHUNKS: u64 = 16;

/// The ids of some chunks in file order; `None` is a chunk of zeros.
pub type ChunkIds = Vec<Option<ObjectId>>;

/// The chunks of a file.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ChunkTable {
	/// At most 16 of them, here.
	#[codec(index = 0)]
	Inline(ChunkIds),
	/// More of them: the pages that list 1024 each; `None` is a page of zeros only.
	#[codec(index = 1)]
	Pages(Vec<Option<ObjectId>>),
}

/// Where the id of a chunk is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
	/// It is known.
	Known(Option<ObjectId>),
	/// In this page at this place; the page lists so many.
	Page(ObjectId, usize, usize),
}

impl ChunkTable {
	/// Whether it is the one form in which so many chunks are listed.
	pub(crate) fn fits(&self, chunks: u64) -> bool {
		match self {
			Self::Inline(ids) => chunks <= INLINE_CHUNKS && ids.len() as u64 == chunks,
			Self::Pages(pages) => {
				chunks > INLINE_CHUNKS && pages.len() as u64 == chunks.div_ceil(PAGE_CHUNKS)
			},
		}
	}

	/// Where the chunk with this number of a file of `chunks` is listed.
	pub(crate) fn slot(&self, number: u64, chunks: u64) -> Slot {
		match self {
			Self::Inline(ids) => Slot::Known(ids.get(number as usize).copied().flatten()),
			Self::Pages(pages) => match pages.get((number / PAGE_CHUNKS) as usize) {
				Some(Some(page)) => {
					let first = number / PAGE_CHUNKS * PAGE_CHUNKS;
					let listed = (chunks - first).min(PAGE_CHUNKS) as usize;
					Slot::Page(*page, (number - first) as usize, listed)
				},
				_ => Slot::Known(None),
			},
		}
	}

	/// The pages that list some chunks of a file of `chunks`, but for those of zeros.
	pub(crate) fn pages_of(
		&self,
		range: Range<u64>,
		chunks: u64,
	) -> impl Iterator<Item = ObjectId> + '_ {
		let pages = match self {
			Self::Inline(_) => [].as_slice(),
			Self::Pages(pages) => pages.as_slice(),
		};
		let first = (range.start / PAGE_CHUNKS) as usize;
		let end = range.end.min(chunks).div_ceil(PAGE_CHUNKS) as usize;
		pages.get(first..end.min(pages.len())).unwrap_or_default().iter().copied().flatten()
	}

	/// The pages that have to be read to know all chunks, each with the number of chunks it lists.
	pub(crate) fn pages(&self, chunks: u64) -> Vec<(Option<ObjectId>, usize)> {
		match self {
			Self::Inline(_) => Vec::new(),
			Self::Pages(pages) => pages
				.iter()
				.zip((0..).step_by(PAGE_CHUNKS as usize))
				.map(|(page, first)| {
					(*page, chunks.saturating_sub(first).min(PAGE_CHUNKS) as usize)
				})
				.collect(),
		}
	}
}

/// The bytes of a page.
pub(crate) fn encode_page(ids: &[Option<ObjectId>]) -> Vec<u8> {
	ids.encode()
}

/// The ids that a page lists, which must be so many and not all zeros.
pub(crate) fn decode_page(bytes: &[u8], listed: usize) -> Result<ChunkIds, SnapshotError> {
	let bad = |what: &str| SnapshotError::BadManifest(format!("a page of chunks {what}"));
	let mut input = bytes;
	let ids = ChunkIds::decode_all(&mut input).map_err(|_| bad("is damaged"))?;
	if ids.len() != listed {
		return Err(bad(&format!("lists {} of them, not {listed}", ids.len())));
	}
	if ids.iter().all(Option::is_none) {
		return Err(bad("lists zeros only"));
	}
	Ok(ids)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_slot_is_where_the_page_has_it() {
		let pages = ChunkTable::Pages(vec![Some([1; 32]), None, Some([3; 32])]);
		assert!(pages.fits(2049) && pages.fits(3072) && !pages.fits(2048) && !pages.fits(3073));
		assert_eq!(pages.slot(5, 2100), Slot::Page([1; 32], 5, 1024));
		assert_eq!(pages.slot(1024, 2100), Slot::Known(None));
		assert_eq!(pages.slot(2099, 2100), Slot::Page([3; 32], 51, 52));
		assert_eq!(pages.pages(2100)[2], (Some([3; 32]), 52));
		let of = |range| pages.pages_of(range, 2100).collect::<Vec<_>>();
		assert_eq!(of(5..9), [[1; 32]]);
		assert_eq!(of(1000..9999), [[1; 32], [3; 32]]);
		assert!(of(1024..2048).is_empty() && of(7000..9000).is_empty());
		let inline = ChunkTable::Inline(vec![None, Some([7; 32])]);
		assert!(inline.fits(2) && !inline.fits(1));
		assert_eq!(inline.slot(1, 2), Slot::Known(Some([7; 32])));
		assert!(!ChunkTable::Inline(vec![None; 17]).fits(17), "one form for each file");
		assert!(!ChunkTable::Pages(vec![None]).fits(16));
	}

	#[test]
	fn a_page_is_read_as_it_was_written_or_refused() {
		let ids: ChunkIds = vec![Some([1; 32]), None, Some([2; 32])];
		let bytes = encode_page(&ids);
		assert_eq!(decode_page(&bytes, 3).unwrap(), ids);
		assert!(decode_page(&bytes, 4).is_err());
		assert!(decode_page(&encode_page(&[None, None]), 2).is_err());
		for cut in 0..bytes.len() {
			assert!(decode_page(&bytes[..cut], 3).is_err());
		}
	}
}
