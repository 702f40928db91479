//! Past proofs, found in their blocks and verified again from their bytes.

use super::{error::RpcFailure, types::PastProof};
use crate::service::FullClient;
use codec::{Decode, Encode};
use granary_por::{challenge, Blake2, ProofError};
use granary_primitives::{
	audit::{AuditOutcome, AuditRecord, Challenge},
	grid::NodeInfo,
	message, AllotmentId, BlockNumber, Hash, Signature, Tick,
};
use granary_runtime::{opaque, Runtime, RuntimeCall, UncheckedExtrinsic};
use pallet_audits::MaxProofLen;
use sc_client_api::BlockBackend;
use sp_blockchain::HeaderBackend;
use sp_core::{sr25519, Bytes, Get, Pair, H256};
use sp_io::hashing::blake2_256;

/// The most leaves that an audit of this chain samples.
fn max_leaves() -> u32 {
	<Runtime as pallet_audits::Config>::MaxLeavesPerAudit::get()
}

/// A proof as its extrinsic carried it.
struct Submitted {
	block_hash: H256,
	answer: Answer,
}

/// What one proof's extrinsic says about its audit.
struct Answer {
	challenge: Challenge,
	proof: Vec<u8>,
	signature: Signature,
	/// What was signed.
	message: Vec<u8>,
}

/// Finds the proof of the audit at `tick` and verifies it again: the leaves that the seed chooses
/// against the frozen root, the signature against the node's audit key.
pub(super) fn find(
	client: &FullClient,
	allotment: AllotmentId,
	tick: Tick,
	history: &[AuditRecord],
	node: &NodeInfo,
) -> Result<PastProof, RpcFailure> {
	let record = history
		.iter()
		.find(|record| record.tick == tick)
		.ok_or(RpcFailure::UnknownAudit { allotment, tick })?;
	let (number, index) = match record.outcome {
		AuditOutcome::Proven { block, extrinsic } => (block, extrinsic),
		AuditOutcome::Missed { block } => {
			return Err(RpcFailure::Missed { allotment, tick, block })
		},
	};
	let genesis = client.info().genesis_hash.0;
	let submitted = submitted(client, &genesis, (number, index), allotment, tick)?;
	let Submitted { block_hash, answer } = submitted;
	let Challenge { seed, root, leaf_count, samples } = answer.challenge;
	// The chain took this extrinsic only because its challenge was the audit's.
	let leaves = challenge::<Blake2>(&seed, allotment, &root, leaf_count, samples);
	let proof_valid =
		granary_por::verify::<Blake2>(&root, leaf_count, &leaves, &answer.proof).is_ok();
	let signature_valid = sr25519::Pair::verify(
		&sr25519::Signature::from_raw(answer.signature),
		&answer.message,
		&sr25519::Public::from_raw(node.audit_key),
	);
	Ok(PastProof {
		allotment,
		tick,
		seed: H256(seed),
		root: H256(root),
		leaf_count,
		leaves,
		block_number: number,
		block_hash,
		extrinsic_index: index,
		proof: Bytes(answer.proof),
		signature: Bytes(answer.signature.to_vec()),
		node: node.id,
		proof_valid,
		signature_valid,
		verified: proof_valid && signature_valid,
	})
}

/// Takes the proof from its extrinsic.
fn submitted(
	client: &FullClient,
	genesis: &Hash,
	(number, index): (BlockNumber, u32),
	allotment: AllotmentId,
	tick: Tick,
) -> Result<Submitted, RpcFailure> {
	let not_the_proof = |reason: String| RpcFailure::NotTheProof { number, index, reason };
	let no_body = || RpcFailure::NoBody { number };
	let block_hash = client.hash(number)?.ok_or_else(no_body)?;
	let body = client.block_body(block_hash)?.ok_or_else(no_body)?;
	let extrinsic = usize::try_from(index)
		.ok()
		.and_then(|index| body.get(index))
		.ok_or_else(|| not_the_proof(format!("the block has {} extrinsics", body.len())))?;
	let answer = decode(extrinsic, genesis, allotment, tick).map_err(not_the_proof)?;
	Ok(Submitted { block_hash, answer })
}

/// The proof of an audit in its extrinsic, which may hold more of them.
fn decode(
	extrinsic: &opaque::UncheckedExtrinsic,
	genesis: &Hash,
	allotment: AllotmentId,
	tick: Tick,
) -> Result<Answer, String> {
	let decoded = UncheckedExtrinsic::decode(&mut &extrinsic.encode()[..]).map_err(|error| {
		format!("this node's runtime cannot read it ({error}); it is of another version")
	})?;
	match decoded.function {
		RuntimeCall::Audits(pallet_audits::Call::submit_proof {
			allotment: proven,
			tick: at,
			challenge,
			proof,
			signature,
		}) => {
			if (proven, at) != (allotment, tick) {
				return Err(format!("it proves allotment {proven} at tick {at}"));
			}
			let message = message::proof(genesis, allotment, tick, &blake2_256(&proof));
			Ok(Answer { challenge, proof: proof.into_inner(), signature, message })
		},
		RuntimeCall::Audits(pallet_audits::Call::submit_proofs { node, batch, signature }) => {
			let message = message::proofs(genesis, node, &blake2_256(&batch.encode()));
			let one = batch.into_iter().find(|one| (one.allotment, one.tick) == (allotment, tick));
			let one = one.ok_or("none of its proofs is of this audit")?;
			let (challenge, proof) = (one.challenge, one.proof.into_inner());
			Ok(Answer { challenge, proof, signature, message })
		},
		_ => Err("it is another call".into()),
	}
}

/// Whether these leaves lead to this root. `Err` if no proof has this shape.
pub(super) fn verify(
	root: &Hash,
	leaf_count: u64,
	leaves: &[u64],
	proof: &[u8],
) -> Result<bool, RpcFailure> {
	let max_proof_len = MaxProofLen::<Runtime>::get();
	if leaves.len() > max_leaves() as usize || proof.len() > max_proof_len as usize {
		return Err(RpcFailure::BadArgument(format!(
			"{} leaves and {} bytes are more than any audit has: at most {} leaves and {} bytes",
			leaves.len(),
			proof.len(),
			max_leaves(),
			max_proof_len,
		)));
	}
	match granary_por::verify::<Blake2>(root, leaf_count, leaves, proof) {
		Ok(()) => Ok(true),
		Err(ProofError::RootMismatch) => Ok(false),
		Err(error) => Err(RpcFailure::Malformed(error)),
	}
}
