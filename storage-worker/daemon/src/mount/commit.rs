//! Publishing a living layer as the next snapshot, and giving back what is held remotely and proven.

use super::{
	control::Told,
	session::{locked, Session},
};
use crate::{
	cli::AccountArgs,
	dataset::{open_for_writing, record_checkpoints, Shrunk},
	keys::TenantKeys,
};
use anyhow::{ensure, Context as _, Result};
use granary_chain::{ChainClient, PublishSnapshot};
use granary_mount::{CommitOptions, Committed};
use granary_primitives::{
	audit::AuditOutcome, snapshot::SnapshotStatement, AllotmentId, BlockNumber, ReservationId, Tick,
};
use granary_snapshot::Reader;
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};
use std::{sync::Arc, time::Duration};

/// How often the chain is asked whether everything is proven.
const PROOF_INTERVAL: Duration = Duration::from_secs(2);

/// How a layer is committed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CommitRequest {
	/// The new snapshot's name; `name@height` of the one below if absent.
	pub(super) name: Option<String>,
	/// Height of the database.
	pub(super) height: Option<u64>,
	/// The block from which on anyone may retire it.
	pub(super) expires: Option<BlockNumber>,
	/// Give back local blocks when they are proven.
	pub(super) drop: bool,
	/// Who pays and signs.
	pub(super) account: AccountArgs,
}

/// Says what a commit is doing, and nothing any more when it ends.
struct Doing<'a>(&'a Session);

impl Doing<'_> {
	fn say(&self, what: impl Into<String>) {
		*locked(&self.0.committing) = Some(what.into());
	}
}

impl Drop for Doing<'_> {
	fn drop(&mut self) {
		*locked(&self.0.committing) = None;
	}
}

/// Publishes the layer, and drops what is proven if that was asked for.
pub(super) async fn commit(
	session: &Arc<Session>,
	request: CommitRequest,
	told: &Told,
) -> Result<Value> {
	let doing = Doing(session);
	doing.say("storing what changed");
	let tenant = request.account.tenant_keys()?;
	let chain = session.context.connect().await?;
	let below = locked(&session.below).info.clone();
	let key = crate::snapshot::snapshot_key(&session.open.key, &below)?;
	let open = open_for_writing(&chain, below.reservation, key, &tenant).await?;
	let height = request.height.unwrap_or(below.height);
	ensure!(height >= below.height, "height {height} is below that of snapshot {}", below.id);
	let name = match &request.name {
		Some(name) => name.clone().into_bytes(),
		None => name_at(&below.name, height),
	};
	ensure!(
		!name.is_empty() && name.len() <= 64,
		"a snapshot's name has 1 to 64 bytes, this has {}",
		name.len()
	);
	let mut info = session.manifest().chain.clone();
	if let Some(info) = &mut info {
		info.best_number = height;
		(info.best_hash, info.finalized_number, info.finalized_hash) = Default::default();
	}
	let options = CommitOptions {
		name: String::from_utf8_lossy(&name).into_owned(),
		parent: below.manifest,
		chain: info,
	};
	sync_mount(session).await;
	let committed = store(session, &open, options, told.step("storing")).await?;
	doing.say("recording checkpoints");
	told.step("recording checkpoints");
	record_checkpoints(&chain, &open, &tenant, Shrunk::Refuse).await?;
	let after = chain.audit_clock().await?.tick;
	let statement = SnapshotStatement {
		reservation: below.reservation,
		dataset: below.dataset,
		name,
		manifest: committed.manifest_id,
		database: below.database,
		genesis: below.genesis,
		height,
		total_bytes: committed.manifest.total_bytes(),
	};
	open.check_hold().await?;
	let id = publish(&chain, &tenant, statement, &committed, request.expires).await?;
	open.end_hold().await;
	let mut report = json!({
		"id": id,
		"manifest": format!("0x{}", hex::encode(committed.manifest_id)),
		"parent": below.id,
		"changed_bytes": committed.changed_bytes,
		"stored_bytes": committed.written.stored_bytes,
		"chunks": committed.written.chunks,
		"total_bytes": committed.manifest.total_bytes(),
		"pause_us": committed.pause.as_micros() as u64,
	});
	if request.drop {
		doing.say("waiting for proofs");
		let proving = told.step("waiting for proofs");
		wait_for_proofs(&chain, below.reservation, after, &proving).await?;
		doing.say("giving back local blocks");
		let freed = release(session, &chain, id, committed).await?;
		if let Value::Object(report) = &mut report {
			report.insert("freed_bytes".to_owned(), freed.into());
		}
	}
	Ok(report)
}

/// `name@height`, for a series of snapshots of one name.
fn name_at(below: &[u8], height: u64) -> Vec<u8> {
	let series = below.split(|byte| *byte == b'@').next().unwrap_or_default();
	[series, b"@", height.to_string().as_bytes()].concat()
}

/// Has the kernel hand over what memory maps have written.
async fn sync_mount(session: &Arc<Session>) {
	let mount_point = session.mount_point().to_owned();
	// The point is what a power failure would leave; it is only nicer with what the maps hold.
	let _ = tokio::task::spawn_blocking(move || {
		std::fs::File::open(mount_point).and_then(|root| Ok(rustix::fs::syncfs(root)?))
	})
	.await;
}

async fn store(
	session: &Arc<Session>,
	open: &crate::dataset::OpenDataset,
	options: CommitOptions,
	progress: Told,
) -> Result<Committed> {
	// What lies above a private snapshot is private as well.
	let naming = open.naming_of(options.parent).await.context("reading the snapshot below")?;
	let (layer, store) = (session.layer()?, open.store_naming(naming));
	let runtime = tokio::runtime::Handle::current();
	tokio::task::spawn_blocking(move || layer.commit(store, &runtime, options, &progress))
		.await
		.context("the storing task ended early")?
		.context("storing the layer")
}

async fn publish(
	chain: &ChainClient,
	tenant: &TenantKeys,
	statement: SnapshotStatement,
	committed: &Committed,
	expires: Option<BlockNumber>,
) -> Result<u64> {
	let stored_bytes = committed.written.stored_bytes;
	chain
		.publish_snapshot(tenant.signer(), PublishSnapshot { statement, stored_bytes, expires })
		.await
		.context("publishing the snapshot on chain")
}

/// Waits until every allotment that can still be written to has proven an audit that came after this tick, and so
/// covers what was stored before it.
async fn wait_for_proofs(
	chain: &ChainClient,
	reservation: ReservationId,
	after: Tick,
	told: &Told,
) -> Result<()> {
	loop {
		let info = chain
			.reservation(reservation)
			.await?
			.with_context(|| format!("reservation {reservation} is gone"))?;
		let (mut proven, mut expected) = (0u64, 0u64);
		for allotment in &info.allotments {
			if is_lost(chain, *allotment).await? {
				continue;
			}
			expected += 1;
			proven += u64::from(is_proven(chain, *allotment, after).await?);
		}
		ensure!(
			expected > u64::from(info.data_shards) || info.parity_shards == 0,
			"only {expected} allotments of reservation {reservation} are left: heal it first"
		);
		told.at(proven, expected);
		if proven == expected {
			return Ok(());
		}
		tokio::time::sleep(PROOF_INTERVAL).await;
	}
}

async fn is_lost(chain: &ChainClient, allotment: AllotmentId) -> Result<bool> {
	let info = chain.allotment(allotment).await?;
	Ok(info.is_none_or(|info| info.lost))
}

async fn is_proven(chain: &ChainClient, allotment: AllotmentId, after: Tick) -> Result<bool> {
	let history = chain.audit_history(allotment).await?;
	Ok(history
		.iter()
		.any(|record| record.tick > after && matches!(record.outcome, AuditOutcome::Proven { .. })))
}

async fn release(
	session: &Arc<Session>,
	chain: &ChainClient,
	id: u64,
	committed: Committed,
) -> Result<u64> {
	let info = crate::snapshot::find(chain, id).await?;
	let before = session.reader();
	let reader = Arc::new(Reader::new(
		committed.manifest.clone(),
		session.snapshot.data.store(),
		before.cache().clone(),
		tokio::runtime::Handle::current(),
		session.open.policy(),
	));
	let below = reader.clone();
	let freed = tokio::task::spawn_blocking(move || committed.release(below))
		.await
		.context("the releasing task ended early")??;
	session.now_above(info, reader);
	Ok(freed)
}
