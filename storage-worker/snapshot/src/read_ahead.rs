//! How far ahead of a reader chunks are fetched: not at all for one that reads here and there, the further the longer it goes on.

use parking_lot::Mutex;
use std::{collections::HashMap, ops::Range};

/// The most that is fetched ahead.
const AHEAD_BYTES_MAX: u64 = 8 << 20;

/// Where the reader of a file is.
#[derive(Debug, Clone, Copy)]
struct Position {
	/// Where its last read ended.
	end: u64,
	/// Bytes that it has read in one go.
	run: u64,
	/// How far ahead of it is fetched.
	ahead: u64,
	/// Up to where that was asked for.
	asked: u64,
}

/// The readers of a snapshot's files.
#[derive(Debug, Default)]
pub(crate) struct Positions(Mutex<HashMap<usize, Position>>);

impl Positions {
	/// Notes a read of this range and answers what should be fetched ahead of it, in bytes of the file.
	///
	/// Requests of one reader may overtake each other, so one that begins within its own length of where the last one ended, or was overtaken by that one,
	/// counts as going on.
	pub(crate) fn note(&self, file: usize, read: Range<u64>, chunk_bytes: u64) -> Range<u64> {
		let len = read.end - read.start;
		let none = read.end..read.end;
		let anew = Position { end: read.end, run: len, ahead: 0, asked: read.end };
		let mut positions = self.0.lock();
		let Some(position) = positions.get_mut(&file) else {
			positions.insert(file, anew);
			return none;
		};
		let is_near = read.start <= position.end + len && position.end <= read.end + len;
		if !is_near {
			*position = anew;
			return none;
		}
		if read.end <= position.end {
			return none;
		}
		position.run += read.end - position.end;
		position.end = read.end;
		let ahead = (position.ahead * 2).max(len).max(chunk_bytes);
		position.ahead = ahead.min(position.run * 2).min(AHEAD_BYTES_MAX);
		let asked = position.asked.max(read.end);
		// In large pieces: nothing is asked for as long as half of it is still to come.
		if asked >= read.end + position.ahead / 2 {
			return none;
		}
		position.asked = read.end + position.ahead;
		asked..position.asked
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const CHUNK: u64 = 4096;

	fn fetched(positions: &Positions, from: u64, chunks: u64) -> u64 {
		let ahead = positions.note(1, from * CHUNK..(from + chunks) * CHUNK, CHUNK);
		(ahead.end - ahead.start) / CHUNK
	}

	#[test]
	fn whoever_goes_on_is_run_ahead_of_and_whoever_jumps_is_not() {
		let positions = Positions::default();
		for from in [0, 50, 10, 90, 12, 12, 12] {
			assert_eq!(fetched(&positions, from, 1), 0, "{from}");
		}
		// One chunk ahead of 14, two of 15, four of 16: what was asked for is not asked for again.
		let ahead: Vec<u64> = (13..=16).map(|from| fetched(&positions, from, 1)).collect();
		assert_eq!(ahead, [1, 2, 3, 5]);
		assert_eq!(fetched(&positions, 500, 1), 0);
	}

	#[test]
	fn large_requests_may_overtake_each_other() {
		let positions = Positions::default();
		assert_eq!(fetched(&positions, 0, 256), 0);
		assert_eq!(fetched(&positions, 512, 256), 256);
		assert_eq!(fetched(&positions, 256, 256), 0, "it was overtaken");
		assert_eq!(fetched(&positions, 768, 256), 512);
		let ahead: Vec<u64> = (4..12).map(|at| fetched(&positions, at * 256, 256)).collect();
		assert!(ahead.contains(&0), "asked for in large pieces: {ahead:?}");
		let (read, asked) = (12 * 256, 256 + 512 + ahead.iter().sum::<u64>() + 768);
		assert!(asked > read && asked <= read + AHEAD_BYTES_MAX / CHUNK, "{asked}");
	}
}
