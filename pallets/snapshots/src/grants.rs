//! Who was given a dataset's key.

use crate::{
	catalogue::MAX_LISTED, types::Sealed, BalanceOf, Config, Error, Event, GrantCounts, GrantOf,
	Grants, HoldReason, Pallet,
};
use alloc::vec::Vec;
use frame_support::{
	ensure,
	traits::{fungible::MutateHold, tokens::Precision, Get},
};
use granary_primitives::{
	snapshot::GrantInfo, traits::ReservationOwner, BlockNumber, DatasetId, Hash, ReservationId,
};
use sp_runtime::{DispatchResult, SaturatedConversion, Saturating};

/// Which grant: reservation, dataset and recipient.
pub(crate) type GrantKey = (ReservationId, DatasetId, Hash);

impl<T: Config> Pallet<T> {
	/// What is held for a sealed key of this length.
	pub fn grant_deposit(len: usize) -> BalanceOf<T> {
		let bytes: BalanceOf<T> = len.saturated_into();
		T::GrantDeposit::get().saturating_add(T::GrantByteDeposit::get().saturating_mul(bytes))
	}

	/// Checks and records a grant; an earlier one for the same recipient is revoked first.
	pub(crate) fn do_grant(
		who: T::AccountId,
		key: GrantKey,
		sealed: Sealed,
		expires: Option<BlockNumber>,
	) -> DispatchResult {
		let (reservation, dataset, recipient) = key;
		let tenant = T::Reservations::tenant(reservation).ok_or(Error::<T>::UnknownReservation)?;
		ensure!(tenant == who, Error::<T>::NotTenant);
		ensure!(!sealed.is_empty(), Error::<T>::EmptyKey);
		Self::ensure_future(expires)?;
		if let Some(earlier) = Grants::<T>::take(key) {
			Self::give_back(key, earlier)?;
		}
		let count = GrantCounts::<T>::get(reservation);
		ensure!(count < T::MaxGrantsPerReservation::get(), Error::<T>::TooManyGrants);
		let deposit = Self::grant_deposit(sealed.len());
		T::Currency::hold(&HoldReason::Grant.into(), &who, deposit)?;
		GrantCounts::<T>::insert(reservation, count.saturating_add(1));
		let granted = Self::now();
		Grants::<T>::insert(key, GrantOf::<T> { granter: who, deposit, sealed, granted, expires });
		Self::deposit_event(Event::Granted { reservation, dataset, recipient, expires });
		Ok(())
	}

	/// Removes a grant for those who may.
	pub(crate) fn do_revoke(who: T::AccountId, key: GrantKey) -> DispatchResult {
		let grant = Grants::<T>::get(key).ok_or(Error::<T>::UnknownGrant)?;
		let tenant = T::Reservations::tenant(key.0);
		let outdated = grant.expires.is_some_and(|block| block <= Self::now());
		let may = outdated || grant.granter == who || tenant.is_none_or(|tenant| tenant == who);
		ensure!(may, Error::<T>::NotGranter);
		Grants::<T>::remove(key);
		Self::give_back(key, grant)
	}

	/// Returns the deposit of a grant that was taken out of the map.
	fn give_back(key: GrantKey, grant: GrantOf<T>) -> DispatchResult {
		let (reservation, dataset, recipient) = key;
		let GrantOf::<T> { granter, deposit, .. } = grant;
		let reason = HoldReason::Grant.into();
		let deposit = T::Currency::release(&reason, &granter, deposit, Precision::Exact)?;
		GrantCounts::<T>::mutate_exists(reservation, |count| {
			*count = count.and_then(|count| count.checked_sub(1)).filter(|count| *count > 0);
		});
		Self::deposit_event(Event::Revoked { reservation, dataset, recipient, granter, deposit });
		Ok(())
	}

	fn grant_info(recipient: Hash, grant: GrantOf<T>) -> GrantInfo {
		GrantInfo {
			recipient,
			granter: grant.granter.into(),
			sealed: grant.sealed.into_inner(),
			granted: grant.granted,
			expires: grant.expires,
		}
	}

	/// The sealed key for a recipient, if there is one.
	pub fn grant_of(key: (ReservationId, DatasetId, Hash)) -> Option<GrantInfo> {
		Grants::<T>::get(key).map(|grant| Self::grant_info(key.2, grant))
	}

	/// The grants of a dataset, in the order of their keys; at most `limit` and [`MAX_LISTED`]. The next page starts
	/// `after` the last recipient of this one.
	pub fn grants_of_dataset(
		reservation: ReservationId,
		dataset: DatasetId,
		after: Option<Hash>,
		limit: u32,
	) -> Vec<GrantInfo> {
		let prefix = (reservation, dataset);
		let grants = match after {
			Some(last) => {
				let key = Grants::<T>::hashed_key_for((reservation, dataset, last));
				Grants::<T>::iter_prefix_from(prefix, key)
			},
			None => Grants::<T>::iter_prefix(prefix),
		};
		let limit = limit.min(MAX_LISTED) as usize;
		grants.take(limit).map(|(recipient, grant)| Self::grant_info(recipient, grant)).collect()
	}
}
