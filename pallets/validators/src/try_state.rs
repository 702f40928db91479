//! What always holds.

use crate::{
	Bonds, Config, CurrencyOf, Expelled, HoldReason, Members, Pallet, ValidatorParameters,
};
use alloc::collections::BTreeSet;
use frame_support::{ensure, traits::fungible::InspectHold};
use pallet_session::Pallet as Session;
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks that validators, bonds, keys and holds agree.
	pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
		ensure!(
			Self::are_sane(&ValidatorParameters::<T>::get()),
			"validators: the parameters are not sane"
		);
		let members = Members::<T>::get();
		let expelled = Expelled::<T>::get();
		let mut seen = BTreeSet::new();
		for account in members.iter().chain(&expelled) {
			ensure!(seen.insert(account), "validators: an account is listed twice");
			ensure!(Session::<T>::load_keys(account).is_some(), "validators: one has no keys");
		}
		for account in &expelled {
			let bond = Bonds::<T>::get(account);
			ensure!(
				bond.is_some_and(|bond| bond.offended && bond.until.is_some()),
				"validators: an expelled one has no bond that ends"
			);
		}
		let mut active = 0;
		for (account, bond) in Bonds::<T>::iter() {
			let is_member = members.contains(&account);
			ensure!(is_member == bond.until.is_none(), "validators: a bond ends or does not");
			active += usize::from(is_member);
			ensure!(
				CurrencyOf::<T>::balance_on_hold(&HoldReason::Bond.into(), &account) == bond.amount,
				"validators: a bond is not what is held"
			);
		}
		ensure!(active == members.len(), "validators: a validator has no bond");
		Ok(())
	}
}
