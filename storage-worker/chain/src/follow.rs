//! Following the finalised chain through lost connections.

use crate::ChainClient;
use granary_primitives::{BlockNumber, Hash};
use std::time::Duration;
use tracing::{info, warn};

/// How often the chain is asked for a newer finalised block. A question that is not answered shows a dead
/// connection within its time limit; a subscription would just stay silent.
const POLL_INTERVAL: Duration = Duration::from_millis(700);
/// The first pause after a lost connection; it doubles with each attempt.
const BACKOFF_MIN: Duration = Duration::from_millis(500);
/// The longest pause between two attempts.
const BACKOFF_MAX: Duration = Duration::from_secs(30);

/// Newest finalised blocks, one after the other. Blocks that were finalised together are seen as the newest of
/// them: whoever follows asks for the state at a block, which holds everything before it.
#[derive(Debug)]
pub struct FinalisedBlocks<'c> {
	chain: &'c ChainClient,
	last: Option<Hash>,
	backoff: Duration,
}

impl ChainClient {
	/// Follows the finalised chain from its newest block on.
	pub fn finalised_blocks(&self) -> FinalisedBlocks<'_> {
		FinalisedBlocks { chain: self, last: None, backoff: BACKOFF_MIN }
	}
}

impl FinalisedBlocks<'_> {
	/// The next newest block. Waits as long as it takes: a lost connection is made again, with growing pauses.
	/// May be dropped and called again.
	pub async fn next(&mut self) -> (BlockNumber, Hash) {
		loop {
			match self.chain.finalised().await {
				Ok((number, hash)) => {
					self.backoff = BACKOFF_MIN;
					if self.last != Some(hash) {
						self.last = Some(hash);
						return (number, hash);
					}
					tokio::time::sleep(POLL_INTERVAL).await;
				},
				Err(error) => {
					warn!("{error}; reconnecting in {} ms", self.backoff.as_millis());
					tokio::time::sleep(self.backoff).await;
					self.backoff = (self.backoff * 2).min(BACKOFF_MAX);
					match self.chain.reconnect().await {
						Ok(()) => info!("connected to the chain again"),
						Err(error) => warn!("{error}"),
					}
				},
			}
		}
	}

	/// Answers the last block again at the next call, because work on it was not finished.
	pub fn repeat(&mut self) {
		self.last = None;
	}
}
