//! The id of a sealed archive, which says all that is needed to read it.

use super::Layout;
use crate::{kdf::keyed_hash, DatasetKey, DispersalError};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};

/// Bytes of an id.
const ID_BYTES: usize = 32;
const NONCE_BYTES: usize = 16;
const TAG_BYTES: usize = 10;
/// What the keys of an archive's values begin with. With it they have another length than the ids of objects, which are kept apart by that.
const KEY_PREFIX: &[u8] = b"sealed/";
const KEY_BYTES: usize = KEY_PREFIX.len() + ID_BYTES + 4;

/// The id of a sealed archive: `nonce [16] ‖ blocks u32 LE ‖ data rows u16 LE ‖ tag [10]`.
///
/// The nonce is random, so that two archives of equal content have nothing in common. The tag is a keyed hash under the dataset's secret: an id
/// is known as that of an archive, and its numbers are believed, before anything is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ArchiveId([u8; ID_BYTES]);

impl ArchiveId {
	/// A new archive of this shape.
	pub(crate) fn new(key: &DatasetKey, layout: &Layout) -> Result<Self, DispersalError> {
		let mut nonce = [0; NONCE_BYTES];
		SystemRandom::new()
			.fill(&mut nonce)
			.map_err(|_| DispersalError::Crypto("reading the system's randomness"))?;
		let mut bytes = Vec::with_capacity(ID_BYTES);
		bytes.extend_from_slice(&nonce);
		bytes.extend_from_slice(&(layout.blocks() as u32).to_le_bytes());
		bytes.extend_from_slice(&(layout.data_rows() as u16).to_le_bytes());
		let tag = Self::tag(key, &bytes, layout.data_shards(), layout.total_shards());
		bytes.extend_from_slice(&tag);
		let bytes = bytes.try_into().map_err(|_| DispersalError::Crypto("naming an archive"))?;
		Ok(Self(bytes))
	}

	/// The id of an archive with these numbers, whatever they are.
	#[cfg(feature = "fuzzing")]
	pub(crate) fn of_head(
		key: &DatasetKey,
		head: &[u8; ID_BYTES - TAG_BYTES],
		data: usize,
		total: usize,
	) -> [u8; ID_BYTES] {
		let mut id = [0; ID_BYTES];
		let tag = Self::tag(key, head, data, total);
		id.iter_mut().zip(head.iter().chain(&tag)).for_each(|(to, from)| *to = *from);
		id
	}

	/// The archive and its shape, if these bytes are the id of one of this dataset at this geometry.
	pub(crate) fn recognise(
		key: &DatasetKey,
		bytes: &[u8],
		data: usize,
		total: usize,
	) -> Option<(Self, Layout)> {
		let id = Self(bytes.try_into().ok()?);
		let (head, tag) = id.0.split_last_chunk::<TAG_BYTES>()?;
		if *tag != Self::tag(key, head, data, total) {
			return None;
		}
		let (rest, rows) = head.split_last_chunk::<2>()?;
		let (_, blocks) = rest.split_last_chunk::<4>()?;
		let (blocks, rows) = (u32::from_le_bytes(*blocks), u16::from_le_bytes(*rows));
		Some((id, Layout::from_parts(data, total, blocks as usize, rows.into())?))
	}

	fn tag(key: &DatasetKey, head: &[u8], data: usize, total: usize) -> [u8; TAG_BYTES] {
		let hash =
			keyed_hash(&key.derive(&[b"sealed-archive/1"]), &[head, &[data as u8, total as u8]]);
		hash.first_chunk().copied().unwrap_or_default()
	}

	/// Its bytes, for example for a catalogue.
	pub fn as_bytes(&self) -> &[u8; ID_BYTES] {
		&self.0
	}

	/// The key of a value.
	pub(crate) fn value_key(&self, value: usize) -> Vec<u8> {
		[KEY_PREFIX, &self.0, &(value as u32).to_be_bytes()].concat()
	}

	/// The archive that a key of a namespace belongs to, if it is one of an archive's value.
	pub(crate) fn of_value_key(key: &[u8]) -> Option<[u8; ID_BYTES]> {
		let rest = key.strip_prefix(KEY_PREFIX).filter(|_| key.len() == KEY_BYTES)?;
		rest.first_chunk().copied()
	}
}

impl std::fmt::Display for ArchiveId {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn an_id_is_known_by_its_dataset_only_and_a_changed_one_by_nobody() {
		let (key, other) = (DatasetKey::generate().unwrap(), DatasetKey::generate().unwrap());
		let layout = Layout::for_bytes(4, 6, 100 << 20).unwrap();
		let id = ArchiveId::new(&key, &layout).unwrap();
		assert_eq!(ArchiveId::recognise(&key, id.as_bytes(), 4, 6), Some((id, layout)));
		assert_eq!(ArchiveId::recognise(&other, id.as_bytes(), 4, 6), None);
		assert_eq!(ArchiveId::recognise(&key, id.as_bytes(), 5, 6), None);
		assert_ne!(ArchiveId::new(&key, &layout).unwrap(), id);
		for at in 0..ID_BYTES {
			let mut bytes = *id.as_bytes();
			bytes[at] ^= 1;
			assert_eq!(ArchiveId::recognise(&key, &bytes, 4, 6), None, "byte {at}");
		}
		assert_eq!(ArchiveId::of_value_key(&id.value_key(7)), Some(*id.as_bytes()));
		assert_ne!(id.value_key(7), id.value_key(8));
		assert_eq!(ArchiveId::of_value_key(id.as_bytes()), None);
	}
}
