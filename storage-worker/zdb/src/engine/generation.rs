//! Generations: the logs that an audited namespace has had.
//!
//! A log from which something is to go is not changed; a shorter one is made beside it, the next generation, and takes its
//! place once both sides of the contract agree. Generation 0 lies in the namespace's directory, generation N in
//! `generation-NNNNNNNN/` below it. Two small files say what holds, each replaced as a whole and made durable:
//!
//! - `generation` in the namespace's directory: `GRZDBGN1`, number u32, CRC-32C of all before. Without it the number is 0.
//! - `removal` in a generation's directory: its owner signed for it, so it must be kept until that is decided. `GRZDBRM1`, cut
//!   sequence u64, cut leaves u64, own sequence u64, leaf count u64, root 32, epoch u64, CRC-32C of all before.
//!
//! All numbers are little endian. What neither file speaks for is left over from a crash and goes when the namespace is opened.

use crate::{engine::audit::tree_dir, ZdbError};
use granary_disk::Disk;
use granary_por::Hash;
use std::{
	io,
	path::{Path, PathBuf},
};

const POINTER_MAGIC: &[u8; 8] = b"GRZDBGN1";
const POINTER_NAME: &str = "generation";
const MARK_MAGIC: &[u8; 8] = b"GRZDBRM1";
const MARK_NAME: &str = "removal";
const DIR_PREFIX: &str = "generation-";

/// The directory of a generation of the namespace in `dir`.
pub(crate) fn generation_dir(dir: &Path, number: u32) -> PathBuf {
	match number {
		0 => dir.to_owned(),
		number => dir.join(format!("{DIR_PREFIX}{number:08}")),
	}
}

/// The number of the generation in force.
pub(crate) fn current(disk: &Disk, dir: &Path) -> Result<u32, ZdbError> {
	let path = dir.join(POINTER_NAME);
	let bytes = match disk.read(&path) {
		Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
		read => read.map_err(|error| ZdbError::file("read", &path, error))?,
	};
	let number = checked(&bytes, POINTER_MAGIC).and_then(|body| body.try_into().ok());
	let reason = "it is damaged; restore it from a backup";
	number.map(u32::from_le_bytes).ok_or(ZdbError::BadConfig { path, reason })
}

/// Puts a generation in force, for good.
pub(crate) fn set_current(disk: &Disk, dir: &Path, number: u32) -> Result<(), ZdbError> {
	replace(
		disk,
		dir,
		POINTER_NAME,
		with_checksum([POINTER_MAGIC.as_slice(), &number.to_le_bytes()].concat()),
	)
}

/// What a generation that waits was made from, and what was signed for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
	/// Records of the log before from this sequence on are in this one as well, all of them.
	pub(crate) cut_sequence: u64,
	/// Leaves of the log before up to there.
	pub(crate) cut_leaves: u64,
	/// The sequence here of the first of these records.
	pub(crate) own_sequence: u64,
	/// Leaves here before that record.
	pub(crate) leaf_count: u64,
	/// The root over them.
	pub(crate) root: Hash,
	/// The epoch of the signature.
	pub(crate) epoch: u64,
}

impl Mark {
	pub(super) fn encode(&self) -> Vec<u8> {
		let mut bytes = MARK_MAGIC.to_vec();
		for number in [self.cut_sequence, self.cut_leaves, self.own_sequence, self.leaf_count] {
			bytes.extend_from_slice(&number.to_le_bytes());
		}
		bytes.extend_from_slice(&self.root);
		bytes.extend_from_slice(&self.epoch.to_le_bytes());
		with_checksum(bytes)
	}

	pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
		let (numbers, rest) = checked(bytes, MARK_MAGIC)?.split_first_chunk::<32>()?;
		let (root, epoch) = rest.split_first_chunk::<32>()?;
		let number = |at: usize| numbers.get(at * 8..)?.first_chunk().copied();
		Some(Self {
			cut_sequence: u64::from_le_bytes(number(0)?),
			cut_leaves: u64::from_le_bytes(number(1)?),
			own_sequence: u64::from_le_bytes(number(2)?),
			leaf_count: u64::from_le_bytes(number(3)?),
			root: *root,
			epoch: u64::from_le_bytes(epoch.try_into().ok()?),
		})
	}

	/// Makes the mark of the generation in `dir` durable.
	pub(crate) fn store(&self, disk: &Disk, dir: &Path) -> Result<(), ZdbError> {
		replace(disk, dir, MARK_NAME, self.encode())
	}

	/// The mark of the generation in `dir`; `None` without one. A damaged one is an error: what was signed must not be forgotten.
	pub(crate) fn load(disk: &Disk, dir: &Path) -> Result<Option<Self>, ZdbError> {
		let path = dir.join(MARK_NAME);
		match disk.read(&path) {
			Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
			Err(error) => Err(ZdbError::file("read", &path, error)),
			Ok(bytes) => {
				let reason = "it is damaged; restore it from a backup";
				Self::decode(&bytes).map(Some).ok_or(ZdbError::BadConfig { path, reason })
			},
		}
	}
}

/// Makes an empty directory for a generation; what an attempt before left there goes.
pub(crate) fn make(disk: &Disk, dir: &Path, number: u32) -> Result<PathBuf, ZdbError> {
	let path = generation_dir(dir, number);
	remove_tree(disk, &path)?;
	disk.make_dirs(&path).map_err(|error| ZdbError::file("create", &path, error))?;
	Ok(path)
}

/// Removes the files of a generation.
pub(crate) fn remove(disk: &Disk, dir: &Path, number: u32) -> Result<(), ZdbError> {
	if number > 0 {
		return remove_tree(disk, &generation_dir(dir, number));
	}
	// The first one shares its directory with the settings.
	remove_tree(disk, &tree_dir(dir))?;
	let remove = || -> io::Result<()> {
		for entry in disk.list(dir)? {
			let Some(name) = entry.name.to_str() else { continue };
			let is_of_segment = name.ends_with(".log") || name.ends_with(".hint");
			if name.starts_with("segment-") && is_of_segment {
				remove_file(disk, &dir.join(name))?;
			}
		}
		remove_file(disk, &dir.join("retired"))
	};
	remove().map_err(|error| ZdbError::file("empty", dir, error))
}

/// Removes every generation but the current one and the next, if that one is signed for. Answers the mark of the next.
pub(crate) fn tidy(disk: &Disk, dir: &Path, current: u32) -> Result<Option<Mark>, ZdbError> {
	let listed = disk.list(dir).map_err(|error| ZdbError::file("list", dir, error))?;
	let number_of = |name: &str| name.strip_prefix(DIR_PREFIX)?.parse::<u32>().ok();
	let mut numbers: Vec<u32> =
		listed.iter().filter_map(|entry| number_of(entry.name.to_str()?)).collect();
	if current > 0 {
		numbers.push(0);
	}
	let mut next = None;
	for number in numbers.into_iter().filter(|number| *number != current) {
		let mark = match Some(number) == current.checked_add(1) {
			true => Mark::load(disk, &generation_dir(dir, number))?,
			false => None,
		};
		match mark {
			Some(mark) => next = Some(mark),
			None => remove(disk, dir, number)?,
		}
	}
	Ok(next)
}

fn remove_tree(disk: &Disk, path: &Path) -> Result<(), ZdbError> {
	match disk.remove_dir_all(path) {
		Err(error) if error.kind() != io::ErrorKind::NotFound => {
			Err(ZdbError::file("remove", path, error))
		},
		_ => Ok(()),
	}
}

fn remove_file(disk: &Disk, path: &Path) -> io::Result<()> {
	match disk.remove_file(path) {
		Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
		_ => Ok(()),
	}
}

pub(super) fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
	bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
	bytes
}

pub(super) fn checked<'b>(bytes: &'b [u8], magic: &[u8]) -> Option<&'b [u8]> {
	let (body, crc) = bytes.split_last_chunk::<4>()?;
	let body = (crc32c::crc32c(body) == u32::from_le_bytes(*crc)).then_some(body)?;
	body.strip_prefix(magic)
}

/// Replaces a file as a whole and makes that durable.
fn replace(disk: &Disk, dir: &Path, name: &str, bytes: Vec<u8>) -> Result<(), ZdbError> {
	let replaced = disk.replace(dir, name, &bytes);
	replaced.map_err(|error| ZdbError::file("write", &dir.join(name), error))
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::fs;

	fn mark() -> Mark {
		Mark {
			cut_sequence: 10,
			cut_leaves: 200,
			own_sequence: 1 << 33,
			leaf_count: 90,
			root: [7; 32],
			epoch: 3,
		}
	}

	#[test]
	fn what_holds_survives_its_files() {
		let (disk, dir) = (Disk::default(), tempfile::tempdir().unwrap());
		assert_eq!(current(&disk, dir.path()).unwrap(), 0);
		set_current(&disk, dir.path(), 7).unwrap();
		assert_eq!(current(&disk, dir.path()).unwrap(), 7);
		let next = make(&disk, dir.path(), 8).unwrap();
		assert_eq!(Mark::load(&disk, &next).unwrap(), None);
		mark().store(&disk, &next).unwrap();
		assert_eq!(tidy(&disk, dir.path(), 7).unwrap(), Some(mark()));
		assert!(next.exists());
	}

	#[test]
	fn every_flipped_bit_is_refused() {
		let bytes = mark().encode();
		for bit in 0..bytes.len() * 8 {
			let mut flipped = bytes.clone();
			flipped[bit / 8] ^= 1 << (bit % 8);
			assert_eq!(Mark::decode(&flipped), None, "bit {bit}");
		}
		let (disk, dir) = (Disk::default(), tempfile::tempdir().unwrap());
		set_current(&disk, dir.path(), 1).unwrap();
		let path = dir.path().join(POINTER_NAME);
		let mut bytes = fs::read(&path).unwrap();
		bytes[9] ^= 1;
		fs::write(&path, bytes).unwrap();
		assert!(matches!(current(&disk, dir.path()), Err(ZdbError::BadConfig { .. })));
	}

	#[test]
	fn leftovers_go_and_settings_stay() {
		let (disk, dir) = (Disk::default(), tempfile::tempdir().unwrap());
		let names = ["config", "segment-00000000.log", "segment-00000000.hint", "retired"];
		for name in names {
			fs::write(dir.path().join(name), b"x").unwrap();
		}
		fs::create_dir(tree_dir(dir.path())).unwrap();
		for number in [1, 2, 3] {
			make(&disk, dir.path(), number).unwrap();
		}
		assert_eq!(tidy(&disk, dir.path(), 2).unwrap(), None);
		let mut left: Vec<_> = fs::read_dir(dir.path())
			.unwrap()
			.map(|entry| entry.unwrap().file_name().into_string().unwrap())
			.collect();
		left.sort();
		assert_eq!(left, ["config", "generation-00000002"]);
	}
}
