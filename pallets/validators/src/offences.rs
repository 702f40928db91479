//! What an offence costs.

use crate::{
	Bonds, Config, CurrencyOf, Event, Expelled, HoldReason, Members, Pallet, Slash, Slashes,
	ValidatorParameters, WeightInfo,
};
use frame_support::{
	traits::{
		fungible::MutateHold,
		tokens::{Fortitude, Precision, Restriction},
		Get,
	},
	weights::Weight,
};
use granary_primitives::Balance;
use pallet_session::{historical::IdentificationTuple, Pallet as Session};
use sp_runtime::Perbill;
use sp_staking::{
	offence::{OffenceDetails, OffenceSeverity, OnOffenceHandler},
	SessionIndex,
};

impl<T: Config> OnOffenceHandler<T::AccountId, IdentificationTuple<T>, Weight> for Pallet<T> {
	fn on_offence(
		offenders: &[OffenceDetails<T::AccountId, IdentificationTuple<T>>],
		fractions: &[Perbill],
		session: SessionIndex,
	) -> Weight {
		let least = ValidatorParameters::<T>::get().min_slash;
		for (details, fraction) in offenders.iter().zip(fractions) {
			Self::punish(&details.offender.0, least.max(*fraction), session);
		}
		<T as Config>::WeightInfo::punish().saturating_mul(offenders.len() as u64)
	}
}

impl<T: Config> Pallet<T> {
	/// Takes what an offence in this session costs, as far as earlier reports have not, and the offender's place.
	pub(crate) fn punish(offender: &T::AccountId, fraction: Perbill, session: SessionIndex) {
		let Some(mut bond) = Bonds::<T>::get(offender) else {
			return;
		};
		let before = Slashes::<T>::get(session, offender)
			.unwrap_or(Slash { fraction: Perbill::zero(), base: bond.amount });
		if fraction > before.fraction {
			Slashes::<T>::insert(session, offender, Slash { fraction, ..before });
			let due = (fraction * before.base).saturating_sub(before.fraction * before.base);
			let amount = Self::confiscate(offender, due.min(bond.amount));
			bond.amount = bond.amount.saturating_sub(amount);
			let validator = offender.clone();
			Self::deposit_event(Event::Slashed { validator, session, amount });
		}
		bond.offended = true;
		if Self::expel(offender) {
			let until = Self::unbonded_at();
			bond.until = Some(until);
			Self::deposit_event(Event::Expelled { validator: offender.clone(), until });
		}
		Bonds::<T>::insert(offender, bond);
		Session::<T>::report_offence(offender.clone(), OffenceSeverity(fraction));
	}

	/// Moves from the bond to the treasury; what it cannot receive is burned.
	fn confiscate(offender: &T::AccountId, amount: Balance) -> Balance {
		let reason = HoldReason::Bond.into();
		CurrencyOf::<T>::transfer_on_hold(
			&reason,
			offender,
			&T::Treasury::get(),
			amount,
			Precision::BestEffort,
			Restriction::Free,
			Fortitude::Force,
		)
		.or_else(|_| {
			let (precision, force) = (Precision::BestEffort, Fortitude::Force);
			CurrencyOf::<T>::burn_held(&reason, offender, amount, precision, force)
		})
		.unwrap_or_default()
	}

	/// Moves a validator from those to come to those that stay only if they must.
	fn expel(offender: &T::AccountId) -> bool {
		Members::<T>::mutate(|members| {
			let before = members.len();
			members.retain(|member| member != offender);
			if members.len() == before {
				return false;
			}
			Expelled::<T>::mutate(|expelled| {
				// One that has no room is not needed: as many others are there already.
				let _ = expelled.try_push(offender.clone());
			});
			true
		})
	}
}
