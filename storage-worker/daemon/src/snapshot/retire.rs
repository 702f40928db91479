//! `granary snapshot retire` and `expire`.

use super::find;
use crate::cli::{AccountArgs, Context};
use anyhow::Result;
use clap::Args;
use granary_chain::Call;
use granary_primitives::{BlockNumber, SnapshotId};
use serde_json::json;

#[derive(Debug, Args)]
pub(crate) struct RetireArgs {
	/// The snapshot's number.
	snapshot: SnapshotId,
	#[command(flatten)]
	account: AccountArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ExpireArgs {
	/// The snapshot's number.
	snapshot: SnapshotId,
	/// The block from which on anyone may retire it; never without it.
	#[arg(long, value_name = "BLOCK")]
	at: Option<BlockNumber>,
	#[command(flatten)]
	account: AccountArgs,
}

/// Takes a snapshot out of the catalogue; its deposit returns to its publisher.
pub(super) async fn retire(args: RetireArgs, context: &Context) -> Result<()> {
	let keys = args.account.tenant_keys()?;
	let chain = context.connect().await?;
	let snapshot = find(&chain, args.snapshot).await?;
	let call = Call::retire_snapshot(args.snapshot);
	chain.submit_and_finalise(keys.signer(), &call).await?;
	let (id, reservation) = (snapshot.id, snapshot.reservation);
	context.print(&json!({ "retired": id, "reservation": reservation }), |out| {
		out.line(format!("snapshot {id} is retired"));
		out.line(format!(
			"  give back what only it needs: granary dataset release {reservation} --key KEYFILE"
		));
	});
	Ok(())
}

/// Sets or removes the block from which on anyone may retire a snapshot.
pub(super) async fn expire(args: ExpireArgs, context: &Context) -> Result<()> {
	let keys = args.account.tenant_keys()?;
	let chain = context.connect().await?;
	find(&chain, args.snapshot).await?;
	let call = Call::set_snapshot_expiry(args.snapshot, args.at);
	chain.submit_and_finalise(keys.signer(), &call).await?;
	let id = args.snapshot;
	context.print(&json!({ "id": id, "expires": args.at }), |out| match args.at {
		Some(block) => out.line(format!("anyone may retire snapshot {id} from block {block} on")),
		None => out.line(format!("snapshot {id} stays until its publisher retires it")),
	});
	Ok(())
}
