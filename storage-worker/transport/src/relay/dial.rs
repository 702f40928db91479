//! Going to a relay: the encrypted connection to it, and what is wished there.

use super::hello::{wish, Refusal, Wish, RELAY_PROTOCOL};
use crate::{connect, explain, Key};
use rustls::ClientConfig;
use std::{io, sync::Arc, time::Duration};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::client::TlsStream;

/// How long one address of a relay may take until the relay has proven who it is.
const GREETING_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a relay may take to grant a wish; it asks its chain, and the node that is wanted.
const GRANT_TIMEOUT: Duration = Duration::from_secs(15);

/// Why nothing goes through a relay.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
	/// Its record names no address of its own.
	#[error("its record names no address that it listens on")]
	NoAddress,
	/// It cannot be reached.
	#[error("{address}: {source}")]
	Unreachable {
		/// Where it was looked for.
		address: String,
		/// The system's word.
		source: io::Error,
	},
	/// It is not the node on record.
	#[error("{address}: its identity is not proven: {reason}")]
	Stranger {
		/// Where it was looked for.
		address: String,
		/// What is wrong.
		reason: String,
	},
	/// It did not answer in time.
	#[error("{address}: no answer within {seconds} s")]
	TimedOut {
		/// Where it was looked for.
		address: String,
		/// The limit.
		seconds: u64,
	},
	/// It is a node, but no relay.
	#[error("{0}: it is not a relay; its operator has to start it with --as-relay")]
	NoRelay(String),
	/// It does not do what it was asked for.
	#[error("{0}")]
	Refused(#[from] Refusal),
	/// The connection broke.
	#[error("the connection broke: {0}")]
	Broken(io::Error),
}

/// Where a relay is and how it is greeted, from its record.
#[derive(Debug, Clone)]
pub struct RelayAt {
	/// The relay's number.
	pub node: u32,
	/// Its own addresses, the preferred one first.
	pub addresses: Vec<String>,
	/// Its audit key.
	pub key: Key,
	/// How it is greeted and known: [`crate::Network::relay_client`]'s.
	pub tls: Arc<ClientConfig>,
}

impl PartialEq for RelayAt {
	/// Whether both lead to the same place.
	fn eq(&self, other: &Self) -> bool {
		(self.node, self.key, &self.addresses) == (other.node, other.key, &other.addresses)
	}
}

impl RelayAt {
	/// A stream that the node of this audit key hears at its other end, and the relay cannot read once it is encrypted.
	pub async fn reach(&self, node: Key) -> Result<TlsStream<TcpStream>, RelayError> {
		self.granted(Wish::Reach(node)).await.map(|(stream, _)| stream)
	}

	/// A connection over which this node is served, and the address that it goes to.
	pub(crate) async fn ask_to_be_served(
		&self,
	) -> Result<(TlsStream<TcpStream>, String), RelayError> {
		self.granted(Wish::Serve).await
	}

	/// The first address that answers decides.
	async fn granted(&self, wished: Wish) -> Result<(TlsStream<TcpStream>, String), RelayError> {
		let mut failure = RelayError::NoAddress;
		for address in &self.addresses {
			match greet(address, self.tls.clone()).await {
				Ok(mut stream) => {
					let granted = timeout(GRANT_TIMEOUT, wish(&mut stream, wished)).await;
					granted
						.map_err(|_| late(address, GRANT_TIMEOUT))?
						.map_err(RelayError::Broken)??;
					return Ok((stream, address.clone()));
				},
				Err(error) => failure = error,
			}
		}
		Err(failure)
	}
}

fn late(address: &str, limit: Duration) -> RelayError {
	RelayError::TimedOut { address: address.to_owned(), seconds: limit.as_secs() }
}

async fn greet(address: &str, tls: Arc<ClientConfig>) -> Result<TlsStream<TcpStream>, RelayError> {
	let greeted = async {
		let gone = |source| RelayError::Unreachable { address: address.to_owned(), source };
		let stream = TcpStream::connect(address).await.map_err(gone)?;
		stream.set_nodelay(true).map_err(gone)?;
		connect(stream, tls).await.map_err(|error| RelayError::Stranger {
			address: address.to_owned(),
			reason: explain(&error),
		})
	};
	let stream =
		timeout(GREETING_TIMEOUT, greeted).await.map_err(|_| late(address, GREETING_TIMEOUT))??;
	match stream.get_ref().1.alpn_protocol() {
		Some(RELAY_PROTOCOL) => Ok(stream),
		_ => Err(RelayError::NoRelay(address.to_owned())),
	}
}
