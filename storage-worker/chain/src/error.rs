//! What can go wrong between a client and the chain.

use granary_primitives::Hash;

/// Why a query or a transaction failed.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
	/// No endpoint answers.
	#[error("the chain is unreachable at {}: {reason}", endpoints.join(", "))]
	Unreachable {
		/// What was tried.
		endpoints: Vec<String>,
		/// The last refusal.
		reason: String,
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
	/// A key could not be read.
	#[error("the account key is not usable: {reason}")]
	Key {
		/// What is wrong with it, without showing it.
		reason: String,
	},
}
