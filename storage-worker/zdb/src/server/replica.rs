//! What a replica knows of how far it is behind, and whether it still follows.

use parking_lot::Mutex;
use std::{
	collections::BTreeMap,
	fmt::Write,
	sync::atomic::{AtomicBool, Ordering::Relaxed},
	time::{Duration, Instant},
};

/// The state of a replica, shared by the server and by whoever copies.
#[derive(Debug)]
pub struct Replica {
	primary: String,
	promoted: AtomicBool,
	state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
	/// Records that are still to come, of each namespace.
	behind: BTreeMap<String, u64>,
	heard: Option<Instant>,
	failure: Option<String>,
	restarts: u64,
}

/// How a replica stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicaStatus {
	/// Records that are still to come, of all namespaces.
	pub behind: u64,
	/// Time since the primary answered last.
	pub silent: Option<Duration>,
	/// Whether it was promoted and does not follow any more.
	pub promoted: bool,
	/// Whether the primary cannot be followed at present.
	pub failing: bool,
}

impl ReplicaStatus {
	/// Whether the primary has answered, and has done so when it was asked last.
	pub fn is_connected(&self) -> bool {
		self.silent.is_some() && !self.failing
	}
}

impl Replica {
	/// A replica of the server at this address.
	pub fn new(primary: impl Into<String>) -> Self {
		Self { primary: primary.into(), promoted: AtomicBool::new(false), state: Mutex::default() }
	}

	/// Host and port of the primary.
	pub(crate) fn primary(&self) -> (&str, u16) {
		let parts = self.primary.rsplit_once(':');
		let parts = parts.and_then(|(host, port)| Some((host, port.parse().ok()?)));
		parts.unwrap_or((&self.primary, 0))
	}

	/// Whether it follows no primary any more.
	pub fn is_promoted(&self) -> bool {
		self.promoted.load(Relaxed)
	}

	/// Ends the following: from now on clients may write.
	pub fn promote(&self) {
		self.promoted.store(true, Relaxed);
	}

	/// Notes how far a namespace is behind.
	pub fn note_behind(&self, namespace: &str, records: u64) {
		let mut state = self.state.lock();
		state.behind.insert(namespace.to_owned(), records);
		state.heard = Some(Instant::now());
		state.failure = None;
	}

	/// Notes that a namespace is gone from the primary.
	pub fn note_removed(&self, namespace: &str) {
		self.state.lock().behind.remove(namespace);
	}

	/// Notes that a namespace had to be copied anew.
	pub fn note_restart(&self) {
		self.state.lock().restarts += 1;
	}

	/// Notes why the primary cannot be followed at present.
	pub fn note_failure(&self, failure: String) {
		self.state.lock().failure = Some(failure);
	}

	/// How it stands.
	pub fn status(&self) -> ReplicaStatus {
		let state = self.state.lock();
		ReplicaStatus {
			behind: state.behind.values().sum(),
			silent: state.heard.map(|heard| heard.elapsed()),
			promoted: self.is_promoted(),
			failing: state.failure.is_some(),
		}
	}

	/// How it stands, line by line.
	pub(crate) fn describe(&self) -> String {
		let status = self.status();
		let state = self.state.lock();
		let silent = status
			.silent
			.map_or(-1, |silent| i64::try_from(silent.as_millis()).unwrap_or(i64::MAX));
		let mut text = format!(
			"primary:{}\r\nfollowing:{}\r\nbehind_records:{}\r\nsilent_ms:{silent}\r\nrestarts:{}\r\nfailure:{}\r\n",
			self.primary,
			u8::from(!status.promoted),
			status.behind,
			state.restarts,
			state.failure.as_deref().unwrap_or_default(),
		);
		for (namespace, behind) in &state.behind {
			// Writing into a string cannot fail.
			let _ = write!(text, "namespace_{namespace}:{behind}\r\n");
		}
		text
	}
}
