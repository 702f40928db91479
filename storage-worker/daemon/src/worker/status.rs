//! `granary worker status`.

use super::registration::find;
use crate::{
	cli::{bytes_text, units_text, Context, Failure},
	keys::WorkerKeys,
};
use anyhow::{ensure, Result};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
	/// The worker's data directory.
	#[arg(long)]
	dir: PathBuf,
}

pub(super) async fn run(args: StatusArgs, context: &Context) -> Result<()> {
	let key_dir = args.dir.join("keys");
	ensure!(key_dir.is_dir(), "{} is not a worker's data directory: it has no keys/", args.dir.display());
	let keys = WorkerKeys::load_or_create(&key_dir)?;
	let chain = context.connect().await?;
	let node = find(&chain, &keys).await?.ok_or_else(|| {
		Failure::not_found(
			format!("the node of {} is not registered on this chain", args.dir.display()),
			"`granary worker run` registers it",
		)
	})?;
	let allotments = chain.allotments_of_node(node.id).await?;
	let mut audits = Vec::with_capacity(allotments.len());
	for allotment in &allotments {
		audits.push(chain.audit_status(allotment.id).await?);
	}
	let rows: Vec<_> = allotments.iter().zip(&audits).collect();
	let value = json!({
		"node": node.id,
		"farm": node.farm,
		"endpoint": String::from_utf8_lossy(&node.endpoint),
		"capacity_bytes": node.capacity_bytes,
		"reserved_bytes": node.reserved_bytes,
		"allotments": rows.iter().map(|(allotment, audit)| json!({
			"id": allotment.id,
			"reservation": allotment.reservation,
			"bytes": allotment.bytes,
			"leaves": audit.as_ref().and_then(|audit| audit.checkpoint).map_or(0, |c| c.leaf_count),
			"proven": audit.as_ref().map_or(0, |audit| audit.proven),
			"missed": audit.as_ref().map_or(0, |audit| audit.missed),
			"next_tick": audit.as_ref().and_then(|audit| audit.next_tick),
			"paid": allotment.paid.to_string(),
			"withheld": allotment.withheld.to_string(),
		})).collect::<Vec<_>>(),
	});
	context.print(&value, |out| {
		out.line(format!("node {} of farm {}", node.id, node.farm));
		out.field("endpoint", String::from_utf8_lossy(&node.endpoint));
		out.field("reserved", format!("{} of {}", bytes_text(node.reserved_bytes), bytes_text(node.capacity_bytes)));
		out.row(&["ALLOTMENT", "RESERVATION", "SIZE", "PROVEN", "MISSED", "PAID", "WITHHELD"]);
		for (allotment, audit) in &rows {
			out.row(&[
				&allotment.id.to_string(),
				&allotment.reservation.to_string(),
				&bytes_text(allotment.bytes),
				&audit.as_ref().map_or(0, |audit| audit.proven).to_string(),
				&audit.as_ref().map_or(0, |audit| audit.missed).to_string(),
				&units_text(allotment.paid),
				&units_text(allotment.withheld),
			]);
		}
	});
	Ok(())
}
