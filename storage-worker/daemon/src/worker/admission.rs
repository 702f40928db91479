//! Who may come in: twins and nodes that the chain knows, and strangers for what is public.

use super::cosign::CoSigner;
use granary_chain::{address_of, ChainClient, ChainError};
use granary_transport::{Network, Peer, Role};
use granary_zdb::{Extension, Reply};
use std::{
	collections::HashMap,
	sync::{Arc, Mutex, PoisonError},
	time::{Duration, Instant},
};
use tokio::runtime::Handle;
use tracing::debug;

/// How long the chain may take to say whether it knows a key.
const CHAIN_PATIENCE: Duration = Duration::from_secs(5);
/// How long a yes counts.
const REMEMBERED: Duration = Duration::from_secs(60);
/// Keys that are remembered.
const REMEMBERED_MAX: usize = 4096;

/// Everything of a worker that the RESP server asks for.
pub(super) struct Door {
	pub(super) cosigner: CoSigner,
	pub(super) admission: Arc<Admission>,
}

impl Extension for Door {
	fn call(&self, command: &[u8], args: &[Vec<u8>]) -> Option<Result<Reply, String>> {
		self.cosigner.call(command, args)
	}

	fn admit(&self, certificate: Option<&[u8]>) -> Result<(), String> {
		// Who shows nothing only reads, and only what is public.
		let Some(certificate) = certificate else { return Ok(()) };
		let peer = Network::peer_of(certificate).ok_or("the certificate names no key on chain")?;
		self.admission.check(peer)
	}
}

/// Asks the chain for the keys of those who come.
pub(super) struct Admission {
	chain: Arc<ChainClient>,
	runtime: Handle,
	/// Keys that the chain knew a moment ago.
	known: Mutex<HashMap<Peer, Instant>>,
}

impl Admission {
	/// Must be called on the runtime that the chain is asked from.
	pub(super) fn new(chain: Arc<ChainClient>) -> Self {
		Self { chain, runtime: Handle::current(), known: Mutex::default() }
	}

	/// Whether the chain knows a key. Must be called where it may block.
	pub(super) fn check(&self, peer: Peer) -> Result<(), String> {
		let known = self.is_remembered(&peer) || self.ask(peer)?;
		match (known, peer.role) {
			(true, _) => Ok(()),
			(false, Role::Account) => Err(format!(
				"DENIED account {} has no twin on this chain; register one first",
				address_of(&peer.key)
			)),
			(false, Role::Node) => Err("DENIED no node on this chain has this key".to_owned()),
		}
	}

	fn is_remembered(&self, peer: &Peer) -> bool {
		let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
		known.get(peer).is_some_and(|at| at.elapsed() < REMEMBERED)
	}

	fn ask(&self, peer: Peer) -> Result<bool, String> {
		let asked = async { tokio::time::timeout(CHAIN_PATIENCE, self.is_known(peer)).await };
		let known = match self.runtime.block_on(asked) {
			Ok(Ok(known)) => known,
			// Data are served while the chain is out of reach; namespaces have passwords all the same.
			Ok(Err(error)) => {
				debug!("a client is let in unasked, the chain does not answer: {error}");
				return Ok(true);
			},
			Err(_) => return Ok(true),
		};
		let mut remembered = self.known.lock().unwrap_or_else(PoisonError::into_inner);
		if remembered.len() >= REMEMBERED_MAX {
			remembered.retain(|_, at| at.elapsed() < REMEMBERED);
		}
		// A newcomer that registers is known with the next block, so only a yes is kept.
		if known && remembered.len() < REMEMBERED_MAX {
			remembered.insert(peer, Instant::now());
		}
		Ok(known)
	}

	async fn is_known(&self, peer: Peer) -> Result<bool, ChainError> {
		match peer.role {
			Role::Account => Ok(self.chain.twin_of(peer.key).await?.is_some()),
			Role::Node => {
				let nodes = self.chain.all_nodes().await?;
				Ok(nodes.iter().any(|node| node.audit_key == peer.key))
			},
		}
	}
}
