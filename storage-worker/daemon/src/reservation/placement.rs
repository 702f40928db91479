//! Which nodes a reservation goes to, and what they cost.

use crate::cli::bytes_text;
use anyhow::{ensure, Context as _, Result};
use granary_chain::ContractTerms;
use granary_primitives::{grid::NodeInfo, Balance, FarmId, NodeId};
use std::collections::BTreeSet;

/// What a reservation needs.
#[derive(Debug)]
pub(crate) struct Wanted<'t> {
	/// One node for each shard.
	pub(crate) nodes: usize,
	/// Capacity of each allotment.
	pub(crate) bytes: u64,
	/// The chain's terms: price and bond follow from them.
	pub(crate) terms: &'t ContractTerms,
	/// Farms that hold another shard already.
	pub(crate) taken: BTreeSet<FarmId>,
}

/// Nodes in shard order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
	pub(crate) nodes: Vec<NodeId>,
	/// What they cost together, in plancks.
	pub(crate) price_per_block: Balance,
	/// How many of them have the operator of another one.
	pub(crate) shared_operators: usize,
}

impl Wanted<'_> {
	/// What an allotment on this node costs per block, in plancks.
	pub(crate) fn price_per_block(&self, node: &NodeInfo) -> Option<Balance> {
		self.terms.price_per_block(self.bytes, node.price_per_gib_hour)
	}

	/// Whether the node takes allotments, has the room, and a bond that backs it.
	fn fits(&self, node: &NodeInfo) -> bool {
		let has_room = node.capacity_bytes.saturating_sub(node.reserved_bytes) >= self.bytes;
		let bond = self.price_per_block(node).and_then(|price| self.terms.bond(self.bytes, price));
		let is_awake = !node.draining && !node.standby;
		is_awake
			&& has_room
			&& bond.is_some_and(|bond| node.bond.saturating_sub(node.bond_used) >= bond)
	}
}

/// The cheapest nodes with room and bond, one of each farm; of those, as long as there are enough, one of each operator: farms of one account are
/// likely to fail together.
pub(crate) fn choose_nodes(all: &[NodeInfo], wanted: &Wanted<'_>) -> Result<Chosen> {
	let mut fitting: Vec<&NodeInfo> = all.iter().filter(|node| wanted.fits(node)).collect();
	fitting.sort_by_key(|node| (node.price_per_gib_hour, node.id));
	let mut farms = wanted.taken.clone();
	let mut operators = BTreeSet::new();
	let (mut apart, beside): (Vec<_>, Vec<_>) =
		fitting.into_iter().partition(|node| operators.insert(node.operator));
	apart.retain(|node| farms.insert(node.farm));
	apart.extend(beside.into_iter().filter(|node| farms.insert(node.farm)));
	let mut fitting = apart;
	ensure!(
		fitting.len() >= wanted.nodes,
		"too few nodes: {} nodes of distinct farms with {} and their bond free are needed, {} of {} nodes qualify; reserve less, or `granary node list` shows what is free",
		wanted.nodes,
		bytes_text(wanted.bytes),
		fitting.len(),
		all.len()
	);
	fitting.truncate(wanted.nodes);
	total(&fitting, wanted)
}

/// The nodes that the tenant named, in this order. Whether they fit is for the chain to say.
pub(super) fn named_nodes(
	all: &[NodeInfo],
	names: &[NodeId],
	wanted: &Wanted<'_>,
) -> Result<Chosen> {
	ensure!(
		names.len() == wanted.nodes,
		"{} nodes are named in --nodes, --data and --parity ask for {}",
		names.len(),
		wanted.nodes
	);
	let find = |id: &NodeId| {
		all.iter()
			.find(|node| node.id == *id)
			.with_context(|| format!("node {id} does not exist on this chain"))
	};
	let nodes = names.iter().map(find).collect::<Result<Vec<_>>>()?;
	total(&nodes, wanted)
}

fn total(nodes: &[&NodeInfo], wanted: &Wanted<'_>) -> Result<Chosen> {
	let price_per_block = nodes
		.iter()
		.try_fold(0, |sum: Balance, node| sum.checked_add(wanted.price_per_block(node)?))
		.context("the nodes' prices are out of range")?;
	let operators: BTreeSet<_> = nodes.iter().map(|node| node.operator).collect();
	Ok(Chosen {
		nodes: nodes.iter().map(|node| node.id).collect(),
		price_per_block,
		shared_operators: nodes.len() - operators.len(),
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use granary_primitives::GIB;

	const TERMS: ContractTerms = ContractTerms {
		settlement_blocks: 1,
		grace_blocks: 1,
		min_term_blocks: 1,
		max_term_blocks: 1000,
		blocks_per_hour: 1,
		bond_days: 1,
		repair_cost_per_gib: 0,
		farmer_share_billionths: 0,
	};

	fn node(id: NodeId, farm: FarmId, free_gib: u64, price: Balance, bond: Balance) -> NodeInfo {
		NodeInfo {
			id,
			farm,
			operator: [id as u8; 32],
			endpoint: Vec::new(),
			audit_key: [0; 32],
			transport_key: [0; 32],
			capacity_bytes: (free_gib + 1) * GIB,
			reserved_bytes: GIB,
			price_per_gib_hour: price,
			bond: bond + 1,
			certified: false,
			draining: false,
			standby: false,
			maintenance: None,
			bond_used: 1,
		}
	}

	#[test]
	fn the_cheapest_nodes_of_distinct_farms_that_have_room_and_bond() {
		// Two GiB at 1 planck are backed by 2 * 24 plancks of bond.
		let nodes = [
			node(0, 0, 9, 9, 9999),
			node(1, 0, 9, 1, 48),
			node(2, 1, 9, 5, 9999),
			node(3, 2, 1, 1, 9999),
			node(4, 3, 9, 1, 47),
		];
		let wanted =
			|nodes| Wanted { nodes, bytes: 2 * GIB, terms: &TERMS, taken: BTreeSet::new() };
		let chosen = choose_nodes(&nodes, &wanted(2)).unwrap();
		assert_eq!(
			chosen,
			Chosen { nodes: vec![1, 2], price_per_block: 2 + 10, shared_operators: 0 }
		);
		let error = choose_nodes(&nodes, &wanted(3)).unwrap_err().to_string();
		assert!(error.contains("too few nodes: 3") && error.contains("2 of 5 nodes"), "{error}");
		let beside = Wanted { taken: BTreeSet::from([0]), ..wanted(1) };
		assert_eq!(choose_nodes(&nodes, &beside).unwrap().nodes, vec![2], "farm 0 has a shard");
	}

	#[test]
	fn operators_are_kept_apart_as_long_as_that_is_possible() {
		let mut nodes: Vec<NodeInfo> =
			(0..4).map(|id| node(id, id, 9, 1 + Balance::from(id), 9999)).collect();
		nodes[1].operator = nodes[0].operator;
		let wanted = |nodes| Wanted { nodes, bytes: GIB, terms: &TERMS, taken: BTreeSet::new() };
		assert_eq!(choose_nodes(&nodes, &wanted(3)).unwrap().nodes, vec![0, 2, 3]);
		assert_eq!(choose_nodes(&nodes, &wanted(4)).unwrap().nodes, vec![0, 2, 3, 1]);
		assert_eq!(choose_nodes(&nodes, &wanted(4)).unwrap().shared_operators, 1);
	}

	#[test]
	fn named_nodes_keep_their_order() {
		let nodes = [node(0, 0, 9, 9, 0), node(1, 1, 9, 1, 0)];
		let wanted = Wanted { nodes: 2, bytes: GIB, terms: &TERMS, taken: BTreeSet::new() };
		let chosen = named_nodes(&nodes, &[1, 0], &wanted).unwrap();
		assert_eq!(chosen, Chosen { nodes: vec![1, 0], price_per_block: 10, shared_operators: 0 });
		assert!(named_nodes(&nodes, &[1], &wanted).is_err());
		let error = named_nodes(&nodes, &[1, 7], &wanted).unwrap_err().to_string();
		assert_eq!(error, "node 7 does not exist on this chain");
	}
}
