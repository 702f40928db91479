//! Moving lost allotments to other nodes.

use super::HealArgs;
use crate::{
	cli::Context,
	keys::TenantKeys,
	reservation::{await_namespaces, choose_nodes, Wanted},
};
use anyhow::{Context as _, Result};
use granary_chain::{Call, ChainClient};
use granary_primitives::Balance;
use std::collections::BTreeSet;

/// Puts a new allotment, on the cheapest fitting node of a farm that has none of the others, in the place of each that is lost on chain.
/// Returns how many.
pub(super) async fn lost_allotments(
	chain: &ChainClient,
	args: &HealArgs,
	tenant: &TenantKeys,
	context: &Context,
) -> Result<usize> {
	let id = args.reservation;
	let Some(reservation) = chain.reservation(id).await? else { return Ok(0) };
	let nodes = chain.all_nodes().await?;
	let (mut lost, mut farms) = (Vec::new(), BTreeSet::new());
	for (shard, allotment) in reservation.allotments.iter().enumerate() {
		let Some(allotment) = chain.allotment(*allotment).await? else { continue };
		if allotment.lost {
			lost.push((u8::try_from(shard).unwrap_or(u8::MAX), allotment));
		} else {
			farms.extend(nodes.iter().find(|node| node.id == allotment.node).map(|node| node.farm));
		}
	}
	let terms = chain.contract_terms().await?;
	for (shard, old) in &lost {
		// The node that lost it does not get it again.
		let others: Vec<_> = nodes.iter().filter(|node| node.id != old.node).cloned().collect();
		let wanted = Wanted {
			nodes: 1,
			bytes: reservation.bytes_per_allotment,
			terms: &terms,
			taken: farms.clone(),
		};
		let chosen = choose_nodes(&others, &wanted).with_context(|| {
			format!("finding a node for shard {shard}, which node {} lost", old.node)
		})?;
		let Some(node) = chosen.nodes.first().copied() else { continue };
		farms.extend(nodes.iter().find(|one| one.id == node).map(|one| one.farm));
		let most = args.max_price_per_block.unwrap_or(Balance::MAX);
		chain
			.submit_and_finalise(tenant.signer(), &Call::replace_allotment(id, *shard, node, most))
			.await
			.with_context(|| {
				format!("moving shard {shard} from node {} to node {node}", old.node)
			})?;
		context.note(format!("shard {shard} moves from node {} to node {node}", old.node));
	}
	if !lost.is_empty() {
		for node in await_namespaces(chain, tenant, id).await? {
			context.note(format!("node {node} does not serve its allotment yet"));
		}
	}
	Ok(lost.len())
}
