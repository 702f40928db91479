//! A record: 48 bytes of header, the key, the value. All numbers little endian.
//!
//! | at | field |
//! |---|---|
//! | 0 | `header_crc` u32: CRC-32C of bytes 4..48, the key and the segment's salt |
//! | 4 | `value_crc` u32: CRC-32C of the value |
//! | 8 | value length u32 |
//! | 12 | timestamp u32, unix seconds |
//! | 16 | sequence u64: one more than the record before, over all segments |
//! | 24 | ordinal u64: audited: number of the value's first leaf; sequential: the next id before this record; else 0 |
//! | 32 | previous u64: the location of the key's version before, all ones without one (`engine/location.rs`) |
//! | 40 | back u32: bytes of the record before this one in the segment, 0 in the first |
//! | 44 | key length u8 |
//! | 45 | flags u8: 1 tombstone, 2 moved by compaction |
//! | 46 | zero u16 |
//!
//! Two checksums, so that existence, length and time are answered without reading the value. The salt is random
//! per segment: a value that contains the image of a record cannot pass for one when a damaged segment is searched for
//! the next valid record. A moved record is a copy of one in a segment that is going to be removed: it consumes no
//! ordinal.

use crate::{
	engine::location::Location,
	limits::{NUMBERS_MAX, VALUE_LIMIT_BYTES},
};
use crc32c::crc32c_append;

/// Bytes of a header.
pub(crate) const HEADER_BYTES: usize = 48;
/// The longest header with its key.
pub(crate) const HEAD_MAX_BYTES: usize = HEADER_BYTES + 255;
/// The longest record.
#[cfg(test)]
pub(crate) const RECORD_MAX_BYTES: usize = HEADER_BYTES + 255 + VALUE_LIMIT_BYTES;
const FLAG_TOMBSTONE: u8 = 1;
const FLAG_MOVED: u8 = 2;

/// The header of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
	pub(crate) header_crc: u32,
	pub(crate) value_crc: u32,
	pub(crate) value_len: u32,
	pub(crate) timestamp: u32,
	pub(crate) sequence: u64,
	pub(crate) ordinal: u64,
	/// Where the key's version before is.
	pub(crate) previous: Option<Location>,
	/// Bytes of the record before this one in its segment.
	pub(crate) back: u32,
	pub(crate) key_len: u8,
	pub(crate) tombstone: bool,
	/// It is a copy that compaction made.
	pub(crate) moved: bool,
}

impl Header {
	/// Reads a header without its checksum, which needs the key; `None` if it cannot be one.
	pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
		let bytes: &[u8; HEADER_BYTES] = bytes.get(..HEADER_BYTES)?.try_into().ok()?;
		let (numbers, rest) = bytes.split_first_chunk::<44>()?;
		let &[key_len, flags, 0, 0] = rest else { return None };
		if flags & !(FLAG_TOMBSTONE | FLAG_MOVED) != 0 {
			return None;
		}
		let (first, numbers) = numbers.split_first_chunk::<16>()?;
		let (sequence, numbers) = numbers.split_first_chunk::<8>()?;
		let (ordinal, numbers) = numbers.split_first_chunk::<8>()?;
		let (previous, back) = numbers.split_first_chunk::<8>()?;
		let [header_crc, value_crc, value_len, timestamp] = four_u32(first);
		let previous = Location::from_bits(u64::from_le_bytes(*previous));
		let header = Self {
			header_crc,
			value_crc,
			value_len,
			timestamp,
			sequence: u64::from_le_bytes(*sequence),
			ordinal: u64::from_le_bytes(*ordinal),
			previous: (previous != Location::NONE).then_some(previous),
			back: u32::from_le_bytes(back.try_into().ok()?),
			key_len,
			tombstone: flags & FLAG_TOMBSTONE != 0,
			moved: flags & FLAG_MOVED != 0,
		};
		let plausible = key_len > 0
			&& header.sequence < NUMBERS_MAX
			&& header.ordinal < NUMBERS_MAX
			&& header.value_len as usize <= VALUE_LIMIT_BYTES
			&& (!header.tombstone || header.value_len == 0);
		plausible.then_some(header)
	}

	/// The bytes behind the header checksum.
	fn tail(&self) -> [u8; HEADER_BYTES - 4] {
		let mut bytes = [0; HEADER_BYTES - 4];
		let mut rest: &mut [u8] = &mut bytes;
		let previous = self.previous.unwrap_or(Location::NONE).bits();
		let tombstone = if self.tombstone { FLAG_TOMBSTONE } else { 0 };
		let moved = if self.moved { FLAG_MOVED } else { 0 };
		let fields: [&[u8]; 9] = [
			&self.value_crc.to_le_bytes(),
			&self.value_len.to_le_bytes(),
			&self.timestamp.to_le_bytes(),
			&self.sequence.to_le_bytes(),
			&self.ordinal.to_le_bytes(),
			&previous.to_le_bytes(),
			&self.back.to_le_bytes(),
			&[self.key_len],
			&[tombstone | moved],
		];
		for field in fields {
			let (place, behind) = rest.split_at_mut(field.len());
			place.copy_from_slice(field);
			rest = behind;
		}
		bytes
	}

	/// The checksum that header, key and salt should have.
	pub(crate) fn checksum(&self, key: &[u8], salt: u64) -> u32 {
		let crc = crc32c_append(crc32c::crc32c(&self.tail()), key);
		crc32c_append(crc, &salt.to_le_bytes())
	}

	/// Header and key are what was written.
	pub(crate) fn is_valid(&self, key: &[u8], salt: u64) -> bool {
		usize::from(self.key_len) == key.len() && self.header_crc == self.checksum(key, salt)
	}

	/// Bytes of the whole record.
	pub(crate) fn record_len(&self) -> u64 {
		(HEADER_BYTES + usize::from(self.key_len)) as u64 + u64::from(self.value_len)
	}

	/// The header's bytes.
	pub(crate) fn to_bytes(self) -> [u8; HEADER_BYTES] {
		let mut bytes = [0; HEADER_BYTES];
		let (crc, tail) = bytes.split_at_mut(4);
		crc.copy_from_slice(&self.header_crc.to_le_bytes());
		tail.copy_from_slice(&self.tail());
		bytes
	}

	/// Appends the record to `out`.
	pub(crate) fn encode(&self, key: &[u8], value: &[u8], out: &mut Vec<u8>) {
		out.reserve(HEADER_BYTES + key.len() + value.len());
		out.extend_from_slice(&self.to_bytes());
		out.extend_from_slice(key);
		out.extend_from_slice(value);
	}
}

fn four_u32(bytes: &[u8; 16]) -> [u32; 4] {
	let mut numbers = [0; 4];
	for (number, chunk) in numbers.iter_mut().zip(bytes.chunks_exact(4)) {
		*number = chunk.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte));
	}
	numbers
}

#[cfg(test)]
mod tests {
	use super::*;

	fn header(key: &[u8], value: &[u8]) -> Header {
		let mut header = Header {
			header_crc: 0,
			value_crc: crc32c::crc32c(value),
			value_len: value.len() as u32,
			timestamp: 0x0102_0304,
			sequence: 0x1112_1314_1516_1718,
			ordinal: 0x2122_2324_2526_2728,
			previous: Some(Location::new(3, 77, 900)),
			back: 0x3132_3334,
			key_len: key.len() as u8,
			tombstone: false,
			moved: true,
		};
		header.header_crc = header.checksum(key, 9);
		header
	}

	#[test]
	fn a_header_survives_its_bytes() {
		let header = header(b"key", b"value");
		let mut bytes = Vec::new();
		header.encode(b"key", b"value", &mut bytes);
		assert_eq!(bytes.len() as u64, header.record_len());
		let decoded = Header::decode(&bytes).unwrap();
		assert_eq!(decoded, header);
		assert!(decoded.is_valid(b"key", 9));
		assert!(!decoded.is_valid(b"kez", 9) && !decoded.is_valid(b"key", 8));
	}

	#[test]
	fn numbers_that_nothing_can_follow_are_no_header() {
		let good = header(b"key", b"value");
		assert!(Header::decode(&good.to_bytes()).is_some());
		for (sequence, ordinal) in [(NUMBERS_MAX, 0), (0, NUMBERS_MAX), (u64::MAX, u64::MAX)] {
			let bad = Header { sequence, ordinal, ..good };
			assert_eq!(Header::decode(&bad.to_bytes()), None);
		}
	}

	#[test]
	fn every_flipped_bit_is_seen() {
		let mut bytes = Vec::new();
		header(b"key", b"value").encode(b"key", b"value", &mut bytes);
		for bit in 0..bytes.len() * 8 {
			let mut flipped = bytes.clone();
			flipped[bit / 8] ^= 1 << (bit % 8);
			let (head, body) = flipped.split_at(HEADER_BYTES);
			let intact = Header::decode(head).is_some_and(|header| {
				header.is_valid(&body[..3], 9) && header.value_crc == crc32c::crc32c(&body[3..])
			});
			assert!(!intact, "bit {bit}");
		}
	}
}
