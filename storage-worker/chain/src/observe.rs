//! Looking at any Substrate node over its RPC: what a collator operator wants to know of the node that was just started.

use crate::ChainError;
use granary_primitives::{BlockNumber, Hash};
use std::{fmt, time::Duration};
use subxt::{
	config::RpcConfigFor,
	rpcs::{methods::legacy::LegacyRpcMethods, rpc_params, RpcClient},
	SubstrateConfig,
};

/// How long a node may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A node of any chain.
pub struct ObservedNode {
	url: String,
	client: RpcClient,
	rpc: LegacyRpcMethods<RpcConfigFor<SubstrateConfig>>,
}

impl fmt::Debug for ObservedNode {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_struct("ObservedNode").field("url", &self.url).finish_non_exhaustive()
	}
}

/// A block of the observed chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObservedBlock {
	/// Its number.
	pub number: BlockNumber,
	/// Its hash.
	pub hash: Hash,
}

impl ObservedNode {
	/// Connects to `ws://host:port`.
	pub async fn connect(url: &str) -> Result<Self, ChainError> {
		let refused =
			|reason: String| ChainError::Unreachable { refusals: vec![format!("{url}: {reason}")] };
		let client = tokio::time::timeout(PATIENCE, RpcClient::from_insecure_url(url))
			.await
			.map_err(|_| refused("no answer".to_owned()))?
			.map_err(|error| refused(error.to_string()))?;
		let rpc = LegacyRpcMethods::new(client.clone());
		Ok(Self { url: url.to_owned(), client, rpc })
	}

	async fn ask<T>(
		&self,
		what: &str,
		answer: impl std::future::Future<Output = Result<T, subxt::rpcs::Error>>,
	) -> Result<T, ChainError> {
		let failed =
			|reason: String| ChainError::Query { what: format!("{what} of {}", self.url), reason };
		tokio::time::timeout(PATIENCE, answer)
			.await
			.map_err(|_| failed("no answer".to_owned()))?
			.map_err(|error| failed(error.to_string()))
	}

	/// The genesis hash.
	pub async fn genesis(&self) -> Result<Hash, ChainError> {
		Ok(self.ask("the genesis", self.rpc.genesis_hash()).await?.0)
	}

	/// The newest block of its best chain.
	pub async fn best(&self) -> Result<ObservedBlock, ChainError> {
		let hash = self.ask("the best block", self.rpc.chain_get_block_hash(None)).await?;
		self.block(hash.unwrap_or_default()).await
	}

	/// The newest finalised block.
	pub async fn finalised(&self) -> Result<ObservedBlock, ChainError> {
		let hash = self.ask("the finalised block", self.rpc.chain_get_finalized_head()).await?;
		self.block(hash).await
	}

	async fn block(&self, hash: subxt::utils::H256) -> Result<ObservedBlock, ChainError> {
		let header = self.ask("a header", self.rpc.chain_get_header(Some(hash))).await?;
		let number = header.map_or(0, |header| header.number);
		let number = BlockNumber::try_from(number).unwrap_or(BlockNumber::MAX);
		Ok(ObservedBlock { number, hash: hash.0 })
	}

	/// The chain's id, as its specification has it, and name and version of the node's software.
	pub async fn software(&self) -> Result<String, ChainError> {
		let name: String =
			self.ask("its name", self.client.request("system_name", rpc_params![])).await?;
		let version: String =
			self.ask("its version", self.client.request("system_version", rpc_params![])).await?;
		Ok(format!("{name} {version}"))
	}
}
