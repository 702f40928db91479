//! When a connection last moved a byte.

use std::{
	io,
	pin::Pin,
	sync::{Arc, Mutex, PoisonError},
	task::{Context, Poll},
	time::{Duration, Instant},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The time of the last byte.
#[derive(Debug)]
pub(crate) struct Progress(Mutex<Instant>);

impl Default for Progress {
	fn default() -> Self {
		Self(Mutex::new(Instant::now()))
	}
}

impl Progress {
	/// Something moved.
	pub(crate) fn touch(&self) {
		*self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
	}

	/// Since something moved.
	pub(crate) fn silence(&self) -> Duration {
		self.0.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
	}
}

/// A stream that notes when it moves.
pub(crate) struct Noting<S> {
	stream: S,
	progress: Arc<Progress>,
}

impl<S> Noting<S> {
	pub(crate) fn new(stream: S, progress: Arc<Progress>) -> Self {
		Self { stream, progress }
	}
}

impl<S: AsyncRead + Unpin> AsyncRead for Noting<S> {
	fn poll_read(
		mut self: Pin<&mut Self>,
		cx: &mut Context<'_>,
		buffer: &mut ReadBuf<'_>,
	) -> Poll<io::Result<()>> {
		let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
		if read.is_ready() {
			self.progress.touch();
		}
		read
	}
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Noting<S> {
	fn poll_write(
		mut self: Pin<&mut Self>,
		cx: &mut Context<'_>,
		bytes: &[u8],
	) -> Poll<io::Result<usize>> {
		let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
		if written.is_ready() {
			self.progress.touch();
		}
		written
	}

	fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
		Pin::new(&mut self.stream).poll_flush(cx)
	}

	fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
		Pin::new(&mut self.stream).poll_shutdown(cx)
	}
}
