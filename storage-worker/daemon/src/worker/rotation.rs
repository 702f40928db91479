//! `granary worker rotate-keys`.

use super::registration::find_with_keys;
use crate::{
	cli::{AccountArgs, Context, Failure},
	keys::WorkerKeys,
};
use anyhow::{ensure, Context as _, Result};
use clap::Args;
use granary_chain::Call;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  # New audit and transport keys, valid after the chain's delay:
  granary worker rotate-keys --dir /var/lib/granary --key-file account.key
  # While they are not valid yet, as when the announcement was somebody else's:
  granary worker rotate-keys --dir /var/lib/granary --key-file account.key --cancel

The new keys are kept in keys/next (back them up); a running worker changes to them by itself at the block from which they are valid, and so does one that is started
later. Clients follow the chain's record. Until then the present keys sign.")]
pub(crate) struct RotateArgs {
	/// The worker's data directory.
	#[arg(long)]
	dir: PathBuf,
	/// Keep the present keys, while the new ones are not valid yet.
	#[arg(long)]
	cancel: bool,
	/// The account that registered the node.
	#[command(flatten)]
	account: AccountArgs,
}

/// Announces keys, or takes that back.
pub(super) async fn run(args: RotateArgs, context: &Context) -> Result<()> {
	let key_dir = args.dir.join("keys");
	ensure!(key_dir.is_dir(), "{} is not a worker's data directory", args.dir.display());
	let operator = args.account.tenant_keys()?;
	let chain = context.connect().await?;
	let (_, node) = find_with_keys(&chain, &key_dir).await?;
	let node = node.ok_or_else(|| {
		Failure::not_found(
			format!("the node of {} is not registered on this chain", args.dir.display()),
			"`granary worker run` registers it",
		)
	})?;
	if args.cancel {
		let call = Call::cancel_rotation(node.id);
		chain.submit_and_finalise(operator.signer(), &call).await?;
		WorkerKeys::remove_next(&key_dir)?;
		context.print(&json!({ "node": node.id, "cancelled": true }), |out| {
			out.line(format!("node {} keeps its keys", node.id));
		});
		return Ok(());
	}
	// Made before they are announced: a key that only the chain has would lock the node out.
	let next = WorkerKeys::load_or_create_next(&key_dir)?;
	let audit_key = next.audit().public_key();
	let call = Call::rotate_keys(node.id, audit_key, next.transport_public());
	chain.submit_and_finalise(operator.signer(), &call).await?;
	let report = chain.node_report(node.id).await?.context("the node is not on chain any more")?;
	let value = json!({
		"node": node.id,
		"audit_key": format!("0x{}", hex::encode(audit_key)),
		"transport_key": format!("0x{}", hex::encode(next.transport_public())),
		"valid_from_block": report.next_keys_from,
	});
	context.print(&value, |out| {
		match report.next_keys_from {
			Some(block) => out.line(format!("node {} has new keys from block {block} on", node.id)),
			None => out.line(format!("node {} has new keys", node.id)),
		}
		out.line(format!("  they are in {}: back them up", key_dir.join("next").display()));
	});
	Ok(())
}
