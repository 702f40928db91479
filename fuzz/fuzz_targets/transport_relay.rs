//! What a relay and a node hear of each other before and after they know who speaks.

#![no_main]

use granary_fuzz::{block_on, Input};
use granary_transport::fuzzing::{hello, streams};
use std::io::Cursor;
use tokio::io::{empty, join, sink};

fn hellos(bytes: &[u8]) {
	let mut said = Cursor::new(Vec::new());
	let mut heard = Cursor::new(bytes);
	// Nobody answers, so what is said ends without an answer; what was said counts.
	let mut other = join(empty(), &mut said);
	let _ = block_on(hello(&mut heard, &mut other));
	let said = said.into_inner();
	assert!(said.is_empty() || (said.len() == 33 && bytes.starts_with(&said)), "{said:?}");
}

fn run(bytes: &[u8]) {
	let mut input = Input::new(bytes);
	let flags = input.byte();
	if flags & 1 == 0 {
		return hellos(input.rest());
	}
	let streams_max = 1 + usize::from(flags >> 4);
	let stream = join(Cursor::new(input.rest().to_vec()), sink());
	let opened = block_on(streams(stream, flags & 2 == 0, streams_max));
	assert!(opened <= bytes.len() / 12, "{opened} streams of {} bytes", bytes.len());
}

/// A frame of yamux: version, type, flags, stream, length.
fn frame(kind: u8, flags: u16, stream: u32, len: u32, body: &[u8]) -> Vec<u8> {
	let mut frame = vec![0, kind];
	frame.extend(flags.to_be_bytes());
	frame.extend(stream.to_be_bytes());
	frame.extend(len.to_be_bytes());
	frame.extend(body);
	frame
}

fn seeds() -> Vec<Vec<u8>> {
	let mut reach = vec![0, 1];
	reach.extend([7; 32]);
	let mut serve = vec![0, 0];
	serve.extend([0; 32]);
	let frames = [
		frame(0, 1, 2, 5, b"hello"),
		frame(1, 0, 2, 1000, b""),
		frame(2, 1, 0, 9, b""),
		frame(0, 4, 2, 0, b""),
		frame(3, 0, 0, 0, b""),
	];
	let both = [1_u8, 3].map(|flags| [[flags + 0x40].as_slice(), &frames.concat()].concat());
	vec![reach, serve, both[0].clone(), both[1].clone()]
}

granary_fuzz::target!(run, seeds: seeds);
