//! # Snapshots pallet
//!
//! The catalogue of published snapshots.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the dispatchables, the storage, the events and the errors, and
//! [`Pallet::snapshot_info`] and [`Pallet::snapshots`] for what the runtime API answers.
//!
//! ## Overview
//!
//! A snapshot is an immutable file tree that a tenant stored in a dataset of one of its
//! reservations. The chain records where it is and what a node must match to use it (genesis hash and
//! height), so that a reader with a chain endpoint and a dataset key needs nothing else. The entry is a
//! claim of its publisher: whether the bytes are there is for the audits of its allotments to
//! show, whether they are the right ones for the manifest's hashes.
//!
//! A deposit is held for each entry and returned when it is retired. Names are unique within a dataset
//! of a reservation, and may be used again once the snapshot is retired. Each entry carries a signature under what
//! readers rely on, by an account that they may know. The newest snapshots of a chain and kind of database are found
//! without looking at others.
//!
//! A tenant gives others access by *grants*: the dataset's key, sealed to a recipient's public key. The chain stores bytes that only
//! the recipient can open; it does not know who reads.
//!
//! ## Low Level / Implementation Details
//!
//! Identifiers are never used again. A reservation has at most
//! [`Config::MaxSnapshotsPerReservation`] snapshots and [`Config::MaxGrantsPerReservation`] grants. Publishers and granters can
//! remove their entries even when the reservation is closed, and so can anyone then or after an expiry, so neither deposits nor
//! state are ever stuck. There are no hooks. The storage is of version 2; [`migrations::v2`] leads there from the first.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod calls;
mod catalogue;
mod errors;
mod events;
mod grants;
pub mod migrations;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
pub mod types;
pub mod weights;

pub use catalogue::MAX_LISTED;
pub use pallet::*;
pub use weights::WeightInfo;

use frame_support::pallet_macros::import_section;

/// The pallet: configuration, storage, events, errors and calls.
#[allow(clippy::expect_used, reason = "the pallet macros generate them, with their proofs")]
#[import_section(calls::calls)]
#[import_section(events::events)]
#[import_section(errors::errors)]
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use crate::types::{Attestation, Contents, Grant, Rank, Sealed, Snapshot};
	use frame_support::{
		pallet_prelude::*,
		traits::fungible::{Inspect, MutateHold},
	};
	use frame_system::pallet_prelude::*;
	use granary_primitives::{
		snapshot::DatabaseKind, traits::ReservationOwner, AccountBytes, BlockNumber, DatasetId,
		Hash, ReservationId, SnapshotId,
	};

	/// The version of the storage layout.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(2);

	/// The balance of the runtime's currency.
	pub type BalanceOf<T> =
		<<T as Config>::Currency as Inspect<<T as frame_system::Config>::AccountId>>::Balance;
	/// A snapshot's name.
	pub type NameOf<T> = BoundedVec<u8, <T as Config>::MaxNameLen>;
	/// What a snapshot is.
	pub type ContentsOf<T> = Contents<<T as Config>::MaxNameLen>;
	/// A grant as it is stored.
	pub type GrantOf<T> = Grant<<T as frame_system::Config>::AccountId, BalanceOf<T>>;
	/// A snapshot as it is stored.
	pub type SnapshotOf<T> =
		Snapshot<<T as frame_system::Config>::AccountId, BalanceOf<T>, <T as Config>::MaxNameLen>;

	/// The pallet's handle.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the runtime decides.
	#[pallet::config]
	pub trait Config:
		frame_system::Config<
		AccountId: Into<AccountBytes> + From<AccountBytes>,
		RuntimeEvent: From<Event<Self>>,
	>
	{
		/// The currency of deposits.
		type Currency: MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;

		/// The runtime's reasons for holds.
		type RuntimeHoldReason: From<HoldReason>;

		/// Whose a reservation is.
		type Reservations: ReservationOwner<Self::AccountId>;

		/// What is held for each snapshot until it is retired.
		#[pallet::constant]
		type Deposit: Get<BalanceOf<Self>>;

		/// What is held for each grant, whatever its length.
		#[pallet::constant]
		type GrantDeposit: Get<BalanceOf<Self>>;

		/// What is held for each byte of a sealed key beside it.
		#[pallet::constant]
		type GrantByteDeposit: Get<BalanceOf<Self>>;

		/// Bytes of a name, at most.
		#[pallet::constant]
		type MaxNameLen: Get<u32>;

		/// Snapshots in one reservation, at most.
		#[pallet::constant]
		type MaxSnapshotsPerReservation: Get<u32>;

		/// Grants in one reservation, at most.
		#[pallet::constant]
		type MaxGrantsPerReservation: Get<u32>;

		/// Weights of calls.
		type WeightInfo: WeightInfo;
	}

	/// Why the pallet holds money.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The deposit for a snapshot in the catalogue.
		#[codec(index = 0)]
		Snapshot,
		/// The deposit for a grant.
		#[codec(index = 1)]
		Grant,
	}

	/// The number of the next snapshot.
	#[pallet::storage]
	pub type NextSnapshot<T> = StorageValue<_, SnapshotId, ValueQuery>;

	/// The catalogue. `Twox64Concat`: the chain numbers snapshots one after the other, nobody can
	/// choose a key.
	#[pallet::storage]
	pub type Snapshots<T: Config> =
		StorageMap<_, Twox64Concat, SnapshotId, SnapshotOf<T>, OptionQuery>;

	/// Snapshots by name. `Blake2_128Concat` for what tenants choose; reservations are numbered.
	#[pallet::storage]
	pub type Names<T: Config> = StorageNMap<
		_,
		(
			NMapKey<Twox64Concat, ReservationId>,
			NMapKey<Blake2_128Concat, DatasetId>,
			NMapKey<Blake2_128Concat, NameOf<T>>,
		),
		SnapshotId,
		OptionQuery,
	>;

	/// Snapshots in each reservation. `Twox64Concat`: reservations are numbered.
	#[pallet::storage]
	pub type Counts<T> = StorageMap<_, Twox64Concat, ReservationId, u32, ValueQuery>;

	/// Snapshots of each chain and kind of database, newest first. `Blake2_128Concat` for what publishers choose;
	/// `Identity`, so that ranks iterate in their order.
	#[pallet::storage]
	pub type Newest<T> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		(Hash, DatabaseKind),
		Identity,
		Rank,
		(),
		OptionQuery,
	>;

	/// Sealed keys by reservation, dataset and recipient. `Blake2_128Concat` for what tenants choose; reservations are numbered.
	#[pallet::storage]
	pub type Grants<T: Config> = StorageNMap<
		_,
		(
			NMapKey<Twox64Concat, ReservationId>,
			NMapKey<Blake2_128Concat, DatasetId>,
			NMapKey<Blake2_128Concat, Hash>,
		),
		GrantOf<T>,
		OptionQuery,
	>;

	/// Grants in each reservation. `Twox64Concat`: reservations are numbered.
	#[pallet::storage]
	pub type GrantCounts<T> = StorageMap<_, Twox64Concat, ReservationId, u32, ValueQuery>;

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(T::MaxNameLen::get() > 0, "snapshots: MaxNameLen is 0");
			assert!(
				T::MaxSnapshotsPerReservation::get() > 0,
				"snapshots: MaxSnapshotsPerReservation is 0"
			);
			assert!(
				T::MaxGrantsPerReservation::get() > 0,
				"snapshots: MaxGrantsPerReservation is 0"
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_now: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}
