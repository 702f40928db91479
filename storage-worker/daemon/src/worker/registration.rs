//! Twin, farm and node: found on chain, or registered.

use crate::keys::WorkerKeys;
use anyhow::{ensure, Context, Result};
use granary_chain::{Call, ChainClient, RegisterNode, Signer};
use granary_primitives::{grid::NodeInfo, Balance, FarmId};
use tracing::info;

/// What the operator offers.
#[derive(Debug, Clone)]
pub(super) struct Offer {
	/// Name of the farm.
	pub(super) farm: String,
	/// `host:port` under which tenants reach the node.
	pub(super) endpoint: String,
	/// Capacity.
	pub(super) capacity_bytes: u64,
	/// Price of one GiB for one hour, in plancks.
	pub(super) price_per_gib_hour: Balance,
	/// Bond, in plancks.
	pub(super) bond: Balance,
}

/// The node with this worker's audit key, registered first if there is none.
pub(super) async fn find_or_register(
	chain: &ChainClient,
	operator: &Signer,
	keys: &WorkerKeys,
	offer: &Offer,
) -> Result<NodeInfo> {
	if let Some(node) = find(chain, keys).await? {
		ensure!(
			node.operator == operator.account(),
			"node {} of this data directory was registered by another account; start with that one",
			node.id
		);
		return follow_endpoint(chain, operator, node, offer).await;
	}
	ensure_twin(chain, operator, keys).await?;
	let farm = ensure_farm(chain, operator, &offer.farm).await?;
	let call = Call::register_node(&RegisterNode {
		farm,
		endpoint: offer.endpoint.clone().into_bytes(),
		capacity_bytes: offer.capacity_bytes,
		price_per_gib_hour: offer.price_per_gib_hour,
		audit_key: keys.audit().public_key(),
		transport_key: keys.transport_public(),
		bond: offer.bond,
	});
	chain.submit_and_finalise(operator, &call).await.context("registering the node")?;
	let node =
		find(chain, keys).await?.context("the node is not on chain after its registration")?;
	info!(node = node.id, farm, "registered");
	Ok(node)
}

/// The node with this worker's audit key.
pub(super) async fn find(chain: &ChainClient, keys: &WorkerKeys) -> Result<Option<NodeInfo>> {
	let key = keys.audit().public_key();
	Ok(chain.all_nodes().await?.into_iter().find(|node| node.audit_key == key))
}

/// Tells the chain where the node is reached now, if that changed.
async fn follow_endpoint(
	chain: &ChainClient,
	operator: &Signer,
	node: NodeInfo,
	offer: &Offer,
) -> Result<NodeInfo> {
	if node.endpoint == offer.endpoint.as_bytes() {
		info!(node = node.id, "found on chain");
		return Ok(node);
	}
	let call = Call::update_node(
		node.id,
		offer.endpoint.as_bytes(),
		node.capacity_bytes,
		node.price_per_gib_hour,
	);
	chain.submit_and_finalise(operator, &call).await.context("updating the node's endpoint")?;
	info!(node = node.id, endpoint = offer.endpoint, "updated the endpoint on chain");
	chain.node(node.id).await?.context("the node is not on chain after its update")
}

async fn ensure_twin(chain: &ChainClient, operator: &Signer, keys: &WorkerKeys) -> Result<()> {
	if chain.twin_of(operator.account()).await?.is_some() {
		return Ok(());
	}
	let call = Call::register_twin(b"", keys.transport_public());
	chain.submit_and_finalise(operator, &call).await.context("registering the twin")?;
	Ok(())
}

async fn ensure_farm(chain: &ChainClient, operator: &Signer, name: &str) -> Result<FarmId> {
	if let Some(farm) = find_farm(chain, operator, name).await? {
		return Ok(farm);
	}
	let call = Call::create_farm(name.as_bytes(), None);
	chain.submit_and_finalise(operator, &call).await.context("creating the farm")?;
	find_farm(chain, operator, name).await?.context("the farm is not on chain after its creation")
}

async fn find_farm(chain: &ChainClient, operator: &Signer, name: &str) -> Result<Option<FarmId>> {
	let Some(twin) = chain.twin_of(operator.account()).await? else { return Ok(None) };
	let farms = chain.all_farms().await?;
	Ok(farms
		.into_iter()
		.find(|farm| farm.twin == twin.id && farm.name == name.as_bytes())
		.map(|farm| farm.id))
}
