//! What happened.

use frame_support::pallet_macros::pallet_section;

/// The events, see [`crate::pallet`].
#[pallet_section]
mod events {
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
		/// A snapshot's last block was set.
		#[codec(index = 2)]
		ExpirySet {
			/// Its number.
			snapshot: SnapshotId,
			/// The block from which on anyone may retire it.
			expires: Option<BlockNumber>,
		},
		/// A dataset's key was sealed to a recipient.
		#[codec(index = 3)]
		Granted {
			/// The reservation.
			reservation: ReservationId,
			/// The dataset within it.
			dataset: DatasetId,
			/// blake2_256 of the recipient's public key.
			recipient: Hash,
			/// The block from which on anyone may remove the grant.
			expires: Option<BlockNumber>,
		},
		/// A sealed key was removed and its deposit returned.
		#[codec(index = 4)]
		Revoked {
			/// The reservation.
			reservation: ReservationId,
			/// The dataset within it.
			dataset: DatasetId,
			/// blake2_256 of the recipient's public key.
			recipient: Hash,
			/// Who had granted it.
			granter: T::AccountId,
			/// What was returned.
			deposit: BalanceOf<T>,
		},
	}
}
