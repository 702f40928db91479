//! Stopping somebody's process for a moment.

use anyhow::{Context as _, Result};
use granary_snapshot::Pausable;
use rustix::process::{kill_process, Pid, Signal};
use std::{
	io,
	time::{Duration, Instant},
};

/// How long a process may take to stand still.
const PATIENCE: Duration = Duration::from_secs(5);

/// A process that is stopped with SIGSTOP.
#[derive(Debug)]
pub(super) struct Process(Pid);

impl Process {
	/// The process with this number, which must exist.
	pub(super) fn new(pid: i32) -> Result<Self> {
		let process = Pid::from_raw(pid).context("--pid takes the number of a process")?;
		rustix::process::test_kill_process(process)
			.with_context(|| format!("process {pid} cannot be stopped"))?;
		Ok(Self(process))
	}

	/// Whether all of its threads stand still.
	fn is_stopped(&self) -> io::Result<bool> {
		let tasks = format!("/proc/{}/task", self.0.as_raw_nonzero());
		for task in std::fs::read_dir(tasks)? {
			let stat = std::fs::read_to_string(task?.path().join("stat"))?;
			// The state follows the name, which is in brackets and may hold anything.
			let state = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
			if !state.starts_with(['T', 't', 'Z', 'X']) {
				return Ok(false);
			}
		}
		Ok(true)
	}
}

impl Pausable for Process {
	fn pause(&self) -> io::Result<()> {
		kill_process(self.0, Signal::STOP)?;
		let deadline = Instant::now() + PATIENCE;
		while !self.is_stopped()? {
			if Instant::now() > deadline {
				self.resume()?;
				return Err(io::Error::new(
					io::ErrorKind::TimedOut,
					"it does not stand still; a disk that does not answer may hold it",
				));
			}
			std::thread::sleep(Duration::from_micros(200));
		}
		Ok(())
	}

	fn resume(&self) -> io::Result<()> {
		Ok(kill_process(self.0, Signal::CONT)?)
	}
}
