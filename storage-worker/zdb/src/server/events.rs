//! What the hook program is told of the store's files, and what it is asked for.

use crate::{
	engine::{Namespace, Store, StoreObserver},
	server::hooks::Hooks,
};
use parking_lot::Mutex;
use std::{
	collections::HashMap,
	path::{Path, PathBuf},
	sync::{Arc, Weak},
	time::{Duration, Instant},
};
use tokio::{
	sync::{Mutex as AsyncMutex, Semaphore},
	task,
};

/// Segments whose numbers one hook is told as dirty; the rest of them are told with the next.
const DIRTY_TOLD_MAX: usize = 8192;
/// How long a run that is to bring a missing file may take.
const MISSING_PATIENCE: Duration = Duration::from_secs(60);
/// How soon the same file is asked for again.
const ASKED_AGAIN: Duration = Duration::from_secs(1);
/// Runs at once that are to bring missing files.
const ASKED_AT_ONCE: usize = 8;

/// Tells the hook program when a namespace goes on in a new segment.
pub(super) struct JumpHooks {
	hooks: Arc<Hooks>,
	store: Weak<Store>,
}

impl std::fmt::Debug for JumpHooks {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		formatter.write_str("JumpHooks")
	}
}

impl JumpHooks {
	pub(super) fn new(hooks: Arc<Hooks>, store: &Arc<Store>) -> Self {
		Self { hooks, store: Arc::downgrade(store) }
	}
}

fn as_text(numbers: &[u32]) -> String {
	numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(" ")
}

impl StoreObserver for JumpHooks {
	fn jumped(&self, namespace: &str, left: &Path, next: &Path) {
		let found = self.store.upgrade().and_then(|store| store.namespace(namespace));
		let dirty = found.as_ref().map(|namespace| namespace.take_dirty(DIRTY_TOLD_MAX));
		let dirty = dirty.unwrap_or_default();
		let (left, next) = (left.display().to_string(), next.display().to_string());
		let text = as_text(&dirty);
		let put_back = Box::new(move |is_well: bool| {
			if let Some(namespace) = found.filter(|_| !is_well) {
				namespace.note_dirty(&dirty);
			}
		});
		self.hooks.fire_then("jump-index", &[&left, &next, &text], Some(put_back));
		self.hooks.fire("jump-data", &[&left, &next]);
	}
}

/// Tells the hook program of every namespace that the server is done with it.
pub(super) fn tell_closing(hooks: &Hooks, store: &Store) {
	if !hooks.any() {
		return;
	}
	for namespace in store.list().into_iter().filter_map(|name| store.namespace(&name)) {
		let active = namespace.active_segment().display().to_string();
		let dirty = as_text(&namespace.take_dirty(DIRTY_TOLD_MAX));
		hooks.fire("namespace-closing", &[namespace.name(), &active, &active, &dirty]);
	}
}

/// When a file was asked for in vain; whoever holds it asks.
type LastAsked = Arc<AsyncMutex<Option<Instant>>>;

/// Segment files that are missing and were asked for.
#[derive(Debug)]
pub(crate) struct MissingFiles {
	asked: Mutex<HashMap<PathBuf, LastAsked>>,
	turns: Semaphore,
}

impl MissingFiles {
	pub(super) fn new() -> Self {
		Self { asked: Mutex::default(), turns: Semaphore::new(ASKED_AT_ONCE) }
	}

	/// Asks the hook program for the files that reads of the namespace have missed. Readers that miss the same file wait for one run.
	pub(crate) async fn ask(&self, hooks: &Arc<Hooks>, namespace: &Namespace) {
		for (number, path) in namespace.wanted_segments() {
			let last = self.asked.lock().entry(path.clone()).or_default().clone();
			let mut last = last.lock().await;
			let is_recent = last.is_some_and(|at| at.elapsed() < ASKED_AGAIN);
			if is_recent || namespace.adopt_segment(number) {
				continue;
			}
			// The semaphore is never closed; if it were, nothing would be asked.
			let Ok(_turn) = self.turns.acquire().await else { return };
			let (asking, file) = (hooks.clone(), path.display().to_string());
			let asked = task::spawn_blocking(move || {
				asking.run("missing-data", &[&file], Some(MISSING_PATIENCE))
			});
			if !asked.await.unwrap_or(false) {
				tracing::error!(path = %path.display(), "the missing-data hook failed");
			}
			*last = Some(Instant::now());
		}
	}
}
