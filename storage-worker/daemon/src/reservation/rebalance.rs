//! `granary dataset rebalance`: which allotments would be better off on nodes that have joined since.

use super::{
	find,
	placement::{choose_nodes, region_text, Domains, Offers, Wanted},
};
use crate::cli::{bytes_text, units_text, Context};
use anyhow::{Context as _, Result};
use clap::Args;
use granary_chain::ChainClient;
use granary_primitives::{
	grid::NodeInfo,
	reservation::{AllotmentInfo, ReservationInfo},
	Balance, NodeId, ReservationId, LEAF_BYTES,
};
use serde_json::json;

/// A node is full when less than this share of it is free.
const FULL_BELOW: u64 = 20;

#[derive(Debug, Args)]
#[command(after_help = "\
An allotment is named if another node would put it into a failure domain of its own (operator, region as farms tell it), or if its node is lost, being emptied or
full (less than a twentieth is free) and the move makes nothing worse. Farms are always distinct.

Nothing is moved by this command. `granary heal RESERVATION --replace` moves lost allotments, and `granary heal RESERVATION --rebalance` the others: one in a
run, once nothing is missing, and restores it before it ends. Both choose nodes as shown here.")]
pub(crate) struct RebalanceArgs {
	/// The reservation.
	reservation: ReservationId,
}

/// Why an allotment should move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
	Lost,
	Draining,
	Full,
	Domain,
}

impl Reason {
	pub(crate) fn text(self) -> &'static str {
		match self {
			Self::Lost => "lost",
			Self::Draining => "node is being emptied",
			Self::Full => "node is full",
			Self::Domain => "shares a failure domain",
		}
	}
}

/// Where a shard is.
#[derive(Debug, Clone, Copy)]
struct Holder {
	node: NodeId,
	is_lost: bool,
}

/// A move that would help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Move {
	pub(crate) shard: usize,
	pub(crate) from: NodeId,
	pub(crate) to: NodeId,
	pub(crate) reason: Reason,
	pub(crate) price_per_block: Balance,
}

fn is_full(node: &NodeInfo) -> bool {
	node.capacity_bytes.saturating_sub(node.reserved_bytes) < node.capacity_bytes / FULL_BELOW
}

/// The moves that help, one after the other: each counts on those before it.
fn plan(offers: &Offers, holders: &[Holder], wanted: &Wanted<'_>) -> Vec<Move> {
	let mut nodes: Vec<NodeId> = holders.iter().map(|holder| holder.node).collect();
	let mut moves = Vec::new();
	// Lost ones first: they move whatever becomes of the others.
	let mut order: Vec<usize> = (0..holders.len()).collect();
	order.sort_by_key(|shard| !holders.get(*shard).is_some_and(|holder| holder.is_lost));
	for shard in order {
		let Some(holder) = holders.get(shard) else { continue };
		let beside: Vec<NodeId> = nodes
			.iter()
			.enumerate()
			.filter(|(other, _)| *other != shard)
			.map(|(_, node)| *node)
			.collect();
		let one = Wanted { nodes: 1, beside, ..*wanted };
		// The node that lost it does not get it again, and one that has it is no move.
		let Ok(chosen) = choose_nodes(&offers.without(holder.node), &one) else { continue };
		let Some(to) = chosen.nodes.first().copied() else { continue };
		let before = Domains::of(offers, &nodes);
		let sum = |domains: &Domains| domains.distinct().0 + domains.distinct().1;
		let (gained, kept) = (sum(&chosen.domains), sum(&before));
		let at = offers.node(holder.node).ok();
		let reason = match at {
			_ if holder.is_lost => Some(Reason::Lost),
			_ if gained > kept => Some(Reason::Domain),
			Some(node) if node.draining && gained == kept => Some(Reason::Draining),
			Some(node) if is_full(node) && gained == kept => Some(Reason::Full),
			_ => None,
		};
		if let (Some(reason), Some(slot)) = (reason, nodes.get_mut(shard)) {
			*slot = to;
			let price_per_block = chosen.price_per_block;
			moves.push(Move { shard, from: holder.node, to, reason, price_per_block });
		}
	}
	moves.sort_by_key(|one| one.shard);
	moves
}

/// The moves that would help a reservation now, and what they were chosen from.
async fn planned(
	chain: &ChainClient,
	reservation: &ReservationInfo,
) -> Result<(Offers, Vec<AllotmentInfo>, Vec<Move>)> {
	let (offers, terms) = (Offers::load(chain).await?, chain.contract_terms().await?);
	let mut allotments = Vec::new();
	for id in &reservation.allotments {
		let allotment = chain.allotment(*id).await?;
		allotments.push(allotment.with_context(|| format!("allotment {id} is not on chain"))?);
	}
	let holders: Vec<Holder> =
		allotments.iter().map(|one| Holder { node: one.node, is_lost: one.lost }).collect();
	let wanted = Wanted {
		nodes: 1,
		bytes: reservation.bytes_per_allotment,
		terms: &terms,
		beside: Vec::new(),
	};
	let moves = plan(&offers, &holders, &wanted);
	Ok((offers, allotments, moves))
}

/// The moves that would help a reservation now.
pub(crate) async fn helpful_moves(
	chain: &ChainClient,
	reservation: &ReservationInfo,
) -> Result<Vec<Move>> {
	planned(chain, reservation).await.map(|(_, _, moves)| moves)
}

pub(crate) async fn run(args: RebalanceArgs, context: &Context) -> Result<()> {
	let chain = context.connect().await?;
	let reservation = find(&chain, args.reservation).await?;
	let (offers, allotments, moves) = planned(&chain, &reservation).await?;
	let mut bytes = Vec::new();
	for id in &reservation.allotments {
		let log = chain.newest_log(*id).await?.unwrap_or_default();
		bytes.push(log.leaf_count * LEAF_BYTES);
	}
	let parity = usize::from(reservation.parity_shards);
	show(&offers, &allotments, &bytes, &moves, parity, context);
	Ok(())
}

fn show(
	offers: &Offers,
	allotments: &[AllotmentInfo],
	bytes: &[u64],
	moves: &[Move],
	parity: usize,
	context: &Context,
) {
	let region =
		|id: NodeId| region_text(offers.node(id).ok().and_then(|node| offers.region(node)));
	let price = |shard: usize| allotments.get(shard).map_or(0, |one| one.price_per_block);
	let moved = |shard: usize| bytes.get(shard).copied().unwrap_or(0);
	let mut nodes: Vec<NodeId> = allotments.iter().map(|one| one.node).collect();
	let before = Domains::of(offers, &nodes);
	for one in moves {
		nodes.iter_mut().skip(one.shard).take(1).for_each(|node| *node = one.to);
	}
	let after = Domains::of(offers, &nodes);
	let value = json!({
		"moves": moves.iter().map(|one| json!({
			"shard": one.shard,
			"from": one.from,
			"to": one.to,
			"reason": one.reason.text(),
			"from_region": region(one.from),
			"to_region": region(one.to),
			"price_per_block": price(one.shard).to_string(),
			"new_price_per_block": one.price_per_block.to_string(),
			"bytes": moved(one.shard),
		})).collect::<Vec<_>>(),
		"operators": before.distinct().0,
		"regions": before.distinct().1,
		"operators_after": after.distinct().0,
		"regions_after": after.distinct().1,
	});
	context.print(&value, |out| {
		if let Some((crowded, shards)) = before.crowded_region(parity) {
			out.line(format!(
				"region {} holds {shards} shards: losing it would lose more than the {parity} that may be lost",
				region_text(crowded)
			));
		}
		if moves.is_empty() {
			return out.line("every allotment is where it should be");
		}
		out.row(&[
			"SHARD",
			"FROM",
			"REGION",
			"TO",
			"REGION",
			"PRICE/BLOCK",
			"THEN",
			"BYTES",
			"WHY",
		]);
		for one in moves {
			out.row(&[
				&one.shard.to_string(),
				&one.from.to_string(),
				&region(one.from),
				&one.to.to_string(),
				&region(one.to),
				&units_text(price(one.shard)),
				&units_text(one.price_per_block),
				&bytes_text(moved(one.shard)),
				one.reason.text(),
			]);
		}
		out.line(format!(
			"operators {} -> {}, regions {} -> {}; nothing is moved by this command, see --help",
			before.distinct().0,
			after.distinct().0,
			before.distinct().1,
			after.distinct().1
		));
	});
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::reservation::placement::tests::{node, offers, TERMS};
	use granary_primitives::GIB;

	fn planned(offers: &Offers, holders: &[(NodeId, bool)]) -> Vec<(usize, NodeId, Reason)> {
		let holders: Vec<Holder> = holders
			.iter()
			.map(|(node, is_lost)| Holder { node: *node, is_lost: *is_lost })
			.collect();
		let wanted = Wanted { nodes: 1, bytes: GIB, terms: &TERMS, beside: Vec::new() };
		plan(offers, &holders, &wanted).iter().map(|one| (one.shard, one.to, one.reason)).collect()
	}

	#[test]
	fn only_what_gains_moves() {
		let regions = ["DE", "DE", "FI", "US", "FI"];
		let nodes = || (0..5).map(|id| node(id, id, 9, 10, 9999)).collect::<Vec<_>>();
		let spread = offers(nodes(), &regions);
		assert_eq!(planned(&spread, &[(0, false), (2, false), (3, false)]), []);
		// Two in one region while another one has none.
		assert_eq!(
			planned(&spread, &[(0, false), (1, false), (2, false)]),
			[(0, 3, Reason::Domain)]
		);
		// Of one operator.
		let mut shared = nodes();
		shared[2].operator = shared[0].operator;
		let shared = offers(shared, &regions);
		assert_eq!(planned(&shared, &[(0, false), (2, false)]), [(0, 1, Reason::Domain)]);
		assert_eq!(planned(&spread, &[(0, false), (2, true)]), [(1, 3, Reason::Lost)]);
	}

	#[test]
	fn full_and_draining_nodes_are_left_if_nothing_gets_worse() {
		let mut nodes: Vec<NodeInfo> = (0..4).map(|id| node(id, id, 9, 10, 9999)).collect();
		nodes[0].reserved_bytes = nodes[0].capacity_bytes;
		nodes[1].draining = true;
		let near = offers(nodes.clone(), &["DE", "FI", "DE", "FI"]);
		assert_eq!(
			planned(&near, &[(0, false), (1, false)]),
			[(0, 2, Reason::Full), (1, 3, Reason::Draining)]
		);
		// To go where the other shard is would put both into one region.
		let worse = offers(nodes, &["DE", "FI", "FI", "FI"]);
		assert_eq!(planned(&worse, &[(0, false), (1, false)]), [(1, 2, Reason::Draining)]);
	}
}
