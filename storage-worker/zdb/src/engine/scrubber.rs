//! The thread that reads everything on the disk again and again, slowly.
//!
//! A pass goes through the namespaces by name and through the segments of each by number. Where it is stands in a file, so that a pass of days survives
//! restarts: `scrubbed` in the store's directory, `GRZDBSP1`, when the pass began and when the last whole one ended (Unix milliseconds, u64 each, 0 for never),
//! the next segment u32, its namespace's name (empty if no pass is under way), CRC-32C of all before, little endian. A file that cannot be read begins a pass.

use crate::{
	engine::{
		background_thread::{BackgroundThread, Signal},
		generation::{checked, with_checksum},
		namespace::Namespace,
		report::DamagedRange,
		scrub::ScrubReport,
		store::Namespaces,
	},
	ZdbError,
};
use granary_disk::Disk;
use parking_lot::Mutex;
use std::{
	io,
	ops::Bound,
	path::PathBuf,
	sync::Arc,
	time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

const FILE_NAME: &str = "scrubbed";
const MAGIC: &[u8; 8] = b"GRZDBSP1";
/// A store that was just opened has more urgent things to do: so long a pass waits, or an eighth of its interval if that is less.
const FIRST_DELAY: Duration = Duration::from_secs(3600);
const RESUME_DELAY: Duration = Duration::from_secs(60);
/// How often it looks for something to do.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
const LOOK_INTERVAL_MIN: Duration = Duration::from_millis(10);
/// No pass is slower than this, so that a small store is not read for days.
const BYTES_PER_SECOND_MIN: u64 = 1 << 20;
/// The share of its interval that a pass plans to take; the rest is for times in which it was stopped.
const PLANNED_SHARE: f64 = 0.8;
/// Damaged stretches that the status lists; all of them are counted, logged and told.
const LISTED_MAX: usize = 64;

/// How the background thread scrubs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScrubOptions {
	/// Whether it does.
	pub enabled: bool,
	/// In which time it reads everything once.
	pub interval: Duration,
	/// Bytes that it reads in a second, at most, even if that is not enough.
	pub bytes_per_second: u64,
}

impl Default for ScrubOptions {
	fn default() -> Self {
		let interval = Duration::from_secs(7 * 86_400);
		Self { enabled: true, interval, bytes_per_second: 64 << 20 }
	}
}

/// What the background scrub has done and found since the store was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScrubStatus {
	/// Whether a pass is under way.
	pub is_running: bool,
	/// When the last whole pass ended, Unix milliseconds; 0 if there was none. Of former processes as well.
	pub last_pass_ended: u64,
	/// Records that are as they were written.
	pub records: u64,
	/// Bytes that were read.
	pub bytes: u64,
	/// Stretches that do not match their checksum.
	pub damaged: u64,
	/// The first of them.
	pub listed: Vec<DamagedRange>,
	/// Why it could not go on, the last time it tried.
	pub failure: Option<String>,
}

/// Where a pass is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Pass {
	began: u64,
	last_ended: u64,
	next: Option<(String, u32)>,
}

impl Pass {
	fn encode(&self) -> Vec<u8> {
		let (name, segment) = self.next.as_ref().map_or(("", 0), |(name, next)| (name, *next));
		let numbers = [self.began.to_le_bytes(), self.last_ended.to_le_bytes()].concat();
		with_checksum([MAGIC, &*numbers, &segment.to_le_bytes(), name.as_bytes()].concat())
	}

	fn decode(bytes: &[u8]) -> Option<Self> {
		let (began, rest) = checked(bytes, MAGIC)?.split_first_chunk::<8>()?;
		let (last_ended, rest) = rest.split_first_chunk::<8>()?;
		let (segment, name) = rest.split_first_chunk::<4>()?;
		let name = std::str::from_utf8(name).ok()?.to_owned();
		Some(Self {
			began: u64::from_le_bytes(*began),
			last_ended: u64::from_le_bytes(*last_ended),
			next: Some((name, u32::from_le_bytes(*segment))).filter(|(name, _)| !name.is_empty()),
		})
	}
}

fn now_ms() -> u64 {
	let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
	u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// What the thread shares with the store.
#[derive(Debug)]
pub(crate) struct Scrubbing {
	options: ScrubOptions,
	disk: Disk,
	dir: PathBuf,
	/// How the thread is told things.
	pub(crate) signal: Arc<Signal>,
	status: Mutex<ScrubStatus>,
}

impl Scrubbing {
	/// What it did and found since the store was opened.
	pub(crate) fn status(&self) -> ScrubStatus {
		self.status.lock().clone()
	}

	fn load(&self) -> Pass {
		let path = self.dir.join(FILE_NAME);
		match self.disk.read(&path) {
			Ok(bytes) => Pass::decode(&bytes).unwrap_or_else(|| {
				tracing::warn!(path = %path.display(), "damaged; the scrub begins again");
				Pass::default()
			}),
			Err(error) if error.kind() == io::ErrorKind::NotFound => Pass::default(),
			Err(error) => {
				tracing::warn!(path = %path.display(), %error, "the scrub begins again");
				Pass::default()
			},
		}
	}

	fn store(&self, pass: &Pass) -> Result<(), ZdbError> {
		// Whoever loses it reads some segments twice: that is no reason to make everybody wait for the disk.
		let replaced = self.disk.replace_unsynced(&self.dir, FILE_NAME, &pass.encode());
		replaced.map_err(|error| ZdbError::file("write", &self.dir.join(FILE_NAME), error))
	}

	/// Waits and passes, until the store is closed.
	fn run(&self, namespaces: &Namespaces) {
		let opened = Instant::now();
		let first = self.options.interval / 8;
		self.signal.sleep(first.min(RESUME_DELAY));
		if self.signal.has_ended() {
			return;
		}
		let mut pass = self.load();
		self.status.lock().last_pass_ended = pass.last_ended;
		while !self.signal.has_ended() {
			let interval = u64::try_from(self.options.interval.as_millis()).unwrap_or(u64::MAX);
			let since = now_ms().checked_sub(pass.began);
			let is_due = match (&pass.next, pass.began) {
				(Some(_), _) => true,
				(None, 0) => opened.elapsed() >= first.min(FIRST_DELAY),
				// A clock that was set back says nothing.
				(None, _) => since.is_none_or(|since| since >= interval),
			};
			if is_due && self.signal.goes_on() {
				self.status.lock().is_running = true;
				let outcome = self.go(&mut pass, namespaces);
				let mut status = self.status.lock();
				(status.is_running, status.last_pass_ended) = (false, pass.last_ended);
				if let Err(error) = &outcome {
					tracing::warn!(%error, "the scrub cannot go on");
				}
				status.failure = outcome.err().map(|error| error.to_string());
			}
			self.signal.sleep(LOOK_INTERVAL.min(first).max(LOOK_INTERVAL_MIN));
		}
	}

	/// A pass, from where it is to its end or until it is stopped.
	fn go(&self, pass: &mut Pass, namespaces: &Namespaces) -> Result<(), ZdbError> {
		if pass.next.is_none() {
			pass.began = now_ms();
		}
		let total: u64 = namespaces.read().values().map(|open| open.log().disk_bytes()).sum();
		let planned = (self.options.interval.as_secs_f64() * PLANNED_SHARE).max(0.001);
		let needed = (total as f64 / planned) as u64;
		let rate = needed.max(BYTES_PER_SECOND_MIN).min(self.options.bytes_per_second.max(1));
		let mut pace = self.signal.pace(rate, Signal::goes_on);
		loop {
			let (name, segment) = pass.next.clone().unwrap_or_default();
			let open = namespaces.read();
			let found =
				open.range::<str, _>((Bound::Included(name.as_str()), Bound::Unbounded)).next();
			let found = found.map(|(found, namespace)| (found.clone(), namespace.clone()));
			drop(open);
			let Some((found, namespace)) = found else { break };
			let first = if found == name { segment } else { 0 };
			pass.next = Some((found.clone(), first));
			if !self.scrub(pass, &namespace, first, &mut pace)? {
				return self.store(pass);
			}
			// The name that comes next after this one.
			pass.next = Some((found + "\0", 0));
		}
		(pass.next, pass.last_ended) = (None, now_ms());
		self.store(pass)
	}

	/// Scrubs a namespace from a segment on; `false` if it was stopped.
	fn scrub(
		&self,
		pass: &mut Pass,
		namespace: &Namespace,
		first: u32,
		pace: &mut dyn FnMut(u64) -> bool,
	) -> Result<bool, ZdbError> {
		let mut report = ScrubReport::default();
		let log = namespace.log();
		let mut next = log.segment(first).or_else(|| log.segment_after(first));
		while let Some(segment) = next {
			let before = report.clone();
			let goes_on = match namespace.scrub_segment(&segment, &mut report, pace) {
				// Its files are gone or somebody else's.
				Err(_) if namespace.is_removed() => return Ok(true),
				scrubbed => scrubbed?,
			};
			self.note(namespace, &before, &report);
			if !goes_on {
				return Ok(false);
			}
			next = log.segment_after(segment.number);
			let number = next.as_ref().map_or(u32::MAX, |next| next.number);
			pass.next = Some((namespace.name().to_owned(), number));
			self.store(pass)?;
		}
		if namespace.is_removed() {
			return Ok(true);
		}
		let before = report.clone();
		let is_whole = first == 0;
		let ended = match is_whole || !report.damaged.is_empty() || namespace.audit.is_some() {
			true => namespace.end_scrub(&mut report, pace)?,
			// What an earlier process found in the segments before stands in its log, and is found again by the next pass.
			false => true,
		};
		self.note(namespace, &before, &report);
		Ok(ended)
	}

	/// Counts and tells what was done between two reports.
	fn note(&self, namespace: &Namespace, before: &ScrubReport, after: &ScrubReport) {
		let mut status = self.status.lock();
		status.records += after.records - before.records;
		status.bytes += after.bytes - before.bytes;
		for range in after.damaged.iter().skip(before.damaged.len()) {
			let (path, offset, bytes) = (range.path.display(), range.offset, range.len_bytes);
			let name = namespace.name();
			tracing::error!(namespace = name, %path, offset, bytes, "the scrub found damage");
			namespace.environment.found_damage(name, range);
			status.damaged += 1;
			if status.listed.len() < LISTED_MAX {
				status.listed.push(range.clone());
			}
		}
	}
}

/// The thread; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Scrubber {
	pub(crate) scrubbing: Arc<Scrubbing>,
	_thread: BackgroundThread,
}

impl Scrubber {
	/// Starts the thread over the namespaces of the store in `dir`.
	pub(crate) fn start(
		options: ScrubOptions,
		disk: &Disk,
		dir: PathBuf,
		namespaces: Arc<Namespaces>,
	) -> io::Result<Self> {
		let scrubbing = Arc::new(Scrubbing {
			options,
			disk: disk.clone(),
			dir,
			signal: Signal::new(options.enabled),
			status: Mutex::default(),
		});
		let theirs = scrubbing.clone();
		let work = move || theirs.run(&namespaces);
		let thread = BackgroundThread::start("zdb-scrub", scrubbing.signal.clone(), work)?;
		Ok(Self { scrubbing, _thread: thread })
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn where_a_pass_is_is_read_as_written_and_no_flipped_bit_is_believed() {
		let pass = Pass { began: 1 << 40, last_ended: 77, next: Some(("data".into(), 9)) };
		let bytes = pass.encode();
		assert_eq!(Pass::decode(&bytes), Some(pass));
		assert_eq!(Pass::decode(&Pass::default().encode()), Some(Pass::default()));
		for bit in 0..bytes.len() * 8 {
			let mut flipped = bytes.clone();
			flipped[bit / 8] ^= 1 << (bit % 8);
			assert_eq!(Pass::decode(&flipped), None, "bit {bit}");
		}
	}
}
