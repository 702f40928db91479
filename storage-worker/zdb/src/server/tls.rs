//! The encrypted door: handshakes, bounded in number and time, and who came in.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
	net::{TcpListener, TcpStream},
	sync::Semaphore,
	time::timeout,
};
use tokio_rustls::{rustls::ServerConfig, server::TlsStream, TlsAcceptor};

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
		}
	}
}

/// What the server knows of a client before its first command.
#[derive(Debug, Default)]
pub(crate) struct Visitor {
	/// Where it comes from; a client of the Unix socket comes from nowhere.
	pub(crate) address: Option<SocketAddr>,
	/// It showed this certificate, which the handshake has checked.
	pub(crate) certificate: Option<Vec<u8>>,
	/// It may not write, whatever password it has.
	pub(crate) only_reads: bool,
	/// How long it may be silent.
	pub(crate) idle_timeout: Option<Duration>,
}

impl Visitor {
	/// A client of the plain TCP socket.
	pub(crate) fn over_tcp(stream: &TcpStream) -> Self {
		Self { address: stream.peer_addr().ok(), ..Self::default() }
	}
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
	pub(crate) async fn accept(&self) -> io::Result<(TcpStream, Arc<Handshakes>)> {
		let (stream, _) = self.listener.accept().await?;
		stream.set_nodelay(true)?;
		Ok((stream, self.handshakes.clone()))
	}
}

impl Handshakes {
	pub(crate) async fn greet(
		&self,
		stream: TcpStream,
	) -> io::Result<(TlsStream<TcpStream>, Visitor)> {
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
			address: stream.get_ref().0.peer_addr().ok(),
			certificate: certificate.map(|certificate| certificate.to_vec()),
			only_reads: self.options.strangers_only_read && certificate.is_none(),
			idle_timeout: Some(self.options.idle_timeout),
		};
		Ok((stream, visitor))
	}
}
