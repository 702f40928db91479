//! Reading: GET and its relatives.

use crate::{
	engine::{
		index::{Candidates, KeyHash, KeyIndex},
		location::Location,
		long::{pooled_buffer, LongValue, LONG_BYTES},
		namespace::{Index, Namespace},
		record::{Header, HEADER_BYTES},
	},
	limits::SCRATCH_KEEP_BYTES,
	ZdbError,
};
use std::{cell::RefCell, sync::Arc};

thread_local! {
	/// Records are read into this; one per thread, since a read never nests in another.
	static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A value that was found.
pub(crate) enum Found<'v> {
	/// One that is lent.
	Short(&'v [u8]),
	/// One that is given away.
	Long(LongValue),
}

impl Found<'_> {
	/// Bytes of the value.
	pub(crate) fn len(&self) -> usize {
		match self {
			Self::Short(value) => value.len(),
			Self::Long(value) => value.len(),
		}
	}
}

/// The id that a sequential key is.
pub(super) fn id_of(key: &[u8]) -> Option<u64> {
	key.try_into().ok().map(u64::from_le_bytes)
}

/// What a look at a record came to.
enum Looked<R> {
	/// It is the key's; this is what was made of its value.
	At(R),
	/// Another key has the same hash.
	OtherKey,
}

impl<R> Looked<R> {
	/// What `read`, which is used up by it, makes of a value.
	fn made(read: &mut Option<impl FnOnce(Found<'_>) -> R>, found: Found<'_>) -> Self {
		read.take().map_or(Self::OtherKey, |read| Self::At(read(found)))
	}
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
		let cached = self.log.cached(location, |cached| {
			let (header, found, _) = cached.parts()?;
			Some((found == key).then_some(header))
		});
		if let Some(header) = cached.flatten() {
			return Ok(header);
		}
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
		found.inspect_err(|error| self.count_read_error(error))
	}

	/// Lets `read` look at the key's value; `None` if there is none. `read` must not use the namespace.
	pub fn get_with<R>(
		&self,
		key: &[u8],
		read: impl FnOnce(&[u8]) -> R,
	) -> Result<Option<R>, ZdbError> {
		self.get_found(key, |found| match found {
			Found::Short(value) => read(value),
			Found::Long(value) => read(&value),
		})
	}

	/// Gives `read` the key's value; `None` if there is none. `read` must not use the namespace.
	pub(crate) fn get_found<R>(
		&self,
		key: &[u8],
		read: impl FnOnce(Found<'_>) -> R,
	) -> Result<Option<R>, ZdbError> {
		self.readable()?;
		let mut read = Some(read);
		let found = settled(|| {
			for location in self.candidates(key) {
				match self.look(location, key, &mut read)? {
					Looked::At(result) => return Ok(Some(result)),
					Looked::OtherKey => {},
				}
			}
			Ok(None)
		});
		found.inspect_err(|error| self.count_read_error(error))
	}

	/// Where the key's record may be.
	fn candidates(&self, key: &[u8]) -> Candidates {
		match &self.index {
			Index::Keys(index) => index.candidates(index.hash(key)),
			Index::Ids(ids) => Candidates::from(id_of(key).and_then(|id| ids.get(id))),
		}
	}

	/// Lets `read`, which is there until it was used, look at the value of the record if the key is this one.
	fn look<R>(
		&self,
		location: Location,
		key: &[u8],
		read: &mut Option<impl FnOnce(Found<'_>) -> R>,
	) -> Result<Looked<R>, ZdbError> {
		if location.read_len() >= LONG_BYTES {
			return self.look_long(location, key, read);
		}
		let cached = self.log.cached(location, |cached| {
			let (_, found, value) = cached.parts()?;
			if found != key {
				return Some(Looked::OtherKey);
			}
			let value = value?;
			Some(Looked::At(read.take()?(Found::Short(value))))
		});
		if let Some(looked) = cached.flatten() {
			return Ok(looked);
		}
		self.with_scratch(|buffer| {
			let record = self.log.read(location, buffer)?;
			if record.key != key {
				return Ok(Looked::OtherKey);
			}
			if !record.value_is_valid() {
				return Err(self.log.damaged(location));
			}
			let (start, len) = (HEADER_BYTES + record.key.len(), record.value.len());
			let record = buffer.get(..start + len).unwrap_or_default();
			self.log.keep(location, record);
			let value = record.get(start..).unwrap_or_default();
			Ok(Looked::made(read, Found::Short(value)))
		})
	}

	/// As [`Self::look`], for a value that is not copied again.
	fn look_long<R>(
		&self,
		location: Location,
		key: &[u8],
		read: &mut Option<impl FnOnce(Found<'_>) -> R>,
	) -> Result<Looked<R>, ZdbError> {
		let record = match self.log.long(location) {
			Some(record) => record,
			None => self.read_long(location)?,
		};
		let parts = Header::decode(&record).ok_or_else(|| self.log.damaged(location))?;
		let start = HEADER_BYTES + usize::from(parts.key_len);
		if record.get(HEADER_BYTES..start) != Some(key) {
			return Ok(Looked::OtherKey);
		}
		let range = start..start + parts.value_len as usize;
		Ok(Looked::made(read, Found::Long(LongValue::new(record, range))))
	}

	/// Reads a long record and verifies all of it.
	fn read_long(&self, location: Location) -> Result<Arc<Vec<u8>>, ZdbError> {
		let is_wanted = self.log.is_wanted(location);
		// What is kept takes no more memory than it needs.
		let mut buffer = match is_wanted {
			true => Vec::with_capacity(location.read_len()),
			false => pooled_buffer(),
		};
		if !self.log.read(location, &mut buffer)?.value_is_valid() {
			return Err(self.log.damaged(location));
		}
		let record = Arc::new(buffer);
		if is_wanted {
			self.log.keep_long(location, record.clone());
		}
		Ok(record)
	}

	/// The key's value.
	pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ZdbError> {
		self.get_with(key, <[u8]>::to_vec)
	}

	/// Whether the key lives, and is not going to be removed from an audited log.
	pub fn exists(&self, key: &[u8]) -> Result<bool, ZdbError> {
		self.readable()?;
		let Some((location, header)) = self.find(key)? else { return Ok(false) };
		Ok(!self.is_leaving(key, location, &header)?)
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
