//! The list of segments that compaction removed, so that a missing file is told from a removed one.
//!
//! File `retired`, little endian: `GRZDBRT2`, the last sequence of any of them u64, `first` u32 (all segments below it
//! are removed), count u32, that many numbers u32 ascending (removed as well), CRC-32C of all before. It is replaced as
//! a whole.

use crate::{
	engine::{hint::hint_path, segment::segment_path},
	limits::SEGMENTS_MAX,
	ZdbError,
};
use granary_disk::Disk;
use std::{collections::BTreeSet, io, ops::Range, path::Path};

const MAGIC: &[u8; 8] = b"GRZDBRT2";
const RETIRED_NAME: &str = "retired";

/// Segments that were removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Retired {
	first: u32,
	others: BTreeSet<u32>,
	last_sequence: u64,
}

impl Retired {
	/// Whether this segment was removed.
	pub(crate) fn contains(&self, number: u32) -> bool {
		number < self.first || self.others.contains(&number)
	}

	/// The last sequence of any removed segment; 0 if there is none.
	pub(crate) fn last_sequence(&self) -> u64 {
		self.last_sequence
	}

	/// The first sequence that the log can have: a log that follows another one says so where no segment was removed yet.
	pub(crate) fn first_sequence(&self) -> u64 {
		let follows = self.first == 0 && self.others.is_empty() && self.last_sequence > 0;
		if follows {
			self.last_sequence.saturating_add(1)
		} else {
			0
		}
	}

	/// Notes that records up to this sequence are not there any more, without a segment of theirs.
	pub(crate) fn note_sequence(&mut self, last_sequence: u64) {
		self.last_sequence = self.last_sequence.max(last_sequence);
	}

	/// The stretches of `numbers` that were not removed.
	pub(crate) fn gaps_in(&self, numbers: Range<u32>) -> Vec<Range<u32>> {
		let mut start = numbers.start.max(self.first);
		let mut gaps = Vec::new();
		for removed in self.others.range(start..numbers.end.max(start)) {
			if start < *removed {
				gaps.push(start..*removed);
			}
			start = removed + 1;
		}
		if start < numbers.end {
			gaps.push(start..numbers.end);
		}
		gaps
	}

	/// Adds a segment whose last record has this sequence.
	pub(crate) fn insert(&mut self, number: u32, last_sequence: u64) {
		self.last_sequence = self.last_sequence.max(last_sequence);
		if number >= self.first {
			self.others.insert(number);
		}
		while self.others.remove(&self.first) {
			self.first += 1;
		}
	}

	pub(super) fn encode(&self) -> Vec<u8> {
		let mut bytes = MAGIC.to_vec();
		bytes.extend_from_slice(&self.last_sequence.to_le_bytes());
		let numbers = [self.first, self.others.len() as u32];
		for number in numbers.iter().chain(&self.others) {
			bytes.extend_from_slice(&number.to_le_bytes());
		}
		bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
		bytes
	}

	pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
		let (body, crc) = bytes.split_last_chunk::<4>()?;
		if crc32c::crc32c(body) != u32::from_le_bytes(*crc) {
			return None;
		}
		let (last_sequence, numbers) = body.strip_prefix(MAGIC)?.split_first_chunk::<8>()?;
		let last_sequence = u64::from_le_bytes(*last_sequence);
		let (numbers, rest) = numbers.as_chunks::<4>();
		let mut numbers = numbers.iter().map(|number| u32::from_le_bytes(*number));
		let (first, count) = (numbers.next()?, numbers.next()?);
		let others: Vec<u32> = numbers.collect();
		// One form for each list: ascending, and the first number that was not removed is not among the others, nor is one below it.
		let is_canonical =
			std::iter::once(&first).chain(&others).is_sorted_by(|one, next| one < next);
		let highest = others.last().copied().unwrap_or(first);
		let fits = rest.is_empty() && others.len() == count as usize && highest <= SEGMENTS_MAX;
		(fits && is_canonical).then(|| Self {
			first,
			others: others.into_iter().collect(),
			last_sequence,
		})
	}

	/// All segments before this one are removed, and nothing is known of their sequences: the namespace starts anew.
	pub(crate) fn before(first: u32) -> Self {
		Self { first, ..Self::default() }
	}

	/// The first number that is not removed with all before it.
	pub(crate) fn first(&self) -> u32 {
		self.first
	}

	/// Reads the list of the namespace in `dir`.
	pub(crate) fn load(disk: &Disk, dir: &Path) -> Result<Self, ZdbError> {
		let path = dir.join(RETIRED_NAME);
		match disk.read(&path) {
			Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
			Err(error) => Err(ZdbError::file("read", &path, error)),
			Ok(bytes) => Self::decode(&bytes).ok_or_else(|| ZdbError::BadConfig {
				path: path.clone(),
				reason: "it is damaged; restore it from a backup",
			}),
		}
	}

	/// Replaces the list of the namespace in `dir`, for good.
	pub(crate) fn store(&self, disk: &Disk, dir: &Path) -> Result<(), ZdbError> {
		let replaced = disk.replace(dir, RETIRED_NAME, &self.encode());
		replaced.map_err(|error| ZdbError::file("write", &dir.join(RETIRED_NAME), error))
	}
}

/// Removes the files of a segment, as far as they are there.
pub(crate) fn remove_segment(disk: &Disk, dir: &Path, number: u32) -> Result<(), ZdbError> {
	remove(disk, &hint_path(dir, number))?;
	remove(disk, &segment_path(dir, number))
}

fn remove(disk: &Disk, path: &Path) -> Result<(), ZdbError> {
	match disk.remove_file(path) {
		Err(error)
			if !matches!(
				error.kind(),
				io::ErrorKind::NotFound | io::ErrorKind::ReadOnlyFilesystem
			) =>
		{
			Err(ZdbError::file("remove", path, error))
		},
		_ => Ok(()),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn it_survives_its_file_and_stays_small() {
		let (disk, dir) = (Disk::default(), tempfile::tempdir().unwrap());
		assert_eq!(Retired::load(&disk, dir.path()).unwrap(), Retired::default());
		let mut retired = Retired::default();
		for number in [1, 0, 5, 2, 9] {
			retired.insert(number, u64::from(number) * 10);
			retired.store(&disk, dir.path()).unwrap();
			assert_eq!(Retired::load(&disk, dir.path()).unwrap(), retired);
		}
		assert_eq!((retired.first, retired.others.len()), (3, 2));
		let gone = (0..12).filter(|number| retired.contains(*number)).collect::<Vec<_>>();
		assert_eq!(gone, [0, 1, 2, 5, 9]);
		assert_eq!(retired.gaps_in(0..12), [3..5, 6..9, 10..12]);
		assert_eq!(retired.gaps_in(4..9), [4..5, 6..9]);
		assert_eq!(retired.gaps_in(9..10), []);
		assert_eq!(retired.gaps_in(Range { start: 7, end: 3 }), []);
	}

	#[test]
	fn a_list_has_one_form() {
		let mut retired = Retired::before(4);
		retired.insert(6, 1);
		let decoded = |bytes: &mut Vec<u8>| {
			bytes.truncate(bytes.len() - 4);
			bytes.extend(crc32c::crc32c(bytes).to_le_bytes());
			Retired::decode(bytes)
		};
		let mut bytes = retired.encode();
		assert_eq!(decoded(&mut bytes), Some(retired));
		let number = bytes.len() - 8;
		for other in [3_u8, 4] {
			bytes[number] = other;
			assert_eq!(decoded(&mut bytes), None, "{other} is removed with those before it");
		}
		bytes[number..number + 4].copy_from_slice(&u32::MAX.to_le_bytes());
		assert_eq!(decoded(&mut bytes), None, "no segment has this number");
		let mut two = Retired::before(4);
		two.insert(9, 1);
		two.insert(6, 1);
		let mut bytes = two.encode();
		assert_eq!(decoded(&mut bytes), Some(two));
		let at = bytes.len() - 12;
		bytes[at..at + 8].rotate_left(4);
		assert_eq!(decoded(&mut bytes), None, "in another order");
	}

	#[test]
	fn every_flipped_bit_is_refused() {
		let mut retired = Retired::default();
		retired.insert(7, 99);
		let bytes = retired.encode();
		for bit in 0..bytes.len() * 8 {
			let mut flipped = bytes.clone();
			flipped[bit / 8] ^= 1 << (bit % 8);
			assert_eq!(Retired::decode(&flipped), None, "bit {bit}");
		}
	}
}
