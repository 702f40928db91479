//! Threads for requests that wait for the snapshot, so that those that answer the kernel stay free.

use parking_lot::{Condvar, Mutex};
use std::{
	collections::VecDeque,
	fmt,
	sync::{
		atomic::{AtomicUsize, Ordering},
		Arc,
	},
	thread,
};

/// Requests that wait for the snapshot at once, beyond those that the serving threads run themselves.
const THREADS_MAX: usize = 64;
/// Requests that may wait for a thread.
const QUEUE_MAX: usize = 4096;

type Job = Box<dyn FnOnce() + Send>;

/// Runs slow requests.
pub(crate) struct Waiting {
	/// Slow requests that the serving threads may run themselves, which is quicker than handing them over.
	inline_max: usize,
	inline: AtomicUsize,
	shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
	state: Mutex<State>,
	changed: Condvar,
}

#[derive(Default)]
struct State {
	jobs: VecDeque<Job>,
	threads: usize,
	idle: usize,
	ended: bool,
}

impl fmt::Debug for Waiting {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_struct("Waiting").field("inline", &self.inline).finish_non_exhaustive()
	}
}

impl Waiting {
	/// For so many serving threads; half of them may wait themselves.
	pub(crate) fn new(serving_threads: usize) -> Self {
		Self {
			inline_max: serving_threads / 2,
			inline: AtomicUsize::new(0),
			shared: Arc::default(),
		}
	}

	/// Runs `job` here if enough other serving threads are free.
	pub(crate) fn try_here(&self, job: impl FnOnce()) -> bool {
		if self.inline.fetch_add(1, Ordering::Relaxed) >= self.inline_max {
			self.inline.fetch_sub(1, Ordering::Relaxed);
			return false;
		}
		job();
		self.inline.fetch_sub(1, Ordering::Relaxed);
		true
	}

	/// Runs `job` on a thread that may wait; here if there are too many already.
	pub(crate) fn hand_over(&self, job: Job) {
		let mut state = self.shared.state.lock();
		if state.jobs.len() >= QUEUE_MAX {
			drop(state);
			return job();
		}
		state.jobs.push_back(job);
		if state.idle < state.jobs.len() && state.threads < THREADS_MAX {
			let shared = self.shared.clone();
			let started =
				thread::Builder::new().name("fuse-waiting".to_owned()).spawn(move || shared.run());
			match started {
				Ok(_) => state.threads += 1,
				Err(error) if state.threads == 0 => {
					tracing::warn!("no thread for slow requests: {error}");
					let job = state.jobs.pop_back();
					drop(state);
					return job.into_iter().for_each(|job| job());
				},
				Err(_) => {},
			}
		}
		self.shared.changed.notify_one();
	}
}

impl Drop for Waiting {
	fn drop(&mut self) {
		self.shared.state.lock().ended = true;
		self.shared.changed.notify_all();
	}
}

impl Shared {
	fn run(&self) {
		let mut state = self.state.lock();
		loop {
			if let Some(job) = state.jobs.pop_front() {
				drop(state);
				job();
				state = self.state.lock();
			} else if state.ended {
				return;
			} else {
				state.idle += 1;
				self.changed.wait(&mut state);
				state.idle -= 1;
			}
		}
	}
}
