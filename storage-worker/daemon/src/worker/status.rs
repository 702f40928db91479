//! `granary worker status`.

use super::registration::find;
use crate::{
	cli::{bytes_text, units_text, Context, Failure},
	keys::WorkerKeys,
	transport::{Transport, WAY_TIMEOUT},
};
use anyhow::{ensure, Result};
use clap::Args;
use granary_chain::ChainClient;
use granary_dispersal::{BackendError, Route};
use granary_primitives::{
	audit::{AuditOutcome, AuditRecord},
	grid::NodeInfo,
};
use serde_json::{json, Value};
use std::{path::PathBuf, time::Duration};

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
	let ways = ways(&chain, &node).await?;
	let value = json!({
		"node": node.id,
		"farm": node.farm,
		"endpoint": String::from_utf8_lossy(&node.endpoint),
		"ways": ways.iter().map(way_json).collect::<Vec<_>>(),
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
		for (way, answer) in &ways {
			let answer = match answer {
				Ok(taken) => format!("answers in {:.1} ms", taken.as_secs_f64() * 1e3),
				Err(error) => format!("does not answer: {error}"),
			};
			out.field(&way.to_string(), answer);
		}
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

/// A way, and how long the node took to answer over it.
type Way = (Route, Result<Duration, BackendError>);

/// Greets the node over each way that its record names, as tenants do.
async fn ways(chain: &ChainClient, node: &NodeInfo) -> Result<Vec<Way>> {
	let transport = Transport::of_client(chain.genesis_hash(), None)?;
	let backend = transport.backend(chain, node, "default".to_owned(), None).await?;
	Ok(backend.check_each(WAY_TIMEOUT).await)
}

fn way_json((way, answer): &Way) -> Value {
	json!({
		"way": way.to_string(),
		"milliseconds": answer.as_ref().ok().map(|taken| taken.as_secs_f64() * 1e3),
		"error": answer.as_ref().err().map(BackendError::to_string),
	})
}

fn last_text(record: &AuditRecord) -> String {
	match record.outcome {
		AuditOutcome::Proven { block, .. } => format!("proven in block {block}"),
		AuditOutcome::Missed { block } => format!("missed at block {block}"),
	}
}
