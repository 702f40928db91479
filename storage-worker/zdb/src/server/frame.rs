//! RESP requests: arrays of bulk strings, parsed in place and resumed where more bytes were needed; and lines of words, as they
//! are typed into telnet (`inline.rs`).

use crate::{
	limits::{ARGUMENTS_MAX, FRAME_OVERHEAD_MAX_BYTES, HEADER_LINE_MAX_BYTES},
	server::inline::InlineLine,
};

/// Why a request cannot be understood; the connection ends after the text is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FrameError {
	#[error("Malformed request, array expected")]
	NoArray,
	#[error("Malformed query string")]
	NoBulk,
	#[error("Malformed request, a number is expected")]
	NoNumber,
	#[error("Malformed request, a length cannot be negative")]
	Negative,
	#[error("Malformed request, a bulk string must end with CRLF")]
	NoEnd,
	#[error("Missing arguments")]
	NoArguments,
	#[error("Too many arguments")]
	TooManyArguments,
	#[error("Payload too big")]
	TooBig,
	#[error("Protocol error: too big inline request")]
	LineTooLong,
	#[error("Protocol error: unbalanced quotes in request")]
	UnbalancedQuotes,
	#[error("This is not a web server")]
	Http,
}

/// What a call to [`Parser::parse`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
	/// A whole request of so many bytes; the parser has its arguments. An empty line has none.
	Complete(usize),
	/// At least so many bytes must be there before it is worth trying again.
	Incomplete(usize),
}

/// Where a request's parsing stands. Positions count from the request's first byte, so the buffer may move.
#[derive(Debug)]
pub(crate) struct Parser {
	position: usize,
	arguments_left: Option<usize>,
	payload_len: Option<usize>,
	ranges: Vec<(usize, usize)>,
	/// The words of a line, which are not in the buffer as they are meant; `None` while requests are arrays.
	line: Option<InlineLine>,
	value_max_bytes: usize,
}

impl Parser {
	/// A parser of requests whose arguments have at most `value_max_bytes` each.
	pub(crate) fn new(value_max_bytes: usize) -> Self {
		Self {
			position: 0,
			arguments_left: None,
			payload_len: None,
			ranges: Vec::new(),
			line: None,
			value_max_bytes,
		}
	}

	/// The places of a complete request's arguments, unless it is a line.
	pub(super) fn ranges(&self) -> &[(usize, usize)] {
		&self.ranges
	}

	/// The words of a complete request that is a line.
	pub(super) fn line(&self) -> Option<&InlineLine> {
		self.line.as_ref()
	}

	/// As [`Self::line`], to keep.
	pub(super) fn take_line(&mut self) -> Option<InlineLine> {
		self.line.take()
	}

	/// Starts with the next request.
	pub(crate) fn reset(&mut self) {
		self.position = 0;
		self.arguments_left = None;
		self.payload_len = None;
		self.ranges.clear();
		self.line = None;
	}

	/// Goes on with a request; `bytes` starts at its first byte.
	pub(crate) fn parse(&mut self, bytes: &[u8]) -> Result<Progress, FrameError> {
		let mut left = match self.arguments_left {
			Some(left) => left,
			None if !matches!(bytes.first(), None | Some(b'*')) => return self.parse_line(bytes),
			None => match self.number(bytes, b'*', FrameError::NoArray)? {
				None => return Ok(Progress::Incomplete(bytes.len() + 1)),
				Some(0) => return Err(FrameError::NoArguments),
				Some(count) if count > ARGUMENTS_MAX => return Err(FrameError::TooManyArguments),
				Some(count) => count,
			},
		};
		while left > 0 {
			self.arguments_left = Some(left);
			let len = match self.payload_len {
				Some(len) => len,
				None => match self.number(bytes, b'$', FrameError::NoBulk)? {
					None => return Ok(Progress::Incomplete(bytes.len() + 1)),
					Some(len) if len > self.value_max_bytes => return Err(FrameError::TooBig),
					Some(len) => len,
				},
			};
			let end = self.position + len;
			if end > self.value_max_bytes + FRAME_OVERHEAD_MAX_BYTES {
				return Err(FrameError::TooBig);
			}
			match bytes.get(end..end + 2) {
				Some(b"\r\n") => {},
				Some(_) => return Err(FrameError::NoEnd),
				None => {
					self.payload_len = Some(len);
					return Ok(Progress::Incomplete(end + 2));
				},
			}
			self.payload_len = None;
			self.ranges.push((self.position, end));
			self.position = end + 2;
			left -= 1;
		}
		Ok(Progress::Complete(self.position))
	}

	/// Goes on with a request that is a line; only its new bytes are searched for the end.
	fn parse_line(&mut self, bytes: &[u8]) -> Result<Progress, FrameError> {
		let fresh = bytes.get(self.position..).unwrap_or_default();
		match fresh.iter().position(|byte| *byte == b'\n') {
			Some(end) => {
				let end = self.position + end;
				self.line = Some(InlineLine::parse(bytes.get(..end).unwrap_or_default())?);
				self.position = end + 1;
				Ok(Progress::Complete(end + 1))
			},
			None => {
				InlineLine::check_beginning(bytes)?;
				self.position = bytes.len();
				Ok(Progress::Incomplete(bytes.len() + 1))
			},
		}
	}

	/// The number of a header line; `None` if the line is not complete. 0-db ends lines at LF, with or without CR.
	fn number(
		&mut self,
		bytes: &[u8],
		marker: u8,
		wrong_marker: FrameError,
	) -> Result<Option<usize>, FrameError> {
		let line = bytes.get(self.position..).unwrap_or_default();
		let Some((first, digits)) = line.split_first() else { return Ok(None) };
		if *first != marker {
			return Err(wrong_marker);
		}
		let mut number = 0_usize;
		for (position, byte) in digits.iter().take(HEADER_LINE_MAX_BYTES).enumerate() {
			match byte {
				b'0'..=b'9' => {
					number = number.saturating_mul(10).saturating_add(usize::from(byte - b'0'));
				},
				b'-' if position == 0 => return Err(FrameError::Negative),
				b'\n' if position > 0 => {
					self.position += 1 + position + 1;
					return Ok(Some(number));
				},
				b'\r' if position > 0 => match digits.get(position + 1) {
					None => return Ok(None),
					Some(b'\n') => {
						self.position += 1 + position + 2;
						return Ok(Some(number));
					},
					Some(_) => return Err(FrameError::NoNumber),
				},
				_ => return Err(FrameError::NoNumber),
			}
		}
		if digits.len() >= HEADER_LINE_MAX_BYTES {
			return Err(FrameError::NoNumber);
		}
		Ok(None)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{limits::VALUE_MAX_BYTES, server::Args};
	use proptest::prelude::*;

	fn found<'a>(parser: &'a Parser, bytes: &'a [u8]) -> Args<'a> {
		parser.line().map_or(Args::new(bytes, parser.ranges()), InlineLine::args)
	}

	fn parser() -> Parser {
		Parser::new(VALUE_MAX_BYTES)
	}

	fn encode(args: &[Vec<u8>]) -> Vec<u8> {
		let mut bytes = format!("*{}\r\n", args.len()).into_bytes();
		for arg in args {
			bytes.extend(format!("${}\r\n", arg.len()).bytes());
			bytes.extend(arg);
			bytes.extend(b"\r\n");
		}
		bytes
	}

	fn fails(bytes: &[u8]) -> FrameError {
		parser().parse(bytes).unwrap_err()
	}

	#[test]
	fn malformed_requests_are_named() {
		assert_eq!(fails(b"\x16\x03\x01"), FrameError::NoArray);
		assert_eq!(fails(b"*0\r\n"), FrameError::NoArguments);
		assert_eq!(fails(b"*-1\r\n"), FrameError::Negative);
		assert_eq!(fails(b"*1x\r\n"), FrameError::NoNumber);
		assert_eq!(fails(b"*\r\n"), FrameError::NoNumber);
		assert_eq!(fails(b"*1025\r\n"), FrameError::TooManyArguments);
		assert_eq!(fails(b"*99999999999999999999999999999\r\n"), FrameError::TooManyArguments);
		assert_eq!(fails(&[b"*".as_slice(), &[b'1'; 70]].concat()), FrameError::NoNumber);
		assert_eq!(fails(b"*1\r\n:1\r\n"), FrameError::NoBulk);
		assert_eq!(fails(b"*1\r\n$-1\r\n"), FrameError::Negative);
		assert_eq!(fails(b"*1\r\n$8388609\r\n"), FrameError::TooBig);
		assert_eq!(fails(b"*1\r\n$4\r\nPINGxx"), FrameError::NoEnd);
	}

	#[test]
	fn a_frame_of_many_large_values_is_refused_before_it_arrives() {
		let mut bytes = b"*3\r\n$8388608\r\n".to_vec();
		bytes.extend(vec![0; VALUE_MAX_BYTES]);
		bytes.extend(b"\r\n$8388608\r\n");
		assert_eq!(fails(&bytes), FrameError::TooBig);
	}

	proptest! {
		#[test]
		fn any_cut_resumes(
			args in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 1..6),
			cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..6),
		) {
			let bytes = encode(&args);
			let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
			ends.sort_unstable();
			let mut parser = parser();
			for end in ends {
				match parser.parse(&bytes[..end]).unwrap() {
					Progress::Incomplete(needed) => prop_assert!(needed > end && needed <= bytes.len()),
					Progress::Complete(_) => prop_assert!(false, "complete at {end}"),
				}
			}
			prop_assert_eq!(parser.parse(&bytes).unwrap(), Progress::Complete(bytes.len()));
			let found = found(&parser, &bytes);
			let found: Vec<&[u8]> = (0..found.len()).filter_map(|at| found.get(at)).collect();
			prop_assert_eq!(found, args.iter().map(Vec::as_slice).collect::<Vec<_>>());
		}

		#[test]
		fn noise_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
			let _ = parser().parse(&bytes);
		}

		#[test]
		fn any_cut_resumes_a_line(
			words in proptest::collection::vec("[a-z]{1,9}", 1..6),
			cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..6),
		) {
			let bytes = format!("{}\r\n", words.join(" ")).into_bytes();
			let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
			ends.sort_unstable();
			let mut parser = parser();
			for end in ends {
				let wanted = Progress::Incomplete(end + 1);
				prop_assert_eq!(parser.parse(&bytes[..end]).unwrap(), wanted);
			}
			prop_assert_eq!(parser.parse(&bytes).unwrap(), Progress::Complete(bytes.len()));
			let found = found(&parser, &bytes);
			let found: Vec<&[u8]> = (0..found.len()).filter_map(|at| found.get(at)).collect();
			prop_assert_eq!(found, words.iter().map(String::as_bytes).collect::<Vec<_>>());
		}
	}
}
