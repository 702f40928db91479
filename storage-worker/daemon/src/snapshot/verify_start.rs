//! Starting a node on a snapshot before anybody is told of it.
//!
//! The snapshot is read back from the nodes, through a cache of its own, so that what starts is what was stored. What the start reads becomes the snapshot's
//! trace, and what the node says of itself goes into the manifest.

use crate::{
	cli::Context,
	dataset::DatasetStore,
	node_command::{check_genesis, NodeCommand},
};
use anyhow::{ensure, Context as _, Result};
use granary_mount::MountOptions;
use granary_snapshot::{
	CacheOptions, ChunkCache, Created, Manifest, ObjectStore, ReadPolicy, Reader, Trace,
};
use std::{path::Path, sync::Arc, time::Duration};

/// How long the node may take until it answers.
const START_PATIENCE: Duration = Duration::from_secs(600);
/// What the cache of the start may hold.
const CACHE_BYTES: u64 = 4 << 30;

/// What the node said.
#[derive(Debug)]
pub(super) struct Started {
	/// Height of its best block.
	pub(super) height: u32,
	/// Chunks that it read.
	pub(super) accesses: usize,
}

/// Starts the node and replaces the manifest by one that holds what was learnt.
pub(super) async fn verify_start(
	command: &NodeCommand,
	created: &mut Created,
	store: Arc<DatasetStore>,
	work: &Path,
	context: &Context,
) -> Result<Started> {
	context.note("starting a node on what was stored");
	let (mount_point, thin, cache) = (work.join("mnt"), work.join("thin"), work.join("cache"));
	std::fs::create_dir(&mount_point)?;
	let cache = Arc::new(ChunkCache::open(&cache, CacheOptions::with_quota(CACHE_BYTES))?);
	let manifest = Manifest::load(store.as_ref(), created.manifest_id)
		.await
		.context("reading the manifest back")?;
	let runtime = tokio::runtime::Handle::current();
	let reader = Arc::new(Reader::new(
		Arc::new(manifest),
		store.clone(),
		cache,
		runtime,
		ReadPolicy::default(),
	));
	reader.start_recording();
	let options = MountOptions::new(mount_point.clone(), thin, created.manifest_id);
	let below = reader.clone();
	let mounted = tokio::task::spawn_blocking(move || granary_mount::mount(below, options))
		.await
		.context("the mounting task ended early")??;

	let mut node = command.start(&mount_point, true)?;
	let seen = look_at(&mut node, created).await;
	let stopped = node.stop().await;
	tokio::task::spawn_blocking(move || drop(mounted)).await.context("unmounting")?;
	let started = seen.context("the node did not start from the snapshot; nothing is published")?;
	stopped?;

	let trace = reader.stop_recording().unwrap_or_default();
	let accesses = trace.accesses.len();
	with_trace(created, store.as_ref(), &trace).await?;
	Ok(Started { height: started, accesses })
}

/// What the node says of itself, noted in the manifest.
async fn look_at(
	node: &mut crate::node_process::NodeProcess,
	created: &mut Created,
) -> Result<u32> {
	let (observed, best) = node.answering(START_PATIENCE).await?;
	let chain = created.manifest.chain.as_mut().context("the snapshot has no chain")?;
	check_genesis(&observed, chain.genesis).await?;
	ensure!(
		best.number > 0 && u64::from(best.number) >= chain.best_number,
		"the node is at block {}, the snapshot at {}: it does not use the snapshot's database",
		best.number,
		chain.best_number
	);
	let finalised = observed.finalised().await?;
	chain.best_number = best.number.into();
	chain.best_hash = best.hash;
	chain.finalized_number = finalised.number.into();
	chain.finalized_hash = finalised.hash;
	Ok(best.number)
}

/// Stores a trace, and the manifest that names it.
pub(super) async fn with_trace(
	created: &mut Created,
	store: &dyn ObjectStore,
	trace: &Trace,
) -> Result<()> {
	let bytes = trace.to_bytes();
	let id = store.object_id(&bytes);
	created.manifest.trace = Some(id);
	created.written.stored_bytes += store.put_many(vec![(id, bytes)]).await?;
	let (id, stored) = created.manifest.store(store).await?;
	created.manifest_id = id;
	created.written.stored_bytes += stored;
	Ok(())
}
