//! What was proven in the past, from the block that holds it.

use crate::{client::timely, AuditAnswer, ChainClient, ChainError};
use codec::DecodeAll;
use granary_primitives::{AllotmentId, BlockNumber, Hash, NodeId, Signature, Tick};

/// A proof as a node submitted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmittedProof {
	/// The block that holds it.
	pub block: BlockNumber,
	/// That block's hash.
	pub block_hash: Hash,
	/// Index of the extrinsic in the block.
	pub extrinsic: u32,
	/// The proof and what it answers.
	pub answer: AuditAnswer,
	/// The node's signature, of the proof alone or of the batch that holds it.
	pub signature: Signature,
}

impl ChainClient {
	/// The proof of this audit in this extrinsic of this block, alone or in a batch; `None` if it is another call or proves other audits. The
	/// node must still have the block.
	pub async fn submitted_proof(
		&self,
		(block, extrinsic): (BlockNumber, u32),
		allotment: AllotmentId,
		tick: Tick,
	) -> Result<Option<SubmittedProof>, ChainError> {
		let what = format!("extrinsic {extrinsic} of block {block}");
		let online = self.online();
		let at = timely(&what, online.at_block(u64::from(block))).await?;
		let extrinsics = at.extrinsics();
		let extrinsics = timely(&what, extrinsics.fetch()).await?;
		let Some(found) = extrinsics.iter().nth(extrinsic as usize) else { return Ok(None) };
		let undecodable = |reason: String| ChainError::Undecodable { what: what.clone(), reason };
		let found = found.map_err(|error| undecodable(error.to_string()))?;
		if found.pallet_name() != "Audits" {
			return Ok(None);
		}
		let answers = answers(found.call_name(), found.call_data_field_bytes())
			.map_err(|error| undecodable(error.to_string()))?;
		let Some((answers, signature)) = answers else { return Ok(None) };
		let of_this = |answer: &AuditAnswer| (answer.allotment, answer.tick) == (allotment, tick);
		let Some(answer) = answers.into_iter().find(of_this) else { return Ok(None) };
		Ok(Some(SubmittedProof {
			block,
			block_hash: at.block_hash().0,
			extrinsic,
			answer,
			signature,
		}))
	}
}

/// The answers that a call of the audits gives, with the signature over all of them.
fn answers(
	call: &str,
	fields: &[u8],
) -> Result<Option<(Vec<AuditAnswer>, Signature)>, codec::Error> {
	match call {
		"submit_proof" => {
			let (answer, signature) = <(AuditAnswer, Signature)>::decode_all(&mut &*fields)?;
			Ok(Some((vec![answer], signature)))
		},
		"submit_proofs" => {
			let (_, answers, signature) =
				<(NodeId, Vec<AuditAnswer>, Signature)>::decode_all(&mut &*fields)?;
			Ok(Some((answers, signature)))
		},
		_ => Ok(None),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::Encode;

	fn answer(allotment: AllotmentId) -> AuditAnswer {
		AuditAnswer { allotment, tick: 5, challenge: Default::default(), proof: vec![7; 600] }
	}

	#[test]
	fn proofs_are_found_alone_and_in_batches() {
		let alone = (answer(1), [3u8; 64]).encode();
		assert_eq!(answers("submit_proof", &alone).unwrap(), Some((vec![answer(1)], [3; 64])));
		let both = vec![answer(1), answer(4)];
		let batch = (9u32, &both, [4u8; 64]).encode();
		assert_eq!(answers("submit_proofs", &batch).unwrap(), Some((both, [4; 64])));
		assert_eq!(answers("buy_audit", &batch).unwrap(), None);
		answers("submit_proofs", &alone[..90]).unwrap_err();
	}
}
