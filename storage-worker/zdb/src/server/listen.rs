//! Listening, accepting, stopping.

use crate::{
	engine::{Password, Store},
	server::{
		commit::Committer,
		connection::Connection,
		events::{tell_closing, JumpHooks, MissingFiles},
		hooks::Hooks,
		metrics::Metrics,
		session::Shared,
		tls::{Handshakes, TlsDoor},
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
	io::{AsyncRead, AsyncWrite, AsyncWriteExt},
	net::{TcpListener, TcpStream, UnixListener, UnixStream},
	sync::watch,
	task::{self, JoinSet},
	time::{sleep, timeout},
};

/// Pause after a failed accept: descriptors may have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

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
		if hooks.any() && !store.observe(Arc::new(JumpHooks::new(hooks.clone(), &store))) {
			return Err(ServerError::Observed);
		}
		let shared = Arc::new(Shared {
			store,
			admin_password: password.map(|password| Password::new(password.as_bytes())),
			committer: Committer::start().map_err(ServerError::Threads)?,
			clients: Default::default(),
			watchers: Default::default(),
			hooks,
			missing: MissingFiles::new(),
			slow: SlowLog::default(),
			stop_requested: Default::default(),
			options,
			extension,
			stats: Stats::new(),
			tcp_port: local_addr.map_or(0, |address| address.port()),
		});
		Ok(Self { shared, tcp, tls, unix, local_addr })
	}

	/// The TCP address, with the port that the system chose.
	pub fn local_addr(&self) -> Option<SocketAddr> {
		self.local_addr
	}

	/// The encrypted address, with the port that the system chose.
	pub fn tls_addr(&self) -> Option<SocketAddr> {
		self.tls.as_ref().and_then(TlsDoor::local_addr)
	}

	/// The figures of this server, also while it runs.
	pub fn metrics(&self) -> Metrics {
		Metrics(self.shared.clone())
	}

	/// Serves until `shutdown` is ready; then stops accepting, lets running commands finish and syncs the store.
	pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), ServerError> {
		let Self { shared, tcp, tls, unix, .. } = self;
		let ready = shared.clone();
		let is_ready = task::spawn_blocking(move || ready.hooks.run("ready", &[], None)).await;
		if !is_ready.unwrap_or(false) {
			return Err(ServerError::NotReady);
		}
		let (stop, stopped) = watch::channel(false);
		let mut connections = JoinSet::new();
		tokio::pin!(shutdown);
		let rotate = shared.options.rotate;
		let mut rotation = tokio::time::interval(Duration::from_secs(1));
		loop {
			tokio::select! {
				biased;
				() = &mut shutdown => break,
				() = shared.stop_requested.notified() => break,
				accepted = accept_tcp(tcp.as_ref()) => match accepted {
					Ok(stream) => {
						let visitor = Visitor::over_tcp(&stream);
						connections.spawn(converse(stream, visitor, shared.clone(), stopped.clone()));
					},
					Err(error) => pause(&error).await,
				},
				accepted = accept_tls(tls.as_ref()) => match accepted {
					Ok((stream, handshakes)) => {
						connections.spawn(let_in(stream, handshakes, shared.clone(), stopped.clone()));
					},
					Err(error) => pause(&error).await,
				},
				accepted = accept_unix(unix.as_ref()) => match accepted {
					Ok(stream) => {
						connections.spawn(converse(stream, Visitor::default(), shared.clone(), stopped.clone()));
					},
					Err(error) => pause(&error).await,
				},
				Some(_) = connections.join_next() => {},
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
		let drained = async { while connections.join_next().await.is_some() {} };
		if timeout(shared.options.drain_timeout, drained).await.is_err() {
			tracing::warn!(connections = connections.len(), "cut off clients that do not receive");
			connections.shutdown().await;
		}
		let ending = shared.clone();
		let synced = task::spawn_blocking(move || {
			let synced = ending.store.sync_all();
			tell_closing(&ending.hooks, &ending.store);
			ending.hooks.finish(HOOKS_PATIENCE);
			synced
		});
		match synced.await {
			Ok(result) => Ok(result?),
			Err(error) => {
				tracing::error!(%error, "the final sync did not run");
				Ok(shared.store.sync_all()?)
			},
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

async fn accept_tls(door: Option<&TlsDoor>) -> io::Result<(TcpStream, Arc<Handshakes>)> {
	match door {
		None => std::future::pending().await,
		Some(door) => door.accept().await,
	}
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

/// Lets a TLS client in, if the handshake succeeds and the extension knows it.
async fn let_in(
	stream: TcpStream,
	handshakes: Arc<Handshakes>,
	shared: Arc<Shared>,
	mut stopped: watch::Receiver<bool>,
) {
	let greeted = tokio::select! {
		greeted = handshakes.greet(stream) => greeted,
		_ = stopped.wait_for(|stop| *stop) => return,
	};
	let (mut stream, visitor) = match greeted {
		Ok(greeted) => greeted,
		Err(error) => {
			shared.stats.clients_rejected.fetch_add(1, Relaxed);
			tracing::debug!(%error, "a handshake failed");
			return;
		},
	};
	if let Some(extension) = shared.extension.clone() {
		let certificate = visitor.certificate.clone();
		let admission = task::spawn_blocking(move || extension.admit(certificate.as_deref()));
		let admission = admission.await.unwrap_or_else(|_| Err("Internal Error".to_owned()));
		if let Err(reason) = admission {
			tracing::debug!(reason, "a client is not admitted");
			return refuse(&mut stream, &reason, &shared).await;
		}
	}
	converse(stream, visitor, shared, stopped).await;
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

/// Serves a client until it leaves or the server stops.
async fn converse<S>(
	mut stream: S,
	visitor: Visitor,
	shared: Arc<Shared>,
	stopped: watch::Receiver<bool>,
) where
	S: AsyncRead + AsyncWrite + Unpin,
{
	let before = shared.stats.clients_connected.fetch_add(1, Relaxed);
	let _connected = Connected(shared.clone());
	if before >= shared.options.max_connections as u64 {
		return refuse(&mut stream, "Too many connections", &shared).await;
	}
	let id = shared.stats.clients_lifetime.fetch_add(1, Relaxed) + 1;
	let Some(session) = Session::new(shared, id, visitor) else { return };
	if let Err(error) = Connection::new(stream, session).run(stopped).await {
		tracing::debug!(client = id, %error, "connection ended");
	}
}

/// Counts a client as long as it is there, however it ends.
struct Connected(Arc<Shared>);

impl Drop for Connected {
	fn drop(&mut self) {
		self.0.stats.clients_connected.fetch_sub(1, Relaxed);
	}
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
