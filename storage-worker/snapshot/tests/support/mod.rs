//! A store in memory that counts, fails and waits as a test wants.
#![allow(dead_code, reason = "each test file uses a part")]

use blake2::{
	digest::{consts::U32, Mac},
	Blake2bMac,
};
use granary_snapshot::{
	create, BoxFuture, CacheOptions, ChunkCache, Chunking, CreateOptions, Created, KnownFiles,
	Manifest, ObjectId, ObjectStore, ReadPolicy, Reader, SnapshotError, StoreError,
};
use std::{
	collections::HashMap,
	path::Path,
	sync::{Arc, Mutex},
	time::Duration,
};

/// What happens when something is stored.
type OnPut = Box<dyn Fn() + Send + Sync>;

#[derive(Default)]
pub(crate) struct MemoryStore {
	pub(crate) objects: Mutex<HashMap<ObjectId, Vec<u8>>>,
	pub(crate) gets: Mutex<HashMap<ObjectId, u64>>,
	/// How long a read takes.
	pub(crate) delay: Duration,
	/// While it is set nothing answers.
	pub(crate) silent: std::sync::atomic::AtomicBool,
	/// Called at each [`ObjectStore::put_many`].
	pub(crate) on_put: Option<OnPut>,
	/// The most bytes that were ever handed over at once.
	pub(crate) largest_batch: Mutex<usize>,
}

impl std::fmt::Debug for MemoryStore {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.debug_struct("MemoryStore").finish_non_exhaustive()
	}
}

impl MemoryStore {
	pub(crate) fn len(&self) -> usize {
		self.objects.lock().unwrap().len()
	}

	pub(crate) fn gets(&self) -> HashMap<ObjectId, u64> {
		self.gets.lock().unwrap().clone()
	}

	pub(crate) fn total_gets(&self) -> u64 {
		self.gets().values().sum()
	}

	/// Changes an object or, with `None`, loses it.
	pub(crate) fn replace(&self, id: ObjectId, bytes: Option<Vec<u8>>) {
		let mut objects = self.objects.lock().unwrap();
		match bytes {
			Some(bytes) => objects.insert(id, bytes),
			None => objects.remove(&id),
		};
	}

	pub(crate) fn contains_bytes(&self, needle: &[u8]) -> bool {
		let objects = self.objects.lock().unwrap();
		let found = objects
			.values()
			.any(|object| object.windows(needle.len()).any(|window| window == needle));
		found
	}
}

impl ObjectStore for MemoryStore {
	fn object_id(&self, bytes: &[u8]) -> ObjectId {
		let mut mac = <Blake2bMac<U32> as Mac>::new_from_slice(b"a test's key").unwrap();
		mac.update(bytes);
		mac.finalize().into_bytes().into()
	}

	fn put_many(
		&self,
		objects: Vec<(ObjectId, Vec<u8>)>,
	) -> BoxFuture<'_, Result<u64, StoreError>> {
		Box::pin(async move {
			let batch: usize = objects.iter().map(|(_, object)| object.len()).sum();
			let mut largest = self.largest_batch.lock().unwrap();
			*largest = (*largest).max(batch);
			drop(largest);
			let mut stored = 0;
			for (id, object) in objects {
				let len = object.len() as u64;
				if self.objects.lock().unwrap().insert(id, object).is_none() {
					stored += len;
				}
			}
			if let Some(on_put) = &self.on_put {
				on_put();
			}
			Ok(stored)
		})
	}

	fn get(&self, id: ObjectId) -> BoxFuture<'_, Result<Vec<u8>, StoreError>> {
		Box::pin(async move {
			*self.gets.lock().unwrap().entry(id).or_default() += 1;
			if !self.delay.is_zero() {
				tokio::time::sleep(self.delay).await;
			}
			let transient = self.silent.load(std::sync::atomic::Ordering::Relaxed);
			let object = self.objects.lock().unwrap().get(&id).cloned().filter(|_| !transient);
			let reason = if transient { "nobody answers" } else { "it is lost" }.to_owned();
			object.ok_or(StoreError::Unreadable { id, reason, transient })
		})
	}
}

pub(crate) const CHUNK: usize = 4096;

/// Stores a tree in chunks of 4 KiB.
pub(crate) async fn publish(
	source: &Path,
	store: &Arc<MemoryStore>,
) -> Result<Created, SnapshotError> {
	publish_knowing(source, store, KnownFiles::default()).await
}

/// The same after an earlier publish.
pub(crate) async fn publish_knowing(
	source: &Path,
	store: &Arc<MemoryStore>,
	known: KnownFiles,
) -> Result<Created, SnapshotError> {
	let chunking = Chunking::Fixed(CHUNK as u32);
	let options = CreateOptions { name: "test".to_owned(), chunking, chain: None, known };
	create(source, options, store.clone(), &()).await
}

/// A reader with an empty memory and the cache in this directory.
pub(crate) fn reader(manifest: &Manifest, store: &Arc<MemoryStore>, cache: &Path) -> Arc<Reader> {
	let cache = Arc::new(ChunkCache::open(cache, CacheOptions::with_quota(64 << 20)).unwrap());
	let runtime = tokio::runtime::Handle::current();
	let policy = ReadPolicy { deadline: Duration::ZERO };
	Arc::new(Reader::new(Arc::new(manifest.clone()), store.clone(), cache, runtime, policy))
}

/// The number of the entry with this path.
pub(crate) fn entry(manifest: &Manifest, path: &str) -> usize {
	manifest.entries.iter().position(|entry| entry.path == path.as_bytes()).unwrap()
}

/// Bytes that differ from chunk to chunk.
pub(crate) fn noise(seed: u64, len: usize) -> Vec<u8> {
	use rand::{RngCore, SeedableRng};
	let mut bytes = vec![0; len];
	rand::rngs::StdRng::seed_from_u64(seed).fill_bytes(&mut bytes);
	bytes
}

/// Runs what blocks where it may.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
	tokio::task::spawn_blocking(work).await.unwrap()
}

/// The ids of a file's chunks.
pub(crate) async fn chunks(
	manifest: &Manifest,
	store: &Arc<MemoryStore>,
	path: &str,
) -> Vec<Option<ObjectId>> {
	manifest.chunk_ids(store.as_ref(), entry(manifest, path)).await.unwrap()
}
