//! The encrypted door: handshakes, bounded in number and time, and who came in.

use std::{fmt, future::Future, io, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};
use tokio::{
	io::{AsyncRead, AsyncWrite},
	net::{TcpListener, TcpStream},
	sync::Semaphore,
	time::timeout,
};
use tokio_rustls::{rustls::ServerConfig, server::TlsStream, TlsAcceptor};

/// Any stream to a client.
pub trait ClientStream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> ClientStream for S {}

/// A connection whose handshake chose another protocol than RESP.
pub struct OtherConnection {
	/// What follows the handshake.
	pub stream: Box<dyn ClientStream>,
	/// Where it comes from.
	pub address: SocketAddr,
	/// The certificate that the client showed, which the handshake has checked.
	pub certificate: Option<Vec<u8>>,
}

/// What serves those whose handshake chooses a protocol (ALPN). Those that choose none speak RESP.
pub trait OtherProtocol: fmt::Debug + Send + Sync {
	/// Serves a connection to its end; dropped when the server stops.
	fn serve(&self, connection: OtherConnection) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// How TLS clients are let in.
#[derive(Clone, Debug)]
pub struct TlsOptions {
	/// Address to listen on.
	pub address: SocketAddr,
	/// Certificate, versions, key exchanges, and what is demanded of clients.
	pub config: Arc<ServerConfig>,
	/// Clients without a certificate only read.
	pub strangers_only_read: bool,
	/// Time that a handshake may take.
	pub handshake_timeout: Duration,
	/// Handshakes at once; more wait for their turn.
	pub handshakes: usize,
	/// Clients that send nothing for so long are sent away.
	pub idle_timeout: Duration,
	/// Who serves the protocols that `config` offers in the handshake, if it offers any.
	pub others: Option<Arc<dyn OtherProtocol>>,
}

impl TlsOptions {
	/// With usual limits: ten seconds for each of 128 handshakes, ten minutes of silence.
	pub fn new(address: SocketAddr, config: Arc<ServerConfig>) -> Self {
		Self {
			address,
			config,
			strangers_only_read: false,
			handshake_timeout: Duration::from_secs(10),
			handshakes: 128,
			idle_timeout: Duration::from_secs(600),
			others: None,
		}
	}
}

/// What the server knows of a client before its first command.
#[derive(Debug, Default)]
pub(crate) struct Visitor {
	/// Where it comes from; who comes over the Unix socket or was brought comes from nowhere.
	pub(crate) address: Option<SocketAddr>,
	/// It showed this certificate, which the handshake has checked.
	pub(crate) certificate: Option<Vec<u8>>,
	/// It may not write, whatever password it has.
	pub(crate) only_reads: bool,
	/// How long it may be silent.
	pub(crate) idle_timeout: Option<Duration>,
}

/// The listening socket, and the handshakes that are under way.
pub(crate) struct TlsDoor {
	listener: TcpListener,
	handshakes: Arc<Handshakes>,
}

/// What a handshake needs.
pub(crate) struct Handshakes {
	acceptor: TlsAcceptor,
	turns: Semaphore,
	options: TlsOptions,
}

impl TlsDoor {
	pub(crate) async fn open(options: TlsOptions) -> io::Result<Self> {
		let listener = TcpListener::bind(options.address).await?;
		let acceptor = TlsAcceptor::from(options.config.clone());
		let turns = Semaphore::new(options.handshakes);
		Ok(Self { listener, handshakes: Arc::new(Handshakes { acceptor, turns, options }) })
	}

	pub(crate) fn local_addr(&self) -> Option<SocketAddr> {
		self.listener.local_addr().ok()
	}

	/// A client that has knocked but not shown itself yet.
	pub(crate) async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
		let (stream, address) = self.listener.accept().await?;
		stream.set_nodelay(true)?;
		Ok((stream, address))
	}

	pub(crate) fn handshakes(&self) -> Arc<Handshakes> {
		self.handshakes.clone()
	}
}

impl Handshakes {
	/// Who serves a stream whose handshake chose a protocol.
	pub(crate) fn other<S>(&self, stream: &TlsStream<S>) -> Option<Arc<dyn OtherProtocol>> {
		stream.get_ref().1.alpn_protocol().and(self.options.others.clone())
	}

	pub(crate) async fn greet<S: ClientStream>(
		&self,
		stream: S,
		address: Option<SocketAddr>,
	) -> io::Result<(TlsStream<S>, Visitor)> {
		let late = |_| io::Error::new(io::ErrorKind::TimedOut, "the handshake took too long");
		let greeted = async {
			// The semaphore is never closed; if it were, nobody would get in.
			let _turn = self.turns.acquire().await.map_err(io::Error::other)?;
			self.acceptor.accept(stream).await
		};
		let stream = timeout(self.options.handshake_timeout, greeted).await.map_err(late)??;
		let certificates = stream.get_ref().1.peer_certificates();
		let certificate = certificates.and_then(|chain| chain.first());
		let visitor = Visitor {
			address,
			certificate: certificate.map(|certificate| certificate.to_vec()),
			only_reads: self.options.strangers_only_read && certificate.is_none(),
			idle_timeout: Some(self.options.idle_timeout),
		};
		Ok((stream, visitor))
	}
}
