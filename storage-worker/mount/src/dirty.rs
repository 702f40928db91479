//! What of a file was changed since it was synced.

use crate::sync_log::RECORD_BLOCKS_MAX;

/// Changes that may not be durable.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
	/// Blocks that were written, without repetition, as long as they are few.
	blocks: Vec<u64>,
	/// The file became longer.
	grown: bool,
	/// More changed than a record of the log says.
	whole: bool,
}

/// What a sync has to make durable.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Changed {
	Nothing,
	/// These blocks, and the length.
	Blocks(Vec<u64>),
	/// The file as it is.
	Whole,
}

impl Dirty {
	/// Of a file of which nothing is known.
	pub(crate) fn unknown() -> Self {
		Self { whole: true, ..Self::default() }
	}

	/// Blocks were written.
	pub(crate) fn wrote(&mut self, first: u64, last: u64) {
		for block in first..=last {
			if self.whole || self.blocks.contains(&block) {
				continue;
			}
			if self.blocks.len() == RECORD_BLOCKS_MAX {
				return *self = Self::unknown();
			}
			self.blocks.push(block);
		}
	}

	/// The length is another one. What was cut may be there again in zeros, which no record says.
	pub(crate) fn resized(&mut self, from: u64, to: u64) {
		self.grown |= to > from;
		if to < from {
			*self = Self::unknown();
		}
	}

	/// Something else was done to it.
	pub(crate) fn changed(&mut self) {
		*self = Self::unknown();
	}

	/// What was changed so far; from here on nothing is.
	pub(crate) fn take(&mut self) -> Changed {
		let Self { mut blocks, grown, whole } = std::mem::take(self);
		if whole {
			return Changed::Whole;
		}
		if blocks.is_empty() && !grown {
			return Changed::Nothing;
		}
		blocks.sort_unstable();
		Changed::Blocks(blocks)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn few_blocks_are_remembered_and_many_are_the_whole_file() {
		let mut dirty = Dirty::default();
		assert_eq!(dirty.take(), Changed::Nothing);
		dirty.wrote(9, 10);
		dirty.wrote(3, 3);
		dirty.wrote(10, 10);
		assert_eq!(dirty.take(), Changed::Blocks(vec![3, 9, 10]));
		assert_eq!(dirty.take(), Changed::Nothing);
		dirty.resized(5, 6);
		assert_eq!(dirty.take(), Changed::Blocks(Vec::new()));
		dirty.wrote(0, RECORD_BLOCKS_MAX as u64);
		assert_eq!(dirty.take(), Changed::Whole);
		dirty.wrote(1, 1);
		dirty.resized(6, 5);
		dirty.wrote(2, 2);
		assert_eq!(dirty.take(), Changed::Whole);
	}
}
