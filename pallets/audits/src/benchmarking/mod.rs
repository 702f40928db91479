//! Benchmarks.
//!
//! Proofs are built here, over the longest log that the runtime allows: a log of equal leaves, of
//! which every level has one hash, so that it needs no space. Keys live in the keystore of the
//! benchmark's externalities, whose host functions also sign.

mod setup;

use self::setup::{
	allotment, answered, answered_batch, audited, due, encumbered, make_targeted, round, sign,
	BYTES, TICK,
};
use crate::{
	types::{BeaconState, MAX_BATCH, MAX_CHECKPOINTS, MAX_TARGETED_WAITING},
	AuditParameters, Audited, Beacon, Call, Config, Deadlines, Due, Pallet, Parameters, Polled,
	Removals, Targeted, TargetedQueue,
};
use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::{
	pallet_prelude::TransactionSource,
	traits::{fungible::Mutate, Authorize, Get},
	weights::{Weight, WeightMeter},
	BoundedVec,
};
use frame_system::RawOrigin;
use granary_primitives::{
	audit::{
		Checkpoint, LogHead, Removal, Seal, SealedCheckpoint, SignedCheckpoint, SignedRemoval,
		SignedSealedCheckpoint,
	},
	message,
	traits::Allotments,
};

/// Leaves of the longest batch that is measured: sixteen a proof, which is near the most bytes that a batch
/// may have.
const BATCHED_LEAVES: u32 = MAX_BATCH * 16;

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
		let (allotment, challenge, proof, signature) = answered::<T>(s)?;
		let call = Call::<T>::submit_proof { allotment, tick: TICK, challenge, proof, signature };
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
		let (allotment, challenge, proof, signature) = answered::<T>(s)?;
		make_targeted::<T>(allotment)?;
		frame_system::Pallet::<T>::set_extrinsic_index(0);

		#[extrinsic_call]
		_(RawOrigin::Authorized, allotment, TICK, challenge, proof, signature);

		assert!(Audited::<T>::get(allotment).is_some_and(|state| state.proven == 1));
		Ok(())
	}

	#[benchmark]
	fn submit_sealed_checkpoints(n: Linear<1, MAX_CHECKPOINTS>) -> Result<(), BenchmarkError> {
		let seal = Seal { codeword_leaves: 64, parity_leaves: 4 };
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
			let sealed = SealedCheckpoint { checkpoint, seal };
			let message = message::sealed_checkpoint(&Pallet::<T>::genesis_hash(), &sealed);
			let tenant_signature = sign(&tenant_key, &message)?;
			let node_signature = sign(&node_key, &message)?;
			signed.push(SignedSealedCheckpoint { sealed, tenant_signature, node_signature });
		}
		let checkpoints =
			signed.try_into().map_err(|_| BenchmarkError::Stop("too many checkpoints"))?;
		let caller: T::AccountId = whitelisted_caller();

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), checkpoints);

		assert_eq!(Audited::<T>::iter_keys().count(), n as usize);
		Ok(())
	}

	/// It supersedes one that waits.
	#[benchmark]
	fn submit_removal() -> Result<(), BenchmarkError> {
		let (allotment, tenant_key, node_key) = allotment::<T>()?;
		let log = LogHead { epoch: 1, leaf_count: 9, ..Default::default() };
		let state = Pallet::<T>::first_schedule(allotment, log, None, 1);
		Audited::<T>::insert(allotment, state);
		encumbered::<T>(allotment)?;
		let checkpoint = Checkpoint { allotment, epoch: 3, leaf_count: 2, ..Default::default() };
		let removal = Removal { checkpoint, seal: None };
		let message = message::removal(&Pallet::<T>::genesis_hash(), &removal);
		let tenant_signature = sign(&tenant_key, &message)?;
		let node_signature = sign(&node_key, &message)?;
		let caller: T::AccountId = whitelisted_caller();

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), SignedRemoval { removal, tenant_signature, node_signature });

		assert_eq!(Removals::<T>::get(allotment), Some(removal));
		Ok(())
	}

	#[benchmark]
	fn authorize_declare_loss() -> Result<(), BenchmarkError> {
		let (allotment, node_key, _) = due::<T>()?;
		let node = T::Allotments::allotment(allotment).map(|view| view.node).unwrap_or_default();
		let message = message::loss(&Pallet::<T>::genesis_hash(), allotment, node);
		let signature = sign(&node_key, &message)?;
		let call = Call::<T>::declare_loss { allotment, signature };
		let result;

		#[block]
		{
			result = call.authorize(TransactionSource::External);
		}

		assert!(matches!(result, Some(Ok(_))));
		Ok(())
	}

	/// A removal waits, an audit was bought, and another allotment takes the slot.
	#[benchmark]
	fn declare_loss() -> Result<(), BenchmarkError> {
		let (allotment, ..) = due::<T>()?;
		due::<T>()?;
		encumbered::<T>(allotment)?;

		#[extrinsic_call]
		_(RawOrigin::Authorized, allotment, [0; 64]);

		assert!(!Audited::<T>::contains_key(allotment));
		Ok(())
	}

	#[benchmark]
	fn buy_audit() -> Result<(), BenchmarkError> {
		let (allotment, ..) = due::<T>()?;
		let buyer: T::AccountId = whitelisted_caller();
		T::Currency::set_balance(&buyer, Parameters::DEFAULT.targeted.deposit.saturating_mul(100));
		// Everybody else is served first.
		let waiting: Vec<_> =
			(1..u64::from(MAX_TARGETED_WAITING)).map(|id| u64::MAX - id).collect();
		TargetedQueue::<T>::put(BoundedVec::truncate_from(waiting));

		#[extrinsic_call]
		_(RawOrigin::Signed(buyer), allotment, T::MaxLeavesPerAudit::get());

		assert!(Targeted::<T>::contains_key(allotment));
		Ok(())
	}

	#[benchmark]
	fn authorize_submit_proofs(
		n: Linear<1, MAX_BATCH>,
		l: Linear<1, BATCHED_LEAVES>,
	) -> Result<(), BenchmarkError> {
		let (node, batch, signature) = answered_batch::<T>(n, l)?;
		let call = Call::<T>::submit_proofs { node, batch, signature };
		let result;

		#[block]
		{
			result = call.authorize(TransactionSource::External);
		}

		assert!(matches!(result, Some(Ok(_))));
		Ok(())
	}

	#[benchmark]
	fn submit_proofs(
		n: Linear<1, MAX_BATCH>,
		l: Linear<1, BATCHED_LEAVES>,
	) -> Result<(), BenchmarkError> {
		let (node, batch, signature) = answered_batch::<T>(n, l)?;
		frame_system::Pallet::<T>::set_extrinsic_index(0);

		#[extrinsic_call]
		_(RawOrigin::Authorized, node, batch, signature);

		assert!(Audited::<T>::iter().all(|(_, state)| state.proven == 1));
		Ok(())
	}

	/// A removal waits, an audit was bought, and another allotment takes the slot.
	#[benchmark]
	fn retire() -> Result<(), BenchmarkError> {
		let (allotment, ..) = due::<T>()?;
		due::<T>()?;
		encumbered::<T>(allotment)?;
		let state = audited::<T>(allotment)?;

		#[block]
		{
			Pallet::<T>::retire(allotment, &state);
		}

		assert!(!Audited::<T>::contains_key(allotment));
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
		let mut round = round::<T>();
		let found;

		#[block]
		{
			found = Due::<T>::iter_prefix(TICK).next();
			Pallet::<T>::open_scheduled(&mut round, TICK, allotment);
		}

		assert!(found.is_some());
		assert!(Audited::<T>::get(allotment).is_some_and(|state| state.open.is_some()));
		Ok(())
	}

	/// The audit was bought, its miss rewards the buyer and makes the allotment faulty.
	#[benchmark]
	fn close_missed() -> Result<(), BenchmarkError> {
		let (allotment, ..) = answered::<T>(1)?;
		due::<T>()?;
		make_targeted::<T>(allotment)?;
		AuditParameters::<T>::mutate(|parameters| {
			parameters.penalties.faulty_misses = 1;
		});
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
		assert!(!Audited::<T>::contains_key(allotment));
		Ok(())
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
