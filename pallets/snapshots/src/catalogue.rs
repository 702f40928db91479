//! The catalogue: adding, removing, listing, and its invariants.

use crate::{
	BalanceOf, Config, Counts, Error, Event, HoldReason, Names, NextSnapshot, Pallet, SnapshotOf,
	Snapshots,
};
use alloc::vec::Vec;
use frame_support::{
	ensure,
	traits::{fungible::MutateHold, tokens::Precision, Get},
};
use granary_primitives::{
	snapshot::SnapshotInfo, traits::ReservationOwner, BlockNumber, SnapshotId,
};
use sp_runtime::{DispatchResult, SaturatedConversion};

/// Snapshots that one answer lists at most.
pub const MAX_LISTED: u32 = 256;
/// Numbers that are looked at for one answer; retired ones leave gaps.
const MAX_SCANNED: u64 = 4096;

impl<T: Config> Pallet<T> {
	/// The present block's number; block numbers of this chain have 32 bits.
	pub(crate) fn now() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// Checks and adds a snapshot.
	pub(crate) fn add(snapshot: SnapshotOf<T>) -> DispatchResult {
		let tenant =
			T::Reservations::tenant(snapshot.reservation).ok_or(Error::<T>::UnknownReservation)?;
		ensure!(tenant == snapshot.publisher, Error::<T>::NotTenant);
		ensure!(!snapshot.name.is_empty(), Error::<T>::EmptyName);
		ensure!(core::str::from_utf8(&snapshot.name).is_ok(), Error::<T>::NameNotUtf8);
		let name = (snapshot.reservation, snapshot.dataset, snapshot.name.clone());
		ensure!(!Names::<T>::contains_key(&name), Error::<T>::NameTaken);
		let count = Counts::<T>::get(snapshot.reservation);
		ensure!(count < T::MaxSnapshotsPerReservation::get(), Error::<T>::TooManySnapshots);
		let id = NextSnapshot::<T>::get();
		let next = id.checked_add(1).ok_or(Error::<T>::NoMoreNumbers)?;

		T::Currency::hold(&HoldReason::Snapshot.into(), &snapshot.publisher, snapshot.deposit)?;
		NextSnapshot::<T>::put(next);
		Counts::<T>::insert(snapshot.reservation, count.saturating_add(1));
		Names::<T>::insert(&name, id);
		Self::deposit_event(Event::Published {
			snapshot: id,
			publisher: snapshot.publisher.clone(),
			reservation: snapshot.reservation,
			dataset: snapshot.dataset,
			manifest: snapshot.manifest,
		});
		Snapshots::<T>::insert(id, snapshot);
		Ok(())
	}

	/// Removes a snapshot of this publisher.
	pub(crate) fn remove(publisher: T::AccountId, id: SnapshotId) -> DispatchResult {
		let snapshot = Snapshots::<T>::get(id).ok_or(Error::<T>::UnknownSnapshot)?;
		ensure!(snapshot.publisher == publisher, Error::<T>::NotPublisher);
		let deposit: BalanceOf<T> = T::Currency::release(
			&HoldReason::Snapshot.into(),
			&publisher,
			snapshot.deposit,
			Precision::Exact,
		)?;
		Snapshots::<T>::remove(id);
		Names::<T>::remove((snapshot.reservation, snapshot.dataset, snapshot.name));
		Counts::<T>::mutate_exists(snapshot.reservation, |count| {
			*count = count.and_then(|count| count.checked_sub(1)).filter(|count| *count > 0);
		});
		Self::deposit_event(Event::Retired { snapshot: id, publisher, deposit });
		Ok(())
	}

	/// A snapshot, if it is in the catalogue.
	pub fn snapshot_info(id: SnapshotId) -> Option<SnapshotInfo> {
		let snapshot = Snapshots::<T>::get(id)?;
		Some(SnapshotInfo {
			id,
			publisher: snapshot.publisher.into(),
			reservation: snapshot.reservation,
			dataset: snapshot.dataset,
			name: snapshot.name.into_inner(),
			manifest: snapshot.manifest,
			genesis: snapshot.genesis,
			height: snapshot.height,
			total_bytes: snapshot.total_bytes,
			stored_bytes: snapshot.stored_bytes,
			published: snapshot.published,
		})
	}

	/// Snapshots from number `start` on, in the order of their numbers; at most `limit` and
	/// [`MAX_LISTED`]. The next page starts after the last number of this one. An empty page may
	/// also mean that the next 4096 numbers are all retired; [`NextSnapshot`] is the end.
	pub fn snapshots(start: SnapshotId, limit: u32) -> Vec<SnapshotInfo> {
		let end = NextSnapshot::<T>::get().min(start.saturating_add(MAX_SCANNED));
		(start..end).filter_map(Self::snapshot_info).take(limit.min(MAX_LISTED) as usize).collect()
	}

	/// Checks that names, counts and deposits agree with the catalogue.
	#[cfg(any(feature = "try-runtime", test))]
	pub(crate) fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
		use alloc::collections::BTreeMap;
		use frame_support::traits::fungible::InspectHold;
		use sp_runtime::{traits::Zero, Saturating};

		let mut counts = BTreeMap::new();
		let mut deposits = BTreeMap::new();
		for (id, snapshot) in Snapshots::<T>::iter() {
			ensure!(id < NextSnapshot::<T>::get(), "snapshots: a number was not given out yet");
			*counts.entry(snapshot.reservation).or_insert(0u32) += 1;
			let held: &mut BalanceOf<T> =
				deposits.entry(snapshot.publisher).or_insert_with(Zero::zero);
			held.saturating_accrue(snapshot.deposit);
			let name = (snapshot.reservation, snapshot.dataset, snapshot.name);
			ensure!(Names::<T>::get(name) == Some(id), "snapshots: a name is missing");
		}
		let total = Snapshots::<T>::iter_keys().count();
		ensure!(Names::<T>::iter_keys().count() == total, "snapshots: a name has no snapshot");
		ensure!(
			Counts::<T>::iter().collect::<BTreeMap<_, _>>() == counts,
			"snapshots: counts are wrong"
		);
		for (publisher, held) in deposits {
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Snapshot.into(), &publisher) == held,
				"snapshots: a publisher's deposits are not what is held"
			);
		}
		Ok(())
	}
}
