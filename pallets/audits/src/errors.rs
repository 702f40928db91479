//! Why calls are refused.

use frame_support::pallet_macros::pallet_section;

/// The errors, see [`crate::pallet`].
#[pallet_section]
mod errors {
	/// Why a call was refused.
	#[pallet::error]
	pub enum Error<T> {
		/// There is no such allotment.
		#[codec(index = 0)]
		UnknownAllotment,
		/// The allotment's reservation is closed.
		#[codec(index = 1)]
		AllotmentClosed,
		/// The node has no audit key on chain.
		#[codec(index = 2)]
		UnknownNode,
		/// The checkpoint's epoch is not one more than the epoch of the one on chain.
		#[codec(index = 3)]
		StaleEpoch,
		/// The checkpoint does not name the root of the one on chain as its previous root.
		#[codec(index = 4)]
		PreviousRootMismatch,
		/// The log has not more leaves than at the checkpoint before (or none at all): a log only
		/// grows.
		#[codec(index = 5)]
		LogNotGrown,
		/// The log is longer than the bytes of the allotment.
		#[codec(index = 6)]
		LogExceedsAllotment,
		/// The log has more leaves than any audit of this chain can prove.
		#[codec(index = 7)]
		LogTooLong,
		/// The tenant's signature is not its account's over this checkpoint.
		#[codec(index = 8)]
		BadTenantSignature,
		/// The node's signature is not its audit key's over this checkpoint.
		#[codec(index = 9)]
		BadNodeSignature,
		/// No audit of that allotment at that tick is, or lately was, open.
		#[codec(index = 10)]
		UnknownAudit,
		/// The seed is not there yet or is less than two ticks old.
		#[codec(index = 11)]
		TooEarly,
		/// The deadline has passed.
		#[codec(index = 12)]
		TooLate,
		/// A valid proof is already recorded.
		#[codec(index = 13)]
		AlreadyProven,
		/// The proof does not have the one length that the challenge allows.
		#[codec(index = 14)]
		WrongLength,
		/// The leaves do not lead to the frozen root.
		#[codec(index = 15)]
		InvalidProof,
		/// The call was not made by an extrinsic, so its place could not be recorded.
		#[codec(index = 16)]
		NotInExtrinsic,
		/// The window closes before or as it opens.
		#[codec(index = 17)]
		WindowTooShort,
		/// The window is longer than seeds are kept.
		#[codec(index = 18)]
		WindowTooLong,
		/// Two audits of one allotment could be open at once.
		#[codec(index = 19)]
		PeriodTooShort,
		/// No leaf, or more than the runtime's limit, would be sampled.
		#[codec(index = 20)]
		LeavesOutOfRange,
		/// Too many wrong proofs of this audit were included.
		#[codec(index = 21)]
		TooManyFailures,
		/// A proof of the batch answers an audit that another node owes.
		#[codec(index = 22)]
		WrongNode,
		/// The batch is empty, or its allotments are not strictly ascending.
		#[codec(index = 23)]
		BadBatch,
		/// The proofs of the batch have more bytes than a quarter of a block takes.
		#[codec(index = 24)]
		BatchTooLong,
		/// A loss is declared too late: an audit of the allotment is open.
		#[codec(index = 25)]
		AuditOpen,
		/// The allotment has no checkpoint yet.
		#[codec(index = 26)]
		NoCheckpoint,
		/// No code has these parameters.
		#[codec(index = 27)]
		BadSeal,
		/// A log keeps its seal, or goes without one, for its whole life.
		#[codec(index = 28)]
		SealMismatch,
		/// A removal leaves at least one leaf; to remove all, the reservation is closed.
		#[codec(index = 29)]
		EmptyLog,
		/// A targeted audit of this allotment waits or is open.
		#[codec(index = 30)]
		AlreadyBought,
		/// A targeted audit of this allotment was bought a short time ago.
		#[codec(index = 31)]
		BoughtTooSoon,
		/// Too many targeted audits wait to be opened.
		#[codec(index = 32)]
		TooManyBought,
		/// The node is in maintenance.
		#[codec(index = 33)]
		NodeInMaintenance,
		/// The steps of the penalties do not rise from one miss to the sixteen that are counted.
		#[codec(index = 34)]
		PenaltiesOutOfOrder,
		/// The price of a targeted audit is above its deposit.
		#[codec(index = 35)]
		PriceAboveDeposit,
		/// At least one wrong proof must be tolerated.
		#[codec(index = 36)]
		NoFailureTolerated,
		/// The proof answers another seed, root, leaf count or number of leaves than the audit asked.
		#[codec(index = 37)]
		WrongChallenge,
	}
}
