//! A connection to a backend, for those who ask: requests go out in one order, replies come back in it, and when the way breaks they go on over
//! another one.
//!
//! Nearly everything that is asked can be asked twice: reading changes nothing, a key that is set again to the value it has is not set, and a hold,
//! a key that is named for removal or a signature that is asked for again is the same one. So requests whose replies are missing are sent again, all
//! of them and in their order, before any that come after. Should the first way have delivered some of them, or deliver them later still, the
//! backend's log has them in the same order all the same: each of the two sequences is in order, and what comes second changes nothing.
//!
//! What means something else the second time (`MEND`, `REMOVAL PREPARE`) is asked with [`Link::call_once`](crate::link::Link::call_once): it is never
//! sent twice, and if its reply is missing its asker looks for itself what has become of it.

use crate::{
	backend::Opened,
	outstanding::{Handed, Outstanding, Unsent},
	resp::read,
	Backend, BackendError, Route,
};
use std::{
	future::ready,
	sync::{
		atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
		Arc, Mutex, PoisonError, RwLock,
	},
	time::{Duration, Instant},
};
use tokio::{
	io::{AsyncRead, AsyncWriteExt, BufReader},
	sync::mpsc,
	task::AbortHandle,
	time::sleep,
};
use tracing::{debug, info};

/// Requests that wait for a connection; more block the sender.
const QUEUE_REQUESTS: usize = 256;
/// Bytes written at once.
const BATCH_BYTES: usize = 256 << 10;
/// How often a way that broke before it answered anything is followed by another try.
const FRUITLESS_MAX: u32 = 3;
/// How often a connection that has alternatives is looked at.
const TICK: Duration = Duration::from_millis(200);
/// The longest pause between two looks for a better way.
const BETTER_MAX: Duration = Duration::from_secs(300);

/// How patient a link is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
	pub(crate) connect_ms: u64,
	pub(crate) request_ms: u64,
	/// Between two looks whether a better way works again.
	pub(crate) better_ms: u64,
}

impl Patience {
	pub(crate) fn connect(&self) -> Duration {
		Duration::from_millis(self.connect_ms)
	}

	/// After so long without a byte a way counts as cut, if there is another one.
	fn stall(&self) -> Duration {
		Duration::from_millis(self.request_ms / 3)
	}
}

/// What a link and its connection share.
#[derive(Debug)]
pub(crate) struct Shared {
	backend: RwLock<Arc<Backend>>,
	pub(crate) patience: Patience,
	received: Arc<AtomicU64>,
	/// The way that is used, or was used last.
	way: Mutex<Option<Route>>,
}

impl Shared {
	pub(crate) fn new(backend: Backend, patience: Patience, received: Arc<AtomicU64>) -> Self {
		let backend = RwLock::new(Arc::new(backend));
		Self { backend, patience, received, way: Mutex::default() }
	}

	pub(crate) fn backend(&self) -> Arc<Backend> {
		self.backend.read().unwrap_or_else(PoisonError::into_inner).clone()
	}

	pub(crate) fn set_backend(&self, backend: Backend) {
		*self.backend.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(backend);
	}

	pub(crate) fn way(&self) -> Option<Route> {
		self.way.lock().unwrap_or_else(PoisonError::into_inner).clone()
	}

	fn set_way(&self, way: Route) {
		*self.way.lock().unwrap_or_else(PoisonError::into_inner) = Some(way);
	}
}

/// What a request gets whose connection is gone.
pub(crate) fn closed() -> BackendError {
	BackendError::Unreachable("the connection was closed".to_owned())
}

/// The queue of a connection and the task that serves it.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
	requests: mpsc::Sender<Unsent>,
	task: AbortHandle,
}

impl Connection {
	/// Serves requests over an opened way, and over others after it.
	pub(crate) fn start(shared: Arc<Shared>, opened: Opened) -> Self {
		let (requests, queue) = mpsc::channel(QUEUE_REQUESTS);
		let better_pause = Duration::from_millis(shared.patience.better_ms);
		let outstanding = Outstanding::default();
		let driver = Driver { shared, outstanding, fruitless: 0, better_pause };
		Self { requests, task: tokio::spawn(driver.drive(queue, opened)).abort_handle() }
	}

	pub(crate) fn is_usable(&self) -> bool {
		!self.requests.is_closed() && !self.task.is_finished()
	}

	pub(crate) fn is_same(&self, other: &Self) -> bool {
		self.requests.same_channel(&other.requests)
	}

	/// Queues a request; gives it back if the connection has ended.
	pub(crate) async fn queue(&self, request: Unsent) -> Result<(), Unsent> {
		self.requests.send(request).await.map_err(|unsent| unsent.0)
	}

	/// Ends it where it is: what waits in it is never sent.
	pub(crate) fn abort(&self) {
		self.task.abort();
	}
}

/// How a conversation over one way ended.
enum End {
	/// Nobody asks any more.
	Closed,
	/// The way broke.
	Broken(BackendError),
	/// Another way is opened that is to be used instead.
	Next(Box<Opened>),
}

/// The task of a connection.
struct Driver {
	shared: Arc<Shared>,
	outstanding: Outstanding,
	/// Ways that ended since a reply came.
	fruitless: u32,
	/// How long to wait before the next look for a better way.
	better_pause: Duration,
}

impl Driver {
	async fn drive(mut self, mut queue: mpsc::Receiver<Unsent>, mut opened: Opened) {
		loop {
			self.shared.set_way(opened.route.clone());
			let (began, replies) = (Instant::now(), self.outstanding.replies());
			let end = self.converse(&mut queue, &mut opened).await;
			self.fruitless =
				if self.outstanding.replies() > replies { 0 } else { self.fruitless + 1 };
			let next = match end {
				End::Closed => return,
				End::Next(next) => *next,
				End::Broken(error) => match self.reopen(&mut queue, error).await {
					Some(next) => next,
					None => return,
				},
			};
			let base = Duration::from_millis(self.shared.patience.better_ms);
			// A way that works now and then is looked for less and less often.
			self.better_pause = match began.elapsed() > BETTER_MAX {
				true => base,
				false => (self.better_pause * 2).min(BETTER_MAX),
			};
			let node = self.shared.backend().node;
			info!(node, from = %opened.route, to = %next.route, "going on over another way");
			self.outstanding.repeat();
			opened = next;
		}
	}

	/// After a way broke: another one if somebody waits for a reply. Otherwise the next request will find out what works.
	async fn reopen(
		&mut self,
		queue: &mut mpsc::Receiver<Unsent>,
		error: BackendError,
	) -> Option<Opened> {
		while let Ok(request) = queue.try_recv() {
			self.outstanding.push(request);
		}
		if self.outstanding.is_empty() {
			return None;
		}
		if self.fruitless > FRUITLESS_MAX {
			self.outstanding.fail(&error);
			return None;
		}
		let backend = self.shared.backend();
		match backend.open(&backend.routes, self.shared.patience.connect()).await {
			Ok(opened) => Some(opened),
			Err(error) => {
				self.outstanding.fail(&error);
				None
			},
		}
	}

	/// Writes requests as they come and gives each reply to the request it belongs to, in order, until something better is to be done.
	async fn converse(&self, queue: &mut mpsc::Receiver<Unsent>, opened: &mut Opened) -> End {
		let is_draining = AtomicBool::new(false);
		let Opened { reader, writer, route, progress } = opened;
		tokio::select! {
			end = self.write_all(queue, writer, &is_draining, || progress.touch()) => end,
			error = self.read_all(reader) => End::Broken(error),
			next = self.look_around(route, || progress.silence(), &is_draining) => End::Next(Box::new(next)),
		}
	}

	async fn write_all<W: AsyncWriteExt + Unpin>(
		&self,
		queue: &mut mpsc::Receiver<Unsent>,
		writer: &mut W,
		is_draining: &AtomicBool,
		began: impl Fn(),
	) -> End {
		let mut batch = Vec::new();
		loop {
			batch.clear();
			self.outstanding.fill(&mut batch, BATCH_BYTES);
			while batch.len() < BATCH_BYTES && self.outstanding.has_room() {
				let Ok(next) = queue.try_recv() else { break };
				self.outstanding.push(next);
				self.outstanding.fill(&mut batch, BATCH_BYTES);
			}
			if batch.is_empty() {
				self.outstanding.room().await;
				if is_draining.load(Relaxed) {
					// What comes now goes over the next way.
					std::future::pending::<()>().await;
				}
				let Some(request) = queue.recv().await else { return End::Closed };
				if self.outstanding.is_empty() {
					began();
				}
				self.outstanding.push(request);
				continue;
			}
			let written = async {
				writer.write_all(&batch).await?;
				// An encrypted stream may hold the end back.
				writer.flush().await
			};
			if let Err(error) = written.await {
				debug!("writing to a backend: {error}");
				return End::Broken(BackendError::Unreachable(error.to_string()));
			}
		}
	}

	async fn read_all<R: AsyncRead + Unpin>(&self, reader: &mut BufReader<R>) -> BackendError {
		let mut handed = Handed::default();
		loop {
			let next = read(reader);
			tokio::pin!(next);
			let reply = tokio::select! {
				biased;
				reply = &mut next => reply,
				// The next one has not arrived yet: those before it need not wait for it.
				() = ready(()), if !handed.is_empty() => {
					self.outstanding.hand_over(&mut handed);
					next.await
				},
			};
			let reply = match reply {
				Ok(reply) => reply,
				Err(error) => {
					self.outstanding.hand_over(&mut handed);
					if matches!(error, BackendError::Protocol(_)) {
						// The other side speaks something else, and would do so on every way.
						self.outstanding.refuse_first(&error);
					}
					return error;
				},
			};
			self.shared.received.fetch_add(reply.bulk_len() as u64, Relaxed);
			if !self.outstanding.answer(reply, &mut handed) {
				return BackendError::Protocol("a reply that nobody asked for".to_owned());
			}
		}
	}

	/// Watches the way that is used, where there are others. Ends with another one: when this one is silent though replies are due, or when a better one
	/// works; in that case only after what is under way has been answered.
	async fn look_around(
		&self,
		current: &Route,
		silence: impl Fn() -> Duration,
		is_draining: &AtomicBool,
	) -> Opened {
		let connect = self.shared.patience.connect();
		let mut stall = self.shared.patience.stall() * (1 << self.fruitless.min(8));
		let (mut pause, mut looked) = (self.better_pause, Instant::now());
		loop {
			sleep(TICK).await;
			let backend = self.shared.backend();
			let is_stalled = || !self.outstanding.is_empty() && silence() > stall;
			if is_stalled() && backend.routes.len() > 1 {
				let others: Vec<Route> =
					backend.routes.iter().filter(|route| *route != current).cloned().collect();
				match backend.open(&others, connect).await {
					Ok(next) if is_stalled() => return next,
					Ok(_) => {},
					Err(error) => debug!("a silent way has no alternative: {error}"),
				}
				stall *= 2;
			}
			let place = backend.routes.iter().position(|route| route == current);
			let better = backend.routes.get(..place.unwrap_or(backend.routes.len()));
			let better = better.unwrap_or_default();
			if better.is_empty() || looked.elapsed() < pause {
				continue;
			}
			if let Ok(next) = backend.open(better, connect).await {
				is_draining.store(true, Relaxed);
				self.outstanding.drained().await;
				return next;
			}
			(pause, looked) = ((pause * 2).min(BETTER_MAX), Instant::now());
		}
	}
}
