//! What opening a store found.

use std::path::PathBuf;

/// A tail that was cut on open: what a crash left half written, and what had been written behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
	/// The segment.
	pub path: PathBuf,
	/// Its length now; 0 if the whole file went.
	pub cut_at: u64,
	/// Bytes that were cut off.
	pub lost_bytes: u64,
}

/// Bytes that do not match their checksum and were left as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedRange {
	/// The segment.
	pub path: PathBuf,
	/// Where the damage starts.
	pub offset: u64,
	/// Its length.
	pub len_bytes: u64,
}

/// Segments that should be there and are not: one, or several whose numbers follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingSegments {
	/// The first of them.
	pub first: PathBuf,
	/// The last of them.
	pub last: PathBuf,
	/// How many they are.
	pub count: u32,
}

/// What opening a store found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecoveryReport {
	/// Records read.
	pub records: u64,
	/// Tails that were cut.
	pub torn_tails: Vec<TornTail>,
	/// Damage that was found and left; reads of these records fail.
	pub damaged: Vec<DamagedRange>,
	/// Segments that should be there and are not.
	pub missing_segments: Vec<MissingSegments>,
	/// Files that do not match their checksum and hold nothing that is not elsewhere: they are made anew.
	pub made_anew: Vec<PathBuf>,
}

impl RecoveryReport {
	/// One line for each finding; none if all was well.
	pub fn lines(&self) -> Vec<String> {
		let torn = self.torn_tails.iter().map(|torn| {
			format!(
				"{}: cut a torn tail of {} bytes at offset {}",
				torn.path.display(),
				torn.lost_bytes,
				torn.cut_at
			)
		});
		let damaged = self.damaged.iter().map(|range| {
			format!(
				"{}: {} bytes at offset {} are damaged; restore them from another copy",
				range.path.display(),
				range.len_bytes,
				range.offset
			)
		});
		let missing = self.missing_segments.iter().map(|missing| {
			let MissingSegments { first, last, count } = missing;
			match count {
				1 => format!("{} is missing; restore it from another copy", first.display()),
				_ => format!(
					"{count} segments from {} to {} are missing; restore them from another copy",
					first.display(),
					last.display()
				),
			}
		});
		let made_anew = self.made_anew.iter().map(|path| {
			format!("{} was damaged and is made anew; nothing is lost", path.display())
		});
		torn.chain(damaged).chain(missing).chain(made_anew).collect()
	}

	pub(crate) fn merge(&mut self, other: Self) {
		self.records += other.records;
		self.torn_tails.extend(other.torn_tails);
		self.damaged.extend(other.damaged);
		self.missing_segments.extend(other.missing_segments);
		self.made_anew.extend(other.made_anew);
	}
}
