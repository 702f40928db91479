//! Commands that were parsed together and are executed one after the other.

use crate::server::{
	frame::{FrameError, Parser, Progress},
	inline::InlineLine,
	Args,
};

/// Commands of one client that are parsed before the first of them is executed, so that what they will look at can be fetched while
/// others are executed.
pub(crate) const BATCH_COMMANDS: usize = 16;

/// Why a batch has no more commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum BatchEnd {
	/// There may be more behind it.
	#[default]
	Full,
	/// The next command is there when so many bytes behind the batch are.
	NeedsMore(usize),
	/// What comes next is no command.
	Wrong(FrameError),
}

#[derive(Debug)]
struct Command {
	/// Where its first byte is and where the next command's would be.
	start: usize,
	end: usize,
	/// Where its arguments' places end; they begin where those of the command before end.
	ranges_end: usize,
}

/// Commands of one client, in order. Positions count from the first one's first byte.
#[derive(Debug, Default)]
pub(crate) struct Batch {
	commands: Vec<Command>,
	/// Places of arguments, counted from their command's first byte.
	ranges: Vec<(usize, usize)>,
	/// The words of the only command, if that is a line.
	line: Option<InlineLine>,
	end: BatchEnd,
}

impl Batch {
	/// Takes the commands that `bytes` begins with in place of those that were there.
	pub(crate) fn fill(&mut self, parser: &mut Parser, bytes: &[u8]) {
		self.clear();
		let mut start = 0;
		while self.commands.len() < BATCH_COMMANDS {
			match parser.parse(bytes.get(start..).unwrap_or_default()) {
				Ok(Progress::Complete(len)) => {
					// A line's words are not in the buffer as they are meant; it comes alone.
					let is_line = parser.line().is_some();
					if is_line && start > 0 {
						parser.reset();
						return;
					}
					self.line = parser.take_line();
					self.ranges.extend_from_slice(parser.ranges());
					parser.reset();
					let ranges_end = self.ranges.len();
					self.commands.push(Command { start, end: start + len, ranges_end });
					start += len;
					if is_line {
						return;
					}
				},
				Ok(Progress::Incomplete(needed)) => {
					self.end = BatchEnd::NeedsMore(needed);
					return;
				},
				Err(error) => {
					self.end = BatchEnd::Wrong(error);
					return;
				},
			}
		}
	}

	pub(crate) fn clear(&mut self) {
		self.commands.clear();
		self.ranges.clear();
		self.line = None;
		self.end = BatchEnd::Full;
	}

	pub(crate) fn len(&self) -> usize {
		self.commands.len()
	}

	pub(crate) fn end(&self) -> BatchEnd {
		self.end
	}

	/// The bytes of all commands.
	pub(crate) fn bytes(&self) -> usize {
		self.commands.last().map_or(0, |command| command.end)
	}

	/// The arguments of a command, and where the next one's first byte is. The batch was filled from what `bytes` begins with.
	pub(crate) fn command<'b>(
		&'b self,
		number: usize,
		bytes: &'b [u8],
	) -> Option<(Args<'b>, usize)> {
		let command = self.commands.get(number)?;
		if let Some(line) = &self.line {
			return Some((line.args(), command.end));
		}
		let before = number.checked_sub(1).and_then(|before| self.commands.get(before));
		let first = before.map_or(0, |before| before.ranges_end);
		let ranges = self.ranges.get(first..command.ranges_end)?;
		Some((Args::new(bytes.get(command.start..)?, ranges), command.end))
	}

	/// The second word of each command, which is a key where speed counts.
	pub(crate) fn keys<'b>(&'b self, bytes: &'b [u8]) -> impl Iterator<Item = &'b [u8]> {
		let commands = (0..self.len()).filter_map(|number| self.command(number, bytes));
		commands.filter_map(|(args, _)| args.get(1))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::limits::VALUE_MAX_BYTES;

	fn words(batch: &Batch, bytes: &[u8]) -> Vec<Vec<String>> {
		let command = |number| {
			let (args, _) = batch.command(number, bytes).unwrap();
			let word = |at| String::from_utf8(args.get(at).unwrap().to_vec()).unwrap();
			(0..args.len()).map(word).collect()
		};
		(0..batch.len()).map(command).collect()
	}

	#[test]
	fn commands_come_in_batches_up_to_what_ends_them() {
		let set = b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$2\r\nbc\r\n";
		let bytes =
			[&set.repeat(BATCH_COMMANDS + 2)[..], b"PING x\r\n", set, b"*1\r\n$4\r\nPI"].concat();
		let (mut parser, mut batch) = (Parser::new(VALUE_MAX_BYTES), Batch::default());
		let (mut at, mut seen) = (0, Vec::new());
		loop {
			let rest = &bytes[at..];
			batch.fill(&mut parser, rest);
			seen.push((batch.len(), batch.end()));
			let first = words(&batch, rest).into_iter().next();
			match first.as_ref().map(|words| words.len()) {
				Some(3) => {
					assert_eq!(words(&batch, rest), vec![vec!["SET", "a", "bc"]; batch.len()]);
					assert!(batch.keys(rest).all(|key| key == b"a"));
				},
				Some(_) => assert_eq!(first.unwrap(), ["PING", "x"]),
				None => {},
			}
			at += batch.bytes();
			if batch.end() != BatchEnd::Full {
				break;
			}
		}
		let full = BatchEnd::Full;
		let end = BatchEnd::NeedsMore(14);
		assert_eq!(seen, [(BATCH_COMMANDS, full), (2, full), (1, full), (1, end)]);
		assert_eq!(&bytes[at..], b"*1\r\n$4\r\nPI");
		// What was parsed of the last one is not parsed again.
		let rest = [&bytes[at..], b"NG\r\n*x"].concat();
		batch.fill(&mut parser, &rest);
		assert_eq!(words(&batch, &rest), [["PING"]]);
		assert_eq!(batch.end(), BatchEnd::Wrong(FrameError::NoNumber));
	}
}
