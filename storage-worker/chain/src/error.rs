//! What can go wrong between a client and the chain.

use granary_primitives::{Hash, SnapshotId};

/// Why a query or a transaction failed.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
	/// No endpoint answers.
	#[error("the chain is unreachable: {}", if refusals.is_empty() { "no endpoint was given".to_owned() } else { refusals.join(", ") })]
	Unreachable {
		/// What was tried, each with its refusal.
		refusals: Vec<String>,
	},
	/// The endpoint serves another chain.
	#[error("the chain at {endpoint} has genesis 0x{}, expected 0x{}", hex::encode(.found), hex::encode(.expected))]
	OtherGenesis {
		/// The endpoint.
		endpoint: String,
		/// Genesis that was expected.
		expected: Hash,
		/// Genesis that was found.
		found: Hash,
	},
	/// A snapshot's signature is not its signer's.
	#[error("the signature of snapshot {snapshot} is not its signer's: the node at the other end answers what nobody signed; ask another one")]
	BadSignature {
		/// The snapshot.
		snapshot: SnapshotId,
	},
	/// A query failed.
	#[error("asking the chain for {what}: {reason}")]
	Query {
		/// The runtime API or RPC method.
		what: String,
		/// The node's word.
		reason: String,
	},
	/// An answer is not what this client understands.
	#[error("the chain's answer to {what} cannot be decoded ({reason}); does the node run another version?")]
	Undecodable {
		/// The runtime API or RPC method.
		what: String,
		/// What is wrong with it.
		reason: String,
	},
	/// The chain's metadata has no such call or extension.
	#[error("this chain has no {what}; does the node run another version?")]
	Unknown {
		/// What was looked for.
		what: String,
	},
	/// The pool or the runtime refused a transaction.
	#[error("{call} was refused: {reason}")]
	Refused {
		/// `Pallet.call`.
		call: String,
		/// The pool's or the runtime's word.
		reason: String,
	},
	/// The transaction was handed over and it is not known what became of it.
	#[error("{call} was submitted, but {reason}; look at the chain before you try again")]
	Uncertain {
		/// `Pallet.call`.
		call: String,
		/// Why nothing more is known.
		reason: String,
	},
	/// A key could not be read.
	#[error("the account key is not usable: {reason}")]
	Key {
		/// What is wrong with it, without showing it.
		reason: String,
	},
	/// Text that should be an account's address is none.
	#[error("'{text}' is not an SS58 address: {reason}")]
	Address {
		/// The text.
		text: String,
		/// What is wrong with it.
		reason: String,
	},
}
