//! How workers and clients know each other: by the keys in the chain's records.

use crate::keys::{TenantKeys, WorkerKeys};
use anyhow::{Context as _, Result};
use granary_chain::{verify_signature, Signer};
use granary_dispersal::Backend;
use granary_primitives::{grid::NodeInfo, Hash};
use granary_transport::{Identity, Network, Role};
use std::sync::Arc;

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

	/// What a worker shows to its clients.
	pub(crate) fn of_worker(
		genesis: Hash,
		keys: &WorkerKeys,
	) -> Result<Arc<granary_transport::ServerConfig>> {
		let identity = identity(genesis, Role::Node, keys.audit())?;
		Ok(Network::new(genesis, verify_signature).server(identity)?)
	}

	/// How a namespace of a node is reached, from the node's record.
	pub(crate) fn backend(
		&self,
		node: &NodeInfo,
		namespace: String,
		password: Option<String>,
	) -> Result<Backend> {
		Ok(Backend {
			node: node.id,
			address: String::from_utf8(node.endpoint.clone())
				.with_context(|| format!("the endpoint of node {} is not UTF-8", node.id))?,
			namespace,
			password,
			tls: Some(self.network.client(node.audit_key, self.identity.clone())?),
		})
	}
}
