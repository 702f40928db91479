//! Answering audits: read, prove, check, sign, submit.

use crate::keys::{namespace_name, WorkerKeys};
use anyhow::{Context, Result};
use blake2b_simd::Params;
use codec::Encode;
use granary_chain::{AuditAnswer, Call, ChainClient, ChainError};
use granary_por::{verify, Blake2};
use granary_primitives::{audit::DueAudit, message, AllotmentId, BlockNumber, Hash, NodeId, Tick};
use granary_zdb::Store;
use std::{
	collections::HashMap,
	sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Semaphore;
use tracing::{debug, error, info, warn};

/// Audits that are answered at once: proofs read from disk at random, and more would only queue there.
const ANSWERS_AT_ONCE: usize = 8;

/// Proofs of one transaction: as many as the chain takes. With the usual 16 leaves they have less than the
/// quarter of a block that a batch may fill.
const BATCH: usize = 32;

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

	/// Starts answers to the audits that are due at the finalised block `number` and have none under way, those of one moment
	/// together. An answer that failed, or that is gone once its block should be final, is given again: the audit is still on
	/// the list then.
	pub(super) async fn answer_due(self: &Arc<Self>, number: BlockNumber) -> Result<()> {
		let due = self.chain.due_audits(Some(self.node)).await?;
		let mut to_answer = choose(&mut self.answers(), due, number);
		// A batch names its allotments in ascending order, each once.
		to_answer.sort_by_key(|audit| (audit.tick, audit.allotment));
		for batch in to_answer.chunk_by(|one, next| one.tick == next.tick) {
			for batch in batch.chunks(BATCH) {
				let (auditor, batch) = (self.clone(), batch.to_vec());
				tokio::spawn(async move { auditor.answer_batch(batch).await });
			}
		}
		Ok(())
	}

	fn answers(&self) -> MutexGuard<'_, Answers> {
		self.answers.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// Proves what can be proven and submits it: one proof alone, more as a batch.
	async fn answer_batch(self: Arc<Self>, audits: Vec<DueAudit>) {
		let proving = audits.into_iter().map(|audit| {
			let auditor = self.clone();
			tokio::spawn(async move {
				let answer = auditor.prove(&audit).await;
				(audit, answer)
			})
		});
		let mut proven = Vec::new();
		for task in proving.collect::<Vec<_>>() {
			match task.await {
				Ok((audit, Ok(answer))) => proven.push((audit, answer)),
				Ok((audit, Err(error))) => self.give_up(&audit, &error),
				Err(ended) => error!("the proving task ended early: {ended}"),
			}
		}
		if proven.len() > 1 {
			let answers: Vec<_> = proven.iter().map(|(_, answer)| answer.clone()).collect();
			match self.submit_together(&answers).await {
				Ok(height) => {
					proven.iter().for_each(|(audit, answer)| self.note(audit, answer, height));
					return;
				},
				// One audit that is not owed any more is enough: the others are worth their own
				// transactions.
				Err(error) => warn!(
					proofs = proven.len(),
					"batch not taken, submitting one by one: {error:#}"
				),
			}
		}
		for (audit, answer) in proven {
			let auditor = self.clone();
			tokio::spawn(async move {
				match auditor.submit_alone(&answer).await {
					Ok(height) => auditor.note(&audit, &answer, height),
					Err(error) => auditor.give_up(&audit, &error),
				}
			});
		}
	}

	/// Remembers that an answer is in the best chain.
	fn note(&self, audit: &DueAudit, answer: &AuditAnswer, height: BlockNumber) {
		self.answers().insert((audit.allotment, audit.tick), Answer::Included(height));
		info!(
			allotment = audit.allotment,
			tick = audit.tick,
			leaves = audit.leaves.len(),
			bytes = answer.proof.len(),
			"proven"
		);
	}

	/// Forgets an answer that failed, so that the next block tries again.
	fn give_up(&self, audit: &DueAudit, error: &anyhow::Error) {
		error!(
			allotment = audit.allotment,
			tick = audit.tick,
			now = audit.current_tick,
			deadline = audit.deadline_tick,
			"audit not answered, will try again: {error:#}"
		);
		self.answers().remove(&(audit.allotment, audit.tick));
	}

	/// Signs and submits one answer; answers the best chain's height once it is in it.
	async fn submit_alone(&self, answer: &AuditAnswer) -> Result<BlockNumber> {
		let hash = blake2_256(&answer.proof);
		let genesis = self.chain.genesis_hash();
		let message = message::proof(&genesis, answer.allotment, answer.tick, &hash);
		let signature = self.keys.audit().sign(&message);
		match self.chain.submit_authorised(&Call::submit_proof(answer, signature)).await {
			// An earlier answer of ours made it after all.
			Err(error) if is_already_proven(&error) => {
				debug!(allotment = answer.allotment, tick = answer.tick, "already proven");
			},
			outcome => outcome.map(drop)?,
		}
		Ok(self.chain.best_number().await?)
	}

	/// Signs and submits answers under one signature; answers the best chain's height once they are in it.
	async fn submit_together(&self, answers: &[AuditAnswer]) -> Result<BlockNumber> {
		let hash = blake2_256(&answers.encode());
		let message = message::proofs(&self.chain.genesis_hash(), self.node, &hash);
		let signature = self.keys.audit().sign(&message);
		self.chain.submit_authorised(&Call::submit_proofs(self.node, answers, signature)).await?;
		Ok(self.chain.best_number().await?)
	}

	/// Builds the proof and checks it as the chain will.
	async fn prove(&self, audit: &DueAudit) -> Result<AuditAnswer> {
		let _slot = self.slots.acquire().await?;
		let name = namespace_name(audit.allotment);
		let namespace =
			self.store.namespace(&name).with_context(|| format!("there is no namespace {name}"))?;
		let (root, leaf_count, leaves) = (audit.root, audit.leaf_count, audit.leaves.clone());
		let proving = move || namespace.prove_root(&root, leaf_count, &leaves);
		let proof =
			tokio::task::spawn_blocking(proving).await.context("the proving task ended early")?;
		let proof = proof.context("the log cannot be proven")?;
		let checked = verify::<Blake2>(&audit.root, audit.leaf_count, &audit.leaves, &proof);
		checked.context("the log's proof does not lead to the root on chain")?;
		let (allotment, tick, challenge) = (audit.allotment, audit.tick, audit.challenge());
		Ok(AuditAnswer { allotment, tick, challenge, proof })
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
