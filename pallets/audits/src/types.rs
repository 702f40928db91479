//! What the pallet stores, and the reasons for which it refuses a proof.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::traits::Get;
use granary_primitives::{audit::Checkpoint, BlockNumber, Hash, NodeId, Tick};
use scale_info::TypeInfo;
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError};

/// Seeds of recent ticks that are kept. A power of two, well above [`MAX_WINDOW_TICKS`], so that
/// the seed of an open audit is there even while overdue audits wait to be closed.
pub const SEEDS_KEPT: u32 = 1024;
/// The longest window that [`Parameters`] may ask for.
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
/// Blocks over which full blocks are counted.
pub const FULLNESS_BLOCKS: u32 = 50;
/// Checkpoints in one call.
pub const MAX_CHECKPOINTS: u32 = 32;
/// Priority of a proof in the transaction pool: far above what a tip buys, below inherents.
pub const PROOF_PRIORITY: u64 = u64::MAX / 2;

// Seeds must not be forgotten while audits are open.
const _: () = assert!(SEEDS_KEPT >= MAX_WINDOW_TICKS * 2);

/// How often, how long and how deep allotments are audited.
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
	serde::Serialize,
	serde::Deserialize,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Parameters {
	/// Ticks between two audits of one allotment, before jitter.
	pub period_ticks: Tick,
	/// The next audit comes this many ticks earlier or later, at most.
	pub jitter_ticks: Tick,
	/// Ticks from an audit's tick to its deadline.
	pub window_ticks: Tick,
	/// Leaves sampled by an audit.
	pub leaves_per_audit: u32,
}

impl Default for Parameters {
	/// Eight audits a day at six-second blocks, five minutes to answer, sixteen leaves.
	fn default() -> Self {
		Self { period_ticks: 1800, jitter_ticks: 180, window_ticks: 50, leaves_per_audit: 16 }
	}
}

/// Why [`Parameters`] make no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParametersFault {
	/// The window closes before or as it opens.
	WindowTooShort,
	/// The window is longer than [`MAX_WINDOW_TICKS`].
	WindowTooLong,
	/// Two audits of one allotment could be open at once.
	PeriodTooShort,
	/// No leaf, or more than the runtime's limit, is sampled.
	LeavesOutOfRange,
}

impl Parameters {
	/// Checks them against each other and against the runtime's limit of leaves.
	pub fn check(&self, max_leaves_per_audit: u32) -> Result<(), ParametersFault> {
		if self.window_ticks <= OPENING_DELAY_TICKS {
			return Err(ParametersFault::WindowTooShort);
		}
		if self.window_ticks > MAX_WINDOW_TICKS {
			return Err(ParametersFault::WindowTooLong);
		}
		let busy = self.window_ticks.saturating_add(FINALITY_TICKS);
		let shortest = self.period_ticks.checked_sub(self.jitter_ticks);
		if shortest.is_none_or(|shortest| shortest <= busy) {
			return Err(ParametersFault::PeriodTooShort);
		}
		if self.leaves_per_audit == 0 || self.leaves_per_audit > max_leaves_per_audit {
			return Err(ParametersFault::LeavesOutOfRange);
		}
		Ok(())
	}
}

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
	/// The frozen root.
	pub root: Hash,
	/// The frozen leaf count.
	pub leaf_count: u64,
	/// Leaves to be sampled.
	pub samples: u32,
	/// First block that it covers.
	pub from_block: BlockNumber,
	/// End of the blocks that it covers: the one in which it was opened.
	pub to_block: BlockNumber,
}

/// Everything the pallet knows about one allotment, read and written as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct AuditedAllotment {
	/// The newest checkpoint.
	pub checkpoint: Checkpoint,
	/// The tick at which the next audit is due.
	pub next_tick: Tick,
	/// The audit that is owed, if any.
	pub open: Option<OpenAudit>,
	/// End of the blocks that audits have covered so far.
	pub covered_to: BlockNumber,
	/// Audits proven so far.
	pub proven: u32,
	/// Audits missed so far.
	pub missed: u32,
	/// The last sixteen outcomes, newest in the lowest bit; a miss is a 1.
	pub misses: u16,
}

impl AuditedAllotment {
	/// Audits that have ended.
	pub fn ended(&self) -> u32 {
		self.proven.saturating_add(self.missed)
	}

	/// Misses among the last sixteen audits.
	pub fn window_misses(&self) -> u32 {
		self.misses.count_ones()
	}

	/// Counts an outcome and says which slot of the history takes its record.
	pub fn end(&mut self, missed: bool) -> u32 {
		let slot = self.ended() % HISTORY_LEN;
		self.misses = (self.misses << 1) | u16::from(missed);
		let counter = if missed { &mut self.missed } else { &mut self.proven };
		*counter = counter.saturating_add(1);
		self.open = None;
		slot
	}
}

/// Why the transaction pool refuses a proof: the code of `InvalidTransaction::Custom`.
///
/// This is the one list of these codes; each has the error of the same name in the pallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[repr(u8)]
pub enum ProofRefusal {
	/// No audit of that allotment at that tick is, or lately was, open.
	UnknownAudit = 1,
	/// The seed is not there yet or is less than two ticks old.
	TooEarly = 2,
	/// The deadline has passed.
	TooLate = 3,
	/// A valid proof is already recorded.
	AlreadyProven = 4,
	/// The proof does not have the one length that the challenge allows.
	WrongLength = 5,
	/// The signature is not the node's audit key's over this proof.
	BadSignature = 6,
	/// The node has no audit key on chain.
	UnknownNode = 7,
}

impl ProofRefusal {
	/// All of them, in the order of their codes.
	pub const ALL: [Self; 7] = [
		Self::UnknownAudit,
		Self::TooEarly,
		Self::TooLate,
		Self::AlreadyProven,
		Self::WrongLength,
		Self::BadSignature,
		Self::UnknownNode,
	];

	/// The code in `InvalidTransaction::Custom`.
	pub const fn code(self) -> u8 {
		self as u8
	}

	/// The refusal with this code.
	pub fn from_code(code: u8) -> Option<Self> {
		Self::ALL.into_iter().find(|refusal| refusal.code() == code)
	}

	/// What to tell an operator.
	pub const fn text(self) -> &'static str {
		match self {
			Self::UnknownAudit => "no audit of this allotment is open at this tick",
			Self::TooEarly => "the audit's window is not open yet: wait two ticks after its own",
			Self::TooLate => "the audit's deadline has passed",
			Self::AlreadyProven => "the audit is already proven",
			Self::WrongLength => "the proof does not have the length that the challenge allows",
			Self::BadSignature => "the signature is not the node's audit key's over this proof",
			Self::UnknownNode => "the node has no audit key on chain",
		}
	}
}

impl From<ProofRefusal> for TransactionValidityError {
	fn from(refusal: ProofRefusal) -> Self {
		InvalidTransaction::Custom(refusal.code()).into()
	}
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
