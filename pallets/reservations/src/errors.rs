//! Why a call was refused.

use frame_support::pallet_macros::pallet_section;

/// The errors, see [`crate::pallet`].
#[pallet_section]
mod errors {
	/// Why a call was refused.
	#[pallet::error]
	pub enum Error<T> {
		/// The account is no twin; register one first.
		#[codec(index = 0)]
		NotTwin,
		/// There must be at least one data shard, and one node for each shard.
		#[codec(index = 1)]
		BadShardCount,
		/// An allotment must have room for at least one leaf.
		#[codec(index = 2)]
		BadSize,
		/// The term is shorter or longer than allowed.
		#[codec(index = 3)]
		BadTerm,
		/// No node has this number.
		#[codec(index = 4)]
		UnknownNode,
		/// Two of the nodes belong to one farm.
		#[codec(index = 5)]
		FarmsNotDistinct,
		/// The nodes cost more than the tenant is willing to pay.
		#[codec(index = 6)]
		TooExpensive,
		/// The price is out of range.
		#[codec(index = 7)]
		PriceOverflow,
		/// The node has as many allotments as it may.
		#[codec(index = 8)]
		TooManyAllotments,
		/// No reservation has this number.
		#[codec(index = 9)]
		UnknownReservation,
		/// The reservation belongs to another account.
		#[codec(index = 10)]
		NotTenant,
		/// The reservation is closed.
		#[codec(index = 11)]
		AlreadyClosed,
		/// The reservation is not due yet.
		#[codec(index = 12)]
		NotDue,
		/// The parameters contradict each other.
		#[codec(index = 13)]
		BadParameters,
		/// No number is left.
		#[codec(index = 14)]
		NoIdLeft,
		/// The price feed knows no fresh price, which this chain's prices need; try again later.
		#[codec(index = 15)]
		NoPrice,
		/// The node takes no new allotments now, or nobody offered this reservation to the account.
		#[codec(index = 16)]
		NotOffered,
		/// No certifier vouches for the node.
		#[codec(index = 17)]
		NotCertified,
		/// The nodes do not lie in enough regions.
		#[codec(index = 18)]
		TooFewRegions,
		/// Not enough of the nodes fit together; name more of them or other ones.
		#[codec(index = 19)]
		NoPlacement,
		/// The node has not so much free capacity.
		#[codec(index = 20)]
		NotEnoughCapacity,
		/// The node has not so much free bond.
		#[codec(index = 21)]
		NotEnoughBond,
		/// A name has 3 to 64 bytes of UTF-8.
		#[codec(index = 22)]
		BadName,
		/// Another reservation has this name.
		#[codec(index = 23)]
		NameInUse,
		/// No solution provider has this number, or it is not approved.
		#[codec(index = 24)]
		UnknownProvider,
		/// The share is more than a solution provider may ask for.
		#[codec(index = 25)]
		BadShare,
		/// The reservation has no such shard.
		#[codec(index = 26)]
		UnknownAllotment,
		/// An allotment is lost; replace it first.
		#[codec(index = 27)]
		IsLost,
		/// The allotment is not lost; only lost ones are replaced.
		#[codec(index = 28)]
		NotLost,
		/// An earlier shrinking waits for the next proof.
		#[codec(index = 29)]
		StillShrinking,
	}
}
