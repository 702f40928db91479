//! Coming and going.

use crate::{
	Bond, Bonds, Config, CurrencyOf, Error, Event, Expelled, HoldReason, Invitations, Members,
	Pallet, Parameters, ValidatorParameters,
};
use frame_support::{
	ensure,
	traits::{fungible::MutateHold, tokens::Precision, Get},
};
use frame_system::RawOrigin;
use granary_primitives::Balance;
use pallet_session::Pallet as Session;
use sp_runtime::{DispatchError, DispatchResult};
use sp_staking::SessionIndex;

impl<T: Config> Pallet<T> {
	/// Whether the runtime can work by these parameters.
	pub(crate) fn are_sane(parameters: &Parameters) -> bool {
		parameters.are_sane(T::MaxValidators::get(), T::MaxUnbondingSessions::get())
	}

	/// The session from which on a bond that is released now can be withdrawn.
	pub(crate) fn unbonded_at() -> SessionIndex {
		let sessions = ValidatorParameters::<T>::get().unbonding_sessions;
		Session::<T>::current_index().saturating_add(sessions)
	}

	pub(crate) fn do_invite(account: T::AccountId) -> DispatchResult {
		ensure!(!Members::<T>::get().contains(&account), Error::<T>::AlreadyValidator);
		let room = Invitations::<T>::count() < T::MaxValidators::get();
		ensure!(room || Invitations::<T>::contains_key(&account), Error::<T>::TooManyInvitations);
		let sessions = ValidatorParameters::<T>::get().invitation_sessions;
		let until = Session::<T>::current_index().saturating_add(sessions);
		Invitations::<T>::insert(&account, until);
		Self::deposit_event(Event::Invited { account, until });
		Ok(())
	}

	pub(crate) fn do_join(validator: T::AccountId) -> DispatchResult {
		let until = Invitations::<T>::get(&validator).ok_or(Error::<T>::NotInvited)?;
		ensure!(Session::<T>::current_index() <= until, Error::<T>::InvitationExpired);
		ensure!(Session::<T>::load_keys(&validator).is_some(), Error::<T>::NoKeys);
		let bond = ValidatorParameters::<T>::get().bond;
		Self::admit(&validator, bond)?;
		Invitations::<T>::remove(&validator);
		Self::deposit_event(Event::Joined { validator, bond });
		Ok(())
	}

	/// Holds the bond and adds the validator.
	pub(crate) fn admit(validator: &T::AccountId, amount: Balance) -> DispatchResult {
		ensure!(!Bonds::<T>::contains_key(validator), Error::<T>::StillBonded);
		Members::<T>::try_append(validator.clone()).map_err(|()| Error::<T>::TooManyValidators)?;
		CurrencyOf::<T>::hold(&HoldReason::Bond.into(), validator, amount)?;
		Bonds::<T>::insert(validator, Bond { amount, until: None, offended: false });
		Ok(())
	}

	/// Takes a validator out of the sessions to come, if enough remain.
	pub(crate) fn drop_member(validator: &T::AccountId) -> Result<SessionIndex, DispatchError> {
		let minimum = ValidatorParameters::<T>::get().minimum as usize;
		Members::<T>::try_mutate(|members| {
			let before = members.len();
			members.retain(|member| member != validator);
			ensure!(members.len() < before, Error::<T>::NotValidator);
			ensure!(members.len() >= minimum, Error::<T>::TooFewValidators);
			Ok::<(), DispatchError>(())
		})?;
		let until = Self::unbonded_at();
		Bonds::<T>::mutate(validator, |bond| {
			if let Some(bond) = bond {
				bond.until = Some(until);
			}
		});
		Ok(until)
	}

	pub(crate) fn do_withdraw(account: T::AccountId) -> DispatchResult {
		let Bond { amount, until, .. } = Bonds::<T>::get(&account).ok_or(Error::<T>::NoBond)?;
		let until = until.ok_or(Error::<T>::StillValidator)?;
		ensure!(Session::<T>::current_index() >= until, Error::<T>::TooEarly);
		ensure!(!Self::is_in_use(&account), Error::<T>::KeysInUse);
		if amount > 0 {
			let reason = HoldReason::Bond.into();
			CurrencyOf::<T>::release(&reason, &account, amount, Precision::Exact)?;
		}
		Bonds::<T>::remove(&account);
		if Session::<T>::load_keys(&account).is_some() {
			Session::<T>::purge_keys(RawOrigin::Signed(account.clone()).into())?;
		}
		Self::deposit_event(Event::Withdrawn { account, amount });
		Ok(())
	}

	/// Whether the account writes blocks now, in the next session, or had to stay.
	fn is_in_use(account: &T::AccountId) -> bool {
		Session::<T>::validators().contains(account)
			|| Session::<T>::queued_keys().iter().any(|(queued, _)| queued == account)
			|| Expelled::<T>::get().contains(account)
	}
}
