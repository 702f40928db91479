//! What the pallet stores, and its fixed limits.

use crate::{history::PastAudits, penalties::MissWindow};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
	traits::{ConstU32, Get},
	BoundedVec,
};
use granary_primitives::{
	audit::{AuditKind, AuditOutcome, Challenge, LogHead, Seal},
	refusal::ProofRefusal,
	AllotmentId, Balance, BlockNumber, Hash, NodeId, Tick,
};
use scale_info::TypeInfo;
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError};

/// Seeds of recent ticks that are kept. A power of two, well above [`MAX_WINDOW_TICKS`], so that
/// the seed of an open audit is there even while overdue audits wait to be closed.
pub const SEEDS_KEPT: u32 = 1024;
/// The longest window that [`crate::Parameters`] may ask for.
pub const MAX_WINDOW_TICKS: Tick = 512;
/// The ticks between an audit's own tick and the first one at which a proof is accepted. The
/// author of the block that fixes the seed knows it one block before anyone else; two ticks
/// keep that author from including an answer which nobody else could have given yet.
pub const OPENING_DELAY_TICKS: Tick = 2;
/// Ticks between an audit's deadline and the earliest next audit: room for the proof to become
/// final and for the miss to be recorded before the next root is frozen.
pub const FINALITY_TICKS: Tick = 4;
/// Audits that the history of an allotment remembers, and the window in which misses count.
pub const HISTORY_LEN: u32 = 16;
/// Ticks that the clock may run ahead of the oldest deadline whose misses are not all recorded. Beyond
/// them it stands still until the backlog is drained, so that the seeds of open audits are
/// never overwritten: an audit of deadline `d` has a tick of at least `d - MAX_WINDOW_TICKS`.
pub const MAX_BACKLOG_TICKS: Tick = SEEDS_KEPT - MAX_WINDOW_TICKS;
/// Blocks over which full blocks are counted.
pub const FULLNESS_BLOCKS: u32 = 50;
/// Checkpoints in one call.
pub const MAX_CHECKPOINTS: u32 = 32;
/// Proofs in one batch.
pub const MAX_BATCH: u32 = 32;
/// Targeted audits that wait to be opened, over all allotments: who buys more has to come again.
pub const MAX_TARGETED_WAITING: u32 = 64;
/// Priority of a proof in the transaction pool: far above what a tip buys, below inherents.
pub const PROOF_PRIORITY: u64 = u64::MAX / 2;

// Seeds must not be forgotten while audits are open.
const _: () = assert!(SEEDS_KEPT >= MAX_WINDOW_TICKS * 2);

/// The beacon: chained author VRFs and the tick they drive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct BeaconState {
	/// Chain of all fresh author VRFs.
	pub accumulator: Hash,
	/// The VRF that was mixed in last: BABE leaves it in place after a block without one, so a
	/// value that repeats is stale.
	pub last_vrf: Option<Hash>,
	/// The newest tick that has a seed; 0 before the first.
	pub tick: Tick,
}

/// An audit that is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct OpenAudit {
	/// The tick whose seed chooses the leaves.
	pub tick: Tick,
	/// The last tick at which a proof is accepted.
	pub deadline_tick: Tick,
	/// The node that owed it when it was opened.
	pub node: NodeId,
	/// The root that was frozen before the seed was known.
	pub root: Hash,
	/// The leaves under that root.
	pub leaf_count: u64,
	/// Leaves to be proven, or all if the log is shorter.
	pub samples: u32,
	/// The first block that the audit covers.
	pub from_block: BlockNumber,
	/// The end of the blocks that it covers, exclusive.
	pub to_block: BlockNumber,
	/// Why it takes place.
	pub kind: AuditKind,
	/// Wrong proofs that are still tolerated.
	pub attempts_left: u8,
}

/// All that the chain keeps of an audited allotment.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct AuditedAllotment {
	/// The log that is in force: audits are opened on it.
	pub log: LogHead,
	/// The inner code of a sealed log.
	pub seal: Option<Seal>,
	/// True if a removal waits for the next proof of this log.
	pub removal_pending: bool,
	/// Its place among all audited allotments, by which the beacon picks it.
	pub slot: u32,
	/// The tick at which its next scheduled audit is due.
	pub next_tick: Tick,
	/// The audit that is owed now.
	pub open: Option<OpenAudit>,
	/// End of the blocks that audits have covered so far.
	pub covered_to: BlockNumber,
	/// The block since which openings are postponed because the node is in maintenance.
	pub postponed_since: Option<BlockNumber>,
	/// The tick at which a targeted audit was bought last.
	pub bought_tick: Option<Tick>,
	/// Audits proven so far.
	pub proven: u32,
	/// Audits missed so far.
	pub missed: u32,
	/// The outcomes that penalties look at.
	pub window: MissWindow,
	/// Where the last audits ended.
	pub past: PastAudits,
}

impl AuditedAllotment {
	/// Audits that have ended.
	pub fn ended(&self) -> u32 {
		self.proven.saturating_add(self.missed)
	}

	/// Misses among the last sixteen audits.
	pub fn window_misses(&self) -> u32 {
		self.window.total()
	}

	/// Counts the outcome of the audit of this tick and remembers it.
	pub fn end(&mut self, tick: Tick, outcome: AuditOutcome) {
		let missed = matches!(outcome, AuditOutcome::Missed { .. });
		self.window.record(missed);
		let counter = if missed { &mut self.missed } else { &mut self.proven };
		*counter = counter.saturating_add(1);
		self.past.push(tick, outcome);
		self.open = None;
	}
}

/// A targeted audit that was bought and has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Purchase<AccountId> {
	/// Who bought it.
	pub buyer: AccountId,
	/// What is held of the buyer's money, in plancks.
	pub deposit: Balance,
	/// What of it goes to the node's side if the audit is proven, in plancks.
	pub price: Balance,
	/// Leaves that are sampled; never fewer than a scheduled audit samples.
	pub leaves: u32,
}

/// One proof of a batch.
#[derive(
	frame_support::CloneNoBound,
	frame_support::DebugNoBound,
	frame_support::PartialEqNoBound,
	frame_support::EqNoBound,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
#[scale_info(skip_type_params(T))]
pub struct BatchedProof<T: crate::Config> {
	/// The allotment.
	pub allotment: AllotmentId,
	/// The tick of its audit.
	pub tick: Tick,
	/// What the audit asks.
	pub challenge: Challenge,
	/// The canonical multiproof.
	pub proof: BoundedVec<u8, MaxProofLen<T>>,
}

/// Many proofs of one node.
pub type ProofBatch<T> = BoundedVec<BatchedProof<T>, ConstU32<MAX_BATCH>>;

/// A refusal as the transaction pool says it.
pub(crate) fn invalid(refusal: ProofRefusal) -> TransactionValidityError {
	InvalidTransaction::Custom(refusal.code()).into()
}

/// The longest proof that the runtime's limits allow, so that the bound of the call's argument
/// can never disagree with them.
pub struct MaxProofLen<T>(core::marker::PhantomData<T>);

impl<T: crate::Config> Get<u32> for MaxProofLen<T> {
	fn get() -> u32 {
		let len = granary_por::max_proof_len(T::MaxLeavesPerAudit::get(), T::MaxLeafCount::get());
		u32::try_from(len).unwrap_or(u32::MAX)
	}
}

/// BLAKE2b-256 by the host, for `granary-por`.
pub struct HostBlake2;

impl granary_por::Hasher for HostBlake2 {
	fn hash(data: &[u8]) -> [u8; 32] {
		sp_io::hashing::blake2_256(data)
	}
}
