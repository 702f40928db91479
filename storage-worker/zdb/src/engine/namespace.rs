//! A namespace: one log, one index, one set of rules.

use crate::{
	engine::{
		audit::{tree_dir, Audit},
		config::{Config, CONFIG_NAME},
		dirty::Dirty,
		environment::Environment,
		index::{IdIndex, KeyIndex},
		log::{Log, LogShape},
		options::{Access, Durability, NamespaceOptions, NamespaceUpdate},
		password::Password,
		rebuild::Rebuilt,
		recovery::{recover, RecoveryReport},
		retired::Retired,
		traffic::{Traffic, TrafficSums},
	},
	sys, AccountKey, ZdbError,
};
use parking_lot::{Mutex, RwLock};
use std::{
	fs,
	path::{Path, PathBuf},
	sync::{
		atomic::{AtomicBool, AtomicU64, Ordering},
		Arc,
	},
	time::Instant,
};

/// Locks for writers of the same key, as many as the index has tables.
const STRIPES: usize = 64;

#[derive(Debug)]
pub(crate) enum Index {
	Keys(KeyIndex),
	Ids(IdIndex),
}

/// A namespace of a [`Store`](crate::Store).
#[derive(Debug)]
pub struct Namespace {
	name: String,
	pub(super) dir: PathBuf,
	config: RwLock<Arc<Config>>,
	pub(super) log: Log,
	pub(super) index: Index,
	pub(super) audit: Option<Audit>,
	pub(super) stripes: Vec<Mutex<()>>,
	/// Held for reading while an id is issued and its record is not in the index yet.
	pub(super) issuing: RwLock<()>,
	/// Segments in which records were superseded.
	pub(super) dirty: Dirty,
	/// Held by whoever moves live records out of old segments.
	pub(super) compacting: Mutex<()>,
	/// Segments that compaction removed.
	pub(super) retired: Mutex<Retired>,
	environment: Arc<Environment>,
	pub(super) live_bytes: AtomicU64,
	/// Its file system takes no writes.
	pub(super) read_only: bool,
	removed: AtomicBool,
	replaced: AtomicBool,
	pub(super) last_sync: Mutex<Instant>,
	pub(super) read_errors: AtomicU64,
	pub(super) write_errors: AtomicU64,
	/// What clients do with it; it goes on when the files are opened again.
	pub(super) traffic: Arc<TrafficSums>,
}

impl Namespace {
	/// Opens the namespace in `dir`, whose settings file exists.
	pub(crate) fn open(
		name: &str,
		dir: &Path,
		environment: &Arc<Environment>,
	) -> Result<(Self, RecoveryReport), ZdbError> {
		let config = Config::load(dir, &environment.secret)?;
		let (mode, audited) = (config.mode, config.audited);
		let shape = LogShape {
			namespace: name.to_owned(),
			dir: dir.to_owned(),
			mode,
			audited,
			environment: environment.clone(),
		};
		let mut rebuilt = Rebuilt::new(mode);
		let retired = Retired::load(dir)?;
		let recovered = recover(&shape, &retired, &mut |segment, offset, header, key| {
			rebuilt.visit(segment, offset, header, key, audited)
		})?;
		let Rebuilt { index, extents, live_bytes, .. } = rebuilt;
		let log =
			Log::new(shape, recovered.segments, recovered.next_sequence, recovered.next_ordinal)?;
		let namespace = Self {
			name: name.to_owned(),
			dir: dir.to_owned(),
			config: RwLock::new(Arc::new(config)),
			log,
			index,
			audit: audited.then(|| Audit::new(tree_dir(dir), extents)),
			stripes: (0..STRIPES).map(|_| Mutex::default()).collect(),
			issuing: RwLock::default(),
			dirty: Dirty::default(),
			compacting: Mutex::default(),
			retired: Mutex::new(retired),
			environment: environment.clone(),
			live_bytes: AtomicU64::new(live_bytes),
			read_only: sys::is_read_only(dir)
				.map_err(|error| ZdbError::file("look at", dir, error))?,
			removed: AtomicBool::new(false),
			replaced: AtomicBool::new(false),
			last_sync: Mutex::new(Instant::now()),
			read_errors: AtomicU64::new(0),
			write_errors: AtomicU64::new(0),
			traffic: Arc::default(),
		};
		if let Some(audit) = &namespace.audit {
			// A damaged log can still be read, so this is no reason to stay closed.
			if let Err(error) = audit.open(&namespace.log) {
				tracing::error!(namespace = name, %error, "the log tree cannot be opened");
			}
		}
		Ok((namespace, recovered.report))
	}

	/// Its name.
	pub fn name(&self) -> &str {
		&self.name
	}

	/// Goes on counting where a namespace whose place this one takes has stopped.
	pub(crate) fn go_on_counting(&mut self, before: &Self) {
		self.traffic = before.traffic.clone();
	}

	/// Counts what a client did.
	pub(crate) fn count_traffic(&self, traffic: &Traffic) {
		self.traffic.add(traffic);
	}

	/// What clients did since the store was opened.
	pub fn traffic(&self) -> Traffic {
		self.traffic.figures()
	}

	pub(crate) fn log(&self) -> &Log {
		&self.log
	}

	pub(crate) fn ids(&self) -> Option<&IdIndex> {
		match &self.index {
			Index::Ids(ids) => Some(ids),
			Index::Keys(_) => None,
		}
	}

	pub(crate) fn config(&self) -> Arc<Config> {
		self.config.read().clone()
	}

	/// Its settings, the password included: for another store that is to be the same.
	pub fn settings(&self) -> NamespaceOptions {
		let config = self.config();
		NamespaceOptions {
			mode: config.mode,
			password: config.password.as_ref().map(Password::text),
			public: config.public,
			max_bytes: config.max_bytes,
			worm: config.worm,
			audited: config.audited,
			durability: config.durability,
			owner: config.owner,
		}
	}

	/// What clients may do at present.
	pub fn access(&self) -> Access {
		self.config.read().access
	}

	/// When records reach the disk.
	pub fn durability(&self) -> Durability {
		self.config.read().durability
	}

	/// Whether it has a password.
	pub fn has_password(&self) -> bool {
		self.config.read().password.is_some()
	}

	/// The account that may write, and read if the namespace is private, once it has signed in.
	pub fn owner(&self) -> Option<AccountKey> {
		self.config.read().owner
	}

	/// Whether it is open to those only who show something: its password, or that they are its owner.
	pub fn is_guarded(&self) -> bool {
		let config = self.config.read();
		config.password.is_some() || config.owner.is_some()
	}

	/// Whether reading needs no password.
	pub fn is_public(&self) -> bool {
		self.config.read().public
	}

	/// Whether `password` is the namespace's; never if it has none.
	pub fn password_matches(&self, password: &[u8]) -> bool {
		let config = self.config();
		config.password.as_ref().is_some_and(|own| own.matches(password))
	}

	pub(crate) fn password(&self) -> Option<Password> {
		self.config.read().password.clone()
	}

	/// Whether it was removed from its store; nothing works any more then.
	pub fn is_removed(&self) -> bool {
		self.removed.load(Ordering::Acquire)
	}

	/// Whether it was removed in favour of an empty one of the same name, in another mode.
	pub(crate) fn is_replaced(&self) -> bool {
		self.replaced.load(Ordering::Acquire)
	}

	pub(crate) fn set_replaced(&self) {
		self.replaced.store(true, Ordering::Release);
	}

	/// Ends its use; with `only_unused` only if nothing was ever written, and says so.
	pub(crate) fn close(&self, only_unused: bool) -> bool {
		let closed = self.log.close(only_unused);
		if closed {
			self.removed.store(true, Ordering::Release);
		}
		closed
	}

	/// Removes everything but the settings.
	pub(crate) fn remove_files(&self) -> Result<(), ZdbError> {
		let remove = || -> std::io::Result<()> {
			for entry in fs::read_dir(&self.dir)? {
				let entry = entry?;
				if entry.file_type()?.is_dir() {
					fs::remove_dir_all(entry.path())?;
				} else if entry.file_name() != CONFIG_NAME {
					fs::remove_file(entry.path())?;
				}
			}
			Ok(())
		};
		remove().map_err(|error| ZdbError::file("empty", &self.dir, error))
	}

	/// Changes settings. Mode and `audited` are changed by the store, which opens the namespace anew.
	pub(crate) fn update(&self, update: &NamespaceUpdate) -> Result<(), ZdbError> {
		let mut config = self.config.write();
		let updated = config.updated(update, self.is_unused())?;
		updated.store(&self.dir, &self.environment.secret)?;
		*config = Arc::new(updated);
		Ok(())
	}

	/// Whether nothing was ever written.
	pub(crate) fn is_unused(&self) -> bool {
		self.log.next_sequence() == 0
	}

	pub(super) fn writable_config(&self) -> Result<Arc<Config>, ZdbError> {
		if self.is_removed() {
			return Err(ZdbError::Removed);
		}
		let config = self.config();
		match config.access {
			_ if self.read_only => Err(ZdbError::ReadOnly),
			Access::Frozen => Err(ZdbError::Frozen),
			Access::Locked => Err(ZdbError::Locked),
			Access::Open => Ok(config),
		}
	}

	pub(super) fn stripe(&self, number: usize) -> &Mutex<()> {
		#[allow(clippy::indexing_slicing, reason = "the remainder is below the number of stripes")]
		&self.stripes[number % STRIPES]
	}

	pub(super) fn readable(&self) -> Result<(), ZdbError> {
		if self.is_removed() {
			return Err(ZdbError::Removed);
		}
		match self.access() {
			Access::Frozen => Err(ZdbError::Frozen),
			Access::Open | Access::Locked => Ok(()),
		}
	}
}
