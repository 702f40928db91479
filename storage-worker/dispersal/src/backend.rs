//! One backend: a multiplexed, reconnecting connection to a zdb namespace.

use crate::{
	resp::{encode, read, Reply},
	BackendError,
};
use std::{
	collections::VecDeque,
	future::Future,
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc, Mutex, PoisonError,
	},
	time::{Duration, Instant},
};
use tokio::{
	io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
	net::{TcpStream, UnixStream},
	sync::{mpsc, oneshot},
	time::timeout,
};
use tracing::debug;

/// Requests that wait for a connection; more block the sender.
const QUEUE_REQUESTS: usize = 256;
/// Bytes written at once.
const BATCH_BYTES: usize = 256 << 10;
/// How long a backend that could not be reached is left alone.
const DOWN_TIME: Duration = Duration::from_secs(2);
/// Bytes of the reading buffer.
const READ_BUFFER: usize = 128 << 10;

/// Where a shard goes: a node's number, its address, its namespace and, to write or where reading is not public, its password.
#[derive(Clone, PartialEq, Eq)]
pub struct Backend {
	/// The node's number; shards are whitened for it.
	pub node: u32,
	/// `host:port` or `unix:/path`.
	pub address: String,
	/// The namespace to select.
	pub namespace: String,
	/// Its password.
	pub password: Option<String>,
}

impl std::fmt::Debug for Backend {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.debug_struct("Backend")
			.field("node", &self.node)
			.field("address", &self.address)
			.field("namespace", &self.namespace)
			.finish_non_exhaustive()
	}
}

/// A request and where its reply goes.
struct Request {
	bytes: Vec<u8>,
	reply: oneshot::Sender<Result<Reply, BackendError>>,
}

/// A request whose reply is awaited.
#[derive(Debug)]
pub(crate) struct Pending(oneshot::Receiver<Result<Reply, BackendError>>);

fn closed() -> BackendError {
	BackendError::Unreachable("the connection was closed".to_owned())
}

/// How patient a link is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
	pub(crate) connect_ms: u64,
	pub(crate) request_ms: u64,
}

/// A connection to a backend, made when it is needed and again after it broke.
#[derive(Debug)]
pub(crate) struct Link {
	pub(crate) backend: Backend,
	patience: Patience,
	received: Arc<AtomicU64>,
	state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
	sender: Option<mpsc::Sender<Request>>,
	down: Option<(Instant, BackendError)>,
}

impl Link {
	pub(crate) fn new(backend: Backend, patience: Patience, received: Arc<AtomicU64>) -> Self {
		Self { backend, patience, received, state: Mutex::default() }
	}

	fn lock(&self) -> std::sync::MutexGuard<'_, State> {
		self.state.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// Whether the backend failed a moment ago.
	pub(crate) fn is_down(&self) -> bool {
		self.lock().down.as_ref().is_some_and(|(since, _)| since.elapsed() < DOWN_TIME)
	}

	/// Sends a request and waits for its reply.
	pub(crate) async fn call(&self, request: &[&[u8]]) -> Result<Reply, BackendError> {
		let pending = self.begin(request).await?;
		self.finish(pending).await
	}

	/// Puts a request into the queue. Requests that are begun one after the other arrive in this order.
	pub(crate) async fn begin(&self, request: &[&[u8]]) -> Result<Pending, BackendError> {
		let mut bytes = Vec::new();
		encode(request, &mut bytes);
		let (reply, answer) = oneshot::channel();
		self.patiently(async {
			let sender = self.sender().await?;
			sender.send(Request { bytes, reply }).await.map_err(|_| closed())
		})
		.await?;
		Ok(Pending(answer))
	}

	/// Waits for the reply to a request.
	pub(crate) async fn finish(&self, pending: Pending) -> Result<Reply, BackendError> {
		let reply = self.patiently(async { pending.0.await.map_err(|_| closed())? }).await?;
		match reply {
			Reply::Error(text) => Err(BackendError::Refused(text)),
			reply => Ok(reply),
		}
	}

	async fn patiently<T>(
		&self,
		work: impl Future<Output = Result<T, BackendError>>,
	) -> Result<T, BackendError> {
		match timeout(Duration::from_millis(self.patience.request_ms), work).await {
			Ok(result) => result,
			Err(_) => {
				// What hangs is not used again: a late reply would be taken for another request's.
				self.lock().sender = None;
				let error = BackendError::TimedOut(self.patience.request_ms);
				self.mark_down(&error);
				Err(error)
			},
		}
	}

	fn mark_down(&self, error: &BackendError) {
		self.lock().down = Some((Instant::now(), error.clone()));
	}

	async fn sender(&self) -> Result<mpsc::Sender<Request>, BackendError> {
		{
			let state = self.lock();
			if let Some(sender) = state.sender.as_ref().filter(|sender| !sender.is_closed()) {
				return Ok(sender.clone());
			}
			if let Some((since, error)) = &state.down {
				if since.elapsed() < DOWN_TIME {
					return Err(error.clone());
				}
			}
		}
		let limit = Duration::from_millis(self.patience.connect_ms);
		let connected = match timeout(limit, self.connect()).await {
			Ok(connected) => connected,
			Err(_) => Err(BackendError::TimedOut(self.patience.connect_ms)),
		};
		match connected {
			Ok(sender) => {
				let mut state = self.lock();
				state.down = None;
				// Two requests may have connected at once; one connection is enough.
				let existing = state.sender.clone().filter(|sender| !sender.is_closed());
				Ok(existing.unwrap_or_else(|| state.sender.insert(sender).clone()))
			},
			Err(error) => {
				self.mark_down(&error);
				Err(error)
			},
		}
	}

	async fn connect(&self) -> Result<mpsc::Sender<Request>, BackendError> {
		let gone = |error: std::io::Error| BackendError::Unreachable(error.to_string());
		match self.backend.address.strip_prefix("unix:") {
			Some(path) => {
				let stream = UnixStream::connect(path).await.map_err(gone)?;
				self.greet(stream).await
			},
			None => {
				let stream = TcpStream::connect(&self.backend.address).await.map_err(gone)?;
				stream.set_nodelay(true).map_err(gone)?;
				self.greet(stream).await
			},
		}
	}

	/// Selects the namespace, then hands the stream to a task of its own.
	async fn greet<S>(&self, stream: S) -> Result<mpsc::Sender<Request>, BackendError>
	where
		S: AsyncRead + AsyncWrite + Send + 'static,
	{
		let (reader, mut writer) = tokio::io::split(stream);
		let mut reader = BufReader::with_capacity(READ_BUFFER, reader);
		let mut select: Vec<&[u8]> = vec![b"SELECT", self.backend.namespace.as_bytes()];
		select.extend(self.backend.password.as_deref().map(str::as_bytes));
		let mut bytes = Vec::new();
		encode(&select, &mut bytes);
		let gone = |error: std::io::Error| BackendError::Unreachable(error.to_string());
		writer.write_all(&bytes).await.map_err(gone)?;
		if let Reply::Error(text) = read(&mut reader).await? {
			return Err(BackendError::Refused(text));
		}
		let (sender, requests) = mpsc::channel(QUEUE_REQUESTS);
		tokio::spawn(serve(reader, writer, requests, self.received.clone()));
		Ok(sender)
	}
}

type Waiting = Arc<Mutex<VecDeque<oneshot::Sender<Result<Reply, BackendError>>>>>;

fn waiting_lock(
	waiting: &Waiting,
) -> std::sync::MutexGuard<'_, VecDeque<oneshot::Sender<Result<Reply, BackendError>>>> {
	waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes requests as they come and gives each reply to the request it belongs to, in order.
async fn serve<R, W>(
	mut reader: BufReader<R>,
	mut writer: W,
	mut requests: mpsc::Receiver<Request>,
	received: Arc<AtomicU64>,
) where
	R: AsyncRead + Unpin,
	W: AsyncWrite + Unpin,
{
	let waiting: Waiting = Arc::default();
	let writing = async {
		let mut batch = Vec::new();
		while let Some(request) = requests.recv().await {
			batch.clear();
			batch.extend_from_slice(&request.bytes);
			waiting_lock(&waiting).push_back(request.reply);
			while batch.len() < BATCH_BYTES {
				let Ok(next) = requests.try_recv() else { break };
				batch.extend_from_slice(&next.bytes);
				waiting_lock(&waiting).push_back(next.reply);
			}
			if let Err(error) = writer.write_all(&batch).await {
				debug!("writing to a backend: {error}");
				return;
			}
		}
	};
	let reading = async {
		loop {
			let reply = read(&mut reader).await;
			let failed = reply.is_err();
			if let Ok(Reply::Bulk(bytes)) = &reply {
				received.fetch_add(bytes.len() as u64, Ordering::Relaxed);
			}
			let Some(asker) = waiting_lock(&waiting).pop_front() else { return };
			// An asker that gave up does not want its reply any more.
			let _ = asker.send(reply);
			if failed {
				return;
			}
		}
	};
	tokio::select! {
		() = writing => {},
		() = reading => {},
	}
}
