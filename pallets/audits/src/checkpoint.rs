//! Checkpoints: what is verified before the chain believes in a log.

use crate::{
	beacon::phase,
	types::{AuditedAllotment, OPENING_DELAY_TICKS},
	AuditParameters, Audited, Beacon, Config, Due, Error, Event, Pallet,
};
use frame_support::{ensure, traits::Get};
use granary_primitives::{
	audit::{Checkpoint, LogHead, Removal, Seal, SignedCheckpoint, SignedSealedCheckpoint},
	message,
	traits::{AllotmentView, Allotments, AuditKeys},
	AllotmentId, PublicKey, Signature, Tick, LEAF_BYTES,
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

/// What both sides signed a message with.
pub(crate) struct Signatures<'a> {
	pub(crate) tenant: &'a Signature,
	pub(crate) node: &'a Signature,
}

impl<T: Config> Pallet<T> {
	/// Verifies one checkpoint of an unsealed log and stores it.
	pub(crate) fn record_checkpoint(signed: &SignedCheckpoint) -> Result<(), Error<T>> {
		let message = message::checkpoint(&Self::genesis_hash(), &signed.checkpoint);
		let by = Signatures { tenant: &signed.tenant_signature, node: &signed.node_signature };
		Self::record(signed.checkpoint, None, &message, by)
	}

	/// Verifies one checkpoint of a sealed log and stores it.
	pub(crate) fn record_sealed_checkpoint(
		signed: &SignedSealedCheckpoint,
	) -> Result<(), Error<T>> {
		let message = message::sealed_checkpoint(&Self::genesis_hash(), &signed.sealed);
		let by = Signatures { tenant: &signed.tenant_signature, node: &signed.node_signature };
		Self::record(signed.sealed.checkpoint, Some(signed.sealed.seal), &message, by)
	}

	/// Verifies a checkpoint that continues a log and stores it; the first of an allotment
	/// schedules its first audit.
	fn record(
		checkpoint: Checkpoint,
		seal: Option<Seal>,
		message: &[u8],
		by: Signatures<'_>,
	) -> Result<(), Error<T>> {
		let allotment = checkpoint.allotment;
		let view = T::Allotments::allotment(allotment).ok_or(Error::<T>::UnknownAllotment)?;
		ensure!(view.live, Error::<T>::AllotmentClosed);
		let known = Audited::<T>::get(allotment);
		let newest = known.as_ref().map(|state| Self::newest(allotment, state));
		// Before the first checkpoint a log is empty: epoch 0, no leaves, a root of zeros.
		let previous = newest.map(|(log, _)| log).unwrap_or_default();
		Self::check_succession(&previous, &checkpoint)?;
		ensure!(checkpoint.leaf_count > previous.leaf_count, Error::<T>::LogNotGrown);
		Self::check_size(&checkpoint, &view)?;
		match newest {
			Some((_, known)) => Self::check_seal(known, seal)?,
			None => ensure!(seal.is_none_or(|seal| seal.is_valid()), Error::<T>::BadSeal),
		}
		let profile = view.profile;
		Self::check_signatures(message, by, view)?;

		let state = match known {
			Some(mut state) if state.removal_pending => {
				Self::put_pending(&mut state, Removal { checkpoint, seal });
				state
			},
			Some(state) => AuditedAllotment { log: checkpoint.head(), ..state },
			None => {
				let (period, _) = AuditParameters::<T>::get().rhythm(profile);
				Self::first_schedule(allotment, checkpoint.head(), seal, period)
			},
		};
		Audited::<T>::insert(allotment, state);
		Self::deposit_event(Event::CheckpointRecorded {
			allotment,
			epoch: checkpoint.epoch,
			leaf_count: checkpoint.leaf_count,
		});
		Ok(())
	}

	/// The log follows the one that both sides signed last.
	pub(crate) fn check_succession(
		previous: &LogHead,
		checkpoint: &Checkpoint,
	) -> Result<(), Error<T>> {
		ensure!(previous.epoch.checked_add(1) == Some(checkpoint.epoch), Error::<T>::StaleEpoch);
		ensure!(checkpoint.previous_root == previous.root, Error::<T>::PreviousRootMismatch);
		Ok(())
	}

	/// The log can be proven and fits into the allotment.
	pub(crate) fn check_size(
		checkpoint: &Checkpoint,
		allotment: &AllotmentView<T::AccountId>,
	) -> Result<(), Error<T>> {
		ensure!(checkpoint.leaf_count <= T::MaxLeafCount::get(), Error::<T>::LogTooLong);
		ensure!(
			checkpoint.leaf_count <= allotment.bytes / LEAF_BYTES,
			Error::<T>::LogExceedsAllotment
		);
		Ok(())
	}

	/// Both sides signed it on this chain.
	pub(crate) fn check_signatures(
		message: &[u8],
		by: Signatures<'_>,
		allotment: AllotmentView<T::AccountId>,
	) -> Result<(), Error<T>> {
		let audit_key = T::AuditKeys::audit_key(allotment.node).ok_or(Error::<T>::UnknownNode)?;
		ensure!(
			signed_by(allotment.tenant.into(), message, by.tenant),
			Error::<T>::BadTenantSignature
		);
		ensure!(signed_by(audit_key, message, by.node), Error::<T>::BadNodeSignature);
		Ok(())
	}

	/// The state of an allotment with its first checkpoint: audited first within one period.
	pub(crate) fn first_schedule(
		allotment: AllotmentId,
		log: LogHead,
		seal: Option<Seal>,
		period: Tick,
	) -> AuditedAllotment {
		let beacon = Beacon::<T>::get();
		let phase = phase(&beacon.accumulator, allotment, period);
		// The audits of the tick that this block may mint are open already: two ticks from now is
		// the first that can still come.
		let earliest: Tick = beacon.tick.saturating_add(OPENING_DELAY_TICKS);
		let next_tick = earliest.saturating_add(phase);
		Due::<T>::insert(next_tick, allotment, ());
		AuditedAllotment {
			log,
			seal,
			removal_pending: false,
			slot: Self::take_slot(allotment),
			next_tick,
			open: None,
			covered_to: Self::now(),
			postponed_since: None,
			bought_tick: None,
			proven: 0,
			missed: 0,
			window: Default::default(),
			past: Default::default(),
		}
	}
}
