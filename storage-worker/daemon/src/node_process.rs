//! A running node: one that this process has started, or that an earlier one has and left running.

use anyhow::{bail, ensure, Context as _, Result};
use granary_chain::{ObservedBlock, ObservedNode};
use granary_primitives::BlockNumber;
use rustix::{
	event::{poll, PollFd, PollFlags, Timespec},
	process::{pidfd_open, pidfd_send_signal, Pid, PidfdFlags, Signal},
};
use serde::{Deserialize, Serialize};
use std::{
	io,
	os::fd::OwnedFd,
	path::{Path, PathBuf},
	process::ExitStatus,
	time::Duration,
};
use tokio::process::Child;

/// How often a node that is starting is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);
/// How long a node may take to stop by itself.
const STOP_PATIENCE: Duration = Duration::from_secs(60);
/// When a process was started, among the words of its line in `/proc` that come after its name. The first of those is its state.
const START_TIME_WORD: usize = 19;
const ENDED: &str = "Z";

/// A running node.
#[derive(Debug)]
pub(crate) struct NodeProcess {
	process: Process,
	url: String,
	program: PathBuf,
}

#[derive(Debug)]
enum Process {
	Ours(Child),
	/// Started by an earlier process. That it has ended is told by its descriptor, but not how.
	Adopted(OwnedFd),
}

/// What is noted of a running node for the process that looks after it next.
#[derive(Debug, Serialize, Deserialize)]
struct Noted {
	process: u32,
	/// Clock ticks from the machine's start to the process's, by which it is told from a later one of the same number.
	started_ticks: u64,
}

impl Noted {
	fn of(process: u32) -> Option<Self> {
		let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
		let (_, words) = stat.rsplit_once(')')?;
		let words: Vec<&str> = words.split_whitespace().collect();
		// What has ended stays listed until its parent looks.
		words.first().filter(|state| **state != ENDED)?;
		let started_ticks = words.get(START_TIME_WORD)?.parse().ok()?;
		Some(Self { process, started_ticks })
	}
}

/// Whether the process of this descriptor has ended.
fn has_ended(pidfd: &OwnedFd) -> io::Result<bool> {
	let now = Timespec { tv_sec: 0, tv_nsec: 0 };
	Ok(poll(&mut [PollFd::new(pidfd, PollFlags::IN)], Some(&now))? > 0)
}

fn pid_of(process: u32) -> Option<Pid> {
	i32::try_from(process).ok().and_then(Pid::from_raw)
}

impl NodeProcess {
	pub(crate) fn started(child: Child, url: String, program: &str) -> Self {
		Self { process: Process::Ours(child), url, program: PathBuf::from(program) }
	}

	/// The node that is noted in this file, if it is still running.
	pub(crate) fn adopt(record: &Path, url: String, program: &str) -> Result<Option<Self>> {
		let bytes = match std::fs::read(record) {
			Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
			bytes => bytes.with_context(|| format!("reading {}", record.display()))?,
		};
		let noted: Noted = serde_json::from_slice(&bytes).with_context(|| {
			format!("{} is damaged; end the node and remove the file", record.display())
		})?;
		let Some(pid) = pid_of(noted.process) else { return Ok(None) };
		let Ok(pidfd) = pidfd_open(pid, PidfdFlags::NONBLOCK) else { return Ok(None) };
		// Looked at after it was opened: the number cannot pass to another process meanwhile.
		let is_same = Noted::of(noted.process)
			.is_some_and(|found| found.started_ticks == noted.started_ticks);
		if !is_same {
			return Ok(None);
		}
		let program = PathBuf::from(program);
		Ok(Some(Self { process: Process::Adopted(pidfd), url, program }))
	}

	/// Notes it in a file, so that another process can look after it if this one ends.
	pub(crate) fn note(&self, record: &Path) -> Result<()> {
		let Process::Ours(child) = &self.process else { return Ok(()) };
		// One that has ended already is not looked for.
		let Some(noted) = child.id().and_then(Noted::of) else { return Ok(()) };
		let next = record.with_extension("next");
		std::fs::write(&next, serde_json::to_vec(&noted)?)
			.and_then(|()| std::fs::rename(&next, record))
			.with_context(|| format!("writing {}", record.display()))
	}

	/// Waits for its end; how it ended is known of one that this process has started.
	pub(crate) async fn wait(&mut self) -> Result<Option<ExitStatus>> {
		let program = self.program.display();
		match &mut self.process {
			Process::Ours(child) => {
				child.wait().await.map(Some).with_context(|| format!("waiting for {program}"))
			},
			Process::Adopted(pidfd) => {
				while !has_ended(pidfd).with_context(|| format!("waiting for {program}"))? {
					tokio::time::sleep(LOOK_INTERVAL).await;
				}
				Ok(None)
			},
		}
	}

	/// An error if it has ended; `before` says what it should have done first.
	fn check_alive(&mut self, before: &str) -> Result<()> {
		match &mut self.process {
			Process::Ours(child) => {
				if let Some(status) = child.try_wait()? {
					bail!("the node ended with {status} before it {before}");
				}
			},
			Process::Adopted(pidfd) => {
				ensure!(!has_ended(pidfd)?, "the node ended before it {before}");
			},
		}
		Ok(())
	}

	/// Asks it to stop, and kills it if it does not.
	pub(crate) async fn stop(&mut self) -> Result<()> {
		self.signal(Signal::TERM)?;
		if tokio::time::timeout(STOP_PATIENCE, self.wait()).await.is_err() {
			tracing::warn!("the node does not stop; killing it");
			self.signal(Signal::KILL)?;
			self.wait().await.context("killing the node")?;
		}
		Ok(())
	}

	fn signal(&self, signal: Signal) -> Result<()> {
		// It may have ended meanwhile.
		match &self.process {
			Process::Ours(child) => {
				if let Some(process) = child.id() {
					let pid = pid_of(process).context("the node has no usable process number")?;
					let _ = rustix::process::kill_process(pid, signal);
				}
			},
			Process::Adopted(pidfd) => {
				let _ = pidfd_send_signal(pidfd, signal);
			},
		}
		Ok(())
	}

	/// Waits until it answers and shows its best block; an error if it ends or takes too long.
	pub(crate) async fn answering(
		&mut self,
		patience: Duration,
	) -> Result<(ObservedNode, ObservedBlock)> {
		let deadline = tokio::time::Instant::now() + patience;
		loop {
			self.check_alive(&format!("answered at {}", self.url))?;
			if let Ok(node) = ObservedNode::connect(&self.url).await {
				if let Ok(best) = node.best().await {
					return Ok((node, best));
				}
			}
			ensure!(
				tokio::time::Instant::now() < deadline,
				"the node did not answer at {} within {} s; if it listens elsewhere, name that with --node-rpc",
				self.url,
				patience.as_secs()
			);
			tokio::time::sleep(LOOK_INTERVAL).await;
		}
	}

	/// Waits until its best block is above this one.
	pub(crate) async fn imports_above(
		&mut self,
		node: &ObservedNode,
		height: BlockNumber,
	) -> Result<ObservedBlock> {
		loop {
			self.check_alive(&format!("imported a block above {height}"))?;
			if let Ok(best) = node.best().await {
				if best.number > height {
					return Ok(best);
				}
			}
			tokio::time::sleep(LOOK_INTERVAL).await;
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[tokio::test]
	async fn a_node_that_runs_is_looked_after_by_the_next_process_and_no_other_is() {
		let dir = tempfile::tempdir().unwrap();
		let record = dir.path().join("node.json");
		let adopt = || NodeProcess::adopt(&record, String::new(), "sleep").unwrap();
		assert!(adopt().is_none(), "none is noted");
		let mut command = tokio::process::Command::new("sleep");
		let child = command.arg("100").kill_on_drop(true).spawn().unwrap();
		let mut ours = NodeProcess::started(child, String::new(), "sleep");
		ours.note(&record).unwrap();
		let noted = std::fs::read(&record).unwrap();

		// A later process that has the number of the one that was noted.
		let mut other: Noted = serde_json::from_slice(&noted).unwrap();
		other.started_ticks += 1;
		std::fs::write(&record, serde_json::to_vec(&other).unwrap()).unwrap();
		assert!(adopt().is_none());
		std::fs::write(&record, noted).unwrap();

		let mut adopted = adopt().unwrap();
		adopted.check_alive("was stopped").unwrap();
		adopted.stop().await.unwrap();
		assert!(adopted.check_alive("was asked again").is_err());
		assert_eq!(adopted.wait().await.unwrap(), None, "how is not known");
		assert!(adopt().is_none(), "it has ended");
		assert!(!ours.wait().await.unwrap().unwrap().success());
	}
}
