//! Manifests as objects: SCALE bytes cut into segments, and a head that lists them.

use crate::{
	table::{decode_page, ChunkIds},
	ChunkTable, EntryKind, Manifest, ObjectId, ObjectStore, SnapshotError,
};
use codec::{Decode, DecodeAll, Encode};
use futures::stream::{self, StreamExt, TryStreamExt};

/// The version of the format. The first listed all chunks of all files in the manifest itself.
const VERSION: u8 = 2;
/// Bytes of a segment.
const SEGMENT_BYTES: usize = 256 << 10;
/// Segments of the largest manifest: 1 GiB.
const SEGMENTS_MAX: usize = 4096;
/// Objects of a manifest that are read at once.
const READING: usize = 16;

/// The head object.
#[derive(Encode, Decode)]
struct Head {
	version: u8,
	length: u64,
	segments: Vec<ObjectId>,
}

impl Head {
	async fn load(store: &dyn ObjectStore, head: ObjectId) -> Result<Self, SnapshotError> {
		let bad = |what: &str| SnapshotError::BadManifest(what.to_owned());
		let bytes = store.get(head).await?;
		match bytes.first() {
			Some(&VERSION) => {},
			Some(version) => {
				return Err(SnapshotError::BadManifest(format!(
					"it has the format of another version, {version}; this release reads version {VERSION}"
				)))
			},
			None => return Err(bad("its head is empty")),
		}
		let head =
			Self::decode_all(&mut bytes.as_slice()).map_err(|_| bad("its head is damaged"))?;
		if head.segments.len() > SEGMENTS_MAX {
			return Err(bad("its head lists too many segments"));
		}
		if head.segments.len() as u64 != head.length.div_ceil(SEGMENT_BYTES as u64) {
			return Err(bad("its head lists another number of segments than its length needs"));
		}
		Ok(head)
	}

	/// Reads one of the segments, which has the one length that a segment in its place can have.
	async fn segment(
		&self,
		store: &dyn ObjectStore,
		place: usize,
	) -> Result<Vec<u8>, SnapshotError> {
		let bad = |what: &str| SnapshotError::BadManifest(what.to_owned());
		let id = self.segments.get(place).ok_or_else(|| bad("a segment is missing"))?;
		let bytes = store.get(*id).await?;
		let before = place as u64 * SEGMENT_BYTES as u64;
		match bytes.len() as u64 == (self.length - before).min(SEGMENT_BYTES as u64) {
			true => Ok(bytes),
			false => Err(bad("its segments have another length than its head says")),
		}
	}
}

/// The objects that a manifest with this head is cut into.
pub(crate) async fn segments_of(
	store: &dyn ObjectStore,
	head: ObjectId,
) -> Result<Vec<ObjectId>, SnapshotError> {
	Ok(Head::load(store, head).await?.segments)
}

impl Manifest {
	/// Stores the manifest and returns its head's id and the bytes that were newly stored.
	pub async fn store(&self, store: &dyn ObjectStore) -> Result<(ObjectId, u64), SnapshotError> {
		self.validate()?;
		let bytes = self.encode();
		let named = |segment: &[u8]| (store.object_id(segment), segment.to_vec());
		let segments: Vec<(ObjectId, Vec<u8>)> = bytes.chunks(SEGMENT_BYTES).map(named).collect();
		if segments.len() > SEGMENTS_MAX {
			return Err(SnapshotError::BadManifest("it is larger than 1 GiB".to_owned()));
		}
		let head = Head {
			version: VERSION,
			length: bytes.len() as u64,
			segments: segments.iter().map(|(id, _)| *id).collect(),
		}
		.encode();
		let id = store.object_id(&head);
		let mut stored = 0;
		// The head comes last: whoever can read it can read the rest.
		for segment in segments {
			stored += store.put_many(vec![segment]).await?;
		}
		stored += store.put_many(vec![(id, head)]).await?;
		Ok((id, stored))
	}

	/// Reads and checks the manifest with this head. The tables of its larger files stay where they are.
	pub async fn load(store: &dyn ObjectStore, head: ObjectId) -> Result<Self, SnapshotError> {
		let bad = |what: &str| SnapshotError::BadManifest(what.to_owned());
		let head = Head::load(store, head).await?;
		let segments: Vec<Vec<u8>> = stream::iter(0..head.segments.len())
			.map(|place| head.segment(store, place))
			.buffered(READING)
			.try_collect()
			.await?;
		let bytes = segments.concat();
		let manifest =
			Self::decode_all(&mut bytes.as_slice()).map_err(|_| bad("its segments are damaged"))?;
		manifest.validate()?;
		Ok(manifest)
	}

	/// The ids of all chunks of an entry; none for what is not a file.
	pub async fn chunk_ids(
		&self,
		store: &dyn ObjectStore,
		entry: usize,
	) -> Result<ChunkIds, SnapshotError> {
		let mut all = Vec::new();
		self.for_each_page(store, entry, &mut |ids| all.extend(ids)).await?;
		Ok(all)
	}

	/// Hands over the ids of the chunks of an entry in their order, some at a time: memory does not grow with the file.
	pub(crate) async fn for_each_page(
		&self,
		store: &dyn ObjectStore,
		entry: usize,
		found: &mut (dyn FnMut(ChunkIds) + Send),
	) -> Result<(), SnapshotError> {
		let Some(EntryKind::File { size, chunk_bytes, chunks }) =
			self.entries.get(entry).map(|entry| &entry.kind)
		else {
			return Ok(());
		};
		if let ChunkTable::Inline(ids) = chunks {
			found(ids.clone());
			return Ok(());
		}
		let pages = chunks.pages(size.div_ceil(u64::from(*chunk_bytes)));
		let read = |(page, listed): (Option<ObjectId>, usize)| async move {
			match page {
				Some(id) => decode_page(&store.get(id).await?, listed),
				None => Ok(vec![None; listed]),
			}
		};
		let mut pages = stream::iter(pages).map(read).buffered(READING);
		while let Some(ids) = pages.try_next().await? {
			found(ids);
		}
		Ok(())
	}
}
