//! The two ends of a connection.

use crate::{
	credential::{check, peer_of},
	relay::RELAY_PROTOCOL,
	verify::{AnyPeer, Checker, PinnedNode},
	CredentialError, Identity, Key, Peer, TransportError, VerifySignature,
};
use rustls::{
	client::Resumption,
	crypto::{
		aws_lc_rs::{cipher_suite, default_provider, kx_group},
		CryptoProvider,
	},
	pki_types::UnixTime,
	server::NoServerSessionStorage,
	version::TLS13,
	ClientConfig, ServerConfig,
};
use std::sync::Arc;

/// The name that clients ask for and certificates carry. It says nothing: nodes are known by their keys.
pub const SERVER_NAME: &str = "worker.granary";

/// All workers and clients of one chain.
#[derive(Debug, Clone, Copy)]
pub struct Network {
	genesis: [u8; 32],
	verify: VerifySignature,
}

/// TLS 1.3 suites and the hybrid key exchange, nothing else.
fn provider() -> CryptoProvider {
	CryptoProvider {
		kx_groups: vec![kx_group::X25519MLKEM768],
		cipher_suites: vec![
			cipher_suite::TLS13_AES_128_GCM_SHA256,
			cipher_suite::TLS13_AES_256_GCM_SHA384,
		],
		..default_provider()
	}
}

impl Network {
	/// Of the chain of this genesis; `verify` checks signatures of its keys.
	pub fn new(genesis: [u8; 32], verify: VerifySignature) -> Self {
		Self { genesis, verify }
	}

	fn checker(&self, provider: &CryptoProvider) -> Checker {
		Checker {
			genesis: self.genesis,
			verify: self.verify,
			algorithms: provider.signature_verification_algorithms,
		}
	}

	/// For a worker: it shows its identity and takes clients with or without one.
	pub fn server(&self, identity: Arc<Identity>) -> Result<Arc<ServerConfig>, TransportError> {
		let provider = provider();
		let checker = self.checker(&provider);
		let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
			.with_protocol_versions(&[&TLS13])?
			.with_client_cert_verifier(Arc::new(AnyPeer { checker }))
			.with_cert_resolver(identity);
		// A resumed session would not show the certificate again, and so outlive a change on chain.
		config.session_storage = Arc::new(NoServerSessionStorage {});
		config.send_tls13_tickets = 0;
		Ok(Arc::new(config))
	}

	/// For a worker that is a relay beside: whose handshake asks for it is taken to wish for that.
	pub fn relaying_server(
		&self,
		identity: Arc<Identity>,
	) -> Result<Arc<ServerConfig>, TransportError> {
		let mut config = ServerConfig::clone(&*self.server(identity)?);
		config.alpn_protocols = vec![RELAY_PROTOCOL.to_vec()];
		Ok(Arc::new(config))
	}

	/// For a client of the node with this audit key, with an identity or, for what is public, without one.
	pub fn client(
		&self,
		node: Key,
		identity: Option<Arc<Identity>>,
	) -> Result<Arc<ClientConfig>, TransportError> {
		self.client_config(node, identity).map(Arc::new)
	}

	/// For somebody who wants the node with this audit key to be a relay. A node that wants to be served shows its identity; who only wants to
	/// reach one needs none, and a relay need not know who asks.
	pub fn relay_client(
		&self,
		relay: Key,
		identity: Option<Arc<Identity>>,
	) -> Result<Arc<ClientConfig>, TransportError> {
		let mut config = self.client_config(relay, identity)?;
		config.alpn_protocols = vec![RELAY_PROTOCOL.to_vec()];
		Ok(Arc::new(config))
	}

	fn client_config(
		&self,
		node: Key,
		identity: Option<Arc<Identity>>,
	) -> Result<ClientConfig, TransportError> {
		let provider = provider();
		let checker = self.checker(&provider);
		let builder = ClientConfig::builder_with_provider(Arc::new(provider))
			.with_protocol_versions(&[&TLS13])?
			.dangerous()
			.with_custom_certificate_verifier(Arc::new(PinnedNode { checker, key: node }));
		let mut config = match identity {
			Some(identity) => builder.with_client_cert_resolver(identity),
			None => builder.with_no_client_auth(),
		};
		config.resumption = Resumption::disabled();
		Ok(config)
	}

	/// Whose certificate this is.
	pub fn check(&self, certificate: &[u8]) -> Result<Peer, CredentialError> {
		check(certificate, &self.genesis, UnixTime::now(), self.verify)
	}

	/// Whose certificate this is, for one that a handshake has checked.
	pub fn peer_of(certificate: &[u8]) -> Option<Peer> {
		peer_of(certificate)
	}
}
