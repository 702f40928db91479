//! What a client sends: bytes, and the commands that they are.

use super::stream::Stream;
use crate::{
	limits::{READ_CHUNK_BYTES, READ_TURN_BYTES},
	server::{
		batch::{Batch, BatchEnd},
		frame::{FrameError, Parser},
		Args,
	},
};
use std::{io, ops::Range};

/// What reading came to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Received {
	/// Bytes that came.
	pub(super) bytes: usize,
	/// There may be more to read.
	pub(super) more: bool,
	/// The socket had nothing at the end.
	pub(super) drained: bool,
	/// The client sends no more.
	pub(super) ended: bool,
}

/// Why the execution of a batch stopped.
pub(super) enum Stop<H> {
	/// What was executed last wants it.
	Halt(H),
	/// What comes next is no command.
	Wrong(FrameError),
}

/// What a client has sent. Commands are parsed where they were read: in the thread's buffer, or behind what is there of an unfinished one.
pub(super) struct Input {
	parser: Parser,
	/// What was read in former turns and is not executed.
	kept: Vec<u8>,
	/// What was read in this turn lies here in the thread's buffer.
	fresh: Range<usize>,
	/// How much of the one or the other is executed.
	done: usize,
	/// Bytes that must be there before parsing goes on.
	needed: usize,
	batch: Batch,
}

impl Input {
	pub(super) fn new(parser: Parser) -> Self {
		let batch = Batch::default();
		Self { parser, kept: Vec::new(), fresh: 0..0, done: 0, needed: 1, batch }
	}

	/// Bytes that were kept.
	pub(super) fn kept_bytes(&self) -> usize {
		self.kept.len()
	}

	/// Bytes of this turn that lie in the thread's buffer.
	pub(super) fn fresh_bytes(&self) -> usize {
		self.fresh.len()
	}

	/// Whether parsing what is there is worth trying.
	pub(super) fn has_command(&self) -> bool {
		self.kept.len() >= self.needed
	}

	/// Whether a command was begun and the rest of it is not there.
	pub(super) fn is_unfinished(&self) -> bool {
		!self.kept.is_empty() && !self.has_command()
	}

	/// Reads until there is a command, into the thread's buffer from `at` on or behind what was kept.
	pub(super) fn receive(
		&mut self,
		stream: &mut Stream,
		scratch: &mut [u8],
		at: usize,
	) -> io::Result<Received> {
		let mut received = Received { more: true, ..Received::default() };
		while received.more && received.bytes < READ_TURN_BYTES && !self.has_command() {
			let (read, room) = match self.read(stream, scratch, at) {
				Ok((0, _)) => {
					return Ok(Received { more: false, ended: true, ..received });
				},
				Ok(read) => read,
				Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
					(received.more, received.drained) = (false, true);
					break;
				},
				Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
				Err(error) => return Err(error),
			};
			received.bytes += read;
			received.more = read == room || !stream.is_drained_by_short_read();
			if self.kept.is_empty() {
				self.fresh = at..at + read;
				break;
			}
		}
		Ok(received)
	}

	/// Reads once; answers how much came and how much could have.
	fn read(
		&mut self,
		stream: &mut Stream,
		scratch: &mut [u8],
		at: usize,
	) -> io::Result<(usize, usize)> {
		if self.kept.is_empty() {
			let room = scratch.get_mut(at..).unwrap_or_default();
			return Ok((stream.read(room)?, room.len()));
		}
		// Memory grows with what arrived, not with what was announced.
		let have = self.kept.len();
		let room = self.needed.saturating_sub(have).min(have).max(READ_CHUNK_BYTES);
		self.kept.resize(have + room, 0);
		let read = stream.read(self.kept.get_mut(have..).unwrap_or_default());
		self.kept.truncate(have + *read.as_ref().unwrap_or(&0));
		Ok((read?, room))
	}

	/// What is not executed yet.
	fn rest<'a>(&'a self, scratch: &'a [u8]) -> &'a [u8] {
		rest_of(&self.kept, &self.fresh, self.done, scratch)
	}

	/// Parses the next batch; answers how many commands it has.
	pub(super) fn parse(&mut self, scratch: &[u8]) -> usize {
		let rest = rest_of(&self.kept, &self.fresh, self.done, scratch);
		if rest.len() < self.needed {
			self.batch.clear();
			return 0;
		}
		self.batch.fill(&mut self.parser, rest);
		self.needed = match self.batch.end() {
			BatchEnd::NeedsMore(needed) => needed,
			BatchEnd::Full | BatchEnd::Wrong(_) => 1,
		};
		self.batch.len()
	}

	/// Keys of the batch that was parsed.
	pub(super) fn keys<'a>(&'a self, scratch: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
		self.batch.keys(self.rest(scratch))
	}

	/// Executes the batch that was parsed, up to where `execute` wants to halt; whether there may be another one.
	pub(super) fn run<H>(
		&mut self,
		scratch: &[u8],
		mut execute: impl FnMut(Args<'_>) -> Option<H>,
	) -> Result<bool, Stop<H>> {
		let rest = rest_of(&self.kept, &self.fresh, self.done, scratch);
		for number in 0..self.batch.len() {
			let Some((args, end)) = self.batch.command(number, rest) else { break };
			if let Some(halt) = execute(args) {
				self.done += end;
				// What was parsed behind it is parsed again.
				self.batch.clear();
				self.parser.reset();
				self.needed = 1;
				return Err(Stop::Halt(halt));
			}
		}
		self.done += self.batch.bytes();
		match self.batch.end() {
			BatchEnd::Full => Ok(self.batch.len() > 0),
			BatchEnd::NeedsMore(_) => Ok(false),
			BatchEnd::Wrong(error) => Err(Stop::Wrong(error)),
		}
	}

	/// Ends the turn: what is not executed is kept. Whether anything was.
	pub(super) fn settle(&mut self, scratch: &[u8]) -> bool {
		let (done, fresh) = (std::mem::take(&mut self.done), std::mem::take(&mut self.fresh));
		self.batch.clear();
		if fresh.is_empty() {
			self.kept.drain(..done);
			if self.kept.capacity() > 4 * READ_CHUNK_BYTES && self.kept.len() < READ_CHUNK_BYTES {
				self.kept.shrink_to(READ_CHUNK_BYTES);
			}
		} else {
			let bytes = scratch.get(fresh).unwrap_or_default();
			self.kept.extend_from_slice(bytes.get(done..).unwrap_or_default());
		}
		done > 0
	}
}

fn rest_of<'a>(kept: &'a [u8], fresh: &Range<usize>, done: usize, scratch: &'a [u8]) -> &'a [u8] {
	let bytes =
		if fresh.is_empty() { kept } else { scratch.get(fresh.clone()).unwrap_or_default() };
	bytes.get(done..).unwrap_or_default()
}
