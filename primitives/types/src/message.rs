//! The exact bytes that tenants and nodes sign.
//!
//! Each message starts with a tag of its own and the chain's genesis hash, so that no signature
//! can be replayed for another purpose or on another chain.

use crate::{
	audit::{Checkpoint, Removal, SealedCheckpoint},
	snapshot::SnapshotStatement,
	AllotmentId, Hash, NodeId, Tick,
};
use alloc::vec::Vec;
use codec::Encode;

/// Tag of a checkpoint.
pub const CHECKPOINT_TAG: &[u8; 20] = b"granary/checkpoint/1";
/// Tag of a checkpoint of a sealed log.
pub const SEALED_CHECKPOINT_TAG: &[u8; 20] = b"granary/checkpoint/2";
/// Tag of a removal.
pub const REMOVAL_TAG: &[u8; 17] = b"granary/removal/1";
/// Tag of a declared loss.
pub const LOSS_TAG: &[u8; 14] = b"granary/loss/1";
/// Tag of a batch of proofs.
pub const PROOFS_TAG: &[u8; 16] = b"granary/proofs/1";
/// Tag of a published snapshot.
pub const SNAPSHOT_TAG: &[u8; 18] = b"granary/snapshot/1";
/// Tag of a proof.
pub const PROOF_TAG: &[u8; 15] = b"granary/proof/1";

/// What tenant and node sign to record a checkpoint: tag ‖ genesis ‖ SCALE(checkpoint).
pub fn checkpoint(genesis: &Hash, checkpoint: &Checkpoint) -> Vec<u8> {
	(CHECKPOINT_TAG, genesis, checkpoint).encode()
}

/// What a node signs to submit a proof: tag ‖ genesis ‖ allotment ‖ tick ‖ blake2_256(proof).
pub fn proof(genesis: &Hash, allotment: AllotmentId, tick: Tick, proof_hash: &Hash) -> Vec<u8> {
	(PROOF_TAG, genesis, allotment, tick, proof_hash).encode()
}

/// What tenant and node sign to record a checkpoint of a sealed log: tag ‖ genesis ‖
/// SCALE(sealed checkpoint).
pub fn sealed_checkpoint(genesis: &Hash, sealed: &SealedCheckpoint) -> Vec<u8> {
	(SEALED_CHECKPOINT_TAG, genesis, sealed).encode()
}

/// What tenant and node sign to replace a log: tag ‖ genesis ‖ SCALE(removal).
pub fn removal(genesis: &Hash, removal: &Removal) -> Vec<u8> {
	(REMOVAL_TAG, genesis, removal).encode()
}

/// What a node signs to declare an allotment's data lost: tag ‖ genesis ‖ allotment ‖ node. An allotment is lost once
/// and its number never comes again, so the message needs no counter.
pub fn loss(genesis: &Hash, allotment: AllotmentId, node: NodeId) -> Vec<u8> {
	(LOSS_TAG, genesis, allotment, node).encode()
}

/// What a node signs to submit many proofs at once: tag ‖ genesis ‖ node ‖
/// blake2_256(SCALE(batch)).
pub fn proofs(genesis: &Hash, node: NodeId, batch_hash: &Hash) -> Vec<u8> {
	(PROOFS_TAG, genesis, node, batch_hash).encode()
}

/// What a publisher signs of a snapshot: tag ‖ genesis ‖ SCALE(statement).
pub fn snapshot(genesis: &Hash, statement: &SnapshotStatement) -> Vec<u8> {
	(SNAPSHOT_TAG, genesis, statement).encode()
}
