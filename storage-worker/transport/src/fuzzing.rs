//! Doors for the fuzz targets under `fuzz/`: what a relay and a node hear of each other before they know who speaks. They are compiled with the
//! feature `fuzzing` alone, which nothing but those targets asks for.

use crate::relay;
use std::io;
use tokio::io::{AsyncRead, AsyncWrite};

/// Hears the first words over a connection to a relay and says them again to another one.
pub async fn hello<H, S>(heard: &mut H, said: &mut S) -> io::Result<()>
where
	H: AsyncRead + Unpin,
	S: AsyncRead + AsyncWrite + Unpin,
{
	relay::repeat(heard, said).await
}

/// Moves one end of a connection of many streams until it ends; answers how many streams the other side opened.
pub async fn streams<S: AsyncRead + AsyncWrite + Unpin>(
	stream: S,
	is_relay: bool,
	streams_max: usize,
) -> usize {
	relay::count_streams(stream, is_relay, streams_max).await
}

/// Reads and writes the content of a certificate's extension; `None` if it is none.
pub fn credential(content: &[u8]) -> Option<Vec<u8>> {
	crate::credential::repeat(content)
}

/// The certificate that an identity shows today.
pub fn certificate(identity: &crate::Identity) -> Vec<u8> {
	identity.shown()
}
