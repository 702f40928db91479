//! A link to one backend: a multiplexed connection, made when it is needed and again, less and less often, after it broke.

use crate::{
	connection::{closed, Connection, Patience, Shared},
	latency::Latency,
	outstanding::{Came, Replies, Unsent},
	resp::{encode, Reply},
	Backend, BackendError, Route,
};
use std::{
	future::Future,
	sync::{atomic::AtomicU64, Arc, Mutex, PoisonError},
	time::{Duration, Instant},
};
use tokio::{sync::oneshot, time::timeout};

/// How long a backend that could not be reached is left alone at first; twice as long after each further failure.
const DOWN_TIME: Duration = Duration::from_secs(2);
const DOWN_TIME_MAX: Duration = Duration::from_secs(60);
/// How long readers ask others before a backend that kept them waiting.
const SLOW_TIME: Duration = Duration::from_secs(10);

/// A request whose reply is awaited, and the connection that it was put on.
#[derive(Debug)]
pub(crate) struct Pending {
	answer: oneshot::Receiver<Result<Reply, BackendError>>,
	connection: Connection,
}

/// Requests that went out together; their replies come in the same order, some at a time.
#[derive(Debug)]
pub(crate) struct PendingMany {
	replies: Replies,
	/// Replies that are still to come.
	left: usize,
	connection: Connection,
}

impl PendingMany {
	/// Whether all replies have come.
	pub(crate) fn is_done(&self) -> bool {
		self.left == 0
	}
}

/// A connection to a backend, made when it is needed and again after it broke.
#[derive(Debug)]
pub(crate) struct Link {
	shared: Arc<Shared>,
	state: Mutex<State>,
	/// How long answers take.
	pub(crate) latency: Latency,
}

#[derive(Debug, Default)]
struct State {
	connection: Option<Connection>,
	down: Option<Down>,
	slow: Option<Instant>,
}

/// A backend that could not be reached. Once its time is over one request tries again; the others are told at once until that is decided.
#[derive(Debug)]
struct Down {
	noted: Instant,
	until: Instant,
	wait: Duration,
	error: BackendError,
}

impl Link {
	pub(crate) fn new(backend: Backend, patience: Patience, received: Arc<AtomicU64>) -> Self {
		Self {
			shared: Arc::new(Shared::new(backend, patience, received)),
			state: Mutex::default(),
			latency: Latency::default(),
		}
	}

	fn lock(&self) -> std::sync::MutexGuard<'_, State> {
		self.state.lock().unwrap_or_else(PoisonError::into_inner)
	}

	pub(crate) fn backend(&self) -> Arc<Backend> {
		self.shared.backend()
	}

	/// Goes on with another node, or with another key or password. What is under way ends with the old connection.
	pub(crate) fn redirect(&self, backend: Backend) {
		// What was meant for the old one must not reach the new one.
		if let Some(connection) = std::mem::take(&mut *self.lock()).connection {
			connection.abort();
		}
		self.shared.set_backend(backend);
	}

	/// The same node is reached over these ways from now on. What is under way goes on, and moves if its way is not among them.
	pub(crate) fn reroute(&self, routes: Vec<Route>) {
		self.shared.set_backend(Backend { routes, ..(*self.backend()).clone() });
		// What was out of reach may not be any more.
		self.lock().down = None;
	}

	/// The way that is used, or was used last.
	pub(crate) fn way(&self) -> Option<Route> {
		self.shared.way()
	}

	/// Whether the backend failed or kept a reader waiting a moment ago.
	pub(crate) fn is_avoided(&self) -> bool {
		let state = self.lock();
		state.down.is_some() || state.slow.is_some_and(|since| since.elapsed() < SLOW_TIME)
	}

	/// Whether the last attempt to reach the backend failed.
	pub(crate) fn is_down(&self) -> bool {
		self.lock().down.is_some()
	}

	/// Lets readers ask others first for a while.
	pub(crate) fn avoid(&self) {
		self.lock().slow = Some(Instant::now());
	}

	/// Sends a request and waits for its reply.
	pub(crate) async fn call(&self, request: &[&[u8]]) -> Result<Reply, BackendError> {
		let pending = self.begin(request).await?;
		self.finish(pending).await
	}

	/// Sends a request that means something else the second time. If the way breaks before its reply is there the answer is
	/// [`BackendError::Unsure`].
	pub(crate) async fn call_once(&self, request: &[&[u8]]) -> Result<Reply, BackendError> {
		let mut bytes = Vec::new();
		encode(request, &mut bytes);
		let (request, answer) = Unsent::once(bytes);
		let connection = self.queue(request).await?;
		self.finish(Pending { answer, connection }).await
	}

	/// Puts a request into the queue. Requests that are begun one after the other arrive in this order.
	pub(crate) async fn begin(&self, request: &[&[u8]]) -> Result<Pending, BackendError> {
		let mut bytes = Vec::new();
		encode(request, &mut bytes);
		let (request, answer) = Unsent::one(bytes);
		let connection = self.queue(request).await?;
		Ok(Pending { answer, connection })
	}

	/// Puts requests into the queue that are written together.
	pub(crate) async fn begin_many<'r, const N: usize>(
		&self,
		requests: impl ExactSizeIterator<Item = [&'r [u8]; N]>,
	) -> Result<PendingMany, BackendError> {
		let left = requests.len();
		let mut bytes = Vec::new();
		requests.for_each(|request| encode(&request, &mut bytes));
		let (request, replies) = Unsent::many(bytes, left);
		let connection = match left {
			0 => self.connection().await?,
			_ => self.queue(request).await?,
		};
		Ok(PendingMany { replies, left, connection })
	}

	/// Puts a request into the queue of the connection, or of the next one if that has ended since it was looked up.
	async fn queue(&self, mut request: Unsent) -> Result<Connection, BackendError> {
		loop {
			let connection = self.connection().await?;
			let queued = async { Ok(connection.queue(request).await) };
			match self.patiently(&connection, queued).await? {
				Ok(()) => return Ok(connection),
				Err(unsent) => request = unsent,
			}
		}
	}

	/// Waits for the next replies of requests that went out together: at least one, an error of a single request as [`Reply::Error`]. The time
	/// limit is that of a single request.
	pub(crate) async fn next(&self, pending: &mut PendingMany) -> Result<Vec<Reply>, BackendError> {
		self.next_noting(pending).await.map(|came| came.replies)
	}

	/// The same, with the word whether the requests were sent more than once.
	pub(crate) async fn next_noting(
		&self,
		pending: &mut PendingMany,
	) -> Result<Came, BackendError> {
		let PendingMany { replies, left, connection } = pending;
		let came = async { replies.recv().await.ok_or_else(closed)? };
		let came = self.patiently(connection, came).await?;
		*left = left.saturating_sub(came.replies.len());
		Ok(came)
	}

	/// Waits for the reply to a request.
	pub(crate) async fn finish(&self, pending: Pending) -> Result<Reply, BackendError> {
		let Pending { answer, connection } = pending;
		let answered = async { answer.await.map_err(|_| closed())? };
		match self.patiently(&connection, answered).await? {
			Reply::Error(text) => Err(BackendError::Refused(text)),
			reply => Ok(reply),
		}
	}

	async fn patiently<T>(
		&self,
		connection: &Connection,
		work: impl Future<Output = Result<T, BackendError>>,
	) -> Result<T, BackendError> {
		let began = Instant::now();
		// Where there are other ways the time includes finding that out and asking again.
		let tries = if self.backend().routes.len() > 1 { 2 } else { 1 };
		let limit_ms = self.shared.patience.request_ms * tries;
		match timeout(Duration::from_millis(limit_ms), work).await {
			Ok(result) => result,
			Err(_) => {
				// What hangs is not used again, and what it has queued must not be written once the caller was told that it failed.
				connection.abort();
				let mut state = self.lock();
				let held = state.connection.take();
				state.connection = held.filter(|held| !held.is_same(connection));
				drop(state);
				let error = BackendError::TimedOut(limit_ms);
				self.mark_down(&error, began);
				Err(error)
			},
		}
	}

	/// Notes the failure of an attempt. Attempts that were under way when an earlier one failed tell nothing new.
	fn mark_down(&self, error: &BackendError, began: Instant) {
		let mut state = self.lock();
		let wait = match &state.down {
			Some(down) if down.noted >= began => return,
			Some(down) => (down.wait * 2).min(DOWN_TIME_MAX),
			None => DOWN_TIME,
		};
		let noted = Instant::now();
		state.down = Some(Down { noted, until: noted + wait, wait, error: error.clone() });
	}

	async fn connection(&self) -> Result<Connection, BackendError> {
		let connect = self.shared.patience.connect();
		loop {
			let backend = self.backend();
			if let Some(connection) = self.existing(&backend)? {
				return Ok(connection);
			}
			let began = Instant::now();
			match backend.open(&backend.routes, connect).await {
				// It was redirected meanwhile: this connection may lead to the wrong place.
				Ok(_) if !Arc::ptr_eq(&backend, &self.backend()) => continue,
				Ok(opened) => {
					let mut state = self.lock();
					state.down = None;
					// Two requests may have connected at once; one connection is enough.
					let existing = state.connection.clone().filter(Connection::is_usable);
					return Ok(existing.unwrap_or_else(|| {
						let connection = Connection::start(self.shared.clone(), opened);
						state.connection.insert(connection).clone()
					}));
				},
				Err(error) => {
					self.mark_down(&error, began);
					return Err(error);
				},
			}
		}
	}

	/// The connection that is there, or the error that keeps from making one.
	fn existing(&self, backend: &Backend) -> Result<Option<Connection>, BackendError> {
		let mut state = self.lock();
		if let Some(connection) = state.connection.as_ref().filter(|held| held.is_usable()) {
			return Ok(Some(connection.clone()));
		}
		if let Some(down) = &mut state.down {
			if Instant::now() < down.until {
				return Err(down.error.clone());
			}
			// This request tries; the others do not wait for how that goes.
			down.until = Instant::now() + backend.patience(self.shared.patience.connect());
		}
		Ok(None)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn one_outage_is_counted_once_however_many_notice_it() {
		let backend = Backend {
			node: 1,
			routes: vec!["localhost:1".into()],
			namespace: "default".to_owned(),
			password: None,
			tls: None,
		};
		let patience = Patience { connect_ms: 1000, request_ms: 1000, better_ms: 1000 };
		let link = Link::new(backend, patience, Arc::default());
		let wait = || link.lock().down.as_ref().map(|down| down.wait);
		let (error, began) = (closed(), Instant::now());
		(0..20).for_each(|_| link.mark_down(&error, began));
		assert_eq!(wait(), Some(DOWN_TIME));
		// An attempt that began after the failure was known is a failure of its own.
		link.mark_down(&error, Instant::now());
		assert_eq!(wait(), Some(DOWN_TIME * 2));
		(0..20).for_each(|_| link.mark_down(&error, Instant::now()));
		assert_eq!(wait(), Some(DOWN_TIME_MAX));
	}
}
