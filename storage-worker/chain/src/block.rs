//! What a block holds.

use crate::{client::timely, ChainClient, ChainError};
use granary_primitives::BlockNumber;

impl ChainClient {
	/// The transactions of a block in their order, each as `Pallet.call`. The node must still have the block.
	pub async fn calls_of_block(&self, number: BlockNumber) -> Result<Vec<String>, ChainError> {
		let what = format!("block {number}");
		let online = self.online();
		let block = timely(&what, online.at_block(u64::from(number))).await?;
		let extrinsics = timely(&what, block.extrinsics().fetch()).await?;
		extrinsics
			.iter()
			.map(|extrinsic| {
				let extrinsic = extrinsic.map_err(|error| ChainError::Undecodable {
					what: what.clone(),
					reason: error.to_string(),
				})?;
				Ok(format!("{}.{}", extrinsic.pallet_name(), extrinsic.call_name()))
			})
			.collect()
	}
}
