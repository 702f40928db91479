//! The settings file of a namespace, 221 bytes, little endian.
//!
//! | at | field |
//! |---|---|
//! | 0 | `GRZDBNC3`, the version in its last digit |
//! | 8 | flags u8: 1 public, 2 worm, 4 audited, 8 locked, 16 frozen, 32 password, 64 owner |
//! | 9 | mode u8: 0 user, 1 sequential |
//! | 10 | durability u8: 0 always, 1 every, 2 os; zero u8 |
//! | 12 | milliseconds of `every` u64 |
//! | 20 | quota in bytes u64, 0 = none |
//! | 28 | the password, sealed with AES-256-GCM under the store's secret: nonce 12, its length u8 and itself padded to 128, tag 16; zeros without one |
//! | 185 | public key of the account that owns it, 32 bytes; zeros without one |
//! | 217 | CRC-32C of bytes 0..217 |
//!
//! Version 2 has no owner, and its checksum is at 185; it is read as well.
//!
//! It is written beside itself, made durable and renamed, so that a crash leaves the old or the new one.

use crate::{
	engine::{
		password::{Password, StoreSecret, SEALED_BYTES},
		Access, Durability, Mode, NamespaceOptions, NamespaceUpdate,
	},
	AccountKey, ZdbError,
};
use granary_disk::Disk;
use std::path::Path;

const MAGIC: &[u8; 8] = b"GRZDBNC3";
const MAGIC_WITHOUT_OWNER: &[u8; 8] = b"GRZDBNC2";
const OWNER_BYTES: usize = size_of::<AccountKey>();
const CONFIG_BYTES: usize = 8 + 4 + 8 + 8 + SEALED_BYTES + OWNER_BYTES + 4;
const FLAG_OWNER: u8 = 64;
/// The file's name.
pub(crate) const CONFIG_NAME: &str = "config";

/// The settings of a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
	pub(crate) mode: Mode,
	pub(crate) password: Option<Password>,
	pub(crate) public: bool,
	pub(crate) max_bytes: Option<u64>,
	pub(crate) worm: bool,
	pub(crate) audited: bool,
	pub(crate) durability: Durability,
	pub(crate) access: Access,
	pub(crate) owner: Option<AccountKey>,
}

impl Config {
	/// The settings of a new namespace.
	pub(crate) fn new(options: &NamespaceOptions) -> Result<Self, ZdbError> {
		if options.audited && options.mode != Mode::User {
			return Err(ZdbError::AuditedIsWorm);
		}
		Ok(Self {
			mode: options.mode,
			password: options.password.as_deref().map(|text| Password::new(text.as_bytes())),
			public: options.public,
			max_bytes: options.max_bytes.filter(|max| *max > 0),
			worm: options.worm || options.audited,
			audited: options.audited,
			durability: options.durability,
			access: Access::Open,
			owner: options.owner,
		})
	}

	/// The settings after a change; `unused` says that nothing was ever written.
	pub(crate) fn updated(&self, update: &NamespaceUpdate, unused: bool) -> Result<Self, ZdbError> {
		let mut config = self.clone();
		config.mode = update.mode.unwrap_or(self.mode);
		config.audited = update.audited.unwrap_or(self.audited);
		if !unused && (config.mode, config.audited) != (self.mode, self.audited) {
			return Err(ZdbError::Used);
		}
		config.worm = update.worm.unwrap_or(self.worm || config.audited);
		if config.audited && (!config.worm || config.mode != Mode::User) {
			return Err(ZdbError::AuditedIsWorm);
		}
		if let Some(password) = &update.password {
			config.password = password.as_deref().map(|text| Password::new(text.as_bytes()));
		}
		if let Some(max_bytes) = update.max_bytes {
			config.max_bytes = max_bytes.filter(|max| *max > 0);
		}
		config.public = update.public.unwrap_or(self.public);
		config.durability = update.durability.unwrap_or(self.durability);
		config.access = update.access.unwrap_or(self.access);
		config.owner = update.owner.unwrap_or(self.owner);
		Ok(config)
	}

	fn encode(&self, secret: &StoreSecret) -> Vec<u8> {
		let flag = |set: bool, bit: u8| if set { bit } else { 0 };
		let flags = flag(self.public, 1)
			| flag(self.worm, 2)
			| flag(self.audited, 4)
			| flag(self.access == Access::Locked, 8)
			| flag(self.access == Access::Frozen, 16)
			| flag(self.password.is_some(), 32)
			| flag(self.owner.is_some(), FLAG_OWNER);
		let mode = flag(self.mode == Mode::Sequential, 1);
		let (durability, interval_ms) = match self.durability {
			Durability::Always => (0, 0),
			Durability::Every(interval_ms) => (1, interval_ms),
			Durability::Os => (2, 0),
		};
		let mut bytes = Vec::with_capacity(CONFIG_BYTES);
		bytes.extend_from_slice(MAGIC);
		bytes.extend_from_slice(&[flags, mode, durability, 0]);
		bytes.extend_from_slice(&interval_ms.to_le_bytes());
		bytes.extend_from_slice(&self.max_bytes.unwrap_or(0).to_le_bytes());
		bytes.extend_from_slice(&secret.seal(self.password.as_ref()));
		bytes.extend_from_slice(&self.owner.unwrap_or_default());
		bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
		bytes
	}

	fn decode(bytes: &[u8], secret: &StoreSecret) -> Result<Self, &'static str> {
		let wrong_length = "it does not have 221 bytes, or 189 in version 2";
		let (covered, crc) = bytes.split_last_chunk::<4>().ok_or(wrong_length)?;
		let (body, expected) = match covered.strip_prefix(MAGIC) {
			Some(body) => (body, CONFIG_BYTES),
			None => {
				let body = covered.strip_prefix(MAGIC_WITHOUT_OWNER);
				(
					body.ok_or("it starts with other bytes than GRZDBNC3")?,
					CONFIG_BYTES - OWNER_BYTES,
				)
			},
		};
		if bytes.len() != expected {
			return Err(wrong_length);
		}
		if crc32c::crc32c(covered) != u32::from_le_bytes(*crc) {
			return Err("its checksum is wrong");
		}
		let (&[flags, mode, durability, _], rest) =
			body.split_first_chunk::<4>().ok_or(wrong_length)?;
		let (interval_ms, rest) = rest.split_first_chunk::<8>().ok_or(wrong_length)?;
		let (max_bytes, rest) = rest.split_first_chunk::<8>().ok_or(wrong_length)?;
		let (sealed, owner) = rest.split_first_chunk::<SEALED_BYTES>().ok_or(wrong_length)?;
		let foreign = "its password was sealed by another store; restore the file 'secret'";
		let password = match flags & 32 {
			0 => None,
			_ => Some(secret.open_sealed(sealed).ok_or(foreign)?),
		};
		Ok(Self {
			mode: match mode {
				0 => Mode::User,
				1 => Mode::Sequential,
				_ => return Err("its mode is unknown"),
			},
			password,
			public: flags & 1 != 0,
			max_bytes: Some(u64::from_le_bytes(*max_bytes)).filter(|max| *max > 0),
			worm: flags & 2 != 0,
			audited: flags & 4 != 0,
			durability: match durability {
				0 => Durability::Always,
				1 => Durability::Every(u64::from_le_bytes(*interval_ms)),
				2 => Durability::Os,
				_ => return Err("its durability is unknown"),
			},
			access: match flags & 24 {
				0 => Access::Open,
				8 => Access::Locked,
				_ => Access::Frozen,
			},
			owner: match flags & FLAG_OWNER {
				0 => None,
				_ => Some(owner.try_into().map_err(|_| "its owner is missing")?),
			},
		})
	}

	/// Reads the settings of the namespace in `dir`.
	pub(crate) fn load(disk: &Disk, dir: &Path, secret: &StoreSecret) -> Result<Self, ZdbError> {
		let path = dir.join(CONFIG_NAME);
		let bytes = disk.read(&path).map_err(|error| ZdbError::file("read", &path, error))?;
		Self::decode(&bytes, secret).map_err(|reason| ZdbError::BadConfig { path, reason })
	}

	/// Replaces the settings file of the namespace in `dir`.
	pub(crate) fn store(
		&self,
		disk: &Disk,
		dir: &Path,
		secret: &StoreSecret,
	) -> Result<(), ZdbError> {
		let replaced = disk.replace(dir, CONFIG_NAME, &self.encode(secret));
		replaced.map_err(|error| ZdbError::file("write", &dir.join(CONFIG_NAME), error))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn config() -> Config {
		Config::new(&NamespaceOptions {
			password: Some("secret".into()),
			max_bytes: Some(77),
			audited: true,
			durability: Durability::Every(100),
			owner: Some([7; 32]),
			..Default::default()
		})
		.unwrap()
	}

	#[test]
	fn version_2_is_read() {
		let dir = tempfile::tempdir().unwrap();
		let secret = StoreSecret::open(&Disk::default(), dir.path()).unwrap();
		let config = Config { owner: None, ..config() };
		let mut bytes = config.encode(&secret);
		bytes.truncate(CONFIG_BYTES - OWNER_BYTES - 4);
		bytes[..8].copy_from_slice(MAGIC_WITHOUT_OWNER);
		bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
		assert_eq!(Config::decode(&bytes, &secret), Ok(config));
		bytes.extend([0; OWNER_BYTES]);
		assert!(Config::decode(&bytes, &secret).is_err());
	}

	#[test]
	fn survives_its_file_and_hides_the_password() {
		let (disk, dir) = (Disk::default(), tempfile::tempdir().unwrap());
		let secret = StoreSecret::open(&disk, dir.path()).unwrap();
		let config = config();
		config.store(&disk, dir.path(), &secret).unwrap();
		let loaded = Config::load(&disk, dir.path(), &secret).unwrap();
		assert_eq!(loaded, config);
		let password = loaded.password.unwrap();
		assert!(password.matches(b"secret") && !password.matches(b"secreu"));
		let bytes = disk.read(&dir.path().join(CONFIG_NAME)).unwrap();
		assert!(!bytes.windows(6).any(|window| window == b"secret"));
	}

	#[test]
	fn every_flipped_bit_is_refused() {
		let (disk, dir) = (Disk::default(), tempfile::tempdir().unwrap());
		let secret = StoreSecret::open(&disk, dir.path()).unwrap();
		let bytes = config().encode(&secret);
		assert_eq!(bytes.len(), CONFIG_BYTES);
		for bit in 0..bytes.len() * 8 {
			let mut flipped = bytes.clone();
			flipped[bit / 8] ^= 1 << (bit % 8);
			assert!(Config::decode(&flipped, &secret).is_err(), "bit {bit}");
		}
	}

	#[test]
	fn audited_stays_worm() {
		let update = NamespaceUpdate { worm: Some(false), ..Default::default() };
		assert!(matches!(config().updated(&update, true), Err(ZdbError::AuditedIsWorm)));
		let update = NamespaceUpdate { audited: Some(false), ..Default::default() };
		assert!(matches!(config().updated(&update, false), Err(ZdbError::Used)));
	}
}
