//! One object: compressed, encrypted, and back.

use crate::{dataset::ObjectId, key::DatasetKey, DispersalError};
use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce, UnboundKey, AES_256_GCM, NONCE_LEN};
use std::cell::RefCell;
use zeroize::Zeroizing;
use zstd::bulk::Compressor;

/// The largest object: what a manifest segment needs, and well below a zdb value.
pub const OBJECT_BYTES_MAX: usize = 4 << 20;

const VERSION: u8 = 2;
const FLAG_ZSTD: u8 = 1;
/// The object's id was drawn, not computed from it.
const FLAG_DRAWN: u8 = 2;
const ZSTD_LEVEL: i32 = 1;
const HEAD_BYTES: usize = 6;
const TAG_BYTES: usize = 16;
/// Objects of this size and more are compressed only if so many samples of so many bytes shrink below this share.
const SAMPLED_FROM: usize = 256 << 10;
const SAMPLES: usize = 8;
const SAMPLE_BYTES: usize = 4 << 10;
const WORTH_PER_CENT: usize = 98;

/// Where the id of an object comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
	/// It is a keyed hash of the object: equal objects have one id, are sealed alike and stored once.
	ByContent,
	/// It was drawn at random for this object alone, and so is its key, which follows from the id. An id must never be used again: two objects under one id
	/// would be encrypted with one key and nonce.
	Drawn,
}

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
		let id_key = key.derive(&[b"object-id/2"]);
		let nonce_key = key.derive(&[b"object-nonce/2"]);
		Self { key, id_key, nonce_key }
	}

	pub(crate) fn key(&self) -> &DatasetKey {
		&self.key
	}

	/// The id of an object: equal objects of one dataset have one id, and nobody without the key can tell.
	pub fn id(&self, plain: &[u8]) -> ObjectId {
		*blake3::keyed_hash(&self.id_key, plain).as_bytes()
	}

	fn cipher(&self, id: &ObjectId) -> Result<LessSafeKey, DispersalError> {
		let key = self.key.derive(&[b"object-key/2", id]);
		let key = UnboundKey::new(&AES_256_GCM, key.as_slice())
			.map_err(|_| DispersalError::Crypto("making an object key"))?;
		Ok(LessSafeKey::new(key))
	}

	/// Compresses and encrypts an object that is named by its content.
	pub fn seal(&self, id: &ObjectId, plain: &[u8]) -> Result<Vec<u8>, DispersalError> {
		self.seal_named(id, plain, Naming::ByContent)
	}

	/// Compresses and encrypts an object.
	pub fn seal_named(
		&self,
		id: &ObjectId,
		plain: &[u8],
		naming: Naming,
	) -> Result<Vec<u8>, DispersalError> {
		if plain.len() > OBJECT_BYTES_MAX {
			return Err(DispersalError::TooLarge { bytes: plain.len(), limit: OBJECT_BYTES_MAX });
		}
		let compressed = match is_worth_compressing(plain)? {
			true => Some(compress(plain)?).filter(|smaller| smaller.len() < plain.len()),
			false => None,
		};
		let (flags, payload) = match &compressed {
			Some(compressed) => (FLAG_ZSTD, compressed.as_slice()),
			None => (0, plain),
		};
		let flags = flags | if naming == Naming::Drawn { FLAG_DRAWN } else { 0 };
		self.encrypt(id, flags, plain.len() as u32, payload)
	}

	/// Frames and encrypts the payload of an object of so many bytes.
	pub(crate) fn encrypt(
		&self,
		id: &ObjectId,
		flags: u8,
		plain_bytes: u32,
		payload: &[u8],
	) -> Result<Vec<u8>, DispersalError> {
		let nonce = self.nonce(flags, payload);
		let mut sealed = Vec::with_capacity(HEAD_BYTES + NONCE_LEN + payload.len() + TAG_BYTES);
		sealed.extend_from_slice(&[VERSION, flags]);
		sealed.extend_from_slice(&plain_bytes.to_le_bytes());
		let aad = [sealed.as_slice(), id].concat();
		sealed.extend_from_slice(&nonce);
		sealed.extend_from_slice(payload);
		let body = sealed.get_mut(HEAD_BYTES + NONCE_LEN..).unwrap_or_default();
		let nonce = Nonce::assume_unique_for_key(nonce);
		let tag = self
			.cipher(id)?
			.seal_in_place_separate_tag(nonce, Aad::from(aad), body)
			.map_err(|_| DispersalError::Crypto("encrypting an object"))?;
		sealed.extend_from_slice(tag.as_ref());
		Ok(sealed)
	}

	/// The key is the object's alone. A plain payload follows from the object, so it needs no other nonce than zero; a compressed one depends on the
	/// library as well, so its nonce follows from its bytes.
	fn nonce(&self, flags: u8, payload: &[u8]) -> [u8; NONCE_LEN] {
		let mut nonce = [0; NONCE_LEN];
		if flags & FLAG_ZSTD != 0 {
			let digest = blake3::keyed_hash(&self.nonce_key, payload);
			nonce.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
		}
		nonce
	}

	/// Decrypts and decompresses; checks that the result is the object of this id.
	pub fn open(&self, id: &ObjectId, mut sealed: Vec<u8>) -> Result<Vec<u8>, DispersalError> {
		let damaged = |reason: &str| DispersalError::Damaged { id: *id, reason: reason.to_owned() };
		let head = *sealed.first_chunk::<HEAD_BYTES>().ok_or_else(|| damaged("it is cut off"))?;
		let [version, flags, length @ ..] = head;
		if version != VERSION {
			return Err(damaged("it has a format of another version"));
		}
		let length = u32::from_le_bytes(length) as usize;
		if length > OBJECT_BYTES_MAX {
			return Err(damaged("it claims to be larger than any object"));
		}
		let start = HEAD_BYTES + NONCE_LEN;
		if sealed.len() < start + TAG_BYTES {
			return Err(damaged("it is cut off"));
		}
		let (front, payload) = sealed.split_at_mut(start);
		let nonce = Nonce::try_assume_unique_for_key(front.get(HEAD_BYTES..).unwrap_or_default())
			.map_err(|_| damaged("it is cut off"))?;
		let aad = [head.as_slice(), id.as_slice()].concat();
		let opened = self
			.cipher(id)?
			.open_in_place(nonce, Aad::from(aad), payload)
			.map_err(|_| damaged("it does not decrypt"))?;
		let plain = if flags & FLAG_ZSTD != 0 {
			zstd::bulk::decompress(opened, length).map_err(|_| damaged("it does not decompress"))?
		} else {
			let end = start + opened.len();
			sealed.copy_within(start..end, 0);
			sealed.truncate(end - start);
			sealed
		};
		// The id is authenticated with the object; a drawn one says nothing else about it.
		let is_named_so = flags & FLAG_DRAWN != 0 || self.id(&plain) == *id;
		if plain.len() != length || !is_named_so {
			return Err(damaged("it is another object"));
		}
		Ok(plain)
	}
}

thread_local! {
	/// Making one takes longer than compressing a sample with it.
	static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
}

fn compress(plain: &[u8]) -> Result<Vec<u8>, DispersalError> {
	let compressed = COMPRESSOR.with_borrow_mut(|slot| {
		let compressor = match slot {
			Some(compressor) => compressor,
			None => slot.insert(Compressor::new(ZSTD_LEVEL)?),
		};
		compressor.compress(plain)
	});
	compressed.map_err(|error: std::io::Error| DispersalError::Task(error.to_string()))
}

/// Whether compression will help, judged by pieces of a large object: what is encrypted or compressed already is not worth the time.
fn is_worth_compressing(plain: &[u8]) -> Result<bool, DispersalError> {
	if plain.len() < SAMPLED_FROM {
		return Ok(true);
	}
	let (mut before, mut after) = (0, 0);
	for piece in plain.chunks(plain.len() / SAMPLES) {
		let piece = piece.get(..SAMPLE_BYTES).unwrap_or(piece);
		before += piece.len();
		after += compress(piece)?.len();
	}
	Ok(after * 100 < before * WORTH_PER_CENT)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::kdf::keyed_hash;
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
			prop_assert_eq!(codec.open(&id, sealed.clone()).unwrap(), plain.clone());
			let mut bad = sealed.clone();
			bad[at.index(sealed.len())] ^= 1;
			prop_assert!(codec.open(&id, bad).is_err());
			prop_assert!(codec.open(&[1; 32], sealed.clone()).is_err());
			for cut in 0..sealed.len().min(40) {
				prop_assert!(codec.open(&id, sealed[..cut].to_vec()).is_err());
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
		assert!(other.open(&id, one.seal(&id, b"plain").unwrap()).is_err());
		assert!(one.seal(&id, &vec![0; OBJECT_BYTES_MAX + 1]).is_err());
	}

	#[test]
	fn drawn_ids_open_and_equal_objects_have_nothing_in_common() {
		let codec = ObjectCodec::new(DatasetKey::generate().unwrap());
		let plain = vec![7; 5000];
		let one = codec.seal_named(&[1; 32], &plain, Naming::Drawn).unwrap();
		let two = codec.seal_named(&[2; 32], &plain, Naming::Drawn).unwrap();
		assert_eq!(codec.open(&[1; 32], one.clone()).unwrap(), plain);
		assert_eq!(codec.open(&[2; 32], two.clone()).unwrap(), plain);
		assert!(codec.open(&[2; 32], one.clone()).is_err());
		let equal = one[HEAD_BYTES + NONCE_LEN..].iter().zip(&two[HEAD_BYTES + NONCE_LEN..]);
		assert!(equal.filter(|(a, b)| a == b).count() < 10);
		// Whoever says that an id was drawn that was not has to have sealed it so.
		let mut claimed = codec.seal_named(&[1; 32], &plain, Naming::ByContent).unwrap();
		assert!(codec.open(&[1; 32], claimed.clone()).is_err());
		claimed[1] |= FLAG_DRAWN;
		assert!(codec.open(&[1; 32], claimed).is_err());
	}

	#[test]
	fn zeros_shrink_and_noise_does_not_grow_much() {
		let codec = ObjectCodec::new(DatasetKey::generate().unwrap());
		let zeros = vec![0; 1 << 16];
		assert!(codec.seal(&codec.id(&zeros), &zeros).unwrap().len() < 200);
		let text = b"what is worth compressing ".repeat(20_000);
		assert!(codec.seal(&codec.id(&text), &text).unwrap().len() < text.len() / 50);
		let noise: Vec<u8> = (0..1u32 << 17)
			.flat_map(|i| keyed_hash(&[1; 32], &[&i.to_le_bytes()])[..4].to_vec())
			.collect();
		for noise in [&noise[..], &noise[..70_000]] {
			assert!(codec.seal(&codec.id(noise), noise).unwrap().len() <= noise.len() + 34);
		}
	}
}
