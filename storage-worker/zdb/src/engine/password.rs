//! Passwords. 0-db's clients may prove one by hashing it with a challenge, which needs the password itself: so it is
//! kept in memory, and on disk sealed under a secret of the store that lies in a file of its own.

use crate::ZdbError;
use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce, UnboundKey, AES_256_GCM, NONCE_LEN};
use granary_disk::Disk;
use rand::RngCore;
use sha1::{Digest, Sha1};
use std::{io, path::Path};
use zeroize::Zeroizing;

/// Longest password that is sealed.
pub(crate) const SEALED_PASSWORD_MAX: usize = 128;
/// Bytes of a sealed password: nonce, the length and the password padded, tag.
pub(crate) const SEALED_BYTES: usize = NONCE_LEN + 1 + SEALED_PASSWORD_MAX + 16;
const SECRET_NAME: &str = "secret";
const SECRET_BYTES: usize = 32;
const LABEL: &[u8] = b"granary/zdb/password/1";
const ID_LABEL: &[u8] = b"granary/zdb/store-id/1";

/// A password. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Password(Zeroizing<Vec<u8>>);

impl std::fmt::Debug for Password {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		formatter.write_str("Password")
	}
}

impl Password {
	pub(crate) fn new(password: &[u8]) -> Self {
		Self(Zeroizing::new(password.to_vec()))
	}

	/// The password itself; it was text when it was set.
	pub(crate) fn text(&self) -> String {
		String::from_utf8_lossy(&self.0).into_owned()
	}

	/// Compares in a time that tells nothing but the lengths.
	pub(crate) fn matches(&self, given: &[u8]) -> bool {
		same(&self.0, given)
	}

	/// Whether `answer` is the lower-case hex SHA-1 of `nonce:password`.
	pub(crate) fn answers(&self, nonce: &str, answer: &[u8]) -> bool {
		let hash = Sha1::new().chain_update(nonce).chain_update(b":").chain_update(&*self.0);
		same(hex(&hash.finalize()).as_bytes(), answer)
	}
}

fn same(one: &[u8], other: &[u8]) -> bool {
	one.len() == other.len() && one.iter().zip(other).fold(0, |bits, (a, b)| bits | (a ^ b)) == 0
}

/// Bytes as lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
	bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The secret under which a store seals its passwords.
#[derive(Debug)]
pub(crate) struct StoreSecret {
	key: LessSafeKey,
	store_id: String,
}

impl StoreSecret {
	/// Reads the secret of the store in `dir`, or makes one.
	pub(crate) fn open(disk: &Disk, dir: &Path) -> Result<Self, ZdbError> {
		let path = dir.join(SECRET_NAME);
		let bytes = match disk.read(&path) {
			Ok(bytes) => Zeroizing::new(bytes),
			Err(error) if error.kind() == io::ErrorKind::NotFound => create(disk, dir)?,
			Err(error) => return Err(ZdbError::file("read", &path, error)),
		};
		let reason = "it does not have 32 bytes; restore it from a backup";
		let bad = || ZdbError::BadConfig { path: path.clone(), reason };
		let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| bad())?;
		let store_id = hex(&Sha1::new().chain_update(ID_LABEL).chain_update(&*bytes).finalize());
		Ok(Self { key: LessSafeKey::new(key), store_id })
	}

	/// A name of the store that tells nothing of the secret.
	pub(crate) fn store_id(&self) -> &str {
		&self.store_id
	}

	/// Seals a password; `None` becomes zeros.
	pub(crate) fn seal(&self, password: Option<&Password>) -> Vec<u8> {
		let Some(Password(password)) = password else { return vec![0; SEALED_BYTES] };
		let mut nonce = [0; NONCE_LEN];
		rand::rngs::OsRng.fill_bytes(&mut nonce);
		let mut body = Zeroizing::new(vec![0u8; 1 + SEALED_PASSWORD_MAX]);
		let text = std::iter::once(password.len() as u8).chain(password.iter().copied());
		body.iter_mut().zip(text).for_each(|(place, byte)| *place = byte);
		let label = Aad::from(LABEL);
		let unique = Nonce::assume_unique_for_key(nonce);
		let tag = self.key.seal_in_place_separate_tag(unique, label, &mut body);
		let tag = tag.as_ref().map_or(&[][..], |tag| tag.as_ref());
		[nonce.as_slice(), &body, tag].concat()
	}

	/// Opens what [`Self::seal`] made; `None` if it was sealed by another store or is damaged.
	pub(crate) fn open_sealed(&self, sealed: &[u8]) -> Option<Password> {
		let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>()?;
		let mut body = Zeroizing::new(body.to_vec());
		let nonce = Nonce::assume_unique_for_key(*nonce);
		let text = self.key.open_in_place(nonce, Aad::from(LABEL), &mut body).ok()?;
		let (len, text) = text.split_first()?;
		Some(Password::new(text.get(..usize::from(*len))?))
	}
}

fn create(disk: &Disk, dir: &Path) -> Result<Zeroizing<Vec<u8>>, ZdbError> {
	let mut secret = Zeroizing::new(vec![0; SECRET_BYTES]);
	rand::rngs::OsRng.fill_bytes(&mut secret);
	disk.replace(dir, SECRET_NAME, &secret)
		.map_err(|error| ZdbError::file("create", &dir.join(SECRET_NAME), error))?;
	Ok(secret)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_sealed_password_comes_back_and_only_with_its_store() {
		let disk = Disk::default();
		let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
		let secret = StoreSecret::open(&disk, one.path()).unwrap();
		let sealed = secret.seal(Some(&Password::new(b"secret word")));
		assert_eq!(sealed.len(), SEALED_BYTES);
		assert!(!sealed.windows(6).any(|window| window == b"secret"));
		let again = StoreSecret::open(&disk, one.path()).unwrap();
		assert!(again.open_sealed(&sealed).unwrap().matches(b"secret word"));
		let foreign = StoreSecret::open(&disk, other.path()).unwrap();
		assert!(foreign.open_sealed(&sealed).is_none());
		assert_eq!(secret.seal(None), vec![0; SEALED_BYTES]);
	}

	#[test]
	fn a_challenge_is_answered_by_its_hash() {
		let password = Password::new(b"word");
		// As `printf '0123456789abcdef:word' | sha1sum` says.
		let right = b"2adb1c1e9d659de669210969410c59f95e62633f";
		assert!(password.answers("0123456789abcdef", right));
		assert!(!password.answers("0123456789abcdee", right));
		assert!(!password.answers("0123456789abcdef", b""));
	}
}
