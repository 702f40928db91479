//! Why a proof is refused: the one list of codes, for the pool, the runtime API and clients.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

macro_rules! refusals {
	($($(#[$doc:meta])+ $name:ident = $code:tt, $text:tt;)+) => {
		/// Why the transaction pool refuses a proof, a batch of proofs or a declared loss: the code of
		/// `InvalidTransaction::Custom`.
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
		#[repr(u8)]
		pub enum ProofRefusal {
			$($(#[$doc])+ #[codec(index = $code)] $name = $code,)+
		}

		impl ProofRefusal {
			/// All of them, in the order of their codes.
			pub const ALL: &'static [Self] = &[$(Self::$name,)+];

			/// What to tell an operator.
			pub const fn text(self) -> &'static str {
				match self {
					$(Self::$name => $text,)+
				}
			}
		}
	};
}

refusals! {
	/// No audit of that allotment at that tick is, or lately was, open.
	UnknownAudit = 1, "no audit of this allotment is open at this tick";
	/// The seed is not there yet or is less than two ticks old.
	TooEarly = 2, "the audit's window is not open yet: wait two ticks after its own";
	/// The deadline has passed.
	TooLate = 3, "the audit's deadline has passed";
	/// A valid proof is already recorded.
	AlreadyProven = 4, "the audit is already proven";
	/// The proof does not have the one length that the challenge allows.
	WrongLength = 5, "the proof does not have the length that the challenge allows";
	/// The signature is not the node's audit key's over this proof.
	BadSignature = 6, "the signature is not the node's audit key's over this proof";
	/// The node has no audit key on chain.
	UnknownNode = 7, "the node has no audit key on chain";
	/// The leaves do not lead to the frozen root. Only the block checks it, not the pool.
	InvalidProof = 8, "the leaves do not lead to the root that was frozen for the audit";
	/// Too many wrong proofs of this audit were included.
	TooManyFailures = 9, "too many wrong proofs of this audit were submitted";
	/// A proof of the batch answers an audit that another node owes.
	WrongNode = 10, "another node owes the proof of this audit";
	/// The batch is empty, or its allotments are not strictly ascending.
	BadBatch = 11, "a batch must have its allotments strictly ascending, and at least one";
	/// The proofs of the batch have more bytes than a quarter of a block takes.
	BatchTooLong = 12, "the proofs of the batch have more bytes than a quarter of a block takes";
	/// A loss is declared too late: an audit of the allotment is open.
	AuditOpen = 13, "a loss cannot be declared while an audit of the allotment is open";
	/// The proof answers another seed, root, leaf count or number of leaves than the audit asked.
	WrongChallenge = 14, "the proof answers another challenge than the audit's";
}

impl ProofRefusal {
	/// The code in `InvalidTransaction::Custom`.
	pub const fn code(self) -> u8 {
		self as u8
	}

	/// The refusal with this code.
	pub fn from_code(code: u8) -> Option<Self> {
		Self::ALL.iter().copied().find(|refusal| refusal.code() == code)
	}
}
