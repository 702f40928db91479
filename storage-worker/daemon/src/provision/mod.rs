//! `granary provision`: from nothing to a node that imports blocks, in one command.
//!
//! Chooses the newest snapshot of the chain, checks that the node fits it, mounts it, starts the node, tells when the first new block is imported, and
//! looks after the node from then on.

mod check;
mod choose;
mod file;
mod supervise;

use crate::{
	cli::{bytes_text, Context},
	mount::{Keeping, Session, SessionArgs, SessionOptions},
	node_command::NodeCommand,
	snapshot::{OpenArgs, ReadingArgs},
};
use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use granary_dispersal::DatasetKey;
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, time::Instant};

/// Where the running node is noted, in the state directory.
const NODE_RECORD: &str = "node.json";

/// When a node that ended is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Restart {
	/// Never
	Never,
	/// When it failed
	OnFailure,
	/// Always
	Always,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  granary provision --chain asset-hub --key dataset.key -- \\
    polkadot-parachain --chain asset-hub-polkadot --collator --base-path {base-path}
  # The same from a file, as a systemd unit does it:
  granary provision --config /etc/granary/collator.toml

{base-path} stands for the mount point. Session keys and the network key that the node makes stay on this
machine: they are kept in the state directory and never published. Stopped and started again, the node goes on where it was.
With --hold the mount and the node outlive this process when it is killed, and the same command goes on with both; --take-over does so while
it still runs.

A file says: chain, key, command (a list), and if wanted at, database, mount_point, state_dir, cache_dir, node_rpc, restart, hold.")]
pub(crate) struct ProvisionArgs {
	/// The node's chain: its genesis hash, its id, or the name of its snapshots.
	#[arg(long, value_name = "GENESIS|NAME", required_unless_present = "config")]
	chain: Option<String>,
	/// Settings from a file; what flags say counts more.
	#[arg(long, value_name = "FILE")]
	config: Option<PathBuf>,
	/// The newest snapshot at or below this height, or the newest of all.
	#[arg(long, value_name = "HEIGHT|latest")]
	at: Option<String>,
	/// Only snapshots of this kind of database. [default: that of the node's --database]
	#[arg(long, value_name = "paritydb|rocksdb")]
	database: Option<String>,
	/// The dataset key.
	#[arg(long, value_name = "FILE", required_unless_present = "config")]
	key: Option<PathBuf>,
	/// Where the snapshot is mounted. [default: `mnt` in the state directory]
	#[arg(long, value_name = "DIR")]
	mount_point: Option<PathBuf>,
	/// Where the node answers RPC. [default: port of its --rpc-port on this machine]
	#[arg(long, value_name = "URL")]
	node_rpc: Option<String>,
	/// When the node is started again after it ended. [default: on-failure]
	#[arg(long, value_enum)]
	restart: Option<Restart>,
	/// Start although the node's name, version or options do not fit the snapshot.
	#[arg(long)]
	force: bool,
	#[command(flatten)]
	reading: ReadingArgs,
	#[command(flatten)]
	session: SessionArgs,
	/// The node's command, after --.
	#[arg(last = true, value_name = "COMMAND")]
	command: Vec<String>,
}

pub(crate) async fn run(args: ProvisionArgs, context: &Context) -> Result<()> {
	let began = Instant::now();
	let args = file::complete(args)?;
	let chain_name = args.chain.clone().context("no chain was named")?;
	let key = args.key.clone().context("no dataset key was named")?;
	let mut command = NodeCommand::new(args.command.clone(), args.node_rpc.clone())?;
	let database = check::wanted_database(args.database.as_deref(), &command)?;
	// A bad key file is told before the chain is asked.
	DatasetKey::load(&key)?;
	let wanted = choose::Wanted {
		chain: &chain_name,
		at: choose::parse_height(args.at.as_deref())?,
		database,
		key: &key,
	};
	let state_dir = match &args.session.state_dir {
		Some(dir) => dir.clone(),
		None => choose::default_state_dir(&chain_name)?,
	};
	let chosen = choose::choose(&wanted, &state_dir, &args.reading, context).await?;
	context.note(format!(
		"snapshot {} '{}' at height {}, {}",
		chosen.info.id,
		String::from_utf8_lossy(&chosen.info.name),
		chosen.info.height,
		bytes_text(chosen.info.total_bytes)
	));
	check::check_node(&mut command, &chosen, args.force, context).await?;

	let mount_point = match &args.mount_point {
		Some(dir) => dir.clone(),
		None => state_dir.join("mnt"),
	};
	let record = state_dir.join(NODE_RECORD);
	let running = command.running(&record)?;
	let keeping = Keeping::look(&state_dir, &args.session);
	let running = match running {
		Some(mut node) if !keeping.is_held() => {
			keeping.check_unserved().await?;
			// The mount that it used went with the process that looked after it.
			context.note("stopping the node that an earlier process has left behind");
			node.stop().await?;
			None
		},
		running => running,
	};
	if !granary_mount::is_mounted(&mount_point)? {
		std::fs::create_dir_all(&mount_point)
			.with_context(|| format!("creating the mount point {}", mount_point.display()))?;
	}
	let options = SessionOptions {
		open: OpenArgs { snapshot: chosen.info.id, key, reading: args.reading },
		mount_point,
		session: SessionArgs { state_dir: Some(state_dir), ..args.session },
	};
	let session = Session::start(options, context).await?;
	context.note(format!(
		"mounted on {} after {} ms",
		session.mount_point().display(),
		began.elapsed().as_millis()
	));
	let policy = args.restart.unwrap_or(Restart::OnFailure);
	let node = supervise::Supervised { command: &command, record: &record, running };
	let result = supervise::supervise(&session, node, policy, began, context).await;
	session.end_if_left(context)?;
	session.unmount_patiently(context).await?;
	result
}
