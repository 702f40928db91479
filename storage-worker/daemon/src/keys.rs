//! Keys of tenants and workers, and the passwords that follow from them.

use anyhow::{bail, ensure, Context, Result};
use blake2b_simd::Params;
use granary_chain::Signer;
use granary_primitives::{AccountBytes, AllotmentId, PublicKey, Signature};
use rand::RngCore;
use std::{
	fs,
	io::Write,
	os::unix::fs::{OpenOptionsExt, PermissionsExt},
	path::{Path, PathBuf},
};
use x25519_dalek::{PublicKey as TransportPublic, StaticSecret};
use zeroize::Zeroizing;

const TRANSPORT_LABEL: &[u8] = b"granary/transport/1";
const PASSWORD_LABEL: &[u8] = b"granary/zdb-password/1";

/// Names of a worker's key files.
const AUDIT_NAME: &str = "audit";
const TRANSPORT_NAME: &str = "transport";

/// Where the keys are that are to follow those in `dir`.
fn next_dir(dir: &Path) -> PathBuf {
	dir.join("next")
}

/// The zdb namespace of an allotment.
pub(crate) fn namespace_name(allotment: AllotmentId) -> String {
	format!("allotment-{allotment}")
}

/// The allotment that a namespace belongs to, if it is one of ours.
pub(crate) fn allotment_of_namespace(name: &str) -> Option<AllotmentId> {
	name.strip_prefix("allotment-")?.parse().ok()
}

/// The password of an allotment's namespace. Tenant and node agree on it without a word: each has its own secret and
/// finds the other's public key on chain.
pub(crate) fn namespace_password(
	own: &StaticSecret,
	other: &PublicKey,
	allotment: AllotmentId,
) -> String {
	let shared = own.diffie_hellman(&TransportPublic::from(*other));
	hex::encode(keyed_hash(shared.as_bytes(), &[PASSWORD_LABEL, &allotment.to_le_bytes()]))
}

fn keyed_hash(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
	let mut state = Params::new().hash_length(32).key(key).to_state();
	for part in parts {
		state.update(part);
	}
	let mut hash = [0; 32];
	hash.iter_mut().zip(state.finalize().as_bytes()).for_each(|(to, from)| *to = *from);
	hash
}

/// A tenant's account and the transport key that goes with it.
pub(crate) struct TenantKeys {
	signer: Signer,
	transport: StaticSecret,
}

impl std::fmt::Debug for TenantKeys {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(f, "TenantKeys({:?})", self.signer)
	}
}

impl TenantKeys {
	/// From a secret URI. The transport secret is derived from the account's seed, so the account has the same keys anywhere and
	/// however its URI is spelled.
	pub(crate) fn from_suri(suri: &str) -> Result<Self> {
		let signer = Signer::from_uri(suri)?;
		let secret = Zeroizing::new(keyed_hash(signer.secret_seed(), &[TRANSPORT_LABEL]));
		Ok(Self { signer, transport: StaticSecret::from(*secret) })
	}

	/// From a file whose first line is a secret URI or a seed of 64 hex digits; refused if others can read it.
	pub(crate) fn from_file(path: &Path) -> Result<Self> {
		let text = Zeroizing::new(read_private(path)?);
		let text = std::str::from_utf8(&text)
			.with_context(|| format!("{} is not text", path.display()))?;
		let line = text.lines().next().unwrap_or_default();
		ensure!(!line.trim().is_empty(), "{} has no secret URI in its first line", path.display());
		Self::from_suri(line).with_context(|| format!("reading the key file {}", path.display()))
	}

	/// The key that signs.
	pub(crate) fn signer(&self) -> &Signer {
		&self.signer
	}

	/// The account's id.
	pub(crate) fn account_bytes(&self) -> AccountBytes {
		self.signer.account()
	}

	/// Signs a message as the account.
	pub(crate) fn sign(&self, message: &[u8]) -> Signature {
		self.signer.sign(message)
	}

	/// The secret of the transport key.
	pub(crate) fn transport_secret(&self) -> &StaticSecret {
		&self.transport
	}

	/// The transport key as it stands on chain.
	pub(crate) fn transport_public(&self) -> PublicKey {
		TransportPublic::from(&self.transport).to_bytes()
	}
}

/// A worker's own keys: all of its state that cannot be rebuilt.
pub(crate) struct WorkerKeys {
	audit: Signer,
	transport: StaticSecret,
}

impl std::fmt::Debug for WorkerKeys {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(f, "WorkerKeys({:?})", self.audit)
	}
}

impl WorkerKeys {
	/// Reads the keys in `dir`, or makes them on the first start.
	pub(crate) fn load_or_create(dir: &Path) -> Result<Self> {
		fs::create_dir_all(dir).with_context(|| format!("creating {}", dir.display()))?;
		let audit = load_or_create_secret(&dir.join(AUDIT_NAME))?;
		let transport = load_or_create_secret(&dir.join(TRANSPORT_NAME))?;
		Ok(Self { audit: Signer::from_secret(*audit)?, transport: StaticSecret::from(*transport) })
	}

	/// Reads or makes the keys that are to follow those in `dir`.
	pub(crate) fn load_or_create_next(dir: &Path) -> Result<Self> {
		Self::load_or_create(&next_dir(dir))
	}

	/// The keys that are to follow those in `dir`, as far as they are there: public audit key, public transport key.
	pub(crate) fn next_public(dir: &Path) -> Result<(Option<PublicKey>, Option<PublicKey>)> {
		let next = next_dir(dir);
		let read = |name: &str| {
			let path = next.join(name);
			path.exists().then(|| load_or_create_secret(&path)).transpose()
		};
		let audit = match read(AUDIT_NAME)? {
			Some(secret) => Some(Signer::from_secret(*secret)?.public_key()),
			None => None,
		};
		let transport = read(TRANSPORT_NAME)?
			.map(|secret| TransportPublic::from(&StaticSecret::from(*secret)).to_bytes());
		Ok((audit, transport))
	}

	/// Puts those of the next keys in the place of the present ones that are on record now, and says whether any was. May be cut off and begun
	/// again.
	pub(crate) fn adopt_next(dir: &Path, audit: &PublicKey, transport: &PublicKey) -> Result<bool> {
		let (next_audit, next_transport) = Self::next_public(dir)?;
		let wanted = [
			(AUDIT_NAME, next_audit.as_ref() == Some(audit)),
			(TRANSPORT_NAME, next_transport.as_ref() == Some(transport)),
		];
		for (name, _) in wanted.iter().filter(|(_, is_wanted)| *is_wanted) {
			let (from, to) = (next_dir(dir).join(name), dir.join(name));
			fs::rename(&from, &to)
				.with_context(|| format!("putting {} in place", from.display()))?;
		}
		Ok(wanted.iter().any(|(_, is_wanted)| *is_wanted))
	}

	/// Forgets the next keys.
	pub(crate) fn remove_next(dir: &Path) -> Result<()> {
		let next = next_dir(dir);
		if !next.exists() {
			return Ok(());
		}
		fs::remove_dir_all(&next).with_context(|| format!("removing {}", next.display()))
	}

	/// The key that signs checkpoints and proofs.
	pub(crate) fn audit(&self) -> &Signer {
		&self.audit
	}

	/// The secret that passwords are agreed with.
	pub(crate) fn transport(&self) -> &StaticSecret {
		&self.transport
	}

	/// Its public key, as it stands on chain.
	pub(crate) fn transport_public(&self) -> PublicKey {
		TransportPublic::from(&self.transport).to_bytes()
	}
}

/// Reads a file that only its owner may read.
pub(crate) fn read_private(path: &Path) -> Result<Vec<u8>> {
	let metadata = fs::metadata(path).with_context(|| format!("reading {}", path.display()))?;
	let mode = metadata.permissions().mode() & 0o777;
	if mode & 0o077 != 0 {
		bail!(
			"{} can be read by others (mode {mode:o}); run: chmod 600 {}",
			path.display(),
			path.display()
		);
	}
	fs::read(path).with_context(|| format!("reading {}", path.display()))
}

/// Makes a file that only its owner may read; refuses to replace one.
fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
	let write = || -> std::io::Result<()> {
		let mut file =
			fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
		file.write_all(bytes)?;
		file.sync_all()
	};
	write().with_context(|| format!("creating {}", path.display()))
}

/// Makes a new account and its key file.
pub(crate) fn create_account(path: &Path) -> Result<TenantKeys> {
	let mut seed = Zeroizing::new([0u8; 32]);
	rand::rngs::OsRng.fill_bytes(&mut *seed);
	let digits = Zeroizing::new(hex::encode(*seed));
	let keys = TenantKeys::from_suri(&digits)?;
	let address = granary_chain::address_of(&keys.account_bytes());
	let text = Zeroizing::new(format!("0x{}\n# {address}\n", *digits));
	write_private(path, text.as_bytes())?;
	Ok(keys)
}

fn load_or_create_secret(path: &Path) -> Result<Zeroizing<[u8; 32]>> {
	if !path.exists() {
		let mut secret = Zeroizing::new([0u8; 32]);
		rand::rngs::OsRng.fill_bytes(&mut *secret);
		let next = path.with_extension("new");
		// A start that was cut off may have left a half-written one behind.
		let _ = fs::remove_file(&next);
		let digits = Zeroizing::new(hex::encode(*secret));
		write_private(&next, digits.as_bytes())?;
		fs::rename(&next, path).with_context(|| format!("creating the key {}", path.display()))?;
	}
	let text = Zeroizing::new(read_private(path)?);
	let mut secret = Zeroizing::new([0u8; 32]);
	hex::decode_to_slice(text.trim_ascii(), &mut *secret).with_context(|| {
		format!("{} does not hold 64 hex digits; restore it from a backup", path.display())
	})?;
	Ok(secret)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn both_sides_derive_the_same_password() {
		let tenant = TenantKeys::from_suri("//Tenant").unwrap();
		let dir = tempfile::tempdir().unwrap();
		let node = WorkerKeys::load_or_create(dir.path()).unwrap();
		let one = namespace_password(tenant.transport_secret(), &node.transport_public(), 7);
		let other = namespace_password(node.transport(), &tenant.transport_public(), 7);
		assert_eq!(one, other);
		assert_ne!(one, namespace_password(node.transport(), &tenant.transport_public(), 8));
		assert_eq!(one.len(), 64);
	}

	#[test]
	fn worker_keys_survive_a_restart_and_stay_private() {
		let dir = tempfile::tempdir().unwrap();
		let first = WorkerKeys::load_or_create(dir.path()).unwrap();
		let again = WorkerKeys::load_or_create(dir.path()).unwrap();
		assert_eq!(first.audit().public_key(), again.audit().public_key());
		assert_eq!(first.transport_public(), again.transport_public());
		let key = dir.path().join("audit");
		assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
		fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
		let error = WorkerKeys::load_or_create(dir.path()).err().unwrap().to_string();
		assert!(error.contains("chmod 600"), "{error}");
	}

	#[test]
	fn next_keys_take_their_place_when_they_are_on_record() {
		let dir = tempfile::tempdir().unwrap();
		let present = WorkerKeys::load_or_create(dir.path()).unwrap();
		assert_eq!(WorkerKeys::next_public(dir.path()).unwrap(), (None, None));
		let next = WorkerKeys::load_or_create_next(dir.path()).unwrap();
		let publics = |keys: &WorkerKeys| (keys.audit().public_key(), keys.transport_public());
		let adopt = |(audit, transport): ([u8; 32], [u8; 32])| {
			WorkerKeys::adopt_next(dir.path(), &audit, &transport).unwrap()
		};
		assert!(!adopt(publics(&present)), "the present ones are still on record");
		// Cut off between both files: the rest follows.
		fs::rename(dir.path().join("next/audit"), dir.path().join("audit")).unwrap();
		assert!(adopt(publics(&next)));
		let loaded = WorkerKeys::load_or_create(dir.path()).unwrap();
		assert_eq!(publics(&loaded), publics(&next));
		assert!(!adopt(publics(&next)));
	}

	#[test]
	fn a_damaged_key_is_refused_not_replaced() {
		let dir = tempfile::tempdir().unwrap();
		WorkerKeys::load_or_create(dir.path()).unwrap();
		fs::write(dir.path().join("audit"), "abc").unwrap();
		assert!(WorkerKeys::load_or_create(dir.path()).is_err());
	}

	#[test]
	fn a_tenants_transport_key_follows_from_its_seed() {
		let alice = TenantKeys::from_suri("//Alice").unwrap();
		let seed = "0xe5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a";
		let by_seed = TenantKeys::from_suri(seed).unwrap();
		assert_eq!(alice.transport_public(), by_seed.transport_public());
		let bob = TenantKeys::from_suri("//Bob").unwrap();
		assert_ne!(alice.transport_public(), bob.transport_public());
	}

	#[test]
	fn a_new_account_is_read_back_and_never_replaced() {
		let dir = tempfile::tempdir().unwrap();
		let path = dir.path().join("account.key");
		let made = create_account(&path).unwrap();
		assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
		let read = TenantKeys::from_file(&path).unwrap();
		assert_eq!(made.account_bytes(), read.account_bytes());
		assert!(create_account(&path).is_err());
		assert_eq!(TenantKeys::from_file(&path).unwrap().account_bytes(), made.account_bytes());
	}

	#[test]
	fn namespaces_and_allotments() {
		assert_eq!(allotment_of_namespace(&namespace_name(42)), Some(42));
		assert_eq!(allotment_of_namespace("default"), None);
		assert_eq!(allotment_of_namespace("allotment-x"), None);
	}
}
