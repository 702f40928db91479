//! What a farmer changes of its nodes and farms, and who rents a node.

use crate::cli::{parse_units, units_text, AccountArgs, Context, Failure};
use anyhow::{bail, Context as _, Result};
use clap::Subcommand;
use granary_chain::{parse_address, Call, ChainClient};
use granary_primitives::{
	grid::{FarmInfo, NodeInfo},
	Balance, BlockNumber, FarmId, NodeId, Region,
};
use serde_json::{json, Value};

/// Changes of a node. All but `rent` are its operator's.
#[derive(Debug, Subcommand)]
pub(crate) enum NodeChange {
	/// Change what a node asks for and what it offers; reservations keep the price they were made at.
	Offer {
		/// The node's number.
		node: NodeId,
		/// Price of one GiB for one hour, in units; 0 for the farm's price. [default: as it is]
		#[arg(long, value_parser = parse_units)]
		price: Option<Balance>,
		/// Capacity, for example 500GiB; not below what is reserved. [default: as it is]
		#[arg(long, value_parser = crate::cli::parse_bytes)]
		capacity: Option<u64>,
		#[command(flatten)]
		account: AccountArgs,
	},
	/// Hold more money as the node's bond, or take back what backs nothing.
	Bond {
		/// The node's number.
		node: NodeId,
		/// Units to add.
		#[arg(long, value_parser = parse_units, required_unless_present = "withdraw")]
		add: Option<Balance>,
		/// Units to take back.
		#[arg(long, value_parser = parse_units, conflicts_with = "add")]
		withdraw: Option<Balance>,
		#[command(flatten)]
		account: AccountArgs,
	},
	/// Offer an empty node as a whole, or take the offer back; who has rented it keeps it to the end.
	OfferRent {
		/// The node's number.
		node: NodeId,
		/// Price of one block, in units; without it the offer is taken back.
		#[arg(long, value_parser = parse_units)]
		price_per_block: Option<Balance>,
		#[command(flatten)]
		account: AccountArgs,
	},
	/// Rent a node as a whole, or for longer: the farm is paid at once, and only your reservations are placed on it.
	Rent {
		/// The node's number.
		node: NodeId,
		/// For so many blocks, or so many more.
		#[arg(long)]
		blocks: BlockNumber,
		/// The most that a block may cost, in units. [default: what is asked for now]
		#[arg(long, value_parser = parse_units)]
		max_price_per_block: Option<Balance>,
		#[command(flatten)]
		account: AccountArgs,
	},
	/// Do without announced maintenance that has not begun.
	CancelMaintenance {
		/// The node's number.
		node: NodeId,
		#[command(flatten)]
		account: AccountArgs,
	},
	/// Remove a node that nothing is reserved on; its bond returns.
	Remove {
		/// The node's number.
		node: NodeId,
		#[command(flatten)]
		account: AccountArgs,
	},
}

/// Changes of a farm, by its owner.
#[derive(Debug, Subcommand)]
pub(crate) enum FarmChange {
	/// Set the price of those of the farm's nodes that name none of their own.
	Price {
		/// The farm's number.
		farm: FarmId,
		/// Price of one GiB for one hour, in units.
		#[arg(long, value_parser = parse_units)]
		price: Balance,
		#[command(flatten)]
		account: AccountArgs,
	},
	/// Change where a farm is and where its nodes' earnings go. In another region it is not certified any more.
	Update {
		/// The farm's number.
		farm: FarmId,
		/// Two capital letters, for example DE. [default: as it is]
		#[arg(long, value_parser = parse_region)]
		region: Option<Region>,
		/// Who is paid (an SS58 address). [default: as it is]
		#[arg(long)]
		payout: Option<String>,
		#[command(flatten)]
		account: AccountArgs,
	},
	/// Remove a farm that has no nodes.
	Remove {
		/// The farm's number.
		farm: FarmId,
		#[command(flatten)]
		account: AccountArgs,
	},
}

fn parse_region(text: &str) -> Result<Region, String> {
	let region = Region::try_from(text.as_bytes()).ok();
	let region = region.filter(|letters| letters.iter().all(u8::is_ascii_uppercase));
	region.ok_or_else(|| format!("'{text}' is not a region; write two capital letters such as DE"))
}

async fn node(chain: &ChainClient, id: NodeId) -> Result<NodeInfo> {
	crate::grid::find(chain, id).await
}

async fn farm(chain: &ChainClient, id: FarmId) -> Result<FarmInfo> {
	let farms = chain.all_farms().await?;
	let found = farms.into_iter().find(|farm| farm.id == id);
	Ok(found.ok_or_else(|| {
		Failure::not_found(
			format!("farm {id} does not exist on this chain"),
			"`granary farm list` shows those that do",
		)
	})?)
}

/// Runs a change of a node.
pub(crate) async fn change_node(
	chain: &ChainClient,
	change: NodeChange,
	context: &Context,
) -> Result<()> {
	let (account, call, done, value) = match change {
		NodeChange::Offer { node: id, price, capacity, account } => {
			let record = node(chain, id).await?;
			if price.is_none() && capacity.is_none() {
				bail!("say what changes: --price, --capacity or both");
			}
			let price = price.unwrap_or(record.price_per_gib_hour);
			let capacity = capacity.unwrap_or(record.capacity_bytes);
			let call = Call::update_node(id, &record.endpoint, capacity, price);
			let done = format!("node {id} asks for {} units per GiB and hour", units_text(price));
			let price = price.to_string();
			let value =
				json!({ "node": id, "price_per_gib_hour": price, "capacity_bytes": capacity });
			(account, call, done, value)
		},
		NodeChange::Bond { node: id, add, withdraw, account } => {
			node(chain, id).await?;
			let (call, verb, amount) = match (add, withdraw) {
				(Some(amount), _) => (Call::bond_more(id, amount), "added to", amount),
				(None, Some(amount)) => (Call::withdraw_bond(id, amount), "taken from", amount),
				(None, None) => bail!("say --add or --withdraw"),
			};
			let done = format!("{} units {verb} the bond of node {id}", units_text(amount));
			let (added, withdrawn) = (add.map(|x| x.to_string()), withdraw.map(|x| x.to_string()));
			(account, call, done, json!({ "node": id, "added": added, "withdrawn": withdrawn }))
		},
		NodeChange::OfferRent { node: id, price_per_block, account } => {
			node(chain, id).await?;
			let done = match price_per_block {
				Some(price) => {
					format!("node {id} is for rent at {} units a block", units_text(price))
				},
				None => format!("node {id} is not for rent any more"),
			};
			let call = Call::offer_rent(id, price_per_block);
			let price = price_per_block.map(|price| price.to_string());
			(account, call, done, json!({ "node": id, "price_per_block": price }))
		},
		NodeChange::Rent { node: id, blocks, max_price_per_block, account } => {
			node(chain, id).await?;
			let report = chain.node_report(id).await?;
			let asked = report.and_then(|report| report.rent_per_block);
			let most = max_price_per_block.or(asked).with_context(|| {
				format!("node {id} is not offered for rent; `granary node offer-rent` offers one")
			})?;
			let done = format!("node {id} is rented for {blocks} blocks");
			let value =
				json!({ "node": id, "blocks": blocks, "max_price_per_block": most.to_string() });
			(account, Call::rent(id, blocks, most), done, value)
		},
		NodeChange::CancelMaintenance { node: id, account } => {
			node(chain, id).await?;
			let done = format!("node {id} does without its maintenance");
			let value = json!({ "node": id, "maintenance": Value::Null });
			(account, Call::cancel_maintenance(id), done, value)
		},
		NodeChange::Remove { node: id, account } => {
			node(chain, id).await?;
			let done = format!("node {id} is removed and its bond returned");
			(account, Call::remove_node(id), done, json!({ "node": id, "removed": true }))
		},
	};
	submit(chain, &account, call, &value, done, context).await
}

/// Runs a change of a farm.
pub(crate) async fn change_farm(
	chain: &ChainClient,
	change: FarmChange,
	context: &Context,
) -> Result<()> {
	let (account, call, done, value) = match change {
		FarmChange::Price { farm: id, price, account } => {
			farm(chain, id).await?;
			let done = format!(
				"nodes of farm {id} without a price of their own ask for {} units per GiB and hour",
				units_text(price)
			);
			let value = json!({ "farm": id, "price_per_gib_hour": price.to_string() });
			(account, Call::set_farm_price(id, price), done, value)
		},
		FarmChange::Update { farm: id, region, payout, account } => {
			let record = farm(chain, id).await?;
			let region = region.unwrap_or(record.region);
			let payout = payout.as_deref().map(parse_address).transpose()?;
			let payout = payout.unwrap_or(record.payout);
			let shown = String::from_utf8_lossy(&region).trim_matches('\0').to_owned();
			let paid_to = granary_chain::address_of(&payout);
			let done = format!("farm {id}: region '{shown}', paid to {paid_to}");
			let value = json!({ "farm": id, "region": shown, "payout": paid_to });
			(account, Call::update_farm(id, region, payout), done, value)
		},
		FarmChange::Remove { farm: id, account } => {
			farm(chain, id).await?;
			let value = json!({ "farm": id, "removed": true });
			(account, Call::remove_farm(id), format!("farm {id} is removed"), value)
		},
	};
	submit(chain, &account, call, &value, done, context).await
}

async fn submit(
	chain: &ChainClient,
	account: &AccountArgs,
	call: Call,
	value: &Value,
	done: String,
	context: &Context,
) -> Result<()> {
	chain.submit_and_finalise(account.tenant_keys()?.signer(), &call).await?;
	context.print(value, |out| out.line(&done));
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn regions_are_two_capital_letters() {
		assert_eq!(parse_region("DE"), Ok(*b"DE"));
		for wrong in ["", "D", "de", "DEU", "D1", "\u{c4}"] {
			assert!(parse_region(wrong).is_err(), "{wrong}");
		}
	}
}
