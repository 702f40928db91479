//! Handing a tree's chunks, pages and manifest to the store.

use crate::{
	table::{encode_page, INLINE_CHUNKS, PAGE_CHUNKS},
	ChunkTable, Manifest, ObjectId, ObjectStore, SnapshotError,
};

/// Bytes of chunks that are handed to the store at once.
pub(crate) const BATCH_BYTES: usize = 16 << 20;

/// Whether a chunk needs no object.
pub(crate) fn is_zeros(chunk: &[u8]) -> bool {
	chunk.iter().all(|byte| *byte == 0)
}

/// What a manifest and its chunks came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
	/// Bytes newly stored over all nodes.
	pub stored_bytes: u64,
	/// Chunks that hold data.
	pub chunks: u64,
	/// Chunks of zeros, which are not stored.
	pub holes: u64,
}

/// Stores chunks in batches, then the tables of files, then the manifest.
#[derive(Debug)]
pub struct ManifestWriter<'a> {
	store: &'a dyn ObjectStore,
	batch: Vec<(ObjectId, Vec<u8>)>,
	batch_bytes: usize,
	written: Written,
}

impl<'a> ManifestWriter<'a> {
	/// Into this store.
	pub fn new(store: &'a dyn ObjectStore) -> Self {
		Self { store, batch: Vec::new(), batch_bytes: 0, written: Written::default() }
	}

	/// Stores a chunk, unless it is zeros, and answers what a table says of it.
	pub async fn chunk(&mut self, bytes: Vec<u8>) -> Result<Option<ObjectId>, SnapshotError> {
		let id = (!is_zeros(&bytes)).then(|| self.store.object_id(&bytes));
		self.named_chunk(id, bytes).await?;
		Ok(id)
	}

	/// Stores a chunk under the id that the store gave for it; one without id is zeros.
	pub(crate) async fn named_chunk(
		&mut self,
		id: Option<ObjectId>,
		bytes: Vec<u8>,
	) -> Result<(), SnapshotError> {
		match id {
			Some(id) => {
				self.written.chunks += 1;
				self.named_object(id, bytes).await
			},
			None => {
				self.written.holes += 1;
				Ok(())
			},
		}
	}

	/// Counts chunks with data and chunks of zeros that an earlier publish stored.
	pub(crate) fn count(&mut self, (chunks, holes): (u64, u64)) {
		self.written.chunks += chunks;
		self.written.holes += holes;
	}

	/// Stores the table of a file with these chunks.
	pub async fn table(&mut self, ids: Vec<Option<ObjectId>>) -> Result<ChunkTable, SnapshotError> {
		if ids.len() as u64 <= INLINE_CHUNKS {
			return Ok(ChunkTable::Inline(ids));
		}
		let mut pages = Vec::new();
		for page in ids.chunks(PAGE_CHUNKS as usize) {
			pages.push(self.page(page).await?);
		}
		Ok(ChunkTable::Pages(pages))
	}

	/// Stores a page of a table, unless it is zeros.
	pub(crate) async fn page(
		&mut self,
		ids: &[Option<ObjectId>],
	) -> Result<Option<ObjectId>, SnapshotError> {
		match ids.iter().any(Option::is_some) {
			true => Ok(Some(self.object(encode_page(ids)).await?)),
			false => Ok(None),
		}
	}

	async fn object(&mut self, bytes: Vec<u8>) -> Result<ObjectId, SnapshotError> {
		let id = self.store.object_id(&bytes);
		self.named_object(id, bytes).await?;
		Ok(id)
	}

	async fn named_object(&mut self, id: ObjectId, bytes: Vec<u8>) -> Result<(), SnapshotError> {
		self.batch_bytes += bytes.len();
		self.batch.push((id, bytes));
		match self.batch_bytes >= BATCH_BYTES {
			true => self.flush().await,
			false => Ok(()),
		}
	}

	/// Hands over what is still held back.
	pub async fn flush(&mut self) -> Result<(), SnapshotError> {
		self.batch_bytes = 0;
		self.written.stored_bytes += self.store.put_many(std::mem::take(&mut self.batch)).await?;
		Ok(())
	}

	/// Stores the manifest and answers the id of its head.
	pub async fn finish(
		mut self,
		manifest: &Manifest,
	) -> Result<(ObjectId, Written), SnapshotError> {
		self.flush().await?;
		let (id, stored) = manifest.store(self.store).await?;
		self.written.stored_bytes += stored;
		Ok((id, self.written))
	}
}
