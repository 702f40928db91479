//! Answering audits: read, prove, check, sign, submit.

use crate::keys::{namespace_name, WorkerKeys};
use anyhow::{Context, Result};
use blake2b_simd::Params;
use granary_chain::{Call, ChainClient, ChainError};
use granary_por::{verify, Blake2};
use granary_primitives::{audit::DueAudit, message, AllotmentId, BlockNumber, Hash, NodeId, Tick};
use granary_zdb::Store;
use std::{
	collections::HashMap,
	sync::{Arc, Mutex, MutexGuard, PoisonError},
	time::Instant,
};
use tokio::sync::Semaphore;
use tracing::{debug, error, info};

/// Audits that are answered at once: proofs read from disk at random, and more would only queue there.
const ANSWERS_AT_ONCE: usize = 8;

/// Where the answer to an audit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
	/// It is being made or has not been included yet.
	UnderWay,
	/// It was in the best chain when that had this height.
	Included(BlockNumber),
}

type Answers = HashMap<(AllotmentId, Tick), Answer>;

/// What a worker needs to answer audits.
#[derive(Debug)]
pub(super) struct Auditor {
	pub(super) chain: Arc<ChainClient>,
	pub(super) store: Arc<Store>,
	pub(super) keys: Arc<WorkerKeys>,
	pub(super) node: NodeId,
	answers: Mutex<Answers>,
	slots: Semaphore,
}

impl Auditor {
	pub(super) fn new(
		chain: Arc<ChainClient>,
		store: Arc<Store>,
		keys: Arc<WorkerKeys>,
		node: NodeId,
	) -> Self {
		let slots = Semaphore::new(ANSWERS_AT_ONCE);
		Self { chain, store, keys, node, answers: Mutex::default(), slots }
	}

	/// Starts an answer to each audit that is due at the finalised block `number` and has none under way. An answer that failed, or
	/// that is gone once its block should be final, is given again: the audit is still on the list then.
	pub(super) async fn answer_due(self: &Arc<Self>, number: BlockNumber) -> Result<()> {
		let due = self.chain.due_audits(Some(self.node)).await?;
		let to_answer = choose(&mut self.answers(), due, number);
		for audit in to_answer {
			let auditor = self.clone();
			tokio::spawn(async move { auditor.answer_and_note(audit).await });
		}
		Ok(())
	}

	fn answers(&self) -> MutexGuard<'_, Answers> {
		self.answers.lock().unwrap_or_else(PoisonError::into_inner)
	}

	async fn answer_and_note(&self, audit: DueAudit) {
		let key = (audit.allotment, audit.tick);
		let answered = match self.slots.acquire().await {
			Ok(_slot) => self.answer(&audit).await,
			Err(closed) => Err(closed.into()),
		};
		match answered {
			Ok(height) => {
				self.answers().insert(key, Answer::Included(height));
			},
			Err(error) => {
				error!(
					allotment = audit.allotment,
					tick = audit.tick,
					now = audit.current_tick,
					deadline = audit.deadline_tick,
					"audit not answered, will try again: {error:#}"
				);
				self.answers().remove(&key);
			},
		}
	}

	/// Proves, signs and submits; answers the best chain's height once the proof is in it.
	async fn answer(&self, audit: &DueAudit) -> Result<BlockNumber> {
		let started = Instant::now();
		let proof = self.prove(audit).await?;
		let proven_ms = started.elapsed().as_millis();
		let hash = blake2_256(&proof);
		let message =
			message::proof(&self.chain.genesis_hash(), audit.allotment, audit.tick, &hash);
		let signature = self.keys.audit().sign(&message);
		let call = Call::submit_proof(audit.allotment, audit.tick, &proof, signature);
		match self.chain.submit_authorised(&call).await {
			// An earlier answer of ours made it after all.
			Err(error) if is_already_proven(&error) => {
				debug!(allotment = audit.allotment, tick = audit.tick, "already proven");
				return Ok(self.chain.best_number().await?);
			},
			outcome => outcome.map(drop)?,
		}
		info!(
			allotment = audit.allotment,
			tick = audit.tick,
			leaves = audit.leaves.len(),
			bytes = proof.len(),
			proven_ms,
			total_ms = started.elapsed().as_millis(),
			"proven"
		);
		Ok(self.chain.best_number().await?)
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
		let proof = proof.context("the log cannot be proven")?;
		let checked = verify::<Blake2>(&audit.root, audit.leaf_count, &audit.leaves, &proof);
		checked.context("the log's proof does not lead to the root on chain")?;
		Ok(proof)
	}
}

fn blake2_256(bytes: &[u8]) -> Hash {
	let hash = Params::new().hash_length(32).hash(bytes);
	let mut out = Hash::default();
	out.iter_mut().zip(hash.as_bytes()).for_each(|(to, from)| *to = *from);
	out
}

fn is_already_proven(error: &ChainError) -> bool {
	matches!(error, ChainError::Refused { reason, .. } if reason.contains("AlreadyProven"))
}

/// The audits to be answered now. Marks them as under way and forgets what is not due any more.
fn choose(answers: &mut Answers, due: Vec<DueAudit>, number: BlockNumber) -> Vec<DueAudit> {
	let open: Vec<(AllotmentId, Tick)> =
		due.iter().map(|audit| (audit.allotment, audit.tick)).collect();
	answers.retain(|key, answer| *answer == Answer::UnderWay || open.contains(key));
	due.into_iter()
		.filter(|audit| {
			let in_window = (audit.opens_tick..=audit.deadline_tick).contains(&audit.current_tick);
			let key = (audit.allotment, audit.tick);
			let wanted = match answers.get(&key) {
				None => true,
				Some(Answer::UnderWay) => false,
				// Final by now and still due: the block that held it was reverted.
				Some(Answer::Included(height)) => number >= *height,
			};
			if in_window && wanted {
				answers.insert(key, Answer::UnderWay);
			}
			in_window && wanted
		})
		.collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	fn audit(allotment: AllotmentId, current_tick: Tick) -> DueAudit {
		DueAudit {
			allotment,
			node: 1,
			tick: 10,
			seed: [0; 32],
			root: [0; 32],
			leaf_count: 1,
			leaves: vec![0],
			opens_tick: 12,
			deadline_tick: 60,
			current_tick,
		}
	}

	fn chosen(answers: &mut Answers, due: &[DueAudit], number: BlockNumber) -> Vec<AllotmentId> {
		choose(answers, due.to_vec(), number).iter().map(|audit| audit.allotment).collect()
	}

	#[test]
	fn an_audit_is_answered_once_and_again_only_when_its_block_is_reverted() {
		let mut answers = Answers::new();
		let due = [audit(1, 12), audit(2, 11), audit(3, 61)];
		assert_eq!(chosen(&mut answers, &due, 100), vec![1], "2 is too early, 3 too late");
		assert!(chosen(&mut answers, &due, 101).is_empty(), "under way");
		answers.insert((1, 10), Answer::Included(105));
		assert!(chosen(&mut answers, &due, 104).is_empty(), "not final yet");
		assert_eq!(chosen(&mut answers, &due, 105), vec![1], "final, and still due");
		answers.insert((1, 10), Answer::Included(110));
		assert!(chosen(&mut answers, &[], 106).is_empty());
		assert!(answers.is_empty(), "what is proven is forgotten");
	}

	#[test]
	fn the_hash_that_is_signed_is_the_runtimes() {
		// BLAKE2b-256 of nothing, as any other implementation computes it.
		let empty = "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8";
		assert_eq!(hex::encode(blake2_256(b"")), empty);
	}

	#[test]
	fn an_earlier_proof_is_no_failure() {
		let refused = |reason: &str| ChainError::Refused {
			call: "Audits.submit_proof".to_owned(),
			reason: reason.to_owned(),
		};
		assert!(is_already_proven(&refused("AlreadyProven: the audit is already proven")));
		assert!(is_already_proven(&refused("Audits.AlreadyProven: A valid proof is recorded.")));
		assert!(!is_already_proven(&refused("TooLate: the audit's deadline has passed")));
	}
}
