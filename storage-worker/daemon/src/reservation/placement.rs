//! Which nodes a reservation goes to, and what they cost.
//!
//! No two shards go to one farm; the chain sees to that. Beyond it the nodes' records say who operates a node and in which region its farm is. Both are what the
//! farmer says: they are used to spread shards as long as that is not dear, and nothing is promised for them.

use crate::cli::bytes_text;
use anyhow::{ensure, Context as _, Result};
use granary_chain::{ChainClient, ContractTerms};
use granary_primitives::{
	grid::{FarmInfo, NodeInfo},
	AccountBytes, Balance, FarmId, NodeId, Region,
};
use std::collections::{BTreeMap, BTreeSet};

/// A node that is only taken to spread shards may ask for so many per cent of what the dearest of the cheapest choice does: a region that is claimed is
/// worth a little, not any price.
const SPREAD_PRICE_PER_CENT: Balance = 150;

/// The nodes of the chain and where their farms are.
#[derive(Debug, Default)]
pub(crate) struct Offers {
	pub(crate) nodes: Vec<NodeInfo>,
	regions: BTreeMap<FarmId, Region>,
}

impl Offers {
	/// As the chain has them now.
	pub(crate) async fn load(chain: &ChainClient) -> Result<Self> {
		let (nodes, farms) = (chain.all_nodes().await?, chain.all_farms().await?);
		Ok(Self::new(nodes, &farms))
	}

	fn new(nodes: Vec<NodeInfo>, farms: &[FarmInfo]) -> Self {
		let regions = farms.iter().map(|farm| (farm.id, farm.region)).collect();
		Self { nodes, regions }
	}

	/// The same without one node.
	pub(crate) fn without(&self, id: NodeId) -> Self {
		let nodes = self.nodes.iter().filter(|node| node.id != id).cloned().collect();
		Self { nodes, regions: self.regions.clone() }
	}

	/// Where a node's farm is, as its farmer says; `None` if that was not told.
	pub(crate) fn region(&self, node: &NodeInfo) -> Option<Region> {
		self.regions.get(&node.farm).copied().filter(|region| *region != Region::default())
	}

	/// The node with this number.
	pub(crate) fn node(&self, id: NodeId) -> Result<&NodeInfo> {
		self.nodes
			.iter()
			.find(|node| node.id == id)
			.with_context(|| format!("node {id} does not exist on this chain"))
	}
}

/// A region as people write it.
pub(crate) fn region_text(region: Option<Region>) -> String {
	region.map_or_else(|| "-".to_owned(), |region| String::from_utf8_lossy(&region).into_owned())
}

/// What a reservation needs.
#[derive(Debug)]
pub(crate) struct Wanted<'t> {
	/// One node for each shard.
	pub(crate) nodes: usize,
	/// Capacity of each allotment.
	pub(crate) bytes: u64,
	/// The chain's terms: price and bond follow from them.
	pub(crate) terms: &'t ContractTerms,
	/// Nodes that hold other shards already.
	pub(crate) beside: Vec<NodeId>,
}

/// How many shards are in each domain that may fail as one.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Domains {
	farms: BTreeSet<FarmId>,
	operators: BTreeMap<AccountBytes, usize>,
	/// Farms that do not say where they are may all be in one place.
	regions: BTreeMap<Option<Region>, usize>,
}

impl Domains {
	/// Those of these nodes.
	pub(crate) fn of(offers: &Offers, nodes: &[NodeId]) -> Self {
		let mut domains = Self::default();
		let known = nodes.iter().filter_map(|id| offers.node(*id).ok());
		known.for_each(|node| domains.add(offers, node));
		domains
	}

	fn add(&mut self, offers: &Offers, node: &NodeInfo) {
		self.farms.insert(node.farm);
		*self.operators.entry(node.operator).or_default() += 1;
		*self.regions.entry(offers.region(node)).or_default() += 1;
	}

	/// Shards that would be lost with this node's operator, and those with its region, if there were one more on this node.
	fn crowd(&self, offers: &Offers, node: &NodeInfo) -> (usize, usize) {
		let region = offers.region(node);
		(
			self.operators.get(&node.operator).copied().unwrap_or(0),
			self.regions.get(&region).copied().unwrap_or(0),
		)
	}

	/// Operators among them, and regions that are told.
	pub(crate) fn distinct(&self) -> (usize, usize) {
		(self.operators.len(), self.regions.keys().flatten().count())
	}

	/// How many shards have the operator of another one.
	pub(crate) fn shared_operators(&self) -> usize {
		self.operators.values().map(|shards| shards - 1).sum()
	}

	/// The region with the most shards, if losing it would lose more than so many.
	pub(crate) fn crowded_region(&self, parity: usize) -> Option<(Option<Region>, usize)> {
		let most = self.regions.iter().max_by_key(|(_, shards)| **shards);
		most.map(|(region, shards)| (*region, *shards)).filter(|(_, shards)| *shards > parity)
	}
}

/// Nodes in shard order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
	pub(crate) nodes: Vec<NodeId>,
	/// What they cost together, in plancks.
	pub(crate) price_per_block: Balance,
	/// The domains of all shards, those beside included.
	pub(crate) domains: Domains,
}

impl Wanted<'_> {
	/// What an allotment on this node costs per block, in plancks.
	pub(crate) fn price_per_block(&self, node: &NodeInfo) -> Option<Balance> {
		self.terms.price_per_block(self.bytes, node.price_per_gib_hour)
	}

	/// Whether the node takes allotments, has the room, and a bond that backs it.
	pub(crate) fn fits(&self, node: &NodeInfo) -> bool {
		let has_room = node.capacity_bytes.saturating_sub(node.reserved_bytes) >= self.bytes;
		let bond = self.price_per_block(node).and_then(|price| self.terms.bond(self.bytes, price));
		let is_awake = !node.draining && !node.standby;
		is_awake
			&& has_room
			&& bond.is_some_and(|bond| node.bond.saturating_sub(node.bond_used) >= bond)
	}
}

/// Nodes with room and bond, one of each farm: among those that are hardly dearer than the cheapest choice, one after the other the one that shares its operator with
/// the fewest shards, then its region, then the cheapest.
pub(crate) fn choose_nodes(offers: &Offers, wanted: &Wanted<'_>) -> Result<Chosen> {
	let mut domains = Domains::of(offers, &wanted.beside);
	let mut fitting: Vec<&NodeInfo> =
		offers.nodes.iter().filter(|node| wanted.fits(node)).collect();
	fitting.sort_by_key(|node| (node.price_per_gib_hour, node.id));
	let mut farms = domains.farms.clone();
	let cheapest: Vec<&NodeInfo> =
		fitting.iter().copied().filter(|node| farms.insert(node.farm)).collect();
	ensure!(
		cheapest.len() >= wanted.nodes,
		"too few nodes: {} nodes of distinct farms with {} and their bond free are needed, {} of {} nodes qualify; reserve less, or `granary node list` shows what is free",
		wanted.nodes,
		bytes_text(wanted.bytes),
		cheapest.len(),
		offers.nodes.len()
	);
	let dearest = cheapest.iter().take(wanted.nodes).map(|node| node.price_per_gib_hour).max();
	let limit = dearest.unwrap_or(0).saturating_mul(SPREAD_PRICE_PER_CENT) / 100;
	fitting.retain(|node| node.price_per_gib_hour <= limit.max(dearest.unwrap_or(0)));
	let mut chosen = Vec::with_capacity(wanted.nodes);
	while chosen.len() < wanted.nodes {
		let free = fitting.iter().filter(|node| !domains.farms.contains(&node.farm));
		let next =
			free.min_by_key(|node| (domains.crowd(offers, node), node.price_per_gib_hour, node.id));
		let next = *next.context("a farm was counted twice")?;
		domains.add(offers, next);
		chosen.push(next);
	}
	total(&chosen, wanted, domains)
}

/// The nodes that the tenant named, in this order. Whether they fit is for the chain to say.
pub(super) fn named_nodes(
	offers: &Offers,
	names: &[NodeId],
	wanted: &Wanted<'_>,
) -> Result<Chosen> {
	ensure!(
		names.len() == wanted.nodes,
		"{} nodes are named in --nodes, --data and --parity ask for {}",
		names.len(),
		wanted.nodes
	);
	let nodes = names.iter().map(|id| offers.node(*id)).collect::<Result<Vec<_>>>()?;
	total(&nodes, wanted, Domains::of(offers, names))
}

fn total(nodes: &[&NodeInfo], wanted: &Wanted<'_>, domains: Domains) -> Result<Chosen> {
	let price_per_block = nodes
		.iter()
		.try_fold(0, |sum: Balance, node| sum.checked_add(wanted.price_per_block(node)?))
		.context("the nodes' prices are out of range")?;
	Ok(Chosen { nodes: nodes.iter().map(|node| node.id).collect(), price_per_block, domains })
}

#[cfg(test)]
pub(super) mod tests {
	use super::*;
	use granary_primitives::GIB;

	pub(crate) const TERMS: ContractTerms = ContractTerms {
		settlement_blocks: 1,
		grace_blocks: 1,
		min_term_blocks: 1,
		max_term_blocks: 1000,
		blocks_per_hour: 1,
		bond_days: 1,
		repair_cost_per_gib: 0,
		farmer_share_billionths: 0,
	};

	pub(crate) fn node(
		id: NodeId,
		farm: FarmId,
		free_gib: u64,
		price: Balance,
		bond: Balance,
	) -> NodeInfo {
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

	/// Nodes whose farms are in these regions, by number of the farm.
	pub(crate) fn offers(nodes: Vec<NodeInfo>, regions: &[&str]) -> Offers {
		let farm = |(id, region): (usize, &&str)| FarmInfo {
			id: id as FarmId,
			twin: 0,
			name: Vec::new(),
			payout: [0; 32],
			region: region.as_bytes().try_into().unwrap_or_default(),
			certified: false,
		};
		let farms: Vec<FarmInfo> = regions.iter().enumerate().map(farm).collect();
		Offers::new(nodes, &farms)
	}

	fn wanted(nodes: usize, bytes: u64, beside: &[NodeId]) -> Wanted<'static> {
		Wanted { nodes, bytes, terms: &TERMS, beside: beside.to_vec() }
	}

	fn chosen(offers: &Offers, nodes: usize) -> Vec<NodeId> {
		choose_nodes(offers, &wanted(nodes, GIB, &[])).unwrap().nodes
	}

	#[test]
	fn the_cheapest_nodes_of_distinct_farms_that_have_room_and_bond() {
		// Two GiB at 1 planck are backed by 2 * 24 plancks of bond.
		let nodes = vec![
			node(0, 0, 9, 9, 9999),
			node(1, 0, 9, 1, 48),
			node(2, 1, 9, 5, 9999),
			node(3, 2, 1, 1, 9999),
			node(4, 3, 9, 1, 47),
		];
		let offers = offers(nodes, &[]);
		let two = choose_nodes(&offers, &wanted(2, 2 * GIB, &[])).unwrap();
		assert_eq!((two.nodes, two.price_per_block), (vec![1, 2], 2 + 10));
		assert_eq!(two.domains.shared_operators(), 0);
		let error = choose_nodes(&offers, &wanted(3, 2 * GIB, &[])).unwrap_err().to_string();
		assert!(error.contains("too few nodes: 3") && error.contains("2 of 5 nodes"), "{error}");
		let beside = choose_nodes(&offers, &wanted(1, 2 * GIB, &[0])).unwrap();
		assert_eq!(beside.nodes, vec![2], "farm 0 has a shard");
	}

	#[test]
	fn operators_are_kept_apart_as_long_as_that_is_possible() {
		let mut nodes: Vec<NodeInfo> =
			(0..4).map(|id| node(id, id, 9, 10 + Balance::from(id), 9999)).collect();
		nodes[1].operator = nodes[0].operator;
		let offers = offers(nodes, &[]);
		assert_eq!(chosen(&offers, 3), vec![0, 2, 3]);
		assert_eq!(chosen(&offers, 4), vec![0, 2, 3, 1]);
		let all = choose_nodes(&offers, &wanted(4, GIB, &[])).unwrap();
		assert_eq!((all.domains.shared_operators(), all.domains.distinct()), (1, (3, 0)));
	}

	#[test]
	fn regions_are_spread_over_as_long_as_that_is_not_dear() {
		let nodes = |dear: Balance| -> Vec<NodeInfo> {
			let price = |id| if id < 4 { 10 } else { dear };
			(0..6).map(|id| node(id, id, 9, price(id), 9999)).collect()
		};
		let regions = ["DE", "DE", "DE", "FI", "US", ""];
		let near = offers(nodes(15), &regions);
		// A farm that does not say where it is counts as a place of its own once.
		assert_eq!(chosen(&near, 4), vec![0, 3, 4, 5]);
		let spread = choose_nodes(&near, &wanted(4, GIB, &[])).unwrap();
		assert_eq!(spread.domains.distinct(), (4, 3));
		assert_eq!(spread.domains.crowded_region(1), None);
		// Half more is the most that a region is worth.
		let dear = offers(nodes(16), &regions);
		assert_eq!(chosen(&dear, 4), vec![0, 3, 1, 2]);
		let crowded = choose_nodes(&dear, &wanted(4, GIB, &[])).unwrap();
		assert_eq!(crowded.domains.crowded_region(2), Some((Some(*b"DE"), 3)));
		assert_eq!(crowded.domains.crowded_region(3), None);
		// What is there already counts.
		let one = choose_nodes(&near, &wanted(1, GIB, &[0, 3])).unwrap();
		assert_eq!(one.nodes, vec![4]);
	}

	#[test]
	fn named_nodes_keep_their_order() {
		let offers = offers(vec![node(0, 0, 9, 9, 0), node(1, 1, 9, 1, 0)], &[]);
		let two = wanted(2, GIB, &[]);
		let chosen = named_nodes(&offers, &[1, 0], &two).unwrap();
		assert_eq!((chosen.nodes, chosen.price_per_block), (vec![1, 0], 10));
		assert!(named_nodes(&offers, &[1], &two).is_err());
		let error = named_nodes(&offers, &[1, 7], &two).unwrap_err().to_string();
		assert_eq!(error, "node 7 does not exist on this chain");
	}
}
