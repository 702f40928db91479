//! `granary node` and `granary farm`.

use crate::{
	cli::{bytes_text, units_text, AccountArgs, Context, Failure},
	farming::{change_farm, change_node, FarmChange, NodeChange},
	transport::{Transport, WAY_TIMEOUT},
};
use anyhow::{Context as _, Result};
use clap::Subcommand;
use granary_chain::{address_of, Call, ChainClient};
use granary_primitives::{grid::NodeInfo, BlockNumber, NodeId};
use serde_json::{json, Value};
use std::time::Instant;

/// Nodes.
#[derive(Debug, Subcommand)]
pub(crate) enum NodeCommand {
	/// List all nodes.
	List,
	/// Show one node.
	Show {
		/// The node's number.
		node: NodeId,
	},
	/// Greet a node as tenants do, over the first of its ways that works: encrypted, and it must prove the key that is on record.
	Ping {
		/// The node's number.
		node: NodeId,
	},
	/// Take no new allotments (for an orderly exit, or because the node sleeps), or take them again.
	Availability {
		/// The node's number.
		node: NodeId,
		/// It is being emptied.
		#[arg(long)]
		draining: bool,
		/// It sleeps; only while it holds nothing.
		#[arg(long)]
		standby: bool,
		#[command(flatten)]
		account: AccountArgs,
	},
	/// Announce that the node will not answer audits for a while, nor earn.
	Maintenance {
		/// The node's number.
		node: NodeId,
		/// The first block of it.
		#[arg(long)]
		start: BlockNumber,
		/// The first block after it.
		#[arg(long)]
		end: BlockNumber,
		#[command(flatten)]
		account: AccountArgs,
	},
	#[command(flatten)]
	Change(NodeChange),
}

/// Farms.
#[derive(Debug, Subcommand)]
pub(crate) enum FarmCommand {
	/// List all farms.
	List,
	#[command(flatten)]
	Change(FarmChange),
}

/// Runs `granary node`.
pub(crate) async fn run_node(command: NodeCommand, context: &Context) -> Result<()> {
	let chain = context.connect().await?;
	match command {
		NodeCommand::List => {
			let nodes = chain.all_nodes().await?;
			let values: Vec<Value> = nodes.iter().map(node_json).collect();
			context.print(&json!(values), |out| {
				out.row(&[
					"NODE",
					"FARM",
					"ENDPOINT",
					"CAPACITY",
					"RESERVED",
					"PRICE/GIB·H",
					"BOND",
					"BOND USED",
				]);
				for node in &nodes {
					out.row(&[
						&node.id.to_string(),
						&node.farm.to_string(),
						&String::from_utf8_lossy(&node.endpoint),
						&bytes_text(node.capacity_bytes),
						&bytes_text(node.reserved_bytes),
						&units_text(node.price_per_gib_hour),
						&units_text(node.bond),
						&units_text(node.bond_used),
					]);
				}
			});
		},
		NodeCommand::Show { node: id } => {
			let node = find(&chain, id).await?;
			let report = chain.node_report(id).await?.context("the node is gone")?;
			let mut value = node_json(&node);
			value["rent_per_block"] = json!(report.rent_per_block.map(|price| price.to_string()));
			value["renter"] = json!(report.renter.map(|renter| address_of(&renter)));
			value["next_keys_from_block"] = json!(report.next_keys_from);
			context.print(&value, |out| {
				out.line(format!("node {} of farm {}", node.id, node.farm));
				out.field("operator", address_of(&node.operator));
				out.field("endpoint", String::from_utf8_lossy(&node.endpoint));
				out.field(
					"reserved",
					format!(
						"{} of {}",
						bytes_text(node.reserved_bytes),
						bytes_text(node.capacity_bytes)
					),
				);
				out.field(
					"price",
					format!("{} units per GiB and hour", units_text(node.price_per_gib_hour)),
				);
				out.field(
					"bond",
					format!(
						"{} units, {} in use",
						units_text(node.bond),
						units_text(node.bond_used)
					),
				);
				out.field("state", state_text(&node));
				if let Some(renter) = report.renter {
					out.field("rented by", address_of(&renter));
				}
				if let Some(price) = report.rent_per_block {
					out.field("for rent", format!("{} units a block", units_text(price)));
				}
				if let Some(block) = report.next_keys_from {
					out.field("new keys", format!("from block {block} on"));
				}
				out.field("audit key", format!("0x{}", hex::encode(node.audit_key)));
				out.field("transport key", format!("0x{}", hex::encode(node.transport_key)));
			});
		},
		NodeCommand::Change(change) => change_node(&chain, change, context).await?,
		NodeCommand::Ping { node } => ping(&chain, node, context).await?,
		NodeCommand::Availability { node, draining, standby, account } => {
			find(&chain, node).await?;
			let call = Call::set_availability(node, draining, standby);
			chain.submit_and_finalise(account.tenant_keys()?.signer(), &call).await?;
			context.note(format!("node {node}: {}", state_text(&find(&chain, node).await?)));
		},
		NodeCommand::Maintenance { node, start, end, account } => {
			find(&chain, node).await?;
			let call = Call::announce_maintenance(node, start, end);
			chain.submit_and_finalise(account.tenant_keys()?.signer(), &call).await?;
			context.note(format!("node {node}: {}", state_text(&find(&chain, node).await?)));
		},
	}
	Ok(())
}

/// The node with this number, or an error that says how to find one.
pub(crate) async fn find(chain: &ChainClient, id: NodeId) -> Result<NodeInfo> {
	let missing = || {
		Failure::not_found(
			format!("node {id} does not exist on this chain"),
			"`granary node list` shows those that do",
		)
	};
	Ok(chain.node(id).await?.ok_or_else(missing)?)
}

/// Whether a node takes new allotments, and when it will not answer.
fn state_text(node: &NodeInfo) -> String {
	let mut text = match (node.draining, node.standby) {
		(_, true) => "sleeps",
		(true, false) => "is being emptied",
		(false, false) => "takes allotments",
	}
	.to_owned();
	if let Some((start, end)) = node.maintenance {
		text.push_str(&format!(", in maintenance from block {start} to before block {end}"));
	}
	text
}

/// Connects to a node, lets it prove its key, and selects the namespace that every node has.
async fn ping(chain: &ChainClient, node: NodeId, context: &Context) -> Result<()> {
	let record = find(chain, node).await?;
	let transport = Transport::of_client(chain.genesis_hash(), None)?;
	let backend = transport.backend(chain, &record, "default".to_owned(), None).await?;
	let started = Instant::now();
	let way = backend
		.check(WAY_TIMEOUT)
		.await
		.with_context(|| format!("node {node} at {}", backend.address()))?;
	let milliseconds = started.elapsed().as_secs_f64() * 1e3;
	let value = json!({
		"node": node,
		"endpoint": String::from_utf8_lossy(&record.endpoint),
		"way": way.to_string(),
		"milliseconds": milliseconds,
	});
	context.print(&value, |out| {
		out.line(format!(
			"node {node} at {way} answers in {milliseconds:.1} ms and has the key on record"
		));
	});
	Ok(())
}

/// Runs `granary farm`.
pub(crate) async fn run_farm(command: FarmCommand, context: &Context) -> Result<()> {
	let chain = context.connect().await?;
	if let FarmCommand::Change(change) = command {
		return change_farm(&chain, change, context).await;
	}
	let farms = chain.all_farms().await?;
	let values: Vec<Value> = farms
		.iter()
		.map(|farm| {
			json!({
				"id": farm.id,
				"name": String::from_utf8_lossy(&farm.name),
				"twin": farm.twin,
				"payout": address_of(&farm.payout),
				"region": String::from_utf8_lossy(&farm.region).trim_matches('\0'),
				"certified": farm.certified,
			})
		})
		.collect();
	context.print(&json!(values), |out| {
		out.row(&["FARM", "NAME", "TWIN", "PAID TO"]);
		for farm in &farms {
			out.row(&[
				&farm.id.to_string(),
				&String::from_utf8_lossy(&farm.name),
				&farm.twin.to_string(),
				&address_of(&farm.payout),
			]);
		}
	});
	Ok(())
}

fn node_json(node: &NodeInfo) -> Value {
	json!({
		"id": node.id,
		"farm": node.farm,
		"operator": address_of(&node.operator),
		"endpoint": String::from_utf8_lossy(&node.endpoint),
		"capacity_bytes": node.capacity_bytes,
		"reserved_bytes": node.reserved_bytes,
		"price_per_gib_hour": node.price_per_gib_hour.to_string(),
		"bond": node.bond.to_string(),
		"bond_used": node.bond_used.to_string(),
		"certified": node.certified,
		"draining": node.draining,
		"standby": node.standby,
		"maintenance": node.maintenance,
		"audit_key": format!("0x{}", hex::encode(node.audit_key)),
		"transport_key": format!("0x{}", hex::encode(node.transport_key)),
	})
}
