//! The thread that keeps the promise of [`Durability::Every`](crate::Durability::Every).

use crate::engine::store::Namespaces;
use parking_lot::{Condvar, Mutex};
use std::{
	io,
	sync::Arc,
	thread::{self, JoinHandle},
	time::Duration,
};

/// How often it looks; shorter intervals than this cannot be kept.
const LOOK_INTERVAL: Duration = Duration::from_millis(10);

#[derive(Debug, Default)]
struct Stop {
	stopped: Mutex<bool>,
	changed: Condvar,
}

/// The thread; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Syncer {
	stop: Arc<Stop>,
	thread: Option<JoinHandle<()>>,
}

impl Syncer {
	/// Starts the thread over the namespaces of a store.
	pub(crate) fn start(namespaces: Arc<Namespaces>) -> io::Result<Self> {
		let stop = Arc::new(Stop::default());
		let theirs = stop.clone();
		let thread = thread::Builder::new().name("zdb-sync".into());
		let thread = thread.spawn(move || {
			let mut stopped = theirs.stopped.lock();
			while !*stopped {
				theirs.changed.wait_for(&mut stopped, LOOK_INTERVAL);
				if *stopped {
					break;
				}
				drop(stopped);
				sync_due(&namespaces);
				stopped = theirs.stopped.lock();
			}
		})?;
		Ok(Self { stop, thread: Some(thread) })
	}
}

fn sync_due(namespaces: &Namespaces) {
	let open: Vec<_> = namespaces.read().values().cloned().collect();
	for namespace in open {
		if let Err(error) = namespace.retry_if_refused() {
			tracing::debug!(namespace = namespace.name(), %error, "the disk takes no writes yet");
		}
		// The log reports a failed fsync itself, once, and refuses writes from then on.
		if let Err(error) = namespace.sync_if_due() {
			tracing::debug!(namespace = namespace.name(), %error, "sync");
		}
	}
}

impl Drop for Syncer {
	fn drop(&mut self) {
		*self.stop.stopped.lock() = true;
		self.stop.changed.notify_all();
		if let Some(thread) = self.thread.take() {
			if thread.join().is_err() {
				tracing::error!("the fsync thread panicked");
			}
		}
	}
}
