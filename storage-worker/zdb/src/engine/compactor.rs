//! The thread that compacts in the background.

use crate::{
	engine::{compact::Compacted, store::Namespaces},
	ZdbError,
};
use parking_lot::{Condvar, Mutex};
use std::{
	io,
	sync::{
		atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
		Arc,
	},
	thread::{self, JoinHandle},
	time::{Duration, Instant},
};

/// How often it looks for something to do.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// The shortest sleep that is worth it when it is ahead of its rate.
const NAP: Duration = Duration::from_millis(2);
/// What nobody asks to be durable is made so after this long; the kernel does not wait longer either.
const SYNC_INTERVAL: Duration = Duration::from_secs(30);

/// How the background thread compacts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CompactionOptions {
	/// Whether it does.
	pub enabled: bool,
	/// Bytes that it reads in a second, at most.
	pub bytes_per_second: u64,
	/// The dead share of a segment, 0 to 1, from which on it is worth its copies.
	pub dead_share: f64,
	/// Whether live records are appended again. A replica does without: its records are its primary's.
	pub moves: bool,
}

impl Default for CompactionOptions {
	fn default() -> Self {
		Self { enabled: true, bytes_per_second: 64 << 20, dead_share: 0.5, moves: true }
	}
}

/// What the thread shares with the store.
#[derive(Debug)]
pub(crate) struct Compaction {
	options: CompactionOptions,
	enabled: AtomicBool,
	moves: AtomicBool,
	ended: AtomicBool,
	segments: AtomicU64,
	moved_bytes: AtomicU64,
	freed_bytes: AtomicU64,
	failed: Mutex<Option<String>>,
	wake: (Mutex<()>, Condvar),
}

impl Compaction {
	/// Lets it work, or stops it where it is.
	pub(crate) fn set_enabled(&self, enabled: bool) {
		self.enabled.store(enabled, Relaxed);
		self.wake.1.notify_all();
	}

	/// Has it look for work now.
	pub(crate) fn wake(&self) {
		self.wake.1.notify_all();
	}

	/// Lets it append live records again.
	pub(crate) fn set_moves(&self) {
		self.moves.store(true, Relaxed);
	}

	/// Whether it works.
	pub(crate) fn is_enabled(&self) -> bool {
		self.enabled.load(Relaxed)
	}

	/// What it did since the store was opened.
	pub(crate) fn done(&self) -> Compacted {
		Compacted {
			segments: self.segments.load(Relaxed),
			moved_bytes: self.moved_bytes.load(Relaxed),
			freed_bytes: self.freed_bytes.load(Relaxed),
		}
	}

	/// Why it could not go on, the last time it tried.
	pub(crate) fn failure(&self) -> Option<String> {
		self.failed.lock().clone()
	}

	/// Counts what was done, by whomever.
	pub(crate) fn count(&self, done: Compacted) {
		self.segments.fetch_add(done.segments, Relaxed);
		self.moved_bytes.fetch_add(done.moved_bytes, Relaxed);
		self.freed_bytes.fetch_add(done.freed_bytes, Relaxed);
	}
}

/// The thread; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Compactor {
	pub(crate) compaction: Arc<Compaction>,
	thread: Option<JoinHandle<()>>,
}

impl Compactor {
	/// Starts the thread over the namespaces of a store.
	pub(crate) fn start(
		options: CompactionOptions,
		namespaces: Arc<Namespaces>,
	) -> io::Result<Self> {
		let compaction = Arc::new(Compaction {
			options,
			enabled: AtomicBool::new(options.enabled),
			moves: AtomicBool::new(options.moves),
			ended: AtomicBool::new(false),
			segments: AtomicU64::new(0),
			moved_bytes: AtomicU64::new(0),
			freed_bytes: AtomicU64::new(0),
			failed: Mutex::new(None),
			wake: Default::default(),
		});
		let theirs = compaction.clone();
		let thread = thread::Builder::new().name("zdb-compact".into());
		let thread = thread.spawn(move || loop {
			let mut asleep = theirs.wake.0.lock();
			if theirs.ended.load(Relaxed) {
				break;
			}
			theirs.wake.1.wait_for(&mut asleep, LOOK_INTERVAL);
			drop(asleep);
			sync_old(&namespaces);
			theirs.prepare_removals(&namespaces);
			if theirs.is_enabled() && !theirs.ended.load(Relaxed) {
				let outcome = theirs.round(&namespaces);
				*theirs.failed.lock() = outcome.err().map(|error| error.to_string());
			}
		})?;
		Ok(Self { compaction, thread: Some(thread) })
	}
}

/// Syncs what has been waiting for the kernel alone.
fn sync_old(namespaces: &Namespaces) {
	let open: Vec<_> = namespaces.read().values().cloned().collect();
	for namespace in open {
		if let Err(error) = namespace.sync_after(SYNC_INTERVAL) {
			tracing::debug!(namespace = namespace.name(), %error, "sync");
		}
	}
}

impl Compaction {
	/// Makes the logs that removals ask for, compaction or not: somebody waits for them.
	fn prepare_removals(&self, namespaces: &Namespaces) {
		let open: Vec<_> = namespaces.read().values().cloned().collect();
		for namespace in open.into_iter().filter(|namespace| namespace.wants_removal()) {
			let mut pace = self.pace();
			let goes_on = &mut |read| pace(read) && !self.ended.load(Relaxed);
			if let Err(error) = namespace.prepare_removal(goes_on) {
				tracing::warn!(namespace = namespace.name(), %error, "a removal was not prepared");
			}
		}
	}

	/// Sleeps when more was read than the rate allows. Answers `true`.
	fn pace(&self) -> impl FnMut(u64) -> bool {
		let (started, mut bytes) = (Instant::now(), 0u64);
		let rate = self.options.bytes_per_second.max(1) as f64;
		move |read| {
			bytes += read;
			let due = Duration::from_secs_f64(bytes as f64 / rate);
			let ahead = due.saturating_sub(started.elapsed());
			if ahead > NAP {
				thread::sleep(ahead);
			}
			true
		}
	}

	/// Compacts what is worth it in every namespace.
	fn round(&self, namespaces: &Namespaces) -> Result<(), ZdbError> {
		let open: Vec<_> = namespaces.read().values().cloned().collect();
		let mut first_failure = Ok(());
		for namespace in open {
			let mut paced = self.pace();
			let mut pace = |read| paced(read) && self.is_enabled() && !self.ended.load(Relaxed);
			if let Err(error) = namespace.write_hints(&mut pace) {
				// Opening takes longer without, and that is all.
				tracing::debug!(namespace = namespace.name(), %error, "hints");
			}
			match namespace.compact(self.options.dead_share, self.moves.load(Relaxed), &mut pace) {
				Ok(done) => self.count(done),
				Err(error) => {
					let name = namespace.name();
					tracing::warn!(namespace = name, %error, "compaction cannot go on");
					first_failure = first_failure.and(Err(error));
				},
			}
		}
		first_failure
	}
}

impl Drop for Compactor {
	fn drop(&mut self) {
		{
			// Held so that the thread does not fall asleep between looking and being woken.
			let _awake = self.compaction.wake.0.lock();
			self.compaction.ended.store(true, Relaxed);
			self.compaction.wake.1.notify_all();
		}
		if let Some(thread) = self.thread.take() {
			if thread.join().is_err() {
				tracing::error!("the compaction thread panicked");
			}
		}
	}
}
