//! Who the validators of a session are.

use crate::{
	Bonds, Config, Expelled, Members, OldestSession, Pallet, Slashes, ValidatorParameters,
};
use alloc::vec::Vec;
use frame_support::traits::Get;
use pallet_session::{historical, Pallet as Session};
use sp_runtime::{traits::Convert, Perbill};
use sp_staking::{offence::OffenceSeverity, SessionIndex};

/// Sessions that are forgotten at one session boundary; what is left waits for the next.
const MAX_FORGOTTEN: SessionIndex = 8;

/// A validator is known by its account alone.
pub struct Unidentified;

impl<AccountId> Convert<AccountId, Option<()>> for Unidentified {
	fn convert(_validator: AccountId) -> Option<()> {
		Some(())
	}
}

impl<T: Config> Pallet<T> {
	/// The validators to come. Offenders are among them only as far as too few others are left.
	fn choose() -> Vec<T::AccountId> {
		let members = Members::<T>::get();
		let minimum = ValidatorParameters::<T>::get().minimum as usize;
		let missing = minimum.saturating_sub(members.len());
		let kept = Expelled::<T>::mutate(|expelled| {
			expelled.truncate(missing);
			expelled.clone()
		});
		let chosen = members.into_iter().chain(kept);
		chosen.filter(|account| Session::<T>::load_keys(account).is_some()).collect()
	}

	/// Whether these validators with their present keys are those of the session before.
	fn is_same(chosen: &[T::AccountId]) -> bool {
		let before = Session::<T>::queued_keys();
		before.len() == chosen.len()
			&& before.iter().zip(chosen).all(|((account, keys), chosen)| {
				account == chosen && Session::<T>::load_keys(chosen).as_ref() == Some(keys)
			})
	}

	/// Forgets what offences of sessions cost that nobody can report any more.
	fn forget_old_sessions(now: SessionIndex) {
		let unbonding = ValidatorParameters::<T>::get().unbonding_sessions;
		let oldest = OldestSession::<T>::get();
		// Some sessions more than a bond stays for, since sessions and blocks do not match exactly.
		let due = now.saturating_sub(unbonding.saturating_add(2));
		let end = due.min(oldest.saturating_add(MAX_FORGOTTEN));
		if end <= oldest {
			return;
		}
		for session in oldest..end {
			// Only validators of a session can offend in it, so one call removes them all.
			let _ = Slashes::<T>::clear_prefix(session, T::MaxValidators::get(), None);
		}
		historical::Pallet::<T>::prune_up_to(end);
		OldestSession::<T>::put(end);
	}

	/// A new set forgets who was disabled; offenders that are still in it are disabled again.
	fn disable_offenders() {
		for account in Session::<T>::validators() {
			if Bonds::<T>::get(&account).is_some_and(|bond| bond.offended) {
				Session::<T>::report_offence(account, OffenceSeverity(Perbill::one()));
			}
		}
	}
}

impl<T: Config> pallet_session::SessionManager<T::AccountId> for Pallet<T> {
	fn new_session(_index: SessionIndex) -> Option<Vec<T::AccountId>> {
		// A chain without validators would stand still for ever: then the old ones go on.
		Some(Self::choose()).filter(|chosen| !chosen.is_empty() && !Self::is_same(chosen))
	}

	fn new_session_genesis(_index: SessionIndex) -> Option<Vec<T::AccountId>> {
		Some(Self::choose()).filter(|chosen| !chosen.is_empty())
	}

	fn start_session(index: SessionIndex) {
		Self::disable_offenders();
		Self::forget_old_sessions(index);
	}

	fn end_session(_index: SessionIndex) {}
}

/// Each with what identifies it beside its account: nothing.
fn identified<AccountId>(chosen: Vec<AccountId>) -> Vec<(AccountId, ())> {
	chosen.into_iter().map(|account| (account, ())).collect()
}

impl<T: Config> historical::SessionManager<T::AccountId, ()> for Pallet<T> {
	fn new_session(index: SessionIndex) -> Option<Vec<(T::AccountId, ())>> {
		<Self as pallet_session::SessionManager<_>>::new_session(index).map(identified)
	}

	fn new_session_genesis(index: SessionIndex) -> Option<Vec<(T::AccountId, ())>> {
		<Self as pallet_session::SessionManager<_>>::new_session_genesis(index).map(identified)
	}

	fn start_session(index: SessionIndex) {
		<Self as pallet_session::SessionManager<_>>::start_session(index);
	}

	fn end_session(index: SessionIndex) {
		<Self as pallet_session::SessionManager<_>>::end_session(index);
	}
}
