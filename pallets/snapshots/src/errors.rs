//! Why a call was refused.

use frame_support::pallet_macros::pallet_section;

/// The errors, see [`crate::pallet`].
#[pallet_section]
mod errors {
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
		/// The snapshot was published by another account, has not expired, and its reservation is open.
		#[codec(index = 7)]
		NotPublisher,
		/// The numbers of snapshots are used up.
		#[codec(index = 8)]
		NoMoreNumbers,
		/// The expiry is not in the future.
		#[codec(index = 9)]
		AlreadyExpired,
		/// The signature is not the signer's under this snapshot's statement on this chain.
		#[codec(index = 10)]
		BadSignature,
		/// The sealed key is empty.
		#[codec(index = 11)]
		EmptyKey,
		/// The reservation has as many grants as it may.
		#[codec(index = 12)]
		TooManyGrants,
		/// The dataset has no grant for that recipient.
		#[codec(index = 13)]
		UnknownGrant,
		/// The grant is another account's, has not expired, and its reservation is open.
		#[codec(index = 14)]
		NotGranter,
	}
}
