//! RESP, the client's half: requests out, bounded replies in.

use crate::BackendError;
use std::io::Write;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

/// The longest bulk reply that is read: a zdb value's limit.
const BULK_BYTES_MAX: usize = 8 << 20;
/// The longest line.
const LINE_BYTES_MAX: u64 = 4096;
/// The most elements of an array.
const ELEMENTS_MAX: i64 = 8192;
/// About what an argument of a request takes beside its bytes.
const HEADER_BYTES: usize = 16;
/// Bytes for which room is made before any of a value has arrived.
const TRUSTED_BYTES: usize = 128 << 10;
/// How deep arrays may nest.
const DEPTH_MAX: u8 = 4;

/// A reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reply {
	/// `+text`
	Simple(Vec<u8>),
	/// `-text`
	Error(String),
	/// `:number`
	Integer(i64),
	/// `$bytes`
	Bulk(Vec<u8>),
	/// `$-1`
	Nil,
	/// `*elements`
	Array(Vec<Reply>),
}

impl Reply {
	/// Bytes of a value.
	pub(crate) fn bulk_len(&self) -> usize {
		match self {
			Self::Bulk(bytes) => bytes.len(),
			_ => 0,
		}
	}
}

/// Appends a request to a buffer.
pub(crate) fn encode(request: &[&[u8]], out: &mut Vec<u8>) {
	let bytes: usize = request.iter().map(|argument| argument.len() + HEADER_BYTES).sum();
	out.reserve(HEADER_BYTES + bytes);
	// Writing into a vector cannot fail.
	let _ = write!(out, "*{}\r\n", request.len());
	for argument in request {
		let _ = write!(out, "${}\r\n", argument.len());
		out.extend_from_slice(argument);
		out.extend_from_slice(b"\r\n");
	}
}

fn gone(error: std::io::Error) -> BackendError {
	BackendError::Unreachable(error.to_string())
}

fn broken(what: impl Into<String>) -> BackendError {
	BackendError::Protocol(what.into())
}

async fn line<R: AsyncBufRead + Unpin>(reader: &mut R) -> Result<Vec<u8>, BackendError> {
	let mut line = Vec::new();
	reader.take(LINE_BYTES_MAX).read_until(b'\n', &mut line).await.map_err(gone)?;
	if line.pop() != Some(b'\n') {
		if line.len() as u64 + 1 >= LINE_BYTES_MAX {
			return Err(broken("a line is too long"));
		}
		return Err(BackendError::Unreachable("the connection was closed".to_owned()));
	}
	if line.last() == Some(&b'\r') {
		line.pop();
	}
	Ok(line)
}

fn number(digits: &[u8]) -> Result<i64, BackendError> {
	std::str::from_utf8(digits)
		.ok()
		.and_then(|text| text.parse().ok())
		.ok_or_else(|| broken("a number was expected"))
}

/// Reads one reply.
pub(crate) async fn read<R: AsyncBufRead + Unpin>(reader: &mut R) -> Result<Reply, BackendError> {
	read_nested(reader, 0).await
}

async fn read_nested<R: AsyncBufRead + Unpin>(
	reader: &mut R,
	depth: u8,
) -> Result<Reply, BackendError> {
	let line = line(reader).await?;
	let Some((kind, rest)) = line.split_first() else { return Err(broken("an empty line")) };
	match kind {
		b'+' => Ok(Reply::Simple(rest.to_vec())),
		b'-' => Ok(Reply::Error(String::from_utf8_lossy(rest).into_owned())),
		b':' => Ok(Reply::Integer(number(rest)?)),
		b'$' => bulk(reader, number(rest)?).await,
		b'*' => {
			let count = number(rest)?;
			if count == -1 {
				return Ok(Reply::Nil);
			}
			if !(0..=ELEMENTS_MAX).contains(&count) || depth >= DEPTH_MAX {
				return Err(broken("an array is too long or too deep"));
			}
			let mut elements = Vec::new();
			for _ in 0..count {
				elements.push(Box::pin(read_nested(reader, depth + 1)).await?);
			}
			Ok(Reply::Array(elements))
		},
		other => Err(broken(format!("a reply begins with byte {other}"))),
	}
}

async fn bulk<R: AsyncBufRead + Unpin>(reader: &mut R, len: i64) -> Result<Reply, BackendError> {
	if len == -1 {
		return Ok(Reply::Nil);
	}
	let len = usize::try_from(len).ok().filter(|len| *len <= BULK_BYTES_MAX);
	let len = len.ok_or_else(|| broken("a bulk string is too long"))?;
	let whole = len + 2;
	// Beyond that the buffer grows with what arrives, not with what was announced.
	let mut bytes = Vec::with_capacity(whole.min(TRUSTED_BYTES));
	while bytes.len() < whole {
		let arrived = reader.fill_buf().await.map_err(gone)?;
		let piece = arrived.get(..whole - bytes.len()).unwrap_or(arrived);
		let taken = piece.len();
		if taken == 0 {
			return Err(BackendError::Unreachable("the connection was closed".to_owned()));
		}
		bytes.extend_from_slice(piece);
		reader.consume(taken);
	}
	if !bytes.ends_with(b"\r\n") {
		return Err(broken("a bulk string does not end where it should"));
	}
	bytes.truncate(len);
	Ok(Reply::Bulk(bytes))
}

#[cfg(test)]
mod tests {
	use super::*;

	async fn parse(bytes: &[u8]) -> Result<Reply, BackendError> {
		read(&mut std::io::Cursor::new(bytes)).await
	}

	#[tokio::test]
	async fn replies_are_read() {
		assert_eq!(parse(b"+OK\r\n").await, Ok(Reply::Simple(b"OK".to_vec())));
		assert_eq!(parse(b"-No\r\n").await, Ok(Reply::Error("No".to_owned())));
		assert_eq!(parse(b"$-1\r\n").await, Ok(Reply::Nil));
		let nested = parse(b"*2\r\n:7\r\n$2\r\na\n\r\n").await;
		assert_eq!(nested, Ok(Reply::Array(vec![Reply::Integer(7), Reply::Bulk(b"a\n".to_vec())])));
	}

	#[tokio::test]
	async fn broken_and_unbounded_replies_are_refused() {
		for bad in [
			b"".as_slice(),
			b"+OK",
			b"?x\r\n",
			b":x\r\n",
			b"$5\r\nab\r\n",
			b"$2\r\nabcd",
			b"$-7\r\n",
			b"$99999999999\r\n",
			b"*9000\r\n",
			b"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
			b"\r\n",
		] {
			assert!(parse(bad).await.is_err(), "{:?}", String::from_utf8_lossy(bad));
		}
		assert!(parse(&vec![b'+'; 10_000]).await.is_err());
	}
}
