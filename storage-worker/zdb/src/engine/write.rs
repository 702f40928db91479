//! Writing: SET and DEL.

use crate::{
	engine::{
		ids::IdIndex,
		index::KeyIndex,
		location::Location,
		log::{Append, AppendKey},
		namespace::{Index, Namespace},
		options::Durability,
		read::id_of,
		record::Header,
	},
	limits::{ID_RESTORED_MAX, KEY_MAX_BYTES},
	ZdbError,
};
use std::time::{SystemTime, UNIX_EPOCH};

/// What a write did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetOutcome {
	/// It was appended; in sequential mode with the id of the record that it made or changed.
	Written {
		/// The id, in sequential mode.
		id: Option<u64>,
	},
	/// The key had that very value already; nothing was written.
	Unchanged,
}

/// A record that the index points to, or did.
pub(super) type Placed = (Location, Header);

struct Write<'w> {
	worm: bool,
	append: Append<'w>,
}

fn unix_seconds() -> u32 {
	let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
	u32::try_from(now.as_secs()).unwrap_or(u32::MAX)
}

impl Namespace {
	fn check_length(&self, value: &[u8]) -> Result<(), ZdbError> {
		let (len, max) = (value.len(), self.log.shape().environment.max_value_bytes);
		match len > max {
			true => Err(ZdbError::ValueTooLong { len, max }),
			false => Ok(()),
		}
	}

	/// Appends a value. It is visible at once; it reaches the kernel with [`Namespace::flush`], which whoever
	/// acknowledges the write calls first.
	pub fn set_buffered(
		&self,
		key: &[u8],
		value: &[u8],
		timestamp: Option<u32>,
	) -> Result<SetOutcome, ZdbError> {
		if key.len() > KEY_MAX_BYTES {
			return Err(ZdbError::KeyTooLong(key.len()));
		}
		self.check_length(value)?;
		let config = self.writable_config()?;
		let write = Write {
			worm: config.worm,
			append: Append {
				key: AppendKey::Given(key),
				value: Some(value),
				value_crc: crc32c::crc32c(value),
				timestamp: timestamp.unwrap_or_else(unix_seconds),
				max_bytes: config.max_bytes,
				previous: None,
				moved: false,
				numbers: None,
			},
		};
		let result = match &self.index {
			Index::Keys(index) => self.set_key(index, key, value, &write),
			Index::Ids(ids) => self.set_id(ids, key, value, &write),
		};
		result.inspect_err(|error| self.count_write_error(error))
	}

	/// Appends a value and brings it to the kernel, or to the disk if the durability is `Always`.
	pub fn set(&self, key: &[u8], value: &[u8]) -> Result<SetOutcome, ZdbError> {
		let outcome = self.set_buffered(key, value, None)?;
		self.settle()?;
		Ok(outcome)
	}

	/// Makes good what the durability promises before an answer.
	fn settle(&self) -> Result<(), ZdbError> {
		match self.durability() {
			Durability::Always => self.sync(),
			Durability::Every(_) | Durability::Os => self.flush(),
		}
	}

	fn set_key(
		&self,
		index: &KeyIndex,
		key: &[u8],
		value: &[u8],
		write: &Write<'_>,
	) -> Result<SetOutcome, ZdbError> {
		if key.is_empty() {
			return Err(ZdbError::KeyNeeded);
		}
		let hash = index.hash(key);
		let _appending = self.audit.as_ref().map(|_| self.gate.read());
		let _stripe = self.stripe(hash.shard).lock();
		let current = self.find_key(index, hash, key)?;
		if let Some((location, header)) = &current {
			// What is going counts as absent: who writes it again keeps it.
			let stays = !self.is_leaving(key, *location, header)?;
			if stays && write.worm {
				return Err(ZdbError::WormKeyExists);
			}
			if stays && self.holds(*location, header, value, write.append.value_crc)? {
				return Ok(SetOutcome::Unchanged);
			}
		}
		let previous = current.map(|(location, _)| location);
		let append = Append { previous, ..write.append };
		let (location, header) = match &self.audit {
			Some(audit) => audit.append(&self.log, value, || self.log.append(&append))?,
			None => self.log.append(&append)?,
		};
		index.replace(hash, previous, location);
		self.count_live(current, Some((location, header)));
		Ok(SetOutcome::Written { id: None })
	}

	fn set_id(
		&self,
		ids: &IdIndex,
		key: &[u8],
		value: &[u8],
		write: &Write<'_>,
	) -> Result<SetOutcome, ZdbError> {
		if key.is_empty() {
			let append = Append { key: AppendKey::Issue, ..write.append };
			return self.issue(ids, &append);
		}
		let id = id_of(key).ok_or(ZdbError::KeyNotIssued)?;
		let _stripe = self.stripe(id as usize).lock();
		let location = ids.get(id).ok_or(ZdbError::KeyNotIssued)?;
		if write.worm {
			return Err(ZdbError::WormKeyExists);
		}
		let header = self.head_if_key(location, key)?;
		let header = header.ok_or_else(|| self.log.damaged(location))?;
		if self.holds(location, &header, value, write.append.value_crc)? {
			return Ok(SetOutcome::Unchanged);
		}
		let append = Append { previous: Some(location), ..write.append };
		let (new, new_header) = self.log.append(&append)?;
		ids.set(id, new);
		self.count_live(Some((location, header)), Some((new, new_header)));
		Ok(SetOutcome::Written { id: Some(id) })
	}

	/// Appends a value under a new id.
	fn issue(&self, ids: &IdIndex, append: &Append<'_>) -> Result<SetOutcome, ZdbError> {
		let _issuing = self.issuing.read();
		let (location, header) = self.log.append(append)?;
		ids.set(header.ordinal, location);
		self.count_live(None, Some((location, header)));
		Ok(SetOutcome::Written { id: Some(header.ordinal) })
	}

	/// Appends a value of another store under the id that it had there, or the next one if that was issued here
	/// already; only in sequential mode. See [`Namespace::set_buffered`] for when it is durable.
	pub fn restore_id(
		&self,
		id: u64,
		value: &[u8],
		timestamp: u32,
	) -> Result<SetOutcome, ZdbError> {
		let config = self.writable_config()?;
		let Index::Ids(ids) = &self.index else { return Err(ZdbError::KeyNotIssued) };
		if id >= ID_RESTORED_MAX {
			return Err(ZdbError::IdTooLarge { id, max: ID_RESTORED_MAX });
		}
		self.check_length(value)?;
		let append = Append {
			key: AppendKey::IssueFrom(id),
			value: Some(value),
			value_crc: crc32c::crc32c(value),
			timestamp,
			max_bytes: config.max_bytes,
			previous: None,
			moved: false,
			numbers: None,
		};
		self.issue(ids, &append).inspect_err(|error| self.count_write_error(error))
	}

	/// Whether the record holds exactly that value.
	fn holds(
		&self,
		location: Location,
		header: &Header,
		value: &[u8],
		value_crc: u32,
	) -> Result<bool, ZdbError> {
		if header.value_crc != value_crc || header.value_len as usize != value.len() {
			return Ok(false);
		}
		// What cannot be read does not hold it; a new record then replaces the damaged one.
		self.with_scratch(|buffer| {
			Ok(self.log.read(location, buffer).is_ok_and(|record| record.value == value))
		})
	}

	/// Appends a tombstone; see [`Namespace::set_buffered`] for when it is durable.
	pub fn del_buffered(&self, key: &[u8], timestamp: Option<u32>) -> Result<(), ZdbError> {
		let config = self.writable_config()?;
		let tombstone = Append {
			key: AppendKey::Given(key),
			value: None,
			value_crc: 0,
			timestamp: timestamp.unwrap_or_else(unix_seconds),
			max_bytes: None,
			previous: None,
			moved: false,
			numbers: None,
		};
		let _stripe = self.stripe(self.stripe_of(key)).lock();
		let (location, header) = self.find(key)?.ok_or(ZdbError::KeyNotFound)?;
		if config.worm {
			return Err(ZdbError::WormNoDelete);
		}
		let tombstone = Append { previous: Some(location), ..tombstone };
		self.log.append(&tombstone).inspect_err(|error| self.count_write_error(error))?;
		self.point_to(key, Some(location), None);
		self.count_live(Some((location, header)), None);
		Ok(())
	}

	/// Appends a tombstone and brings it to the kernel, or to the disk if the durability is `Always`.
	pub fn del(&self, key: &[u8]) -> Result<(), ZdbError> {
		self.del_buffered(key, None)?;
		self.settle()
	}
}
