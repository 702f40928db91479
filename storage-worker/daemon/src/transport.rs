//! How workers and clients know each other: by the keys in the chain's records.

use crate::keys::{TenantKeys, WorkerKeys};
use anyhow::{Context as _, Result};
use granary_chain::{verify_signature, ChainClient, Signer};
use granary_dispersal::{Backend, Route};
use granary_primitives::{grid::NodeInfo, Hash, NodeId};
use granary_transport::{
	relay::RelayAt, Endpoint, Endpoints, Identity, Network, Role, ServerConfig,
};
use std::{sync::Arc, time::Duration};
use tracing::warn;

/// How long a node may take to answer over one way when it is asked whether it does.
pub(crate) const WAY_TIMEOUT: Duration = Duration::from_secs(5);

/// One side of all encrypted connections on one chain.
#[derive(Debug, Clone)]
pub(crate) struct Transport {
	network: Network,
	identity: Option<Arc<Identity>>,
}

fn identity(genesis: Hash, role: Role, signer: &Signer) -> Result<Arc<Identity>> {
	let (key, signer) = (signer.public_key(), signer.clone());
	Ok(Arc::new(Identity::new(genesis, role, key, move |message| signer.sign(message))?))
}

impl Transport {
	/// As a tenant, or as nobody, which is enough to read what is public.
	pub(crate) fn of_client(genesis: Hash, tenant: Option<&TenantKeys>) -> Result<Self> {
		let identity =
			tenant.map(|keys| identity(genesis, Role::Account, keys.signer())).transpose()?;
		Ok(Self { network: Network::new(genesis, verify_signature), identity })
	}

	/// As a worker, towards its relays.
	pub(crate) fn of_worker(genesis: Hash, keys: &WorkerKeys) -> Result<Self> {
		let identity = Some(identity(genesis, Role::Node, keys.audit())?);
		Ok(Self { network: Network::new(genesis, verify_signature), identity })
	}

	/// What a worker shows to its clients, and to those who want it to be a relay, if it is one.
	pub(crate) fn server(&self, is_relay: bool) -> Result<Arc<ServerConfig>> {
		let identity = self.identity.clone().context("a server needs an identity")?;
		Ok(match is_relay {
			true => self.network.relaying_server(identity)?,
			false => self.network.server(identity)?,
		})
	}

	/// How a namespace of a node is reached, from the node's record and those of its relays.
	pub(crate) async fn backend(
		&self,
		chain: &ChainClient,
		node: &NodeInfo,
		namespace: String,
		password: Option<String>,
	) -> Result<Backend> {
		Ok(Backend {
			node: node.id,
			routes: self.routes(chain, node).await?,
			namespace,
			password,
			tls: Some(self.network.client(node.audit_key, self.identity.clone())?),
		})
	}

	/// The ways to a node. What its record says wrongly is left out: that makes it one node out of reach, and nothing else.
	async fn routes(&self, chain: &ChainClient, node: &NodeInfo) -> Result<Vec<Route>> {
		let mut routes = Vec::new();
		let endpoints = match endpoints(node) {
			Ok(endpoints) => endpoints,
			Err(error) => {
				warn!("no way leads to node {}: {error:#}", node.id);
				return Ok(routes);
			},
		};
		for endpoint in endpoints.iter() {
			match endpoint {
				Endpoint::Direct(address) => routes.push(Route::Direct(address.clone())),
				// A relay passes on without knowing for whom: it is not shown who asks.
				Endpoint::Relay(relay) => match self.relay_at(chain, *relay, None).await? {
					Ok(relay) => routes.push(Route::Relayed(relay, node.audit_key)),
					Err(reason) => warn!("a way to node {} is left out: {reason}", node.id),
				},
			}
		}
		Ok(routes)
	}

	/// Where a relay is, for this side as the node that wants to be served.
	pub(crate) async fn serving_relay(
		&self,
		chain: &ChainClient,
		relay: NodeId,
	) -> Result<RelayAt> {
		let found = self.relay_at(chain, relay, self.identity.clone()).await?;
		found.map_err(anyhow::Error::msg)
	}

	/// Where a relay is, or what is wrong with its record; an error if the chain cannot be asked.
	async fn relay_at(
		&self,
		chain: &ChainClient,
		relay: NodeId,
		identity: Option<Arc<Identity>>,
	) -> Result<Result<RelayAt, String>> {
		let Some(record) = chain.node(relay).await? else {
			return Ok(Err(format!("relay {relay} does not exist on this chain")));
		};
		let addresses: Vec<String> = match endpoints(&record) {
			Ok(endpoints) => endpoints.addresses().map(str::to_owned).collect(),
			Err(error) => return Ok(Err(format!("{error:#}"))),
		};
		if addresses.is_empty() {
			return Ok(Err(format!("relay {relay} listens nowhere itself")));
		}
		let tls = self.network.relay_client(record.audit_key, identity)?;
		Ok(Ok(RelayAt { node: relay, addresses, key: record.audit_key, tls }))
	}
}

/// The ways to a node that its record names.
pub(crate) fn endpoints(node: &NodeInfo) -> Result<Endpoints> {
	let text = std::str::from_utf8(&node.endpoint)
		.with_context(|| format!("the endpoint of node {} is not UTF-8", node.id))?;
	text.parse().with_context(|| format!("the endpoint of node {}", node.id))
}
