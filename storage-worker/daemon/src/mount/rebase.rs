//! `granary rebase`: a layer goes on from another snapshot of its chain.

use super::keeping;
use crate::{
	cli::{Context, Failure},
	snapshot::{find, find_by_manifest, open_info, OpenArgs, OpenSnapshot, ReadingArgs},
};
use anyhow::{ensure, Context as _, Result};
use clap::Args;
use granary_chain::ChainClient;
use granary_mount::Base;
use granary_primitives::{snapshot::SnapshotInfo, SnapshotId};
use serde_json::json;
use std::{path::PathBuf, sync::Arc};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  # Give up what the node wrote and go on from the newest snapshot of its chain:
  granary rebase ~/.local/state/granary/nodes/asset-hub --key dataset.key

Nothing may be mounted on the layer. What the node wrote is given up; its session keys and its network key, which are in no
snapshot, stay. Chunks that both snapshots have are not fetched again.")]
pub(crate) struct RebaseArgs {
	/// The state directory of the mount or of the provisioned node.
	state_dir: PathBuf,
	/// The snapshot to go on from. [default: the newest of the same chain and kind of database]
	snapshot: Option<SnapshotId>,
	/// The dataset key, of both snapshots.
	#[arg(long, value_name = "FILE")]
	key: PathBuf,
	#[command(flatten)]
	reading: ReadingArgs,
}

/// `granary rebase`.
pub(crate) async fn run_rebase(args: RebaseArgs, context: &Context) -> Result<()> {
	let thin = args.state_dir.join("thin");
	let manifest = granary_mount::snapshot_of(&thin)?.with_context(|| {
		format!("{} holds no thin layer; name a mount's state directory", args.state_dir.display())
	})?;
	ensure!(
		!keeping::is_held(&args.state_dir),
		"the mount of {} waits for a process that serves it, and whoever uses it goes on then; unmount it first: fusermount3 -u MOUNT_POINT",
		args.state_dir.display()
	);
	let chain = context.connect().await?;
	let from = find_by_manifest(&chain, manifest).await?.ok_or_else(|| {
		Failure::not_found(
			"the snapshot below the layer is not in the catalogue any more",
			"start anew with another --state-dir, and copy the keystore",
		)
	})?;
	let onto = target(&args, &chain, &from).await?;
	ensure!(
		(onto.genesis, onto.database) == (from.genesis, from.database),
		"snapshot {} is of another chain or another kind of database than snapshot {}",
		onto.id,
		from.id
	);
	if onto.id == from.id {
		context.note(format!("snapshot {} is the newest; the layer stays as it is", from.id));
		return Ok(());
	}
	let before = base(&args, from.clone(), &chain, context).await?;
	let after = base(&args, onto.clone(), &chain, context).await?;
	let kept = tokio::task::spawn_blocking(move || granary_mount::rebase(&thin, before, after))
		.await
		.context("the task ended early")??;
	let kept: Vec<String> =
		kept.iter().map(|path| String::from_utf8_lossy(path).into_owned()).collect();
	let report = json!({
		"from": from.id, "to": onto.id, "height": onto.height, "kept": kept,
	});
	context.print(&report, |out| {
		out.line(format!(
			"the layer goes on from snapshot {} at height {} instead of {}",
			onto.id, onto.height, from.id
		));
		for path in &kept {
			out.line(format!("  kept: {path}"));
		}
	});
	Ok(())
}

async fn target(
	args: &RebaseArgs,
	chain: &ChainClient,
	from: &SnapshotInfo,
) -> Result<SnapshotInfo> {
	if let Some(id) = args.snapshot {
		return find(chain, id).await;
	}
	let newest = chain.snapshots_of_chain(from.genesis, Some(from.database), None, 64).await?;
	let own = newest.into_iter().filter(|info| info.dataset == from.dataset);
	let newest = own.max_by_key(|info| (info.height, info.id));
	newest.with_context(|| format!("no snapshot of the chain of snapshot {} is left", from.id))
}

async fn base(
	args: &RebaseArgs,
	info: SnapshotInfo,
	chain: &Arc<ChainClient>,
	context: &Context,
) -> Result<Base> {
	let open = OpenArgs { snapshot: info.id, key: args.key.clone(), reading: args.reading.clone() };
	let OpenSnapshot { info, reader, .. } = open_info(&open, info, chain.clone(), context).await?;
	Ok(Base { id: info.manifest, lower: reader })
}
