//! Checkpoints: what is verified before the chain believes in a log.

use crate::{
	types::{AuditedAllotment, OPENING_DELAY_TICKS},
	AuditParameters, Audited, Beacon, Config, Due, Error, Event, Pallet,
};
use frame_support::{ensure, traits::Get};
use granary_primitives::{
	audit::{Checkpoint, SignedCheckpoint},
	message,
	traits::{AllotmentView, Allotments, AuditKeys},
	PublicKey, Signature, Tick, LEAF_BYTES,
};
use sp_core::sr25519;

/// Verifies a raw sr25519 signature.
pub(crate) fn signed_by(key: PublicKey, message: &[u8], signature: &Signature) -> bool {
	sp_io::crypto::sr25519_verify(
		&sr25519::Signature::from_raw(*signature),
		message,
		&sr25519::Public::from_raw(key),
	)
}

impl<T: Config> Pallet<T> {
	/// Verifies one checkpoint and stores it; the first of an allotment schedules its first audit.
	pub(crate) fn record_checkpoint(signed: &SignedCheckpoint) -> Result<(), Error<T>> {
		let checkpoint = signed.checkpoint;
		let allotment =
			T::Allotments::allotment(checkpoint.allotment).ok_or(Error::<T>::UnknownAllotment)?;
		ensure!(allotment.live, Error::<T>::AllotmentClosed);
		let known = Audited::<T>::get(checkpoint.allotment);
		Self::check_growth(known.as_ref().map(|state| &state.checkpoint), &checkpoint, &allotment)?;
		Self::check_signatures(signed, allotment)?;

		let state = match known {
			Some(state) => AuditedAllotment { checkpoint, ..state },
			None => Self::first_schedule(checkpoint),
		};
		Audited::<T>::insert(checkpoint.allotment, state);
		Self::deposit_event(Event::CheckpointRecorded {
			allotment: checkpoint.allotment,
			epoch: checkpoint.epoch,
			leaf_count: checkpoint.leaf_count,
		});
		Ok(())
	}

	/// The log continues the one on chain, has grown and fits.
	fn check_growth(
		known: Option<&Checkpoint>,
		checkpoint: &Checkpoint,
		allotment: &AllotmentView<T::AccountId>,
	) -> Result<(), Error<T>> {
		// Before the first checkpoint a log is empty: epoch 0, no leaves, a root of zeros.
		let previous = known.copied().unwrap_or_default();
		ensure!(previous.epoch.checked_add(1) == Some(checkpoint.epoch), Error::<T>::StaleEpoch);
		ensure!(checkpoint.previous_root == previous.root, Error::<T>::PreviousRootMismatch);
		ensure!(checkpoint.leaf_count > previous.leaf_count, Error::<T>::LogNotGrown);
		ensure!(checkpoint.leaf_count <= T::MaxLeafCount::get(), Error::<T>::LogTooLong);
		ensure!(
			checkpoint.leaf_count <= allotment.bytes / LEAF_BYTES,
			Error::<T>::LogExceedsAllotment
		);
		Ok(())
	}

	/// Both sides signed it on this chain.
	fn check_signatures(
		signed: &SignedCheckpoint,
		allotment: AllotmentView<T::AccountId>,
	) -> Result<(), Error<T>> {
		let message = message::checkpoint(&Self::genesis_hash(), &signed.checkpoint);
		let audit_key = T::AuditKeys::audit_key(allotment.node).ok_or(Error::<T>::UnknownNode)?;
		ensure!(
			signed_by(allotment.tenant.into(), &message, &signed.tenant_signature),
			Error::<T>::BadTenantSignature
		);
		ensure!(
			signed_by(audit_key, &message, &signed.node_signature),
			Error::<T>::BadNodeSignature
		);
		Ok(())
	}

	/// The state of an allotment with its first checkpoint: audited first within one period.
	fn first_schedule(checkpoint: Checkpoint) -> AuditedAllotment {
		let beacon = Beacon::<T>::get();
		let period = AuditParameters::<T>::get().period_ticks;
		let phase = Self::phase(&beacon.accumulator, checkpoint.allotment, period);
		// The audits of the tick that this block may mint are open already: two ticks from now is
		// the first that can still come.
		let earliest: Tick = beacon.tick.saturating_add(OPENING_DELAY_TICKS);
		let next_tick = earliest.saturating_add(phase);
		Due::<T>::insert(next_tick, checkpoint.allotment, ());
		AuditedAllotment {
			checkpoint,
			next_tick,
			open: None,
			covered_to: Self::now(),
			proven: 0,
			missed: 0,
			misses: 0,
		}
	}
}
