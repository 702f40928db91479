//! Requests as any client may send them: read in pieces they are what they are as a whole, and what is encoded comes back.

#![no_main]

use granary_fuzz::Input;
use granary_zdb::fuzzing::{Parsed, RequestParser};

/// Small, so that its bound is met.
const VALUE_MAX_BYTES: usize = 4096;

/// The requests at the beginning of a stream, and how it ends.
#[derive(Debug, PartialEq)]
struct Heard {
	requests: Vec<Vec<Vec<u8>>>,
	error: Option<String>,
	rest_bytes: usize,
}

fn whole(stream: &[u8]) -> Heard {
	let mut heard = Heard { requests: Vec::new(), error: None, rest_bytes: 0 };
	let mut rest = stream;
	loop {
		match RequestParser::new(VALUE_MAX_BYTES).parse(rest) {
			Ok(Parsed::Complete { bytes, arguments }) => {
				assert!(bytes > 0 && bytes <= rest.len(), "{bytes} of {}", rest.len());
				heard.requests.push(arguments);
				rest = &rest[bytes..];
			},
			Ok(Parsed::Incomplete { needed }) => {
				assert!(needed > rest.len(), "{needed} bytes are there already");
				heard.rest_bytes = rest.len();
				return heard;
			},
			Err(error) => {
				heard.error = Some(error);
				return heard;
			},
		}
	}
}

/// As a connection does it: pieces arrive, and one parser goes on where it stopped.
fn in_pieces(stream: &[u8], cuts: &mut Input<'_>) -> Heard {
	let mut heard = Heard { requests: Vec::new(), error: None, rest_bytes: 0 };
	let mut parser = RequestParser::new(VALUE_MAX_BYTES);
	let (mut start, mut end) = (0, 0);
	loop {
		match parser.parse(&stream[start..end]) {
			Ok(Parsed::Complete { bytes, arguments }) => {
				heard.requests.push(arguments);
				start += bytes;
				parser.reset();
			},
			Ok(Parsed::Incomplete { needed }) => {
				if end == stream.len() {
					heard.rest_bytes = end - start;
					return heard;
				}
				// At least one byte more, and now and then as many as were asked for.
				let step = usize::from(cuts.byte());
				let step = if step % 4 == 3 { needed - (end - start) } else { 1 + step % 40 };
				end = (end + step).min(stream.len());
			},
			Err(error) => {
				heard.error = Some(error);
				return heard;
			},
		}
	}
}

fn encoded(arguments: &[Vec<u8>]) -> Vec<u8> {
	let mut bytes = format!("*{}\r\n", arguments.len()).into_bytes();
	for argument in arguments {
		bytes.extend(format!("${}\r\n", argument.len()).bytes());
		bytes.extend(argument);
		bytes.extend(b"\r\n");
	}
	bytes
}

fn run(bytes: &[u8]) {
	let mut cuts = Input::new(bytes);
	let cuts_len = cuts.below(64);
	let mut cuts_input = Input::new(cuts.piece(cuts_len));
	let stream = cuts.rest();
	let heard = whole(stream);
	let pieces = in_pieces(stream, &mut cuts_input);
	assert_eq!(heard.requests, pieces.requests);
	// An error may show before the piece that a longer look would have called incomplete, never the other way.
	assert_eq!(heard.error, pieces.error);
	for request in heard.requests.into_iter().filter(|request| !request.is_empty()) {
		assert!(request.iter().all(|argument| argument.len() <= 64 << 10));
		if request.iter().all(|argument| argument.len() <= VALUE_MAX_BYTES) {
			assert_eq!(whole(&encoded(&request)).requests, [request]);
		}
	}
}

fn seeds() -> Vec<Vec<u8>> {
	let streams: [&[u8]; 8] = [
		b"*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n",
		b"PING\r\nSET key \"two \\x41 words\"\r\n\r\nGET 'it\\'s'\r\n",
		b"*1\n$4\nPING\r\n",
		b"GET / HTTP/1.1\r\nHost: x\r\n",
		b"*-1\r\n",
		b"*2\r\n$4\r\nECHO\r\n$0\r\n\r\n",
		b"*1025\r\n",
		b"*1\r\n$4097\r\n",
	];
	let with_cuts = |stream: &[u8]| [&[4, 0, 1, 2, 3, 200], stream].concat();
	streams.into_iter().map(with_cuts).collect()
}

granary_fuzz::target!(run, seeds: seeds);
