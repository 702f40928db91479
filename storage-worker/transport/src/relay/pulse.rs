//! How both ends of a relay connection know that the other still lives: a byte back and forth over a stream of its own. TCP alone would
//! notice a cut line after a quarter of an hour, and a frozen process never.

use std::{io, time::Duration};
use tokio::{
	io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
	time::{sleep, timeout},
};

/// How often a sign of life is given, and after how long without one the other side counts as gone.
#[derive(Debug, Clone, Copy)]
pub struct Pulse {
	/// Between two signs of life.
	pub interval: Duration,
	/// Without one for so long the connection is given up.
	pub silence: Duration,
}

impl Default for Pulse {
	fn default() -> Self {
		Self { interval: Duration::from_secs(5), silence: Duration::from_secs(15) }
	}
}

fn silent<E>(_: E) -> io::Error {
	io::Error::new(io::ErrorKind::TimedOut, "the other side gives no sign of life")
}

impl Pulse {
	/// The node's side: says something, hears it again. Ends when that fails.
	pub(crate) async fn beat<S: AsyncRead + AsyncWrite + Unpin>(&self, mut stream: S) -> io::Error {
		loop {
			let echo = async {
				stream.write_u8(0).await?;
				stream.flush().await?;
				stream.read_u8().await
			};
			match timeout(self.silence, echo).await.map_err(silent) {
				Ok(Ok(_)) => sleep(self.interval).await,
				Ok(Err(error)) | Err(error) => return error,
			}
		}
	}

	/// The relay's side: says again what it hears.
	pub(crate) async fn echo<S: AsyncRead + AsyncWrite + Unpin>(&self, mut stream: S) -> io::Error {
		loop {
			let echo = async {
				let heard = stream.read_u8().await?;
				stream.write_u8(heard).await?;
				stream.flush().await
			};
			match timeout(self.silence, echo).await.map_err(silent) {
				Ok(Ok(())) => {},
				Ok(Err(error)) | Err(error) => return error,
			}
		}
	}
}
