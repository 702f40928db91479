//! A multiplexed connection: what callers ask meanwhile goes out together, replies come back in the order of their requests.

use crate::{
	backend::{Opened, Stream},
	resp::{read, Reply},
	BackendError,
};
use std::{
	collections::VecDeque,
	future::ready,
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc, Mutex, PoisonError,
	},
};
use tokio::{
	io::{AsyncWriteExt, BufReader, ReadHalf, WriteHalf},
	sync::{mpsc, oneshot},
	task::AbortHandle,
};
use tracing::debug;

/// Requests that wait to be written; more block the sender.
const QUEUE_REQUESTS: usize = 256;
/// Bytes written at once.
const BATCH_BYTES: usize = 256 << 10;
/// Bytes of replies that are handed over at once.
const HANDED_BYTES: usize = 256 << 10;

/// Replies to requests that went out together, as they come.
pub(crate) type Replies = mpsc::UnboundedReceiver<Result<Vec<Reply>, BackendError>>;

/// Who waits for replies. Nobody need still be there when they come.
#[derive(Debug)]
enum Asker {
	/// For one.
	One(oneshot::Sender<Result<Reply, BackendError>>),
	/// For so many more. There are no more of them than requests, so the channel needs no bound of its own.
	Many(usize, mpsc::UnboundedSender<Result<Vec<Reply>, BackendError>>),
}

/// Encoded requests and who asks them.
#[derive(Debug)]
struct Request {
	bytes: Vec<u8>,
	asker: Asker,
}

/// The queue of a connection and the task that serves it.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
	requests: mpsc::Sender<Request>,
	task: AbortHandle,
}

/// What a request gets whose connection is gone.
pub(crate) fn closed() -> BackendError {
	BackendError::Unreachable("the connection was closed".to_owned())
}

impl Connection {
	/// Serves an opened stream; `received` counts the bytes of values.
	pub(crate) fn new(opened: Opened, received: Arc<AtomicU64>) -> Self {
		let (requests, queue) = mpsc::channel(QUEUE_REQUESTS);
		let task = tokio::spawn(serve(opened, queue, received));
		Self { requests, task: task.abort_handle() }
	}

	pub(crate) fn is_usable(&self) -> bool {
		!self.requests.is_closed() && !self.task.is_finished()
	}

	pub(crate) fn is_same(&self, other: &Self) -> bool {
		self.requests.same_channel(&other.requests)
	}

	/// Ends it: what is queued is not written any more.
	pub(crate) fn abort(&self) {
		self.task.abort();
	}

	/// Queues an encoded request.
	pub(crate) async fn ask(
		&self,
		bytes: Vec<u8>,
	) -> Result<oneshot::Receiver<Result<Reply, BackendError>>, BackendError> {
		let (reply, answer) = oneshot::channel();
		self.queue(Request { bytes, asker: Asker::One(reply) }).await?;
		Ok(answer)
	}

	/// Queues so many requests, encoded one after the other.
	pub(crate) async fn ask_many(
		&self,
		bytes: Vec<u8>,
		count: usize,
	) -> Result<Replies, BackendError> {
		let (replies, answers) = mpsc::unbounded_channel();
		if count > 0 {
			self.queue(Request { bytes, asker: Asker::Many(count, replies) }).await?;
		}
		Ok(answers)
	}

	async fn queue(&self, request: Request) -> Result<(), BackendError> {
		self.requests.send(request).await.map_err(|_| closed())
	}
}

/// Those who wait, in the order of their requests.
type Waiting = Mutex<VecDeque<Asker>>;

fn lock(waiting: &Waiting) -> std::sync::MutexGuard<'_, VecDeque<Asker>> {
	waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes requests as they come and gives each reply to the request it belongs to, in order.
async fn serve(opened: Opened, requests: mpsc::Receiver<Request>, received: Arc<AtomicU64>) {
	let Opened { reader, writer } = opened;
	let waiting = Waiting::default();
	tokio::select! {
		() = write_all(writer, requests, &waiting) => {},
		() = read_all(reader, &waiting, &received) => {},
	}
}

async fn write_all(
	mut writer: WriteHalf<Box<dyn Stream>>,
	mut requests: mpsc::Receiver<Request>,
	waiting: &Waiting,
) {
	while let Some(Request { bytes: mut batch, asker }) = requests.recv().await {
		lock(waiting).push_back(asker);
		while batch.len() < BATCH_BYTES {
			let Ok(Request { bytes, asker }) = requests.try_recv() else { break };
			batch.extend_from_slice(&bytes);
			lock(waiting).push_back(asker);
		}
		let written = async {
			writer.write_all(&batch).await?;
			// An encrypted stream may hold the end back.
			writer.flush().await
		};
		if let Err(error) = written.await {
			debug!("writing to a backend: {error}");
			return;
		}
	}
}

/// Replies that came together and go to one asker together.
#[derive(Default)]
struct Handed {
	replies: Vec<Reply>,
	bytes: usize,
}

impl Handed {
	/// Gives what has come to the first who waits, who goes when it has everything.
	fn over(&mut self, waiting: &mut VecDeque<Asker>) {
		self.bytes = 0;
		let replies = std::mem::take(&mut self.replies);
		let Some(Asker::Many(left, asker)) = waiting.front_mut() else { return };
		*left = left.saturating_sub(replies.len());
		let is_all = *left == 0;
		let _ = asker.send(Ok(replies));
		if is_all {
			waiting.pop_front();
		}
	}

	/// Gives a reply to the first who waits, or keeps it for company; says whether the connection is still good.
	fn take(&mut self, reply: Result<Reply, BackendError>, waiting: &mut VecDeque<Asker>) -> bool {
		let reply = match reply {
			Ok(reply) => reply,
			Err(error) => {
				if !self.replies.is_empty() {
					self.over(waiting);
				}
				match waiting.pop_front() {
					Some(Asker::One(asker)) => drop(asker.send(Err(error))),
					Some(Asker::Many(_, asker)) => drop(asker.send(Err(error))),
					None => {},
				}
				return false;
			},
		};
		if let Some(Asker::Many(left, _)) = waiting.front() {
			self.bytes += reply.bulk_len();
			self.replies.push(reply);
			if self.replies.len() >= *left || self.bytes >= HANDED_BYTES {
				self.over(waiting);
			}
			return true;
		}
		let Some(Asker::One(asker)) = waiting.pop_front() else { return false };
		let _ = asker.send(Ok(reply));
		true
	}
}

async fn read_all(
	mut reader: BufReader<ReadHalf<Box<dyn Stream>>>,
	waiting: &Waiting,
	received: &AtomicU64,
) {
	let mut handed = Handed::default();
	loop {
		let next = read(&mut reader);
		tokio::pin!(next);
		let reply = tokio::select! {
			biased;
			reply = &mut next => reply,
			// The next one has not arrived yet: those before it need not wait for it.
			() = ready(()), if !handed.replies.is_empty() => {
				handed.over(&mut lock(waiting));
				next.await
			},
		};
		let bytes = reply.as_ref().map_or(0, Reply::bulk_len);
		received.fetch_add(bytes as u64, Ordering::Relaxed);
		if !handed.take(reply, &mut lock(waiting)) {
			return;
		}
	}
}
