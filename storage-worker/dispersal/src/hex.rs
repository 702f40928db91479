//! Hex digits of bytes that may be secret: nothing of them stays in memory.

use zeroize::Zeroizing;

/// The digits of some bytes, in lower case.
pub(crate) fn hex_of(bytes: &[u8]) -> Zeroizing<String> {
	let mut text = Zeroizing::new(String::with_capacity(2 * bytes.len()));
	for byte in bytes {
		for digit in [byte >> 4, byte & 15] {
			text.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
		}
	}
	text
}

/// The bytes of some digits.
pub(crate) fn bytes_of(digits: &str) -> Option<Zeroizing<Vec<u8>>> {
	let mut bytes = Zeroizing::new(Vec::with_capacity(digits.len() / 2));
	for pair in digits.as_bytes().chunks(2) {
		let [high, low] = pair else { return None };
		let digit = |byte: &u8| char::from(*byte).to_digit(16);
		bytes.push((digit(high)? << 4 | digit(low)?) as u8);
	}
	Some(bytes)
}
