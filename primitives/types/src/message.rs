//! The exact bytes that tenants and nodes sign.
//!
//! Each message starts with a tag of its own and the chain's genesis hash, so that no signature
//! can be replayed for another purpose or on another chain.

use crate::{audit::Checkpoint, AllotmentId, Hash, Tick};
use alloc::vec::Vec;
use codec::Encode;

/// Tag of a checkpoint.
pub const CHECKPOINT_TAG: &[u8; 20] = b"granary/checkpoint/1";
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
