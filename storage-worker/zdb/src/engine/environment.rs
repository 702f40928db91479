//! What all namespaces of a store have in common.

use crate::{
	engine::{cache::RecordCache, long::LongCache, password::StoreSecret, report::DamagedRange},
	limits::{SEGMENT_BYTES_MAX, VALUE_LIMIT_BYTES},
	StoreOptions, ZdbError,
};
use granary_disk::Disk;
use std::{
	fmt::Debug,
	path::Path,
	sync::{Arc, OnceLock},
};

/// Who is told of what happens to a store's files.
pub trait StoreObserver: Debug + Send + Sync {
	/// A namespace has left a segment file for the next one. The call comes in the midst of a write: it must not wait for anything.
	fn jumped(&self, namespace: &str, left: &Path, next: &Path);
	/// The background scrub has found bytes that do not match their checksum.
	fn found_damage(&self, namespace: &str, damaged: &DamagedRange);
}

/// Who is asked for segment files that should be there and are not.
pub trait SegmentSource: Debug + Send + Sync {
	/// Asked while a namespace is opened, which waits for the answer. `true` says that the file may be there now.
	fn bring(&self, namespace: &str, segment: &Path) -> bool;
}

/// What all namespaces of a store have in common.
#[derive(Debug)]
pub(crate) struct Environment {
	/// Where the files are.
	pub(crate) disk: Disk,
	/// Records that are in memory.
	pub(crate) cache: Arc<RecordCache>,
	pub(crate) long_cache: Arc<LongCache>,
	/// When a segment is left for the next.
	pub(crate) segment_bytes: u64,
	pub(crate) max_value_bytes: usize,
	/// A segment is made durable before it is left.
	pub(crate) sync_at_jump: bool,
	pub(crate) secret: StoreSecret,
	/// Who may bring segments that are missing.
	pub(crate) segment_source: Option<Arc<dyn SegmentSource>>,
	observer: OnceLock<Arc<dyn StoreObserver>>,
}

impl Environment {
	/// The environment of a store with these options; its directory exists.
	pub(crate) fn new(options: &StoreOptions) -> Result<Arc<Self>, ZdbError> {
		let disk = options.disk.clone();
		Ok(Arc::new(Self {
			secret: StoreSecret::open(&disk, &options.dir)?,
			disk,
			cache: Arc::new(RecordCache::new(options.cache_bytes / 2)),
			long_cache: Arc::new(LongCache::new(options.cache_bytes / 2)),
			segment_bytes: options.segment_bytes.clamp(4096, SEGMENT_BYTES_MAX),
			max_value_bytes: options.max_value_bytes.min(VALUE_LIMIT_BYTES),
			sync_at_jump: options.sync_at_jump,
			segment_source: options.segment_source.clone(),
			observer: OnceLock::new(),
		}))
	}

	/// Lets somebody be told; `false` if somebody is already.
	pub(crate) fn observe(&self, observer: Arc<dyn StoreObserver>) -> bool {
		self.observer.set(observer).is_ok()
	}

	pub(crate) fn jumped(&self, namespace: &str, left: &Path, next: &Path) {
		if let Some(observer) = self.observer.get() {
			observer.jumped(namespace, left, next);
		}
	}

	pub(crate) fn found_damage(&self, namespace: &str, damaged: &DamagedRange) {
		if let Some(observer) = self.observer.get() {
			observer.found_damage(namespace, damaged);
		}
	}
}
