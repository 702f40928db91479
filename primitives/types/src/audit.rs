//! Checkpoints, audits and their history as the runtime API answers them.

use crate::{AccountBytes, AllotmentId, Balance, BlockNumber, Hash, NodeId, Signature, Tick};
use alloc::vec::Vec;
use codec::{Compact, Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
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

/// What the chain keeps of the newest checkpoint that is in force. The root before it is in the
/// block that recorded it.
#[derive(
	Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct LogHead {
	/// Its epoch.
	pub epoch: u32,
	/// Root of the log over `leaf_count` leaves.
	pub root: Hash,
	/// Leaves of 512 bytes in the log.
	#[codec(compact)]
	pub leaf_count: u64,
}

/// The derived one counts a compact number without the byte that says how long it is.
impl MaxEncodedLen for LogHead {
	fn max_encoded_len() -> usize {
		u32::max_encoded_len() + Hash::max_encoded_len() + Compact::<u64>::max_encoded_len()
	}
}

impl Checkpoint {
	/// What of it is kept.
	pub fn head(&self) -> LogHead {
		LogHead { epoch: self.epoch, root: self.root, leaf_count: self.leaf_count }
	}
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

/// The most leaves that a codeword of a sealed log may have: what a code over GF(2^16) reaches.
pub const MAX_CODEWORD_LEAVES: u32 = 65_536;

/// The inner code of a sealed log: its leaves are codewords with parity, in an order that only the
/// tenant knows. The chain audits a sealed log like any other; the seal says what a passed audit
/// is worth.
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
pub struct Seal {
	/// Leaves of one codeword, parity included; at most [`MAX_CODEWORD_LEAVES`].
	pub codeword_leaves: u32,
	/// Leaves of one codeword that may be missing.
	pub parity_leaves: u32,
}

impl Seal {
	/// True if such a code exists: some parity, some data, not too long.
	pub const fn is_valid(&self) -> bool {
		self.parity_leaves > 0
			&& self.parity_leaves < self.codeword_leaves
			&& self.codeword_leaves <= MAX_CODEWORD_LEAVES
	}
}

/// A checkpoint of a sealed log: what [`crate::message::sealed_checkpoint`] covers.
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
pub struct SealedCheckpoint {
	/// The log.
	pub checkpoint: Checkpoint,
	/// Its inner code; the same for the whole life of the log.
	pub seal: Seal,
}

/// A sealed checkpoint with both signatures over [`crate::message::sealed_checkpoint`].
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct SignedSealedCheckpoint {
	/// What was signed.
	pub sealed: SealedCheckpoint,
	/// By the tenant's account, sr25519.
	pub tenant_signature: Signature,
	/// By the node's audit key, sr25519.
	pub node_signature: Signature,
}

/// A log that shall replace the present one, which may be longer or quite another. It takes effect
/// with the next valid proof of the present log, so nobody can drop data after seeing a challenge.
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
pub struct Removal {
	/// The new log. Its epoch is one more than the newest one that both sides signed, its previous
	/// root is that one's root; it has at least one leaf.
	pub checkpoint: Checkpoint,
	/// The inner code of the new log, if it is sealed.
	pub seal: Option<Seal>,
}

/// A removal with both signatures over [`crate::message::removal`].
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct SignedRemoval {
	/// What was signed.
	pub removal: Removal,
	/// By the tenant's account, sr25519.
	pub tenant_signature: Signature,
	/// By the node's audit key, sr25519.
	pub node_signature: Signature,
}

/// Why an audit takes place.
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
pub enum AuditKind {
	/// It was due.
	#[codec(index = 0)]
	Scheduled,
	/// The beacon picked the allotment out of all.
	#[codec(index = 1)]
	Spot,
	/// Somebody bought it.
	#[codec(index = 2)]
	Targeted,
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

/// What an audit asks: with the allotment it chooses the leaves. A proof repeats the one that it
/// answers, and the chain takes it only if it is the one that it asked. So a past proof can be
/// verified again from its extrinsic alone, long after the chain has forgotten the audit.
#[derive(
	Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct Challenge {
	/// The seed of the audit's tick.
	pub seed: Hash,
	/// The root that was frozen before the seed was known.
	pub root: Hash,
	/// The leaves under that root.
	#[codec(compact)]
	pub leaf_count: u64,
	/// How many of them are sampled.
	#[codec(compact)]
	pub samples: u32,
}

impl MaxEncodedLen for Challenge {
	fn max_encoded_len() -> usize {
		2 * Hash::max_encoded_len()
			+ Compact::<u64>::max_encoded_len()
			+ Compact::<u32>::max_encoded_len()
	}
}

impl DueAudit {
	/// What this audit asks.
	pub fn challenge(&self) -> Challenge {
		let samples = u32::try_from(self.leaves.len()).unwrap_or(u32::MAX);
		Challenge { seed: self.seed, root: self.root, leaf_count: self.leaf_count, samples }
	}
}

/// A past audit. What it asked is in the extrinsic that answered it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct AuditRecord {
	/// The tick that chose the leaves.
	pub tick: Tick,
	/// How it ended.
	pub outcome: AuditOutcome,
}

/// Where the audits of one allotment stand.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct AuditStatus {
	/// The allotment.
	pub allotment: AllotmentId,
	/// What the newest checkpoint says, if there is one.
	pub checkpoint: Option<LogHead>,
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

/// An audit that is open, beyond what its answer needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct OpenAuditInfo {
	/// The tick that chooses the leaves.
	pub tick: Tick,
	/// The last tick at which a proof is accepted.
	pub deadline_tick: Tick,
	/// Why it takes place.
	pub kind: AuditKind,
	/// Leaves to be proven, or all if the log is shorter.
	pub samples: u32,
	/// Wrong proofs that are still tolerated; at 0 the pool takes no proof of it any more.
	pub attempts_left: u8,
}

/// A targeted audit that somebody has bought.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct BoughtAudit {
	/// Who bought it.
	pub buyer: AccountBytes,
	/// What is held of the buyer's money, in plancks.
	pub deposit: Balance,
	/// What of the deposit goes to the node's side if the audit is proven, in plancks.
	pub price: Balance,
	/// Leaves that are sampled.
	pub leaves: u32,
}

/// Everything about an allotment's audits that [`AuditStatus`] does not say.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct AuditDetails {
	/// The inner code of a sealed log.
	pub seal: Option<Seal>,
	/// The log that replaces the present one after its next proof.
	pub removal: Option<Removal>,
	/// The audit that is open.
	pub open: Option<OpenAuditInfo>,
	/// The targeted audit that waits or is open.
	pub bought: Option<BoughtAudit>,
	/// Ticks between two scheduled audits by the allotment's profile, before jitter.
	pub period_ticks: Tick,
	/// The block since which openings are postponed because the node is in maintenance.
	pub postponed_since: Option<BlockNumber>,
}

/// One audit of the calendar. Blocks are the earliest ones: a tick takes at least one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(rename_all = "camelCase"))]
pub struct CalendarEntry {
	/// The allotment.
	pub allotment: AllotmentId,
	/// The node that holds it.
	pub node: NodeId,
	/// The tick of the audit. If it is not open yet, spot and targeted audits may come first.
	pub tick: Tick,
	/// True if the audit is open.
	pub open: bool,
	/// The earliest block at whose end the tick's seed is known.
	pub seed_block: BlockNumber,
	/// The earliest block that takes a proof.
	pub opens_block: BlockNumber,
	/// The last tick at which a proof is accepted.
	pub deadline_tick: Tick,
	/// The earliest block in which the audit counts as missed.
	pub missed_block: BlockNumber,
}

/// Where a page of the calendar ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(rename_all = "camelCase"))]
pub struct CalendarCursor {
	/// The tick that was looked at last.
	pub tick: Tick,
	/// The last allotment of that tick that was looked at, if any.
	pub after: Option<AllotmentId>,
}

/// A page of the audit calendar, by tick.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct CalendarPage {
	/// The audits.
	pub entries: Vec<CalendarEntry>,
	/// What to ask with for the next page; `None` at the end.
	pub next: Option<CalendarCursor>,
}

/// How probably losses escape the audits of an allotment, or of a coalition of them. Probabilities are
/// in units of 10^-18, rounded; spot and targeted audits are left out, so they are upper bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(rename_all = "camelCase"))]
pub struct Detection {
	/// Leaves that one round of audits samples, over all allotments of the coalition.
	pub samples_per_round: u64,
	/// Leaves that are sampled within the ticks that were asked for.
	pub samples_within: u64,
	/// Leaves that were sampled by the audits since the last miss, as far as they are remembered.
	pub samples_proven: u64,
	/// Chance that the loss escapes one round.
	pub escapes_round_e18: u64,
	/// Chance that the loss escapes the ticks that were asked for.
	pub escapes_within_e18: u64,
	/// Chance that a loss before all these audits would have escaped them.
	pub escapes_proven_e18: u64,
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn no_value_is_longer_than_its_type_says() {
		let head = LogHead { epoch: u32::MAX, root: [1; 32], leaf_count: u64::MAX };
		assert_eq!(head.encoded_size(), LogHead::max_encoded_len());
		let (seed, root, leaf_count, samples) = ([1; 32], [2; 32], u64::MAX, u32::MAX);
		let challenge = Challenge { seed, root, leaf_count, samples };
		assert_eq!(challenge.encoded_size(), Challenge::max_encoded_len());
	}
}
