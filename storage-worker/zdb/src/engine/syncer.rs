//! The thread that keeps the promise of [`Durability::Every`](crate::Durability::Every).

use crate::engine::{
	background_thread::{BackgroundThread, Signal},
	store::Namespaces,
};
use std::{io, sync::Arc, time::Duration};

/// How often it looks; shorter intervals than this cannot be kept.
const LOOK_INTERVAL: Duration = Duration::from_millis(10);

/// Starts the thread over the namespaces of a store.
pub(crate) fn start_syncer(namespaces: Arc<Namespaces>) -> io::Result<BackgroundThread> {
	let signal = Signal::new(true);
	let theirs = signal.clone();
	BackgroundThread::start("zdb-sync", signal, move || loop {
		theirs.sleep(LOOK_INTERVAL);
		if theirs.has_ended() {
			break;
		}
		sync_due(&namespaces);
	})
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
