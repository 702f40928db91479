//! The arguments of a command, as slices of the read buffer.

/// A command's name and arguments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Args<'a> {
	frame: &'a [u8],
	ranges: &'a [(usize, usize)],
}

impl<'a> Args<'a> {
	/// The arguments that lie in `frame` at `ranges` (start, end).
	pub(crate) fn new(frame: &'a [u8], ranges: &'a [(usize, usize)]) -> Self {
		Self { frame, ranges }
	}

	/// How many there are, the name included.
	pub(crate) fn len(&self) -> usize {
		self.ranges.len()
	}

	/// The argument at `position`; 0 is the name.
	pub(crate) fn get(&self, position: usize) -> Option<&'a [u8]> {
		let (start, end) = *self.ranges.get(position)?;
		self.frame.get(start..end)
	}

	/// The arguments behind the name.
	pub(crate) fn rest(&self) -> impl Iterator<Item = &'a [u8]> + 'a {
		let Self { frame, ranges } = *self;
		ranges.iter().skip(1).map(move |(start, end)| frame.get(*start..*end).unwrap_or_default())
	}

	/// The arguments before the last one, and the last one.
	pub(crate) fn split_last(&self) -> Option<(Self, &'a [u8])> {
		let last = self.get(self.len().checked_sub(1)?)?;
		let (_, ranges) = self.ranges.split_last()?;
		Some((Self { ranges, ..*self }, last))
	}

	/// The argument as text.
	pub(crate) fn text(&self, position: usize) -> Option<&'a str> {
		std::str::from_utf8(self.get(position)?).ok()
	}

	/// Exactly `count` arguments, the name included, and none empty: 0-db's check and its texts.
	pub(crate) fn exact(&self, count: usize) -> Result<(), &'static str> {
		if self.len() != count {
			return Err("Unexpected arguments");
		}
		if self.ranges.iter().any(|(start, end)| start == end) {
			return Err("Invalid argument");
		}
		Ok(())
	}
}
