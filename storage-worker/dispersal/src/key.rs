//! The dataset key: whoever has it can read the dataset, nobody else can.

use crate::{
	hex::{bytes_of, hex_of},
	kdf::derive,
	recipient::{phrase_of, secret_of_phrase},
	DispersalError,
};
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
		let mut secret = Zeroizing::new([0; SECRET_BYTES]);
		SystemRandom::new()
			.fill(&mut *secret)
			.map_err(|_| DispersalError::Crypto("reading the system's randomness"))?;
		Ok(Self::from_secret(secret))
	}

	/// The name follows from the secret, so that the secret's words are enough to have both again.
	fn from_secret(secret: Zeroizing<[u8; SECRET_BYTES]>) -> Self {
		let mut id = [0; ID_BYTES];
		let digest = derive(&secret, &[b"dataset-id"]);
		id.iter_mut().zip(digest.iter()).for_each(|(to, from)| *to = *from);
		Self { id, secret }
	}

	/// Twenty-four words from which the key can be made again.
	pub fn phrase(&self) -> Result<Zeroizing<String>, DispersalError> {
		if Self::from_secret(self.secret.clone()).id != self.id {
			return Err(DispersalError::KeyText(
				"this key was made before there were recovery phrases: keep a copy of its file",
			));
		}
		phrase_of(&self.secret)
	}

	/// From its words.
	pub fn from_phrase(words: &str) -> Result<Self, DispersalError> {
		Ok(Self::from_secret(secret_of_phrase(words)?))
	}

	/// Name and secret.
	pub(crate) fn to_bytes(&self) -> Zeroizing<[u8; ID_BYTES + SECRET_BYTES]> {
		let mut bytes = Zeroizing::new([0; ID_BYTES + SECRET_BYTES]);
		let both = self.id.iter().chain(self.secret.iter());
		bytes.iter_mut().zip(both).for_each(|(to, from)| *to = *from);
		bytes
	}

	/// From name and secret.
	pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
		let (id, secret) = bytes.split_at_checked(ID_BYTES)?;
		let secret = Zeroizing::new(secret.try_into().ok()?);
		Some(Self { id: id.try_into().ok()?, secret })
	}

	/// The dataset's name, which is public.
	pub fn id(&self) -> [u8; ID_BYTES] {
		self.id
	}

	pub(crate) fn derive(&self, label: &[&[u8]]) -> Zeroizing<[u8; 32]> {
		derive(&self.secret, label)
	}

	/// Reads the current key of a key file; a file that others can read is refused.
	pub fn load(path: &Path) -> Result<Self, DispersalError> {
		Self::load_all(path).map(|(current, _)| current)
	}

	/// Reads the current key of a key file and those that were current before it was rotated, newest first.
	pub fn load_all(path: &Path) -> Result<(Self, Vec<Self>), DispersalError> {
		let lines = read_key_lines(path)?;
		let parse = |line: &Zeroizing<String>| {
			line.parse().map_err(|error: DispersalError| DispersalError::KeyFile {
				path: path.to_owned(),
				reason: error.to_string(),
			})
		};
		let empty = Zeroizing::new(String::new());
		let current = parse(lines.first().unwrap_or(&empty))?;
		let earlier = lines.iter().skip(1).map(parse).collect::<Result<_, _>>()?;
		Ok((current, earlier))
	}

	/// Writes a new key file of mode 0600; an existing one is never replaced.
	pub fn save(&self, path: &Path) -> Result<(), DispersalError> {
		write_new_key_file(path, self.to_text().as_bytes())
	}

	/// Puts a new key before those of a key file, which stay for what they wrote. Either all of it happens or nothing.
	pub fn rotate(path: &Path) -> Result<Self, DispersalError> {
		let io = |source| DispersalError::KeyIo { path: path.to_owned(), source };
		let (current, earlier) = Self::load_all(path)?;
		let new = Self::generate()?;
		let mut text = new.to_text();
		for key in std::iter::once(&current).chain(&earlier) {
			text.push_str(&key.to_text());
		}
		let mut beside = path.as_os_str().to_owned();
		beside.push(".new");
		let beside = Path::new(&beside);
		// A rotation that was cut off may have left a half-written one behind.
		let _ = fs::remove_file(beside);
		write_new_key_file(beside, text.as_bytes())?;
		fs::rename(beside, path).map_err(io)?;
		Ok(new)
	}

	fn to_text(&self) -> Zeroizing<String> {
		let digits = hex_of(self.to_bytes().as_slice());
		Zeroizing::new(format!("{PREFIX}{}\n", *digits))
	}
}

impl FromStr for DatasetKey {
	type Err = DispersalError;

	fn from_str(text: &str) -> Result<Self, DispersalError> {
		let digits = text
			.trim()
			.strip_prefix(PREFIX)
			.ok_or(DispersalError::KeyText("it does not begin with 'granary-dataset-1:'"))?;
		let wrong = DispersalError::KeyText("it must have 96 hex digits");
		let bytes = bytes_of(digits).filter(|bytes| bytes.len() == ID_BYTES + SECRET_BYTES);
		bytes.and_then(|bytes| Self::from_bytes(&bytes)).ok_or(wrong)
	}
}

/// The lines of a key file that hold something, without comments; a file that others can read is refused.
pub(crate) fn read_key_lines(path: &Path) -> Result<Vec<Zeroizing<String>>, DispersalError> {
	let io = |source| DispersalError::KeyIo { path: path.to_owned(), source };
	let mode = fs::metadata(path).map_err(io)?.permissions().mode() & 0o777;
	if mode & 0o077 != 0 {
		let reason =
			format!("others can read it (mode {mode:o}); run: chmod 600 {}", path.display());
		return Err(DispersalError::KeyFile { path: path.to_owned(), reason });
	}
	let text = Zeroizing::new(fs::read_to_string(path).map_err(io)?);
	let lines =
		text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
	Ok(lines.map(|line| Zeroizing::new(line.to_owned())).collect())
}

/// Makes a file that only its owner may read; refuses to replace one.
pub(crate) fn write_new_key_file(path: &Path, text: &[u8]) -> Result<(), DispersalError> {
	let io = |source| DispersalError::KeyIo { path: path.to_owned(), source };
	let mut file =
		fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(io)?;
	file.write_all(text).and_then(|()| file.sync_all()).map_err(io)
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
	fn a_rotated_file_keeps_what_was_before() {
		let dir = tempfile::tempdir().unwrap();
		let path = dir.path().join("key");
		let first = DatasetKey::generate().unwrap();
		first.save(&path).unwrap();
		let second = DatasetKey::rotate(&path).unwrap();
		let third = DatasetKey::rotate(&path).unwrap();
		assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
		let (current, earlier) = DatasetKey::load_all(&path).unwrap();
		assert_eq!(current.to_bytes(), third.to_bytes());
		let earlier: Vec<_> = earlier.iter().map(DatasetKey::to_bytes).collect();
		assert_eq!(earlier, [second.to_bytes(), first.to_bytes()]);
	}

	#[test]
	fn words_bring_a_key_back() {
		let key = DatasetKey::generate().unwrap();
		let again = DatasetKey::from_phrase(&key.phrase().unwrap()).unwrap();
		assert_eq!(again.to_bytes(), key.to_bytes());
		// A key whose name does not follow from its secret cannot come back with it.
		let old: DatasetKey = format!("{PREFIX}{}", "ab".repeat(48)).parse().unwrap();
		assert!(old.phrase().unwrap_err().to_string().contains("keep a copy"));
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
