//! The durable mark: up to where the log is known to be on the disk.
//!
//! Without it nobody could tell, after a loss of power, a record that was never durable from one that a disk damaged later: the
//! first has to go with everything behind it, or the log would have a hole and its order would be broken; the second has to
//! stay with everything behind it, since that was promised.
//!
//! File `durable`, 24 bytes, little endian: `GRZDBDU1`, segment u32, offset u64, CRC-32C of all before. Every record that ends at
//! or before that place was durable when it was written. It lies in one sector and is written over in place after each fsync of the
//! log, without one of its own but for one a second, at a clean stop, and when it is made: an older mark is merely less
//! exact, and it is never ahead of the truth.

use crate::{limits::SEGMENTS_MAX, ZdbError};
use granary_disk::{Disk, DiskFile, Open};
use parking_lot::Mutex;
use std::{
	io,
	path::{Path, PathBuf},
	time::{Duration, Instant},
};

/// The file's name.
pub(crate) const DURABLE_NAME: &str = "durable";
const MAGIC: &[u8; 8] = b"GRZDBDU1";
const MARK_BYTES: usize = 24;
/// No record starts behind this, and a segment ends with the record that does last.
const OFFSET_MAX: u64 = u32::MAX as u64;
/// How old the mark on the disk may be while writes go on.
const SETTLE_INTERVAL: Duration = Duration::from_secs(1);

/// A place in a log, in the order of writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
	pub(crate) segment: u32,
	pub(crate) offset: u64,
}

/// What the file says on open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
	/// Everything before this place is durable.
	Place(Place),
	/// There is no file: the log is new, or an earlier version wrote it.
	Nothing,
	/// It does not match its checksum.
	Damaged,
}

impl Known {
	/// Reads the mark of the log in `dir`.
	pub(crate) fn load(disk: &Disk, dir: &Path) -> Result<Self, ZdbError> {
		let path = dir.join(DURABLE_NAME);
		match disk.read(&path) {
			Ok(bytes) => Ok(decode(&bytes).map_or(Self::Damaged, Self::Place)),
			Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::Nothing),
			Err(error) => Err(ZdbError::file("read", &path, error)),
		}
	}

	/// The place, if it is known.
	pub(crate) fn place(self) -> Option<Place> {
		match self {
			Self::Place(place) => Some(place),
			Self::Nothing | Self::Damaged => None,
		}
	}
}

pub(super) fn encode(place: Place) -> [u8; MARK_BYTES] {
	let mut bytes = [0; MARK_BYTES];
	let fields =
		[MAGIC.as_slice(), &place.segment.to_le_bytes(), &place.offset.to_le_bytes()].concat();
	let crc = crc32c::crc32c(&fields).to_le_bytes();
	bytes.iter_mut().zip(fields.iter().chain(&crc)).for_each(|(to, from)| *to = *from);
	bytes
}

pub(super) fn decode(bytes: &[u8]) -> Option<Place> {
	let bytes: &[u8; MARK_BYTES] = bytes.try_into().ok()?;
	let (body, crc) = bytes.split_last_chunk::<4>()?;
	let numbers = body.strip_prefix(MAGIC)?;
	let (segment, offset) = numbers.split_first_chunk::<4>()?;
	let (segment, offset) = (u32::from_le_bytes(*segment), offset.try_into().ok()?);
	let place = Place { segment, offset: u64::from_le_bytes(offset) };
	let is_possible = segment < SEGMENTS_MAX && place.offset <= OFFSET_MAX;
	(is_possible && crc32c::crc32c(body) == u32::from_le_bytes(*crc)).then_some(place)
}

/// The mark of an open log.
#[derive(Debug)]
pub(crate) struct DurableMark {
	disk: Disk,
	dir: PathBuf,
	state: Mutex<State>,
}

#[derive(Debug)]
struct State {
	/// What the file says; `None` if there is none that can be gone on from.
	place: Option<Place>,
	file: Option<DiskFile>,
	settled: Instant,
}

impl DurableMark {
	/// The mark of the log in `dir`, whose file says `place`; `None` has it made anew.
	pub(crate) fn new(disk: Disk, dir: PathBuf, place: Option<Place>) -> Self {
		let state = Mutex::new(State { place, file: None, settled: Instant::now() });
		Self { disk, dir, state }
	}

	/// Notes that everything before `place` is durable. A mark that cannot be written stays what it was, which costs
	/// exactness and nothing else, so that is no error.
	pub(crate) fn note(&self, place: Place) {
		let mut state = self.state.lock();
		if state.place >= Some(place) {
			return;
		}
		if let Err(error) = self.write(&mut state, place) {
			tracing::debug!(dir = %self.dir.display(), %error, "the durable mark stays behind");
			state.file = None;
		}
	}

	fn write(&self, state: &mut State, place: Place) -> io::Result<()> {
		let path = self.dir.join(DURABLE_NAME);
		if state.place.is_none() {
			self.disk.replace(&self.dir, DURABLE_NAME, &encode(place))?;
			state.settled = Instant::now();
		} else {
			let file = match state.file.take() {
				Some(file) => file,
				None => self.disk.open(&path, Open::Write)?,
			};
			file.write_all_at(&encode(place), 0)?;
			if state.settled.elapsed() >= SETTLE_INTERVAL {
				file.sync_data()?;
				state.settled = Instant::now();
			}
			state.file = Some(file);
		}
		state.place = Some(place);
		Ok(())
	}

	/// Makes the mark itself durable.
	pub(crate) fn settle(&self) -> Result<(), ZdbError> {
		let state = self.state.lock();
		let synced = state.file.as_ref().map_or(Ok(()), DiskFile::sync_data);
		synced.map_err(|error| ZdbError::file("sync", &self.dir.join(DURABLE_NAME), error))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn it_survives_its_file_and_goes_forward_only() {
		let (disk, dir) = (Disk::default(), tempfile::tempdir().unwrap());
		let load = || Known::load(&disk, dir.path()).unwrap();
		assert_eq!(load(), Known::Nothing);
		let places = [(0, 32), (0, 90), (3, 40), (3, 39), (2, 1 << 30)]
			.map(|(segment, offset)| Place { segment, offset });
		let mark = DurableMark::new(disk.clone(), dir.path().to_owned(), None);
		for (number, place) in places.iter().enumerate() {
			mark.note(*place);
			assert_eq!(load(), Known::Place(places[number.min(2)]));
		}
		mark.settle().unwrap();
		let mark = DurableMark::new(disk.clone(), dir.path().to_owned(), load().place());
		mark.note(Place { segment: 4, offset: 32 });
		assert_eq!(load(), Known::Place(Place { segment: 4, offset: 32 }));
	}

	#[test]
	fn every_flipped_bit_is_refused() {
		let bytes = encode(Place { segment: 7, offset: 99 });
		for bit in 0..bytes.len() * 8 {
			let mut flipped = bytes;
			flipped[bit / 8] ^= 1 << (bit % 8);
			assert_eq!(decode(&flipped), None, "bit {bit}");
		}
	}
}
