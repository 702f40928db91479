//! 0-db's own files (data version 3, index version 4), read without 0-db.
//!
//! `DATA/NS/dN` holds the entries in the order of writing, deletions included, so replaying them gives the namespace; `INDEX/NS/i0`
//! tells its mode and `INDEX/NS/zdb-namespace` its settings. All numbers are little endian.

use super::{
	import::{matching, put, settle, Copied},
	remote::RemoteNamespace,
};
use crate::cli::Context;
use anyhow::{bail, ensure, Context as _, Result};
use granary_zdb::{Mode, Namespace, NamespaceUpdate, Store, ZdbError};
use std::{
	fs::{self, File},
	io::{BufReader, ErrorKind, Read},
	path::Path,
};

const DATA_MAGIC: &[u8; 4] = b"DAT0";
const INDEX_MAGIC: &[u8; 4] = b"IDX0";
const DATA_VERSION: u32 = 3;
const INDEX_VERSION: u32 = 4;
const VALUE_MAX_BYTES: u32 = 8 << 20;
const FLAG_DELETED: u8 = 1;

/// Imports every namespace whose directory lies under the index root.
pub(super) fn import(
	store: &Store,
	data: &Path,
	index: &Path,
	wants: &dyn Fn(&str) -> bool,
	context: &Context,
) -> Result<Copied> {
	let mut names = Vec::new();
	let entries = fs::read_dir(index).with_context(|| format!("reading {}", index.display()))?;
	for entry in entries {
		let entry = entry?;
		if entry.file_type()?.is_dir() {
			names.extend(entry.file_name().into_string().ok());
		}
	}
	names.sort();
	ensure!(
		!names.is_empty(),
		"{} has no namespaces: is it 0-db's index directory?",
		index.display()
	);
	let mut copied = Copied::default();
	for name in names.into_iter().filter(|name| wants(name)) {
		let (described, password) = describe(&index.join(&name), &name)?;
		let namespace = matching(store, &described)?;
		replay(&data.join(&name), &namespace, &mut copied, context)?;
		settle(store, &described)?;
		if let Some(password) = password.filter(|_| name != "default") {
			let update = NamespaceUpdate { password: Some(Some(password)), ..Default::default() };
			store.update_namespace(&name, &update)?;
		}
		copied.namespaces += 1;
	}
	Ok(copied)
}

/// A namespace's mode and settings, and its password.
fn describe(dir: &Path, name: &str) -> Result<(RemoteNamespace, Option<String>)> {
	let path = dir.join("zdb-namespace");
	let bytes = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
	let damaged = || format!("{} is no descriptor of 0-db", path.display());
	let (head, rest) = bytes.split_first_chunk::<15>().with_context(damaged)?;
	let [v0, v1, v2, v3, name_len, password_len, max @ .., flags] = *head;
	ensure!(u32::from_le_bytes([v0, v1, v2, v3]) == 1, "{} is of another version", path.display());
	let password = rest
		.get(usize::from(name_len)..usize::from(name_len) + usize::from(password_len))
		.with_context(damaged)?;
	let password = String::from_utf8(password.to_vec())
		.with_context(|| format!("the password in {} is not text", path.display()))?;
	let max_bytes: [u8; 8] =
		max.get(..8).and_then(|max| max.try_into().ok()).with_context(damaged)?;
	let described = RemoteNamespace {
		name: name.to_owned(),
		mode: mode(&dir.join("i0"))?,
		entries: 0,
		public: flags & 1 != 0,
		worm: flags & 2 != 0,
		max_bytes: u64::from_le_bytes(max_bytes),
		has_password: !password.is_empty(),
	};
	Ok((described, Some(password).filter(|password| !password.is_empty())))
}

/// The mode in the header of an index file.
fn mode(path: &Path) -> Result<Mode> {
	let mut header = [0; 29];
	File::open(path)
		.and_then(|mut file| file.read_exact(&mut header))
		.with_context(|| format!("reading {}", path.display()))?;
	let (magic, rest) = header.split_first_chunk::<4>().context("too short")?;
	let (version, rest) = rest.split_first_chunk::<4>().context("too short")?;
	ensure!(
		magic == INDEX_MAGIC && u32::from_le_bytes(*version) == INDEX_VERSION,
		"{} is no index file of 0-db 2 (version {INDEX_VERSION})",
		path.display()
	);
	match rest.last() {
		Some(0) => Ok(Mode::User),
		Some(1) => Ok(Mode::Sequential),
		other => bail!("{} has a mode that is not known: {other:?}", path.display()),
	}
}

/// An entry of a data file.
struct Entry {
	key: Vec<u8>,
	value: Vec<u8>,
	crc: u32,
	deleted: bool,
	timestamp: u32,
}

/// CRC-32C as 0-db computes it: without inverting at the beginning and the end.
fn plain_crc(bytes: &[u8]) -> u32 {
	!crc32c::crc32c_append(!0, bytes)
}

/// Reads the next entry; `None` at the end, or where a crash left half of one.
fn next_entry(reader: &mut impl Read) -> Result<Option<Entry>> {
	let mut head = [0; 18];
	if !filled(reader, &mut head)? {
		return Ok(None);
	}
	let [key_len, l0, l1, l2, l3, _, _, _, _, c0, c1, c2, c3, flags, t0, t1, t2, t3] = head;
	let value_len = u32::from_le_bytes([l0, l1, l2, l3]);
	let deleted = flags & FLAG_DELETED != 0;
	ensure!(value_len <= VALUE_MAX_BYTES, "an entry claims {value_len} bytes: the file is damaged");
	let mut key = vec![0; usize::from(key_len)];
	let mut value = vec![0; if deleted { 0 } else { value_len as usize }];
	if !filled(reader, &mut key)? || !filled(reader, &mut value)? {
		return Ok(None);
	}
	let crc = u32::from_le_bytes([c0, c1, c2, c3]);
	let timestamp = u32::from_le_bytes([t0, t1, t2, t3]);
	Ok(Some(Entry { key, value, crc, deleted, timestamp }))
}

/// Fills the buffer; `false` if the file ends before.
fn filled(reader: &mut impl Read, buffer: &mut [u8]) -> Result<bool> {
	match reader.read_exact(buffer) {
		Ok(()) => Ok(true),
		Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
		Err(error) => Err(error.into()),
	}
}

/// Replays the data files of a namespace.
fn replay(dir: &Path, namespace: &Namespace, copied: &mut Copied, context: &Context) -> Result<()> {
	let mut number = 0;
	loop {
		let path = dir.join(format!("d{number}"));
		let file = match File::open(&path) {
			Err(error) if error.kind() == ErrorKind::NotFound && number > 0 => break,
			file => file.with_context(|| format!("opening {}", path.display()))?,
		};
		let mut reader = BufReader::with_capacity(1 << 20, file);
		let mut header = [0; 28];
		ensure!(filled(&mut reader, &mut header)?, "{} is too short", path.display());
		let (magic, rest) = header.split_first_chunk::<4>().context("too short")?;
		let version = rest.first_chunk::<4>().map(|version| u32::from_le_bytes(*version));
		ensure!(
			magic == DATA_MAGIC && version == Some(DATA_VERSION),
			"{} is no data file of 0-db 2 (version {DATA_VERSION})",
			path.display()
		);
		while let Some(entry) =
			next_entry(&mut reader).with_context(|| format!("reading {}", path.display()))?
		{
			apply(namespace, &entry, copied, context)?;
		}
		number += 1;
	}
	Ok(namespace.flush()?)
}

fn apply(
	namespace: &Namespace,
	entry: &Entry,
	copied: &mut Copied,
	context: &Context,
) -> Result<()> {
	if entry.deleted {
		return match namespace.del_buffered(&entry.key, Some(entry.timestamp)) {
			Ok(()) | Err(ZdbError::KeyNotFound) => Ok(()),
			Err(error) => Err(error.into()),
		};
	}
	if plain_crc(&entry.value) != entry.crc {
		context.note(format!(
			"namespace '{}': a value of {} bytes does not match its checksum and is left out",
			namespace.name(),
			entry.value.len()
		));
		return Ok(());
	}
	put(namespace, &entry.key, &entry.value, entry.timestamp)?;
	copied.keys += 1;
	copied.bytes += entry.value.len() as u64;
	Ok(())
}
