//! Checkpoints, audits and their history as the runtime API answers them.

use crate::{AllotmentId, BlockNumber, Hash, NodeId, Signature, Tick};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// The state of an allotment's log at one moment, as tenant and node both signed it.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct Checkpoint {
	/// The allotment.
	pub allotment: AllotmentId,
	/// One more than the epoch of the checkpoint before; the first is 1.
	pub epoch: u32,
	/// Root of the log over `leaf_count` leaves.
	pub root: Hash,
	/// Leaves of 512 bytes in the log.
	pub leaf_count: u64,
	/// Root of the checkpoint before; zeros for the first.
	pub previous_root: Hash,
}

/// A checkpoint with both signatures over [`crate::message::checkpoint`].
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct SignedCheckpoint {
	/// What was signed.
	pub checkpoint: Checkpoint,
	/// By the tenant's account, sr25519.
	pub tenant_signature: Signature,
	/// By the node's audit key, sr25519.
	pub node_signature: Signature,
}

/// How an audit ended.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub enum AuditOutcome {
	/// A valid proof was included.
	#[codec(index = 0)]
	Proven {
		/// Block of the extrinsic that proved it.
		block: BlockNumber,
		/// Index of that extrinsic in its block.
		extrinsic: u32,
	},
	/// No valid proof came before the deadline.
	#[codec(index = 1)]
	Missed {
		/// The block at which the miss was recorded.
		block: BlockNumber,
	},
}

/// An audit whose window is open: everything a worker needs to answer it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct DueAudit {
	/// The allotment to be proven.
	pub allotment: AllotmentId,
	/// The node that owes the proof.
	pub node: NodeId,
	/// The tick that chose the leaves.
	pub tick: Tick,
	/// The seed of that tick.
	pub seed: Hash,
	/// The frozen root.
	pub root: Hash,
	/// The frozen leaf count.
	pub leaf_count: u64,
	/// The sampled leaves, ascending.
	pub leaves: Vec<u64>,
	/// The first tick at which a proof is accepted.
	pub opens_tick: Tick,
	/// The last tick at which a proof is accepted.
	pub deadline_tick: Tick,
	/// The chain's present tick.
	pub current_tick: Tick,
}

/// A past audit.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct AuditRecord {
	/// The tick that chose the leaves.
	pub tick: Tick,
	/// The seed of that tick.
	pub seed: Hash,
	/// The root that was frozen for it.
	pub root: Hash,
	/// The leaf count that was frozen for it.
	pub leaf_count: u64,
	/// How it ended.
	pub outcome: AuditOutcome,
}

/// Where the audits of one allotment stand.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct AuditStatus {
	/// The allotment.
	pub allotment: AllotmentId,
	/// The newest checkpoint, if any.
	pub checkpoint: Option<Checkpoint>,
	/// The tick of the next scheduled audit, if any.
	pub next_tick: Option<Tick>,
	/// Audits proven so far.
	pub proven: u32,
	/// Audits missed so far.
	pub missed: u32,
	/// Misses among the last sixteen audits.
	pub window_misses: u32,
}

/// The audit clock.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct AuditClock {
	/// The present tick.
	pub tick: Tick,
	/// Ticks between two audits of one allotment, before jitter.
	pub period_ticks: Tick,
	/// Ticks from an audit's tick to its deadline.
	pub window_ticks: Tick,
	/// Leaves sampled by an audit.
	pub leaves_per_audit: u32,
}
