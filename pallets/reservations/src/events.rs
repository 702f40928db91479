//! What happened.

use frame_support::pallet_macros::pallet_section;

/// The events, see [`crate::pallet`].
#[pallet_section]
mod events {
	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// Capacity is reserved.
		#[codec(index = 0)]
		Reserved {
			/// The reservation.
			reservation: ReservationId,
			/// Who pays.
			tenant: T::AccountId,
			/// What is held for it.
			escrow: Balance,
		},
		/// The term is longer.
		#[codec(index = 1)]
		Extended {
			/// The reservation.
			reservation: ReservationId,
			/// The block at which it ends now.
			ends: BlockNumber,
		},
		/// What was earned is paid.
		#[codec(index = 2)]
		Settled {
			/// The reservation.
			reservation: ReservationId,
			/// Paid to farms and treasury.
			paid: Balance,
		},
		/// The term is over; the reservation can be read until it is closed.
		#[codec(index = 3)]
		GraceStarted {
			/// The reservation.
			reservation: ReservationId,
			/// The first block at which it is closed.
			until: BlockNumber,
		},
		/// Capacity and bonds are free, the rest of the escrow is returned.
		#[codec(index = 4)]
		Closed {
			/// The reservation.
			reservation: ReservationId,
			/// What the tenant got back.
			returned: Balance,
		},
		/// The parameters changed.
		#[codec(index = 5)]
		ParametersSet {
			/// The new ones.
			parameters: Parameters,
		},
		/// The first proof came, or a reservation in grace goes on.
		#[codec(index = 6)]
		Activated {
			/// The reservation.
			reservation: ReservationId,
		},
		/// Allotments have, or will have with their next proof, another capacity.
		#[codec(index = 7)]
		Resized {
			/// The reservation.
			reservation: ReservationId,
			/// The new capacity of each.
			bytes_per_allotment: u64,
		},
		/// A tenant offers its reservation to an account, or takes the offer back.
		#[codec(index = 8)]
		TransferOffered {
			/// The reservation.
			reservation: ReservationId,
			/// Who may take it over.
			to: Option<T::AccountId>,
		},
		/// Another tenant took the reservation over.
		#[codec(index = 9)]
		Transferred {
			/// The reservation.
			reservation: ReservationId,
			/// Who had it.
			from: T::AccountId,
			/// Who has it.
			to: T::AccountId,
		},
		/// The tenant wrote other data beside its reservation.
		#[codec(index = 10)]
		DataSet {
			/// The reservation.
			reservation: ReservationId,
			/// Hash of what is deployed.
			deployment: Hash,
		},
		/// The tenant named who else may replace lost allotments.
		#[codec(index = 11)]
		RepairerSet {
			/// The reservation.
			reservation: ReservationId,
			/// Who.
			repairer: Option<T::AccountId>,
		},
		/// A part of the bond behind an allotment was taken.
		#[codec(index = 12)]
		Slashed {
			/// The allotment.
			allotment: AllotmentId,
			/// What was taken.
			amount: Balance,
			/// Who got it; the reservation's repair fund if nobody is named.
			to: Option<T::AccountId>,
		},
		/// An allotment's data are lost.
		#[codec(index = 13)]
		Lost {
			/// The allotment.
			allotment: AllotmentId,
			/// The node said so itself.
			declared: bool,
		},
		/// A new allotment took the place of a lost one.
		#[codec(index = 14)]
		Replaced {
			/// The reservation.
			reservation: ReservationId,
			/// The shard.
			shard: u8,
			/// The lost one.
			old: AllotmentId,
			/// The new one.
			new: AllotmentId,
		},
		/// The new allotment is proven, its repair is paid.
		#[codec(index = 15)]
		Repaired {
			/// The new allotment.
			allotment: AllotmentId,
			/// Who restored it.
			repairer: T::AccountId,
			/// What the repair fund paid.
			paid: Balance,
		},
		/// A solution provider asks to share in payments.
		#[codec(index = 16)]
		ProviderRegistered {
			/// The provider.
			provider: ProviderId,
			/// Its account.
			account: T::AccountId,
			/// What it asks of what is not the farms'.
			share: Perbill,
		},
		/// Governance approved a solution provider, or took that back.
		#[codec(index = 17)]
		ProviderApproved {
			/// The provider.
			provider: ProviderId,
			/// Whether it is approved.
			approved: bool,
		},
		/// A new allotment took the place of one that its node still held.
		#[codec(index = 18)]
		Moved {
			/// The reservation.
			reservation: ReservationId,
			/// The shard.
			shard: u8,
			/// The old one.
			old: AllotmentId,
			/// The new one.
			new: AllotmentId,
		},
	}
}
