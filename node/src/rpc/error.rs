//! Why a `granary_*` call failed. Things that do not exist are no failures but `null`.

use granary_por::ProofError;
use granary_primitives::{AllotmentId, BlockNumber, NodeId, Tick};
use jsonrpsee::types::{error::INVALID_PARAMS_CODE, ErrorObject, ErrorObjectOwned};
use sp_core::H256;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum RpcFailure {
	/// An argument makes no sense.
	#[error("{0}")]
	BadArgument(String),
	/// The runtime API did not answer.
	#[error("the runtime does not answer `{method}` at block {at:?}: {source}")]
	Runtime {
		/// The runtime API's method.
		method: &'static str,
		/// The block that was asked.
		at: H256,
		/// What went wrong.
		source: sp_api::ApiError,
	},
	/// The block is not in the database.
	#[error("block {0:?} is unknown to this node")]
	UnknownBlock(H256),
	/// The database failed.
	#[error("the database failed: {0}")]
	Database(#[from] sp_blockchain::Error),
	/// No audit of that tick is remembered.
	#[error(
		"no audit of allotment {allotment} at tick {tick} is on record; the chain remembers the \
		 last sixteen, see granary_auditHistory"
	)]
	UnknownAudit {
		/// The allotment.
		allotment: AllotmentId,
		/// The tick.
		tick: Tick,
	},
	/// The audit was not proven.
	#[error(
		"the audit of allotment {allotment} at tick {tick} was missed, as block {block} records: \
		 there is no proof"
	)]
	Missed {
		/// The allotment.
		allotment: AllotmentId,
		/// The tick.
		tick: Tick,
		/// The block at which the miss was recorded.
		block: BlockNumber,
	},
	/// The block of the proof has been pruned, or was never downloaded.
	#[error(
		"the body of block {number} is not in this node's database; ask a node that keeps all \
		 blocks (--blocks-pruning archive)"
	)]
	NoBody {
		/// The block.
		number: BlockNumber,
	},
	/// The extrinsic is not what the chain's record says.
	#[error("extrinsic {index} of block {number} is not the proof of this audit: {reason}")]
	NotTheProof {
		/// The block.
		number: BlockNumber,
		/// The extrinsic's index.
		index: u32,
		/// What is wrong with it.
		reason: String,
	},
	/// The allotment is not on chain any more.
	#[error("allotment {0} is not on chain")]
	UnknownAllotment(AllotmentId),
	/// The node is not on chain any more, so its key is unknown.
	#[error("node {0} is not on chain: its audit key is unknown")]
	UnknownNode(NodeId),
	/// A proof to be verified has no shape that any proof has.
	#[error("this cannot be a proof: {0}")]
	Malformed(ProofError),
}

impl RpcFailure {
	/// The code of the JSON-RPC error. The codes are part of the interface.
	fn code(&self) -> i32 {
		match self {
			Self::BadArgument(_) | Self::Malformed(_) => INVALID_PARAMS_CODE,
			Self::Runtime { .. } => 11_001,
			Self::UnknownBlock(_) => 11_002,
			Self::Database(_) => 11_003,
			Self::UnknownAudit { .. } => 11_010,
			Self::Missed { .. } => 11_011,
			Self::NoBody { .. } => 11_012,
			Self::NotTheProof { .. } => 11_013,
			Self::UnknownAllotment(_) => 11_014,
			Self::UnknownNode(_) => 11_015,
		}
	}
}

impl From<RpcFailure> for ErrorObjectOwned {
	fn from(failure: RpcFailure) -> Self {
		ErrorObject::owned(failure.code(), failure.to_string(), None::<()>)
	}
}
