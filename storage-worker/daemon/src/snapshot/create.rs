//! `granary snapshot create`.

use super::{
	describe::{describe_chain, on_chain_kind},
	pause::Process,
	published::Published,
	verify_start::{verify_start, with_trace, Started},
};
use crate::{
	cli::{bytes_text, parse_hash, AccountArgs, Bar, Context, WorkDir},
	dataset::{
		load_or_create_key, open_for_writing, record_checkpoints, OpenDataset, PackStore, Shrunk,
	},
	node_command::NodeCommand,
};
use anyhow::{ensure, Context as _, Result};
use clap::{Args, ValueEnum};
use granary_chain::PublishSnapshot;
use granary_dispersal::Naming;
use granary_primitives::{snapshot::SnapshotStatement, BlockNumber, Hash, ReservationId};
use granary_snapshot::{
	create, create_live, Chunking, CreateOptions, Created, KnownFiles, ObjectStore, Trace,
};
use serde_json::json;
use std::{
	path::{Path, PathBuf},
	sync::Arc,
};

/// What is done before a snapshot is announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Verify {
	/// Start the node, whose command follows --, on what was stored
	Start,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  # The database of a stopped node, started from what was stored before it is announced:
  granary snapshot create /var/lib/node --reservation 1 --key dataset.key --name asset-hub --height 120000 \\
    --key-file tenant.key --verify start -- polkadot-parachain --chain asset-hub-polkadot --base-path {base-path}
  # A running node, which is stopped for a moment:
  granary snapshot create /var/lib/node --pid 4711 --reservation 1 --key dataset.key --name asset-hub --height 120000
  # An archive that is read as a whole, if ever, and that no nodes together can damage unnoticed:
  granary snapshot create /var/lib/node --sealed --reservation 2 --key dataset.key --name asset-hub-archive --height 120000

Hot snapshots are mounted, start nodes, share chunks with others of their dataset and take commits. A sealed one can only be restored as a whole
(`granary snapshot materialise`) and shares nothing; use it where losing any byte must not go unnoticed, and give it a reservation of its own, since an
audit draws from all that a reservation holds. Sealing needs 1.32 times the compressed size in --work-dir at 16+4, and restoring as much.

A node on a mount needs no pause: `granary commit`. Never stored: keystores, network keys, lock files, sockets and devices.")]
pub(crate) struct CreateArgs {
	/// The directory to publish, for example the base path of a stopped node.
	pub(super) path: PathBuf,
	/// The process that writes there; it is stopped for as long as files that changed are looked at.
	#[arg(long)]
	pid: Option<i32>,
	/// The reservation that stores it.
	#[arg(long)]
	pub(super) reservation: ReservationId,
	/// The dataset key; made where the file does not exist. Whoever has it can read the snapshot.
	#[arg(long, value_name = "FILE")]
	key: PathBuf,
	/// The snapshot's name, at most 64 bytes.
	#[arg(long)]
	name: String,
	/// Store it as a sealed archive: inner parity and an order of leaves that no node knows. It cannot be mounted.
	#[arg(long, conflicts_with_all = ["verify", "private", "trace"])]
	sealed: bool,
	/// Name and encrypt each chunk by random numbers: not even who can write into the dataset finds out whether a known chunk is in it. Equal chunks are
	/// stored again, and so is everything of the next snapshot.
	#[arg(long)]
	private: bool,
	/// Read every file, also those that are as they were when the directory was published last (by inode, length and times).
	#[arg(long)]
	read_all: bool,
	/// Bytes of all chunks: a power of two from 4096 to 1048576. [default: by what a file is for]
	#[arg(long)]
	chunk_bytes: Option<u32>,
	/// Genesis hash of the chain whose database this is. [default: that of the connected chain]
	#[arg(long, value_name = "HEX", value_parser = parse_hash)]
	genesis: Option<Hash>,
	/// Height of that database; 0 for other directories. With --verify start the node says it.
	#[arg(long, default_value_t = 0)]
	height: u64,
	/// The pruning options that the node was started with, for example '--state-pruning 256'.
	#[arg(long, default_value = "", allow_hyphen_values = true)]
	pruning: String,
	/// The block of the Granary chain from which on anyone may retire it. [default: never]
	#[arg(long, value_name = "BLOCK")]
	expires: Option<BlockNumber>,
	/// Name and version of the software that wrote it. [default: what the verifying node's --version says]
	#[arg(long)]
	software: Option<String>,
	/// What a first start reads, as `granary mount --record` wrote it.
	#[arg(long, value_name = "FILE")]
	trace: Option<PathBuf>,
	/// What is done before it is announced.
	#[arg(long, value_enum, requires = "command")]
	verify: Option<Verify>,
	/// Where that node answers RPC. [default: port of its --rpc-port on this machine]
	#[arg(long, value_name = "URL", requires = "verify")]
	node_rpc: Option<String>,
	/// Where the verification, --pid and --sealed keep what they need for a while. [default: the system's temporary directory]
	#[arg(long, value_name = "DIR")]
	work_dir: Option<PathBuf>,
	#[command(flatten)]
	account: AccountArgs,
	/// The node's command for --verify start, with {base-path} where the mount point belongs.
	#[arg(last = true, value_name = "COMMAND", requires = "verify")]
	command: Vec<String>,
}

impl CreateArgs {
	/// Whether files that an earlier publish stored need not be read. What a running process writes is read; private and sealed snapshots share nothing.
	pub(super) fn uses_known_files(&self) -> bool {
		!(self.read_all || self.private || self.sealed || self.pid.is_some())
	}
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
	let process = args.pid.map(Process::new).transpose()?;
	let trace = args.trace.as_deref().map(read_trace).transpose()?;
	let command = match args.verify {
		Some(Verify::Start) => Some(NodeCommand::new(args.command.clone(), args.node_rpc.clone())?),
		None => None,
	};
	let chain = context.connect().await?;
	let mut options = create_options(&args, command.as_ref(), chain.genesis_hash()).await?;
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
	let (published, known) = Published::find(&args, &chain, dataset_id, context).await?;
	options.known = known;
	let work = WorkDir::new(args.work_dir.as_deref())?;

	let naming = if args.private { Naming::Drawn } else { Naming::ByContent };
	let mut created = if args.sealed {
		store_sealed(&args, options, process, &open, &work, context).await?
	} else {
		let to = open.store_naming(naming);
		let mut created = store(&args, options, process, to.clone(), &work, context).await?;
		if let Some(trace) = trace {
			with_trace(&mut created, to.as_ref(), &trace).await?;
		}
		created
	};
	let mut height = args.height;
	let started = match &command {
		Some(command) => {
			let to = open.store_naming(naming);
			let started = verify_start(command, &mut created, to, work.path(), context).await?;
			height = started.height.into();
			Some(started)
		},
		None => None,
	};
	let grown = record_checkpoints(&chain, &open, &tenant, Shrunk::Refuse).await?;
	context.note(format!("recorded {grown} co-signed checkpoints"));

	let statement = SnapshotStatement {
		reservation: args.reservation,
		dataset: dataset_id,
		name: args.name.clone().into_bytes(),
		manifest: created.manifest_id,
		database: on_chain_kind(created.manifest.chain.as_ref()),
		genesis: created.manifest.chain.as_ref().map_or([0; 32], |chain| chain.genesis),
		height,
		total_bytes: created.total_bytes,
	};
	let stored_bytes = created.written.stored_bytes;
	let publish = PublishSnapshot { statement, stored_bytes, expires: args.expires };
	open.check_hold().await?;
	let id = chain
		.publish_snapshot(tenant.signer(), publish)
		.await
		.context("publishing the snapshot on chain")?;
	published.check(&chain, tenant.signer(), id, &created).await?;
	open.end_hold().await;
	if args.uses_known_files() {
		published.keep(id, &created.known)?;
	}
	report(context, id, &args, &created, started.as_ref());
	Ok(())
}

/// Collects the directory in an archive, seals that and stores it. The manifest's id becomes the archive's.
async fn store_sealed(
	args: &CreateArgs,
	options: CreateOptions,
	process: Option<Process>,
	open: &OpenDataset,
	work: &WorkDir,
	context: &Context,
) -> Result<Created> {
	let dir = work.path().join("archive");
	std::fs::create_dir(&dir)?;
	let collected = PackStore::new(open.dataset.pack(&dir)?);
	let to = Arc::new(collected.clone());
	let mut created = store(args, options, process, to, work, context).await?;
	let pack = collected.take().context("the archive was sealed before")?;
	let bar = Bar::count(context, 0, "coding");
	let sealed = open
		.dataset
		.seal_pack(pack, created.manifest_id, &dir, &|step, done, all| bar.at(step, done, all))
		.await
		.context("storing the sealed archive");
	bar.finish();
	let sealed = sealed?;
	created.manifest_id = *sealed.id.as_bytes();
	created.written.stored_bytes = sealed.stored_bytes;
	Ok(created)
}

/// Stores the directory, of a process that is stopped for a moment or of none.
async fn store<S: ObjectStore + 'static>(
	args: &CreateArgs,
	options: CreateOptions,
	process: Option<Process>,
	to: Arc<S>,
	work: &WorkDir,
	context: &Context,
) -> Result<Created> {
	let bar = Bar::bytes(context, "sealing");
	let storing = || format!("storing {}", args.path.display());
	let created = match process {
		None => create(&args.path, options, to, &bar).await.with_context(storing)?,
		Some(process) => {
			let spill = work.path().join("spill");
			std::fs::create_dir(&spill)?;
			let live = create_live(&args.path, options, to, &process, &spill, &bar)
				.await
				.with_context(storing)?;
			context.note(format!(
				"the process stood still for {:.1} ms, while {} were looked at again",
				live.pause.as_secs_f64() * 1000.0,
				bytes_text(live.paused_bytes)
			));
			live.created
		},
	};
	bar.finish();
	Ok(created)
}

async fn create_options(
	args: &CreateArgs,
	command: Option<&NodeCommand>,
	connected: Hash,
) -> Result<CreateOptions> {
	let genesis = args.genesis.unwrap_or(connected);
	let software = match (&args.software, command) {
		(Some(software), _) => software.clone(),
		(None, Some(command)) => command.version().await?,
		(None, None) => String::new(),
	};
	let chain = (args.height > 0 || command.is_some())
		.then(|| describe_chain(&args.path, genesis, args.height, &args.pruning, software));
	let chunking = args.chunk_bytes.map_or(Chunking::ByUse, Chunking::Fixed);
	Ok(CreateOptions { name: args.name.clone(), chunking, chain, known: KnownFiles::default() })
}

fn read_trace(path: &Path) -> Result<Trace> {
	let bytes =
		std::fs::read(path).with_context(|| format!("reading the trace {}", path.display()))?;
	Trace::from_bytes(&bytes).with_context(|| format!("in {}", path.display()))
}

fn report(
	context: &Context,
	id: u64,
	args: &CreateArgs,
	created: &Created,
	started: Option<&Started>,
) {
	let name = &args.name;
	let excluded: Vec<String> =
		created.excluded.iter().map(|path| path.to_string_lossy().into_owned()).collect();
	context.print(
		&json!({
			"id": id,
			"name": name,
			"sealed": args.sealed,
			"private": args.private,
			"manifest": format!("0x{}", hex::encode(created.manifest_id)),
			"total_bytes": created.total_bytes,
			"unread_bytes": created.unread_bytes,
			"stored_bytes": created.written.stored_bytes,
			"chunks": created.written.chunks,
			"holes": created.written.holes,
			"excluded": excluded,
			"started_at_height": started.map(|started| started.height),
			"trace_accesses": started.map(|started| started.accesses),
		}),
		|out| {
			out.line(format!("snapshot {id} '{name}' is published"));
			out.line(format!(
				"  {} in {} chunks and {} holes, stored as {} over all nodes",
				bytes_text(created.total_bytes),
				created.written.chunks,
				created.written.holes,
				bytes_text(created.written.stored_bytes)
			));
			if created.unread_bytes > 0 {
				out.line(format!(
					"  {} of it in files that are as they were, which were not read again",
					bytes_text(created.unread_bytes)
				));
			}
			if let Some(started) = started {
				out.line(format!(
					"  a node started from it at block {}, reading {} chunks: its trace",
					started.height, started.accesses
				));
			}
			for path in &excluded {
				out.line(format!("  left out: {path}"));
			}
			out.line(match args.sealed {
				true => format!("restore it: granary snapshot materialise {id} DIR --key KEYFILE"),
				false => format!("mount it: granary mount {id} DIR --key KEYFILE"),
			});
		},
	);
}
