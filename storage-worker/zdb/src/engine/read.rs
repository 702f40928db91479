//! Reading: GET and its relatives.

use crate::{
	engine::{
		index::{Candidates, KeyHash, KeyIndex},
		location::Location,
		namespace::{Index, Namespace},
		record::{Header, HEADER_BYTES},
	},
	limits::SCRATCH_KEEP_BYTES,
	ZdbError,
};
use std::cell::RefCell;

thread_local! {
	/// Records are read into this; one per thread, since a read never nests in another.
	static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The id that a sequential key is.
pub(super) fn id_of(key: &[u8]) -> Option<u64> {
	key.try_into().ok().map(u64::from_le_bytes)
}

/// Looks a key up again while compaction moves its record between the index and the reading. A record is moved once
/// in a segment's life, so a few times are enough.
fn settled<R>(mut look: impl FnMut() -> Result<R, ZdbError>) -> Result<R, ZdbError> {
	const TIMES: usize = 16;
	let mut found = look();
	for _ in 1..TIMES {
		if !matches!(found, Err(ZdbError::Moved)) {
			break;
		}
		found = look();
	}
	found
}

impl Namespace {
	/// Lends the thread's read buffer.
	pub(super) fn with_scratch<R>(
		&self,
		read: impl FnOnce(&mut Vec<u8>) -> Result<R, ZdbError>,
	) -> Result<R, ZdbError> {
		SCRATCH.with_borrow_mut(|buffer| {
			let result = read(buffer);
			if buffer.len() > SCRATCH_KEEP_BYTES {
				*buffer = Vec::new();
			}
			result
		})
	}

	/// The header of the record at `location` if its key is `key`.
	pub(super) fn head_if_key(
		&self,
		location: Location,
		key: &[u8],
	) -> Result<Option<Header>, ZdbError> {
		self.with_scratch(|buffer| {
			let (header, found) = self.log.read_head(location, buffer)?;
			Ok((found == key).then_some(header))
		})
	}

	/// Which lock a writer of the key holds.
	pub(super) fn stripe_of(&self, key: &[u8]) -> usize {
		match &self.index {
			Index::Keys(index) => index.hash(key).shard,
			Index::Ids(_) => id_of(key).unwrap_or_default() as usize,
		}
	}

	/// Lets the index point to the key's new record instead of the old one, or to none. The caller holds the key's stripe,
	/// and in sequential mode the key is an id.
	pub(super) fn point_to(&self, key: &[u8], old: Option<Location>, new: Option<Location>) {
		match (&self.index, old, new) {
			(Index::Keys(index), old, Some(new)) => index.replace(index.hash(key), old, new),
			(Index::Keys(index), Some(old), None) => index.remove(index.hash(key), old),
			(Index::Keys(_), None, None) => {},
			(Index::Ids(ids), _, new) => {
				ids.set(id_of(key).unwrap_or_default(), new.unwrap_or(Location::NONE));
			},
		}
	}

	/// Whether `location` is where the index has the key.
	pub(super) fn is_current(&self, key: &[u8], location: Location) -> bool {
		match &self.index {
			Index::Keys(index) => index.candidates(index.hash(key)).any(|at| at == location),
			Index::Ids(ids) => id_of(key).and_then(|id| ids.get(id)) == Some(location),
		}
	}

	pub(super) fn find_key(
		&self,
		index: &KeyIndex,
		hash: KeyHash,
		key: &[u8],
	) -> Result<Option<(Location, Header)>, ZdbError> {
		for location in index.candidates(hash) {
			if let Some(header) = self.head_if_key(location, key)? {
				return Ok(Some((location, header)));
			}
		}
		Ok(None)
	}

	/// Where the key's newest record is, and its header.
	pub(super) fn find(&self, key: &[u8]) -> Result<Option<(Location, Header)>, ZdbError> {
		let found = settled(|| match &self.index {
			Index::Keys(index) => self.find_key(index, index.hash(key), key),
			Index::Ids(ids) => match id_of(key).and_then(|id| ids.get(id)) {
				None => Ok(None),
				Some(location) => {
					let header = self.head_if_key(location, key);
					header.map(|header| header.map(|header| (location, header)))
				},
			},
		});
		found.inspect_err(|_| self.count_read_error())
	}

	/// Lets `read` look at the key's value; `None` if there is none. `read` must not use the namespace.
	pub fn get_with<R>(
		&self,
		key: &[u8],
		read: impl FnOnce(&[u8]) -> R,
	) -> Result<Option<R>, ZdbError> {
		self.readable()?;
		let found = self.with_scratch(|buffer| {
			let Some(len) = settled(|| self.read_value(key, buffer))? else { return Ok(None) };
			Ok(buffer.get(len).map(read))
		});
		found.inspect_err(|_| self.count_read_error())
	}

	/// Reads the key's record; answers where in the buffer its value is.
	fn read_value(
		&self,
		key: &[u8],
		buffer: &mut Vec<u8>,
	) -> Result<Option<std::ops::Range<usize>>, ZdbError> {
		let locations = match &self.index {
			Index::Keys(index) => index.candidates(index.hash(key)),
			Index::Ids(ids) => Candidates::from(id_of(key).and_then(|id| ids.get(id))),
		};
		for location in locations {
			let record = self.log.read(location, buffer)?;
			if record.key != key {
				continue;
			}
			if !record.value_is_valid() {
				return Err(self.log.damaged(location));
			}
			let start = HEADER_BYTES + record.key.len();
			return Ok(Some(start..start + record.value.len()));
		}
		Ok(None)
	}

	/// The key's value.
	pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ZdbError> {
		self.get_with(key, <[u8]>::to_vec)
	}

	/// Whether the key lives.
	pub fn exists(&self, key: &[u8]) -> Result<bool, ZdbError> {
		self.readable()?;
		Ok(self.find(key)?.is_some())
	}

	/// Length of the key's value.
	pub fn length(&self, key: &[u8]) -> Result<Option<u32>, ZdbError> {
		self.readable()?;
		Ok(self.find(key)?.map(|(_, header)| header.value_len))
	}

	/// Bytes of the key's record on disk.
	pub(crate) fn record_bytes(&self, key: &[u8]) -> Result<Option<u64>, ZdbError> {
		self.readable()?;
		Ok(self.find(key)?.map(|(_, header)| header.record_len()))
	}

	/// When the key was written, unix seconds.
	pub fn keytime(&self, key: &[u8]) -> Result<Option<u32>, ZdbError> {
		self.readable()?;
		Ok(self.find(key)?.map(|(_, header)| header.timestamp))
	}

	/// Whether the key's value matches its checksum; `None` if there is no such key.
	pub fn check(&self, key: &[u8]) -> Result<Option<bool>, ZdbError> {
		self.readable()?;
		let Some((location, _)) = self.find(key)? else { return Ok(None) };
		let mut buffer = Vec::new();
		Ok(Some(self.log.read(location, &mut buffer)?.value_is_valid()))
	}

	/// Live keys.
	pub fn dbsize(&self) -> u64 {
		match &self.index {
			Index::Keys(index) => index.len(),
			Index::Ids(ids) => ids.len(),
		}
	}
}
