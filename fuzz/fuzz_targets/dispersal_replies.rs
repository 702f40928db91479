//! Replies of nodes that nobody trusts: whatever comes, in whatever pieces, is a reply or an error, and what of it is a log's state or a
//! list is checked.

#![no_main]

use granary_dispersal::fuzzing::NodeReply;
use granary_fuzz::{block_on, Input};
use granary_por::Peaks;
use std::{
	io::Cursor,
	pin::Pin,
	task::{Context, Poll},
};
use tokio::io::{AsyncBufRead, AsyncRead, BufReader, ReadBuf};

/// Bytes that arrive a few at a time.
struct Pieces<'b> {
	bytes: Cursor<&'b [u8]>,
	sizes: Input<'b>,
}

impl AsyncRead for Pieces<'_> {
	fn poll_read(
		mut self: Pin<&mut Self>,
		cx: &mut Context<'_>,
		out: &mut ReadBuf<'_>,
	) -> Poll<std::io::Result<()>> {
		let len = out.remaining().min(1 + usize::from(self.sizes.byte() % 7));
		let mut piece = out.take(len);
		let read = Pin::new(&mut self.bytes).poll_read(cx, &mut piece);
		let filled = piece.filled().len();
		// The bytes are in `out` already, which only has to know of them.
		out.initialize_unfilled_to(filled);
		out.advance(filled);
		read
	}
}

fn replies(reader: &mut (impl AsyncBufRead + Unpin)) -> (Vec<NodeReply>, bool) {
	let mut replies = Vec::new();
	loop {
		match block_on(NodeReply::read(reader)) {
			Ok(reply) => replies.push(reply),
			Err(error) => {
				return (replies, matches!(error, granary_dispersal::BackendError::Unreachable(_)))
			},
		}
	}
}

fn run(bytes: &[u8]) {
	let mut input = Input::new(bytes);
	let sizes = Input::new(input.piece(16));
	let stream = input.rest();
	let whole = replies(&mut Cursor::new(stream));
	let pieces = Pieces { bytes: Cursor::new(stream), sizes };
	assert_eq!(whole, replies(&mut BufReader::with_capacity(32, pieces)));
	for reply in whole.0 {
		let written = reply.to_bytes();
		let again = block_on(NodeReply::read(&mut Cursor::new(written.as_slice())));
		assert_eq!(again.as_ref(), Ok(&reply), "what is read is written as it was read");
		let (listed, scanned) = (reply.clone().listed(), reply.clone().scanned());
		assert!(
			listed.is_none_or(|count| count <= 8192) && scanned.is_none_or(|count| count <= 8192)
		);
		if let Some((leaf_count, root, peaks)) = reply.log_state() {
			let peaks = Peaks::<granary_por::Blake2>::from_parts(leaf_count, peaks)
				.expect("it was accepted");
			assert_eq!(peaks.root(), root);
		}
	}
}

fn seeds() -> Vec<Vec<u8>> {
	let mut log = b"*3\r\n:1\r\n$32\r\n".to_vec();
	let peaks = Peaks::<granary_por::Blake2>::from_parts(1, vec![[7; 32]]).expect("one peak");
	log.extend(peaks.root());
	log.extend(b"\r\n$32\r\n");
	log.extend([7; 32]);
	log.extend(b"\r\n");
	let streams: [&[u8]; 7] = [
		b"+OK\r\n$-1\r\n:-7\r\n-ERR no\r\n",
		b"$5\r\nvalue\r\n$0\r\n\r\n",
		b"*2\r\n$3\r\ncur\r\n*1\r\n*3\r\n$3\r\nkey\r\n:5\r\n:1700000000\r\n",
		b"*2\r\n$3\r\ncur\r\n*1\r\n*3\r\n$3\r\nkey\r\n:1\r\n$32\r\n01234567890123456789012345678901\r\n",
		b"*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
		b"$8388609\r\n",
		&log,
	];
	streams.into_iter().map(|stream| [&[3; 16], stream].concat()).collect()
}

granary_fuzz::target!(run, seeds: seeds);
