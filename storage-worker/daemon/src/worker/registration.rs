//! Twin, farm and node: found on chain, or registered.

use crate::keys::WorkerKeys;
use anyhow::{ensure, Context, Result};
use granary_chain::{Call, ChainClient, RegisterNode, Signer};
use granary_primitives::{grid::NodeInfo, Balance, FarmId};
use std::{path::Path, sync::Arc};
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

/// This worker's keys, and the node with its audit key, registered first if there is none.
pub(super) async fn find_or_register(
	chain: &ChainClient,
	operator: &Signer,
	key_dir: &Path,
	offer: &Offer,
) -> Result<(Arc<WorkerKeys>, NodeInfo)> {
	let (keys, found) = find_with_keys(chain, key_dir).await?;
	if let Some(node) = found {
		ensure!(
			node.operator == operator.account(),
			"node {} of this data directory was registered by another account; start with that one",
			node.id
		);
		return Ok((keys, follow_endpoint(chain, operator, node, offer).await?));
	}
	ensure_twin(chain, operator, &keys).await?;
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
		find(chain, &keys).await?.context("the node is not on chain after its registration")?;
	info!(node = node.id, farm, "registered");
	Ok((keys, node))
}

/// The node of the worker with these keys. Keys that were announced and are on record now take the place of the present ones first.
pub(super) async fn find_with_keys(
	chain: &ChainClient,
	key_dir: &Path,
) -> Result<(Arc<WorkerKeys>, Option<NodeInfo>)> {
	let present = WorkerKeys::load_or_create(key_dir)?.audit().public_key();
	let (next, _) = WorkerKeys::next_public(key_dir)?;
	let is_ours = |node: &NodeInfo| node.audit_key == present || Some(node.audit_key) == next;
	let node = chain.all_nodes().await?.into_iter().find(is_ours);
	if let Some(node) = &node {
		if WorkerKeys::adopt_next(key_dir, &node.audit_key, &node.transport_key)? {
			info!(node = node.id, "the keys that were announced are valid: they are used now");
		}
	}
	Ok((Arc::new(WorkerKeys::load_or_create(key_dir)?), node))
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
