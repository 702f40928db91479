//! What happened.

use frame_support::pallet_macros::pallet_section;

/// The events, see [`crate::pallet`].
#[pallet_section]
mod events {
	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A checkpoint was recorded.
		#[codec(index = 0)]
		CheckpointRecorded {
			/// The allotment.
			allotment: AllotmentId,
			/// The checkpoint's epoch.
			epoch: u32,
			/// Leaves in its log.
			leaf_count: u64,
		},
		/// An audit was opened: its root is frozen, its seed is minted with its tick.
		#[codec(index = 1)]
		AuditOpened {
			/// The allotment.
			allotment: AllotmentId,
			/// The node that owes the proof.
			node: NodeId,
			/// The tick that chooses the leaves.
			tick: Tick,
			/// The last tick at which a proof is accepted.
			deadline_tick: Tick,
			/// Why it takes place.
			kind: AuditKind,
		},
		/// An audit was proven.
		#[codec(index = 2)]
		AuditProven {
			/// The allotment.
			allotment: AllotmentId,
			/// The node that proved it.
			node: NodeId,
			/// The audit's tick.
			tick: Tick,
		},
		/// An audit was not proven before its deadline.
		#[codec(index = 3)]
		AuditMissed {
			/// The allotment.
			allotment: AllotmentId,
			/// The node that owed the proof.
			node: NodeId,
			/// The audit's tick.
			tick: Tick,
			/// Misses among the last sixteen audits, this one included.
			window_misses: u32,
		},
		/// The parameters were changed.
		#[codec(index = 4)]
		ParametersSet {
			/// The new ones.
			parameters: Parameters,
		},
		/// More than half of the last fifty blocks had no room for a proof: the tick pauses.
		#[codec(index = 5)]
		TicksPaused,
		/// Blocks have room again: the tick goes on.
		#[codec(index = 6)]
		TicksResumed,
		/// A proof was included and does not count.
		#[codec(index = 7)]
		ProofRefused {
			/// The allotment.
			allotment: AllotmentId,
			/// The node whose key signed it.
			node: NodeId,
			/// The audit's tick.
			tick: Tick,
			/// Why.
			refusal: ProofRefusal,
			/// Wrong proofs of this audit that are still tolerated; 0 if no such audit is owed.
			attempts_left: u8,
		},
		/// A shorter or another log was recorded; it waits for the next proof of the present one.
		#[codec(index = 8)]
		RemovalPending {
			/// The allotment.
			allotment: AllotmentId,
			/// The epoch of the log that waits.
			epoch: u32,
			/// Its leaves.
			leaf_count: u64,
		},
		/// The present log was proven once more and the one that waited is in force.
		#[codec(index = 9)]
		RemovalApplied {
			/// The allotment.
			allotment: AllotmentId,
			/// The epoch of the log in force.
			epoch: u32,
			/// Its leaves.
			leaf_count: u64,
		},
		/// Misses have reached a step: a share of the allotment's bond was taken for its repair.
		#[codec(index = 10)]
		BondSlashed {
			/// The allotment.
			allotment: AllotmentId,
			/// The node that holds it.
			node: NodeId,
			/// The share of the bond.
			share: Perbill,
			/// What was taken, in plancks.
			amount: Balance,
			/// Misses among the last sixteen audits.
			window_misses: u32,
		},
		/// The allotment's data is lost, by misses or by declaration. It is not audited any more.
		#[codec(index = 11)]
		AllotmentFaulty {
			/// The allotment.
			allotment: AllotmentId,
			/// The node that held it.
			node: NodeId,
			/// True if the node said so itself.
			declared: bool,
		},
		/// A targeted audit was bought.
		#[codec(index = 12)]
		AuditBought {
			/// The allotment.
			allotment: AllotmentId,
			/// Who bought it.
			buyer: T::AccountId,
			/// Leaves that will be sampled.
			leaves: u32,
			/// What is held until it ends, in plancks.
			deposit: Balance,
		},
		/// A targeted audit ended.
		#[codec(index = 13)]
		PurchaseSettled {
			/// The allotment.
			allotment: AllotmentId,
			/// Who had bought it.
			buyer: T::AccountId,
			/// What of the deposit was paid because it was proven, in plancks.
			paid: Balance,
			/// What the buyer got from the bond because it was missed, in plancks.
			reward: Balance,
		},
		/// A targeted audit could not take place; its deposit is released.
		#[codec(index = 14)]
		PurchaseRefunded {
			/// The allotment.
			allotment: AllotmentId,
			/// Who had bought it.
			buyer: T::AccountId,
		},
	}
}
