//! Commands as a line of words, typed into telnet or netcat; quotes are redis'.

use crate::{
	limits::{ARGUMENTS_MAX, INLINE_MAX_BYTES},
	server::{frame::FrameError, Args},
};

/// The words of a line.
#[derive(Debug, Default)]
pub(super) struct InlineLine {
	words: Vec<u8>,
	ranges: Vec<(usize, usize)>,
}

impl InlineLine {
	/// Splits a line without its LF into words. Within `"..."` the escapes `\n \r \t \b \a \xHH` mean what they do in C and any other
	/// character stands for itself behind a backslash; within `'...'` only `\'` is one. A quoted word ends with its quote.
	pub(super) fn parse(line: &[u8]) -> Result<Self, FrameError> {
		Self::check_beginning(line)?;
		let mut parsed = Self::default();
		let mut rest = line.trim_ascii_start();
		while !rest.is_empty() {
			if parsed.ranges.len() == ARGUMENTS_MAX {
				return Err(FrameError::TooManyArguments);
			}
			let start = parsed.words.len();
			rest = parsed.word(rest)?.trim_ascii_start();
			parsed.ranges.push((start, parsed.words.len()));
		}
		if parsed.is_http() {
			return Err(FrameError::Http);
		}
		Ok(parsed)
	}

	/// Whether these bytes can begin a line of words at all. What nobody types is another protocol, such as TLS.
	pub(super) fn check_beginning(bytes: &[u8]) -> Result<(), FrameError> {
		let is_typed =
			|byte: &u8| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
		if !bytes.first().is_none_or(is_typed) {
			return Err(FrameError::NoArray);
		}
		if bytes.len() > INLINE_MAX_BYTES {
			return Err(FrameError::LineTooLong);
		}
		Ok(())
	}

	pub(super) fn args(&self) -> Args<'_> {
		Args::new(&self.words, &self.ranges)
	}

	/// Takes one word from the front of `rest` and returns what is behind it.
	fn word<'l>(&mut self, rest: &'l [u8]) -> Result<&'l [u8], FrameError> {
		let mut rest = rest;
		loop {
			match rest {
				[] => return Ok(rest),
				[blank, ..] if blank.is_ascii_whitespace() => return Ok(rest),
				[quote @ (b'"' | b'\''), behind @ ..] => {
					let behind = self.quoted(*quote, behind)?;
					return match behind.first() {
						None => Ok(behind),
						Some(next) if next.is_ascii_whitespace() => Ok(behind),
						Some(_) => Err(FrameError::UnbalancedQuotes),
					};
				},
				[byte, behind @ ..] => {
					self.words.push(*byte);
					rest = behind;
				},
			}
		}
	}

	/// Takes the inside of a quoted word and returns what is behind the closing quote.
	fn quoted<'l>(&mut self, quote: u8, rest: &'l [u8]) -> Result<&'l [u8], FrameError> {
		let mut rest = rest;
		loop {
			let (byte, behind) = match rest {
				[byte, behind @ ..] if *byte == quote => return Ok(behind),
				[b'\\', b'\'', behind @ ..] if quote == b'\'' => (b'\'', behind),
				[b'\\', b'x', high, low, behind @ ..]
					if quote == b'"' && high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
				{
					(hex_digit(*high) << 4 | hex_digit(*low), behind)
				},
				[b'\\', escaped, behind @ ..] if quote == b'"' => {
					let meant = match escaped {
						b'n' => b'\n',
						b'r' => b'\r',
						b't' => b'\t',
						b'b' => 8,
						b'a' => 7,
						other => *other,
					};
					(meant, behind)
				},
				[byte, behind @ ..] => (*byte, behind),
				[] => return Err(FrameError::UnbalancedQuotes),
			};
			self.words.push(byte);
			rest = behind;
		}
	}

	/// A browser can be made to send a request to any port, with commands in its body: what looks like HTTP ends the connection before
	/// they are met.
	fn is_http(&self) -> bool {
		let args = self.args();
		let first = args.get(0).unwrap_or_default();
		let has_version = args.get(2).is_some_and(|word| word.starts_with(b"HTTP/"));
		has_version || first.eq_ignore_ascii_case(b"POST") || first.eq_ignore_ascii_case(b"Host:")
	}
}

fn hex_digit(digit: u8) -> u8 {
	match digit {
		b'0'..=b'9' => digit - b'0',
		other => (other | 0x20) - b'a' + 10,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn words(line: &[u8]) -> Result<Vec<Vec<u8>>, FrameError> {
		let line = InlineLine::parse(line)?;
		let args = line.args();
		Ok((0..args.len()).filter_map(|at| args.get(at)).map(<[u8]>::to_vec).collect())
	}

	#[test]
	fn quotes_are_redis() {
		let cases: [(&[u8], &[&[u8]]); 9] = [
			(b"", &[]),
			(b" \t\r", &[]),
			(b"GET key\r", &[b"GET", b"key"]),
			(b"  a   b ", &[b"a", b"b"]),
			(br#"a"b c""#, &[b"ab c"]),
			(br#""\x41\n\r\t\b\a\"\\\q" ''"#, &[b"A\n\r\t\x08\x07\"\\q", b""]),
			(br"'it\'s' 'a\n'", &[b"it's", br"a\n"]),
			(br#""\xzz""#, &[b"xzz"]),
			(br#""it's""#, &[b"it's"]),
		];
		for (line, expected) in cases {
			assert_eq!(words(line).unwrap(), expected, "{}", String::from_utf8_lossy(line));
		}
		for unbalanced in [br#""a"#.as_slice(), b"'a", br#""a"b"#, b"'a'b", br#""a\"#, br"'\'"] {
			assert_eq!(words(unbalanced), Err(FrameError::UnbalancedQuotes));
		}
	}

	#[test]
	fn what_is_no_line_of_words_is_refused() {
		for http in ["GET / HTTP/1.1", "HEAD /x HTTP/1.0", "post x", "Host: a", "hOST:"] {
			assert_eq!(words(http.as_bytes()), Err(FrameError::Http), "{http}");
		}
		assert_eq!(words(b"GET HTTP/1.1").unwrap().len(), 2, "a key may be called anything");
		assert_eq!(words(b"\0"), Err(FrameError::NoArray));
		assert_eq!(words(&[b"a ".repeat(1025)].concat()), Err(FrameError::TooManyArguments));
		let long = vec![b'a'; INLINE_MAX_BYTES + 1];
		assert_eq!(InlineLine::check_beginning(&long), Err(FrameError::LineTooLong));
	}

	proptest! {
		#[test]
		fn quoted_bytes_come_back(given in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 1..5)) {
			let quoted = given.iter().map(|word| {
				let inside: String = word.iter().map(|byte| format!("\\x{byte:02x}")).collect();
				format!("\"{inside}\"")
			});
			let line = quoted.collect::<Vec<_>>().join(" ");
			prop_assume!(!given[0].eq_ignore_ascii_case(b"post"));
			prop_assert_eq!(words(line.as_bytes()).unwrap(), given);
		}
	}
}
