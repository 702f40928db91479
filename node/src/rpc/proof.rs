//! Past proofs, found in their blocks and verified again from their bytes.

use super::{error::RpcFailure, types::PastProof};
use crate::service::FullClient;
use codec::{Decode, Encode};
use granary_por::{challenge, proof_len, Blake2, ProofError};
use granary_primitives::{
	audit::{AuditOutcome, AuditRecord},
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
	proof: Vec<u8>,
	signature: Signature,
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
	let submitted = submitted(client, number, index, allotment, tick)?;
	let leaves = sampled_leaves(record, allotment, &submitted.proof);
	let proof_valid = leaves.as_ref().is_some_and(|leaves| {
		granary_por::verify::<Blake2>(&record.root, record.leaf_count, leaves, &submitted.proof)
			.is_ok()
	});
	let genesis = client.info().genesis_hash.0;
	let message = message::proof(&genesis, allotment, tick, &blake2_256(&submitted.proof));
	let signature_valid = sr25519::Pair::verify(
		&sr25519::Signature::from_raw(submitted.signature),
		message,
		&sr25519::Public::from_raw(node.audit_key),
	);
	Ok(PastProof {
		allotment,
		tick,
		seed: H256(record.seed),
		root: H256(record.root),
		leaf_count: record.leaf_count,
		leaves: leaves.unwrap_or_default(),
		block_number: number,
		block_hash: submitted.block_hash,
		extrinsic_index: index,
		proof: Bytes(submitted.proof),
		signature: Bytes(submitted.signature.to_vec()),
		node: node.id,
		proof_valid,
		signature_valid,
		verified: proof_valid && signature_valid,
	})
}

/// The leaves that the seed chooses. How many there were is not on record, but follows from the
/// proof: its length is the one that so many leaves demand.
fn sampled_leaves(record: &AuditRecord, allotment: AllotmentId, proof: &[u8]) -> Option<Vec<u64>> {
	(1..=max_leaves())
		.map(|samples| {
			challenge::<Blake2>(&record.seed, allotment, &record.root, record.leaf_count, samples)
		})
		.find(|leaves| proof_len(record.leaf_count, leaves) == Ok(proof.len()))
}

/// Takes the proof from its extrinsic.
fn submitted(
	client: &FullClient,
	number: BlockNumber,
	index: u32,
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
	let (proven, at, proof, signature) = decode(extrinsic).map_err(not_the_proof)?;
	if (proven, at) != (allotment, tick) {
		return Err(not_the_proof(format!("it proves allotment {proven} at tick {at}")));
	}
	Ok(Submitted { block_hash, proof, signature })
}

/// What a proof's extrinsic says: allotment, tick, proof and signature.
fn decode(
	extrinsic: &opaque::UncheckedExtrinsic,
) -> Result<(AllotmentId, Tick, Vec<u8>, Signature), String> {
	let decoded = UncheckedExtrinsic::decode(&mut &extrinsic.encode()[..]).map_err(|error| {
		format!("this node's runtime cannot read it ({error}); it is of another version")
	})?;
	match decoded.function {
		RuntimeCall::Audits(pallet_audits::Call::submit_proof {
			allotment,
			tick,
			proof,
			signature,
		}) => Ok((allotment, tick, proof.into_inner(), signature)),
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
