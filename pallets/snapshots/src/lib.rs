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
//! of a reservation, and may be used again once the snapshot is retired.
//!
//! ## Low Level / Implementation Details
//!
//! Identifiers are never used again. A reservation has at most
//! [`Config::MaxSnapshotsPerReservation`] snapshots. A publisher can retire its snapshots even when the
//! reservation is closed, so no deposit is ever stuck. There are no hooks.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod catalogue;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
pub mod types;
pub mod weights;

pub use catalogue::MAX_LISTED;
pub use pallet::*;
pub use weights::WeightInfo;

/// The pallet: configuration, storage, events, errors and calls.
#[allow(clippy::expect_used, reason = "the pallet macros generate them, with their proofs")]
#[allow(clippy::too_many_arguments, reason = "those of `publish` are the fields of the catalogue")]
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use crate::types::Snapshot;
	use frame_support::{
		pallet_prelude::*,
		traits::fungible::{Inspect, MutateHold},
	};
	use frame_system::pallet_prelude::*;
	use granary_primitives::{
		traits::ReservationOwner, AccountBytes, DatasetId, Hash, ReservationId, SnapshotId,
	};

	/// The version of the storage layout.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// The balance of the runtime's currency.
	pub type BalanceOf<T> =
		<<T as Config>::Currency as Inspect<<T as frame_system::Config>::AccountId>>::Balance;
	/// A snapshot's name.
	pub type NameOf<T> = BoundedVec<u8, <T as Config>::MaxNameLen>;
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
		frame_system::Config<AccountId: Into<AccountBytes>, RuntimeEvent: From<Event<Self>>>
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

		/// Bytes of a name, at most.
		#[pallet::constant]
		type MaxNameLen: Get<u32>;

		/// Snapshots in one reservation, at most.
		#[pallet::constant]
		type MaxSnapshotsPerReservation: Get<u32>;

		/// Weights of calls.
		type WeightInfo: WeightInfo;
	}

	/// Why the pallet holds money.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The deposit for a snapshot in the catalogue.
		#[codec(index = 0)]
		Snapshot,
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

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A snapshot was published.
		#[codec(index = 0)]
		Published {
			/// Its number.
			snapshot: SnapshotId,
			/// Who published it.
			publisher: T::AccountId,
			/// The reservation that stores it.
			reservation: ReservationId,
			/// The dataset within it.
			dataset: DatasetId,
			/// Id of the manifest's head object.
			manifest: Hash,
		},
		/// A snapshot was taken out of the catalogue and its deposit returned.
		#[codec(index = 1)]
		Retired {
			/// Its number.
			snapshot: SnapshotId,
			/// Who had published it.
			publisher: T::AccountId,
			/// What was returned.
			deposit: BalanceOf<T>,
		},
	}

	/// Why a call was refused.
	#[pallet::error]
	pub enum Error<T> {
		/// There is no such reservation, or it is closed.
		#[codec(index = 0)]
		UnknownReservation,
		/// The reservation is another account's.
		#[codec(index = 1)]
		NotTenant,
		/// The name is empty.
		#[codec(index = 2)]
		EmptyName,
		/// The name is not UTF-8.
		#[codec(index = 3)]
		NameNotUtf8,
		/// The dataset has a snapshot of that name.
		#[codec(index = 4)]
		NameTaken,
		/// The reservation has as many snapshots as it may.
		#[codec(index = 5)]
		TooManySnapshots,
		/// There is no such snapshot.
		#[codec(index = 6)]
		UnknownSnapshot,
		/// The snapshot was published by another account.
		#[codec(index = 7)]
		NotPublisher,
		/// The numbers of snapshots are used up.
		#[codec(index = 8)]
		NoMoreNumbers,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(T::MaxNameLen::get() > 0, "snapshots: MaxNameLen is 0");
			assert!(
				T::MaxSnapshotsPerReservation::get() > 0,
				"snapshots: MaxSnapshotsPerReservation is 0"
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_now: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Publishes a snapshot.
		///
		/// The origin must be signed by the tenant of `reservation`, which must not be closed.
		/// `manifest` is the id of the manifest's head object, `genesis` and `height` say which chain's
		/// database it is (zeros for other file trees), `total_bytes` is the size of the file tree
		/// and `stored_bytes` what it added over all nodes. [`Config::Deposit`] is held.
		///
		/// Errors: [`Error::UnknownReservation`], [`Error::NotTenant`], [`Error::EmptyName`],
		/// [`Error::NameNotUtf8`], [`Error::NameTaken`], [`Error::TooManySnapshots`],
		/// [`Error::NoMoreNumbers`], and the currency's if the deposit cannot be held.
		///
		/// Emits [`Event::Published`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::publish(name.len() as u32))]
		pub fn publish(
			origin: OriginFor<T>,
			reservation: ReservationId,
			dataset: DatasetId,
			name: NameOf<T>,
			manifest: Hash,
			genesis: Hash,
			height: u64,
			total_bytes: u64,
			stored_bytes: u64,
		) -> DispatchResult {
			let publisher = ensure_signed(origin)?;
			Self::add(Snapshot {
				publisher,
				deposit: T::Deposit::get(),
				reservation,
				dataset,
				name,
				manifest,
				genesis,
				height,
				total_bytes,
				stored_bytes,
				published: Self::now(),
			})
		}

		/// Takes a snapshot out of the catalogue and returns its deposit.
		///
		/// The origin must be signed by its publisher. The stored objects are not touched.
		///
		/// Errors: [`Error::UnknownSnapshot`], [`Error::NotPublisher`].
		///
		/// Emits [`Event::Retired`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::retire())]
		pub fn retire(origin: OriginFor<T>, snapshot: SnapshotId) -> DispatchResult {
			let publisher = ensure_signed(origin)?;
			Self::remove(publisher, snapshot)
		}
	}
}
