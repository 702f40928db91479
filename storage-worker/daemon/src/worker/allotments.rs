//! Namespaces as the chain wants them: made for each allotment, removed when it is gone.

use crate::keys::{allotment_of_namespace, namespace_name, namespace_password, WorkerKeys};
use anyhow::{Context, Result};
use granary_chain::ChainClient;
use granary_primitives::{
	reservation::{AllotmentInfo, ReservationState},
	AllotmentId, NodeId,
};
use granary_zdb::{Durability, Mode, NamespaceOptions, Store};
use std::collections::BTreeMap;
use tracing::{info, warn};

/// Room for files' headers, however small the allotment.
const SPARE_BYTES: u64 = 64 << 10;
/// Milliseconds between two syncs of an allotment's log.
const SYNC_INTERVAL_MS: u64 = 100;

/// What a namespace may take on disk. The allotment's bytes count leaves of 512 bytes; on disk each value also has a header and its
/// key, and the log a tree. With values of one leaf under 32-byte keys that is less than a fifth.
fn disk_bytes(allotment_bytes: u64) -> u64 {
	allotment_bytes.saturating_add(allotment_bytes / 4).saturating_add(SPARE_BYTES)
}

/// Brings the namespaces in line with the chain and returns the live allotments.
pub(super) async fn reconcile(
	chain: &ChainClient,
	store: &Store,
	keys: &WorkerKeys,
	node: NodeId,
) -> Result<BTreeMap<AllotmentId, AllotmentInfo>> {
	let live: BTreeMap<AllotmentId, AllotmentInfo> = chain
		.allotments_of_node(node)
		.await?
		.into_iter()
		.filter(|allotment| allotment.state != ReservationState::Closed)
		.map(|allotment| (allotment.id, allotment))
		.collect();
	for allotment in live.values() {
		if store.namespace(&namespace_name(allotment.id)).is_none() {
			// One allotment that cannot be served must not stop the others.
			if let Err(error) = create(chain, store, keys, allotment).await {
				warn!(allotment = allotment.id, "cannot create its namespace: {error:#}");
			}
		}
	}
	for name in store.list() {
		let Some(allotment) = allotment_of_namespace(&name) else { continue };
		if live.contains_key(&allotment) || !is_closed(chain, allotment, node).await? {
			continue;
		}
		match store.remove_namespace(&name) {
			Ok(()) => info!(allotment, "closed on chain: its namespace is removed"),
			Err(error) => warn!(allotment, "cannot remove its namespace: {error}"),
		}
	}
	Ok(live)
}

/// Data are deleted only when the chain says that this node's allotment is closed. That the chain does not know it is no
/// reason: a node that is still synchronising answers from a past in which it did not exist yet.
async fn is_closed(chain: &ChainClient, allotment: AllotmentId, node: NodeId) -> Result<bool> {
	let record = chain.allotment(allotment).await?;
	Ok(record.is_some_and(|record| may_be_deleted(&record, node)))
}

fn may_be_deleted(allotment: &AllotmentInfo, node: NodeId) -> bool {
	allotment.node == node && allotment.state == ReservationState::Closed
}

async fn create(
	chain: &ChainClient,
	store: &Store,
	keys: &WorkerKeys,
	allotment: &AllotmentInfo,
) -> Result<()> {
	let reservation = chain
		.reservation(allotment.reservation)
		.await?
		.with_context(|| format!("reservation {} is not on chain", allotment.reservation))?;
	let password =
		namespace_password(keys.transport(), &reservation.tenant_transport_key, allotment.id);
	store.create_namespace(
		&namespace_name(allotment.id),
		NamespaceOptions {
			mode: Mode::User,
			password: Some(password),
			public: reservation.public_read,
			max_bytes: Some(disk_bytes(allotment.bytes)),
			worm: true,
			audited: true,
			durability: Durability::Every(SYNC_INTERVAL_MS),
		},
	)?;
	info!(
		allotment = allotment.id,
		reservation = reservation.id,
		bytes = allotment.bytes,
		"made its namespace"
	);
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn only_a_closed_allotment_of_this_node_may_be_deleted() {
		let mut allotment = AllotmentInfo {
			id: 1,
			reservation: 1,
			shard: 0,
			node: 7,
			bytes: 1,
			price_per_block: 0,
			bond: 0,
			accrued: 0,
			paid: 0,
			withheld: 0,
			state: ReservationState::Closed,
		};
		assert!(may_be_deleted(&allotment, 7));
		assert!(!may_be_deleted(&allotment, 8));
		let grace = ReservationState::Grace { until: 5 };
		for state in [ReservationState::Created, ReservationState::Active, grace] {
			allotment.state = state;
			assert!(!may_be_deleted(&allotment, 7));
		}
	}

	#[test]
	fn a_full_log_of_the_smallest_values_fits_on_disk() {
		// Header of 36 bytes, key of 32, one leaf; the tree adds less than one part in a hundred.
		let bytes = 1u64 << 30;
		let records = bytes / 512;
		assert!(records * (512 + 36 + 32) * 101 / 100 < disk_bytes(bytes));
		assert_eq!(disk_bytes(u64::MAX), u64::MAX);
	}
}
