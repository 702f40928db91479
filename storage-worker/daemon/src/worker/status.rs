//! `granary worker status`.

use super::registration::find;
use crate::{
	cli::{bytes_text, units_text, Context, Failure},
	keys::WorkerKeys,
};
use anyhow::{ensure, Result};
use clap::Args;
use granary_primitives::audit::{AuditOutcome, AuditRecord};
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
	ensure!(
		key_dir.is_dir(),
		"{} is not a worker's data directory: it has no keys/",
		args.dir.display()
	);
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
	let mut last_ended = Vec::with_capacity(allotments.len());
	for allotment in &allotments {
		last_ended.push(chain.audit_history(allotment.id).await?.into_iter().next());
	}
	let rows: Vec<_> =
		allotments.iter().zip(&audits).zip(&last_ended).map(|((a, b), c)| (a, b, c)).collect();
	let value = json!({
		"node": node.id,
		"farm": node.farm,
		"endpoint": String::from_utf8_lossy(&node.endpoint),
		"capacity_bytes": node.capacity_bytes,
		"reserved_bytes": node.reserved_bytes,
		"allotments": rows.iter().map(|(allotment, audit, last)| json!({
			"id": allotment.id,
			"reservation": allotment.reservation,
			"bytes": allotment.bytes,
			"leaves": audit.as_ref().and_then(|audit| audit.checkpoint).map_or(0, |c| c.leaf_count),
			"proven": audit.as_ref().map_or(0, |audit| audit.proven),
			"missed": audit.as_ref().map_or(0, |audit| audit.missed),
			"next_tick": audit.as_ref().and_then(|audit| audit.next_tick),
			"last_audit": last.as_ref().map(last_text),
			"paid": allotment.paid.to_string(),
			"withheld": allotment.withheld.to_string(),
		})).collect::<Vec<_>>(),
	});
	context.print(&value, |out| {
		out.line(format!("node {} of farm {}", node.id, node.farm));
		out.field("endpoint", String::from_utf8_lossy(&node.endpoint));
		out.field(
			"reserved",
			format!("{} of {}", bytes_text(node.reserved_bytes), bytes_text(node.capacity_bytes)),
		);
		out.row(&[
			"ALLOTMENT",
			"RESERVATION",
			"SIZE",
			"PROVEN",
			"MISSED",
			"LAST AUDIT",
			"PAID",
			"WITHHELD",
		]);
		for (allotment, audit, last) in &rows {
			out.row(&[
				&allotment.id.to_string(),
				&allotment.reservation.to_string(),
				&bytes_text(allotment.bytes),
				&audit.as_ref().map_or(0, |audit| audit.proven).to_string(),
				&audit.as_ref().map_or(0, |audit| audit.missed).to_string(),
				&last.as_ref().map_or_else(|| "-".to_owned(), last_text),
				&units_text(allotment.paid),
				&units_text(allotment.withheld),
			]);
		}
	});
	Ok(())
}

fn last_text(record: &AuditRecord) -> String {
	match record.outcome {
		AuditOutcome::Proven { block, .. } => format!("proven in block {block}"),
		AuditOutcome::Missed { block } => format!("missed at block {block}"),
	}
}
