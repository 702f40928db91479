//! RESP replies.

use std::io::Write;

/// A reply of an [`Extension`](crate::Extension).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
	/// A line of text, such as `OK`.
	Simple(String),
	/// Bytes.
	Bulk(Vec<u8>),
	/// Nothing there.
	Nil,
	/// A number.
	Integer(i64),
	/// Several replies.
	Array(Vec<Reply>),
}

/// The replies that wait to be sent.
#[derive(Debug, Default)]
pub(crate) struct Output {
	bytes: Vec<u8>,
	/// The client understands RESP3.
	pub(crate) is_resp3: bool,
}

impl Output {
	pub(crate) fn len(&self) -> usize {
		self.bytes.len()
	}

	pub(crate) fn bytes(&self) -> &[u8] {
		&self.bytes
	}

	pub(crate) fn truncate(&mut self, len: usize) {
		self.bytes.truncate(len);
	}

	/// Empties it and gives back memory above `keep_bytes`.
	pub(crate) fn clear(&mut self, keep_bytes: usize) {
		self.bytes.clear();
		self.bytes.shrink_to(keep_bytes);
	}

	fn number(&mut self, marker: u8, number: impl std::fmt::Display) {
		self.bytes.push(marker);
		// Writing into a vector cannot fail.
		let _ = write!(self.bytes, "{number}");
		self.bytes.extend_from_slice(b"\r\n");
	}

	fn length(&mut self, marker: u8, length: usize) {
		let mut digits = [0_u8; 20];
		let mut rest = length;
		let mut used = 0;
		for digit in digits.iter_mut().rev() {
			*digit = b'0' + (rest % 10) as u8;
			rest /= 10;
			used += 1;
			if rest == 0 {
				break;
			}
		}
		self.bytes.push(marker);
		self.bytes.extend_from_slice(digits.get(digits.len() - used..).unwrap_or_default());
		self.bytes.extend_from_slice(b"\r\n");
	}

	fn line(&mut self, marker: u8, text: &str) {
		self.bytes.push(marker);
		// A line break would end the reply early.
		self.bytes.extend(text.bytes().map(|byte| if byte < b' ' { b' ' } else { byte }));
		self.bytes.extend_from_slice(b"\r\n");
	}

	pub(crate) fn ok(&mut self) {
		self.bytes.extend_from_slice(b"+OK\r\n");
	}

	pub(crate) fn simple(&mut self, text: &str) {
		self.line(b'+', text);
	}

	pub(crate) fn error(&mut self, text: &str) {
		self.line(b'-', text);
	}

	pub(crate) fn integer(&mut self, number: i64) {
		self.number(b':', number);
	}

	pub(crate) fn bulk(&mut self, bytes: &[u8]) {
		self.bytes.reserve(bytes.len() + 32);
		self.length(b'$', bytes.len());
		self.bytes.extend_from_slice(bytes);
		self.bytes.extend_from_slice(b"\r\n");
	}

	/// Bytes that are replies already.
	pub(crate) fn raw(&mut self, bytes: &[u8]) {
		self.bytes.extend_from_slice(bytes);
	}

	pub(crate) fn nil(&mut self) {
		self.bytes.extend_from_slice(if self.is_resp3 { b"_\r\n" } else { b"$-1\r\n" });
	}

	/// So many pairs: a map, or an array of twice as many where there are no maps.
	pub(crate) fn map(&mut self, pairs: usize) {
		match self.is_resp3 {
			true => self.length(b'%', pairs),
			false => self.length(b'*', 2 * pairs),
		}
	}

	pub(crate) fn array(&mut self, len: usize) {
		self.length(b'*', len);
	}

	/// An array of bulk strings.
	pub(crate) fn strings(&mut self, strings: &[&str]) {
		self.array(strings.len());
		for string in strings {
			self.bulk(string.as_bytes());
		}
	}

	pub(crate) fn reply(&mut self, reply: &Reply) {
		match reply {
			Reply::Simple(text) => self.simple(text),
			Reply::Bulk(bytes) => self.bulk(bytes),
			Reply::Nil => self.nil(),
			Reply::Integer(number) => self.integer(*number),
			Reply::Array(replies) => {
				self.array(replies.len());
				for reply in replies {
					self.reply(reply);
				}
			},
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn replies_as_bytes() {
		let mut output = Output::default();
		output.reply(&Reply::Array(vec![
			Reply::Integer(-3),
			Reply::Bulk(vec![0; 10]),
			Reply::Nil,
			Reply::Simple("a\r\nb".into()),
		]));
		output.bulk(b"");
		output.error("no\n");
		assert_eq!(
			output.bytes(),
			b"*4\r\n:-3\r\n$10\r\n\0\0\0\0\0\0\0\0\0\0\r\n$-1\r\n+a  b\r\n$0\r\n\r\n-no \r\n"
		);
	}
}
