//! Following the finalised chain through lost connections.

use crate::{ChainClient, ChainError};
use granary_primitives::{BlockNumber, Hash};
use std::time::Duration;
use tracing::{info, warn};

/// How often the chain is asked for a newer finalised block. A question that is not answered shows a dead
/// connection within its time limit; a subscription would just stay silent.
const POLL_INTERVAL: Duration = Duration::from_millis(700);
/// The first pause after a lost connection; it doubles with each attempt.
const BACKOFF_MIN: Duration = Duration::from_millis(500);
/// The longest pause between two attempts: short beside the window in which an audit can be answered.
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// Newest finalised blocks, one after the other. Blocks that were finalised together are seen as the newest of
/// them: whoever follows asks for the state at a block, which holds everything before it.
#[derive(Debug)]
pub struct FinalisedBlocks<'c> {
	chain: &'c ChainClient,
	last: Option<Hash>,
}

impl ChainClient {
	/// Connects as [`ChainClient::connect`] does, but waits for a chain that is not there yet. Everything but its absence, such as another
	/// genesis, is an error at once.
	pub async fn connect_patiently(
		endpoints: &[String],
		expected: Option<Hash>,
	) -> Result<Self, ChainError> {
		let mut backoff = Backoff::default();
		loop {
			match Self::connect(endpoints, expected).await {
				Err(error @ ChainError::Unreachable { .. }) => backoff.pause(&error).await,
				outcome => return outcome,
			}
		}
	}

	/// Follows the finalised chain from its newest block on.
	pub fn finalised_blocks(&self) -> FinalisedBlocks<'_> {
		FinalisedBlocks { chain: self, last: None }
	}
}

impl FinalisedBlocks<'_> {
	/// The next newest block. Waits as long as it takes: a lost connection is made again, with growing pauses.
	/// May be dropped and called again.
	pub async fn next(&mut self) -> (BlockNumber, Hash) {
		loop {
			match self.chain.finalised().await {
				Ok((number, hash)) => {
					if self.last != Some(hash) {
						self.last = Some(hash);
						return (number, hash);
					}
					tokio::time::sleep(POLL_INTERVAL).await;
				},
				Err(error) => {
					warn!("lost the chain: {error}");
					reconnected(self.chain).await;
				},
			}
		}
	}

	/// Answers the last block again at the next call, because work on it was not finished.
	pub fn repeat(&mut self) {
		self.last = None;
	}
}

/// Pauses that double.
struct Backoff(Duration);

impl Default for Backoff {
	fn default() -> Self {
		Self(BACKOFF_MIN)
	}
}

impl Backoff {
	async fn pause(&mut self, error: &ChainError) {
		warn!("{error}; trying again in {} ms", self.0.as_millis());
		tokio::time::sleep(self.0).await;
		self.0 = (self.0 * 2).min(BACKOFF_MAX);
	}
}

async fn reconnected(chain: &ChainClient) {
	let mut backoff = Backoff::default();
	while let Err(error) = chain.reconnect().await {
		backoff.pause(&error).await;
	}
	info!("connected to the chain again");
}
