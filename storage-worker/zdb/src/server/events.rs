//! What the hook program is told of the store's files.

use crate::{
	engine::{DamagedRange, SegmentSource, Store, StoreObserver},
	server::hooks::Hooks,
};
use std::{
	path::Path,
	sync::{Arc, Weak},
	time::Duration,
};

/// Segments whose numbers one hook is told as dirty; the rest of them are told with the next.
const DIRTY_TOLD_MAX: usize = 8192;
/// How long the hook may take to bring one segment; then it is killed.
const BRING_PATIENCE: Duration = Duration::from_secs(300);

/// Tells the hook program of what happens to the store's files.
pub(super) struct StoreHooks {
	hooks: Arc<Hooks>,
	store: Weak<Store>,
}

impl std::fmt::Debug for StoreHooks {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		formatter.write_str("StoreHooks")
	}
}

impl StoreHooks {
	pub(super) fn new(hooks: Arc<Hooks>, store: &Arc<Store>) -> Self {
		Self { hooks, store: Arc::downgrade(store) }
	}
}

fn as_text(numbers: &[u32]) -> String {
	numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(" ")
}

impl StoreObserver for StoreHooks {
	fn jumped(&self, namespace: &str, left: &Path, next: &Path) {
		let found = self.store.upgrade().and_then(|store| store.namespace(namespace));
		// A log that is made beside the present one is nobody's yet.
		if found.as_ref().is_some_and(|namespace| !namespace.writes_in(left.parent())) {
			return;
		}
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

	fn found_damage(&self, namespace: &str, damaged: &DamagedRange) {
		let path = damaged.path.display().to_string();
		let (offset, len) = (damaged.offset.to_string(), damaged.len_bytes.to_string());
		self.hooks.fire("damaged-data", &[namespace, &path, &offset, &len]);
	}
}

/// Asks the hook program for segments that are missing.
#[derive(Debug)]
pub(super) struct MissingData(pub(super) Hooks);

impl SegmentSource for MissingData {
	fn bring(&self, _: &str, segment: &Path) -> bool {
		let segment = segment.display().to_string();
		self.0.run("missing-data", &[&segment], Some(BRING_PATIENCE))
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
