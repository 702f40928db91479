//! Mending: a damaged value gets back the bytes it was written with, where it is.

use crate::{
	engine::{namespace::Namespace, record::HEADER_BYTES},
	ZdbError,
};

/// What became of a value that was to be mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MendOutcome {
	/// There is no such key.
	Missing,
	/// It was not damaged.
	Sound,
	/// Its bytes are on the disk again.
	Mended,
}

impl Namespace {
	/// Writes the value's bytes over a record of the key whose own do not match their checksum any more, and makes them durable. The value must be
	/// the one that was written: its length and checksum are in the record's header. Nothing else changes, so an audited log keeps its root.
	pub fn mend(&self, key: &[u8], value: &[u8]) -> Result<MendOutcome, ZdbError> {
		self.writable_config()?;
		let _stripe = self.stripe(self.stripe_of(key)).lock();
		let Some((location, header)) = self.find(key)? else { return Ok(MendOutcome::Missing) };
		let mut buffer = Vec::new();
		if self.log.read(location, &mut buffer).is_ok_and(|record| record.value_is_valid()) {
			return Ok(MendOutcome::Sound);
		}
		let is_the_same =
			value.len() == header.value_len as usize && crc32c::crc32c(value) == header.value_crc;
		if !is_the_same {
			return Err(ZdbError::OtherValue);
		}
		let segment = self.log.segment(location.segment()).ok_or(ZdbError::Moved)?;
		let start = location.offset() + (HEADER_BYTES + key.len()) as u64;
		self.log.overwrite(&segment, start, value)?;
		match self.log.read(location, &mut buffer)?.value_is_valid() {
			true => Ok(MendOutcome::Mended),
			false => Err(self.log.damaged(location)),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{NamespaceOptions, Store, StoreOptions};
	use std::{fs, path::Path};

	/// Flips a byte in the middle of where these bytes are in the segment.
	fn damage(dir: &Path, value: &[u8]) {
		let path = dir.join("namespaces/log/segment-00000000.log");
		let mut bytes = fs::read(&path).unwrap();
		let at = bytes.windows(value.len()).position(|window| window == value).unwrap();
		bytes[at + value.len() / 2] ^= 0x40;
		fs::write(&path, bytes).unwrap();
	}

	#[test]
	fn a_durable_last_record_that_is_damaged_is_not_taken_for_a_torn_tail() {
		let dir = tempfile::tempdir().unwrap();
		let value: Vec<u8> = (0..9000u32).flat_map(u32::to_le_bytes).collect();
		let open = || Store::open(StoreOptions::new(dir.path())).unwrap();
		let store = open();
		let options = NamespaceOptions { audited: true, ..Default::default() };
		let log = store.create_namespace("log", options).unwrap();
		log.set(b"a", &value[..20_000]).unwrap();
		log.set(b"b", &value).unwrap();
		let state = log.log_state().unwrap();
		log.sync().unwrap();
		drop((log, store));
		damage(dir.path(), &value);
		let store = open();
		assert!(store.recovery_report().torn_tails.is_empty());
		let log = store.namespace("log").unwrap();
		assert!(matches!(log.get(b"b"), Err(ZdbError::Damaged { .. })));
		assert_eq!(log.mend(b"b", &value).unwrap(), MendOutcome::Mended);
		assert_eq!(log.get(b"b").unwrap(), Some(value));
		assert_eq!(log.log_state().unwrap(), state);
	}

	#[test]
	fn a_damaged_value_gets_its_bytes_back_and_nothing_else_changes() {
		let dir = tempfile::tempdir().unwrap();
		let store = Store::open(StoreOptions::new(dir.path())).unwrap();
		let options = NamespaceOptions { audited: true, ..Default::default() };
		let log = store.create_namespace("log", options).unwrap();
		let value: Vec<u8> = (0..20_000u32).flat_map(u32::to_le_bytes).collect();
		for (key, bytes) in [(b"a", &value[..100]), (b"b", &value[..]), (b"c", &value[7..2000])] {
			log.set(key, bytes).unwrap();
		}
		let state = log.log_state().unwrap();
		assert_eq!(log.mend(b"b", &value).unwrap(), MendOutcome::Sound);
		assert_eq!(log.mend(b"x", &value).unwrap(), MendOutcome::Missing);
		damage(dir.path(), &value);
		assert!(matches!(log.get(b"b"), Err(ZdbError::Damaged { .. })));
		assert!(log.prove(state.0, &[40]).is_err());
		assert!(matches!(log.mend(b"b", &value[1..]), Err(ZdbError::OtherValue)));
		let mut other = value.clone();
		other[5] ^= 1;
		assert!(matches!(log.mend(b"b", &other), Err(ZdbError::OtherValue)));
		assert_eq!(log.mend(b"b", &value).unwrap(), MendOutcome::Mended);
		assert_eq!(log.get(b"b").unwrap(), Some(value.clone()));
		assert_eq!(log.log_state().unwrap(), state);
		log.prove(state.0, &[40]).unwrap();
		drop((log, store));
		let store = Store::open(StoreOptions::new(dir.path())).unwrap();
		let log = store.namespace("log").unwrap();
		assert_eq!(log.get(b"b").unwrap(), Some(value));
		assert_eq!(log.log_state().unwrap(), state);
	}
}
