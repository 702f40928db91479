//! What reads found out about each node.

use crate::{read::Found, BackendError};
use std::sync::{
	atomic::{AtomicU64, Ordering},
	Mutex, PoisonError,
};

/// How often a node's shards were found, missed, damaged or out of reach since the dataset was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeHealth {
	/// The node.
	pub node: u32,
	/// The way to it that is used or was used last; before the first use all of them.
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
	ok: AtomicU64,
	missing: AtomicU64,
	damaged: AtomicU64,
	unreachable: AtomicU64,
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

	/// Takes note of what a backend said about a shard.
	pub(crate) fn note(&self, found: &Found) {
		let (counter, error) = match found {
			Found::Good => (&self.ok, None),
			Found::Missing => (&self.missing, Some("it does not have a shard".to_owned())),
			Found::Damaged => (&self.damaged, Some("a shard does not verify".to_owned())),
			// A record that the node itself found damaged.
			Found::Failed(error @ BackendError::Refused(_)) => {
				(&self.damaged, Some(error.to_string()))
			},
			Found::Failed(error) => (&self.unreachable, Some(error.to_string())),
		};
		counter.fetch_add(1, Ordering::Relaxed);
		if error.is_some() {
			*self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = error;
		}
	}
}
