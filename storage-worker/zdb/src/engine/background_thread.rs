//! Threads that work beside requests: how they are woken, stopped, slowed down and ended.

use parking_lot::{Condvar, Mutex};
use std::{
	io,
	sync::{
		atomic::{AtomicBool, Ordering::Relaxed},
		Arc,
	},
	thread::{self, JoinHandle},
	time::{Duration, Instant},
};

/// The shortest sleep that is worth it when more was done than the rate allows.
const NAP: Duration = Duration::from_millis(2);

/// What a thread is told by others.
#[derive(Debug)]
pub(crate) struct Signal {
	enabled: AtomicBool,
	ended: AtomicBool,
	asleep: Mutex<()>,
	changed: Condvar,
}

impl Signal {
	/// One that lets its thread work, or not yet.
	pub(crate) fn new(enabled: bool) -> Arc<Self> {
		Arc::new(Self {
			enabled: AtomicBool::new(enabled),
			ended: AtomicBool::new(false),
			asleep: Mutex::default(),
			changed: Condvar::new(),
		})
	}

	/// Lets the thread work, or stops it where it is.
	pub(crate) fn set_enabled(&self, enabled: bool) {
		self.enabled.store(enabled, Relaxed);
		self.wake();
	}

	/// Whether it may work.
	pub(crate) fn is_enabled(&self) -> bool {
		self.enabled.load(Relaxed)
	}

	/// Whether it has to end.
	pub(crate) fn has_ended(&self) -> bool {
		self.ended.load(Relaxed)
	}

	/// Whether it may go on with what it does.
	pub(crate) fn goes_on(&self) -> bool {
		self.is_enabled() && !self.has_ended()
	}

	/// Ends the thread's sleep.
	pub(crate) fn wake(&self) {
		// Held so that the thread does not fall asleep between looking and being woken.
		let _awake = self.asleep.lock();
		self.changed.notify_all();
	}

	/// Sleeps for so long, unless it is woken or has to end.
	pub(crate) fn sleep(&self, time: Duration) {
		let mut asleep = self.asleep.lock();
		if !self.has_ended() {
			self.changed.wait_for(&mut asleep, time);
		}
	}

	/// To be called with the bytes of each step: sleeps when they are more than so many a second, and answers whether to go on, which is what `goes_on` says.
	pub(crate) fn pace<'p>(
		&'p self,
		bytes_per_second: u64,
		goes_on: impl Fn(&Self) -> bool + 'p,
	) -> impl FnMut(u64) -> bool + 'p {
		let (started, mut bytes) = (Instant::now(), 0u64);
		let rate = bytes_per_second.max(1) as f64;
		move |done| {
			bytes = bytes.saturating_add(done);
			let due = Duration::from_secs_f64(bytes as f64 / rate);
			while goes_on(self) {
				let ahead = due.saturating_sub(started.elapsed());
				if ahead < NAP {
					return true;
				}
				self.sleep(ahead);
			}
			false
		}
	}

	fn end(&self) {
		self.ended.store(true, Relaxed);
		self.wake();
	}
}

/// A thread that is ended and waited for when this is dropped.
#[derive(Debug)]
pub(crate) struct BackgroundThread {
	signal: Arc<Signal>,
	thread: Option<JoinHandle<()>>,
}

impl BackgroundThread {
	/// Starts `work`, which has to return soon after the signal has ended.
	pub(crate) fn start(
		name: &str,
		signal: Arc<Signal>,
		work: impl FnOnce() + Send + 'static,
	) -> io::Result<Self> {
		let thread = thread::Builder::new().name(name.to_owned()).spawn(work)?;
		Ok(Self { signal, thread: Some(thread) })
	}
}

impl Drop for BackgroundThread {
	fn drop(&mut self) {
		self.signal.end();
		let Some(thread) = self.thread.take() else { return };
		let name = thread.thread().name().unwrap_or_default().to_owned();
		if thread.join().is_err() {
			tracing::error!(thread = name, "a background thread panicked");
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::sync::mpsc;

	/// Longer than any of these waits takes.
	const LONG: Duration = Duration::from_secs(60);

	#[test]
	fn a_sleeping_thread_is_woken_stopped_and_ended() {
		let signal = Signal::new(true);
		let (told, heard) = mpsc::channel();
		let theirs = signal.clone();
		let thread = BackgroundThread::start("test", signal.clone(), move || {
			told.send("begun").unwrap();
			while !theirs.has_ended() && theirs.is_enabled() {
				theirs.sleep(LONG);
			}
			told.send("stopped").unwrap();
			// A byte a second: this would take hours.
			let goes_on = theirs.pace(1, |signal| !signal.has_ended())(10_000);
			told.send(if goes_on { "went on" } else { "ended" }).unwrap();
		});
		assert_eq!(heard.recv_timeout(LONG), Ok("begun"));
		signal.set_enabled(false);
		assert_eq!(heard.recv_timeout(LONG), Ok("stopped"));
		drop(thread.unwrap());
		assert_eq!(heard.recv_timeout(LONG), Ok("ended"));
	}

	#[test]
	fn a_rate_is_kept_and_nobody_waits_below_it() {
		let signal = Signal::new(true);
		let started = Instant::now();
		let mut pace = signal.pace(1 << 40, Signal::goes_on);
		assert!((0..1000).all(|_| pace(1 << 10)));
		let mut pace = signal.pace(1 << 20, Signal::goes_on);
		assert!(pace(100 << 10));
		assert!(started.elapsed() > Duration::from_millis(90));
		signal.set_enabled(false);
		assert!(!pace(0));
	}
}
