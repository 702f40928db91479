//! All nodes' workers in one: every audit is answered with a real proof.

use crate::{grid::Grid, log::Log};
use anyhow::{anyhow, Context, Result};
use blake2b_simd::Params;
use granary_chain::{AuditAnswer, Call, ChainClient};
use granary_por::build;
use granary_primitives::{audit::DueAudit, message, AllotmentId, BlockNumber, Hash, Tick};
use std::{
	collections::HashMap,
	sync::{
		atomic::{AtomicBool, AtomicU64, Ordering},
		Arc,
	},
	time::Duration,
};

/// Blocks after which a proof that is still owed is sent again: its block was reverted, or a pool lost it.
const AGAIN_BLOCKS: BlockNumber = 8;

/// What was sent and refused.
#[derive(Debug, Default)]
pub(crate) struct Sent {
	pub(crate) proofs: AtomicU64,
	pub(crate) bytes: AtomicU64,
	pub(crate) again: AtomicU64,
	pub(crate) refused: AtomicU64,
}

/// Answers audits until it is told to stop. `chains` are the validators; one may be gone for a while.
pub(crate) async fn answer(
	chains: Arc<Vec<ChainClient>>,
	grid: Arc<Grid>,
	log: Arc<Log>,
	sent: Arc<Sent>,
	stop: Arc<AtomicBool>,
) {
	let mut answered: HashMap<(AllotmentId, Tick), BlockNumber> = HashMap::new();
	let mut last = 0;
	let mut turn = 0usize;
	while !stop.load(Ordering::Relaxed) {
		turn = turn.wrapping_add(1);
		let Some(chain) = chains.get(turn % chains.len().max(1)) else { return };
		if let Err(_gone) = round(chain, &grid, &log, &sent, &mut answered, &mut last).await {
			// A killed validator: the others have the same audits; its connection is tried again.
			drop(tokio::time::timeout(Duration::from_secs(2), chain.reconnect()).await);
		}
		tokio::time::sleep(Duration::from_millis(400)).await;
	}
}

/// Answers what is due at the newest block of one validator, if that is new.
async fn round(
	chain: &ChainClient,
	grid: &Grid,
	log: &Log,
	sent: &Sent,
	answered: &mut HashMap<(AllotmentId, Tick), BlockNumber>,
	last: &mut BlockNumber,
) -> Result<()> {
	let best = chain.best_number().await?;
	if best <= *last {
		return Ok(());
	}
	let due = chain.due_audits_at_best().await?;
	answered.retain(|_, block| best.saturating_sub(*block) < 10 * AGAIN_BLOCKS);
	let mut calls = Vec::new();
	let mut keys = Vec::new();
	for audit in &due {
		let key = (audit.allotment, audit.tick);
		let before = answered.get(&key);
		let open = (audit.opens_tick..=audit.deadline_tick).contains(&audit.current_tick);
		if !open || before.is_some_and(|block| best.saturating_sub(*block) < AGAIN_BLOCKS) {
			continue;
		}
		sent.again.fetch_add(u64::from(before.is_some()), Ordering::Relaxed);
		let (call, bytes) = prove(chain, grid, log, audit)?;
		sent.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
		calls.push(call);
		keys.push(key);
	}
	for (outcome, key) in chain.offer_authorised(&calls).await?.into_iter().zip(keys) {
		let counter = if outcome.is_ok() { &sent.proofs } else { &sent.refused };
		counter.fetch_add(1, Ordering::Relaxed);
		answered.insert(key, best);
	}
	*last = best;
	Ok(())
}

/// The call that answers an audit, and its proof's bytes.
fn prove(chain: &ChainClient, grid: &Grid, log: &Log, audit: &DueAudit) -> Result<(Call, usize)> {
	let key =
		grid.keys.get(&audit.node).with_context(|| format!("node {} is not ours", audit.node))?;
	let proof = build(log, audit.leaf_count, &audit.leaves)
		.map_err(|error| anyhow!("audit of {} cannot be proven: {error:?}", audit.allotment))?;
	let message = message::proof(&chain.genesis_hash(), audit.allotment, audit.tick, &hash(&proof));
	let bytes = proof.len();
	let (allotment, tick, challenge) = (audit.allotment, audit.tick, audit.challenge());
	let answer = AuditAnswer { allotment, tick, challenge, proof };
	Ok((Call::submit_proof(&answer, key.sign(&message)), bytes))
}

fn hash(bytes: &[u8]) -> Hash {
	let hash = Params::new().hash_length(32).hash(bytes);
	let mut out = Hash::default();
	out.iter_mut().zip(hash.as_bytes()).for_each(|(to, from)| *to = *from);
	out
}
