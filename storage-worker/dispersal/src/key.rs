//! The dataset key: whoever has it can read the dataset, nobody else can.

use crate::{kdf::derive, DispersalError};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use std::{
	fmt, fs,
	io::Write,
	os::unix::fs::{OpenOptionsExt, PermissionsExt},
	path::Path,
	str::FromStr,
};
use zeroize::Zeroizing;

const PREFIX: &str = "granary-dataset-1:";
const ID_BYTES: usize = 16;
const SECRET_BYTES: usize = 32;

/// A dataset's name and secret.
#[derive(Clone)]
pub struct DatasetKey {
	id: [u8; ID_BYTES],
	secret: Zeroizing<[u8; SECRET_BYTES]>,
}

impl fmt::Debug for DatasetKey {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_struct("DatasetKey").field("id", &self.id).finish_non_exhaustive()
	}
}

impl DatasetKey {
	/// A new dataset.
	pub fn generate() -> Result<Self, DispersalError> {
		let mut id = [0; ID_BYTES];
		let mut secret = Zeroizing::new([0; SECRET_BYTES]);
		let random = SystemRandom::new();
		random
			.fill(&mut id)
			.and_then(|()| random.fill(&mut *secret))
			.map_err(|_| DispersalError::Crypto("reading the system's randomness"))?;
		Ok(Self { id, secret })
	}

	/// The dataset's name, which is public.
	pub fn id(&self) -> [u8; ID_BYTES] {
		self.id
	}

	pub(crate) fn derive(&self, label: &[&[u8]]) -> Zeroizing<[u8; 32]> {
		derive(&self.secret, label)
	}

	/// Reads a key file; one that others can read is refused.
	pub fn load(path: &Path) -> Result<Self, DispersalError> {
		let io = |source| DispersalError::KeyIo { path: path.to_owned(), source };
		let mode = fs::metadata(path).map_err(io)?.permissions().mode() & 0o777;
		if mode & 0o077 != 0 {
			let reason =
				format!("others can read it (mode {mode:o}); run: chmod 600 {}", path.display());
			return Err(DispersalError::KeyFile { path: path.to_owned(), reason });
		}
		let text = Zeroizing::new(fs::read_to_string(path).map_err(io)?);
		text.lines().next().unwrap_or_default().parse().map_err(|error: DispersalError| {
			DispersalError::KeyFile { path: path.to_owned(), reason: error.to_string() }
		})
	}

	/// Writes a new key file of mode 0600; an existing one is never replaced.
	pub fn save(&self, path: &Path) -> Result<(), DispersalError> {
		let io = |source| DispersalError::KeyIo { path: path.to_owned(), source };
		let mut file = fs::OpenOptions::new()
			.write(true)
			.create_new(true)
			.mode(0o600)
			.open(path)
			.map_err(io)?;
		let text = self.to_text();
		file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(io)
	}

	fn to_text(&self) -> Zeroizing<String> {
		let mut text = Zeroizing::new(PREFIX.to_owned());
		for byte in self.id.iter().chain(self.secret.iter()) {
			text.push_str(&format!("{byte:02x}"));
		}
		text.push('\n');
		text
	}
}

impl FromStr for DatasetKey {
	type Err = DispersalError;

	fn from_str(text: &str) -> Result<Self, DispersalError> {
		let digits = text
			.trim()
			.strip_prefix(PREFIX)
			.ok_or(DispersalError::KeyText("it does not begin with 'granary-dataset-1:'"))?;
		if digits.len() != 2 * (ID_BYTES + SECRET_BYTES) {
			return Err(DispersalError::KeyText("it must have 96 hex digits"));
		}
		let mut bytes = Zeroizing::new(Vec::with_capacity(ID_BYTES + SECRET_BYTES));
		for pair in digits.as_bytes().chunks(2) {
			let pair = std::str::from_utf8(pair).ok();
			let byte = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok());
			bytes.push(byte.ok_or(DispersalError::KeyText("it must have 96 hex digits"))?);
		}
		let (id, secret) = bytes.split_at(ID_BYTES);
		let mut key = Self { id: [0; ID_BYTES], secret: Zeroizing::new([0; SECRET_BYTES]) };
		key.id.copy_from_slice(id);
		key.secret.copy_from_slice(secret);
		Ok(key)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_key_file_is_private_and_never_replaced() {
		let dir = tempfile::tempdir().unwrap();
		let path = dir.path().join("key");
		let key = DatasetKey::generate().unwrap();
		key.save(&path).unwrap();
		assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
		assert!(key.save(&path).is_err());
		let again = DatasetKey::load(&path).unwrap();
		assert_eq!((again.id, &again.secret), (key.id, &key.secret));
		fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
		assert!(DatasetKey::load(&path).unwrap_err().to_string().contains("chmod 600"));
		assert!(!format!("{key:?}").contains("secret"));
	}

	#[test]
	fn other_texts_are_no_keys() {
		for text in ["", "granary-dataset-1:", "granary-dataset-1:zz", "abc"] {
			assert!(text.parse::<DatasetKey>().is_err(), "{text}");
		}
		let odd = format!("{PREFIX}{}", "g".repeat(96));
		assert!(odd.parse::<DatasetKey>().is_err());
	}
}
