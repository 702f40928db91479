//! Moving allotments to other nodes: those that are lost, and those that would be better off elsewhere.

use super::HealArgs;
use crate::{
	cli::Context,
	keys::TenantKeys,
	reservation::{await_namespaces, choose_nodes, helpful_moves, Offers, Wanted},
};
use anyhow::{Context as _, Result};
use granary_chain::{Call, ChainClient};
use granary_primitives::{Balance, ReservationId};

/// Puts a new allotment, on a fitting node of a farm that has none of the others, in the place of each that is lost on chain.
/// Returns how many.
pub(super) async fn lost_allotments(
	chain: &ChainClient,
	args: &HealArgs,
	tenant: &TenantKeys,
	context: &Context,
) -> Result<usize> {
	let id = args.reservation;
	let Some(reservation) = chain.reservation(id).await? else { return Ok(0) };
	let offers = Offers::load(chain).await?;
	let (mut lost, mut beside) = (Vec::new(), Vec::new());
	for (shard, allotment) in reservation.allotments.iter().enumerate() {
		let Some(allotment) = chain.allotment(*allotment).await? else { continue };
		if allotment.lost {
			lost.push((u8::try_from(shard).unwrap_or(u8::MAX), allotment));
		} else {
			beside.push(allotment.node);
		}
	}
	let terms = chain.contract_terms().await?;
	for (shard, old) in &lost {
		// The node that lost it does not get it again.
		let others = offers.without(old.node);
		let wanted = Wanted {
			nodes: 1,
			bytes: reservation.bytes_per_allotment,
			terms: &terms,
			beside: beside.clone(),
		};
		let chosen = choose_nodes(&others, &wanted).with_context(|| {
			format!("finding a node for shard {shard}, which node {} lost", old.node)
		})?;
		let Some(node) = chosen.nodes.first().copied() else { continue };
		beside.push(node);
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
		await_all(chain, tenant, id, context).await?;
	}
	Ok(lost.len())
}

async fn await_all(
	chain: &ChainClient,
	tenant: &TenantKeys,
	id: ReservationId,
	context: &Context,
) -> Result<()> {
	for node in await_namespaces(chain, tenant, id).await? {
		context.note(format!("node {node} does not serve its allotment yet"));
	}
	Ok(())
}

/// Moves the first allotment that would be better off on another node. Nothing may be missing before: until the shard is restored there, one less may
/// be lost. Returns whether there was one.
pub(super) async fn one_better_off(
	chain: &ChainClient,
	args: &HealArgs,
	tenant: &TenantKeys,
	context: &Context,
) -> Result<bool> {
	let id = args.reservation;
	let Some(reservation) = chain.reservation(id).await? else { return Ok(false) };
	if reservation.parity_shards == 0 {
		context.note("nothing is moved: without parity shards nobody could restore what is moved");
		return Ok(false);
	}
	let most = args.max_price_per_block.unwrap_or(Balance::MAX);
	let moves = helpful_moves(chain, &reservation).await?;
	let Some(one) = moves.iter().find(|one| one.price_per_block <= most) else {
		context.note(match moves.len() {
			0 => "every allotment is where it should be".to_owned(),
			dear => format!(
				"{dear} allotments would be better off on nodes that cost more than {most} a block"
			),
		});
		return Ok(false);
	};
	let shard = u8::try_from(one.shard).context("a shard's number has eight bits")?;
	chain
		.submit_and_finalise(tenant.signer(), &Call::move_allotment(id, shard, one.to, most))
		.await
		.with_context(|| {
			format!("moving shard {shard} from node {} to node {}", one.from, one.to)
		})?;
	context.note(format!(
		"shard {shard} moves from node {} to node {}: {}",
		one.from,
		one.to,
		one.reason.text()
	));
	await_all(chain, tenant, id, context).await?;
	Ok(true)
}
