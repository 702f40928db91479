//! Proofs: the cheap check of the pool and the Merkle check of the block.

use crate::{
	checkpoint::signed_by,
	types::{
		AuditedAllotment, HostBlake2, OpenAudit, HISTORY_LEN, OPENING_DELAY_TICKS, PROOF_PRIORITY,
	},
	Audited, Beacon, Config, Deadlines, Error, Event, History, MaxProofLen, Pallet, ProofRefusal,
};
use alloc::vec::Vec;
use frame_support::{ensure, traits::Get, weights::Weight, BoundedVec};
use granary_primitives::{
	audit::{AuditOutcome, AuditRecord},
	message,
	traits::{Allotments, AuditKeys},
	AllotmentId, Hash, Signature, Tick, LEAF_BYTES,
};
use sp_io::hashing::blake2_256;
use sp_runtime::transaction_validity::{
	TransactionSource, TransactionValidity, TransactionValidityWithRefund, ValidTransaction,
};

/// Prefix of the tag that an audit's proof provides.
const TAG_PREFIX: &str = "granary/audit";

/// An audit that is owed and may be answered now.
struct Owed {
	state: AuditedAllotment,
	open: OpenAudit,
	leaves: Vec<u64>,
	current_tick: Tick,
}

impl ProofRefusal {
	/// The error of the same name in dispatch, where the key has already been checked.
	fn error<T>(self) -> Error<T> {
		match self {
			Self::UnknownAudit => Error::UnknownAudit,
			Self::TooEarly => Error::TooEarly,
			Self::TooLate => Error::TooLate,
			Self::AlreadyProven => Error::AlreadyProven,
			Self::WrongLength => Error::WrongLength,
			Self::BadSignature => Error::BadNodeSignature,
			Self::UnknownNode => Error::UnknownNode,
		}
	}
}

/// The leaves that an audit samples.
pub(crate) fn sampled(allotment: AllotmentId, seed: &Hash, open: &OpenAudit) -> Vec<u64> {
	granary_por::challenge::<HostBlake2>(seed, allotment, &open.root, open.leaf_count, open.samples)
}

impl<T: Config> Pallet<T> {
	/// The most leaves that a proof of this length can hold: what its weight is charged for.
	pub(crate) fn samples_bound(proof_len: usize) -> u32 {
		let leaves = proof_len / LEAF_BYTES as usize;
		u32::try_from(leaves).unwrap_or(u32::MAX).min(T::MaxLeavesPerAudit::get())
	}

	/// The pool's check: cheap, and only the node that owes the audit can pass it.
	pub(crate) fn authorize_proof(
		_source: TransactionSource,
		allotment: &AllotmentId,
		tick: &Tick,
		proof: &BoundedVec<u8, MaxProofLen<T>>,
		signature: &Signature,
	) -> TransactionValidityWithRefund {
		let owed = Self::owed(*allotment, *tick, proof.len())?;
		let audit_key = T::AuditKeys::audit_key(owed.open.node).ok_or(ProofRefusal::UnknownNode)?;
		let message = message::proof(&Self::genesis_hash(), *allotment, *tick, &blake2_256(proof));
		if !signed_by(audit_key, &message, signature) {
			return Err(ProofRefusal::BadSignature.into());
		}
		// A tick takes at least a block, so the window lasts at least this many blocks.
		let ticks_left = owed.open.deadline_tick.saturating_sub(owed.current_tick);
		let validity: TransactionValidity = ValidTransaction::with_tag_prefix(TAG_PREFIX)
			.and_provides((allotment, tick))
			.priority(PROOF_PRIORITY)
			.longevity(u64::from(ticks_left).saturating_add(1))
			.propagate(true)
			.build();
		Ok((validity?, Weight::zero()))
	}

	/// The audit, if it is owed, its window is open and a proof of this length can answer it.
	fn owed(allotment: AllotmentId, tick: Tick, proof_len: usize) -> Result<Owed, ProofRefusal> {
		let state = Audited::<T>::get(allotment).ok_or(ProofRefusal::UnknownAudit)?;
		let Some(open) = state.open.filter(|open| open.tick == tick) else {
			return Err(Self::why_not_open(allotment, tick, &state));
		};
		let current_tick = Beacon::<T>::get().tick;
		ensure!(current_tick >= tick.saturating_add(OPENING_DELAY_TICKS), ProofRefusal::TooEarly);
		ensure!(current_tick <= open.deadline_tick, ProofRefusal::TooLate);
		let seed = Self::seed(tick).ok_or(ProofRefusal::TooEarly)?;
		let leaves = sampled(allotment, &seed, &open);
		let expected = granary_por::proof_len(open.leaf_count, &leaves);
		ensure!(expected == Ok(proof_len), ProofRefusal::WrongLength);
		Ok(Owed { state, open, leaves, current_tick })
	}

	/// The record of the audit that ended last.
	fn last_record(allotment: AllotmentId, state: &AuditedAllotment) -> Option<AuditRecord> {
		let slot = state.ended().checked_sub(1)? % HISTORY_LEN;
		History::<T>::get(allotment, slot)
	}

	/// What to say of an audit that is not open: it may have just ended.
	fn why_not_open(allotment: AllotmentId, tick: Tick, state: &AuditedAllotment) -> ProofRefusal {
		match Self::last_record(allotment, state) {
			Some(record) if record.tick == tick => match record.outcome {
				AuditOutcome::Proven { .. } => ProofRefusal::AlreadyProven,
				AuditOutcome::Missed { .. } => ProofRefusal::TooLate,
			},
			_ => ProofRefusal::UnknownAudit,
		}
	}

	/// The block's check: the leaves lead to the frozen root. Records the proof and tells the till.
	pub(crate) fn prove(allotment: AllotmentId, tick: Tick, proof: &[u8]) -> Result<(), Error<T>> {
		let Owed { mut state, open, leaves, .. } =
			Self::owed(allotment, tick, proof.len()).map_err(ProofRefusal::error)?;
		granary_por::verify::<HostBlake2>(&open.root, open.leaf_count, &leaves, proof)
			.map_err(|_| Error::<T>::InvalidProof)?;
		let extrinsic =
			frame_system::Pallet::<T>::extrinsic_index().ok_or(Error::<T>::NotInExtrinsic)?;

		let slot = state.end(false);
		Deadlines::<T>::remove(open.deadline_tick, allotment);
		let outcome = AuditOutcome::Proven { block: Self::now(), extrinsic };
		Self::remember(allotment, slot, &open, outcome);
		Audited::<T>::insert(allotment, state);
		Self::deposit_event(Event::AuditProven { allotment, node: open.node, tick });
		T::Allotments::proven(allotment, open.from_block, open.to_block);
		Ok(())
	}
}
