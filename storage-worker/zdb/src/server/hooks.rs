//! A program that is told of events: 0-db's hooks.

use parking_lot::Mutex;
use std::{
	io,
	path::PathBuf,
	process::{Command, ExitStatus, Stdio},
	sync::Arc,
	thread,
	time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// How long a hook that has ended is listed.
const KEPT: Duration = Duration::from_secs(300);

/// A run of the program.
#[derive(Clone, Debug)]
pub(crate) struct HookRun {
	pub(crate) name: String,
	pub(crate) arguments: Vec<String>,
	pub(crate) pid: u32,
	/// Unix seconds.
	pub(crate) created: u64,
	/// Unix seconds; 0 while it runs.
	pub(crate) finished: u64,
	pub(crate) status: i32,
	ended: Option<Instant>,
}

/// The program and its runs.
#[derive(Debug)]
pub(crate) struct Hooks {
	program: Option<PathBuf>,
	instance: String,
	runs: Arc<Mutex<Vec<HookRun>>>,
}

fn unix_seconds() -> u64 {
	SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

impl Hooks {
	/// `instance` is how this server is reached: `tcp://ADDRESS:PORT` or `unix://PATH`.
	pub(crate) fn new(program: Option<PathBuf>, instance: String) -> Self {
		Self { program, instance, runs: Arc::default() }
	}

	/// Runs the program and goes on.
	pub(crate) fn fire(&self, name: &str, arguments: &[&str]) {
		let Some(run) = self.start(name, arguments) else { return };
		// The thread is there to reap the process and to note how it ended.
		let (runs, name) = (self.runs.clone(), name.to_owned());
		let reaping = thread::Builder::new().name("zdb-hook".into()).spawn(move || {
			let (mut child, pid) = run;
			note_end(&runs, pid, child.wait(), &name);
		});
		if let Err(error) = reaping {
			tracing::warn!(%error, "the hook's end is not noted");
		}
	}

	/// Runs the program and waits for it. `Ok(true)` if there is none.
	pub(crate) fn fire_and_wait(&self, name: &str, arguments: &[&str]) -> bool {
		if self.program.is_none() {
			return true;
		}
		let Some((mut child, pid)) = self.start(name, arguments) else { return false };
		let status = child.wait();
		let succeeded = status.as_ref().is_ok_and(ExitStatus::success);
		note_end(&self.runs, pid, status, name);
		succeeded
	}

	fn start(&self, name: &str, arguments: &[&str]) -> Option<(std::process::Child, u32)> {
		let program = self.program.as_ref()?;
		let started = Command::new(program)
			.arg(name)
			.arg(&self.instance)
			.args(arguments)
			.stdin(Stdio::null())
			.spawn();
		match started {
			Ok(child) => {
				let pid = child.id();
				let mut runs = self.runs.lock();
				runs.retain(|run| run.ended.is_none_or(|ended| ended.elapsed() < KEPT));
				runs.push(HookRun {
					name: name.to_owned(),
					arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
					pid,
					created: unix_seconds(),
					finished: 0,
					status: 0,
					ended: None,
				});
				Some((child, pid))
			},
			Err(error) => {
				tracing::warn!(hook = name, program = %program.display(), %error, "the hook does not start");
				None
			},
		}
	}

	/// Runs that go on or ended a short time ago.
	pub(crate) fn list(&self) -> Vec<HookRun> {
		let mut runs = self.runs.lock();
		runs.retain(|run| run.ended.is_none_or(|ended| ended.elapsed() < KEPT));
		runs.clone()
	}
}

fn note_end(runs: &Mutex<Vec<HookRun>>, pid: u32, status: io::Result<ExitStatus>, name: &str) {
	let code = match status {
		Ok(status) => status.code().unwrap_or(-1),
		Err(error) => {
			tracing::warn!(hook = name, %error, "the hook cannot be waited for");
			-1
		},
	};
	let mut runs = runs.lock();
	if let Some(run) = runs.iter_mut().find(|run| run.pid == pid && run.ended.is_none()) {
		(run.finished, run.status, run.ended) = (unix_seconds(), code, Some(Instant::now()));
	}
}
