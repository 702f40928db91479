//! The signals that ask a process to end.

use anyhow::{Context, Result};
use tokio::signal::unix::{signal, SignalKind};

/// Waits for SIGINT or SIGTERM.
pub(crate) async fn stop_signal() -> Result<()> {
	let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
	let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
	tokio::select! {
		_ = interrupt.recv() => {},
		_ = terminate.recv() => {},
	}
	Ok(())
}
