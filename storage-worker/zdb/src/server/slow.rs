//! The slow log: commands that took long, newest first.

use crate::{server::Args, sys};
use parking_lot::Mutex;
use std::{
	collections::VecDeque,
	time::{Duration, SystemTime, UNIX_EPOCH},
};

/// What is slow. The clock that is used ticks every few milliseconds, and costs next to nothing.
pub(crate) const SLOW: Duration = Duration::from_millis(20);
/// How many are kept.
pub(crate) const SLOW_KEPT: usize = 128;
/// Arguments of an entry, and bytes of each.
const ARGUMENTS_SHOWN: usize = 4;
const BYTES_SHOWN: usize = 64;

/// A slow command.
#[derive(Clone, Debug)]
pub(crate) struct SlowCommand {
	pub(crate) number: u64,
	/// Unix seconds.
	pub(crate) time: u64,
	pub(crate) took: Duration,
	pub(crate) arguments: Vec<Vec<u8>>,
	pub(crate) client: u64,
}

/// The log.
#[derive(Debug, Default)]
pub(crate) struct SlowLog {
	entries: Mutex<(u64, VecDeque<SlowCommand>)>,
}

/// When a command began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Began(Duration);

impl SlowLog {
	pub(crate) fn begin() -> Began {
		Began(sys::coarse_clock())
	}

	/// Notes the command if it was slow. AUTH, SELECT and HELLO show no arguments.
	pub(crate) fn end(&self, began: Began, client: u64, args: Args<'_>) {
		let took = sys::coarse_clock().saturating_sub(began.0);
		if took < SLOW {
			return;
		}
		let name = args.get(0).unwrap_or_default();
		let is_secret = [b"AUTH".as_slice(), b"SELECT", b"HELLO", b"NSSET"]
			.iter()
			.any(|secret| secret.eq_ignore_ascii_case(name));
		let shown = if is_secret { 1 } else { ARGUMENTS_SHOWN };
		let cut = |argument: &[u8]| argument.get(..BYTES_SHOWN).unwrap_or(argument).to_vec();
		let arguments = (0..args.len().min(shown)).filter_map(|at| args.get(at)).map(cut).collect();
		let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
		let mut entries = self.entries.lock();
		let (number, list) = &mut *entries;
		list.push_front(SlowCommand { number: *number, time, took, arguments, client });
		*number += 1;
		list.truncate(SLOW_KEPT);
	}

	/// The newest of them.
	pub(crate) fn list(&self, count: usize) -> Vec<SlowCommand> {
		self.entries.lock().1.iter().take(count).cloned().collect()
	}

	pub(crate) fn len(&self) -> usize {
		self.entries.lock().1.len()
	}

	pub(crate) fn reset(&self) {
		self.entries.lock().1.clear();
	}
}
