//! Listening, accepting, stopping.

use crate::{
	engine::{Password, Store},
	server::{
		commit::Committer,
		events::{tell_closing, StoreHooks},
		hooks::Hooks,
		metrics::Metrics,
		reactor::{Reactors, Stream},
		session::Shared,
		tls::{ClientStream, Handshakes, OtherConnection, TlsDoor},
		Extension, ServerOptions, Session, SlowLog, Stats, Visitor,
	},
	ZdbError,
};
use std::{
	future::Future,
	io,
	net::SocketAddr,
	os::unix::fs::{FileTypeExt, PermissionsExt},
	path::{Path, PathBuf},
	sync::{atomic::Ordering::Relaxed, Arc},
	time::Duration,
};
use tokio::{
	io::{AsyncWrite, AsyncWriteExt},
	net::{TcpListener, TcpStream, UnixListener, UnixStream},
	runtime::Handle,
	sync::{mpsc, watch},
	task::{self, JoinSet},
	time::{sleep, timeout},
};
use tokio_rustls::server::TlsStream;

/// Pause after a failed accept: descriptors may have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long a client that was brought may take to close when the server has.
const LINGER: Duration = Duration::from_secs(1);

/// How long hooks that are still to begin are waited for at the end.
const HOOKS_PATIENCE: Duration = Duration::from_secs(10);

/// Why a server could not start or stop.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
	/// The address cannot be listened on.
	#[error("cannot listen on {address}: {source}")]
	Tcp {
		/// The address.
		address: SocketAddr,
		/// The system's word.
		source: io::Error,
	},
	/// The socket cannot be listened on.
	#[error("cannot listen on {}: {source}", path.display())]
	Unix {
		/// The socket.
		path: PathBuf,
		/// The system's word.
		source: io::Error,
	},
	/// Neither an address nor a socket was given.
	#[error("nothing to listen on: give an address or a Unix socket")]
	Nowhere,
	/// The system gives no more threads.
	#[error("cannot start a thread: {0}")]
	Threads(io::Error),
	/// Two servers with hooks share a store.
	#[error("another server tells hooks of this store already: give one of them the hook alone")]
	Observed,
	/// The hook for crashes cannot be set up.
	#[error("cannot prepare the crash hook: {0}")]
	CrashHook(io::Error),
	/// The hook did not want the start.
	#[error("the ready hook failed, so the server does not start")]
	NotReady,
	/// The store could not be made durable at the end.
	#[error("the store could not be made durable: {0}")]
	Sync(#[from] ZdbError),
}

/// A server that listens.
pub struct Server {
	shared: Arc<Shared>,
	tcp: Option<TcpListener>,
	tls: Option<TlsDoor>,
	unix: Option<UnixListener>,
	/// Streams that come by another way than a socket of this server.
	brought: Option<mpsc::Receiver<Box<dyn ClientStream>>>,
	local_addr: Option<SocketAddr>,
}

impl std::fmt::Debug for Server {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		formatter.debug_struct("Server").field("tcp", &self.tcp).field("unix", &self.unix).finish()
	}
}

impl Server {
	/// Listens; nothing is answered before [`Server::run`].
	pub async fn bind(
		options: ServerOptions,
		store: Arc<Store>,
		extension: Option<Arc<dyn Extension>>,
	) -> Result<Self, ServerError> {
		let tcp = match options.tcp {
			None => None,
			Some(address) => {
				let listener = TcpListener::bind(address).await;
				Some(listener.map_err(|source| ServerError::Tcp { address, source })?)
			},
		};
		let tls = match options.tls.clone() {
			None => None,
			Some(tls) => {
				let address = tls.address;
				let door = TlsDoor::open(tls).await;
				Some(door.map_err(|source| ServerError::Tcp { address, source })?)
			},
		};
		let unix = match &options.unix {
			None => None,
			Some(path) => {
				let listener = bind_unix(path).await;
				let path = path.clone();
				Some(listener.map_err(|source| ServerError::Unix { path, source })?)
			},
		};
		if tcp.is_none() && tls.is_none() && unix.is_none() {
			return Err(ServerError::Nowhere);
		}
		let local_addr = tcp.as_ref().and_then(|tcp| tcp.local_addr().ok());
		let password = options.admin_password.as_deref();
		let instance = instance(local_addr, options.unix.as_deref());
		let hooks = Hooks::new(options.hook.clone(), instance).map_err(ServerError::Threads)?;
		let hooks = Arc::new(hooks);
		if hooks.any() && !store.observe(Arc::new(StoreHooks::new(hooks.clone(), &store))) {
			return Err(ServerError::Observed);
		}
		let shared = Arc::new(Shared {
			store,
			admin_password: password.map(|password| Password::new(password.as_bytes())),
			committer: Committer::start().map_err(ServerError::Threads)?,
			clients: Default::default(),
			watchers: Default::default(),
			hooks,
			slow: SlowLog::default(),
			stop_requested: Default::default(),
			options,
			extension,
			stats: Stats::new(),
			tcp_port: local_addr.map_or(0, |address| address.port()),
		});
		Ok(Self { shared, tcp, tls, unix, brought: None, local_addr })
	}

	/// The TCP address, with the port that the system chose.
	pub fn local_addr(&self) -> Option<SocketAddr> {
		self.local_addr
	}

	/// The encrypted address, with the port that the system chose.
	pub fn tls_addr(&self) -> Option<SocketAddr> {
		self.tls.as_ref().and_then(TlsDoor::local_addr)
	}

	/// Serves streams too that somebody else brings, from clients that could not connect themselves. They pass the encrypted door like any other; without one
	/// they are dropped.
	pub fn serve_brought(&mut self, streams: mpsc::Receiver<Box<dyn ClientStream>>) {
		self.brought = Some(streams);
	}

	/// The figures of this server, also while it runs.
	pub fn metrics(&self) -> Metrics {
		Metrics(self.shared.clone())
	}

	/// Serves until `shutdown` is ready; then stops accepting, lets running commands finish and syncs the store.
	pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), ServerError> {
		let Self { shared, tcp, tls, unix, mut brought, .. } = self;
		let greeter = tls.as_ref().map(TlsDoor::handshakes);
		let ready = shared.clone();
		let is_ready = task::spawn_blocking(move || ready.hooks.run("ready", &[], None)).await;
		if !is_ready.unwrap_or(false) {
			return Err(ServerError::NotReady);
		}
		let reactors =
			Reactors::start(&shared, &Handle::current()).map_err(ServerError::Threads)?;
		let hall = Arc::new(Hall { shared: shared.clone(), reactors });
		let (stop, stopped) = watch::channel(false);
		let mut guests = JoinSet::new();
		tokio::pin!(shutdown);
		let rotate = shared.options.rotate;
		let mut rotation = tokio::time::interval(Duration::from_secs(1));
		loop {
			tokio::select! {
				biased;
				() = &mut shutdown => break,
				() = shared.stop_requested.notified() => break,
				accepted = accept_tcp(tcp.as_ref()) => match accepted.and_then(of_tcp) {
					Ok((stream, visitor)) => hall.enter(stream, visitor),
					Err(error) => pause(&error).await,
				},
				accepted = accept_tls(tls.as_ref()) => match accepted {
					Ok((stream, address, greeter)) => {
						let guest = Guest { greeter, hall: hall.clone(), stopped: stopped.clone() };
						guests.spawn(guest.come_in(stream, address));
					},
					Err(error) => pause(&error).await,
				},
				Some(stream) = next_brought(&mut brought) => if let Some(greeter) = greeter.clone() {
					let guest = Guest { greeter, hall: hall.clone(), stopped: stopped.clone() };
					guests.spawn(guest.be_brought(stream));
				},
				accepted = accept_unix(unix.as_ref()) => match accepted.and_then(Stream::from_unix) {
					Ok(stream) => hall.enter(stream, Visitor::default()),
					Err(error) => pause(&error).await,
				},
				Some(_) = guests.join_next() => {},
				_ = rotation.tick(), if rotate.is_some() => {
					let (store, age) = (shared.store.clone(), rotate.unwrap_or_default());
					drop(task::spawn_blocking(move || store.jump_older_than(age)));
				},
			}
		}
		drop((tcp, tls, unix));
		if let Some(path) = &shared.options.unix {
			// A socket that stays behind is replaced by the next server.
			let _ = std::fs::remove_file(path);
		}
		stop.send_replace(true);
		let closing = shared.clone();
		let closed = task::spawn_blocking(move || closing.hooks.run("close", &[], None)).await;
		if !closed.unwrap_or(false) {
			tracing::warn!("the close hook failed");
		}
		let ended = task::spawn_blocking(move || {
			hall.reactors.stop(shared.options.drain_timeout);
			let synced = shared.store.sync_all();
			tell_closing(&shared.hooks, &shared.store);
			shared.hooks.finish(HOOKS_PATIENCE);
			synced
		});
		let ended = ended.await;
		// Those that were brought are carried on until their clients are served to the end.
		guests.shutdown().await;
		match ended {
			Ok(synced) => Ok(synced?),
			Err(error) => {
				tracing::error!(%error, "the final sync did not run");
				Err(ServerError::Threads(io::Error::other(error)))
			},
		}
	}
}

/// Where clients come in.
struct Hall {
	shared: Arc<Shared>,
	reactors: Reactors,
}

impl Hall {
	/// Lets a client in, unless there are too many.
	fn enter(&self, mut stream: Stream, visitor: Visitor) {
		let stats = &self.shared.stats;
		let before = stats.clients_connected.load(Relaxed);
		if before >= self.shared.options.max_connections as u64 {
			stats.clients_rejected.fetch_add(1, Relaxed);
			return stream.refuse("Too many connections");
		}
		let id = stats.clients_lifetime.fetch_add(1, Relaxed) + 1;
		if let Some(session) = Session::new(self.shared.clone(), id, visitor) {
			stats.clients_connected.fetch_add(1, Relaxed);
			self.reactors.serve(stream, session);
		}
	}
}

/// How hooks are told which server this is.
pub(super) fn instance(tcp: Option<SocketAddr>, unix: Option<&Path>) -> String {
	match (tcp, unix) {
		(Some(address), _) => format!("tcp://{address}"),
		(None, Some(path)) => format!("unix://{}", path.display()),
		(None, None) => String::new(),
	}
}

async fn accept_tcp(listener: Option<&TcpListener>) -> io::Result<TcpStream> {
	match listener {
		None => std::future::pending().await,
		Some(listener) => {
			let (stream, _) = listener.accept().await?;
			stream.set_nodelay(true)?;
			Ok(stream)
		},
	}
}

fn of_tcp(stream: TcpStream) -> io::Result<(Stream, Visitor)> {
	let visitor = Visitor { address: stream.peer_addr().ok(), ..Visitor::default() };
	Ok((Stream::from_tcp(stream)?, visitor))
}

async fn accept_tls(
	door: Option<&TlsDoor>,
) -> io::Result<(TcpStream, SocketAddr, Arc<Handshakes>)> {
	match door {
		None => std::future::pending().await,
		Some(door) => {
			let (stream, address) = door.accept().await?;
			Ok((stream, address, door.handshakes()))
		},
	}
}

/// The next stream that somebody brings; `None` once, when nobody does any more.
async fn next_brought(
	brought: &mut Option<mpsc::Receiver<Box<dyn ClientStream>>>,
) -> Option<Box<dyn ClientStream>> {
	let Some(streams) = brought else { return std::future::pending().await };
	let next = streams.recv().await;
	if next.is_none() {
		*brought = None;
	}
	next
}

async fn accept_unix(listener: Option<&UnixListener>) -> io::Result<UnixStream> {
	match listener {
		None => std::future::pending().await,
		Some(listener) => Ok(listener.accept().await?.0),
	}
}

async fn pause(error: &io::Error) {
	tracing::warn!(%error, "a connection could not be accepted");
	sleep(ACCEPT_PAUSE).await;
}

/// A TLS client that has not come in yet.
struct Guest {
	greeter: Arc<Handshakes>,
	hall: Arc<Hall>,
	stopped: watch::Receiver<bool>,
}

impl Guest {
	/// Lets a client of the encrypted door in, unless its handshake chose another protocol than RESP.
	async fn come_in(mut self, stream: TcpStream, address: SocketAddr) {
		let Some((stream, visitor)) = self.shake_hands(stream, Some(address)).await else { return };
		if let Some(other) = self.greeter.other(&stream) {
			let certificate = visitor.certificate;
			let connection = OtherConnection { stream: Box::new(stream), address, certificate };
			tokio::select! {
				() = other.serve(connection) => {},
				_ = self.stopped.wait_for(|stop| *stop) => {},
			}
			return;
		}
		let Some(stream) = self.admit(stream, &visitor).await else { return };
		match Stream::from_tls(stream) {
			Ok(stream) => self.hall.enter(stream, visitor),
			Err(error) => tracing::debug!(%error, "a connection ended"),
		}
	}

	/// Lets a client in that was brought here by another way than a socket. The threads that serve clients know sockets only, so it
	/// gets one whose other end is carried on from here.
	async fn be_brought(mut self, stream: Box<dyn ClientStream>) {
		let Some((stream, visitor)) = self.shake_hands(stream, None).await else { return };
		let Some(mut stream) = self.admit(stream, &visitor).await else { return };
		let carried =
			UnixStream::pair().and_then(|(near, far)| Ok((Stream::from_unix(far)?, near)));
		let (socket, mut near) = match carried {
			Ok(carried) => carried,
			Err(error) => return tracing::warn!(%error, "a client cannot be carried on"),
		};
		self.hall.enter(socket, visitor);
		if let Err(error) = carry(&mut stream, &mut near).await {
			tracing::debug!(%error, "a connection that was brought ended");
		}
	}

	async fn shake_hands<S: ClientStream>(
		&mut self,
		stream: S,
		address: Option<SocketAddr>,
	) -> Option<(TlsStream<S>, Visitor)> {
		let greeted = tokio::select! {
			greeted = self.greeter.greet(stream, address) => greeted,
			_ = self.stopped.wait_for(|stop| *stop) => return None,
		};
		greeted
			.inspect_err(|error| {
				self.hall.shared.stats.clients_rejected.fetch_add(1, Relaxed);
				tracing::debug!(%error, "a handshake failed");
			})
			.ok()
	}

	/// Gives the stream back if the extension knows who it is.
	async fn admit<S: ClientStream>(
		&self,
		mut stream: TlsStream<S>,
		visitor: &Visitor,
	) -> Option<TlsStream<S>> {
		let Some(extension) = self.hall.shared.extension.clone() else { return Some(stream) };
		let certificate = visitor.certificate.clone();
		let admission = task::spawn_blocking(move || extension.admit(certificate.as_deref()));
		let admission = admission.await.unwrap_or_else(|_| Err("Internal Error".to_owned()));
		let Err(reason) = admission else { return Some(stream) };
		tracing::debug!(reason, "a client is not admitted");
		refuse(&mut stream, &reason, &self.hall.shared).await;
		None
	}
}

/// Carries bytes both ways until the server has said everything. A client that closes its half is still answered; one that does not, though the server has
/// closed, is waited for no longer than [`LINGER`].
async fn carry<S: ClientStream>(client: &mut S, server: &mut UnixStream) -> io::Result<()> {
	let (mut from_client, mut to_client) = tokio::io::split(client);
	let (mut from_server, mut to_server) = server.split();
	let incoming = async {
		let copied = tokio::io::copy(&mut from_client, &mut to_server).await;
		// Whether it has said everything or is gone: the server ends the session when it has answered.
		to_server.shutdown().await?;
		copied.map(drop)
	};
	let outgoing = async {
		tokio::io::copy(&mut from_server, &mut to_client).await?;
		to_client.shutdown().await
	};
	tokio::pin!(incoming, outgoing);
	tokio::select! {
		ended = &mut outgoing => {
			ended?;
			// What it sends now goes nowhere; that it is taken keeps the last replies from being cut off by a reset.
			timeout(LINGER, incoming).await.unwrap_or(Ok(()))
		},
		ended = &mut incoming => outgoing.await.and(ended),
	}
}

/// A courtesy to a client that is turned away; it may be gone already.
async fn refuse<S: AsyncWrite + Unpin>(stream: &mut S, reason: &str, shared: &Shared) {
	shared.stats.clients_rejected.fetch_add(1, Relaxed);
	let refusal = async {
		stream.write_all(format!("-{reason}\r\n").as_bytes()).await?;
		stream.shutdown().await
	};
	let _ = timeout(Duration::from_secs(1), refusal).await;
}

/// Binds a Unix socket that only the owner can use. A socket that nobody answers on is replaced; any other file is not.
async fn bind_unix(path: &Path) -> io::Result<UnixListener> {
	if let Ok(metadata) = std::fs::symlink_metadata(path) {
		if !metadata.file_type().is_socket() {
			return Err(io::Error::new(
				io::ErrorKind::AlreadyExists,
				"a file of another kind is there",
			));
		}
		if UnixStream::connect(path).await.is_ok() {
			return Err(io::Error::new(io::ErrorKind::AddrInUse, "another process listens there"));
		}
		std::fs::remove_file(path)?;
	}
	let listener = UnixListener::bind(path)?;
	std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
	Ok(listener)
}
