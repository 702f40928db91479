//! Many transactions of one account in flight.

use crate::{
	client::AtBlock,
	refusal::{is_pool_full, rpc_refusal},
	submit::sign,
	Call, ChainClient, ChainError, Signer,
};
use granary_primitives::Hash;
use std::time::{Duration, Instant};

/// How long one block serves as the beginning of transactions' lives; far shorter than these are.
const ANCHOR_LIFETIME: Duration = Duration::from_secs(30);
/// Pause before a transaction is offered to a full pool again.
const FULL_POOL_PAUSE: Duration = Duration::from_millis(500);

/// Sends transactions of one account without waiting for one another: nonces are counted here.
///
/// Nobody else may send for the account meanwhile. Whether they were finalised shows in the account's nonce.
#[derive(Debug)]
pub struct Sender<'c> {
	chain: &'c ChainClient,
	signer: Signer,
	nonce: u64,
	anchor: AtBlock,
	anchored: Instant,
}

impl ChainClient {
	/// A sender for the account, from its next nonce on.
	pub async fn sender(&self, signer: Signer) -> Result<Sender<'_>, ChainError> {
		let nonce = self.next_nonce(&signer).await?;
		let anchor = self.at_finalised().await?;
		Ok(Sender { chain: self, signer, nonce, anchor, anchored: Instant::now() })
	}
}

impl Sender<'_> {
	/// The account's nonce once everything sent is on chain.
	pub fn next_nonce(&self) -> u64 {
		self.nonce
	}

	/// Signs a call and hands it to the node's pool; returns the transaction's hash. Waits while the pool is full.
	pub async fn send(&mut self, call: &Call) -> Result<Hash, ChainError> {
		if self.anchored.elapsed() > ANCHOR_LIFETIME {
			self.anchor = self.chain.at_finalised().await?;
			self.anchored = Instant::now();
		}
		let transaction = sign(&self.anchor, &self.signer, call, self.nonce)?;
		loop {
			match self.chain.rpc().author_submit_extrinsic(transaction.encoded()).await {
				Ok(hash) => {
					self.nonce += 1;
					return Ok(hash.0);
				},
				Err(error) if is_pool_full(&error) => tokio::time::sleep(FULL_POOL_PAUSE).await,
				Err(error) => return Err(rpc_refusal(call, &error)),
			}
		}
	}
}
