//! What benchmarks start from: keys, logs, allotments with audits that are due, open or bought.

use crate::{
	proof::sampled,
	schedule::Round,
	types::{
		AuditedAllotment, BatchedProof, BeaconState, HostBlake2, OpenAudit, ProofBatch, HISTORY_LEN,
	},
	AuditParameters, Audited, Beacon, Config, Deadlines, Due, Pallet, Parameters, Seeds,
	TargetedQueue,
};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use core::convert::Infallible;
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{fungible::Mutate, Get},
	BoundedVec,
};
use granary_por::{Hasher, TreeSource};
use granary_primitives::{
	audit::{AuditKind, AuditOutcome, Challenge, Checkpoint, LogHead, Removal},
	message,
	traits::Allotments,
	AllotmentId, Hash, NodeId, Signature, Tick,
};
use sp_core::{crypto::KeyTypeId, sr25519};

/// Keys of benchmarks in the keystore.
pub(super) const KEY_TYPE: KeyTypeId = KeyTypeId(*b"gbnc");
/// The tick of the audits that are set up here.
pub(super) const TICK: Tick = 5;
/// Reserved bytes of each allotment.
pub(super) const BYTES: u64 = 1 << 20;

/// A log of equal leaves: one hash a level.
pub(super) struct UniformLog(Vec<Hash>);

impl UniformLog {
	pub(super) fn new() -> Self {
		let mut levels = Vec::new();
		let mut node = HostBlake2::hash(&[0; 512]);
		for _ in 0..u64::BITS {
			levels.push(node);
			node = HostBlake2::hash(&[node, node].concat());
		}
		Self(levels)
	}

	fn hash(&self, level: u8) -> Hash {
		self.0.get(usize::from(level)).copied().unwrap_or_default()
	}

	pub(super) fn root(&self, leaf_count: u64) -> Result<Hash, BenchmarkError> {
		let peaks: Vec<_> =
			granary_por::mountains(leaf_count).map(|peak| self.hash(peak.height)).collect();
		granary_por::root::<HostBlake2>(leaf_count, &peaks)
			.map_err(|_| BenchmarkError::Stop("a log of this length has other peaks"))
	}
}

impl TreeSource for UniformLog {
	type Error = Infallible;

	fn leaf(&self, _: u64) -> Result<[u8; 512], Infallible> {
		Ok([0; 512])
	}

	fn node(&self, level: u8, _: u64) -> Result<Hash, Infallible> {
		Ok(self.hash(level))
	}
}

pub(super) fn sign(key: &sr25519::Public, message: &[u8]) -> Result<Signature, BenchmarkError> {
	sp_io::crypto::sr25519_sign(KEY_TYPE, key, message)
		.map(|signature| signature.0)
		.ok_or(BenchmarkError::Stop("the keystore has lost a key"))
}

/// A new allotment with the keys of its tenant and its node.
pub(super) fn allotment<T: Config>(
) -> Result<(AllotmentId, sr25519::Public, sr25519::Public), BenchmarkError> {
	let tenant_key = sp_io::crypto::sr25519_generate(KEY_TYPE, None);
	let node_key = sp_io::crypto::sr25519_generate(KEY_TYPE, None);
	let tenant = T::AccountId::decode(&mut &tenant_key.0[..])
		.map_err(|_| BenchmarkError::Stop("an account is not a raw public key"))?;
	let allotment = T::Allotments::create_allotment_for_benchmark(&tenant, node_key.0, BYTES);
	Ok((allotment, tenant_key, node_key))
}

/// A new allotment with the longest log, due at [`TICK`].
pub(super) fn due<T: Config>() -> Result<(AllotmentId, sr25519::Public, UniformLog), BenchmarkError>
{
	let (allotment, _, node_key) = allotment::<T>()?;
	let log = UniformLog::new();
	let leaf_count = T::MaxLeafCount::get();
	let root = log.root(leaf_count)?;
	let head = LogHead { epoch: 1, root, leaf_count };
	let mut state = Pallet::<T>::first_schedule(allotment, head, None, 1);
	Due::<T>::remove(state.next_tick, allotment);
	state.next_tick = TICK;
	// The longest past: what is read and written again with every audit.
	for number in 0..HISTORY_LEN {
		let long_ago = number << 27;
		let outcome = AuditOutcome::Proven { block: long_ago, extrinsic: u32::MAX - 1 };
		state.past.push(long_ago, outcome);
	}
	Audited::<T>::insert(allotment, state);
	Due::<T>::insert(TICK, allotment, ());
	Ok((allotment, node_key, log))
}

/// The openings of [`TICK`].
pub(super) fn round<T: Config>() -> Round {
	Round::new::<T>(TICK, [5; 32])
}

/// A buyer who has paid for an audit of this allotment, and a log that waits in its place.
pub(super) fn encumbered<T: Config>(
	allotment: AllotmentId,
) -> Result<T::AccountId, BenchmarkError> {
	let buyer: T::AccountId = whitelisted_caller();
	let deposit = AuditParameters::<T>::get().targeted.deposit;
	T::Currency::set_balance(&buyer, deposit.saturating_mul(100));
	Pallet::<T>::do_buy(buyer.clone(), allotment, T::MaxLeavesPerAudit::get())?;
	let mut state = audited::<T>(allotment)?;
	let LogHead { root, .. } = state.log;
	let checkpoint = Checkpoint { allotment, epoch: 2, root, leaf_count: 1, previous_root: root };
	Pallet::<T>::put_pending(&mut state, Removal { checkpoint, seal: None });
	Audited::<T>::insert(allotment, state);
	Ok(buyer)
}

pub(super) fn audited<T: Config>(
	allotment: AllotmentId,
) -> Result<AuditedAllotment, BenchmarkError> {
	Audited::<T>::get(allotment).ok_or(BenchmarkError::Stop("the allotment is not audited"))
}

/// Makes the open audit of an allotment the one that was bought, so that its end is the dearest.
pub(super) fn make_targeted<T: Config>(allotment: AllotmentId) -> Result<(), BenchmarkError> {
	encumbered::<T>(allotment)?;
	TargetedQueue::<T>::kill();
	let mut state = audited::<T>(allotment)?;
	state.open = state.open.map(|open| OpenAudit { kind: AuditKind::Targeted, ..open });
	Audited::<T>::insert(allotment, state);
	Ok(())
}

/// An open audit of `samples` leaves whose window is open, with its proof and signature.
#[allow(clippy::type_complexity, reason = "the arguments of the call, as a tuple")]
pub(super) fn answered<T: Config>(
	samples: u32,
) -> Result<
	(AllotmentId, Challenge, BoundedVec<u8, crate::MaxProofLen<T>>, Signature),
	BenchmarkError,
> {
	let (allotment, node_key, log) = due::<T>()?;
	AuditParameters::<T>::put(Parameters { leaves_per_audit: samples, ..Default::default() });
	Pallet::<T>::open_scheduled(&mut round::<T>(), TICK, allotment);
	let seed = [9; 32];
	Seeds::<T>::insert(TICK, (TICK, seed));
	Beacon::<T>::put(BeaconState { tick: TICK + 2, ..Default::default() });
	let open = Audited::<T>::get(allotment)
		.and_then(|state| state.open)
		.ok_or(BenchmarkError::Stop("the audit was not opened"))?;
	let leaves = sampled(allotment, &seed, &open);
	let proof = granary_por::build(&log, open.leaf_count, &leaves)
		.map_err(|_| BenchmarkError::Stop("no proof of this shape exists"))?;
	let hash = HostBlake2::hash(&proof);
	let message = message::proof(&Pallet::<T>::genesis_hash(), allotment, TICK, &hash);
	let signature = sign(&node_key, &message)?;
	let proof = proof.try_into().map_err(|_| BenchmarkError::Stop("the proof is too long"))?;
	let challenge = Challenge {
		seed,
		root: open.root,
		leaf_count: open.leaf_count,
		samples: leaves.len() as u32,
	};
	Ok((allotment, challenge, proof, signature))
}

/// Proofs of `count` audits with `leaves` leaves in all, at least one each, signed by the key of the
/// first node.
#[allow(clippy::type_complexity, reason = "the arguments of the call, as a tuple")]
pub(super) fn answered_batch<T: Config>(
	count: u32,
	leaves: u32,
) -> Result<(NodeId, ProofBatch<T>, Signature), BenchmarkError> {
	let samples = leaves.div_ceil(count).clamp(1, T::MaxLeavesPerAudit::get());
	let mut proofs = Vec::new();
	for _ in 0..count {
		let (allotment, challenge, proof, _) = answered::<T>(samples)?;
		proofs.push(BatchedProof { allotment, tick: TICK, challenge, proof });
	}
	proofs.sort_by_key(|one| one.allotment);
	let batch: ProofBatch<T> =
		proofs.try_into().map_err(|_| BenchmarkError::Stop("too many proofs"))?;
	// All audits are owed by one node, as they are when its worker submits a batch.
	let node_key = sp_io::crypto::sr25519_generate(KEY_TYPE, None);
	let tenant: T::AccountId = whitelisted_caller();
	let own = T::Allotments::create_allotment_for_benchmark(&tenant, node_key.0, BYTES);
	let node = T::Allotments::allotment(own).map(|view| view.node).unwrap_or_default();
	for one in &batch {
		let mut state = audited::<T>(one.allotment)?;
		if let Some(open) = state.open.as_mut() {
			Deadlines::<T>::insert(open.deadline_tick, one.allotment, node);
			open.node = node;
		}
		Audited::<T>::insert(one.allotment, state);
	}
	let hash = batch.using_encoded(HostBlake2::hash);
	let message = message::proofs(&Pallet::<T>::genesis_hash(), node, &hash);
	let signature = sign(&node_key, &message)?;
	Ok((node, batch, signature))
}
