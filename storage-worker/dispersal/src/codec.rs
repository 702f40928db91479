//! One object: compressed, encrypted, and back.

use crate::{dataset::ObjectId, kdf::keyed_hash, key::DatasetKey, DispersalError};
use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce, UnboundKey, AES_256_GCM, NONCE_LEN};
use zeroize::Zeroizing;

/// The largest object: what a manifest segment needs, and well below a zdb value.
pub const OBJECT_BYTES_MAX: usize = 4 << 20;

const VERSION: u8 = 1;
const FLAG_ZSTD: u8 = 1;
const ZSTD_LEVEL: i32 = 1;
const HEAD_BYTES: usize = 6;
const TAG_BYTES: usize = 16;

/// Seals and opens the objects of one dataset.
pub struct ObjectCodec {
	key: DatasetKey,
	id_key: Zeroizing<[u8; 32]>,
	nonce_key: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for ObjectCodec {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.debug_struct("ObjectCodec").field("key", &self.key).finish_non_exhaustive()
	}
}

impl ObjectCodec {
	/// For a dataset.
	pub fn new(key: DatasetKey) -> Self {
		let id_key = key.derive(&[b"object-id"]);
		let nonce_key = key.derive(&[b"object-nonce"]);
		Self { key, id_key, nonce_key }
	}

	pub(crate) fn key(&self) -> &DatasetKey {
		&self.key
	}

	/// The id of an object: equal objects of one dataset have one id, and nobody without the key can tell.
	pub fn id(&self, plain: &[u8]) -> ObjectId {
		keyed_hash(&self.id_key, &[plain])
	}

	fn cipher(&self, id: &ObjectId) -> Result<LessSafeKey, DispersalError> {
		let key = self.key.derive(&[b"object-key", id]);
		let key = UnboundKey::new(&AES_256_GCM, key.as_slice())
			.map_err(|_| DispersalError::Crypto("making an object key"))?;
		Ok(LessSafeKey::new(key))
	}

	/// Compresses and encrypts an object.
	pub fn seal(&self, id: &ObjectId, plain: &[u8]) -> Result<Vec<u8>, DispersalError> {
		if plain.len() > OBJECT_BYTES_MAX {
			return Err(DispersalError::TooLarge { bytes: plain.len(), limit: OBJECT_BYTES_MAX });
		}
		let compressed = zstd::bulk::compress(plain, ZSTD_LEVEL)
			.map_err(|error| DispersalError::Task(error.to_string()))?;
		let (flags, payload) = if compressed.len() < plain.len() {
			(FLAG_ZSTD, compressed.as_slice())
		} else {
			(0, plain)
		};
		let mut nonce = [0; NONCE_LEN];
		let digest = keyed_hash(&self.nonce_key, &[payload]);
		nonce.iter_mut().zip(digest).for_each(|(to, from)| *to = from);

		let mut head = vec![VERSION, flags];
		head.extend_from_slice(&(plain.len() as u32).to_le_bytes());
		let aad = [head.as_slice(), id].concat();
		let mut body = payload.to_vec();
		self.cipher(id)?
			.seal_in_place_append_tag(
				Nonce::assume_unique_for_key(nonce),
				Aad::from(aad),
				&mut body,
			)
			.map_err(|_| DispersalError::Crypto("encrypting an object"))?;
		head.reserve(NONCE_LEN + body.len());
		head.extend_from_slice(&nonce);
		head.append(&mut body);
		Ok(head)
	}

	/// Decrypts and decompresses; checks that the result is the object of this id.
	pub fn open(&self, id: &ObjectId, sealed: &[u8]) -> Result<Vec<u8>, DispersalError> {
		let damaged = |reason: &str| DispersalError::Damaged { id: *id, reason: reason.to_owned() };
		let (head, rest) =
			sealed.split_at_checked(HEAD_BYTES).ok_or_else(|| damaged("it is cut off"))?;
		let [version, flags, length @ ..] = head else { return Err(damaged("it is cut off")) };
		if *version != VERSION {
			return Err(damaged("it has a format of another version"));
		}
		let length = length.try_into().map(u32::from_le_bytes).unwrap_or(u32::MAX) as usize;
		if length > OBJECT_BYTES_MAX {
			return Err(damaged("it claims to be larger than any object"));
		}
		let (nonce, body) =
			rest.split_at_checked(NONCE_LEN).ok_or_else(|| damaged("it is cut off"))?;
		if body.len() < TAG_BYTES {
			return Err(damaged("it is cut off"));
		}
		let nonce =
			Nonce::try_assume_unique_for_key(nonce).map_err(|_| damaged("it is cut off"))?;
		let mut payload = body.to_vec();
		let aad = [head, id.as_slice()].concat();
		let opened = self
			.cipher(id)?
			.open_in_place(nonce, Aad::from(aad), &mut payload)
			.map_err(|_| damaged("it does not decrypt"))?;
		let plain = if flags & FLAG_ZSTD != 0 {
			zstd::bulk::decompress(opened, length).map_err(|_| damaged("it does not decompress"))?
		} else {
			opened.to_vec()
		};
		if plain.len() != length || self.id(&plain) != *id {
			return Err(damaged("it is another object"));
		}
		Ok(plain)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(64))]
		#[test]
		fn what_is_sealed_opens_and_a_flipped_bit_does_not(
			plain in proptest::collection::vec(any::<u8>(), 0..5000),
			at in any::<proptest::sample::Index>(),
		) {
			let codec = ObjectCodec::new(DatasetKey::generate().unwrap());
			let id = codec.id(&plain);
			let sealed = codec.seal(&id, &plain).unwrap();
			prop_assert_eq!(codec.open(&id, &sealed).unwrap(), plain.clone());
			let mut bad = sealed.clone();
			bad[at.index(sealed.len())] ^= 1;
			prop_assert!(codec.open(&id, &bad).is_err());
			prop_assert!(codec.open(&[1; 32], &sealed).is_err());
			for cut in 0..sealed.len().min(40) {
				prop_assert!(codec.open(&id, &sealed[..cut]).is_err());
			}
		}
	}

	#[test]
	fn equal_objects_are_equal_in_one_dataset_only() {
		let one = ObjectCodec::new(DatasetKey::generate().unwrap());
		let other = ObjectCodec::new(DatasetKey::generate().unwrap());
		let id = one.id(b"plain");
		assert_eq!(one.seal(&id, b"plain").unwrap(), one.seal(&id, b"plain").unwrap());
		assert_ne!(id, other.id(b"plain"));
		assert!(other.open(&id, &one.seal(&id, b"plain").unwrap()).is_err());
		assert!(one.seal(&id, &vec![0; OBJECT_BYTES_MAX + 1]).is_err());
	}

	#[test]
	fn zeros_shrink_and_noise_does_not_grow_much() {
		let codec = ObjectCodec::new(DatasetKey::generate().unwrap());
		let zeros = vec![0; 1 << 16];
		assert!(codec.seal(&codec.id(&zeros), &zeros).unwrap().len() < 200);
		let noise: Vec<u8> = (0..1u32 << 14)
			.flat_map(|i| keyed_hash(&[1; 32], &[&i.to_le_bytes()])[..4].to_vec())
			.collect();
		assert!(codec.seal(&codec.id(&noise), &noise).unwrap().len() <= noise.len() + 34);
	}
}
