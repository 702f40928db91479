//! The thread that compacts in the background.

use crate::{
	engine::{
		background_thread::{BackgroundThread, Signal},
		compact::Compacted,
		store::Namespaces,
	},
	ZdbError,
};
use parking_lot::Mutex;
use std::{
	io,
	sync::{
		atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
		Arc,
	},
	time::Duration,
};

/// How often it looks for something to do.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
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
	/// How the thread is told things.
	pub(crate) signal: Arc<Signal>,
	moves: AtomicBool,
	segments: AtomicU64,
	moved_bytes: AtomicU64,
	freed_bytes: AtomicU64,
	failed: Mutex<Option<String>>,
}

impl Compaction {
	/// Lets it append live records again.
	pub(crate) fn set_moves(&self) {
		self.moves.store(true, Relaxed);
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
	_thread: BackgroundThread,
}

impl Compactor {
	/// Starts the thread over the namespaces of a store.
	pub(crate) fn start(
		options: CompactionOptions,
		namespaces: Arc<Namespaces>,
	) -> io::Result<Self> {
		let compaction = Arc::new(Compaction {
			options,
			signal: Signal::new(options.enabled),
			moves: AtomicBool::new(options.moves),
			segments: AtomicU64::new(0),
			moved_bytes: AtomicU64::new(0),
			freed_bytes: AtomicU64::new(0),
			failed: Mutex::new(None),
		});
		let theirs = compaction.clone();
		let work = move || theirs.run(&namespaces);
		let thread = BackgroundThread::start("zdb-compact", compaction.signal.clone(), work)?;
		Ok(Self { compaction, _thread: thread })
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
	/// Looks for work again and again, until the store is closed.
	fn run(&self, namespaces: &Namespaces) {
		loop {
			self.signal.sleep(LOOK_INTERVAL);
			if self.signal.has_ended() {
				break;
			}
			sync_old(namespaces);
			self.prepare_removals(namespaces);
			if self.signal.goes_on() {
				let outcome = self.round(namespaces);
				*self.failed.lock() = outcome.err().map(|error| error.to_string());
			}
		}
	}

	/// Makes the logs that removals ask for, compaction or not: somebody waits for them.
	fn prepare_removals(&self, namespaces: &Namespaces) {
		let open: Vec<_> = namespaces.read().values().cloned().collect();
		for namespace in open.into_iter().filter(|namespace| namespace.wants_removal()) {
			let rate = self.options.bytes_per_second;
			let mut pace = self.signal.pace(rate, |signal| !signal.has_ended());
			if let Err(error) = namespace.prepare_removal(&mut pace) {
				tracing::warn!(namespace = namespace.name(), %error, "a removal was not prepared");
			}
		}
	}

	/// Compacts what is worth it in every namespace.
	fn round(&self, namespaces: &Namespaces) -> Result<(), ZdbError> {
		let open: Vec<_> = namespaces.read().values().cloned().collect();
		let mut first_failure = Ok(());
		for namespace in open {
			let mut pace = self.signal.pace(self.options.bytes_per_second, Signal::goes_on);
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
