//! `granary snapshot create`.

use crate::{
	cli::{bytes_text, AccountArgs, Bar, Context},
	dataset::{load_or_create_key, open_for_writing, record_checkpoints, Shrunk},
};
use anyhow::{ensure, Context as _, Result};
use clap::Args;
use granary_chain::{ChainClient, PublishSnapshot};
use granary_primitives::{
	snapshot::{DatabaseKind, SnapshotStatement},
	BlockNumber, Hash, ReservationId,
};
use granary_snapshot::{ChainInfo, CreateOptions, Created, DEFAULT_CHUNK_BYTES};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  # Publish the database of a stopped node:
  granary snapshot create /var/lib/node --reservation 1 --key dataset.key --name asset-hub --suri //Tenant

Never stored: keystores, network keys, lock files, sockets and devices.")]
pub(crate) struct CreateArgs {
	/// The directory to publish, for example the base path of a stopped node.
	path: PathBuf,
	/// The reservation that stores it.
	#[arg(long)]
	reservation: ReservationId,
	/// The dataset key; made where the file does not exist. Whoever has it can read the snapshot.
	#[arg(long, value_name = "FILE")]
	key: PathBuf,
	/// The snapshot's name, at most 64 bytes.
	#[arg(long)]
	name: String,
	/// Bytes of a chunk: a power of two from 4096 to 1048576.
	#[arg(long, default_value_t = DEFAULT_CHUNK_BYTES)]
	chunk_bytes: u32,
	/// Genesis hash of the chain whose database this is. [default: that of the connected chain]
	#[arg(long, value_name = "HEX")]
	genesis: Option<String>,
	/// Height of that database; 0 for other directories.
	#[arg(long, default_value_t = 0)]
	height: u64,
	/// The block of the Granary chain from which on anyone may retire it. [default: never]
	#[arg(long, value_name = "BLOCK")]
	expires: Option<BlockNumber>,
	/// Name and version of the software that wrote it.
	#[arg(long, default_value = "")]
	software: String,
	#[command(flatten)]
	account: AccountArgs,
}

pub(super) async fn run(args: CreateArgs, context: &Context) -> Result<()> {
	ensure!(args.path.is_dir(), "{} is not a directory", args.path.display());
	ensure!(
		!args.name.is_empty() && args.name.len() <= 64,
		"a snapshot's name has 1 to 64 bytes, '{}' has {}",
		args.name,
		args.name.len()
	);
	let tenant = args.account.tenant_keys()?;
	let chain = context.connect().await?;
	let options = create_options(&args, &chain)?;
	let known_key = args.key.exists();
	let key = load_or_create_key(&args.key)?;
	if !known_key {
		context.note(format!(
			"made the dataset key {}: keep it, nothing can be read without it",
			args.key.display()
		));
	}
	let dataset_id = key.id();
	let open = open_for_writing(&chain, args.reservation, key, &tenant).await?;

	let bar = Bar::bytes(context, "sealing");
	let created = granary_snapshot::create(&args.path, options, open.store(), &bar)
		.await
		.with_context(|| format!("storing {}", args.path.display()))?;
	bar.finish();
	let grown = record_checkpoints(&chain, &open, &tenant, Shrunk::Refuse).await?;
	context.note(format!("recorded {grown} co-signed checkpoints"));

	let id = chain
		.publish_snapshot(
			tenant.signer(),
			PublishSnapshot {
				statement: SnapshotStatement {
					reservation: args.reservation,
					dataset: dataset_id,
					name: args.name.clone().into_bytes(),
					manifest: created.manifest_id,
					database: on_chain_kind(created.manifest.chain.as_ref()),
					genesis: created.manifest.chain.as_ref().map_or([0; 32], |chain| chain.genesis),
					height: args.height,
					total_bytes: created.total_bytes,
				},
				stored_bytes: created.stored_bytes,
				expires: args.expires,
			},
		)
		.await
		.context("publishing the snapshot on chain")?;
	report(context, id, &args.name, &created);
	Ok(())
}

fn create_options(args: &CreateArgs, chain: &ChainClient) -> Result<CreateOptions> {
	let genesis = match &args.genesis {
		Some(text) => parse_hash(text)?,
		None => chain.genesis_hash(),
	};
	let chain = (args.height > 0).then(|| ChainInfo {
		chain_id: chain_directory(&args.path),
		genesis,
		database: database_kind(&args.path),
		best_number: args.height,
		software: args.software.clone(),
		..ChainInfo::default()
	});
	Ok(CreateOptions { name: args.name.clone(), chunk_bytes: args.chunk_bytes, chain })
}

fn parse_hash(text: &str) -> Result<Hash> {
	let bytes = hex::decode(text.trim_start_matches("0x")).context("--genesis is not hex")?;
	Hash::try_from(bytes.as_slice())
		.map_err(|_| anyhow::anyhow!("--genesis has {} bytes, a block hash has 32", bytes.len()))
}

/// The chain id is the name of the one directory below `chains/`.
fn chain_directory(base: &std::path::Path) -> String {
	std::fs::read_dir(base.join("chains"))
		.into_iter()
		.flatten()
		.flatten()
		.map(|entry| entry.file_name().to_string_lossy().into_owned())
		.next()
		.unwrap_or_default()
}

/// Which database a node's base path holds, by the directory that the node makes for it.
fn database_kind(base: &std::path::Path) -> String {
	let chain = base.join("chains").join(chain_directory(base));
	let kind = ["paritydb", "db"].into_iter().find(|kind| chain.join(kind).is_dir());
	match kind {
		Some("db") => "rocksdb".to_owned(),
		Some(kind) => kind.to_owned(),
		None => String::new(),
	}
}

/// The kind that the catalogue lists a manifest's database under.
fn on_chain_kind(chain: Option<&ChainInfo>) -> DatabaseKind {
	match chain.map(|chain| chain.database.as_str()) {
		Some("paritydb") => DatabaseKind::ParityDb,
		Some("rocksdb") => DatabaseKind::RocksDb,
		_ => DatabaseKind::Other,
	}
}

fn report(context: &Context, id: u64, name: &str, created: &Created) {
	let excluded: Vec<String> =
		created.excluded.iter().map(|path| path.to_string_lossy().into_owned()).collect();
	context.print(
		&json!({
			"id": id,
			"name": name,
			"manifest": format!("0x{}", hex::encode(created.manifest_id)),
			"total_bytes": created.total_bytes,
			"stored_bytes": created.stored_bytes,
			"chunks": created.chunks,
			"holes": created.holes,
			"excluded": excluded,
		}),
		|out| {
			out.line(format!("snapshot {id} '{name}' is published"));
			out.line(format!(
				"  {} in {} chunks and {} holes, stored as {} over all nodes",
				bytes_text(created.total_bytes),
				created.chunks,
				created.holes,
				bytes_text(created.stored_bytes)
			));
			for path in &excluded {
				out.line(format!("  left out: {path}"));
			}
			out.line(format!("mount it: granary mount {id} DIR --key KEYFILE"));
		},
	);
}
