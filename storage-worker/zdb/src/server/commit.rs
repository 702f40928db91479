//! Group commit: clients that wait for the disk at the same time share an fsync.
//!
//! A few threads do nothing else. What arrives while one is in an fsync waits for the next, which then covers all of it. A
//! namespace always belongs to the same thread, so two of its fsyncs never stand in each other's way.

use crate::engine::Namespace;
use std::{
	io,
	sync::{mpsc, Arc},
	thread,
};

/// Enough to keep namespaces from waiting for one another, and no more than a disk can do at once.
const THREADS: usize = 4;

/// Who is told whether the disk has taken it.
type Done = Box<dyn FnOnce(bool) + Send>;

/// Clients that wait.
struct Request {
	namespace: Arc<Namespace>,
	done: Done,
}

/// The threads; they end with it.
#[derive(Debug)]
pub(crate) struct Committer {
	threads: Vec<mpsc::Sender<Request>>,
}

impl Committer {
	/// Starts the threads.
	pub(crate) fn start() -> io::Result<Self> {
		let start = |_| {
			let (sender, requests) = mpsc::channel();
			thread::Builder::new()
				.name("zdb-commit".into())
				.spawn(move || commit_all(&requests))
				.map(|_| sender)
		};
		Ok(Self { threads: (0..THREADS).map(start).collect::<io::Result<_>>()? })
	}

	/// Brings everything that was written into the namespace before to the disk; `done` is told whether the disk took it.
	pub(crate) fn commit(&self, namespace: Arc<Namespace>, done: Done) {
		// Allocations are aligned, so the lowest bits of an address say nothing.
		let number = (Arc::as_ptr(&namespace).addr() >> 6) % THREADS;
		let Some(thread) = self.threads.get(number) else { return done(false) };
		if let Err(mpsc::SendError(request)) = thread.send(Request { namespace, done }) {
			(request.done)(false);
		}
	}
}

fn commit_all(requests: &mpsc::Receiver<Request>) {
	while let Ok(first) = requests.recv() {
		let mut waiting = vec![first];
		waiting.extend(requests.try_iter());
		while let Some(namespace) = waiting.first().map(|request| request.namespace.clone()) {
			let synced = namespace.sync();
			if let Err(error) = &synced {
				tracing::error!(namespace = namespace.name(), %error, "writes are not durable");
			}
			let is_of_this = |request: &mut Request| Arc::ptr_eq(&request.namespace, &namespace);
			for request in waiting.extract_if(.., is_of_this) {
				(request.done)(synced.is_ok());
			}
		}
	}
}
