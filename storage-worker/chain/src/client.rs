//! The connection: several endpoints, one genesis, reconnecting.

use crate::ChainError;
use granary_primitives::{BlockNumber, Hash};
use std::{
	fmt,
	future::Future,
	sync::{Arc, PoisonError, RwLock},
	time::Duration,
};
use subxt::{
	backend::LegacyBackend,
	client::{ClientAtBlock, OnlineClientAtBlockImpl},
	config::RpcConfigFor,
	rpcs::{methods::legacy::LegacyRpcMethods, RpcClient},
	utils::H256,
	OnlineClient, SubstrateConfig,
};
use tokio::sync::Mutex;

/// How long an endpoint may take to answer a first question.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long any question may take. A connection whose other end vanished without a word is found out by it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) type Online = OnlineClient<SubstrateConfig>;
pub(crate) type AtBlock = ClientAtBlock<SubstrateConfig, OnlineClientAtBlockImpl<SubstrateConfig>>;
pub(crate) type Rpc = LegacyRpcMethods<RpcConfigFor<SubstrateConfig>>;

/// One connection: subxt for metadata, transactions and events, plain methods for everything else.
#[derive(Clone)]
struct Link {
	online: Online,
	rpc: Rpc,
}

/// A client of one chain.
///
/// It can be shared: queries run side by side, and transactions of one account get nonces one after
/// the other. It does not reconnect behind the caller's back, since only the caller knows whether what it
/// was doing may be repeated: [`ChainClient::reconnect`] does it, and
/// [`ChainClient::finalised_blocks`] for those who follow the chain.
pub struct ChainClient {
	endpoints: Vec<String>,
	genesis: Hash,
	link: RwLock<Link>,
	/// Held while a transaction is given its nonce and handed to the pool.
	pub(crate) submitting: Mutex<()>,
}

impl fmt::Debug for ChainClient {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_struct("ChainClient")
			.field("endpoints", &self.endpoints)
			.field("genesis", &hex::encode(self.genesis))
			.finish_non_exhaustive()
	}
}

impl ChainClient {
	/// Connects to the first endpoint (`ws://` or `wss://`) that answers and, if a genesis is expected, has it.
	pub async fn connect(endpoints: &[String], expected: Option<Hash>) -> Result<Self, ChainError> {
		let link = first_link(endpoints, expected).await?;
		Ok(Self {
			endpoints: endpoints.to_vec(),
			genesis: link.online.genesis_hash().0,
			link: RwLock::new(link),
			submitting: Mutex::new(()),
		})
	}

	/// Drops the connection and makes a new one to the same chain, at the first endpoint that answers.
	pub async fn reconnect(&self) -> Result<(), ChainError> {
		let link = first_link(&self.endpoints, Some(self.genesis)).await?;
		// A poisoned lock holds a whole link all the same: nothing is half-written in it.
		*self.link.write().unwrap_or_else(PoisonError::into_inner) = link;
		Ok(())
	}

	/// The chain's genesis hash.
	pub fn genesis_hash(&self) -> Hash {
		self.genesis
	}

	/// Number and hash of the newest finalised block.
	pub async fn finalised(&self) -> Result<(BlockNumber, Hash), ChainError> {
		let hash = self.finalised_hash().await?;
		Ok((self.number_of(Some(hash)).await?, hash.0))
	}

	/// Number of the newest block of the best chain, finalised or not.
	pub async fn best_number(&self) -> Result<BlockNumber, ChainError> {
		self.number_of(None).await
	}

	fn link(&self) -> Link {
		self.link.read().unwrap_or_else(PoisonError::into_inner).clone()
	}

	pub(crate) fn rpc(&self) -> Rpc {
		self.link().rpc
	}

	pub(crate) fn online(&self) -> Online {
		self.link().online
	}

	/// Hash of the newest finalised block.
	pub(crate) async fn finalised_hash(&self) -> Result<H256, ChainError> {
		let rpc = self.rpc();
		timely("the newest finalised block", rpc.chain_get_finalized_head()).await
	}

	/// The newest finalised block, for what needs metadata.
	pub(crate) async fn at_finalised(&self) -> Result<AtBlock, ChainError> {
		let online = self.online();
		timely("the newest finalised block", online.at_current_block()).await
	}

	async fn number_of(&self, hash: Option<H256>) -> Result<BlockNumber, ChainError> {
		const WHAT: &str = "a block's header";
		let rpc = self.rpc();
		let header = timely(WHAT, rpc.chain_get_header(hash)).await?;
		let header = header.ok_or_else(|| query_error(WHAT, "the node does not have it"))?;
		BlockNumber::try_from(header.number).map_err(|_| ChainError::Undecodable {
			what: WHAT.to_owned(),
			reason: format!("its number {} is out of range", header.number),
		})
	}
}

/// Waits for an answer, but not for ever.
pub(crate) async fn timely<T, E: fmt::Display>(
	what: &str,
	answer: impl Future<Output = Result<T, E>>,
) -> Result<T, ChainError> {
	match tokio::time::timeout(ANSWER_TIMEOUT, answer).await {
		Ok(Ok(value)) => Ok(value),
		Ok(Err(error)) => Err(query_error(what, error)),
		Err(_) => {
			Err(query_error(what, format!("no answer within {} s", ANSWER_TIMEOUT.as_secs())))
		},
	}
}

pub(crate) fn query_error(what: impl Into<String>, error: impl fmt::Display) -> ChainError {
	ChainError::Query { what: what.into(), reason: error.to_string() }
}

async fn first_link(endpoints: &[String], expected: Option<Hash>) -> Result<Link, ChainError> {
	let mut other_genesis = None;
	let mut refusals = Vec::new();
	for endpoint in endpoints {
		match tokio::time::timeout(CONNECT_TIMEOUT, open_link(endpoint)).await {
			Ok(Ok(link)) => {
				let found = link.online.genesis_hash().0;
				match expected.filter(|expected| *expected != found) {
					None => return Ok(link),
					// Another endpoint may still be the right one.
					Some(expected) => {
						other_genesis = Some(ChainError::OtherGenesis {
							endpoint: endpoint.clone(),
							expected,
							found,
						});
					},
				}
			},
			Ok(Err(reason)) => refusals.push(format!("{endpoint} ({reason})")),
			Err(_) => refusals
				.push(format!("{endpoint} (no answer within {} s)", CONNECT_TIMEOUT.as_secs())),
		}
	}
	Err(other_genesis.unwrap_or(ChainError::Unreachable { refusals }))
}

async fn open_link(endpoint: &str) -> Result<Link, String> {
	if !(endpoint.starts_with("ws://") || endpoint.starts_with("wss://")) {
		return Err("not a ws:// or wss:// address".to_owned());
	}
	let client =
		RpcClient::from_insecure_url(endpoint).await.map_err(|error| root_cause(&error))?;
	// The older methods: every node of the SDK has them, they answer for any block, and they say why
	// the pool refuses a transaction.
	let backend = Arc::new(LegacyBackend::builder().build(client.clone()));
	let online = Online::from_backend(backend).await.map_err(|error| error.to_string())?;
	Ok(Link { online, rpc: Rpc::new(client) })
}

/// The innermost cause says most and is shortest. The RPC client's errors keep theirs to themselves.
fn root_cause(error: &subxt::rpcs::Error) -> String {
	let mut cause: &(dyn std::error::Error + 'static) = error;
	loop {
		let inner = match cause.downcast_ref::<subxt::rpcs::Error>() {
			Some(subxt::rpcs::Error::Client(inner)) => Some(&**inner as _),
			_ => cause.source(),
		};
		match inner {
			Some(inner) => cause = inner,
			None => return cause.to_string(),
		}
	}
}
