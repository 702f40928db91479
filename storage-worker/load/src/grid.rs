//! The grid under load: accounts, twins, farms and nodes.

use crate::{progress::bar, Plan};
use anyhow::{ensure, Context, Result};
use granary_chain::{Call, ChainClient, RegisterNode, Sender, Signer};
use granary_primitives::{Balance, FarmId, NodeId, PublicKey};
use std::{collections::HashMap, time::Duration};

/// One unit of the currency, in plancks.
pub(crate) const UNIT: Balance = 1_000_000_000_000;
/// Farms of one twin.
const FARMS_PER_TWIN: usize = 4;
/// What each account starts with.
const ENDOWMENT: Balance = 50_000 * UNIT;
/// Bond of a node.
const BOND: Balance = 100 * UNIT;
/// Offered by a node.
const CAPACITY_BYTES: u64 = 1 << 40;
/// Price of a GiB for an hour, in plancks.
const PRICE: Balance = UNIT / 1_000;

/// The nodes, and the keys that answer for them.
#[derive(Debug)]
pub(crate) struct Grid {
	/// Nodes of each farm, in the order in which the farms were named.
	pub(crate) farms: Vec<Vec<NodeId>>,
	/// The audit key of each node.
	pub(crate) keys: HashMap<NodeId, Signer>,
	/// Accounts with money that own nothing.
	pub(crate) tenants: Vec<Signer>,
}

/// A development account of the load.
fn account(kind: &str, number: usize) -> Result<Signer> {
	Ok(Signer::from_uri(&format!("//load//{kind}//{number}"))?)
}

/// The audit key of a node: only this program knows whose it is.
fn audit_key(number: usize) -> Result<Signer> {
	let mut seed = *b"granary load: the key of node 0 ";
	seed[24..].copy_from_slice(&(number as u64).to_le_bytes());
	Ok(Signer::from_secret(seed)?)
}

/// Waits until everything sent is final.
pub(crate) async fn settled(
	chain: &ChainClient,
	sender: &Sender<'_>,
	account: &Signer,
) -> Result<()> {
	const PATIENCE: Duration = Duration::from_secs(600);
	let all_final = async {
		while u64::from(chain.balance(account.account()).await?.nonce) < sender.next_nonce() {
			tokio::time::sleep(Duration::from_millis(500)).await;
		}
		Ok(())
	};
	tokio::time::timeout(PATIENCE, all_final)
		.await
		.context("transactions did not become final within ten minutes")?
}

impl Grid {
	/// Makes the accounts, farms and nodes of the plan on a fresh chain.
	pub(crate) async fn set_up(chain: &ChainClient, plan: &Plan) -> Result<Self> {
		ensure!(
			chain.all_nodes().await?.is_empty(),
			"the chain has nodes already; the load needs a fresh one (see scripts/load)"
		);
		let farms = plan.farms();
		let owners = farms.div_ceil(FARMS_PER_TWIN);
		let owners = (0..owners).map(|i| account("owner", i)).collect::<Result<Vec<_>>>()?;
		let tenants =
			(0..plan.tenants).map(|i| account("tenant", i)).collect::<Result<Vec<_>>>()?;
		endow(chain, owners.iter().chain(&tenants)).await?;
		make_farms(chain, &owners, farms).await?;
		let numbers = numbers_of_farms(chain, farms).await?;
		make_nodes(chain, &owners, &numbers, plan.nodes).await?;
		collect(chain, plan.nodes, &numbers, tenants).await
	}

	/// `shards` nodes of distinct farms for the reservation of this number, spread evenly over all nodes.
	pub(crate) fn place(&self, reservation: usize, shards: usize) -> Vec<NodeId> {
		let first = reservation * shards;
		let slots = first..first + shards;
		slots
			.filter_map(|slot| {
				let farm = self.farms.get(slot % self.farms.len())?;
				farm.get((slot / self.farms.len()) % farm.len()).copied()
			})
			.collect()
	}
}

async fn endow(chain: &ChainClient, accounts: impl Iterator<Item = &Signer>) -> Result<()> {
	let alice = Signer::from_uri("//Alice")?;
	let mut sender = chain.sender(alice.clone()).await?;
	for account in accounts {
		sender.send(&Call::transfer(account.account(), ENDOWMENT)).await?;
	}
	settled(chain, &sender, &alice).await
}

async fn make_farms(chain: &ChainClient, owners: &[Signer], farms: usize) -> Result<()> {
	let bar = bar("farms", farms as u64);
	let mut senders = Vec::new();
	for (number, owner) in owners.iter().enumerate() {
		let mut sender = chain.sender(owner.clone()).await?;
		sender.send(&Call::register_twin(b"127.0.0.1:9900", owner.public_key())).await?;
		let first = number * FARMS_PER_TWIN;
		for farm in first..farms.min(first + FARMS_PER_TWIN) {
			sender.send(&Call::create_farm(format!("load {farm}").as_bytes(), None)).await?;
			bar.inc(1);
		}
		senders.push((sender, owner));
	}
	for (sender, owner) in &senders {
		settled(chain, sender, owner).await?;
	}
	bar.finish();
	Ok(())
}

/// The farms' numbers in the order in which they were named.
async fn numbers_of_farms(chain: &ChainClient, farms: usize) -> Result<Vec<FarmId>> {
	let named: HashMap<Vec<u8>, FarmId> =
		chain.all_farms().await?.into_iter().map(|farm| (farm.name, farm.id)).collect();
	let number = |farm: usize| named.get(format!("load {farm}").as_bytes()).copied();
	(0..farms).map(|farm| number(farm).with_context(|| format!("farm {farm} is missing"))).collect()
}

async fn make_nodes(
	chain: &ChainClient,
	owners: &[Signer],
	farms: &[FarmId],
	nodes: usize,
) -> Result<()> {
	let bar = bar("nodes", nodes as u64);
	let mut senders = Vec::new();
	for owner in owners {
		senders.push((chain.sender(owner.clone()).await?, owner));
	}
	for number in 0..nodes {
		let farm = number % farms.len();
		let owner = senders.get_mut(farm / FARMS_PER_TWIN).context("a farm has no owner")?;
		let node = RegisterNode {
			farm: *farms.get(farm).context("a farm is missing")?,
			endpoint: format!("127.0.0.1:{}", 10_000 + number).into_bytes(),
			capacity_bytes: CAPACITY_BYTES,
			price_per_gib_hour: PRICE,
			audit_key: audit_key(number)?.public_key(),
			transport_key: [7; 32],
			bond: BOND,
		};
		owner.0.send(&Call::register_node(&node)).await?;
		bar.inc(1);
	}
	for (sender, owner) in &senders {
		settled(chain, sender, owner).await?;
	}
	bar.finish();
	Ok(())
}

async fn collect(
	chain: &ChainClient,
	nodes: usize,
	farms: &[FarmId],
	tenants: Vec<Signer>,
) -> Result<Grid> {
	let known = (0..nodes)
		.map(|number| audit_key(number).map(|key| (key.public_key(), key)))
		.collect::<Result<HashMap<PublicKey, Signer>>>()?;
	let mut grid = Grid { farms: Vec::new(), keys: HashMap::new(), tenants };
	let mut by_farm: HashMap<FarmId, Vec<NodeId>> = HashMap::new();
	for node in chain.all_nodes().await? {
		if let Some(key) = known.get(&node.audit_key) {
			grid.keys.insert(node.id, key.clone());
			by_farm.entry(node.farm).or_default().push(node.id);
		}
	}
	ensure!(grid.keys.len() == nodes, "{} of {nodes} nodes were registered", grid.keys.len());
	grid.farms = farms.iter().map(|farm| by_farm.remove(farm).unwrap_or_default()).collect();
	Ok(grid)
}
