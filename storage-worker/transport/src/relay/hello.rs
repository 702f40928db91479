//! The first words over a connection to a relay: what is wished, and whether it is granted.

use crate::Key;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The protocol's name in the TLS handshake (ALPN), by which a worker tells relaying from RESP.
pub const RELAY_PROTOCOL: &[u8] = b"granary-relay/1";

/// kind u8 ‖ key 32.
const HELLO_BYTES: usize = 33;
const SERVE: u8 = 0;
const REACH: u8 = 1;
const GRANTED: u8 = 0;

/// What somebody wants of a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
	/// Pass on to me whoever asks for me; I am the node that my certificate names.
	Serve,
	/// Let me speak with the node of this audit key.
	Reach(Key),
}

/// Why a relay does not do what it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
	/// The node is not connected to it.
	#[error("the node is not connected to this relay")]
	NotConnected,
	/// It passes on as many streams as it may: of this client, to this node, or in all.
	#[error("the relay is busy: it passes on as many streams as it may")]
	Busy,
	/// It does not serve this node or client.
	#[error("the relay does not know the caller as a node or client of this chain")]
	Unknown,
	/// The node did not take the stream.
	#[error("the node does not answer the relay")]
	Silent,
	/// A reason of a later version.
	#[error("the relay refuses (reason {0})")]
	Other(u8),
}

impl Refusal {
	fn byte(self) -> u8 {
		match self {
			Self::NotConnected => 1,
			Self::Busy => 2,
			Self::Unknown => 3,
			Self::Silent => 4,
			Self::Other(byte) => byte,
		}
	}

	fn of_byte(byte: u8) -> Self {
		match byte {
			1 => Self::NotConnected,
			2 => Self::Busy,
			3 => Self::Unknown,
			4 => Self::Silent,
			other => Self::Other(other),
		}
	}
}

/// Says what is wished and waits for the answer.
pub(crate) async fn wish<S>(stream: &mut S, wish: Wish) -> io::Result<Result<(), Refusal>>
where
	S: AsyncRead + AsyncWrite + Unpin,
{
	let (kind, key) = match wish {
		Wish::Serve => (SERVE, [0; 32]),
		Wish::Reach(key) => (REACH, key),
	};
	let mut hello = Vec::with_capacity(HELLO_BYTES);
	hello.push(kind);
	hello.extend_from_slice(&key);
	stream.write_all(&hello).await?;
	stream.flush().await?;
	Ok(match stream.read_u8().await? {
		GRANTED => Ok(()),
		refusal => Err(Refusal::of_byte(refusal)),
	})
}

/// Hears what somebody wishes.
pub(crate) async fn hear<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<Wish> {
	let kind = stream.read_u8().await?;
	let mut key = [0; 32];
	stream.read_exact(&mut key).await?;
	match (kind, key) {
		(SERVE, key) if key == [0; 32] => Ok(Wish::Serve),
		(REACH, key) => Ok(Wish::Reach(key)),
		_ => Err(io::Error::new(io::ErrorKind::InvalidData, "not a wish that a relay knows")),
	}
}

/// Hears a wish and says it again to somebody else.
#[cfg(feature = "fuzzing")]
pub(crate) async fn repeat<H, S>(heard: &mut H, said: &mut S) -> io::Result<()>
where
	H: AsyncRead + Unpin,
	S: AsyncRead + AsyncWrite + Unpin,
{
	let wished = hear(heard).await?;
	wish(said, wished).await.map(drop)
}

/// Answers a wish.
pub(crate) async fn answer<S: AsyncWrite + Unpin>(
	stream: &mut S,
	answer: Result<(), Refusal>,
) -> io::Result<()> {
	stream.write_u8(answer.map_or_else(Refusal::byte, |()| GRANTED)).await?;
	stream.flush().await
}

#[cfg(test)]
mod tests {
	use super::*;

	#[tokio::test]
	async fn wishes_and_answers_arrive_as_they_were_said() {
		for said in [Wish::Serve, Wish::Reach([7; 32])] {
			for reply in [
				Ok(()),
				Err(Refusal::NotConnected),
				Err(Refusal::Busy),
				Err(Refusal::Unknown),
				Err(Refusal::Silent),
				Err(Refusal::Other(99)),
			] {
				let (mut near, mut far) = tokio::io::duplex(64);
				let relay = async {
					let heard = hear(&mut far).await.unwrap();
					answer(&mut far, reply).await.unwrap();
					heard
				};
				let (heard, replied) = tokio::join!(relay, wish(&mut near, said));
				assert_eq!((heard, replied.unwrap()), (said, reply));
			}
		}
	}

	#[tokio::test]
	async fn other_words_are_not_heard() {
		let mut serve_somebody = [0; HELLO_BYTES];
		serve_somebody[32] = 1;
		let mut unknown = [0; HELLO_BYTES];
		unknown[0] = 2;
		for bytes in [&serve_somebody[..], &unknown, &unknown[..5], b"*1\r\n$4\r\nPING\r\n"] {
			assert!(hear(&mut std::io::Cursor::new(bytes)).await.is_err());
		}
	}
}
