//! `granary snapshot verify` and `materialise`.

use super::find;
use crate::{
	cli::{bytes_text, AccountArgs, Bar, Context, Failure, WorkDir},
	dataset::{key_of_dataset, open_for_reading, ArchiveStore, OpenDataset},
};
use anyhow::{bail, Context as _, Result};
use clap::Args;
use granary_chain::{address_of, parse_address, ChainClient};
use granary_dispersal::DatasetKey;
use granary_primitives::{snapshot::SnapshotInfo, SnapshotId};
use granary_snapshot::{CacheOptions, ChunkCache, Manifest, ObjectStore, ReadPolicy, Reader};
use serde_json::json;
use std::{
	path::{Path, PathBuf},
	sync::Arc,
	time::Duration,
};

/// How a snapshot is opened: its number, its key and where chunks are cached.
#[derive(Debug, Clone, Args)]
pub(crate) struct OpenArgs {
	/// The snapshot's number.
	pub(crate) snapshot: SnapshotId,
	/// The dataset key.
	#[arg(long, value_name = "FILE")]
	pub(crate) key: PathBuf,
	#[command(flatten)]
	pub(crate) reading: ReadingArgs,
}

/// Where fetched chunks are kept, whose word is taken, and how long is waited.
#[derive(Debug, Clone, Args)]
pub(crate) struct ReadingArgs {
	/// Where fetched chunks are kept. [default: the user's cache directory]
	#[arg(long, value_name = "DIR")]
	pub(crate) cache_dir: Option<PathBuf>,
	/// How much the cache may hold, for example 20GiB. Several mounts may share one directory.
	#[arg(long, default_value = "20GiB", value_parser = crate::cli::parse_bytes)]
	pub(crate) cache_bytes: u64,
	/// How much of the cache's filesystem stays free.
	#[arg(long, default_value = "1GiB", value_name = "BYTES", value_parser = crate::cli::parse_bytes)]
	pub(crate) cache_free: u64,
	/// For how many seconds a read waits for nodes that do not answer, before it fails; 0 fails at once.
	#[arg(long, default_value_t = 60, value_name = "SECONDS")]
	pub(crate) deadline: u64,
	/// Address of the account that must have signed the snapshot, known by another way than this chain's endpoint.
	/// [default: any account]
	#[arg(long, value_name = "ADDRESS")]
	pub(crate) signer: Option<String>,
	#[command(flatten)]
	pub(crate) account: AccountArgs,
}

impl OpenArgs {
	/// What a read does when nodes do not answer.
	pub(crate) fn policy(&self) -> ReadPolicy {
		ReadPolicy { deadline: Duration::from_secs(self.reading.deadline) }
	}
}

/// Where an archive is put together.
#[derive(Debug, Args)]
struct ArchiveArgs {
	/// Where a sealed snapshot is put together for a while; at 16+4 it takes 1.32 times the compressed size there.
	/// [default: the system's temporary directory]
	#[arg(long, value_name = "DIR")]
	work_dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
	#[command(flatten)]
	open: OpenArgs,
	#[command(flatten)]
	archive: ArchiveArgs,
}

#[derive(Debug, Args)]
pub(crate) struct MaterialiseArgs {
	#[command(flatten)]
	open: OpenArgs,
	#[command(flatten)]
	archive: ArchiveArgs,
	/// The directory to write; made if missing, refused if not empty.
	target: PathBuf,
}

/// A snapshot that can be read.
pub(crate) struct OpenSnapshot {
	/// What the chain says about it.
	pub(crate) info: SnapshotInfo,
	/// Its tree.
	pub(crate) manifest: Arc<Manifest>,
	/// Where its objects are.
	pub(crate) data: OpenDataset,
	/// Reads it through the cache.
	pub(crate) reader: Arc<Reader>,
}

/// What an archive's chunks are cached in while it is written out: they lie on this disk already.
const ARCHIVE_CACHE_BYTES: u64 = 64 << 20;

/// A snapshot that is read from the nodes or, if it is sealed, from where it was put together.
struct Source {
	snapshot: OpenSnapshot,
	store: Arc<dyn ObjectStore>,
	/// Keeps a sealed one's content as long as it is read.
	_work: Option<WorkDir>,
}

/// Finds a snapshot on chain and prepares reading; a sealed one is fetched as a whole.
async fn open(args: &OpenArgs, archive: &ArchiveArgs, context: &Context) -> Result<Source> {
	// A bad key file is told before the chain is asked.
	DatasetKey::load(&args.key)?;
	let chain = context.connect().await?;
	let info = find(&chain, args.snapshot).await?;
	let data = open_data(args, &info, &chain, context).await?;
	let Some(id) = data.archive(&info.manifest) else {
		let store: Arc<dyn ObjectStore> = data.store();
		let cache_dir = cache_dir(args)?;
		let options = cache_options(args);
		let (root, from) = (info.manifest, store.clone());
		let snapshot = read_manifest(args, info, data, from, root, (&cache_dir, options)).await?;
		return Ok(Source { snapshot, store, _work: None });
	};
	let work = WorkDir::new(archive.work_dir.as_deref())?;
	let (content, cache_dir) = (work.path().join("archive"), work.path().join("chunks"));
	std::fs::create_dir(&content)?;
	let bar = Bar::count(context, 0, "reading");
	let pack = data
		.dataset
		.open_archive(id, &content, &|step, done, all| bar.at(step, done, all))
		.await
		.with_context(|| format!("reading the sealed snapshot {}", info.id));
	bar.finish();
	let pack = Arc::new(pack?);
	let root = pack.root();
	let store: Arc<dyn ObjectStore> = Arc::new(ArchiveStore(pack));
	let options =
		CacheOptions { free_floor_bytes: 0, ..CacheOptions::with_quota(ARCHIVE_CACHE_BYTES) };
	let from = store.clone();
	let snapshot = read_manifest(args, info, data, from, root, (&cache_dir, options)).await?;
	Ok(Source { snapshot, store, _work: Some(work) })
}

/// Prepares lazy reading of a snapshot that was found already; a sealed one is refused.
pub(crate) async fn open_info(
	args: &OpenArgs,
	info: SnapshotInfo,
	chain: Arc<ChainClient>,
	context: &Context,
) -> Result<OpenSnapshot> {
	let data = open_data(args, &info, &chain, context).await?;
	if data.archive(&info.manifest).is_some() {
		bail!(
			"snapshot {} is sealed: it can only be read as a whole; `granary snapshot materialise {} DIR` restores it",
			info.id,
			info.id
		);
	}
	let (store, root) = (data.store(), info.manifest);
	let cache_dir = cache_dir(args)?;
	read_manifest(args, info, data, store, root, (&cache_dir, cache_options(args))).await
}

fn cache_dir(args: &OpenArgs) -> Result<PathBuf> {
	match &args.reading.cache_dir {
		Some(dir) => Ok(dir.clone()),
		None => Ok(crate::cli::user_cache_dir()?.join("chunks")),
	}
}

fn cache_options(args: &OpenArgs) -> CacheOptions {
	CacheOptions {
		free_floor_bytes: args.reading.cache_free,
		..CacheOptions::with_quota(args.reading.cache_bytes)
	}
}

/// Opens the dataset of a snapshot.
async fn open_data(
	args: &OpenArgs,
	info: &SnapshotInfo,
	chain: &Arc<ChainClient>,
	context: &Context,
) -> Result<OpenDataset> {
	let tenant = args.reading.account.optional_tenant_keys()?;
	let key = snapshot_key(&args.key, info)?;
	check_signer(args.reading.signer.as_deref(), info, context)?;
	open_for_reading(chain, info.reservation, key, tenant.as_ref()).await
}

/// Reads the manifest with this head and prepares lazy reading.
async fn read_manifest(
	args: &OpenArgs,
	info: SnapshotInfo,
	data: OpenDataset,
	store: Arc<dyn ObjectStore>,
	root: [u8; 32],
	(cache_dir, cache_options): (&Path, CacheOptions),
) -> Result<OpenSnapshot> {
	let manifest = Arc::new(
		Manifest::load(store.as_ref(), root)
			.await
			.with_context(|| format!("reading the manifest of snapshot {}", info.id))?,
	);
	let cache = Arc::new(ChunkCache::open(cache_dir, cache_options)?);
	let runtime = tokio::runtime::Handle::current();
	let reader = Arc::new(Reader::new(manifest.clone(), store, cache, runtime, args.policy()));
	Ok(OpenSnapshot { info, manifest, data, reader })
}

/// The key that a snapshot was sealed with, from a key file.
pub(crate) fn snapshot_key(path: &Path, snapshot: &SnapshotInfo) -> Result<DatasetKey> {
	key_of_dataset(path, snapshot.dataset)?.ok_or_else(|| {
		Failure::wrong_key(
			format!("{} is not the key of snapshot {}", path.display(), snapshot.id),
			"the key file is the one that `granary snapshot create` made, or that `granary dataset join` fetched",
		)
		.into()
	})
}

/// Refuses a snapshot that another account signed than was asked for. That the signature is good was checked already.
fn check_signer(wanted: Option<&str>, info: &SnapshotInfo, context: &Context) -> Result<()> {
	let signer = info.signature.as_ref().map(|by| by.signer);
	let Some(wanted) = wanted else {
		if signer.is_none() {
			context.note(format!(
				"snapshot {} is not signed: the endpoint's word is all there is",
				info.id
			));
		}
		return Ok(());
	};
	if signer == Some(parse_address(wanted)?) {
		return Ok(());
	}
	let found = signer.map_or_else(|| "nobody".to_owned(), |signer| address_of(&signer));
	Err(Failure::wrong_key(
		format!("snapshot {} is signed by {found}, not by {wanted}", info.id),
		"`granary snapshot show` tells who signed it",
	)
	.into())
}

pub(super) async fn verify(args: VerifyArgs, context: &Context) -> Result<()> {
	let Source { snapshot, store, _work } = open(&args.open, &args.archive, context).await?;
	let bar = Bar::bytes(context, "verifying");
	let report = granary_snapshot::verify(store, snapshot.manifest.clone(), &bar).await?;
	bar.finish();
	let health = snapshot.data.dataset.health();
	let value = json!({
		"id": snapshot.info.id,
		"chunks": report.chunks,
		"bytes": report.bytes,
		"damaged": report.damaged.iter().map(hex::encode).collect::<Vec<_>>(),
		"nodes": health.iter().map(|node| json!({
			"node": node.node, "ok": node.ok, "missing": node.missing,
			"damaged": node.damaged, "unreachable": node.unreachable,
		})).collect::<Vec<_>>(),
	});
	context.print(&value, |out| {
		out.line(format!("read {} chunks, {}", report.chunks, bytes_text(report.bytes)));
		out.row(&["NODE", "OK", "MISSING", "DAMAGED", "UNREACHABLE"]);
		for node in &health {
			out.row(&[
				&node.node.to_string(),
				&node.ok.to_string(),
				&node.missing.to_string(),
				&node.damaged.to_string(),
				&node.unreachable.to_string(),
			]);
		}
	});
	anyhow::ensure!(
		report.damaged.is_empty(),
		"{} of {} chunks cannot be read",
		report.damaged.len(),
		report.chunks
	);
	Ok(())
}

pub(super) async fn materialise(args: MaterialiseArgs, context: &Context) -> Result<()> {
	let Source { snapshot, _work, .. } = open(&args.open, &args.archive, context).await?;
	let bar = Bar::bytes(context, "writing");
	let reader = snapshot.reader.clone();
	let target = args.target.clone();
	let progress = bar.clone();
	tokio::task::spawn_blocking(move || granary_snapshot::materialise(&reader, &target, &progress))
		.await
		.context("the writing task ended early")?
		.with_context(|| format!("writing {}", args.target.display()))?;
	bar.finish();
	let stats = snapshot.reader.stats();
	context.print(
		&json!({
			"id": snapshot.info.id,
			"target": args.target,
			"total_bytes": snapshot.info.total_bytes,
			"chunks_fetched": stats.chunks_fetched,
			"chunk_bytes_fetched": stats.bytes_fetched,
			"bytes_fetched": snapshot.data.dataset.bytes_received(),
		}),
		|out| {
			out.line(format!(
				"wrote snapshot {} to {} ({}, {} fetched)",
				snapshot.info.id,
				args.target.display(),
				bytes_text(snapshot.info.total_bytes),
				bytes_text(stats.bytes_fetched)
			));
		},
	);
	Ok(())
}
