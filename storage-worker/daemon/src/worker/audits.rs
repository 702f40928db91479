//! Answering audits: read, prove, check, sign, submit.

use crate::keys::{namespace_name, WorkerKeys};
use anyhow::{ensure, Context, Result};
use blake2::{digest::consts::U32, Blake2b, Digest};
use granary_chain::{Call, ChainClient};
use granary_por::{verify, Blake2};
use granary_primitives::{audit::DueAudit, message, AllotmentId, NodeId, Tick};
use granary_zdb::Store;
use std::{
	collections::HashSet,
	sync::{Arc, Mutex, PoisonError},
	time::Instant,
};
use tracing::{error, info, warn};

/// What a worker needs to answer audits.
#[derive(Debug)]
pub(super) struct Auditor {
	pub(super) chain: Arc<ChainClient>,
	pub(super) store: Arc<Store>,
	pub(super) keys: Arc<WorkerKeys>,
	pub(super) node: NodeId,
	/// Audits that are being answered right now.
	answering: Mutex<HashSet<(AllotmentId, Tick)>>,
}

impl Auditor {
	pub(super) fn new(
		chain: Arc<ChainClient>,
		store: Arc<Store>,
		keys: Arc<WorkerKeys>,
		node: NodeId,
	) -> Self {
		Self { chain, store, keys, node, answering: Mutex::default() }
	}

	/// Starts an answer to each audit that is due and not yet being answered. An answer that fails, or whose block is
	/// reverted, is tried again at the next block: the audit is still on the list then.
	pub(super) async fn answer_due(self: &Arc<Self>) -> Result<()> {
		for audit in self.chain.due_audits(Some(self.node)).await? {
			// The proof enters the next block at the earliest.
			if audit.current_tick + 1 < audit.opens_tick || audit.current_tick >= audit.deadline_tick {
				continue;
			}
			let key = (audit.allotment, audit.tick);
			if !self.lock().insert(key) {
				continue;
			}
			let auditor = self.clone();
			tokio::spawn(async move {
				if let Err(error) = auditor.answer(&audit).await {
					error!(allotment = audit.allotment, tick = audit.tick, deadline = audit.deadline_tick, "audit not answered yet: {error:#}");
				}
				auditor.lock().remove(&key);
			});
		}
		Ok(())
	}

	fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<(AllotmentId, Tick)>> {
		self.answering.lock().unwrap_or_else(PoisonError::into_inner)
	}

	async fn answer(&self, audit: &DueAudit) -> Result<()> {
		let started = Instant::now();
		let proof = self.prove(audit).await?;
		let proven_ms = started.elapsed().as_millis();
		let hash: [u8; 32] = Blake2b::<U32>::digest(&proof).into();
		let message = message::proof(&self.chain.genesis_hash(), audit.allotment, audit.tick, &hash);
		let signature = self.keys.audit().sign(&message);
		let call = Call::submit_proof(audit.allotment, audit.tick, &proof, signature);
		self.chain.submit_authorised(&call).await?;
		info!(
			allotment = audit.allotment,
			tick = audit.tick,
			leaves = audit.leaves.len(),
			bytes = proof.len(),
			proven_ms,
			total_ms = started.elapsed().as_millis(),
			"proven"
		);
		Ok(())
	}

	/// Builds the proof and checks it as the chain will.
	async fn prove(&self, audit: &DueAudit) -> Result<Vec<u8>> {
		let name = namespace_name(audit.allotment);
		let namespace =
			self.store.namespace(&name).with_context(|| format!("there is no namespace {name}"))?;
		let (leaf_count, leaves) = (audit.leaf_count, audit.leaves.clone());
		let proof = tokio::task::spawn_blocking(move || namespace.prove(leaf_count, &leaves))
			.await
			.context("the proving task ended early")?;
		if let Err(error) = &proof {
			warn!(allotment = audit.allotment, "the log cannot be proven: {error}");
		}
		let proof = proof?;
		let checked = verify::<Blake2>(&audit.root, audit.leaf_count, &audit.leaves, &proof);
		ensure!(checked.is_ok(), "the log's proof does not lead to the root on chain: {checked:?}");
		Ok(proof)
	}
}
