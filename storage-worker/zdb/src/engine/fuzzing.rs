//! The engine's doors for the fuzz targets.

use super::{
	durable, generation,
	ids::IdIndex,
	index::{KeyHasher, KeyIndex},
	location::Location,
	record::Header,
	retired::Retired,
};

/// Which small file, or piece of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmallFile {
	/// `durable`.
	Durable,
	/// `retired`.
	Retired,
	/// `removal`.
	Removal,
	/// The header of a record, without the key that its checksum covers.
	RecordHeader,
}

/// Reads such a file and writes what was read; `None` if it is none.
pub fn small_file(which: SmallFile, bytes: &[u8]) -> Option<Vec<u8>> {
	match which {
		SmallFile::Durable => durable::decode(bytes).map(|place| durable::encode(place).to_vec()),
		SmallFile::Retired => Retired::decode(bytes).map(|retired| retired.encode()),
		SmallFile::Removal => generation::Mark::decode(bytes).map(|mark| mark.encode()),
		SmallFile::RecordHeader => Header::decode(bytes).map(|header| header.to_bytes().to_vec()),
	}
}

/// The index of a user-key namespace; places are what a location's eight bytes hold.
#[derive(Debug)]
pub struct Keys(KeyIndex);

impl Default for Keys {
	fn default() -> Self {
		Self(KeyIndex::new(KeyHasher::default()))
	}
}

impl Keys {
	/// The places that may be the key's.
	pub fn candidates(&self, key: &[u8]) -> Vec<u64> {
		self.0.candidates(self.0.hash(key)).map(Location::bits).collect()
	}

	/// Points the key from where it was to a new place.
	pub fn replace(&self, key: &[u8], old: Option<u64>, new: u64) {
		self.0.replace(self.0.hash(key), old.map(Location::from_bits), Location::from_bits(new));
	}

	/// Forgets the key at this place.
	pub fn remove(&self, key: &[u8], old: u64) {
		self.0.remove(self.0.hash(key), Location::from_bits(old));
	}

	/// As opening a store does: points the key to a new place, or to none, from the one of which `is_it` says that it is the key's. Answers that one.
	pub fn set(
		&mut self,
		key: &[u8],
		new: Option<u64>,
		mut is_it: impl FnMut(u64) -> bool,
	) -> Option<u64> {
		let hash = self.0.hash(key);
		let table = self.0.tables().nth(hash.shard)?;
		let look = |at: Location| Ok(is_it(at.bits()).then_some(()));
		let old = table.set(hash.fingerprint, new.map(Location::from_bits), look);
		old.ok()?.map(|(at, ())| at.bits())
	}

	/// Live keys.
	pub fn len(&self) -> u64 {
		self.0.len()
	}

	/// Whether there are none.
	pub fn is_empty(&self) -> bool {
		self.len() == 0
	}
}

/// The index of a sequential namespace.
#[derive(Debug, Default)]
pub struct Ids(IdIndex);

impl Ids {
	/// Where the id is.
	pub fn get(&self, id: u64) -> Option<u64> {
		self.0.get(id).map(Location::bits)
	}

	/// Points the id to a place, or to none.
	pub fn set(&self, id: u64, place: Option<u64>) {
		self.0.set(id, place.map_or(Location::NONE, Location::from_bits));
	}

	/// The first live id from this one on.
	pub fn next_from(&self, id: u64) -> Option<u64> {
		self.0.next_from(id).map(|(id, _)| id)
	}

	/// The last live id before this one.
	pub fn last_before(&self, id: u64) -> Option<u64> {
		self.0.last_before(id).map(|(id, _)| id)
	}

	/// Live ids.
	pub fn len(&self) -> u64 {
		self.0.len()
	}

	/// Whether there are none.
	pub fn is_empty(&self) -> bool {
		self.len() == 0
	}
}
