//! Recipients: who may be given a dataset's key, and the key sealed to one of them.
//!
//! A recipient's secret is 32 bytes: the seed of an X-Wing key pair, that is X25519 and ML-KEM-768 combined (draft-connolly-cfrg-xwing-kem). Whoever
//! breaks only one of the two learns nothing, so what is recorded today stays closed to a later quantum computer.

use crate::{
	hex::{bytes_of, hex_of},
	key::{read_key_lines, write_new_key_file},
	DatasetKey, DispersalError,
};
use aws_lc_rs::{
	aead::{Aad, LessSafeKey, Nonce, UnboundKey, AES_256_GCM, NONCE_LEN},
	rand::{SecureRandom, SystemRandom},
};
use std::{fmt, path::Path, str::FromStr};
use x_wing::{
	Decapsulate, DecapsulationKey, Decapsulator, Encapsulate, EncapsulationKey, KeyExport,
};
use zeroize::Zeroizing;

const SECRET_PREFIX: &str = "granary-key-1:";
const PUBLIC_PREFIX: &str = "granary-recipient-1:";
const LABEL: &[u8] = b"granary/grant/1";
const VERSION: u8 = 1;
const TAG_BYTES: usize = 16;

/// A recipient's secret.
pub struct RecipientKey(DecapsulationKey);

impl fmt::Debug for RecipientKey {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "RecipientKey of {}", self.recipient())
	}
}

impl RecipientKey {
	/// A new one.
	pub fn generate() -> Result<Self, DispersalError> {
		let mut seed = Zeroizing::new([0; 32]);
		SystemRandom::new()
			.fill(&mut *seed)
			.map_err(|_| DispersalError::Crypto("reading the system's randomness"))?;
		Ok(Self(DecapsulationKey::from(*seed)))
	}

	/// Reads a key file; one that others can read is refused.
	pub fn load(path: &Path) -> Result<Self, DispersalError> {
		let lines = read_key_lines(path)?;
		let line = lines.first().map_or("", |line| line.as_str());
		line.parse().map_err(|error: DispersalError| DispersalError::KeyFile {
			path: path.to_owned(),
			reason: error.to_string(),
		})
	}

	/// Writes a new key file of mode 0600; an existing one is never replaced.
	pub fn save(&self, path: &Path) -> Result<(), DispersalError> {
		let text = Zeroizing::new(format!("{SECRET_PREFIX}{}\n", *hex_of(self.0.as_bytes())));
		write_new_key_file(path, text.as_bytes())
	}

	/// Twenty-four words from which the key can be made again.
	pub fn phrase(&self) -> Result<Zeroizing<String>, DispersalError> {
		phrase_of(self.0.as_bytes())
	}

	/// From its words.
	pub fn from_phrase(words: &str) -> Result<Self, DispersalError> {
		Ok(Self(DecapsulationKey::from(*secret_of_phrase(words)?)))
	}

	/// The public half.
	pub fn recipient(&self) -> Recipient {
		Recipient(self.0.encapsulation_key().clone())
	}

	/// Opens a dataset key that was sealed to this recipient with the same context.
	pub fn open(&self, sealed: &[u8], context: &[u8]) -> Result<DatasetKey, DispersalError> {
		let refuse = |reason| DispersalError::Grant(reason);
		let (version, rest) = sealed.split_first().ok_or(refuse("it is empty"))?;
		if *version != VERSION {
			return Err(refuse("it has a format of another version"));
		}
		let (ciphertext, body) =
			rest.split_at_checked(x_wing::CIPHERTEXT_SIZE).ok_or(refuse("it is cut off"))?;
		let ciphertext = ciphertext.try_into().map_err(|_| refuse("it is cut off"))?;
		let shared = self.0.decapsulate(&ciphertext);
		let mut plain = Zeroizing::new(body.to_vec());
		let opened = cipher(&shared, context)?
			.open_in_place(nonce(), Aad::empty(), &mut plain)
			.map_err(|_| refuse("it is sealed to another key, or for another dataset"))?;
		DatasetKey::from_bytes(opened).ok_or(refuse("what is in it is no dataset key"))
	}
}

impl FromStr for RecipientKey {
	type Err = DispersalError;

	fn from_str(text: &str) -> Result<Self, DispersalError> {
		let wrong =
			DispersalError::KeyText("a recipient's key is 'granary-key-1:' and 64 hex digits");
		let digits = text.trim().strip_prefix(SECRET_PREFIX);
		let Some(bytes) = digits.and_then(bytes_of) else { return Err(wrong) };
		let seed = <[u8; 32]>::try_from(bytes.as_slice()).map(Zeroizing::new).map_err(|_| wrong)?;
		Ok(Self(DecapsulationKey::from(*seed)))
	}
}

/// The words of 32 secret bytes.
pub(crate) fn phrase_of(secret: &[u8; 32]) -> Result<Zeroizing<String>, DispersalError> {
	let words = bip39::Mnemonic::from_entropy(secret)
		.map_err(|_| DispersalError::Crypto("making a recovery phrase"))?;
	Ok(Zeroizing::new(words.to_string()))
}

/// The 32 secret bytes of their words.
pub(crate) fn secret_of_phrase(words: &str) -> Result<Zeroizing<[u8; 32]>, DispersalError> {
	let wrong =
		DispersalError::KeyText("not the 24 words of a recovery phrase; is one misspelled?");
	let Ok(words) = bip39::Mnemonic::parse_normalized(&words.trim().to_lowercase()) else {
		return Err(wrong);
	};
	let entropy = Zeroizing::new(words.to_entropy());
	<[u8; 32]>::try_from(entropy.as_slice()).map(Zeroizing::new).map_err(|_| wrong)
}

/// A recipient's public key, which may be known to everybody.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient(EncapsulationKey);

impl fmt::Debug for Recipient {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		fmt::Display::fmt(self, f)
	}
}

/// The fingerprint, for people.
impl fmt::Display for Recipient {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "0x{}", *hex_of(&self.fingerprint()))
	}
}

impl Recipient {
	/// blake2_256 of the public key, by which the chain lists grants.
	pub fn fingerprint(&self) -> [u8; 32] {
		let digest = blake2b_simd::Params::new().hash_length(32).hash(&self.0.to_bytes());
		let mut fingerprint = [0; 32];
		fingerprint.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
		fingerprint
	}

	/// The line to give to whoever shall grant something: `granary-recipient-1:` and 2,432 hex digits.
	pub fn to_text(&self) -> String {
		format!("{PUBLIC_PREFIX}{}", *hex_of(&self.0.to_bytes()))
	}

	/// Seals a dataset's key to this recipient. `context` must be the same when it is opened.
	pub fn seal(&self, key: &DatasetKey, context: &[u8]) -> Result<Vec<u8>, DispersalError> {
		let (ciphertext, shared) = self.0.encapsulate();
		let mut body = key.to_bytes();
		let tag = cipher(&shared, context)?
			.seal_in_place_separate_tag(nonce(), Aad::empty(), body.as_mut_slice())
			.map_err(|_| DispersalError::Crypto("sealing a dataset key"))?;
		let mut sealed = Vec::with_capacity(1 + ciphertext.len() + body.len() + TAG_BYTES);
		sealed.push(VERSION);
		sealed.extend_from_slice(&ciphertext);
		sealed.extend_from_slice(body.as_slice());
		sealed.extend_from_slice(tag.as_ref());
		Ok(sealed)
	}
}

impl FromStr for Recipient {
	type Err = DispersalError;

	fn from_str(text: &str) -> Result<Self, DispersalError> {
		let wrong = DispersalError::KeyText(
			"a recipient is 'granary-recipient-1:' and 2432 hex digits, as `granary key show` prints it",
		);
		let digits = text.trim().strip_prefix(PUBLIC_PREFIX);
		let Some(bytes) = digits.and_then(bytes_of) else { return Err(wrong) };
		EncapsulationKey::try_from(bytes.as_slice()).map(Self).map_err(|_| wrong)
	}
}

/// A shared secret serves one message only.
fn nonce() -> Nonce {
	Nonce::assume_unique_for_key([0; NONCE_LEN])
}

fn cipher(shared: &[u8], context: &[u8]) -> Result<LessSafeKey, DispersalError> {
	let failed = || DispersalError::Crypto("making the key of a grant");
	let shared = <&[u8; 32]>::try_from(shared).map_err(|_| failed())?;
	let key = Zeroizing::new(crate::kdf::keyed_hash(shared, &[LABEL, context]));
	UnboundKey::new(&AES_256_GCM, key.as_slice()).map(LessSafeKey::new).map_err(|_| failed())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_sealed_key_opens_for_its_recipient_and_context_only() {
		let (own, other) = (RecipientKey::generate().unwrap(), RecipientKey::generate().unwrap());
		let key = DatasetKey::generate().unwrap();
		let sealed = own.recipient().seal(&key, b"here").unwrap();
		assert_eq!(own.open(&sealed, b"here").unwrap().to_bytes(), key.to_bytes());
		assert!(own.open(&sealed, b"there").is_err());
		assert!(other.open(&sealed, b"here").is_err());
		assert_ne!(own.recipient().seal(&key, b"here").unwrap(), sealed, "never twice the same");
		for cut in [0, 1, 1000, 1121, sealed.len() - 1] {
			assert!(own.open(&sealed[..cut], b"here").is_err(), "{cut} bytes");
		}
		for at in (0..sealed.len()).step_by(7) {
			let mut bad = sealed.clone();
			bad[at] ^= 1;
			assert!(own.open(&bad, b"here").is_err(), "byte {at}");
		}
	}

	#[test]
	fn keys_are_written_as_lines_and_words() {
		let dir = tempfile::tempdir().unwrap();
		let path = dir.path().join("key");
		let key = RecipientKey::generate().unwrap();
		key.save(&path).unwrap();
		assert!(key.save(&path).is_err(), "never replaced");
		assert_eq!(RecipientKey::load(&path).unwrap().recipient(), key.recipient());
		let words = key.phrase().unwrap();
		assert_eq!(words.split(' ').count(), 24);
		let shouted = words.to_uppercase();
		assert_eq!(RecipientKey::from_phrase(&shouted).unwrap().recipient(), key.recipient());
		let text = key.recipient().to_text();
		assert_eq!(text.parse::<Recipient>().unwrap(), key.recipient());
		assert!(!format!("{key:?}").contains(&*hex_of(key.0.as_bytes())));
		for wrong in
			["", "granary-key-1:", "granary-key-1:00", "granary-recipient-1:00", &text[..99]]
		{
			assert!(wrong.parse::<RecipientKey>().is_err() && wrong.parse::<Recipient>().is_err());
		}
		assert!(RecipientKey::from_phrase("abandon ability able").is_err());
	}
}
