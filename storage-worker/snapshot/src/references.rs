//! Everything that a snapshot needs: what must stay as long as it is to be read.

use crate::{
	codec::segments_of, ChunkTable, EntryKind, Manifest, ObjectId, ObjectStore, SnapshotError,
};

impl Manifest {
	/// Calls `found` with the id of each object that the snapshot with this head consists of: its manifest, the tables of its files, their
	/// chunks, its trace. Objects that several of them share are told several times. Chunks themselves are not read. The manifest that it was
	/// committed on top of is none of them: nothing is read through it.
	pub async fn for_each_object(
		store: &dyn ObjectStore,
		head: ObjectId,
		found: &mut (dyn FnMut(ObjectId) + Send),
	) -> Result<(), SnapshotError> {
		found(head);
		segments_of(store, head).await?.into_iter().for_each(&mut *found);
		let manifest = Self::load(store, head).await?;
		manifest.trace.into_iter().for_each(&mut *found);
		for (number, entry) in manifest.entries.iter().enumerate() {
			if let EntryKind::File { chunks: ChunkTable::Pages(pages), .. } = &entry.kind {
				pages.iter().flatten().copied().for_each(&mut *found);
			}
			let mut of_page =
				|ids: crate::ChunkIds| ids.into_iter().flatten().for_each(&mut *found);
			manifest.for_each_page(store, number, &mut of_page).await?;
		}
		Ok(())
	}
}
