//! Making what was written count: both sides sign each grown log, the chain records it.

use super::OpenDataset;
use crate::keys::TenantKeys;
use anyhow::{bail, ensure, Context, Result};
use granary_chain::ChainClient;
use granary_dispersal::LogState;
use granary_primitives::{
	audit::{Checkpoint, SignedCheckpoint},
	message, AllotmentId, Signature,
};

/// What is done about a log that is shorter than the chain's record of it: its node lost data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shrunk {
	/// Nothing is recorded, and the node is named.
	Refuse,
	/// The others are recorded: healing writes to what is left, and audits judge that node.
	Skip,
}

/// Signs the grown logs with their nodes and records them on chain in one extrinsic. Returns how many grew.
pub(crate) async fn record_checkpoints(
	chain: &ChainClient,
	open: &OpenDataset,
	tenant: &TenantKeys,
	shrunk: Shrunk,
) -> Result<usize> {
	let mut signed = Vec::new();
	let logs = open.dataset.logs();
	ensure!(
		logs.len() == open.reservation.allotments.len(),
		"the dataset knows {} logs, the reservation has {} allotments",
		logs.len(),
		open.reservation.allotments.len()
	);
	for (shard, (allotment, log)) in open.reservation.allotments.iter().zip(&logs).enumerate() {
		// What could not be read was not written to either.
		let Some(log) = log else { continue };
		if let Some(checkpoint) = grown(chain, *allotment, log, shrunk).await? {
			signed.push(co_sign(chain, open, tenant, shard, checkpoint).await?);
		}
	}
	if signed.is_empty() {
		return Ok(0);
	}
	let count = signed.len();
	chain
		.submit_checkpoints(tenant.signer(), signed)
		.await
		.context("recording the checkpoints on chain")?;
	Ok(count)
}

/// The next checkpoint of an allotment, if its log grew since the last one.
async fn grown(
	chain: &ChainClient,
	allotment: AllotmentId,
	log: &LogState,
	shrunk: Shrunk,
) -> Result<Option<Checkpoint>> {
	let previous = chain.newest_log(allotment).await?.unwrap_or_default();
	let (epoch, previous_root, known_leaves) = (previous.epoch, previous.root, previous.leaf_count);
	if log.leaf_count < known_leaves && shrunk == Shrunk::Refuse {
		bail!(
			"node {} shows a log of {} leaves for allotment {allotment}, but {known_leaves} are on record: it lost data",
			log.node,
			log.leaf_count
		);
	}
	Ok((log.leaf_count > known_leaves).then_some(Checkpoint {
		allotment,
		epoch: epoch + 1,
		root: log.root,
		leaf_count: log.leaf_count,
		previous_root,
	}))
}

/// Signs as tenant and asks the node for its signature.
async fn co_sign(
	chain: &ChainClient,
	open: &OpenDataset,
	tenant: &TenantKeys,
	shard: usize,
	checkpoint: Checkpoint,
) -> Result<SignedCheckpoint> {
	let tenant_signature = tenant.sign(&message::checkpoint(&chain.genesis_hash(), &checkpoint));
	let node_signature = ask_node(open, shard, b"COSIGN", &checkpoint, &tenant_signature).await?;
	Ok(SignedCheckpoint { checkpoint, tenant_signature, node_signature })
}

/// Asks a node for its signature with one of the commands `COSIGN` and `COSIGN-REMOVAL`.
pub(super) async fn ask_node(
	open: &OpenDataset,
	shard: usize,
	command: &[u8],
	checkpoint: &Checkpoint,
	tenant_signature: &Signature,
) -> Result<Signature> {
	let request: [Vec<u8>; 7] = [
		command.to_vec(),
		checkpoint.allotment.to_string().into_bytes(),
		checkpoint.epoch.to_string().into_bytes(),
		checkpoint.leaf_count.to_string().into_bytes(),
		checkpoint.root.to_vec(),
		checkpoint.previous_root.to_vec(),
		tenant_signature.to_vec(),
	];
	let answer = open.dataset.command(shard, &request).await.with_context(|| {
		format!("asking for the co-signature of allotment {}", checkpoint.allotment)
	})?;
	Signature::try_from(answer.as_slice()).map_err(|_| {
		anyhow::anyhow!(
			"the node of allotment {} answered {} bytes instead of a signature of 64",
			checkpoint.allotment,
			answer.len()
		)
	})
}
