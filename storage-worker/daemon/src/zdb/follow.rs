//! Following a primary: copy what is there, then what comes, until promoted.

use super::remote::{bytes, Remote, RemoteArgs};
use anyhow::{bail, Context as _, Result};
use granary_zdb::{
	Durability, Mode, Namespace, NamespaceOptions, NamespaceUpdate, Replica, ReplicatedRecord,
	Store,
};
use redis::{cmd, Value};
use std::{
	fs,
	path::Path,
	sync::{
		atomic::{AtomicBool, Ordering::Relaxed},
		Arc,
	},
	thread::{self, JoinHandle},
	time::Duration,
};
use tracing::{info, warn};

/// Pause between two questions once nothing is missing.
const IDLE: Duration = Duration::from_millis(50);
/// Pause after the primary did not answer.
const RETRY: Duration = Duration::from_secs(1);
/// Records that are asked for at once.
const RECORDS: u64 = 1024;
/// The file that names the primary's store.
const PRIMARY_NAME: &str = "primary";

/// The thread that follows; it ends when this is dropped.
pub(super) struct Follower {
	stop: Arc<AtomicBool>,
	thread: Option<JoinHandle<()>>,
}

impl Follower {
	/// Follows the primary at `address` into the store.
	pub(super) fn start(
		address: String,
		password: Option<String>,
		store: Arc<Store>,
		replica: Arc<Replica>,
	) -> Result<Self> {
		let stop = Arc::new(AtomicBool::new(false));
		let theirs = stop.clone();
		let thread = thread::Builder::new().name("zdb-follow".into()).spawn(move || {
			let goes_on = || !theirs.load(Relaxed) && !replica.is_promoted();
			while goes_on() {
				if let Err(error) =
					follow(&address, password.as_deref(), &store, &replica, &goes_on)
				{
					warn!("the primary cannot be followed, trying again: {error:#}");
					replica.note_failure(format!("{error:#}"));
					thread::sleep(RETRY);
				}
			}
			info!("following ended");
		})?;
		Ok(Self { stop, thread: Some(thread) })
	}
}

impl Drop for Follower {
	fn drop(&mut self) {
		self.stop.store(true, Relaxed);
		if let Some(thread) = self.thread.take() {
			if thread.join().is_err() {
				warn!("the following thread panicked");
			}
		}
	}
}

/// One connection's worth of following.
fn follow(
	address: &str,
	password: Option<&str>,
	store: &Store,
	replica: &Replica,
	goes_on: &dyn Fn() -> bool,
) -> Result<()> {
	let mut remote = Remote::connect(address, &RemoteArgs::default())?;
	if let Some(password) = password {
		remote.call(cmd("AUTH").arg(password)).context("the primary's administrator password")?;
	}
	check_identity(&mut remote, store.dir(), address)?;
	while goes_on() {
		let names = remote.names()?;
		for name in store.list().iter().filter(|name| !names.contains(name)) {
			info!(namespace = name, "removed on the primary");
			store.remove_namespace(name)?;
			replica.note_removed(name);
		}
		let mut moved = false;
		for name in &names {
			moved |= pull(&mut remote, store, replica, name, goes_on)?;
		}
		if !moved {
			thread::sleep(IDLE);
		}
	}
	Ok(())
}

/// The primary must be the one whose data is here: another one's namespaces would replace them all.
fn check_identity(remote: &mut Remote, dir: &Path, address: &str) -> Result<()> {
	let id =
		String::from_utf8_lossy(&bytes(&remote.call(cmd("REPLICATE").arg("ID"))?)?).into_owned();
	let path = dir.join(PRIMARY_NAME);
	match fs::read_to_string(&path) {
		Ok(known) if known.trim() == id => Ok(()),
		Ok(_) => bail!(
			"{address} is another store than the one that was copied into {}; give a new --dir to copy that one",
			dir.display()
		),
		Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
			fs::write(&path, id).with_context(|| format!("writing {}", path.display()))
		},
		Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
	}
}

/// Brings one namespace up to what the primary has; says whether there was anything.
fn pull(
	remote: &mut Remote,
	store: &Store,
	replica: &Replica,
	name: &str,
	goes_on: &dyn Fn() -> bool,
) -> Result<bool> {
	let namespace = same_settings(remote, store, name)?;
	let mut moved = false;
	while goes_on() {
		let from = namespace.next_record();
		let mut question = cmd("REPLICATE");
		question.arg("READ").arg(name).arg(from).arg(RECORDS);
		let answer = remote.call(&question)?;
		let Value::Array(parts) = &answer else { bail!("the primary answered in another form") };
		let [Value::Int(restart), Value::Int(next), Value::Array(records)] = parts.as_slice()
		else {
			bail!("the primary answered in another form");
		};
		let next = u64::try_from(*next).unwrap_or_default();
		// A namespace with fewer records than here was emptied there.
		if *restart != 0 || next < from {
			warn!(namespace = name, "copying anew: the primary has removed what was not seen yet");
			replica.note_restart();
			start_anew(store, &namespace)?;
			return Ok(true);
		}
		for record in records {
			namespace.apply_record(&parse(record)?)?;
		}
		namespace.flush()?;
		replica.note_behind(name, next.saturating_sub(namespace.next_record()));
		if records.is_empty() {
			break;
		}
		moved = true;
	}
	Ok(moved)
}

/// Empties a namespace; an audited one is made anew, since it is emptied in no other way.
fn start_anew(store: &Store, namespace: &Namespace) -> Result<()> {
	let (name, settings) = (namespace.name(), namespace.settings());
	if settings.audited && name != "default" {
		store.remove_namespace(name)?;
		store.create_namespace(name, settings)?;
	} else {
		store.flush_namespace(name)?;
	}
	Ok(())
}

/// The namespace with the primary's settings, made if it is not there.
fn same_settings(remote: &mut Remote, store: &Store, name: &str) -> Result<Arc<Namespace>> {
	let settings = settings(remote, name)?;
	let Some(namespace) = store.namespace(name) else {
		info!(namespace = name, "new on the primary");
		return Ok(store.create_namespace(name, settings)?);
	};
	if namespace.settings() == settings {
		return Ok(namespace);
	}
	let NamespaceOptions { mode, password, public, max_bytes, worm, audited, durability, owner } =
		settings;
	let update = NamespaceUpdate {
		mode: Some(mode),
		password: Some(password),
		public: Some(public),
		max_bytes: Some(max_bytes),
		worm: Some(worm),
		audited: Some(audited),
		durability: Some(durability),
		access: None,
		owner: Some(owner),
	};
	store.update_namespace(name, &update)?;
	store.namespace(name).with_context(|| format!("namespace '{name}' is gone"))
}

fn settings(remote: &mut Remote, name: &str) -> Result<NamespaceOptions> {
	let answer = remote.call(cmd("REPLICATE").arg("SETTINGS").arg(name))?;
	let Value::Array(parts) = &answer else { bail!("the primary answered in another form") };
	let [Value::Int(sequential), Value::Int(public), Value::Int(worm), Value::Int(audited), Value::Int(max_bytes), Value::Int(durability), password, owner] =
		parts.as_slice()
	else {
		bail!("the primary told settings in another form");
	};
	let password = match password {
		Value::Nil => None,
		password => Some(String::from_utf8_lossy(&bytes(password)?).into_owned()),
	};
	let owner = match owner {
		Value::Nil => None,
		owner => Some(<[u8; 32]>::try_from(bytes(owner)?).ok().context("an owner has 32 bytes")?),
	};
	Ok(NamespaceOptions {
		owner,
		mode: if *sequential != 0 { Mode::Sequential } else { Mode::User },
		password,
		public: *public != 0,
		max_bytes: u64::try_from(*max_bytes).ok().filter(|bytes| *bytes > 0),
		worm: *worm != 0,
		audited: *audited != 0,
		durability: match durability {
			0 => Durability::Always,
			milliseconds => u64::try_from(*milliseconds).map_or(Durability::Os, Durability::Every),
		},
	})
}

fn parse(record: &Value) -> Result<ReplicatedRecord> {
	let Value::Array(parts) = record else { bail!("a record came in another form") };
	let [Value::Int(sequence), Value::Int(ordinal), Value::Int(moved), Value::Int(timestamp), key, value] =
		parts.as_slice()
	else {
		bail!("a record came in another form");
	};
	Ok(ReplicatedRecord {
		sequence: u64::try_from(*sequence)?,
		ordinal: u64::try_from(*ordinal)?,
		moved: *moved != 0,
		timestamp: u32::try_from(*timestamp)?,
		key: bytes(key)?,
		value: match value {
			Value::Nil => None,
			value => Some(bytes(value)?),
		},
	})
}
