//! The ways to a backend, and the door at the end of each: encrypted, or plain within this machine.

use crate::BackendError;
use granary_transport::{
	connect, explain,
	relay::{RelayAt, RelayError},
	ClientConfig, Key,
};
use std::{fmt, io, net::IpAddr, path::PathBuf, sync::Arc, time::Duration};
use tokio::{
	io::{AsyncRead, AsyncWrite},
	net::{TcpStream, UnixStream},
};

/// A way to a backend.
#[derive(Debug, Clone, PartialEq)]
pub enum Route {
	/// It listens at `host:port`.
	Direct(String),
	/// It listens on a Unix socket of this machine.
	Socket(PathBuf),
	/// Another node passes on what it cannot read; the key is that of the node at the end.
	Relayed(RelayAt, Key),
}

/// Any stream to a backend.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl fmt::Display for Route {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Direct(address) => f.write_str(address),
			Self::Socket(path) => write!(f, "unix:{}", path.display()),
			Self::Relayed(relay, _) => write!(f, "relay://{}", relay.node),
		}
	}
}

impl From<&str> for Route {
	/// `host:port` or `unix:/path`.
	fn from(text: &str) -> Self {
		match text.strip_prefix("unix:") {
			Some(path) => Self::Socket(path.into()),
			None => Self::Direct(text.to_owned()),
		}
	}
}

fn gone(error: io::Error) -> BackendError {
	BackendError::Unreachable(error.to_string())
}

impl Route {
	/// How long it may take, when a direct connection may take so long: a relay is greeted first, and asks its chain and the node.
	pub(crate) fn patience(&self, connect: Duration) -> Duration {
		match self {
			Self::Direct(_) | Self::Socket(_) => connect,
			Self::Relayed(..) => connect * 2,
		}
	}

	/// Goes there, and greets who is there if `tls` says how.
	pub(crate) async fn open(
		&self,
		tls: Option<&Arc<ClientConfig>>,
	) -> Result<Box<dyn Stream>, BackendError> {
		match (self, tls) {
			(Self::Socket(path), _) => Ok(Box::new(UnixStream::connect(path).await.map_err(gone)?)),
			(Self::Direct(address), None) if is_local(address) => {
				Ok(Box::new(dial(address).await?))
			},
			(Self::Direct(_) | Self::Relayed(..), None) => Err(BackendError::Unencrypted),
			(Self::Direct(address), Some(tls)) => greet(dial(address).await?, tls.clone()).await,
			(Self::Relayed(relay, node), Some(tls)) => {
				let broken = |error: RelayError| BackendError::Relay {
					relay: relay.node,
					reason: error.to_string(),
				};
				greet(relay.reach(*node).await.map_err(broken)?, tls.clone()).await
			},
		}
	}
}

async fn dial(address: &str) -> Result<TcpStream, BackendError> {
	let stream = TcpStream::connect(address).await.map_err(gone)?;
	stream.set_nodelay(true).map_err(gone)?;
	Ok(stream)
}

async fn greet<S: Stream + 'static>(
	stream: S,
	tls: Arc<ClientConfig>,
) -> Result<Box<dyn Stream>, BackendError> {
	match connect(stream, tls).await {
		Ok(stream) => Ok(Box::new(stream)),
		Err(error) => Err(BackendError::Stranger(explain(&error))),
	}
}

/// Whether an address is this machine's by its spelling; names are not looked up, since the answer could be anybody's.
fn is_local(address: &str) -> bool {
	let Some((host, _port)) = address.rsplit_once(':') else { return false };
	let host = host.trim_start_matches('[').trim_end_matches(']');
	host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn only_this_machine_is_local() {
		for local in ["127.0.0.1:9900", "localhost:1", "[::1]:9900", "127.8.0.1:5"] {
			assert!(is_local(local), "{local}");
		}
		for other in
			["10.0.0.1:9900", "example.org:1", "[fe80::1]:2", "127.0.0.1.example.org:1", "x"]
		{
			assert!(!is_local(other), "{other}");
		}
	}

	#[tokio::test]
	async fn nothing_plain_leaves_the_machine() {
		let error = Route::from("192.0.2.1:9900").open(None).await.err();
		assert_eq!(error, Some(BackendError::Unencrypted));
	}
}
