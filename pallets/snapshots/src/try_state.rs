//! What always holds.

use crate::{
	types::rank, BalanceOf, Config, Counts, GrantCounts, Grants, HoldReason, Names, Newest,
	NextSnapshot, Pallet, Snapshots,
};
use alloc::collections::BTreeMap;
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::{traits::Zero, Saturating, TryRuntimeError};

type Held<T> = BTreeMap<<T as frame_system::Config>::AccountId, BalanceOf<T>>;

impl<T: Config> Pallet<T> {
	/// Checks that names, order, counts and deposits agree with the catalogue and the grants.
	pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::try_snapshots()?;
		Self::try_grants()
	}

	fn try_snapshots() -> Result<(), TryRuntimeError> {
		let mut counts = BTreeMap::new();
		let mut deposits = Held::<T>::new();
		for (id, snapshot) in Snapshots::<T>::iter() {
			let contents = snapshot.contents;
			ensure!(id < NextSnapshot::<T>::get(), "snapshots: a number was not given out yet");
			*counts.entry(contents.reservation).or_insert(0u32) += 1;
			let held = deposits.entry(snapshot.publisher).or_insert_with(Zero::zero);
			held.saturating_accrue(snapshot.deposit);
			let order = rank(contents.height, id);
			let chain = (contents.genesis, contents.database);
			ensure!(Newest::<T>::contains_key(chain, order), "snapshots: one has no rank");
			let name = (contents.reservation, contents.dataset, contents.name);
			ensure!(Names::<T>::get(name) == Some(id), "snapshots: a name is missing");
		}
		let total = Snapshots::<T>::iter_keys().count();
		ensure!(Names::<T>::iter_keys().count() == total, "snapshots: a name has no snapshot");
		ensure!(Newest::<T>::iter_keys().count() == total, "snapshots: a rank has no snapshot");
		let stored = Counts::<T>::iter().collect::<BTreeMap<_, _>>();
		ensure!(stored == counts, "snapshots: counts are wrong");
		Self::try_held(HoldReason::Snapshot, deposits)
	}

	fn try_grants() -> Result<(), TryRuntimeError> {
		let mut counts = BTreeMap::new();
		let mut deposits = Held::<T>::new();
		for ((reservation, _, _), grant) in Grants::<T>::iter() {
			*counts.entry(reservation).or_insert(0u32) += 1;
			let held = deposits.entry(grant.granter).or_insert_with(Zero::zero);
			held.saturating_accrue(grant.deposit);
			ensure!(!grant.sealed.is_empty(), "snapshots: a grant is empty");
		}
		let stored = GrantCounts::<T>::iter().collect::<BTreeMap<_, _>>();
		ensure!(stored == counts, "snapshots: counts of grants are wrong");
		Self::try_held(HoldReason::Grant, deposits)
	}

	fn try_held(reason: HoldReason, deposits: Held<T>) -> Result<(), TryRuntimeError> {
		let reason = reason.into();
		for (account, held) in deposits {
			ensure!(
				T::Currency::balance_on_hold(&reason, &account) == held,
				"snapshots: an account's deposits are not what is held"
			);
		}
		Ok(())
	}
}
