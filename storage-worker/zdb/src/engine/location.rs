//! Where a record is, in eight bytes: segment number (24 bits), a class of its length (8), offset (32).
//!
//! The class lets a value be read in one call: it names a length that is at least the record's and
//! at most an eighth more.

/// Where a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Location(u64);

impl Location {
	/// No location: an empty slot.
	pub(crate) const NONE: Self = Self(u64::MAX);

	/// The location of a record of `record_len` bytes.
	pub(crate) fn new(segment: u32, offset: u32, record_len: u64) -> Self {
		let class = length_class(record_len);
		Self(u64::from(segment) << 40 | u64::from(class) << 32 | u64::from(offset))
	}

	/// Rebuilds a location from its bits.
	pub(crate) const fn from_bits(bits: u64) -> Self {
		Self(bits)
	}

	/// The bits.
	pub(crate) const fn bits(self) -> u64 {
		self.0
	}

	/// Number of the segment.
	pub(crate) fn segment(self) -> u32 {
		(self.0 >> 40) as u32
	}

	/// Offset of the record in it.
	pub(crate) fn offset(self) -> u64 {
		self.0 & 0xffff_ffff
	}

	/// A hash of the location in the log of that number. Locations are mostly a few kilobytes apart; here all bits depend on all of them.
	pub(crate) fn hash_in(self, log: u32) -> u64 {
		let mixed = self.0 ^ u64::from(log).wrapping_mul(0x9e37_79b9_7f4a_7c15);
		(mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
	}

	/// At least the record's length.
	pub(crate) fn read_len(self) -> usize {
		class_length((self.0 >> 32) as u8)
	}
}

/// The class of a length: five bits of exponent, three of mantissa, rounded up.
fn length_class(len: u64) -> u8 {
	let exponent = (u64::BITS - len.leading_zeros()).saturating_sub(4);
	let mantissa = len.div_ceil(1 << exponent);
	// A mantissa of 16 is the next exponent's 8; both forms name the same length.
	let (exponent, mantissa) =
		if mantissa == 16 { (exponent + 1, 8) } else { (exponent, mantissa) };
	((exponent as u8) << 3) | (mantissa as u8).saturating_sub(8)
}

fn class_length(class: u8) -> usize {
	(usize::from(class & 7) + 8) << (class >> 3)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::engine::record::RECORD_MAX_BYTES;

	#[test]
	fn classes_cover_and_do_not_waste() {
		for len in (36..70_000).chain((RECORD_MAX_BYTES as u64 - 70_000)..=RECORD_MAX_BYTES as u64)
		{
			let read = Location::new(5, 77, len).read_len() as u64;
			assert!(read >= len && read <= len + len / 8 + 1, "{len} reads {read}");
		}
	}

	#[test]
	fn parts_come_back() {
		let location = Location::new((1 << 24) - 2, u32::MAX, 8 << 20);
		assert_eq!((location.segment(), location.offset()), ((1 << 24) - 2, u64::from(u32::MAX)));
		assert_ne!(location, Location::NONE);
		assert_eq!(Location::from_bits(location.bits()), location);
	}
}
