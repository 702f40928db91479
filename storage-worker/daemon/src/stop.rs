//! The signals that ask a process to end.

use anyhow::{Context, Result};
use tokio::signal::unix::{signal, Signal, SignalKind};

/// SIGINT and SIGTERM since this was made, also those that came while nobody waited.
#[derive(Debug)]
pub(crate) struct StopSignal {
	interrupt: Signal,
	terminate: Signal,
}

impl StopSignal {
	/// From here on the signals do not end the process by themselves. To be called before anybody can see that it serves.
	pub(crate) fn listen() -> Result<Self> {
		Ok(Self {
			interrupt: signal(SignalKind::interrupt()).context("listening for SIGINT")?,
			terminate: signal(SignalKind::terminate()).context("listening for SIGTERM")?,
		})
	}

	/// Waits for one of them.
	pub(crate) async fn asked(&mut self) {
		tokio::select! {
			_ = self.interrupt.recv() => {},
			_ = self.terminate.recv() => {},
		}
	}
}
