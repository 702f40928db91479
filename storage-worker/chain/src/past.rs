//! What was proven in the past, from the block that holds it.

use crate::{client::timely, ChainClient, ChainError};
use codec::Decode;
use granary_primitives::{AllotmentId, BlockNumber, Hash, Signature, Tick};

/// A proof as a node submitted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmittedProof {
	/// The block that holds it.
	pub block: BlockNumber,
	/// That block's hash.
	pub block_hash: Hash,
	/// Index of the extrinsic in the block.
	pub extrinsic: u32,
	/// The allotment.
	pub allotment: AllotmentId,
	/// The tick that chose the leaves.
	pub tick: Tick,
	/// The multiproof.
	pub proof: Vec<u8>,
	/// The node's signature.
	pub signature: Signature,
}

impl ChainClient {
	/// The proof in this extrinsic of this block; `None` if it is another call. The node must still have the block.
	pub async fn submitted_proof(
		&self,
		block: BlockNumber,
		extrinsic: u32,
	) -> Result<Option<SubmittedProof>, ChainError> {
		let what = format!("extrinsic {extrinsic} of block {block}");
		let online = self.online();
		let at = timely(&what, online.at_block(u64::from(block))).await?;
		let extrinsics = at.extrinsics();
		let extrinsics = timely(&what, extrinsics.fetch()).await?;
		let Some(found) = extrinsics.iter().nth(extrinsic as usize) else { return Ok(None) };
		let undecodable = |reason: String| ChainError::Undecodable { what: what.clone(), reason };
		let found = found.map_err(|error| undecodable(error.to_string()))?;
		if (found.pallet_name(), found.call_name()) != ("Audits", "submit_proof") {
			return Ok(None);
		}
		let mut fields = found.call_data_field_bytes();
		let (allotment, tick, proof, signature) =
			<(AllotmentId, Tick, Vec<u8>, Signature)>::decode(&mut fields)
				.map_err(|error| undecodable(error.to_string()))?;
		Ok(Some(SubmittedProof {
			block,
			block_hash: at.block_hash().0,
			extrinsic,
			allotment,
			tick,
			proof,
			signature,
		}))
	}
}
