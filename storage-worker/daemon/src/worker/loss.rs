//! `granary worker declare-loss`.

use super::registration::find;
use crate::{
	cli::{Context, Failure},
	keys::WorkerKeys,
};
use anyhow::{ensure, Result};
use clap::Args;
use granary_chain::Call;
use granary_primitives::{message, AllotmentId};
use serde_json::json;
use std::{path::PathBuf, time::Duration};

/// How long a block may take to become final.
const FINALITY_PATIENCE: Duration = Duration::from_secs(120);
const POLL_INTERVAL: Duration = Duration::from_millis(500);

#[derive(Debug, Args)]
pub(crate) struct LossArgs {
	/// The allotment whose data are gone.
	allotment: AllotmentId,
	/// The worker's data directory.
	#[arg(long)]
	dir: PathBuf,
	/// Do it: half of the allotment's bond is gone for good.
	#[arg(long)]
	yes: bool,
}

/// Tells the chain what the node lost before an audit finds out, which costs half.
pub(super) async fn run(args: LossArgs, context: &Context) -> Result<()> {
	let key_dir = args.dir.join("keys");
	ensure!(key_dir.is_dir(), "{} is not a worker's data directory", args.dir.display());
	let keys = WorkerKeys::load_or_create(&key_dir)?;
	let chain = context.connect().await?;
	let node = find(&chain, &keys).await?;
	let record = chain.allotment(args.allotment).await?;
	let own = node.zip(record).filter(|(node, record)| node.id == record.node);
	let (node, record) = own.ok_or_else(|| {
		Failure::not_found(
			format!("allotment {} is none of the node of {}", args.allotment, args.dir.display()),
			"`granary worker status` lists its allotments",
		)
	})?;
	ensure!(!record.lost, "allotment {} is given up already", args.allotment);
	ensure!(
		args.yes,
		"allotment {} of reservation {} would be given up and half of its bond lost; say --yes if its data are gone",
		args.allotment,
		record.reservation
	);
	let signature =
		keys.audit().sign(&message::loss(&chain.genesis_hash(), args.allotment, node.id));
	chain.submit_authorised(&Call::declare_loss(args.allotment, signature)).await?;
	// It is in a block of the best chain; done is what is final.
	let final_by = tokio::time::Instant::now() + FINALITY_PATIENCE;
	while !chain.allotment(args.allotment).await?.is_some_and(|record| record.lost) {
		ensure!(
			tokio::time::Instant::now() < final_by,
			"the declaration was taken but is not final after {} s; look at `granary worker status` later",
			FINALITY_PATIENCE.as_secs()
		);
		tokio::time::sleep(POLL_INTERVAL).await;
	}
	context.print(&json!({ "allotment": args.allotment, "lost": true }), |out| {
		out.line(format!("allotment {} is given up; its tenant can move it", args.allotment));
	});
	Ok(())
}
