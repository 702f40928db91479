//! Namespaces as the chain wants them: made for each allotment, changed with it, removed when it is gone.

use crate::keys::{allotment_of_namespace, namespace_name, namespace_password, WorkerKeys};
use anyhow::Result;
use granary_chain::ChainClient;
use granary_primitives::{
	reservation::{AllotmentInfo, ReservationState},
	AllotmentId, NodeId,
};
use granary_zdb::{Durability, Mode, NamespaceOptions, NamespaceUpdate, Store};
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
		// One allotment that cannot be served must not stop the others.
		if let Err(error) = serve(store, keys, allotment) {
			warn!(allotment = allotment.id, "cannot serve its namespace: {error:#}");
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

/// Data are deleted only when the chain says that this node's allotment is closed, or lost and replaced. That the chain does not know it is no
/// reason: a node that is still synchronising answers from a past in which it did not exist yet.
async fn is_closed(chain: &ChainClient, allotment: AllotmentId, node: NodeId) -> Result<bool> {
	let record = chain.allotment(allotment).await?;
	Ok(record.is_some_and(|record| may_be_deleted(&record, node)))
}

/// For an allotment that is not among the node's live ones.
fn may_be_deleted(allotment: &AllotmentInfo, node: NodeId) -> bool {
	let gone = allotment.state == ReservationState::Closed || allotment.lost;
	allotment.node == node && gone
}

/// Makes the allotment's namespace, or gives it the size and the password that the chain says: both change when a reservation grows, shrinks or
/// is handed over.
fn serve(store: &Store, keys: &WorkerKeys, allotment: &AllotmentInfo) -> Result<()> {
	let name = namespace_name(allotment.id);
	let password =
		namespace_password(keys.transport(), &allotment.tenant_transport_key, allotment.id);
	let max_bytes = Some(disk_bytes(allotment.bytes));
	let Some(namespace) = store.namespace(&name) else {
		return create(store, &name, password, allotment);
	};
	let update = NamespaceUpdate {
		max_bytes: (namespace.info().max_bytes != max_bytes).then_some(max_bytes),
		password: (!namespace.password_matches(password.as_bytes())).then_some(Some(password)),
		..Default::default()
	};
	if update.max_bytes.is_some() || update.password.is_some() {
		store.update_namespace(&name, &update)?;
		info!(allotment = allotment.id, bytes = allotment.bytes, "changed its namespace");
	}
	Ok(())
}

fn create(store: &Store, name: &str, password: String, allotment: &AllotmentInfo) -> Result<()> {
	store.create_namespace(
		name,
		NamespaceOptions {
			mode: Mode::User,
			password: Some(password),
			public: allotment.public_read,
			max_bytes: Some(disk_bytes(allotment.bytes)),
			worm: true,
			audited: true,
			durability: Durability::Every(SYNC_INTERVAL_MS),
			owner: None,
		},
	)?;
	info!(
		allotment = allotment.id,
		reservation = allotment.reservation,
		bytes = allotment.bytes,
		"made its namespace"
	);
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use granary_zdb::StoreOptions;

	fn allotment() -> AllotmentInfo {
		AllotmentInfo {
			id: 1,
			reservation: 1,
			shard: 0,
			node: 7,
			tenant_transport_key: [1; 32],
			public_read: false,
			bytes: 1 << 20,
			price_per_block: 0,
			bond: 0,
			accrued: 0,
			paid: 0,
			withheld: 0,
			lost: false,
			shrinks_to: None,
			state: ReservationState::Closed,
		}
	}

	#[test]
	fn only_a_closed_or_lost_allotment_of_this_node_may_be_deleted() {
		let mut one = allotment();
		assert!(may_be_deleted(&one, 7));
		assert!(!may_be_deleted(&one, 8));
		let grace = ReservationState::Grace { until: 5 };
		for state in [ReservationState::Created, ReservationState::Active, grace] {
			one.state = state;
			assert!(!may_be_deleted(&one, 7));
			assert!(may_be_deleted(&AllotmentInfo { lost: true, ..one.clone() }, 7));
		}
	}

	#[test]
	fn a_namespace_follows_its_allotment() {
		let dir = tempfile::tempdir().unwrap();
		let store = Store::open(StoreOptions::new(dir.path().join("store"))).unwrap();
		let keys = WorkerKeys::load_or_create(dir.path()).unwrap();
		let mut one = allotment();
		serve(&store, &keys, &one).unwrap();
		let namespace = store.namespace(&namespace_name(1)).unwrap();
		let password = |one: &AllotmentInfo| {
			namespace_password(keys.transport(), &one.tenant_transport_key, one.id)
		};
		let before = password(&one);
		assert!(namespace.password_matches(before.as_bytes()));
		one.bytes = 2 << 20;
		one.tenant_transport_key = [2; 32];
		serve(&store, &keys, &one).unwrap();
		assert_eq!(namespace.info().max_bytes, Some(disk_bytes(2 << 20)));
		assert!(namespace.password_matches(password(&one).as_bytes()));
		assert!(!namespace.password_matches(before.as_bytes()), "the old tenant is out");
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
