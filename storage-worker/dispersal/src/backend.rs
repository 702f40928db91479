//! Where a shard goes, and the door to it: encrypted, or plain within this machine.

use crate::{
	resp::{encode, read, Reply},
	BackendError,
};
use granary_transport::{connect, explain, ClientConfig};
use std::{fmt, io, net::IpAddr, sync::Arc};
use tokio::{
	io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, ReadHalf, WriteHalf},
	net::{TcpStream, UnixStream},
};

/// Bytes of the reading buffer.
const READ_BUFFER: usize = 128 << 10;

/// Where a shard goes: a node's number, its address, its namespace and, to write or where reading is not public, its password.
#[derive(Clone)]
pub struct Backend {
	/// The node's number; shards are whitened for it.
	pub node: u32,
	/// `host:port` or `unix:/path`.
	pub address: String,
	/// The namespace to select.
	pub namespace: String,
	/// Its password.
	pub password: Option<String>,
	/// How the node is greeted and known. Without it only loopback and Unix sockets are spoken to.
	pub tls: Option<Arc<ClientConfig>>,
}

impl fmt::Debug for Backend {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_struct("Backend")
			.field("node", &self.node)
			.field("address", &self.address)
			.field("namespace", &self.namespace)
			.finish_non_exhaustive()
	}
}

/// Any stream to a backend.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Both halves of a stream whose namespace is selected.
pub(crate) struct Opened {
	pub(crate) reader: BufReader<ReadHalf<Box<dyn Stream>>>,
	pub(crate) writer: WriteHalf<Box<dyn Stream>>,
}

fn gone(error: io::Error) -> BackendError {
	BackendError::Unreachable(error.to_string())
}

impl Backend {
	/// Connects, greets and selects the namespace.
	pub(crate) async fn open(&self) -> Result<Opened, BackendError> {
		let (reader, mut writer) = tokio::io::split(self.stream().await?);
		let mut reader = BufReader::with_capacity(READ_BUFFER, reader);
		let mut select: Vec<&[u8]> = vec![b"SELECT", self.namespace.as_bytes()];
		select.extend(self.password.as_deref().map(str::as_bytes));
		let mut bytes = Vec::new();
		encode(&select, &mut bytes);
		writer.write_all(&bytes).await.map_err(gone)?;
		writer.flush().await.map_err(gone)?;
		match read(&mut reader).await? {
			Reply::Error(text) => Err(BackendError::Refused(text)),
			_ => Ok(Opened { reader, writer }),
		}
	}

	/// Connects, greets, selects the namespace and leaves again.
	pub async fn check(&self) -> Result<(), BackendError> {
		self.open().await.map(|_| ())
	}

	async fn stream(&self) -> Result<Box<dyn Stream>, BackendError> {
		if let Some(path) = self.address.strip_prefix("unix:") {
			return Ok(Box::new(UnixStream::connect(path).await.map_err(gone)?));
		}
		if self.tls.is_none() && !is_local(&self.address) {
			return Err(BackendError::Unencrypted);
		}
		let stream = TcpStream::connect(&self.address).await.map_err(gone)?;
		stream.set_nodelay(true).map_err(gone)?;
		match &self.tls {
			None => Ok(Box::new(stream)),
			Some(config) => match connect(stream, config.clone()).await {
				Ok(stream) => Ok(Box::new(stream)),
				Err(error) => Err(BackendError::Stranger(explain(&error))),
			},
		}
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
		let backend = Backend {
			node: 1,
			address: "192.0.2.1:9900".to_owned(),
			namespace: "default".to_owned(),
			password: None,
			tls: None,
		};
		assert_eq!(backend.open().await.err(), Some(BackendError::Unencrypted));
	}
}
