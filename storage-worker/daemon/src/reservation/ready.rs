//! Waiting until the nodes of a new reservation have seen it and serve their allotments.

use crate::keys::namespace_name;
use anyhow::Result;
use futures::future::join_all;
use granary_chain::ChainClient;
use granary_primitives::{NodeId, ReservationId};
use std::{io, time::Duration};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::TcpStream,
	time::{sleep, timeout},
};

/// How long the nodes get. They see a reservation in the finalised block that made it, so seconds are plenty.
const PATIENCE: Duration = Duration::from_secs(20);
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// How long a node may take for one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Waits until each node of the reservation has its namespace; answers those that have not in time.
pub(super) async fn await_namespaces(
	chain: &ChainClient,
	reservation: ReservationId,
) -> Result<Vec<NodeId>> {
	let Some(reservation) = chain.reservation(reservation).await? else { return Ok(Vec::new()) };
	let mut wanted = Vec::with_capacity(reservation.allotments.len());
	for id in reservation.allotments {
		let Some(allotment) = chain.allotment(id).await? else { continue };
		let Some(node) = chain.node(allotment.node).await? else { continue };
		let endpoint = String::from_utf8_lossy(&node.endpoint).into_owned();
		wanted.push((node.id, endpoint, namespace_name(id)));
	}
	let waiting = wanted.iter().map(|(node, endpoint, namespace)| async move {
		let served = async {
			while !has_namespace(endpoint, namespace).await {
				sleep(POLL_INTERVAL).await;
			}
		};
		timeout(PATIENCE, served).await.err().map(|_| *node)
	});
	Ok(join_all(waiting).await.into_iter().flatten().collect())
}

/// Whether the node knows the namespace. To be let in is not needed, only not to be told that there is none.
async fn has_namespace(endpoint: &str, namespace: &str) -> bool {
	let answer = timeout(ANSWER_TIMEOUT, select(endpoint, namespace)).await;
	matches!(answer, Ok(Ok(line)) if !line.to_ascii_lowercase().contains("not found"))
}

/// The first line that a node answers when this namespace is selected.
async fn select(endpoint: &str, namespace: &str) -> io::Result<String> {
	let mut stream = TcpStream::connect(endpoint).await?;
	let command = format!("*2\r\n$6\r\nSELECT\r\n${}\r\n{namespace}\r\n", namespace.len());
	stream.write_all(command.as_bytes()).await?;
	let mut answer = [0; 256];
	let length = stream.read(&mut answer).await?;
	if length == 0 {
		return Err(io::ErrorKind::UnexpectedEof.into());
	}
	Ok(String::from_utf8_lossy(answer.get(..length).unwrap_or_default()).into_owned())
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
		let endpoint = server.local_addr().unwrap().to_string();
		tokio::spawn(server.run(std::future::pending()));
		assert!(!has_namespace(&endpoint, "allotment-1").await);
		for (name, public) in [("allotment-1", true), ("allotment-2", false)] {
			let password = Some("secret".to_owned());
			let options = NamespaceOptions { password, public, ..Default::default() };
			store.create_namespace(name, options).unwrap();
			assert!(has_namespace(&endpoint, name).await, "{name}");
		}
		assert!(!has_namespace("127.0.0.1:1", "allotment-1").await, "nothing listens there");
	}
}
