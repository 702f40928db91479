//! Many streams over one connection, by yamux. A connection moves only while it is polled, so one task drives it.

use std::{future::poll_fn, io, task::Poll};
use tokio::{
	io::{AsyncRead, AsyncWrite},
	sync::{mpsc, oneshot},
};
use tokio_util::compat::{Compat, FuturesAsyncReadCompatExt, TokioAsyncReadCompatExt};
use yamux::{Config, Connection, ConnectionError, Mode};

/// A stream within a connection; dropping it ends it.
pub type RelayedStream = Compat<yamux::Stream>;

/// What yamux lets a stream's other side send unread.
const WINDOW_BYTES: usize = 256 << 10;

/// Who waits for a new stream.
pub(super) type Opening = oneshot::Sender<RelayedStream>;

/// One end of a connection.
pub(super) struct Mux<S>(Connection<Compat<S>>);

enum Event {
	Inbound(yamux::Stream),
	Wanted(Opening),
	Opened(yamux::Stream),
	Ended(io::Error),
}

fn ended(error: Option<ConnectionError>) -> io::Error {
	match error {
		Some(ConnectionError::Io(error)) => error,
		Some(error) => io::Error::other(error),
		None => io::Error::new(io::ErrorKind::UnexpectedEof, "the other side ended the connection"),
	}
}

impl<S: AsyncRead + AsyncWrite + Unpin> Mux<S> {
	/// The side of the relay, or of the node. At most so many streams at once; what they hold unread is bounded with them.
	pub(super) fn new(stream: S, is_relay: bool, streams_max: usize) -> Self {
		let mut config = Config::default();
		// Both are checked against each other: the streams go down before the bytes do.
		config.set_max_num_streams(streams_max);
		config.set_max_connection_receive_window(Some(WINDOW_BYTES * streams_max));
		let mode = if is_relay { Mode::Client } else { Mode::Server };
		Self(Connection::new(stream.compat(), config, mode))
	}

	/// Moves the connection until it ends and says why. Streams that the other side opens go to `inbound`; whoever sends a place to
	/// `wanted` gets a stream there.
	pub(super) async fn drive(
		&mut self,
		wanted: &mut mpsc::Receiver<Opening>,
		mut inbound: impl FnMut(RelayedStream),
	) -> io::Error {
		let mut opening: Option<Opening> = None;
		loop {
			let event = poll_fn(|cx| {
				if let Poll::Ready(stream) = self.0.poll_next_inbound(cx) {
					return Poll::Ready(match stream {
						Some(Ok(stream)) => Event::Inbound(stream),
						Some(Err(error)) => Event::Ended(ended(Some(error))),
						None => Event::Ended(ended(None)),
					});
				}
				if opening.is_none() {
					return match wanted.poll_recv(cx) {
						Poll::Ready(Some(asker)) => Poll::Ready(Event::Wanted(asker)),
						// Nobody wants streams any more, but those that are there go on.
						Poll::Ready(None) | Poll::Pending => Poll::Pending,
					};
				}
				self.0.poll_new_outbound(cx).map(|stream| match stream {
					Ok(stream) => Event::Opened(stream),
					Err(error) => Event::Ended(ended(Some(error))),
				})
			});
			match event.await {
				Event::Inbound(stream) => inbound(stream.compat()),
				Event::Wanted(asker) => opening = Some(asker),
				Event::Opened(stream) => {
					// An asker that gave up drops its stream, which ends it.
					let _ = opening.take().map(|asker| asker.send(stream.compat()));
				},
				Event::Ended(error) => return error,
			}
		}
	}
}

/// Moves one end of a connection until it ends; answers how many streams the other side opened.
#[cfg(feature = "fuzzing")]
pub(crate) async fn count_streams<S: AsyncRead + AsyncWrite + Unpin>(
	stream: S,
	is_relay: bool,
	streams_max: usize,
) -> usize {
	let (_asking, mut wanted) = mpsc::channel(1);
	let mut streams = Vec::new();
	Mux::new(stream, is_relay, streams_max).drive(&mut wanted, |stream| streams.push(stream)).await;
	streams.len()
}
