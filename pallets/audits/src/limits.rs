//! What must hold of the runtime's limits, and small helpers that all parts share.

use crate::{
	parameters::ParametersFault,
	types::{MAX_BATCH, MAX_CHECKPOINTS},
	Config, Error, MaxProofLen, Pallet, Parameters, WeightInfo,
};
use frame_support::{dispatch::DispatchClass, traits::Get, weights::Weight};
use frame_system::pallet_prelude::BlockNumberFor;
use granary_primitives::{BlockNumber, Hash};
use sp_runtime::SaturatedConversion;

impl<T> From<ParametersFault> for Error<T> {
	fn from(fault: ParametersFault) -> Self {
		match fault {
			ParametersFault::WindowTooShort => Self::WindowTooShort,
			ParametersFault::WindowTooLong => Self::WindowTooLong,
			ParametersFault::PeriodTooShort => Self::PeriodTooShort,
			ParametersFault::LeavesOutOfRange => Self::LeavesOutOfRange,
			ParametersFault::PenaltiesOutOfOrder => Self::PenaltiesOutOfOrder,
			ParametersFault::PriceAboveDeposit => Self::PriceAboveDeposit,
			ParametersFault::NoFailureTolerated => Self::NoFailureTolerated,
		}
	}
}

impl<T: Config> Pallet<T> {
	/// The integrity test: panics if the runtime's limits disagree.
	pub(crate) fn check_limits() {
		let max_leaves = T::MaxLeavesPerAudit::get();
		assert!(T::MaxAuditsPerTick::get() > 0, "audits: MaxAuditsPerTick is 0");
		assert!(
			T::MaxClosingsPerBlock::get() >= T::MaxAuditsPerTick::get(),
			"audits: MaxClosingsPerBlock is below MaxAuditsPerTick, a backlog could grow for ever"
		);
		assert!(T::MaxLeafCount::get() > 0, "audits: MaxLeafCount is 0");
		assert!(
			Parameters::default().check(max_leaves).is_ok(),
			"audits: the default parameters are refused (period above window and finality, leaves)"
		);
		let max_normal_len = *T::BlockLength::get().max.get(DispatchClass::Normal);
		assert!(
			MaxProofLen::<T>::get() < max_normal_len / 2,
			"audits: a proof fills more than half of a block"
		);
		let max_weight =
			T::BlockWeights::get().get(DispatchClass::Normal).max_extrinsic.unwrap_or(Weight::MAX);
		let proof = T::WeightInfo::submit_proof(max_leaves)
			.saturating_add(T::WeightInfo::authorize_submit_proof(max_leaves));
		assert!(proof.all_lt(max_weight), "audits: a proof is too heavy for a block");
		assert!(
			MaxProofLen::<T>::get() < Self::max_batch_bytes(),
			"audits: a batch cannot carry a single proof"
		);
		let leaves = MAX_BATCH.saturating_mul(max_leaves);
		let batch = T::WeightInfo::submit_proofs(MAX_BATCH, leaves)
			.saturating_add(T::WeightInfo::authorize_submit_proofs(MAX_BATCH, leaves));
		assert!(batch.all_lt(max_weight), "audits: a batch of proofs is too heavy for a block");
		let checkpoints = T::WeightInfo::submit_checkpoints(MAX_CHECKPOINTS)
			.max(T::WeightInfo::submit_sealed_checkpoints(MAX_CHECKPOINTS));
		assert!(checkpoints.all_lt(max_weight), "audits: checkpoints are too heavy for a block");
	}

	/// The present block's number; block numbers of this chain have 32 bits.
	pub(crate) fn now() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// The chain's genesis hash, part of every signed message.
	pub(crate) fn genesis_hash() -> Hash {
		frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::from(0u32)).into()
	}
}
