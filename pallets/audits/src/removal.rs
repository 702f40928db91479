//! Removals: a shorter or another log, in force only after the present one is proven once more.
//!
//! If a removal held at once, a node that cannot answer an open challenge could have the challenged
//! data removed. So the present log stays the audited one until an audit *of it* is proven. Checkpoints that
//! come meanwhile continue the log that waits. Epochs rise with everything that both sides sign, so
//! neither can bring an older removal back.

use crate::{
	checkpoint::Signatures, types::AuditedAllotment, Audited, Config, Error, Event, Pallet,
	Removals,
};
use frame_support::ensure;
use granary_primitives::{
	audit::{Checkpoint, LogHead, Removal, Seal, SignedRemoval},
	message,
	traits::Allotments,
	AllotmentId, Hash,
};

impl<T: Config> Pallet<T> {
	/// Verifies a removal and stores it as pending.
	pub(crate) fn record_removal(signed: &SignedRemoval) -> Result<(), Error<T>> {
		let removal = signed.removal;
		let checkpoint = &removal.checkpoint;
		let allotment = checkpoint.allotment;
		let view = T::Allotments::allotment(allotment).ok_or(Error::<T>::UnknownAllotment)?;
		ensure!(view.live, Error::<T>::AllotmentClosed);
		let mut state = Audited::<T>::get(allotment).ok_or(Error::<T>::NoCheckpoint)?;
		Self::check_succession(&Self::newest(allotment, &state).0, checkpoint)?;
		ensure!(checkpoint.leaf_count > 0, Error::<T>::EmptyLog);
		Self::check_size(checkpoint, &view)?;
		ensure!(removal.seal.is_none_or(|seal| seal.is_valid()), Error::<T>::BadSeal);
		let message = message::removal(&Self::genesis_hash(), &removal);
		let by = Signatures { tenant: &signed.tenant_signature, node: &signed.node_signature };
		Self::check_signatures(&message, by, view)?;

		Self::put_pending(&mut state, removal);
		Audited::<T>::insert(allotment, state);
		Ok(())
	}

	/// What both sides signed last: the log that waits, or the one in force.
	pub(crate) fn newest(
		allotment: AllotmentId,
		state: &AuditedAllotment,
	) -> (LogHead, Option<Seal>) {
		let pending = state.removal_pending.then(|| Removals::<T>::get(allotment)).flatten();
		pending.map_or((state.log, state.seal), |removal| (removal.checkpoint.head(), removal.seal))
	}

	/// Records the log that waits.
	pub(crate) fn put_pending(state: &mut AuditedAllotment, removal: Removal) {
		let Checkpoint { allotment, epoch, leaf_count, .. } = removal.checkpoint;
		state.removal_pending = true;
		Removals::<T>::insert(allotment, removal);
		Self::deposit_event(Event::RemovalPending { allotment, epoch, leaf_count });
	}

	/// Puts the log that waits in force if `proven_root` is the one of the present log. An
	/// audit that was opened before the log grew last proves less than it has now.
	pub(crate) fn apply_removal(
		allotment: AllotmentId,
		state: &mut AuditedAllotment,
		proven_root: &Hash,
	) {
		if !state.removal_pending || state.log.root != *proven_root {
			return;
		}
		state.removal_pending = false;
		let Some(Removal { checkpoint, seal }) = Removals::<T>::take(allotment) else {
			frame_support::defensive!("audits: a pending removal is gone");
			return;
		};
		(state.log, state.seal) = (checkpoint.head(), seal);
		Self::deposit_event(Event::RemovalApplied {
			allotment,
			epoch: checkpoint.epoch,
			leaf_count: checkpoint.leaf_count,
		});
	}

	/// A log is sealed for its whole life or not at all.
	pub(crate) fn check_seal(known: Option<Seal>, seal: Option<Seal>) -> Result<(), Error<T>> {
		ensure!(known == seal, Error::<T>::SealMismatch);
		Ok(())
	}
}
