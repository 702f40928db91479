//! Batches: many proofs of one node under one signature.
//!
//! A batch saves a signature, a key look-up and the repeated reads of clock and seeds for each proof. The pool
//! takes it only if every single audit is owed, so nobody gets a free ride for other bytes, and
//! lets it provide the tags of all of them: a pool holds at most one proof of an audit, alone or in a batch.
//! The block judges each proof alone.

use crate::{
	checkpoint::signed_by,
	proof::{Clock, TAG_PREFIX},
	types::{invalid, BatchedProof, ProofBatch, PROOF_PRIORITY},
	Config, Event, Pallet,
};
use alloc::vec::Vec;
use codec::Encode;
use frame_support::{dispatch::DispatchClass, ensure, traits::Get, weights::Weight};
use granary_primitives::{
	message, refusal::ProofRefusal, traits::AuditKeys, NodeId, Signature, Tick,
};
use sp_io::hashing::blake2_256;
use sp_runtime::transaction_validity::{
	TransactionSource, TransactionValidity, TransactionValidityWithRefund, ValidTransaction,
};

impl<T: Config> Pallet<T> {
	/// Proofs and leaves of a batch, what its weight is charged for.
	pub(crate) fn batch_size(batch: &[BatchedProof<T>]) -> (u32, u32) {
		let leaves = batch.iter().fold(0u32, |leaves, one| {
			leaves.saturating_add(Self::samples_bound(one.proof.len()).max(1))
		});
		(batch.len() as u32, leaves)
	}

	/// Bytes of proofs that one batch may carry: a quarter of what a block takes.
	pub fn max_batch_bytes() -> u32 {
		*T::BlockLength::get().max.get(DispatchClass::Normal) / 4
	}

	/// The pool's check: the form, the signature, then each audit.
	pub(crate) fn authorize_proofs(
		_source: TransactionSource,
		node: &NodeId,
		batch: &ProofBatch<T>,
		signature: &Signature,
	) -> TransactionValidityWithRefund {
		Self::check_form(batch).map_err(invalid)?;
		let key = T::AuditKeys::audit_key(*node).ok_or(invalid(ProofRefusal::UnknownNode))?;
		let hash = batch.using_encoded(blake2_256);
		let message = message::proofs(&Self::genesis_hash(), *node, &hash);
		if !signed_by(key, &message, signature) {
			return Err(invalid(ProofRefusal::BadSignature));
		}
		let (tags, longevity) = Self::check_owed(*node, batch).map_err(invalid)?;
		let mut valid = ValidTransaction::with_tag_prefix(TAG_PREFIX)
			.priority(PROOF_PRIORITY)
			.longevity(longevity)
			.propagate(true);
		for tag in tags {
			valid = valid.and_provides(tag);
		}
		let validity: TransactionValidity = valid.build();
		Ok((validity?, Weight::zero()))
	}

	/// Not empty, each allotment once, not too many bytes.
	fn check_form(batch: &[BatchedProof<T>]) -> Result<(), ProofRefusal> {
		let ascending =
			batch.iter().zip(batch.iter().skip(1)).all(|(a, b)| a.allotment < b.allotment);
		ensure!(ascending && !batch.is_empty(), ProofRefusal::BadBatch);
		let bytes: usize = batch.iter().map(|one| one.proof.len()).sum();
		ensure!(bytes <= Self::max_batch_bytes() as usize, ProofRefusal::BatchTooLong);
		Ok(())
	}

	/// All audits are owed by this node and proofs of these lengths can answer them. Returns the tags
	/// and the shortest longevity.
	#[allow(clippy::type_complexity, reason = "tags are pairs by the contract with single proofs")]
	fn check_owed(
		node: NodeId,
		batch: &[BatchedProof<T>],
	) -> Result<(Vec<(u64, Tick)>, u64), ProofRefusal> {
		let mut clock = Clock::read::<T>();
		let mut tags = Vec::with_capacity(batch.len());
		let mut longevity = u64::MAX;
		for one in batch {
			let owed = Self::answered(
				&mut clock,
				one.allotment,
				one.tick,
				&one.challenge,
				one.proof.len(),
			)?;
			ensure!(owed.open.node == node, ProofRefusal::WrongNode);
			longevity = longevity.min(owed.longevity(&clock));
			tags.push((one.allotment, one.tick));
		}
		Ok((tags, longevity))
	}

	/// Judges each proof alone; what is refused is told by an event.
	pub(crate) fn prove_batch(
		node: NodeId,
		batch: &[BatchedProof<T>],
	) -> Result<(), crate::Error<T>> {
		let extrinsic = Self::place()?;
		let mut clock = Clock::read::<T>();
		for BatchedProof { allotment, tick, challenge, proof } in batch {
			let refused = Self::prove(&mut clock, extrinsic, *allotment, *tick, challenge, proof);
			let Err(refusal) = refused else { continue };
			Self::deposit_event(Event::ProofRefused {
				allotment: *allotment,
				node,
				tick: *tick,
				refusal,
				attempts_left: 0,
			});
		}
		Ok(())
	}
}
