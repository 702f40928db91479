//! Benchmarks.
//!
//! Proofs are built here, over the longest log that the runtime allows: a log of equal leaves, of
//! which every level has one hash, so that it needs no space. Keys live in the keystore of the
//! benchmark's externalities, whose host functions also sign.

use crate::{
	proof::sampled,
	types::{AuditedAllotment, BeaconState, HostBlake2, HISTORY_LEN, MAX_CHECKPOINTS},
	AuditParameters, Audited, Beacon, Call, Config, Deadlines, Due, History, Pallet, Parameters,
	Polled, Retired, Seeds,
};
use alloc::vec::Vec;
use codec::Decode;
use core::convert::Infallible;
use frame_benchmarking::v2::*;
use frame_support::{
	pallet_prelude::TransactionSource,
	traits::{Authorize, Get},
	weights::{Weight, WeightMeter},
	BoundedVec,
};
use frame_system::RawOrigin;
use granary_por::{Hasher, TreeSource};
use granary_primitives::{
	audit::{AuditOutcome, AuditRecord, Checkpoint, SignedCheckpoint},
	message,
	traits::Allotments,
	AllotmentId, Hash, Signature, Tick,
};
use sp_core::{crypto::KeyTypeId, sr25519};

/// Keys of benchmarks in the keystore.
const KEY_TYPE: KeyTypeId = KeyTypeId(*b"gbnc");
/// The tick of the audits that are set up here.
const TICK: Tick = 5;
/// Reserved bytes of each allotment.
const BYTES: u64 = 1 << 20;

/// A log of equal leaves: one hash a level.
struct UniformLog(Vec<Hash>);

impl UniformLog {
	fn new() -> Self {
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

	fn root(&self, leaf_count: u64) -> Result<Hash, BenchmarkError> {
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

fn sign(key: &sr25519::Public, message: &[u8]) -> Result<Signature, BenchmarkError> {
	sp_io::crypto::sr25519_sign(KEY_TYPE, key, message)
		.map(|signature| signature.0)
		.ok_or(BenchmarkError::Stop("the keystore has lost a key"))
}

/// A new allotment with the keys of its tenant and its node.
fn allotment<T: Config>() -> Result<(AllotmentId, sr25519::Public, sr25519::Public), BenchmarkError>
{
	let tenant_key = sp_io::crypto::sr25519_generate(KEY_TYPE, None);
	let node_key = sp_io::crypto::sr25519_generate(KEY_TYPE, None);
	let tenant = T::AccountId::decode(&mut &tenant_key.0[..])
		.map_err(|_| BenchmarkError::Stop("an account is not a raw public key"))?;
	let allotment = T::Allotments::create_allotment_for_benchmark(&tenant, node_key.0, BYTES);
	Ok((allotment, tenant_key, node_key))
}

/// A new allotment with the longest log, due at [`TICK`].
fn due<T: Config>() -> Result<(AllotmentId, sr25519::Public, UniformLog), BenchmarkError> {
	let (allotment, _, node_key) = allotment::<T>()?;
	let log = UniformLog::new();
	let leaf_count = T::MaxLeafCount::get();
	let root = log.root(leaf_count)?;
	let checkpoint = Checkpoint { allotment, epoch: 1, root, leaf_count, previous_root: [0; 32] };
	let now = Pallet::<T>::now();
	Audited::<T>::insert(
		allotment,
		AuditedAllotment {
			checkpoint,
			next_tick: TICK,
			open: None,
			covered_to: now,
			proven: 0,
			missed: 0,
			misses: 0,
		},
	);
	Due::<T>::insert(TICK, allotment, ());
	Ok((allotment, node_key, log))
}

/// An open audit of `samples` leaves whose window is open, with its proof and signature.
#[allow(clippy::type_complexity, reason = "the arguments of the call, as a tuple")]
fn answered<T: Config>(
	samples: u32,
) -> Result<(AllotmentId, BoundedVec<u8, crate::MaxProofLen<T>>, Signature), BenchmarkError> {
	let (allotment, node_key, log) = due::<T>()?;
	AuditParameters::<T>::put(Parameters { leaves_per_audit: samples, ..Default::default() });
	Pallet::<T>::open_audit(TICK, TICK, allotment);
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
	Ok((allotment, proof, signature))
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn submit_checkpoints(n: Linear<1, MAX_CHECKPOINTS>) -> Result<(), BenchmarkError> {
		let mut signed = Vec::new();
		for _ in 0..n {
			let (allotment, tenant_key, node_key) = allotment::<T>()?;
			let checkpoint = Checkpoint {
				allotment,
				epoch: 1,
				root: [1; 32],
				leaf_count: BYTES / 512,
				previous_root: [0; 32],
			};
			let message = message::checkpoint(&Pallet::<T>::genesis_hash(), &checkpoint);
			let tenant_signature = sign(&tenant_key, &message)?;
			let node_signature = sign(&node_key, &message)?;
			signed.push(SignedCheckpoint { checkpoint, tenant_signature, node_signature });
		}
		let checkpoints =
			signed.try_into().map_err(|_| BenchmarkError::Stop("too many checkpoints"))?;
		let caller: T::AccountId = whitelisted_caller();

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), checkpoints);

		assert_eq!(Audited::<T>::iter_keys().count(), n as usize);
		Ok(())
	}

	#[benchmark]
	fn authorize_submit_proof(
		s: Linear<1, { T::MaxLeavesPerAudit::get() }>,
	) -> Result<(), BenchmarkError> {
		let (allotment, proof, signature) = answered::<T>(s)?;
		let call = Call::<T>::submit_proof { allotment, tick: TICK, proof, signature };
		let result;

		#[block]
		{
			result = call.authorize(TransactionSource::External);
		}

		assert!(matches!(result, Some(Ok(_))));
		Ok(())
	}

	#[benchmark]
	fn submit_proof(s: Linear<1, { T::MaxLeavesPerAudit::get() }>) -> Result<(), BenchmarkError> {
		let (allotment, proof, signature) = answered::<T>(s)?;
		frame_system::Pallet::<T>::set_extrinsic_index(0);

		#[extrinsic_call]
		_(RawOrigin::Authorized, allotment, TICK, proof, signature);

		assert!(Audited::<T>::get(allotment).is_some_and(|state| state.proven == 1));
		Ok(())
	}

	#[benchmark]
	fn set_parameters() {
		let parameters = Parameters { period_ticks: 3600, ..Default::default() };

		#[extrinsic_call]
		_(RawOrigin::Root, parameters);

		assert_eq!(AuditParameters::<T>::get(), parameters);
	}

	/// Both cursors move as far as they may in one block and find nothing.
	#[benchmark]
	fn poll_base() {
		Beacon::<T>::put(BeaconState { tick: 100, ..Default::default() });
		let mut meter = WeightMeter::with_limit(Weight::MAX);

		#[block]
		{
			Pallet::<T>::poll(&mut meter);
		}

		assert!(Polled::<T>::get());
	}

	#[benchmark]
	fn open_audit() -> Result<(), BenchmarkError> {
		let (allotment, ..) = due::<T>()?;
		let found;

		#[block]
		{
			found = Due::<T>::iter_prefix(TICK).next();
			Pallet::<T>::open_audit(TICK, TICK, allotment);
		}

		assert!(found.is_some());
		assert!(Audited::<T>::get(allotment).is_some_and(|state| state.open.is_some()));
		Ok(())
	}

	#[benchmark]
	fn close_missed() -> Result<(), BenchmarkError> {
		let (allotment, ..) = answered::<T>(1)?;
		let deadline = Deadlines::<T>::iter()
			.next()
			.map(|(deadline, _, _)| deadline)
			.ok_or(BenchmarkError::Stop("no audit is open"))?;
		let found;

		#[block]
		{
			found = Deadlines::<T>::iter_prefix(deadline).next();
			Pallet::<T>::close_missed(deadline, allotment);
		}

		assert!(found.is_some());
		assert!(Audited::<T>::get(allotment).is_some_and(|state| state.missed == 1));
		Ok(())
	}

	#[benchmark]
	fn forget_retired() {
		let outcome = AuditOutcome::Missed { block: 1 };
		for slot in 0..HISTORY_LEN {
			let record =
				AuditRecord { tick: slot, seed: [1; 32], root: [2; 32], leaf_count: 3, outcome };
			History::<T>::insert(1, slot, record);
		}
		Retired::<T>::insert(1, ());
		let mut meter = WeightMeter::with_limit(Weight::MAX);

		#[block]
		{
			Pallet::<T>::forget_retired(&mut meter);
		}

		assert_eq!(History::<T>::iter().count(), 0);
	}

	/// The most that the end of a block does: it mixes a VRF and mints a tick.
	#[benchmark]
	fn on_finalize() {
		Polled::<T>::put(true);
		let tick = Beacon::<T>::get().tick;

		#[block]
		{
			// A benchmark has neither author nor past epoch: both are read, and made up.
			let _ = (T::AuthorVrf::get(), T::EpochRandomness::get());
			Pallet::<T>::end_block(Some([1; 32]), Some([2; 32]));
		}

		assert_eq!(Beacon::<T>::get().tick, tick + 1);
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
