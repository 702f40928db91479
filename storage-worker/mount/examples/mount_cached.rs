//! Mounts a directory as a snapshot of which everything is in the chunk cache and nothing anywhere else, for measurements of what the cache costs.
//! `scripts/bench mount` uses it.
//!
//! `mount_cached SOURCE MOUNT_POINT STATE_DIR` prints `mounted` and serves until the mount point is unmounted (`fusermount3 -u MOUNT_POINT`).

#![allow(clippy::expect_used, missing_docs, reason = "a tool for measurements")]

use blake2::{
	digest::{consts::U32, Digest},
	Blake2b,
};
use granary_mount::{mount, MountOptions};
use granary_snapshot::{
	create, BoxFuture, CacheOptions, ChunkCache, Chunking, CreateOptions, KnownFiles, ObjectId,
	ObjectStore, Pace, ReadPolicy, Reader, StoreError,
};
use std::{
	collections::HashMap,
	error::Error,
	io::Write,
	path::Path,
	sync::{Arc, Mutex, PoisonError},
};

/// As in the binary.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const QUOTA_BYTES: u64 = 64 << 30;

/// Objects in memory, until they are taken away.
#[derive(Debug, Default)]
struct Passing(Mutex<HashMap<ObjectId, Vec<u8>>>);

impl Passing {
	fn objects(&self) -> std::sync::MutexGuard<'_, HashMap<ObjectId, Vec<u8>>> {
		self.0.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

impl ObjectStore for Passing {
	fn object_id(&self, bytes: &[u8]) -> ObjectId {
		Blake2b::<U32>::digest(bytes).into()
	}

	fn put_many(
		&self,
		objects: Vec<(ObjectId, Vec<u8>)>,
	) -> BoxFuture<'_, Result<u64, StoreError>> {
		Box::pin(async move {
			let bytes = objects.iter().map(|(_, object)| object.len() as u64).sum();
			self.objects().extend(objects);
			Ok(bytes)
		})
	}

	fn get(&self, id: ObjectId) -> BoxFuture<'_, Result<Vec<u8>, StoreError>> {
		Box::pin(async move {
			let reason = "it was taken away: the cache should have it".to_owned();
			let missing = StoreError::Unreadable { id, reason, transient: false };
			self.objects().get(&id).cloned().ok_or(missing)
		})
	}
}

#[tokio::main(flavor = "multi_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
	let args: Vec<_> = std::env::args_os().skip(1).collect();
	let [source, mount_point, state_dir] = args.as_slice() else {
		return Err("usage: mount_cached SOURCE MOUNT_POINT STATE_DIR".into());
	};
	let store = Arc::new(Passing::default());
	let options = CreateOptions {
		name: "cached".to_owned(),
		chunking: Chunking::ByUse,
		chain: None,
		known: KnownFiles::default(),
	};
	let created = create(Path::new(source), options, store.clone(), &()).await?;
	let (manifest, state_dir) = (Arc::new(created.manifest), Path::new(state_dir));
	let reader = || -> Result<Arc<Reader>, Box<dyn Error>> {
		let cache =
			ChunkCache::open(&state_dir.join("cache"), CacheOptions::with_quota(QUOTA_BYTES))?;
		let runtime = tokio::runtime::Handle::current();
		let policy = ReadPolicy::default();
		Ok(Arc::new(Reader::new(manifest.clone(), store.clone(), Arc::new(cache), runtime, policy)))
	};
	let filling = reader()?;
	filling.prefetch(&filling.wanted_below(Path::new("")), &Pace::default()).await?;
	drop(filling);
	store.objects().clear();
	// A new one, which has nothing in memory and has checked nothing yet.
	let reader = reader()?;
	let options =
		MountOptions::new(mount_point.into(), state_dir.join("thin"), created.manifest_id);
	let mounted = tokio::task::spawn_blocking(move || mount(reader, options)).await??;
	writeln!(std::io::stdout(), "mounted")?;
	tokio::task::spawn_blocking(move || mounted.wait()).await??;
	Ok(())
}
