//! RESP replies.

use crate::engine::{Found, LongValue};
use std::io::{IoSlice, Write};

/// The most pieces of output that are sent in one call.
const PIECES_MAX: usize = 16;

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

/// The replies that wait to be sent. Lengths and positions count long values with the rest.
#[derive(Debug, Default)]
pub(crate) struct Output {
	bytes: Vec<u8>,
	/// Values that are not copied, each with the place in `bytes` that it stands before.
	long: Vec<(usize, LongValue)>,
	long_bytes: usize,
	/// The client understands RESP3.
	pub(crate) is_resp3: bool,
}

impl Output {
	pub(crate) fn len(&self) -> usize {
		self.bytes.len() + self.long_bytes
	}

	/// What lies behind the first `sent` bytes, if it is in one piece.
	pub(crate) fn whole(&self, sent: usize) -> Option<&[u8]> {
		if self.long.is_empty() {
			self.bytes.get(sent..)
		} else {
			None
		}
	}

	/// The first pieces of what lies behind the first `sent` bytes.
	pub(crate) fn pieces(&self, sent: usize) -> Vec<IoSlice<'_>> {
		let mut pieces = Vec::with_capacity((2 * self.long.len() + 1).min(PIECES_MAX));
		let (mut skip, mut from) = (sent, 0);
		let ends = self.long.iter().map(|(place, value)| (*place, Some(value)));
		for (place, value) in ends.chain([(self.bytes.len(), None)]) {
			let before = self.bytes.get(from..place).unwrap_or_default();
			from = place;
			for piece in [Some(before), value.map(|value| &**value)].into_iter().flatten() {
				match piece.get(skip..) {
					Some(rest) if !rest.is_empty() => {
						pieces.push(IoSlice::new(rest));
						skip = 0;
					},
					_ => skip -= piece.len(),
				}
				if pieces.len() == PIECES_MAX {
					return pieces;
				}
			}
		}
		pieces
	}

	/// Takes back what lies behind `len`, where a reply ended.
	pub(crate) fn truncate(&mut self, len: usize) {
		while let Some((_, value)) =
			self.long.pop_if(|(place, value)| *place + self.long_bytes - value.len() >= len)
		{
			self.long_bytes -= value.len();
		}
		self.bytes.truncate(len - self.long_bytes);
	}

	/// Empties it and gives back memory above `keep_bytes`.
	pub(crate) fn clear(&mut self, keep_bytes: usize) {
		self.bytes.clear();
		self.bytes.shrink_to(keep_bytes);
		self.long.clear();
		self.long_bytes = 0;
	}

	/// Appends all replies of another.
	pub(crate) fn append(&mut self, other: Self) {
		let places = self.bytes.len();
		self.bytes.extend_from_slice(&other.bytes);
		self.long_bytes += other.long_bytes;
		self.long.extend(other.long.into_iter().map(|(place, value)| (places + place, value)));
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

	/// A value as a bulk string; a long one is not copied.
	pub(crate) fn value(&mut self, found: Found<'_>) {
		match found {
			Found::Short(value) => self.bulk(value),
			Found::Long(value) => {
				self.length(b'$', value.len());
				self.long_bytes += value.len();
				self.long.push((self.bytes.len(), value));
				self.bytes.extend_from_slice(b"\r\n");
			},
		}
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
			sent(&output, 0),
			b"*4\r\n:-3\r\n$10\r\n\0\0\0\0\0\0\0\0\0\0\r\n$-1\r\n+a  b\r\n$0\r\n\r\n-no \r\n"
		);
	}

	/// Everything behind the first bytes, piece by piece.
	fn sent(output: &Output, mut from: usize) -> Vec<u8> {
		let mut all = Vec::new();
		loop {
			let pieces = output.pieces(from);
			if pieces.is_empty() {
				return all;
			}
			for piece in pieces {
				all.extend_from_slice(&piece);
				from += piece.len();
			}
		}
	}

	#[test]
	fn long_values_stand_where_they_belong() {
		let (mut output, mut same) = (Output::default(), Vec::new());
		let mut ends = vec![0];
		for number in 0..60_u8 {
			let value = vec![number; 1 + usize::from(number)];
			if number % 3 == 0 {
				output.value(Found::Long(LongValue::from(value.clone())));
			} else {
				output.value(Found::Short(&value));
			}
			same.extend_from_slice(format!("${}\r\n", value.len()).as_bytes());
			same.extend_from_slice(&[&value[..], b"\r\n"].concat());
			ends.push(output.len());
			assert_eq!(output.len(), same.len());
		}
		for from in 0..=same.len() {
			assert_eq!(sent(&output, from), same[from..], "from {from}");
		}
		let mut twice = Output::default();
		twice.ok();
		twice.append(output);
		assert_eq!(sent(&twice, 5), same);
		for end in ends.into_iter().rev() {
			twice.truncate(5 + end);
			assert_eq!(sent(&twice, 5), same[..end]);
		}
	}
}
