//! One client: its bytes in, its commands, its replies out.

use super::{
	errand::{Errand, Return, Work},
	input::{Input, Stop},
	post::Address,
	stream::Stream,
};
use crate::{
	command,
	engine::{self, Namespace},
	limits::{OUTPUT_FLUSH_BYTES, OUTPUT_KEEP_BYTES},
	server::{frame::Parser, Args, Flow, Output, Session},
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
	input: Input,
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
			input: Input::new(parser),
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

	/// Reads, into the thread's buffer from `at` on, and parses; answers how many bytes of the buffer that took and how many commands are
	/// to be executed.
	pub(super) fn receive(
		&mut self,
		scratch: &mut [u8],
		at: usize,
		now: Instant,
	) -> io::Result<(usize, usize)> {
		if !self.is_open() {
			return Ok((0, 0));
		}
		let mut used = 0;
		if self.readable && !self.input.has_command() {
			let received = self.input.receive(&mut self.stream, scratch, at)?;
			if received.bytes > 0 {
				self.heard = now;
			}
			self.ended |= received.ended;
			// Nothing announces an end that is known to come.
			let end_comes = self.end_is_near && !received.ended && !received.drained;
			self.readable = received.more || end_comes;
			if let Some(session) = &self.session {
				session.shared.stats.network_rx_bytes.fetch_add(received.bytes as u64, Relaxed);
			}
			used = self.input.fresh_bytes();
		}
		Ok((used, self.input.parse(scratch)))
	}

	/// What the parsed commands will look at.
	pub(super) fn keys<'a>(
		&'a self,
		scratch: &'a [u8],
	) -> impl Iterator<Item = (&'a Namespace, &'a [u8])> {
		let namespace = self.session.as_ref().map(|session| &*session.namespace);
		let keys = move |namespace| self.input.keys(scratch).map(move |key| (namespace, key));
		namespace.into_iter().flat_map(keys)
	}

	/// Executes what was received; replies wait in the output until the turn's writes are settled.
	pub(super) fn execute(&mut self, scratch: &[u8], now: Instant) {
		if !self.is_open() {
			return;
		}
		loop {
			let (session, output) = (&mut self.session, &mut self.output);
			let execute = |args: Args<'_>| execute_one(session.as_mut()?, output, args);
			match self.input.run(scratch, execute) {
				Ok(true) => {},
				Ok(false) | Err(Stop::Halt(Halt::Full)) => break,
				Err(stop) => {
					self.stop(stop);
					break;
				},
			}
			if self.input.parse(scratch) > 1 {
				engine::look_ahead(self.keys(scratch));
			}
		}
		if self.input.settle(scratch) {
			self.frame_since = None;
		}
		self.frame_since = self.input.is_unfinished().then(|| self.frame_since.unwrap_or(now));
	}

	fn stop(&mut self, stop: Stop<Halt>) {
		match stop {
			Stop::Wrong(error) => {
				self.output.error(&error.to_string());
				self.closing = true;
			},
			Stop::Halt(Halt::Close) => self.closing = true,
			Stop::Halt(Halt::Away(work)) => self.work = Some(work),
			Stop::Halt(Halt::Full) => {},
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
			let sending = match self.output.whole(self.sent) {
				Some(piece) => self.stream.write(piece),
				None => self.stream.write_pieces(&self.output.pieces(self.sent)),
			};
			match sending {
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
		let has_command = self.input.has_command();
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
			let allowance =
				Duration::from_secs(self.input.kept_bytes() as u64 / FRAME_BYTES_PER_SECOND);
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

/// Executes a command.
fn execute_one(session: &mut Session, output: &mut Output, args: Args<'_>) -> Option<Halt> {
	match command::execute(session, args, output) {
		Flow::Continue if output.len() > OUTPUT_FLUSH_BYTES => Some(Halt::Full),
		Flow::Continue => None,
		Flow::Close => Some(Halt::Close),
		Flow::Elsewhere => Some(Halt::Away(Work::command(args))),
		Flow::Unknown => match session.shared.extension.clone() {
			Some(extension) => Some(Halt::Away(Work::extension(extension, args))),
			None => {
				command::unknown(session, output);
				None
			},
		},
		Flow::Later => session.job.take().map(|job| Halt::Away(Work::Job(job))),
	}
}
