//! The `granary_*` methods of the catalogue: published snapshots and sealed keys.

use super::{
	error::RpcFailure,
	granary::{page, query},
	types::{address, text},
};
use crate::service::FullClient;
use granary_primitives::{
	self as chain,
	reservation::ReservationHealth,
	snapshot::{DatabaseKind, GrantInfo},
	DatasetId, ReservationId, SnapshotId,
};
use granary_runtime_api::GranaryApi;
use jsonrpsee::{core::RpcResult, proc_macros::rpc};
use serde::Serialize;
use sp_core::{Bytes, H256};
use std::sync::Arc;

/// A published snapshot.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Snapshot {
	id: chain::SnapshotId,
	publisher: String,
	reservation: chain::ReservationId,
	dataset: Bytes,
	name: String,
	manifest: H256,
	genesis: H256,
	height: u64,
	total_bytes: u64,
	stored_bytes: u64,
	published: chain::BlockNumber,
	database: DatabaseKind,
	expires: Option<chain::BlockNumber>,
	signer: Option<String>,
	signature: Option<Bytes>,
}

impl From<chain::snapshot::SnapshotInfo> for Snapshot {
	fn from(snapshot: chain::snapshot::SnapshotInfo) -> Self {
		Self {
			id: snapshot.id,
			publisher: address(snapshot.publisher),
			reservation: snapshot.reservation,
			dataset: Bytes(snapshot.dataset.to_vec()),
			name: text(snapshot.name),
			manifest: H256(snapshot.manifest),
			genesis: H256(snapshot.genesis),
			height: snapshot.height,
			total_bytes: snapshot.total_bytes,
			stored_bytes: snapshot.stored_bytes,
			published: snapshot.published,
			database: snapshot.database,
			expires: snapshot.expires,
			signer: snapshot.signature.as_ref().map(|by| address(by.signer)),
			signature: snapshot.signature.map(|by| Bytes(by.signature)),
		}
	}
}

/// A dataset's key that was sealed to a recipient.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Grant {
	recipient: H256,
	granter: String,
	sealed: Bytes,
	granted: chain::BlockNumber,
	expires: Option<chain::BlockNumber>,
}

impl From<GrantInfo> for Grant {
	fn from(grant: GrantInfo) -> Self {
		Self {
			recipient: H256(grant.recipient),
			granter: address(grant.granter),
			sealed: Bytes(grant.sealed),
			granted: grant.granted,
			expires: grant.expires,
		}
	}
}

/// The methods. `limit` is cut to what one page may have.
#[rpc(server, namespace = "granary")]
pub(super) trait CatalogueRpc {
	/// A snapshot.
	#[method(name = "snapshot", blocking)]
	fn snapshot(&self, id: SnapshotId, at: Option<H256>) -> RpcResult<Option<Snapshot>>;

	/// Snapshots, in the order of their numbers.
	#[method(name = "snapshots", blocking)]
	fn snapshots(
		&self,
		start: Option<SnapshotId>,
		limit: Option<u32>,
		at: Option<H256>,
	) -> RpcResult<Vec<Snapshot>>;

	/// Snapshots of a chain's databases, newest height first; the next page starts `after` the last one of this page.
	#[method(name = "snapshotsOfChain", blocking)]
	fn snapshots_of_chain(
		&self,
		genesis: H256,
		database: Option<DatabaseKind>,
		max_height: Option<u64>,
		after: Option<SnapshotId>,
		limit: Option<u32>,
		at: Option<H256>,
	) -> RpcResult<Vec<Snapshot>>;

	/// Whether a snapshot is still provably held, and with what margin.
	#[method(name = "snapshotHealth", blocking)]
	fn snapshot_health(
		&self,
		id: SnapshotId,
		at: Option<H256>,
	) -> RpcResult<Option<ReservationHealth>>;

	/// The key of a dataset that was sealed to a recipient.
	#[method(name = "grant", blocking)]
	fn grant(
		&self,
		reservation: ReservationId,
		dataset: Bytes,
		recipient: H256,
		at: Option<H256>,
	) -> RpcResult<Option<Grant>>;

	/// The sealed keys of a dataset; the next page starts `after` the last recipient of this one.
	#[method(name = "grants", blocking)]
	fn grants(
		&self,
		reservation: ReservationId,
		dataset: Bytes,
		after: Option<H256>,
		limit: Option<u32>,
		at: Option<H256>,
	) -> RpcResult<Vec<Grant>>;
}

/// The dataset of these bytes.
fn dataset_id(bytes: &Bytes) -> Result<DatasetId, RpcFailure> {
	DatasetId::try_from(bytes.0.as_slice()).map_err(|_| {
		RpcFailure::BadArgument(format!("the dataset has {} bytes, not 16", bytes.0.len()))
	})
}

/// Answers from the client's state.
pub(super) struct Catalogue {
	client: Arc<FullClient>,
}

impl Catalogue {
	/// Makes the methods of this client.
	pub(super) fn new(client: Arc<FullClient>) -> Self {
		Self { client }
	}
}

impl CatalogueRpcServer for Catalogue {
	fn snapshot(&self, id: SnapshotId, at: Option<H256>) -> RpcResult<Option<Snapshot>> {
		let found = query(&self.client, at, "snapshot", |api, at| api.snapshot(at, id))?;
		Ok(found.map(Snapshot::from))
	}

	fn snapshots(
		&self,
		start: Option<SnapshotId>,
		limit: Option<u32>,
		at: Option<H256>,
	) -> RpcResult<Vec<Snapshot>> {
		let (start, limit) = (start.unwrap_or(0), page(limit));
		let list = query(&self.client, at, "snapshots", |api, at| api.snapshots(at, start, limit))?;
		Ok(list.into_iter().map(Snapshot::from).collect())
	}

	fn snapshots_of_chain(
		&self,
		genesis: H256,
		database: Option<DatabaseKind>,
		max_height: Option<u64>,
		after: Option<SnapshotId>,
		limit: Option<u32>,
		at: Option<H256>,
	) -> RpcResult<Vec<Snapshot>> {
		let limit = page(limit);
		let list = query(&self.client, at, "snapshots_of_chain", |api, at| {
			api.snapshots_of_chain(at, genesis.0, database, max_height, after, limit)
		})?;
		Ok(list.into_iter().map(Snapshot::from).collect())
	}

	fn snapshot_health(
		&self,
		id: SnapshotId,
		at: Option<H256>,
	) -> RpcResult<Option<ReservationHealth>> {
		Ok(query(&self.client, at, "snapshot_health", |api, at| api.snapshot_health(at, id))?)
	}

	fn grant(
		&self,
		reservation: ReservationId,
		dataset: Bytes,
		recipient: H256,
		at: Option<H256>,
	) -> RpcResult<Option<Grant>> {
		let dataset = dataset_id(&dataset)?;
		let found = query(&self.client, at, "grant", |api, at| {
			api.grant(at, reservation, dataset, recipient.0)
		})?;
		Ok(found.map(Grant::from))
	}

	fn grants(
		&self,
		reservation: ReservationId,
		dataset: Bytes,
		after: Option<H256>,
		limit: Option<u32>,
		at: Option<H256>,
	) -> RpcResult<Vec<Grant>> {
		let (dataset, after) = (dataset_id(&dataset)?, after.map(|last| last.0));
		let list = query(&self.client, at, "grants", |api, at| {
			api.grants(at, reservation, dataset, after, page(limit))
		})?;
		Ok(list.into_iter().map(Grant::from).collect())
	}
}
