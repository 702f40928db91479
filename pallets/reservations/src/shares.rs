//! Who gets what of a payment.
//!
//! The farm takes its share. Of the rest, summed over all allotments of the reservation, the solution provider takes what it asked for, a part is
//! burned, and the treasury gets what then remains; what nobody can receive is burned. So payments are few and add up exactly.

use crate::{
	types::{Reservation, EARNING_DAYS},
	Allotments, Config, ContractParameters, FarmEarnings, HoldReason, Pallet, Providers,
};
use frame_support::traits::{
	fungible::MutateHold,
	tokens::{Fortitude, Precision, Restriction},
	Get,
};
use granary_primitives::{reservation::DayEarnings, traits::Capacity, Balance, FarmId};

impl<T: Config> Pallet<T> {
	/// Pays what each allotment has accrued. What a farm cannot receive now, for example because its payout account would stay below the existential
	/// deposit, remains accrued whole. Returns what was paid.
	pub(crate) fn pay_accrued(record: &mut Reservation<T>) -> Balance {
		let share = ContractParameters::<T>::get().farmer_share;
		let (mut total, mut rest): (Balance, Balance) = (0, 0);
		for allotment in record.allotments.clone() {
			let Some(mut one) = Allotments::<T>::get(allotment) else { continue };
			let amount = one.accrued;
			let farm = T::Grid::node(one.node).map(|node| node.farm);
			let payout = farm.and_then(|farm| Some((farm, T::Grid::payout_account(farm)?)));
			let Some((farm, payout)) = payout.filter(|_| amount > 0) else { continue };
			let farmers = share * amount;
			if Self::pay(record, &payout, farmers) < farmers {
				continue;
			}
			rest = rest.saturating_add(amount - farmers);
			total = total.saturating_add(amount);
			one.accrued = 0;
			one.paid = one.paid.saturating_add(amount);
			Allotments::<T>::insert(allotment, one);
			Self::note_earnings(farm, farmers);
		}
		Self::distribute(record, rest);
		total
	}

	/// Gives away what is not the farms'.
	fn distribute(record: &mut Reservation<T>, rest: Balance) {
		if rest == 0 {
			return;
		}
		let mut left = rest;
		if let Some(provider) = record.provider.and_then(Providers::<T>::get) {
			left -= Self::pay(record, &provider.account, provider.share.mul_floor(rest));
		}
		let burned = ContractParameters::<T>::get().burn_share.mul_floor(rest).min(left);
		left -= Self::burn(record, burned);
		left -= Self::pay(record, &T::Treasury::get(), left);
		Self::burn(record, left);
	}

	/// Moves money from the escrow, all of it or nothing. Forced, because the escrow was promised: a lock that a tenant puts on its account afterwards
	/// must not keep anybody from being paid.
	fn pay(record: &mut Reservation<T>, to: &T::AccountId, amount: Balance) -> Balance {
		if amount == 0 {
			return 0;
		}
		let moved = T::Currency::transfer_on_hold(
			&HoldReason::Escrow.into(),
			&record.tenant,
			to,
			amount,
			Precision::Exact,
			Restriction::Free,
			Fortitude::Force,
		)
		.unwrap_or(0);
		record.escrow = record.escrow.saturating_sub(moved);
		moved
	}

	/// Destroys money of the escrow.
	fn burn(record: &mut Reservation<T>, amount: Balance) -> Balance {
		if amount == 0 {
			return 0;
		}
		let burned = T::Currency::burn_held(
			&HoldReason::Escrow.into(),
			&record.tenant,
			amount,
			Precision::BestEffort,
			Fortitude::Force,
		)
		.unwrap_or(0);
		record.escrow = record.escrow.saturating_sub(burned);
		burned
	}

	/// Adds to what the farm was paid today.
	fn note_earnings(farm: FarmId, amount: Balance) {
		let day = Self::now() / ContractParameters::<T>::get().blocks_per_day().max(1);
		FarmEarnings::<T>::mutate(farm, day % EARNING_DAYS, |earned| {
			if earned.day != day {
				*earned = DayEarnings { day, paid: 0 };
			}
			earned.paid = earned.paid.saturating_add(amount);
		});
	}
}
