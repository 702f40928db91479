//! The threads that serve clients.
//!
//! Each thread has its own clients and its own poll. A turn of it: what arrived is read and executed, client after client; then every
//! namespace that was written to is handed to the kernel, or made durable, once for all of them; then the replies are
//! sent, one call a client. Nothing in a turn waits: a command that needs the disk for reading, or is slow by its nature, leaves with
//! its session as an [`errand`] and comes back as a letter; until then its client is not read.

mod client;
mod errand;
mod input;
mod post;
mod stream;
mod thread;

pub(crate) use post::Postbox;
pub(crate) use stream::Stream;

use crate::server::{session::Shared, Session};
use parking_lot::Mutex;
use post::{Letter, Mailbox};
use std::{
	io,
	sync::{
		atomic::{AtomicUsize, Ordering::Relaxed},
		Arc,
	},
	thread::JoinHandle,
	time::Duration,
};
use tokio::runtime::Handle;

/// One thread, from outside.
struct Door {
	mailbox: Mailbox,
	clients: Arc<AtomicUsize>,
	thread: Mutex<Option<JoinHandle<()>>>,
}

/// All threads.
pub(crate) struct Reactors {
	doors: Vec<Door>,
}

/// How many threads serve clients unless the options say otherwise: half of the processors. The other half has the kernel's work
/// for them, compaction, fsync, and on a small machine the clients.
pub(crate) fn threads_default() -> usize {
	std::thread::available_parallelism().map_or(1, |processors| processors.get().div_ceil(2))
}

impl Reactors {
	/// Starts the threads. Errands run on the runtime's threads that may block.
	pub(crate) fn start(shared: &Arc<Shared>, runtime: &Handle) -> io::Result<Self> {
		let count = shared.options.threads.unwrap_or_else(threads_default).max(1);
		let start = |number| {
			let clients = Arc::<AtomicUsize>::default();
			let thread = thread::Thread::new(shared.clone(), runtime.clone(), clients.clone())?;
			let mailbox = thread.mailbox();
			let builder = std::thread::Builder::new().name(format!("zdb-{number}"));
			let thread = builder.spawn(move || {
				let _watch = FaultWatch;
				thread.run();
			})?;
			let thread = Mutex::new(Some(thread));
			Ok(Door { mailbox, clients, thread })
		};
		Ok(Self { doors: (0..count).map(start).collect::<io::Result<_>>()? })
	}

	/// Hands a client to the thread that has the fewest.
	pub(crate) fn serve(&self, stream: Stream, session: Session) {
		if let Some(door) = self.doors.iter().min_by_key(|door| door.clients.load(Relaxed)) {
			door.clients.fetch_add(1, Relaxed);
			door.mailbox.post(Letter::Arrival(Box::new((stream, session))));
		}
	}

	/// Lets every command that has begun end and its reply be received, as long as that takes no longer than this; then all
	/// connections are closed. Blocks.
	pub(crate) fn stop(&self, drain_timeout: Duration) {
		for door in &self.doors {
			door.mailbox.post(Letter::Stop(drain_timeout));
		}
		for door in &self.doors {
			let thread = door.thread.lock().take();
			if thread.is_some_and(|thread| thread.join().is_err()) {
				tracing::error!("a thread that served clients panicked");
			}
		}
	}
}

impl Drop for Reactors {
	fn drop(&mut self) {
		self.stop(Duration::ZERO);
	}
}

/// Ends the process when a thread that serves ends by a fault: its clients would wait for ever, and whoever started the process starts it
/// again. What was acknowledged is in the logs.
struct FaultWatch;

impl Drop for FaultWatch {
	fn drop(&mut self) {
		if std::thread::panicking() {
			tracing::error!(
				"a thread that serves clients met a fault in this program; the process ends"
			);
			std::process::abort();
		}
	}
}
