//! What a namespace can be told and what it tells.

use crate::{engine::Traffic, AccountKey};

/// Who names the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
	/// The client, 1 to 255 bytes.
	#[default]
	User,
	/// The store: 8 bytes, a little endian number counting from 0.
	Sequential,
}

/// When records reach the disk. They reach the kernel before they are answered, always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
	/// Before the answer; writes that wait at the same time share one fsync.
	Always,
	/// At most this many milliseconds after the answer.
	Every(u64),
	/// When the system likes, and on a clean stop.
	Os,
}

impl Default for Durability {
	fn default() -> Self {
		Self::Every(1000)
	}
}

/// What clients may do at present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
	/// Everything that their rights allow.
	#[default]
	Open,
	/// Only reading.
	Locked,
	/// Nothing.
	Frozen,
}

/// The settings of a new namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamespaceOptions {
	/// Who names the keys.
	pub mode: Mode,
	/// Password for writing, and for reading unless `public`. It is stored as a salted hash.
	pub password: Option<String>,
	/// Reading needs no password.
	pub public: bool,
	/// The most bytes on disk: all records, old versions, headers and the log tree.
	pub max_bytes: Option<u64>,
	/// Keys can be added, not changed or deleted.
	pub worm: bool,
	/// The values form a log that can be proven from; implies `worm` and user keys.
	pub audited: bool,
	/// When records reach the disk.
	pub durability: Durability,
	/// The account that may do what the password allows, once it has signed in.
	pub owner: Option<AccountKey>,
}

/// Changes to a namespace; `None` leaves a setting as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamespaceUpdate {
	/// Who names the keys; only while nothing was written.
	pub mode: Option<Mode>,
	/// `Some(None)` removes the password.
	pub password: Option<Option<String>>,
	/// Reading needs no password.
	pub public: Option<bool>,
	/// `Some(None)` removes the quota.
	pub max_bytes: Option<Option<u64>>,
	/// Keys can be added, not changed or deleted.
	pub worm: Option<bool>,
	/// Only while nothing was written.
	pub audited: Option<bool>,
	/// When records reach the disk.
	pub durability: Option<Durability>,
	/// Lock, freeze or open.
	pub access: Option<Access>,
	/// `Some(None)` removes the owner.
	pub owner: Option<Option<AccountKey>>,
}

/// A namespace's settings and figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespaceInfo {
	/// Its name.
	pub name: String,
	/// Who names the keys.
	pub mode: Mode,
	/// Whether it has a password.
	pub has_password: bool,
	/// Whether reading needs none.
	pub public: bool,
	/// The quota.
	pub max_bytes: Option<u64>,
	/// Whether keys can only be added.
	pub worm: bool,
	/// Whether the values form an audited log.
	pub audited: bool,
	/// When records reach the disk.
	pub durability: Durability,
	/// The account that may do what the password allows.
	pub owner: Option<AccountKey>,
	/// Open, locked or frozen.
	pub access: Access,
	/// Live keys.
	pub entries: u64,
	/// Bytes of live values.
	pub live_bytes: u64,
	/// Bytes on disk, as the quota counts them.
	pub disk_bytes: u64,
	/// Bytes of the index in memory.
	pub index_bytes: u64,
	/// The next id of sequential mode.
	pub next_id: u64,
	/// Number of the segment that is written.
	pub active_segment: u32,
	/// Bytes in it.
	pub active_offset: u64,
	/// Where its files are.
	pub path: std::path::PathBuf,
	/// Bytes that the disk still takes.
	pub disk_free_bytes: u64,
	/// Reads that failed since the store was opened.
	pub read_errors: u64,
	/// Writes that failed since the store was opened.
	pub write_errors: u64,
	/// What clients did with it since the store was opened.
	pub traffic: Traffic,
	/// Why it takes no writes at present, if the disk refused one.
	pub fault: Option<String>,
	/// What of an audited log does not match its tree or its checksums, as far as it was found.
	pub damage: Option<String>,
}
