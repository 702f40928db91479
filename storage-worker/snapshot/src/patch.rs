//! A file that differs from its parent's in some chunks.

use crate::{
	manifest::EntryKind,
	reader::FileShape,
	table::{ChunkIds, INLINE_CHUNKS, PAGE_CHUNKS},
	ChunkTable, ManifestWriter, ObjectId, Reader, SnapshotError,
};
use std::collections::BTreeMap;

impl Reader {
	/// The entry of a file of this snapshot with another length and other chunks. Pages in which nothing changed are those of this snapshot.
	///
	/// The caller names every chunk whose bytes or length changed.
	pub async fn patch(
		&self,
		writer: &mut ManifestWriter<'_>,
		entry: usize,
		size: u64,
		changes: &BTreeMap<u64, Option<ObjectId>>,
	) -> Result<EntryKind, SnapshotError> {
		let before = self.file(entry)?;
		let chunk_bytes = before.chunk_bytes as u32;
		let count = size.div_ceil(before.chunk_bytes);
		if count <= INLINE_CHUNKS {
			let ids = self.patched(before, 0..count, changes).await?;
			let chunks = ChunkTable::Inline(ids);
			return Ok(EntryKind::File { size, chunk_bytes, chunks });
		}
		let mut pages = Vec::new();
		for first in (0..count).step_by(PAGE_CHUNKS as usize) {
			let range = first..(first + PAGE_CHUNKS).min(count);
			let whole = (first + PAGE_CHUNKS).min(before.chunks()) == range.end;
			let same = whole && changes.range(range.clone()).next().is_none();
			let page = match before.table {
				ChunkTable::Pages(pages) if same => {
					pages.get((first / PAGE_CHUNKS) as usize).copied().flatten()
				},
				_ => {
					let ids = self.patched(before, range, changes).await?;
					writer.page(&ids).await?
				},
			};
			pages.push(page);
		}
		Ok(EntryKind::File { size, chunk_bytes, chunks: ChunkTable::Pages(pages) })
	}

	/// The ids of a range of chunks, changed where they changed, zeros where there were none.
	async fn patched(
		&self,
		before: FileShape<'_>,
		range: std::ops::Range<u64>,
		changes: &BTreeMap<u64, Option<ObjectId>>,
	) -> Result<ChunkIds, SnapshotError> {
		let mut ids = Vec::new();
		for number in range {
			let id = match changes.get(&number) {
				Some(id) => *id,
				None if number >= before.chunks() => None,
				None => self.listed(before, number).await?,
			};
			ids.push(id);
		}
		Ok(ids)
	}
}
