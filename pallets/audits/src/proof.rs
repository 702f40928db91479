//! Proofs: the cheap check of the pool and the Merkle check of the block.

use crate::{
	checkpoint::signed_by,
	types::{
		invalid, AuditedAllotment, HostBlake2, OpenAudit, OPENING_DELAY_TICKS, PROOF_PRIORITY,
	},
	Audited, Beacon, Config, Deadlines, Error, Event, MaxProofLen, Pallet,
};
use alloc::{collections::BTreeMap, vec::Vec};
use frame_support::{ensure, traits::Get, weights::Weight, BoundedVec};
use granary_primitives::{
	audit::{AuditKind, AuditOutcome, Challenge},
	message,
	refusal::ProofRefusal,
	traits::{Allotments, AuditKeys},
	AllotmentId, Hash, Signature, Tick, LEAF_BYTES,
};
use sp_io::hashing::blake2_256;
use sp_runtime::transaction_validity::{
	TransactionSource, TransactionValidity, TransactionValidityWithRefund, ValidTransaction,
};

/// Prefix of the tag that an audit's proof provides, alone or in a batch.
pub(crate) const TAG_PREFIX: &str = "granary/audit";

/// What many proofs of one call need to read only once.
pub(crate) struct Clock {
	/// The present tick.
	pub(crate) tick: Tick,
	/// Seeds that were looked up.
	seeds: BTreeMap<Tick, Option<Hash>>,
}

impl Clock {
	pub(crate) fn read<T: Config>() -> Self {
		Self { tick: Beacon::<T>::get().tick, seeds: BTreeMap::new() }
	}

	fn seed<T: Config>(&mut self, tick: Tick) -> Option<Hash> {
		*self.seeds.entry(tick).or_insert_with(|| Pallet::<T>::seed(tick))
	}
}

/// An audit that is owed and may be answered now.
pub(crate) struct Owed {
	pub(crate) state: AuditedAllotment,
	pub(crate) open: OpenAudit,
	asked: Challenge,
	leaves: Vec<u64>,
}

impl Owed {
	/// Blocks for which a proof can be valid at least: a tick takes at least a block.
	pub(crate) fn longevity(&self, clock: &Clock) -> u64 {
		u64::from(self.open.deadline_tick.saturating_sub(clock.tick)).saturating_add(1)
	}
}

impl<T> From<ProofRefusal> for Error<T> {
	/// The error of the same name.
	fn from(refusal: ProofRefusal) -> Self {
		match refusal {
			ProofRefusal::UnknownAudit => Self::UnknownAudit,
			ProofRefusal::TooEarly => Self::TooEarly,
			ProofRefusal::TooLate => Self::TooLate,
			ProofRefusal::AlreadyProven => Self::AlreadyProven,
			ProofRefusal::WrongLength => Self::WrongLength,
			ProofRefusal::BadSignature => Self::BadNodeSignature,
			ProofRefusal::UnknownNode => Self::UnknownNode,
			ProofRefusal::InvalidProof => Self::InvalidProof,
			ProofRefusal::TooManyFailures => Self::TooManyFailures,
			ProofRefusal::WrongNode => Self::WrongNode,
			ProofRefusal::BadBatch => Self::BadBatch,
			ProofRefusal::BatchTooLong => Self::BatchTooLong,
			ProofRefusal::AuditOpen => Self::AuditOpen,
			ProofRefusal::WrongChallenge => Self::WrongChallenge,
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
		challenge: &Challenge,
		proof: &BoundedVec<u8, MaxProofLen<T>>,
		signature: &Signature,
	) -> TransactionValidityWithRefund {
		let mut clock = Clock::read::<T>();
		let owed = Self::answered(&mut clock, *allotment, *tick, challenge, proof.len())
			.map_err(invalid)?;
		let audit_key =
			T::AuditKeys::audit_key(owed.open.node).ok_or(invalid(ProofRefusal::UnknownNode))?;
		let message = message::proof(&Self::genesis_hash(), *allotment, *tick, &blake2_256(proof));
		if !signed_by(audit_key, &message, signature) {
			return Err(invalid(ProofRefusal::BadSignature));
		}
		let validity: TransactionValidity = ValidTransaction::with_tag_prefix(TAG_PREFIX)
			.and_provides((allotment, tick))
			.priority(PROOF_PRIORITY)
			.longevity(owed.longevity(&clock))
			.propagate(true)
			.build();
		Ok((validity?, Weight::zero()))
	}

	/// The audit, if it is owed and this is what it asks; see [`Self::owed`].
	pub(crate) fn answered(
		clock: &mut Clock,
		allotment: AllotmentId,
		tick: Tick,
		challenge: &Challenge,
		proof_len: usize,
	) -> Result<Owed, ProofRefusal> {
		let owed = Self::owed(clock, allotment, tick, proof_len)?;
		ensure!(*challenge == owed.asked, ProofRefusal::WrongChallenge);
		Ok(owed)
	}

	/// The audit, if it is owed, its window is open and a proof of this length can answer it.
	fn owed(
		clock: &mut Clock,
		allotment: AllotmentId,
		tick: Tick,
		proof_len: usize,
	) -> Result<Owed, ProofRefusal> {
		let state = Audited::<T>::get(allotment).ok_or(ProofRefusal::UnknownAudit)?;
		let Some(open) = state.open.filter(|open| open.tick == tick) else {
			return Err(Self::why_not_open(tick, &state));
		};
		ensure!(clock.tick >= tick.saturating_add(OPENING_DELAY_TICKS), ProofRefusal::TooEarly);
		ensure!(clock.tick <= open.deadline_tick, ProofRefusal::TooLate);
		ensure!(open.attempts_left > 0, ProofRefusal::TooManyFailures);
		let seed = clock.seed::<T>(tick).ok_or(ProofRefusal::TooEarly)?;
		let leaves = sampled(allotment, &seed, &open);
		let asked = Challenge {
			seed,
			root: open.root,
			leaf_count: open.leaf_count,
			samples: leaves.len() as u32,
		};
		let expected = granary_por::proof_len(open.leaf_count, &leaves);
		ensure!(expected == Ok(proof_len), ProofRefusal::WrongLength);
		Ok(Owed { state, open, asked, leaves })
	}

	/// What to say of an audit that is not open: it may have just ended.
	fn why_not_open(tick: Tick, state: &AuditedAllotment) -> ProofRefusal {
		match state.past.newest() {
			Some(record) if record.tick == tick => match record.outcome {
				AuditOutcome::Proven { .. } => ProofRefusal::AlreadyProven,
				AuditOutcome::Missed { .. } => ProofRefusal::TooLate,
			},
			_ => ProofRefusal::UnknownAudit,
		}
	}

	/// The Merkle check: the leaves lead to the frozen root.
	fn leads_to_root(owed: &Owed, proof: &[u8]) -> bool {
		let OpenAudit { root, leaf_count, .. } = &owed.open;
		granary_por::verify::<HostBlake2>(root, *leaf_count, &owed.leaves, proof).is_ok()
	}

	/// Why the chain would refuse this proof now, whoever signed it.
	pub fn check_proof(
		allotment: AllotmentId,
		tick: Tick,
		proof: &[u8],
	) -> Result<(), ProofRefusal> {
		let owed = Self::owed(&mut Clock::read::<T>(), allotment, tick, proof.len())?;
		ensure!(Self::leads_to_root(&owed, proof), ProofRefusal::InvalidProof);
		Ok(())
	}

	/// The index of the extrinsic that is executed.
	pub(crate) fn place() -> Result<u32, Error<T>> {
		frame_system::Pallet::<T>::extrinsic_index().ok_or(Error::<T>::NotInExtrinsic)
	}

	/// The block's check. Records a valid proof and tells the till; counts a wrong one.
	///
	/// A wrong proof is not refused here, since a refusal would undo the count: an event tells of it.
	/// Refused is what answers no audit that is owed, and changes nothing.
	pub(crate) fn prove(
		clock: &mut Clock,
		extrinsic: u32,
		allotment: AllotmentId,
		tick: Tick,
		challenge: &Challenge,
		proof: &[u8],
	) -> Result<(), ProofRefusal> {
		let owed = Self::answered(clock, allotment, tick, challenge, proof.len())?;
		if !Self::leads_to_root(&owed, proof) {
			Self::count_failure(allotment, owed);
			return Ok(());
		}

		let Owed { mut state, open, .. } = owed;
		state.end(tick, AuditOutcome::Proven { block: Self::now(), extrinsic });
		Deadlines::<T>::remove(open.deadline_tick, allotment);
		Self::apply_removal(allotment, &mut state, &open.root);
		Audited::<T>::insert(allotment, state);
		Self::deposit_event(Event::AuditProven { allotment, node: open.node, tick });
		T::Allotments::proven(allotment, open.from_block, open.to_block);
		if open.kind == AuditKind::Targeted {
			Self::settle_proven_purchase(allotment);
		}
		Ok(())
	}

	/// A wrong proof took room in a block for nothing: only a few of them are taken.
	fn count_failure(allotment: AllotmentId, owed: Owed) {
		let Owed { mut state, open, .. } = owed;
		let attempts_left = open.attempts_left.saturating_sub(1);
		state.open = Some(OpenAudit { attempts_left, ..open });
		Audited::<T>::insert(allotment, state);
		Self::deposit_event(Event::ProofRefused {
			allotment,
			node: open.node,
			tick: open.tick,
			refusal: ProofRefusal::InvalidProof,
			attempts_left,
		});
	}
}
