//! Where the shards of a reservation are: its allotments, their nodes, and the keys to them.

use crate::{
	keys::{namespace_name, namespace_password, TenantKeys},
	transport::Transport,
};
use anyhow::{Context, Result};
use granary_chain::ChainClient;
use granary_dispersal::{Backend, Dataset, Route};
use granary_primitives::{reservation::ReservationInfo, AllotmentId, PublicKey, ReservationId};
use std::{
	sync::{Arc, Weak},
	time::Duration,
};
use tracing::{debug, info};
use x25519_dalek::StaticSecret;

/// Between two looks at the records while every node answers, and while one does not.
const CALM_INTERVAL: Duration = Duration::from_secs(300);
const TROUBLE_INTERVAL: Duration = Duration::from_secs(10);
const TICK: Duration = Duration::from_secs(2);

/// What a record says about a shard; equal entries lead to the same place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
	allotment: AllotmentId,
	node: u32,
	/// From the node's record and those of its relays.
	routes: Vec<Route>,
	audit_key: PublicKey,
	transport_key: PublicKey,
}

impl Entry {
	/// Whether both are of the same node with the same keys, however it is reached.
	fn is_same_node(&self, other: &Self) -> bool {
		*self == Self { routes: self.routes.clone(), ..other.clone() }
	}
}

/// The chain's records of one reservation, and what is needed to use them.
pub(super) struct Directory {
	chain: Arc<ChainClient>,
	transport: Transport,
	/// The secret that passwords are agreed with; without it only what is public can be read.
	secret: Option<StaticSecret>,
}

impl Directory {
	pub(super) fn new(chain: Arc<ChainClient>, tenant: Option<&TenantKeys>) -> Result<Self> {
		let transport = Transport::of_client(chain.genesis_hash(), tenant)?;
		Ok(Self { chain, transport, secret: tenant.map(|keys| keys.transport_secret().clone()) })
	}

	async fn look_up(&self, allotment: AllotmentId) -> Result<(Entry, Backend)> {
		let info = self
			.chain
			.allotment(allotment)
			.await?
			.with_context(|| format!("allotment {allotment} does not exist on this chain"))?;
		let node = self
			.chain
			.node(info.node)
			.await?
			.with_context(|| format!("node {} does not exist on this chain", info.node))?;
		let password = self
			.secret
			.as_ref()
			.map(|secret| namespace_password(secret, &node.transport_key, allotment));
		let namespace = namespace_name(allotment);
		let backend = self.transport.backend(&self.chain, &node, namespace, password).await?;
		let entry = Entry {
			allotment,
			node: node.id,
			routes: backend.routes.clone(),
			audit_key: node.audit_key,
			transport_key: node.transport_key,
		};
		Ok((entry, backend))
	}

	/// The backends of a reservation and the records that lead to them, in shard order.
	pub(super) async fn look_up_all(
		&self,
		reservation: &ReservationInfo,
	) -> Result<(Vec<Entry>, Vec<Backend>)> {
		let (mut entries, mut backends) = (Vec::new(), Vec::new());
		for allotment in &reservation.allotments {
			let (entry, backend) = self.look_up(*allotment).await?;
			entries.push(entry);
			backends.push(backend);
		}
		Ok((entries, backends))
	}

	/// Keeps a dataset's backends in line with the chain as long as the dataset is used: a node that moved or changed its keys, and an allotment
	/// that went to another node, are found without a restart.
	pub(super) fn follow(
		self,
		reservation: ReservationId,
		mut known: Vec<Entry>,
		dataset: &Arc<Dataset>,
	) {
		let dataset = Arc::downgrade(dataset);
		tokio::spawn(async move {
			let mut waited = Duration::ZERO;
			loop {
				tokio::time::sleep(TICK).await;
				waited += TICK;
				let Some(is_troubled) = troubled(&dataset) else { return };
				let due = if is_troubled { TROUBLE_INTERVAL } else { CALM_INTERVAL };
				if waited < due {
					continue;
				}
				waited = Duration::ZERO;
				if let Err(error) = self.refresh(reservation, &dataset, &mut known).await {
					debug!("the records of reservation {reservation} were not read: {error:#}");
					// A connection that broke is the usual reason; if that fails too, the next round tries again.
					let _ = self.chain.reconnect().await;
				}
			}
		});
	}

	async fn refresh(
		&self,
		reservation: ReservationId,
		dataset: &Weak<Dataset>,
		known: &mut [Entry],
	) -> Result<()> {
		let Some(record) = self.chain.reservation(reservation).await? else { return Ok(()) };
		for (shard, (allotment, known)) in record.allotments.iter().zip(known).enumerate() {
			let (entry, backend) = self.look_up(*allotment).await?;
			let Some(dataset) = dataset.upgrade() else { return Ok(()) };
			if *known != entry {
				info!(
					shard,
					node = entry.node,
					address = backend.address(),
					"its record has changed"
				);
				if entry.is_same_node(known) {
					dataset.reroute(shard, backend.routes);
				} else {
					dataset.redirect(shard, backend);
				}
				*known = entry;
			}
		}
		Ok(())
	}
}

/// Whether a backend is out of reach; `None` once nobody uses the dataset.
fn troubled(dataset: &Weak<Dataset>) -> Option<bool> {
	Some(dataset.upgrade()?.backends().iter().any(|(_, is_down)| *is_down))
}
