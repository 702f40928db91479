//! Why a call was refused.

use frame_support::pallet_macros::pallet_section;

/// The errors, see [`crate::pallet`].
#[pallet_section]
mod errors {
	/// Why a call was refused.
	#[pallet::error]
	pub enum Error<T> {
		/// The account is a twin already; use `update_twin`.
		#[codec(index = 0)]
		AlreadyTwin,
		/// The account is no twin; use `register_twin` first.
		#[codec(index = 1)]
		NotTwin,
		/// No farm has this number.
		#[codec(index = 2)]
		UnknownFarm,
		/// The farm belongs to another twin.
		#[codec(index = 3)]
		NotFarmOwner,
		/// No node has this number.
		#[codec(index = 4)]
		UnknownNode,
		/// The node was registered by another account.
		#[codec(index = 5)]
		NotNodeOperator,
		/// A text is empty or not UTF-8.
		#[codec(index = 6)]
		BadText,
		/// A node must offer some capacity, and at least what is reserved of it.
		#[codec(index = 7)]
		BadCapacity,
		/// The bond is below the least one, or nothing was added.
		#[codec(index = 8)]
		BondTooLow,
		/// Another node uses this audit key.
		#[codec(index = 9)]
		AuditKeyInUse,
		/// The twin has as many farms as it may.
		#[codec(index = 10)]
		TooManyFarms,
		/// The farm has as many nodes as it may.
		#[codec(index = 11)]
		TooManyNodes,
		/// Reservations use the node; close or move them first.
		#[codec(index = 12)]
		NodeInUse,
		/// The farm still has nodes; remove them first.
		#[codec(index = 13)]
		FarmInUse,
		/// The node has not so much free capacity.
		#[codec(index = 14)]
		NotEnoughCapacity,
		/// The node has not so much free bond.
		#[codec(index = 15)]
		NotEnoughBond,
		/// No number is left.
		#[codec(index = 16)]
		NoIdLeft,
		/// The account is no certifier.
		#[codec(index = 17)]
		NotCertifier,
		/// There are as many certifiers as there may be.
		#[codec(index = 18)]
		TooManyCertifiers,
		/// A region is two capital letters of ISO 3166-1, or zeros.
		#[codec(index = 19)]
		BadRegion,
		/// It is like this already.
		#[codec(index = 20)]
		NoChange,
		/// Maintenance must be announced earlier, and must end after it starts.
		#[codec(index = 21)]
		NoticeTooShort,
		/// The node has not so much maintenance left this year.
		#[codec(index = 22)]
		BudgetExceeded,
		/// The node has announced maintenance already; cancel it first.
		#[codec(index = 23)]
		MaintenancePending,
		/// No maintenance is announced that has not begun.
		#[codec(index = 24)]
		NoMaintenance,
		/// New keys are announced already; cancel that first.
		#[codec(index = 25)]
		RotationPending,
		/// No new keys are waiting.
		#[codec(index = 26)]
		NoRotation,
		/// The report contradicts the time, or an earlier report.
		#[codec(index = 27)]
		BadUptime,
		/// The parameters contradict each other.
		#[codec(index = 28)]
		BadParameters,
		/// The node is being emptied or sleeps: it takes no new allotments.
		#[codec(index = 29)]
		NotAvailable,
		/// Another farm has that name.
		#[codec(index = 30)]
		NameTaken,
		/// The node is not offered as a whole.
		#[codec(index = 31)]
		NotForRent,
		/// The rent is more than the sender is willing to pay.
		#[codec(index = 32)]
		RentTooHigh,
		/// Another account has rented the node as a whole.
		#[codec(index = 33)]
		RentedByOther,
		/// The rent is for no block, or for more than there are.
		#[codec(index = 34)]
		BadRent,
	}
}
