//! One client: its bytes in, its commands, its replies out.

use super::{
	errand::{Errand, Return, Work},
	post::Address,
	stream::Stream,
};
use crate::{
	command,
	limits::{OUTPUT_FLUSH_BYTES, OUTPUT_KEEP_BYTES, READ_CHUNK_BYTES, READ_TURN_BYTES},
	server::{
		frame::{Parser, Progress},
		Flow, Output, Session,
	},
};
use std::{
	io,
	sync::atomic::Ordering::Relaxed,
	time::{Duration, Instant},
};

/// What a slow client must at least send of a command that it began.
const FRAME_BYTES_PER_SECOND: u64 = 64 << 10;

/// Why the execution of what is there stopped.
enum Halt {
	/// The rest is not a whole command yet.
	NeedsMore,
	/// The replies should be sent first.
	Full,
	/// The connection ends once the replies are sent.
	Close,
	/// Something has to be done where it may block.
	Away(Work),
}

/// Where a client stands between turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
	/// It waits for bytes, for a letter or for room to send.
	Waits,
	/// There is more to do at once.
	Again,
	/// It is gone.
	Gone,
}

/// A client.
pub(super) struct Client {
	pub(super) address: Address,
	stream: Stream,
	/// Here unless an errand has it.
	pub(super) session: Option<Session>,
	parser: Parser,
	/// What was read and is not executed.
	input: Vec<u8>,
	/// Bytes that must be there before parsing goes on.
	needed: usize,
	pub(super) output: Output,
	/// How much of the output is sent.
	sent: usize,
	/// There may be something to read.
	readable: bool,
	/// The end lies behind what is there to read: nothing will announce it any more.
	end_is_near: bool,
	/// It sends no more: what is there is still answered.
	ended: bool,
	/// It ends when everything is sent.
	closing: bool,
	/// Its replies wait for the disk.
	pub(super) settling: bool,
	/// What has to be done where it may block, once the replies before are sent.
	work: Option<Work>,
	heard: Instant,
	frame_since: Option<Instant>,
	unsent_since: Option<Instant>,
	/// Bytes of the output that a mirror is still charged for.
	mirrored_unsent: usize,
	/// News for a session that is away: the number of the wait, and the command.
	news: Option<(u64, String)>,
}

impl Client {
	pub(super) fn new(address: Address, stream: Stream, session: Session, now: Instant) -> Self {
		let parser = Parser::new(session.shared.store.max_value_bytes());
		Self {
			address,
			stream,
			session: Some(session),
			parser,
			input: Vec::new(),
			needed: 1,
			output: Output::default(),
			sent: 0,
			// What came with the handshake is announced by nobody.
			readable: true,
			end_is_near: false,
			ended: false,
			closing: false,
			settling: false,
			work: None,
			heard: now,
			frame_since: None,
			unsent_since: None,
			mirrored_unsent: 0,
			news: None,
		}
	}

	pub(super) fn stream(&mut self) -> &mut Stream {
		&mut self.stream
	}

	/// There may be something to read, and behind it the end.
	pub(super) fn set_readable(&mut self, is_last: bool) {
		self.readable = true;
		self.end_is_near |= is_last;
	}

	/// Whether commands may be executed now.
	fn is_open(&self) -> bool {
		self.session.is_some()
			&& !self.closing
			&& !self.settling
			&& self.work.is_none()
			&& self.output.len() == 0
	}

	/// Whether nothing of it is under way: it can be cut off without losing a reply.
	pub(super) fn is_idle(&self) -> bool {
		self.session.is_some() && !self.settling && self.work.is_none() && self.output.len() == 0
	}

	/// Reads and executes what is there; replies wait in the output until the turn's writes are settled.
	pub(super) fn serve(&mut self, scratch: &mut [u8], now: Instant) -> io::Result<()> {
		if self.is_open() && self.input.len() >= self.needed {
			self.execute_input(now);
		}
		let mut budget = READ_TURN_BYTES;
		while self.is_open() && self.readable && budget > 0 {
			let read = match self.read(scratch) {
				Ok(0) => {
					(self.ended, self.readable) = (true, false);
					break;
				},
				Ok(read) => read,
				Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
					self.readable = false;
					break;
				},
				Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
				Err(error) => return Err(error),
			};
			self.heard = now;
			budget = budget.saturating_sub(read);
			if self.input.is_empty() {
				let bytes = scratch.get(..read).unwrap_or_default();
				let done = self.execute(bytes);
				self.input.extend_from_slice(bytes.get(done..).unwrap_or_default());
				self.note_frame(now);
			} else if self.input.len() >= self.needed {
				self.execute_input(now);
			}
		}
		Ok(())
	}

	/// Reads into the thread's buffer, or behind what is there of an unfinished command.
	fn read(&mut self, scratch: &mut [u8]) -> io::Result<usize> {
		let (read, room) = if self.input.is_empty() {
			(self.stream.read(scratch)?, scratch.len())
		} else {
			// Memory grows with what arrived, not with what was announced.
			let have = self.input.len();
			let room = self.needed.saturating_sub(have).min(have).max(READ_CHUNK_BYTES);
			self.input.resize(have + room, 0);
			let read = self.stream.read(self.input.get_mut(have..).unwrap_or_default());
			self.input.truncate(have + *read.as_ref().unwrap_or(&0));
			(read?, room)
		};
		let is_drained = read < room && self.stream.is_drained_by_short_read();
		if is_drained && !self.end_is_near {
			self.readable = false;
		}
		if let Some(session) = &self.session {
			session.shared.stats.network_rx_bytes.fetch_add(read as u64, Relaxed);
		}
		Ok(read)
	}

	fn execute_input(&mut self, now: Instant) {
		let input = std::mem::take(&mut self.input);
		let done = self.execute(&input);
		self.input = input;
		self.input.drain(..done);
		if self.input.capacity() > 4 * READ_CHUNK_BYTES && self.input.len() < READ_CHUNK_BYTES {
			self.input.shrink_to(READ_CHUNK_BYTES);
		}
		if done > 0 {
			self.frame_since = None;
		}
		self.note_frame(now);
	}

	/// Remembers since when a command is unfinished.
	fn note_frame(&mut self, now: Instant) {
		let is_unfinished = !self.input.is_empty() && self.input.len() < self.needed;
		self.frame_since = is_unfinished.then(|| self.frame_since.unwrap_or(now));
	}

	/// Executes every whole command of `bytes`; answers how many bytes they were.
	fn execute(&mut self, bytes: &[u8]) -> usize {
		let mut start = 0;
		let halt = loop {
			let rest = bytes.get(start..).unwrap_or_default();
			if rest.len() < self.needed {
				break Halt::NeedsMore;
			}
			match self.parser.parse(rest) {
				Ok(Progress::Incomplete(needed)) => {
					self.needed = needed;
					break Halt::NeedsMore;
				},
				Err(error) => {
					self.output.error(&error.to_string());
					break Halt::Close;
				},
				Ok(Progress::Complete(len)) => {
					let halt = self.execute_one(rest);
					start += len;
					self.needed = 1;
					self.parser.reset();
					if let Some(halt) = halt {
						break halt;
					}
				},
			}
		};
		match halt {
			Halt::NeedsMore | Halt::Full => {},
			Halt::Close => self.closing = true,
			Halt::Away(work) => self.work = Some(work),
		}
		start
	}

	/// Executes the command that was just parsed.
	fn execute_one(&mut self, bytes: &[u8]) -> Option<Halt> {
		let args = self.parser.args(bytes);
		let session = self.session.as_mut()?;
		match command::execute(session, args, &mut self.output) {
			Flow::Continue if self.output.len() > OUTPUT_FLUSH_BYTES => Some(Halt::Full),
			Flow::Continue => None,
			Flow::Close => Some(Halt::Close),
			Flow::Elsewhere => Some(Halt::Away(Work::command(args))),
			Flow::Unknown => match session.shared.extension.clone() {
				Some(extension) => Some(Halt::Away(Work::extension(extension, args))),
				None => {
					command::unknown(session, &mut self.output);
					None
				},
			},
			Flow::Later => session.job.take().map(|job| Halt::Away(Work::Job(job))),
		}
	}

	/// The errand that is due: replies before it are on their way.
	pub(super) fn take_errand(&mut self) -> Option<Errand> {
		if self.settling || self.output.len() > 0 {
			return None;
		}
		let (work, session) = (self.work.take()?, self.session.take()?);
		Some(Errand { session, work, is_resp3: self.output.is_resp3 })
	}

	/// Takes the session and the reply of an errand back.
	pub(super) fn take_back(&mut self, returned: Return) {
		self.output.is_resp3 = returned.output.is_resp3;
		self.output.append(returned.output);
		self.session = Some(returned.session);
		self.closing |= returned.flow == Flow::Close;
		if let Some((wait, command)) = self.news.take() {
			self.tell(wait, command);
		}
	}

	/// Answers a WAIT, if it is the one that the client is in.
	pub(super) fn tell(&mut self, wait: u64, command: String) {
		let Some(session) = &mut self.session else {
			self.news = Some((wait, command));
			return;
		};
		if session.waiting.take_if(|waiting| waiting.number == wait).is_some() {
			self.output.simple(&command);
		}
	}

	/// Ends a WAIT that has lasted long enough.
	pub(super) fn expire(&mut self, now: Instant) {
		let Some(session) = &mut self.session else { return };
		if session.waiting.take_if(|waiting| waiting.deadline <= now).is_some() {
			self.output.error("Timeout");
		}
	}

	/// The replies are not true: an error takes the place of the first that is not, and the connection ends.
	pub(super) fn fail_writes(&mut self, first: usize) {
		self.output.truncate(first);
		self.output.error("Cannot write data right now");
		self.closing = true;
		self.work = None;
	}

	/// Appends a mirrored command, which is charged for until it is sent.
	pub(super) fn mirror(&mut self, frame: &[u8]) {
		self.output.raw(frame);
		self.mirrored_unsent += frame.len();
	}

	/// Ends once everything is sent.
	pub(super) fn close(&mut self) {
		self.closing = true;
	}

	/// Sends the replies, unless they wait for the disk; says what is next.
	pub(super) fn send(&mut self, now: Instant) -> io::Result<Standing> {
		if self.settling || self.session.is_none() {
			return Ok(Standing::Waits);
		}
		while self.sent < self.output.len() {
			match self.stream.write(&self.output.pieces(self.sent)) {
				Ok(written) => self.sent += written,
				Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
					self.unsent_since.get_or_insert(now);
					return Ok(Standing::Waits);
				},
				Err(error) if error.kind() == io::ErrorKind::Interrupted => {},
				Err(error) => return Err(error),
			}
		}
		if !self.stream.flush()? {
			self.unsent_since.get_or_insert(now);
			return Ok(Standing::Waits);
		}
		if self.sent > 0 {
			self.note_sent();
		}
		if self.work.is_some() {
			return Ok(Standing::Waits);
		}
		let has_command = self.input.len() >= self.needed;
		if self.closing || (self.ended && !has_command) {
			self.stream.close();
			return Ok(Standing::Gone);
		}
		Ok(if self.readable || has_command { Standing::Again } else { Standing::Waits })
	}

	fn note_sent(&mut self) {
		if let Some(session) = &self.session {
			session.shared.stats.network_tx_bytes.fetch_add(self.sent as u64, Relaxed);
			if let Some(mirroring) = &session.mirroring {
				mirroring.fetch_sub(self.mirrored_unsent, Relaxed);
			}
		}
		self.mirrored_unsent = 0;
		self.sent = 0;
		self.unsent_since = None;
		self.output.clear(OUTPUT_KEEP_BYTES);
	}

	/// Whether the client has used up its patience with us or ours with it; what is to be said is in the output then.
	pub(super) fn is_overdue(&mut self, now: Instant) -> bool {
		let Some(session) = &self.session else { return false };
		let (options, visitor) = (&session.shared.options, &session.visitor);
		let waited = |since: Instant| now.saturating_duration_since(since);
		if let Some(since) = self.unsent_since {
			return waited(since) > options.write_timeout;
		}
		if let Some(since) = self.frame_since {
			let allowance = Duration::from_secs(self.input.len() as u64 / FRAME_BYTES_PER_SECOND);
			if waited(since) <= options.frame_timeout + allowance {
				return false;
			}
			self.output.error("Timeout, the request is not complete");
			return true;
		}
		let expects_news = session.waiting.is_some() || session.mirroring.is_some();
		let limit = visitor.idle_timeout.filter(|_| !expects_news && self.is_idle());
		// Whom nothing was promised to needs no word.
		limit.is_some_and(|limit| waited(self.heard) > limit)
	}
}
