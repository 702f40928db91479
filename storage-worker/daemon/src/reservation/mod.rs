//! `granary reservation`.

mod change;
mod placement;
mod plan;
mod ready;
mod rebalance;

use crate::{
	cli::{bytes_text, parse_bytes, units_text, AccountArgs, Context, Failure},
	keys::TenantKeys,
};
use anyhow::{bail, ensure, Context as _, Result};
use clap::{Args, Subcommand};
use granary_chain::{
	address_of, Call, ChainClient, ChainError, Reserve, ALREADY_IN_POOL, NOTHING_DUE,
};
use granary_primitives::{
	reservation::{AllotmentInfo, ReservationInfo, ReservationState},
	Balance, BlockNumber, NodeId, ReservationId,
};
pub(crate) use placement::{choose_nodes, Chosen, Offers, Wanted};
use placement::{named_nodes, region_text};
pub(crate) use ready::await_namespaces;
pub(crate) use rebalance::{helpful_moves, run as rebalance, RebalanceArgs};
use serde_json::{json, Value};

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
	/// Make a reservation's term longer; its price is held at once.
	Extend {
		/// The reservation's number.
		reservation: ReservationId,
		/// Blocks to add.
		#[arg(long)]
		blocks: BlockNumber,
		#[command(flatten)]
		account: AccountArgs,
	},
	/// Close a reservation: what is earned is paid, the rest of the escrow returns, the data are freed.
	Close {
		/// The reservation's number.
		reservation: ReservationId,
		#[command(flatten)]
		account: AccountArgs,
	},
	#[command(flatten)]
	Change(change::ChangeCommand),
	/// Pay what is due; anyone may, and nodes do it by themselves.
	Settle {
		/// The reservation's number.
		reservation: ReservationId,
	},
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  granary reservation create --data 4 --parity 2 --size 100GiB --hours 720 --key-file account.key
  granary reservation create --data 4 --parity 2 --size 1GiB --blocks 3000 --public-read --suri //Tenant
  granary reservation create --data 1 --parity 1 --size 1GiB --hours 24 --nodes 3,7 --suri //Tenant
  granary reservation create --data 4 --parity 2 --size 100GiB --hours 720 --plan --key-file account.key

The price of the whole term is held from the account; what is not earned by proofs returns when the
reservation is closed. The account becomes a twin if it is none.")]
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
	#[arg(long, required_unless_present = "hours", conflicts_with = "hours")]
	blocks: Option<BlockNumber>,
	/// Term in hours, as the chain counts them.
	#[arg(long)]
	hours: Option<u32>,
	/// Nodes in shard order. [default: cheap ones with room and bond, one per farm, of distinct operators and regions where that is not dear]
	#[arg(long, value_delimiter = ',')]
	nodes: Vec<NodeId>,
	/// Anyone with the dataset key may read without the tenant's account.
	#[arg(long)]
	public_read: bool,
	/// The most that all allotments together may cost per block, in plancks. [default: what the nodes cost now]
	#[arg(long)]
	max_price_per_block: Option<Balance>,
	/// Only show which nodes would be taken and what they cost; nothing is paid.
	#[arg(long)]
	plan: bool,
	/// Do not wait until the nodes serve their allotments.
	#[arg(long)]
	no_wait: bool,
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
		ReservationCommand::Extend { reservation, blocks, account } => {
			let tenant = account.tenant_keys()?;
			let chain = context.connect().await?;
			find(&chain, reservation).await?;
			let call = Call::extend_reservation(reservation, blocks);
			chain.submit_and_finalise(tenant.signer(), &call).await?;
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
		ReservationCommand::Change(command) => change::run(command, context).await,
		ReservationCommand::Settle { reservation } => {
			let chain = context.connect().await?;
			find(&chain, reservation).await?;
			match chain.submit_authorised(&Call::settle(reservation)).await {
				Ok(_) => context.note(format!("reservation {reservation} is settled")),
				// An authority's off-chain worker may have been faster; to settle twice changes nothing.
				Err(ChainError::Refused { reason, .. })
					if reason == NOTHING_DUE || reason == ALREADY_IN_POOL =>
				{
					context.note(format!("reservation {reservation}: {reason}"));
				},
				Err(error) => return Err(error.into()),
			}
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

pub(crate) async fn create(args: CreateArgs, context: &Context) -> Result<()> {
	ensure!(args.data >= 1, "--data must be at least 1");
	let tenant = args.account.tenant_keys()?;
	let chain = context.connect().await?;
	let terms = chain.contract_terms().await?;
	let term_blocks = match (args.blocks, args.hours) {
		(Some(blocks), _) => blocks,
		(None, hours) => hours
			.unwrap_or_default()
			.checked_mul(terms.blocks_per_hour)
			.context("so many hours have more blocks than the chain can count")?,
	};
	ensure!(
		(terms.min_term_blocks..=terms.max_term_blocks).contains(&term_blocks),
		"a term of {term_blocks} blocks is out of range: this chain allows {} to {} blocks ({} an hour)",
		terms.min_term_blocks,
		terms.max_term_blocks,
		terms.blocks_per_hour
	);
	let wanted = Wanted {
		nodes: usize::from(args.data) + usize::from(args.parity),
		bytes: args.size,
		terms: &terms,
		beside: Vec::new(),
	};
	let offers = Offers::load(&chain).await?;
	let chosen = if args.nodes.is_empty() {
		choose_nodes(&offers, &wanted)?
	} else {
		named_nodes(&offers, &args.nodes, &wanted)?
	};
	tell_risks(&chosen, usize::from(args.parity), context);
	if args.plan {
		plan::show(&chain, &offers, &chosen, &wanted, term_blocks, context).await?;
		return Ok(());
	}
	ensure_twin(&chain, &tenant).await?;
	let id = chain
		.reserve(
			tenant.signer(),
			&Reserve {
				data_shards: args.data,
				parity_shards: args.parity,
				nodes: chosen.nodes,
				bytes_per_allotment: args.size,
				term_blocks,
				public_read: args.public_read,
				max_price_per_block: args.max_price_per_block.unwrap_or(chosen.price_per_block),
			},
		)
		.await
		.context("making the reservation")?;
	if !args.no_wait {
		for node in await_namespaces(&chain, &tenant, id).await? {
			context.note(format!(
				"node {node} does not serve its allotment yet; writing will wait for it"
			));
		}
	}
	show(&chain, id, context).await
}

/// Says what the nodes' records tell about losing several shards at once.
fn tell_risks(chosen: &Chosen, parity: usize, context: &Context) {
	let shared = chosen.domains.shared_operators();
	if shared > 0 {
		context.note(format!(
			"{shared} of the nodes have the operator of another one: what takes that operator down takes more than one shard"
		));
	}
	match chosen.domains.crowded_region(parity) {
		Some((None, shards)) => context.note(format!(
			"{shards} of the nodes are of farms that do not say where they are: if they are in one place, losing it loses more than the {parity} shards that may be lost"
		)),
		Some((region, shards)) => context.note(format!(
			"{shards} of the nodes are in region {}: losing it loses more than the {parity} shards that may be lost",
			region_text(region)
		)),
		None => {},
	}
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
			"twin {} of this account has another transport key: it was registered as a farmer's or by other software; reserve with another account",
			twin.id
		),
	}
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
		ReservationState::Created => "created".to_owned(),
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
