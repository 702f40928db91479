//! Where a shard goes, and how a connection to it is opened: over the best of its ways that works.

use crate::{
	progress::{Noting, Progress},
	resp::{encode, read, Reply},
	route::Stream,
	BackendError, Route,
};
use futures::stream::{FuturesUnordered, StreamExt};
use granary_transport::ClientConfig;
use std::{
	fmt, io,
	sync::Arc,
	time::{Duration, Instant},
};
use tokio::{
	io::{AsyncWriteExt, BufReader, ReadHalf, WriteHalf},
	time::timeout,
};

/// Bytes of the reading buffer.
const READ_BUFFER: usize = 128 << 10;
/// How long a way is tried alone before the next one is tried beside it.
const HEAD_START: Duration = Duration::from_millis(400);

/// Where a shard goes: a node's number, the ways to it, its namespace and, to write or where reading is not public, its password.
#[derive(Clone)]
pub struct Backend {
	/// The node's number; shards are whitened for it.
	pub node: u32,
	/// The ways to it, the preferred one first.
	pub routes: Vec<Route>,
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
			.field("address", &self.address())
			.field("namespace", &self.namespace)
			.finish_non_exhaustive()
	}
}

/// Both halves of a stream whose namespace is selected, and the way that it takes.
pub(crate) struct Opened {
	pub(crate) reader: BufReader<ReadHalf<Noting<Box<dyn Stream>>>>,
	pub(crate) writer: WriteHalf<Noting<Box<dyn Stream>>>,
	pub(crate) route: Route,
	pub(crate) progress: Arc<Progress>,
}

fn gone(error: io::Error) -> BackendError {
	BackendError::Unreachable(error.to_string())
}

impl Backend {
	/// The ways to it as a text.
	pub fn address(&self) -> String {
		let texts: Vec<String> = self.routes.iter().map(Route::to_string).collect();
		texts.join(",")
	}

	/// Connects over the first way that works, greets, selects the namespace and leaves again. Answers the way.
	pub async fn check(&self, connect: Duration) -> Result<Route, BackendError> {
		Ok(self.open(&self.routes, connect).await?.route)
	}

	/// The same over each way; how long each took.
	pub async fn check_each(
		&self,
		connect: Duration,
	) -> Vec<(Route, Result<Duration, BackendError>)> {
		let checks = self.routes.iter().map(|route| async move {
			let began = Instant::now();
			let opened = self.open_over(route.clone(), connect).await;
			(route.clone(), opened.map(|_| began.elapsed()))
		});
		futures::future::join_all(checks).await
	}

	/// How long [`Backend::open`] takes at most.
	pub(crate) fn patience(&self, connect: Duration) -> Duration {
		let slowest = self.routes.iter().map(|route| route.patience(connect)).max();
		HEAD_START * self.routes.len() as u32 + slowest.unwrap_or_default()
	}

	/// Connects over one of these ways: the first gets a head start, then the next is tried beside it, and the first that works is taken. What the
	/// node itself refuses it refuses on every way.
	pub(crate) async fn open(
		&self,
		routes: &[Route],
		connect: Duration,
	) -> Result<Opened, BackendError> {
		let mut failures: Vec<(String, BackendError)> = Vec::new();
		let (mut left, mut trying) = (routes.iter(), FuturesUnordered::new());
		loop {
			match left.next() {
				Some(route) => trying.push(async move {
					(route.to_string(), self.open_over(route.clone(), connect).await)
				}),
				None if trying.is_empty() => return Err(no_way(failures)),
				None => {},
			}
			let ended = match left.len() {
				0 => trying.next().await,
				_ => match timeout(HEAD_START, trying.next()).await {
					Ok(ended) => ended,
					Err(_) => continue,
				},
			};
			match ended {
				Some((_, Ok(opened))) => return Ok(opened),
				Some((_, Err(refused @ BackendError::Refused(_)))) => return Err(refused),
				Some((route, Err(error))) => failures.push((route, error)),
				None => {},
			}
		}
	}

	async fn open_over(&self, route: Route, connect: Duration) -> Result<Opened, BackendError> {
		let limit = route.patience(connect);
		let late = late(&route, limit);
		timeout(limit, self.enter(route)).await.unwrap_or(Err(late))
	}

	async fn enter(&self, route: Route) -> Result<Opened, BackendError> {
		let progress = Arc::new(Progress::default());
		let stream = Noting::new(route.open(self.tls.as_ref()).await?, progress.clone());
		let (reader, mut writer) = tokio::io::split(stream);
		let mut reader = BufReader::with_capacity(READ_BUFFER, reader);
		let mut select: Vec<&[u8]> = vec![b"SELECT", self.namespace.as_bytes()];
		select.extend(self.password.as_deref().map(str::as_bytes));
		let mut bytes = Vec::new();
		encode(&select, &mut bytes);
		writer.write_all(&bytes).await.map_err(gone)?;
		writer.flush().await.map_err(gone)?;
		match read(&mut reader).await? {
			Reply::Error(text) => Err(BackendError::Refused(text)),
			_ => Ok(Opened { reader, writer, route, progress }),
		}
	}
}

/// What is said of a way on which nobody answered in time. Whether it was the relay that kept silent or the node behind it cannot be told from here.
fn late(route: &Route, limit: Duration) -> BackendError {
	let limit_ms = limit.as_millis() as u64;
	match route {
		Route::Direct(_) | Route::Socket(_) => BackendError::TimedOut(limit_ms),
		Route::Relayed(relay, _) => {
			let reason = format!("no answer on the way over it within {limit_ms} ms");
			BackendError::Relay { relay: relay.node, reason }
		},
	}
}

/// What is said of a node that no way leads to.
fn no_way(mut failures: Vec<(String, BackendError)>) -> BackendError {
	if failures.len() == 1 {
		if let Some((_, error)) = failures.pop() {
			return error;
		}
	}
	let texts: Vec<String> =
		failures.iter().map(|(route, error)| format!("{route}: {error}")).collect();
	match texts.is_empty() {
		true => BackendError::Unreachable("its record names no way that this client knows".into()),
		false => BackendError::NoRoute(texts.join("; ")),
	}
}
