//! The catalogue: adding, removing, listing.

use crate::{
	types::{number_of, rank, Attestation},
	BalanceOf, Config, ContentsOf, Counts, Error, Event, HoldReason, Names, Newest, NextSnapshot,
	Pallet, SnapshotOf, Snapshots,
};
use alloc::vec::Vec;
use frame_support::{
	ensure,
	traits::{fungible::MutateHold, tokens::Precision, Get},
};
use granary_primitives::{
	message,
	snapshot::{DatabaseKind, SnapshotInfo, SnapshotSignature},
	traits::ReservationOwner,
	AccountBytes, BlockNumber, Hash, SnapshotId,
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

	/// Refuses an expiry that is not in the future.
	pub(crate) fn ensure_future(expires: Option<BlockNumber>) -> DispatchResult {
		let future = expires.is_none_or(|block| block > Self::now());
		ensure!(future, Error::<T>::AlreadyExpired);
		Ok(())
	}

	/// This chain's genesis hash, which signatures are bound to.
	pub fn genesis_hash() -> Hash {
		let genesis = frame_system::Pallet::<T>::block_hash(
			frame_system::pallet_prelude::BlockNumberFor::<T>::from(0u32),
		);
		let mut hash = Hash::default();
		hash.iter_mut().zip(genesis.as_ref()).for_each(|(to, from)| *to = *from);
		hash
	}

	fn is_signed(contents: &ContentsOf<T>, by: &Attestation<T::AccountId>) -> bool {
		let message = message::snapshot(&Self::genesis_hash(), &contents.statement());
		let signer: AccountBytes = by.signer.clone().into();
		sp_io::crypto::sr25519_verify(&by.signature.into(), &message, &signer.into())
	}

	/// Checks and adds a snapshot.
	pub(crate) fn add(
		publisher: T::AccountId,
		contents: ContentsOf<T>,
		expires: Option<BlockNumber>,
		attestation: Attestation<T::AccountId>,
	) -> DispatchResult {
		let reservation = contents.reservation;
		let tenant = T::Reservations::tenant(reservation).ok_or(Error::<T>::UnknownReservation)?;
		ensure!(tenant == publisher, Error::<T>::NotTenant);
		ensure!(!contents.name.is_empty(), Error::<T>::EmptyName);
		ensure!(core::str::from_utf8(&contents.name).is_ok(), Error::<T>::NameNotUtf8);
		Self::ensure_future(expires)?;
		let name = (reservation, contents.dataset, contents.name.clone());
		ensure!(!Names::<T>::contains_key(&name), Error::<T>::NameTaken);
		let count = Counts::<T>::get(reservation);
		ensure!(count < T::MaxSnapshotsPerReservation::get(), Error::<T>::TooManySnapshots);
		let id = NextSnapshot::<T>::get();
		let next = id.checked_add(1).ok_or(Error::<T>::NoMoreNumbers)?;
		ensure!(Self::is_signed(&contents, &attestation), Error::<T>::BadSignature);

		let deposit = T::Deposit::get();
		T::Currency::hold(&HoldReason::Snapshot.into(), &publisher, deposit)?;
		NextSnapshot::<T>::put(next);
		Counts::<T>::insert(reservation, count.saturating_add(1));
		Names::<T>::insert(&name, id);
		Self::deposit_event(Event::Published {
			snapshot: id,
			publisher: publisher.clone(),
			reservation,
			dataset: contents.dataset,
			manifest: contents.manifest,
		});
		let published = Self::now();
		let attestation = Some(attestation);
		Self::store(
			id,
			SnapshotOf::<T> { publisher, deposit, contents, published, expires, attestation },
		);
		Ok(())
	}

	/// Puts a snapshot into the catalogue and into the order of its chain.
	pub(crate) fn store(id: SnapshotId, snapshot: SnapshotOf<T>) {
		let contents = &snapshot.contents;
		let chain = (contents.genesis, contents.database);
		Newest::<T>::insert(chain, rank(contents.height, id), ());
		Snapshots::<T>::insert(id, snapshot);
	}

	/// Removes a snapshot for its publisher, or for anyone when it is out of date.
	pub(crate) fn remove(who: T::AccountId, id: SnapshotId) -> DispatchResult {
		let snapshot = Snapshots::<T>::get(id).ok_or(Error::<T>::UnknownSnapshot)?;
		let SnapshotOf::<T> { publisher, deposit, contents, expires, .. } = snapshot;
		let outdated = expires.is_some_and(|block| block <= Self::now())
			|| T::Reservations::tenant(contents.reservation).is_none();
		ensure!(publisher == who || outdated, Error::<T>::NotPublisher);
		let deposit: BalanceOf<T> = T::Currency::release(
			&HoldReason::Snapshot.into(),
			&publisher,
			deposit,
			Precision::Exact,
		)?;
		Snapshots::<T>::remove(id);
		Newest::<T>::remove((contents.genesis, contents.database), rank(contents.height, id));
		Names::<T>::remove((contents.reservation, contents.dataset, contents.name));
		Counts::<T>::mutate_exists(contents.reservation, |count| {
			*count = count.and_then(|count| count.checked_sub(1)).filter(|count| *count > 0);
		});
		Self::deposit_event(Event::Retired { snapshot: id, publisher, deposit });
		Ok(())
	}

	/// A snapshot, if it is in the catalogue.
	pub fn snapshot_info(id: SnapshotId) -> Option<SnapshotInfo> {
		let snapshot = Snapshots::<T>::get(id)?;
		let contents = snapshot.contents;
		Some(SnapshotInfo {
			id,
			publisher: snapshot.publisher.into(),
			reservation: contents.reservation,
			dataset: contents.dataset,
			name: contents.name.into_inner(),
			manifest: contents.manifest,
			genesis: contents.genesis,
			height: contents.height,
			total_bytes: contents.total_bytes,
			stored_bytes: contents.stored_bytes,
			published: snapshot.published,
			database: contents.database,
			expires: snapshot.expires,
			signature: snapshot.attestation.map(|by| SnapshotSignature {
				signer: by.signer.into(),
				signature: by.signature.to_vec(),
			}),
		})
	}

	/// Snapshots from number `start` on, in the order of their numbers; at most `limit` and
	/// [`MAX_LISTED`]. The next page starts after the last number of this one. An empty page may
	/// also mean that the next 4096 numbers are all retired; [`NextSnapshot`] is the end.
	pub fn snapshots(start: SnapshotId, limit: u32) -> Vec<SnapshotInfo> {
		let end = NextSnapshot::<T>::get().min(start.saturating_add(MAX_SCANNED));
		(start..end).filter_map(Self::snapshot_info).take(limit.min(MAX_LISTED) as usize).collect()
	}

	/// Snapshots of a chain's databases of one kind or of all, newest height first; at most `limit` and [`MAX_LISTED`], none
	/// above `max_height`. The next page starts `after` the last one of this page.
	pub fn snapshots_of_chain(
		genesis: Hash,
		database: Option<DatabaseKind>,
		max_height: Option<u64>,
		after: Option<SnapshotId>,
		limit: u32,
	) -> Vec<SnapshotInfo> {
		let limit = limit.min(MAX_LISTED) as usize;
		// No snapshot has the greatest number: that rank is before all of its height.
		let first = rank(max_height.unwrap_or(u64::MAX), SnapshotId::MAX);
		let start = match after {
			Some(id) => match Snapshots::<T>::get(id) {
				Some(last) => rank(last.contents.height, id).max(first),
				None => return Vec::new(),
			},
			None => first,
		};
		let mut ranks: Vec<_> = DatabaseKind::ALL
			.into_iter()
			.filter(|kind| database.is_none_or(|wanted| wanted == *kind))
			.flat_map(|kind| {
				let chain = (genesis, kind);
				let from = Newest::<T>::hashed_key_for(chain, start);
				Newest::<T>::iter_key_prefix_from(chain, from).take(limit)
			})
			.collect();
		ranks.sort_unstable();
		ranks
			.into_iter()
			.take(limit)
			.filter_map(|rank| Self::snapshot_info(number_of(rank)))
			.collect()
	}
}
