//! One connection: read, parse and execute everything that arrived, flush once, answer in one go.

use crate::{
	command,
	engine::Durability,
	limits::{OUTPUT_FLUSH_BYTES, OUTPUT_KEEP_BYTES, READ_CHUNK_BYTES, READ_CHUNK_MAX_BYTES},
	server::{
		frame::{Parser, Progress},
		session::Shared,
		watch::{Mirroring, Waiting},
		Flow, Output, Reply, Session,
	},
};
use std::{
	io,
	sync::{atomic::Ordering::Relaxed, Arc},
	time::Duration,
};
use tokio::{
	io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
	sync::watch,
	task,
	time::{timeout, timeout_at, Instant},
};

/// What a slow client must at least send of a command it began.
const FRAME_BYTES_PER_SECOND: u64 = 64 << 10;

/// One connection.
pub(crate) struct Connection<S> {
	stream: S,
	session: Session,
	parser: Parser,
	/// What was read; commands before `start` are done.
	input: Vec<u8>,
	start: usize,
	/// Bytes that must be there before parsing goes on.
	needed: usize,
	read_chunk: usize,
	output: Output,
	frame_started: Option<Instant>,
}

/// What happens to a client without its doing.
enum Event {
	/// The command that it waited for was run, or the time is over.
	Told(Option<String>),
	/// A command to mirror, or the end of it.
	Mirrored(Option<Vec<u8>>),
}

/// The next event of a client that waits or mirrors; never for others.
async fn next_event(waiting: &mut Option<Waiting>, mirroring: &mut Option<Mirroring>) -> Event {
	let told = async {
		match waiting {
			Some(waiting) => timeout_at(waiting.deadline, &mut waiting.told).await,
			None => std::future::pending().await,
		}
	};
	let mirrored = async {
		match mirroring {
			Some(mirroring) => mirroring.frames.recv().await,
			None => std::future::pending().await,
		}
	};
	let told = tokio::select! {
		told = told => told,
		frame = mirrored => return Event::Mirrored(frame),
	};
	*waiting = None;
	// A sender that is gone without a word was replaced by a later WAIT.
	Event::Told(told.ok().and_then(Result::ok))
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
	/// A connection over a stream.
	pub(crate) fn new(stream: S, session: Session) -> Self {
		let parser = Parser::new(session.shared.store.max_value_bytes());
		Self {
			stream,
			session,
			parser,
			input: Vec::new(),
			start: 0,
			needed: 1,
			read_chunk: READ_CHUNK_BYTES,
			output: Output::default(),
			frame_started: None,
		}
	}

	fn shared(&self) -> &Arc<Shared> {
		&self.session.shared
	}

	/// Serves the client until it leaves, errs or the server stops.
	pub(crate) async fn run(mut self, mut stopped: watch::Receiver<bool>) -> io::Result<()> {
		let stop = stopped.wait_for(|stop| *stop);
		tokio::pin!(stop);
		loop {
			let (mut waiting, mut mirroring) =
				(self.session.waiting.take(), self.session.mirroring.take());
			let expects_news = waiting.is_some() || mirroring.is_some();
			let event = tokio::select! {
				biased;
				read = self.read(expects_news) => if !read? {
					return Ok(());
				} else {
					None
				},
				_ = &mut stop => return Ok(()),
				event = next_event(&mut waiting, &mut mirroring) => Some(event),
			};
			(self.session.waiting, self.session.mirroring) = (waiting, mirroring);
			if let Some(event) = event {
				if self.tell(event).await? == Flow::Close {
					return self.stream.shutdown().await;
				}
				continue;
			}
			if self.execute_all().await? == Flow::Close {
				return self.stream.shutdown().await;
			}
			self.forget_done();
		}
	}

	/// Sends what the client waits for.
	async fn tell(&mut self, event: Event) -> io::Result<Flow> {
		let mut flow = Flow::Continue;
		match event {
			Event::Told(Some(name)) => self.output.simple(&name),
			Event::Told(None) => self.output.error("Timeout"),
			Event::Mirrored(Some(frame)) => {
				if let Some(mirroring) = &self.session.mirroring {
					mirroring.pending_bytes.fetch_sub(frame.len(), Relaxed);
				}
				self.output.raw(&frame);
			},
			Event::Mirrored(None) => {
				self.output.error("Mirror too slow");
				flow = Flow::Close;
			},
		}
		if !matches!(flow, Flow::Close) && self.output.len() == 0 {
			return Ok(flow);
		}
		self.send().await?;
		Ok(flow)
	}

	/// Reads what is there; `false` at the end of the stream or when an unfinished command took too long.
	async fn read(&mut self, expects_news: bool) -> io::Result<bool> {
		let have = self.input.len();
		// Memory grows with what arrived, not with what was announced.
		let missing = self.needed.saturating_sub(have);
		self.input.reserve(missing.min(have).max(self.read_chunk));
		let read = if have == 0 {
			self.frame_started = None;
			let limit = self.session.visitor.idle_timeout.filter(|_| !expects_news);
			let read = self.stream.read_buf(&mut self.input);
			match limit {
				None => read.await?,
				// Whom nothing was promised to needs no word.
				Some(limit) => timeout(limit, read).await.unwrap_or(Ok(0))?,
			}
		} else {
			let started = *self.frame_started.get_or_insert_with(Instant::now);
			let allowance = Duration::from_secs(have as u64 / FRAME_BYTES_PER_SECOND);
			let deadline = started + self.session.shared.options.frame_timeout + allowance;
			match timeout_at(deadline, self.stream.read_buf(&mut self.input)).await {
				Ok(read) => read?,
				Err(_) => {
					self.output.error("Timeout, the request is not complete");
					self.send().await?;
					return Ok(false);
				},
			}
		};
		self.read_chunk = match read {
			full if full >= self.read_chunk => (self.read_chunk * 2).min(READ_CHUNK_MAX_BYTES),
			little if little < self.read_chunk / 4 => (self.read_chunk / 2).max(READ_CHUNK_BYTES),
			_ => self.read_chunk,
		};
		self.shared().stats.network_rx_bytes.fetch_add(read as u64, Relaxed);
		Ok(read > 0)
	}

	/// Executes every whole command of the input and sends the replies.
	async fn execute_all(&mut self) -> io::Result<Flow> {
		let mut flow = Flow::Continue;
		while flow == Flow::Continue && self.input.len() - self.start >= self.needed {
			let bytes = self.input.get(self.start..).unwrap_or_default();
			match self.parser.parse(bytes) {
				Ok(Progress::Incomplete(needed)) => {
					self.needed = needed;
					break;
				},
				Err(error) => {
					self.output.error(&error.to_string());
					flow = Flow::Close;
				},
				Ok(Progress::Complete(len)) => {
					let args = self.parser.args(bytes);
					flow = command::execute(&mut self.session, args, &mut self.output);
					match flow {
						Flow::Unknown => flow = self.call_extension().await?,
						Flow::Later => flow = self.do_job().await?,
						Flow::Absent => {
							flow = self.ask_for_files().await?;
							self.parser.reset();
							continue;
						},
						Flow::Continue | Flow::Close => {},
					}
					self.start += len;
					self.needed = 1;
					self.parser.reset();
					self.frame_started = None;
				},
			}
			if self.output.len() > OUTPUT_FLUSH_BYTES && flow == Flow::Continue {
				flow = self.settle().await;
				self.send().await?;
			}
		}
		if self.settle().await == Flow::Close {
			flow = Flow::Close;
		}
		self.send().await?;
		Ok(flow)
	}

	/// Lets the extension answer the command at the input's start, on a thread that may block.
	async fn call_extension(&mut self) -> io::Result<Flow> {
		let Some(extension) = self.shared().extension.clone() else {
			command::unknown(&mut self.session, &mut self.output);
			return Ok(Flow::Continue);
		};
		let bytes = self.input.get(self.start..).unwrap_or_default();
		let args = self.parser.args(bytes);
		let name = args.get(0).unwrap_or_default().to_ascii_uppercase();
		let rest: Vec<Vec<u8>> = args.rest().map(<[u8]>::to_vec).collect();
		self.answer_from(move || extension.call(&name, &rest)).await
	}

	/// Asks for the files that the command at the input's start needs, once what came before it is answered.
	async fn ask_for_files(&mut self) -> io::Result<Flow> {
		if self.settle().await == Flow::Close {
			return Ok(Flow::Close);
		}
		self.send().await?;
		self.session.ask_for_files().await;
		Ok(Flow::Continue)
	}

	/// Answers with the session's job.
	async fn do_job(&mut self) -> io::Result<Flow> {
		let Some(job) = self.session.job.take() else { return Ok(Flow::Continue) };
		self.answer_from(move || Some(job())).await
	}

	/// Answers with what comes from a thread that may block; `None` is a command that nobody knows.
	async fn answer_from(
		&mut self,
		work: impl FnOnce() -> Option<Result<Reply, String>> + Send + 'static,
	) -> io::Result<Flow> {
		// It may look at what this very client has written.
		if self.settle().await == Flow::Close {
			return Ok(Flow::Close);
		}
		self.send().await?;
		match task::spawn_blocking(work).await {
			Ok(Some(Ok(reply))) => self.output.reply(&reply),
			Ok(Some(Err(text))) => self.output.error(&text),
			Ok(None) => command::unknown(&mut self.session, &mut self.output),
			Err(error) => {
				tracing::error!(%error, "a command panicked");
				self.output.error("Internal Error");
			},
		}
		Ok(Flow::Continue)
	}

	/// Makes good what was promised for the writes of this batch before their replies are sent. Should that fail, the
	/// replies are not true: an error takes the place of the first and the connection ends.
	async fn settle(&mut self) -> Flow {
		self.session.count();
		let Some(first) = self.session.unflushed_from.take() else { return Flow::Continue };
		let is_good = match self.session.namespace.durability() {
			Durability::Always => {
				self.shared().committer.commit(self.session.namespace.clone()).await
			},
			Durability::Every(_) | Durability::Os => {
				// Every connection that is ready gets its turn before the first flushes for all of them.
				task::yield_now().await;
				let flushed = self.session.namespace.flush();
				if let Err(error) = &flushed {
					let namespace = self.session.namespace.name();
					tracing::error!(namespace, %error, "writes failed");
				}
				flushed.is_ok()
			},
		};
		if is_good {
			return Flow::Continue;
		}
		self.output.truncate(first);
		self.output.error("Cannot write data right now");
		Flow::Close
	}

	async fn send(&mut self) -> io::Result<()> {
		if self.output.len() == 0 {
			return Ok(());
		}
		let limit = self.session.shared.options.write_timeout;
		let sending = async {
			self.stream.write_all(self.output.bytes()).await?;
			// An encrypted stream may hold the end back.
			self.stream.flush().await
		};
		let sent = timeout(limit, sending).await;
		sent.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
		let stats = &self.session.shared.stats;
		stats.network_tx_bytes.fetch_add(self.output.len() as u64, Relaxed);
		self.output.clear(OUTPUT_KEEP_BYTES);
		Ok(())
	}

	/// Moves an unfinished command to the buffer's start.
	fn forget_done(&mut self) {
		let left = self.input.len() - self.start;
		self.input.copy_within(self.start.., 0);
		self.input.truncate(left);
		self.start = 0;
		if left == 0 && self.input.capacity() > 2 * self.read_chunk {
			self.input.shrink_to(self.read_chunk);
		}
	}
}
