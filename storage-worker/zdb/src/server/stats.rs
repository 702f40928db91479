//! Counters of a server.

use std::{
	sync::atomic::AtomicU64,
	time::{Instant, SystemTime, UNIX_EPOCH},
};

/// Counters of a server since its start.
#[derive(Debug)]
pub(crate) struct Stats {
	pub(crate) started: Instant,
	pub(crate) boot_time: u64,
	/// Which server this is, until it ends; never 0.
	pub(crate) instance_id: u32,
	pub(crate) clients_lifetime: AtomicU64,
	pub(crate) clients_connected: AtomicU64,
	pub(crate) clients_rejected: AtomicU64,
	pub(crate) commands_executed: AtomicU64,
	pub(crate) commands_failed: AtomicU64,
	pub(crate) commands_unauthorized: AtomicU64,
	/// Commands that were answered with an error.
	pub(crate) error_replies: AtomicU64,
	pub(crate) network_rx_bytes: AtomicU64,
	pub(crate) network_tx_bytes: AtomicU64,
}

impl Stats {
	pub(crate) fn new() -> Self {
		let boot_time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
		let zero = AtomicU64::default;
		Self {
			started: Instant::now(),
			boot_time,
			instance_id: rand::random::<u32>().max(1),
			clients_lifetime: zero(),
			clients_connected: zero(),
			clients_rejected: zero(),
			commands_executed: zero(),
			commands_failed: zero(),
			commands_unauthorized: zero(),
			error_replies: zero(),
			network_rx_bytes: zero(),
			network_tx_bytes: zero(),
		}
	}
}
