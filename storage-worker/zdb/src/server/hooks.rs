//! A program that is told of events: 0-db's hooks.
//!
//! No client waits for it: events are queued, a thread starts their runs in their order, and each run is waited for by a thread of its
//! own. Only before the first client and after the last one is a run waited for, and while a namespace is opened whose segments are missing.

use parking_lot::{Condvar, Mutex};
use std::{
	io,
	path::PathBuf,
	process::{Child, Command, ExitStatus, Stdio},
	sync::{
		mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError},
		Arc,
	},
	thread,
	time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// How long a run that has ended is listed.
const KEPT: Duration = Duration::from_secs(300);
/// Events that wait for their run; more are dropped, and said so in the log.
const WAITING_MAX: usize = 1024;
/// Runs at once; more wait.
const RUNNING_MAX: usize = 32;
/// How often a run that has its time is looked at.
const LOOK_PAUSE: Duration = Duration::from_millis(5);

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

/// What is done when a run has ended, well or not, or could not begin.
type Afterwards = Box<dyn FnOnce(bool) + Send>;

/// An event that waits for its run.
struct Event {
	name: String,
	arguments: Vec<String>,
	afterwards: Option<Afterwards>,
}

impl Event {
	fn end(self, is_well: bool) {
		if let Some(afterwards) = self.afterwards {
			afterwards(is_well);
		}
	}
}

/// What the threads share.
#[derive(Debug)]
struct Runner {
	program: PathBuf,
	instance: String,
	runs: Mutex<Vec<HookRun>>,
	running: Mutex<usize>,
	ended: Condvar,
}

/// The queue, and the word that it is empty and ended.
struct Queue {
	events: SyncSender<Event>,
	done: Receiver<()>,
}

/// The program and its runs.
pub(crate) struct Hooks {
	runner: Option<Arc<Runner>>,
	queue: Mutex<Option<Queue>>,
}

fn unix_seconds() -> u64 {
	SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

impl std::fmt::Debug for Hooks {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		formatter.debug_struct("Hooks").field("runner", &self.runner).finish_non_exhaustive()
	}
}

impl Hooks {
	/// `instance` is how this server is reached: `tcp://ADDRESS:PORT` or `unix://PATH`. Without a program nothing happens.
	pub(crate) fn new(program: Option<PathBuf>, instance: String) -> io::Result<Self> {
		let Some(program) = program else {
			return Ok(Self { runner: None, queue: Mutex::default() });
		};
		let runner = Arc::new(Runner {
			program,
			instance,
			runs: Mutex::default(),
			running: Mutex::default(),
			ended: Condvar::new(),
		});
		let (events, waiting) = mpsc::sync_channel(WAITING_MAX);
		let (ended, done) = mpsc::channel();
		let starter = runner.clone();
		thread::Builder::new().name("zdb-hooks".into()).spawn(move || {
			for event in waiting {
				starter.begin(event);
			}
			// Nobody may wait for it any more.
			let _ = ended.send(());
		})?;
		Ok(Self { runner: Some(runner), queue: Mutex::new(Some(Queue { events, done })) })
	}

	/// Whether there is a program.
	pub(crate) fn any(&self) -> bool {
		self.runner.is_some()
	}

	/// Lets the program be run and goes on at once.
	pub(crate) fn fire(&self, name: &str, arguments: &[&str]) {
		self.fire_then(name, arguments, None);
	}

	/// As [`Self::fire`]; when the run has ended, `afterwards` is told whether it ended well.
	pub(crate) fn fire_then(&self, name: &str, arguments: &[&str], afterwards: Option<Afterwards>) {
		let queue = self.queue.lock();
		let Some(queue) = &*queue else { return };
		let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
		match queue.events.try_send(Event { name: name.to_owned(), arguments, afterwards }) {
			Ok(()) => {},
			Err(TrySendError::Full(_)) => {
				tracing::error!(
					hook = name,
					"{WAITING_MAX} hooks wait already: this one is left out"
				);
			},
			Err(TrySendError::Disconnected(_)) => tracing::error!(hook = name, "hooks have ended"),
		}
	}

	/// Runs the program and waits for it, at most for `patience`. `true` if it ended well, or if there is none.
	pub(crate) fn run(&self, name: &str, arguments: &[&str], patience: Option<Duration>) -> bool {
		let Some(runner) = &self.runner else { return true };
		let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
		let Some(mut child) = runner.start(name, &arguments) else { return false };
		let pid = child.id();
		let status = wait(&mut child, patience);
		let is_well = status.as_ref().is_ok_and(ExitStatus::success);
		runner.note_end(pid, status, name);
		is_well
	}

	/// Takes no more events and waits until the run of each that was taken has begun.
	pub(crate) fn finish(&self, patience: Duration) {
		let Some(Queue { events, done }) = self.queue.lock().take() else { return };
		drop(events);
		if let Err(RecvTimeoutError::Timeout) = done.recv_timeout(patience) {
			tracing::error!("hooks that waited for others to end are left out");
		}
	}

	/// Runs that go on or ended a short time ago.
	pub(crate) fn list(&self) -> Vec<HookRun> {
		let Some(runner) = &self.runner else { return Vec::new() };
		let mut runs = runner.runs.lock();
		runs.retain(|run| run.ended.is_none_or(|ended| ended.elapsed() < KEPT));
		runs.clone()
	}
}

/// Waits for a process; one that takes too long is killed.
fn wait(child: &mut Child, patience: Option<Duration>) -> io::Result<ExitStatus> {
	let Some(patience) = patience else { return child.wait() };
	let started = Instant::now();
	while started.elapsed() < patience {
		if let Some(status) = child.try_wait()? {
			return Ok(status);
		}
		thread::sleep(LOOK_PAUSE);
	}
	child.kill()?;
	child.wait()
}

impl Runner {
	/// Starts the run of an event as soon as there is room for it. A thread waits for its end.
	fn begin(self: &Arc<Self>, event: Event) {
		let mut running = self.running.lock();
		while *running >= RUNNING_MAX {
			self.ended.wait(&mut running);
		}
		let Some(mut child) = self.start(&event.name, &event.arguments) else {
			return event.end(false);
		};
		*running += 1;
		drop(running);
		let runner = self.clone();
		let reaping = thread::Builder::new().name("zdb-hook".into()).spawn(move || {
			let (pid, status, name) = (child.id(), child.wait(), event.name.clone());
			event.end(status.as_ref().is_ok_and(ExitStatus::success));
			runner.note_end(pid, status, &name);
			*runner.running.lock() -= 1;
			runner.ended.notify_one();
		});
		if let Err(error) = reaping {
			*self.running.lock() -= 1;
			tracing::warn!(%error, "the hook's end is not noted");
		}
	}

	fn start(&self, name: &str, arguments: &[String]) -> Option<Child> {
		let started = Command::new(&self.program)
			.arg(name)
			.arg(&self.instance)
			.args(arguments)
			.stdin(Stdio::null())
			.spawn();
		match started {
			Ok(child) => {
				let mut runs = self.runs.lock();
				runs.retain(|run| run.ended.is_none_or(|ended| ended.elapsed() < KEPT));
				runs.push(HookRun {
					name: name.to_owned(),
					arguments: arguments.to_vec(),
					pid: child.id(),
					created: unix_seconds(),
					finished: 0,
					status: 0,
					ended: None,
				});
				Some(child)
			},
			Err(error) => {
				tracing::warn!(hook = name, program = %self.program.display(), %error, "the hook does not start");
				None
			},
		}
	}

	fn note_end(&self, pid: u32, status: io::Result<ExitStatus>, name: &str) {
		let code = match status {
			Ok(status) => status.code().unwrap_or(-1),
			Err(error) => {
				tracing::warn!(hook = name, %error, "the hook cannot be waited for");
				-1
			},
		};
		let mut runs = self.runs.lock();
		if let Some(run) = runs.iter_mut().find(|run| run.pid == pid && run.ended.is_none()) {
			(run.finished, run.status, run.ended) = (unix_seconds(), code, Some(Instant::now()));
		}
	}
}
