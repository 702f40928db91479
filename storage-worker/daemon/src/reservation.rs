//! `granary reservation`.

use crate::{
	cli::{bytes_text, parse_bytes, units_text, AccountArgs, Context, Failure},
	keys::TenantKeys,
};
use anyhow::{bail, ensure, Context as _, Result};
use clap::{Args, Subcommand};
use granary_chain::{address_of, Call, ChainClient, Reserve};
use granary_primitives::{
	grid::NodeInfo,
	reservation::{AllotmentInfo, ReservationInfo, ReservationState},
	Balance, BlockNumber, FarmId, NodeId, ReservationId,
};
use serde_json::{json, Value};
use std::collections::BTreeSet;

/// Reservations.
#[derive(Debug, Subcommand)]
pub(crate) enum ReservationCommand {
	/// Reserve k+m allotments on nodes of distinct farms.
	Create(CreateArgs),
	/// List reservations.
	List(ListArgs),
	/// Show one reservation with its allotments.
	Show {
		/// The reservation's number.
		reservation: ReservationId,
	},
	/// Close a reservation: what is earned is paid, the rest of the escrow returns, the data are freed.
	Close {
		/// The reservation's number.
		reservation: ReservationId,
		#[command(flatten)]
		account: AccountArgs,
	},
	/// Pay what is due; anyone may, and nodes do it by themselves.
	Settle {
		/// The reservation's number.
		reservation: ReservationId,
	},
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  granary reservation create --data 4 --parity 2 --size 100GiB --blocks 100000 --public-read --suri //Tenant")]
pub(crate) struct CreateArgs {
	/// Shards that suffice to read (k).
	#[arg(long)]
	data: u8,
	/// Shards that may be lost (m).
	#[arg(long)]
	parity: u8,
	/// Capacity of each allotment, for example 100GiB. Data take (k+m)/k of their size in all.
	#[arg(long, value_parser = parse_bytes)]
	size: u64,
	/// Term in blocks; the escrow covers all of it.
	#[arg(long)]
	blocks: BlockNumber,
	/// Nodes in shard order. [default: the cheapest with room and bond, one per farm]
	#[arg(long, value_delimiter = ',')]
	nodes: Vec<NodeId>,
	/// Anyone with the dataset key may read without the tenant's account.
	#[arg(long)]
	public_read: bool,
	/// The most that all allotments together may cost per block, in plancks.
	#[arg(long, default_value_t = Balance::MAX, hide_default_value = true)]
	max_price_per_block: Balance,
	#[command(flatten)]
	account: AccountArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
	/// Only those of this account.
	#[command(flatten)]
	account: AccountArgs,
	/// The first number to look at.
	#[arg(long, default_value_t = 0)]
	start: ReservationId,
	/// At most so many.
	#[arg(long, default_value_t = 100)]
	limit: u32,
}

/// Runs one of the commands.
pub(crate) async fn run(command: ReservationCommand, context: &Context) -> Result<()> {
	match command {
		ReservationCommand::Create(args) => create(args, context).await,
		ReservationCommand::List(args) => list(args, context).await,
		ReservationCommand::Show { reservation } => {
			let chain = context.connect().await?;
			show(&chain, reservation, context).await
		},
		ReservationCommand::Close { reservation, account } => {
			let tenant = account.tenant_keys()?;
			let chain = context.connect().await?;
			find(&chain, reservation).await?;
			let call = Call::close_reservation(reservation);
			chain.submit_and_finalise(tenant.signer(), &call).await?;
			show(&chain, reservation, context).await
		},
		ReservationCommand::Settle { reservation } => {
			let chain = context.connect().await?;
			find(&chain, reservation).await?;
			chain.submit_authorised(&Call::settle(reservation)).await?;
			context.note(format!("reservation {reservation} is settled"));
			Ok(())
		},
	}
}

async fn find(chain: &ChainClient, id: ReservationId) -> Result<ReservationInfo> {
	chain.reservation(id).await?.ok_or_else(|| {
		Failure::not_found(
			format!("reservation {id} does not exist on this chain"),
			"`granary reservation list` shows those that do",
		)
		.into()
	})
}

async fn create(args: CreateArgs, context: &Context) -> Result<()> {
	ensure!(args.data >= 1, "--data must be at least 1");
	let tenant = args.account.tenant_keys()?;
	let chain = context.connect().await?;
	ensure_twin(&chain, &tenant).await?;
	let wanted = usize::from(args.data) + usize::from(args.parity);
	let nodes = if args.nodes.is_empty() {
		choose_nodes(chain.all_nodes().await?, wanted, args.size)?
	} else {
		ensure!(
			args.nodes.len() == wanted,
			"{} nodes were named, {}+{} needs {wanted}",
			args.nodes.len(),
			args.data,
			args.parity
		);
		args.nodes.clone()
	};
	let id = chain
		.reserve(
			tenant.signer(),
			&Reserve {
				data_shards: args.data,
				parity_shards: args.parity,
				nodes,
				bytes_per_allotment: args.size,
				term_blocks: args.blocks,
				public_read: args.public_read,
				max_price_per_block: args.max_price_per_block,
			},
		)
		.await
		.context("making the reservation")?;
	show(&chain, id, context).await
}

/// A tenant is a twin with the transport key that its account derives.
async fn ensure_twin(chain: &ChainClient, tenant: &TenantKeys) -> Result<()> {
	let key = tenant.transport_public();
	match chain.twin_of(tenant.account_bytes()).await? {
		None => {
			chain
				.submit_and_finalise(tenant.signer(), &Call::register_twin(b"", key))
				.await
				.context("registering the tenant's twin")?;
			Ok(())
		},
		Some(twin) if twin.transport_key == key => Ok(()),
		Some(twin) => bail!(
			"twin {} of this account has another transport key: it was registered with another spelling of the secret URI, or as a farmer; use that one or another account",
			twin.id
		),
	}
}

/// The cheapest nodes with room and bond, at most one of each farm.
fn choose_nodes(mut nodes: Vec<NodeInfo>, wanted: usize, bytes: u64) -> Result<Vec<NodeId>> {
	nodes.sort_by_key(|node| (node.price_per_gib_hour, node.id));
	let mut farms: BTreeSet<FarmId> = BTreeSet::new();
	let mut chosen = Vec::with_capacity(wanted);
	for node in &nodes {
		let has_room = node.capacity_bytes.saturating_sub(node.reserved_bytes) >= bytes;
		let has_bond = node.bond > node.bond_used;
		if chosen.len() < wanted && has_room && has_bond && farms.insert(node.farm) {
			chosen.push(node.id);
		}
	}
	ensure!(
		chosen.len() == wanted,
		"too few nodes: {wanted} nodes of distinct farms with {} free are needed, {} of {} qualify",
		bytes_text(bytes),
		chosen.len(),
		nodes.len()
	);
	Ok(chosen)
}

async fn list(args: ListArgs, context: &Context) -> Result<()> {
	let tenant = args.account.optional_tenant_keys()?.map(|keys| keys.account_bytes());
	let chain = context.connect().await?;
	let reservations = chain.reservations(tenant, args.start, args.limit).await?;
	let values: Vec<Value> = reservations.iter().map(|one| to_json(one, &[])).collect();
	context.print(&json!(values), |out| {
		out.row(&["RESERVATION", "TENANT", "SHARDS", "SIZE", "ESCROW", "ENDS", "STATE"]);
		for one in &reservations {
			out.row(&[
				&one.id.to_string(),
				&address_of(&one.tenant),
				&format!("{}+{}", one.data_shards, one.parity_shards),
				&bytes_text(one.bytes_per_allotment),
				&units_text(one.escrow),
				&format!("block {}", one.ends),
				&state_text(one.state),
			]);
		}
	});
	Ok(())
}

async fn show(chain: &ChainClient, id: ReservationId, context: &Context) -> Result<()> {
	let one = find(chain, id).await?;
	let mut allotments = Vec::with_capacity(one.allotments.len());
	for id in &one.allotments {
		allotments.extend(chain.allotment(*id).await?);
	}
	context.print(&to_json(&one, &allotments), |out| {
		out.line(format!("reservation {} of {}", one.id, address_of(&one.tenant)));
		out.field("shards", format!("{}+{}", one.data_shards, one.parity_shards));
		out.field("size", format!("{} on each node", bytes_text(one.bytes_per_allotment)));
		out.field("escrow", format!("{} units", units_text(one.escrow)));
		out.field("term", format!("block {} to {}", one.created, one.ends));
		out.field("state", state_text(one.state));
		out.row(&["SHARD", "ALLOTMENT", "NODE", "EARNED, UNPAID", "PAID", "WITHHELD"]);
		for allotment in &allotments {
			out.row(&[
				&allotment.shard.to_string(),
				&allotment.id.to_string(),
				&allotment.node.to_string(),
				&units_text(allotment.accrued),
				&units_text(allotment.paid),
				&units_text(allotment.withheld),
			]);
		}
	});
	Ok(())
}

fn state_text(state: ReservationState) -> String {
	match state {
		ReservationState::Active => "active".to_owned(),
		ReservationState::Grace { until } => format!("grace until block {until}"),
		ReservationState::Closed => "closed".to_owned(),
	}
}

fn to_json(one: &ReservationInfo, allotments: &[AllotmentInfo]) -> Value {
	json!({
		"id": one.id,
		"tenant": address_of(&one.tenant),
		"data_shards": one.data_shards,
		"parity_shards": one.parity_shards,
		"bytes_per_allotment": one.bytes_per_allotment,
		"public_read": one.public_read,
		"escrow": one.escrow.to_string(),
		"created": one.created,
		"ends": one.ends,
		"state": state_text(one.state),
		"allotments": allotments.iter().map(|allotment| json!({
			"id": allotment.id,
			"shard": allotment.shard,
			"node": allotment.node,
			"price_per_block": allotment.price_per_block.to_string(),
			"accrued": allotment.accrued.to_string(),
			"paid": allotment.paid.to_string(),
			"withheld": allotment.withheld.to_string(),
		})).collect::<Vec<_>>(),
	})
}

#[cfg(test)]
mod tests {
	use super::*;

	fn node(id: NodeId, farm: FarmId, free: u64, price: Balance) -> NodeInfo {
		NodeInfo {
			id,
			farm,
			operator: [0; 32],
			endpoint: Vec::new(),
			audit_key: [0; 32],
			transport_key: [0; 32],
			capacity_bytes: free + 10,
			reserved_bytes: 10,
			price_per_gib_hour: price,
			bond: 5,
			bond_used: 1,
		}
	}

	#[test]
	fn cheapest_nodes_of_distinct_farms() {
		let nodes = vec![node(0, 0, 100, 9), node(1, 0, 100, 1), node(2, 1, 100, 5), node(3, 2, 10, 1)];
		assert_eq!(choose_nodes(nodes.clone(), 2, 50).unwrap(), vec![1, 2]);
		let error = choose_nodes(nodes, 3, 50).unwrap_err().to_string();
		assert!(error.contains("too few nodes: 3") && error.contains("2 of 4 qualify"), "{error}");
	}
}
