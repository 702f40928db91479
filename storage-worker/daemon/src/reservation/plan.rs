//! What a reservation would take and cost, before it is paid.

use super::{
	placement::{region_text, Offers},
	Chosen, Wanted,
};
use crate::cli::{bytes_text, units_text, Context};
use anyhow::{Context as _, Result};
use granary_chain::{address_of, ChainClient};
use granary_primitives::{Balance, BlockNumber};
use serde_json::json;

/// Shows the chosen nodes with their price and their record of audits.
pub(super) async fn show(
	chain: &ChainClient,
	offers: &Offers,
	chosen: &Chosen,
	wanted: &Wanted<'_>,
	term_blocks: BlockNumber,
	context: &Context,
) -> Result<()> {
	let mut rows = Vec::with_capacity(chosen.nodes.len());
	for (shard, id) in chosen.nodes.iter().enumerate() {
		let node = offers.node(*id)?;
		let (mut proven, mut missed) = (0u64, 0u64);
		for allotment in chain.allotments_of_node(*id).await? {
			if let Some(status) = chain.audit_status(allotment.id).await? {
				proven += u64::from(status.proven);
				missed += u64::from(status.missed);
			}
		}
		let price = wanted.price_per_block(node).context("a node's price is out of range")?;
		rows.push((shard, node, price, proven, missed));
	}
	let escrow: Balance = chosen
		.price_per_block
		.checked_mul(term_blocks.into())
		.context("the price of the whole term is out of range")?;
	let value = json!({
		"nodes": rows.iter().map(|(shard, node, price, proven, missed)| json!({
			"shard": shard,
			"node": node.id,
			"farm": node.farm,
			"operator": address_of(&node.operator),
			"region": region_text(offers.region(node)),
			"free_bytes": node.capacity_bytes.saturating_sub(node.reserved_bytes),
			"price_per_block": price.to_string(),
			"proven": proven,
			"missed": missed,
		})).collect::<Vec<_>>(),
		"bytes_per_allotment": wanted.bytes,
		"price_per_block": chosen.price_per_block.to_string(),
		"term_blocks": term_blocks,
		"escrow": escrow.to_string(),
		"shared_operators": chosen.domains.shared_operators(),
		"regions": chosen.domains.distinct().1,
	});
	context.print(&value, |out| {
		out.row(&[
			"SHARD",
			"NODE",
			"FARM",
			"REGION",
			"OPERATOR",
			"FREE",
			"PRICE/BLOCK",
			"PROVEN",
			"MISSED",
		]);
		for (shard, node, price, proven, missed) in &rows {
			out.row(&[
				&shard.to_string(),
				&node.id.to_string(),
				&node.farm.to_string(),
				&region_text(offers.region(node)),
				&address_of(&node.operator),
				&bytes_text(node.capacity_bytes.saturating_sub(node.reserved_bytes)),
				&units_text(*price),
				&proven.to_string(),
				&missed.to_string(),
			]);
		}
		out.line(format!(
			"{} units for {term_blocks} blocks would be held; nothing is reserved yet",
			units_text(escrow)
		));
	});
	Ok(())
}
