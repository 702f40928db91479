//! Telling somebody how long work goes on.

/// Receives the progress of long work, in bytes.
pub trait Progress: Send + Sync {
	/// How much there is in all.
	fn set_total(&self, bytes: u64);
	/// So much more is done.
	fn advance(&self, bytes: u64);
}

/// Nobody watches.
impl Progress for () {
	fn set_total(&self, _: u64) {}
	fn advance(&self, _: u64) {}
}
