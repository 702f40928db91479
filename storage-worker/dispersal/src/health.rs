//! What reads found out about each node.

use std::sync::{
	atomic::{AtomicU64, Ordering},
	Mutex, PoisonError,
};

/// How often a node's shards were found, missed, damaged or out of reach since the dataset was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeHealth {
	/// The node.
	pub node: u32,
	/// Its address.
	pub address: String,
	/// Shards that were found and verify.
	pub ok: u64,
	/// Shards that it does not have.
	pub missing: u64,
	/// Shards that do not verify.
	pub damaged: u64,
	/// Requests that it did not answer.
	pub unreachable: u64,
	/// What went wrong last, if anything did.
	pub last_error: Option<String>,
}

/// The counters behind [`NodeHealth`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
	pub(crate) ok: AtomicU64,
	pub(crate) missing: AtomicU64,
	pub(crate) damaged: AtomicU64,
	pub(crate) unreachable: AtomicU64,
	last_error: Mutex<Option<String>>,
}

impl Counters {
	pub(crate) fn read(&self, node: u32, address: &str) -> NodeHealth {
		NodeHealth {
			node,
			address: address.to_owned(),
			ok: self.ok.load(Ordering::Relaxed),
			missing: self.missing.load(Ordering::Relaxed),
			damaged: self.damaged.load(Ordering::Relaxed),
			unreachable: self.unreachable.load(Ordering::Relaxed),
			last_error: self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone(),
		}
	}

	/// Remembers what went wrong.
	pub(crate) fn failed(&self, what: String) {
		*self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(what);
	}
}

/// Counts one event.
pub(crate) fn count(counter: &AtomicU64) {
	counter.fetch_add(1, Ordering::Relaxed);
}
