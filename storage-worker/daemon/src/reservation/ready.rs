//! Waiting until the nodes of a new reservation have seen it and serve their allotments.

use crate::{
	keys::{namespace_name, TenantKeys},
	transport::Transport,
};
use anyhow::Result;
use futures::future::join_all;
use granary_chain::ChainClient;
use granary_dispersal::{Backend, BackendError};
use granary_primitives::{NodeId, ReservationId};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How long the nodes get. They see a reservation in the finalised block that made it, so seconds are plenty.
const PATIENCE: Duration = Duration::from_secs(20);
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// How long a node may take for one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Waits until each node of the reservation has its namespace; answers those that have not in time.
pub(crate) async fn await_namespaces(
	chain: &ChainClient,
	tenant: &TenantKeys,
	reservation: ReservationId,
) -> Result<Vec<NodeId>> {
	let Some(reservation) = chain.reservation(reservation).await? else { return Ok(Vec::new()) };
	let transport = Transport::of_client(chain.genesis_hash(), Some(tenant))?;
	let mut wanted = Vec::with_capacity(reservation.allotments.len());
	for id in reservation.allotments {
		let Some(allotment) = chain.allotment(id).await? else { continue };
		let Some(node) = chain.node(allotment.node).await? else { continue };
		wanted.push(transport.backend(chain, &node, namespace_name(id), None).await?);
	}
	let waiting = wanted.iter().map(|backend| async move {
		let served = async {
			while !has_namespace(backend).await {
				sleep(POLL_INTERVAL).await;
			}
		};
		timeout(PATIENCE, served).await.err().map(|_| backend.node)
	});
	Ok(join_all(waiting).await.into_iter().flatten().collect())
}

/// Whether the node knows the namespace. To be let in is not needed, only not to be told that there is none.
async fn has_namespace(backend: &Backend) -> bool {
	match backend.check(ANSWER_TIMEOUT).await {
		Ok(_) => true,
		Err(BackendError::Refused(text)) => !text.to_ascii_lowercase().contains("not found"),
		Err(_) => false,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use granary_zdb::{NamespaceOptions, Server, ServerOptions, Store, StoreOptions};
	use std::sync::Arc;

	#[tokio::test]
	async fn a_namespace_is_seen_once_it_is_there() {
		let dir = tempfile::tempdir().unwrap();
		let store = Arc::new(Store::open(StoreOptions::new(dir.path())).unwrap());
		let tcp = Some("127.0.0.1:0".parse().unwrap());
		let options = ServerOptions { tcp, protected: true, ..ServerOptions::default() };
		let server = Server::bind(options, store.clone(), None).await.unwrap();
		let backend = |address: String, namespace: &str| Backend {
			node: 1,
			routes: vec![address.as_str().into()],
			namespace: namespace.to_owned(),
			password: None,
			tls: None,
		};
		let endpoint = server.local_addr().unwrap().to_string();
		tokio::spawn(server.run(std::future::pending()));
		assert!(!has_namespace(&backend(endpoint.clone(), "allotment-1")).await);
		for (name, public) in [("allotment-1", true), ("allotment-2", false)] {
			let password = Some("secret".to_owned());
			let options = NamespaceOptions { password, public, ..Default::default() };
			store.create_namespace(name, options).unwrap();
			assert!(has_namespace(&backend(endpoint.clone(), name)).await, "{name}");
		}
		let nowhere = backend("127.0.0.1:1".to_owned(), "allotment-1");
		assert!(!has_namespace(&nowhere).await, "nothing listens there");
	}
}
