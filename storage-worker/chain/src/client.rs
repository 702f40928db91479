//! The connection: several endpoints, one genesis, reconnecting.

use crate::ChainError;
use granary_primitives::{BlockNumber, Hash};
use std::{sync::RwLock, time::Duration};
use subxt::{
	client::{ClientAtBlock, OnlineClientAtBlockImpl},
	OnlineClient, PolkadotConfig,
};

/// How long an endpoint may take to answer a first question.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

pub(crate) type Online = OnlineClient<PolkadotConfig>;
pub(crate) type AtBlock = ClientAtBlock<PolkadotConfig, OnlineClientAtBlockImpl<PolkadotConfig>>;

/// A client of one chain.
#[derive(Debug)]
pub struct ChainClient {
	endpoints: Vec<String>,
	genesis: Hash,
	online: RwLock<Online>,
}

impl ChainClient {
	/// Connects to the first endpoint that answers and, if a genesis is expected, has it.
	pub async fn connect(endpoints: &[String], expected: Option<Hash>) -> Result<Self, ChainError> {
		let (online, genesis) = first_online(endpoints, expected).await?;
		Ok(Self { endpoints: endpoints.to_vec(), genesis, online: RwLock::new(online) })
	}

	/// Drops the connection and makes a new one to the same chain.
	pub async fn reconnect(&self) -> Result<(), ChainError> {
		let (online, _) = first_online(&self.endpoints, Some(self.genesis)).await?;
		// A poisoned lock holds a whole client all the same: nothing is half-written in it.
		*self.online.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = online;
		Ok(())
	}

	/// The chain's genesis hash.
	pub fn genesis_hash(&self) -> Hash {
		self.genesis
	}

	pub(crate) fn online(&self) -> Online {
		self.online.read().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
	}

	/// The newest finalised block.
	pub(crate) async fn at_finalised(&self) -> Result<AtBlock, ChainError> {
		self.online()
			.at_current_block()
			.await
			.map_err(|error| query_error("the newest finalised block", error))
	}

	/// Number and hash of the newest finalised block.
	pub async fn finalised(&self) -> Result<(BlockNumber, Hash), ChainError> {
		let block = self.at_finalised().await?;
		Ok((block.block_number() as BlockNumber, block.block_hash().0))
	}
}

pub(crate) fn query_error(what: impl Into<String>, error: impl std::fmt::Display) -> ChainError {
	ChainError::Query { what: what.into(), reason: error.to_string() }
}

async fn first_online(
	endpoints: &[String],
	expected: Option<Hash>,
) -> Result<(Online, Hash), ChainError> {
	let mut reason = "no endpoint was given".to_owned();
	for endpoint in endpoints {
		let attempt = tokio::time::timeout(CONNECT_TIMEOUT, Online::from_insecure_url(endpoint));
		match attempt.await {
			Ok(Ok(online)) => {
				let found = online.genesis_hash().0;
				if let Some(expected) = expected.filter(|expected| *expected != found) {
					return Err(ChainError::OtherGenesis {
						endpoint: endpoint.clone(),
						expected,
						found,
					});
				}
				return Ok((online, found));
			},
			Ok(Err(error)) => reason = root_cause(&error),
			Err(_) => reason = format!("no answer within {} s", CONNECT_TIMEOUT.as_secs()),
		}
	}
	Err(ChainError::Unreachable { endpoints: endpoints.to_vec(), reason })
}

/// The innermost cause says most and is shortest.
fn root_cause(error: &dyn std::error::Error) -> String {
	let mut cause = error;
	while let Some(source) = cause.source() {
		cause = source;
	}
	cause.to_string()
}
