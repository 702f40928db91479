//! A namespace: one log, one index, one set of rules.

use crate::{
	engine::{
		audit::{tree_dir, Audit},
		config::Config,
		dirty::Dirty,
		durable::{Known, DURABLE_NAME},
		environment::Environment,
		generation::{self, generation_dir},
		ids::IdIndex,
		index::KeyIndex,
		log::{Log, LogShape},
		options::{Access, Durability, NamespaceOptions, NamespaceUpdate},
		password::Password,
		rebuild::{rebuild, Rebuilt},
		recovery::{recover, Recovered},
		removal::{Plan, Successor},
		report::RecoveryReport,
		retired::Retired,
		traffic::{Traffic, TrafficSums},
	},
	AccountKey, ZdbError,
};
use parking_lot::{Mutex, RwLock};
use std::{
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
	pub(super) environment: Arc<Environment>,
	/// Its directory: the settings and all generations of its log.
	pub(super) dir: PathBuf,
	/// Which generation of the log this is, and where its files are.
	pub(super) generation: u32,
	pub(super) log_dir: PathBuf,
	/// Shared with the log that waits to take this one's place.
	config: Arc<RwLock<Arc<Config>>>,
	pub(super) log: Log,
	pub(super) index: Index,
	pub(super) audit: Option<Audit>,
	pub(super) stripes: Vec<Mutex<()>>,
	/// Held for reading while an id is issued and its record is not in the index yet.
	pub(super) issuing: RwLock<()>,
	/// Segments in which records were superseded.
	pub(super) dirty: Dirty,
	/// Held by whoever moves live records out of old segments, or copies them into another log.
	pub(super) compacting: Mutex<()>,
	/// What is to go from an audited log, and the log without it.
	pub(super) plan: Mutex<Plan>,
	pub(super) successor: RwLock<Option<Arc<Successor>>>,
	pub(super) removal_done: AtomicU64,
	/// Held for reading by whoever appends to an audited log, for writing while another log takes its place.
	pub(super) gate: RwLock<()>,
	/// Segments that compaction removed.
	pub(super) retired: Mutex<Retired>,
	pub(super) live_bytes: AtomicU64,
	/// Its file system takes no writes.
	pub(super) read_only: bool,
	removed: AtomicBool,
	replaced: AtomicBool,
	pub(super) last_sync: Mutex<Instant>,
	pub(super) read_errors: AtomicU64,
	pub(super) write_errors: AtomicU64,
	/// What a scrub found; an audited log remembers it itself.
	pub(super) damage: Mutex<Option<String>>,
	/// What clients do with it; it goes on when another log takes this one's place or the files are opened again.
	pub(super) traffic: Arc<TrafficSums>,
}

/// What all generations of a namespace's log have in common.
struct Shape<'s> {
	environment: &'s Arc<Environment>,
	name: &'s str,
	dir: &'s Path,
	config: &'s Arc<RwLock<Arc<Config>>>,
	read_only: bool,
	traffic: &'s Arc<TrafficSums>,
}

impl Namespace {
	/// Opens the namespace in `dir`, whose settings file exists. It goes on counting where one `before` it, whose place it takes, has
	/// stopped.
	pub(crate) fn open(
		name: &str,
		dir: &Path,
		environment: &Arc<Environment>,
		before: Option<&Self>,
	) -> Result<(Self, RecoveryReport), ZdbError> {
		let disk = &environment.disk;
		let config = Config::load(disk, dir, &environment.secret)?;
		let config = Arc::new(RwLock::new(Arc::new(config)));
		let read_only =
			disk.is_read_only(dir).map_err(|error| ZdbError::file("look at", dir, error))?;
		let current = generation::current(disk, dir)?;
		let waiting = if read_only { None } else { generation::tidy(disk, dir, current)? };
		let traffic = before.map(|before| before.traffic.clone()).unwrap_or_default();
		let (config, traffic) = (&config, &traffic);
		let shape = Shape { environment, name, dir, config, read_only, traffic };
		let (namespace, mut report) = Self::open_generation(&shape, current)?;
		if let Some(mark) = waiting {
			let (next, found) = Self::open_generation(&shape, current + 1)?;
			report.merge(found);
			*namespace.successor.write() = Some(Arc::new(Successor::found(next, mark)));
		}
		Ok((namespace, report))
	}

	/// Opens another generation of the log in its directory.
	pub(super) fn open_beside(&self, number: u32) -> Result<(Self, RecoveryReport), ZdbError> {
		let shape = Shape {
			environment: &self.environment,
			name: &self.name,
			dir: &self.dir,
			config: &self.config,
			read_only: self.read_only,
			traffic: &self.traffic,
		};
		Self::open_generation(&shape, number)
	}

	fn open_generation(shape: &Shape<'_>, number: u32) -> Result<(Self, RecoveryReport), ZdbError> {
		let Shape { environment, name, dir, config, read_only, traffic } = *shape;
		let disk = &environment.disk;
		let (mode, audited) = {
			let config = config.read();
			(config.mode, config.audited)
		};
		let log_dir = generation_dir(dir, number);
		let shape = LogShape {
			namespace: name.to_owned(),
			environment: environment.clone(),
			dir: log_dir.clone(),
			mode,
			audited,
			read_only,
		};
		let retired = Retired::load(disk, &log_dir)?;
		let known = Known::load(disk, &log_dir)?;
		let (recovered, Rebuilt { index, extents, live_bytes }) =
			rebuild(mode, audited, |visit| recover(&shape, &retired, known.place(), visit))?;
		let (is_short, half_a_record) = (recovered.is_short, recovered.last_holds_half_a_record());
		let Recovered { segments, next_sequence, next_ordinal, mut report, .. } = recovered;
		if known == Known::Damaged {
			report.made_anew.push(log_dir.join(DURABLE_NAME));
		}
		// A mark beyond the end would vouch for what is written there next.
		let durable = known.place().filter(|_| !is_short);
		let next = (next_sequence, next_ordinal);
		let log = Log::new(shape, segments, next, retired.first(), durable)?;
		if half_a_record && !read_only {
			log.jump()?;
		}
		let namespace = Self {
			name: name.to_owned(),
			environment: environment.clone(),
			dir: dir.to_owned(),
			generation: number,
			config: config.clone(),
			log,
			index,
			audit: audited.then(|| Audit::new(disk.clone(), tree_dir(&log_dir), extents)),
			log_dir,
			stripes: (0..STRIPES).map(|_| Mutex::default()).collect(),
			issuing: RwLock::default(),
			dirty: Dirty::default(),
			compacting: Mutex::default(),
			plan: Mutex::default(),
			successor: RwLock::default(),
			removal_done: AtomicU64::new(0),
			gate: RwLock::default(),
			retired: Mutex::new(retired),
			live_bytes: AtomicU64::new(live_bytes),
			read_only,
			removed: AtomicBool::new(false),
			replaced: AtomicBool::new(false),
			last_sync: Mutex::new(Instant::now()),
			read_errors: AtomicU64::new(0),
			write_errors: AtomicU64::new(0),
			damage: Mutex::default(),
			traffic: traffic.clone(),
		};
		if let Some(audit) = &namespace.audit {
			// A damaged log can still be read, so this is no reason to stay closed.
			match audit.open(&namespace.log) {
				Ok(true) => report.made_anew.push(tree_dir(&namespace.log_dir)),
				Ok(false) => {},
				Err(error) => {
					tracing::error!(namespace = name, %error, "the log tree cannot be opened");
				},
			}
		}
		Ok((namespace, report))
	}

	/// Its name.
	pub fn name(&self) -> &str {
		&self.name
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

	/// Whether it was removed in favour of another one of the same name: in another mode, opened anew, or with a shorter log.
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

	/// Removes all records; the namespace must be closed. After a crash all of them are there or none: the list of removed segments
	/// decides, and opening finishes what was begun. The next segment is made first: if the disk has no room for it, everything
	/// stays.
	pub(crate) fn remove_records(&self) -> Result<(), ZdbError> {
		self.log.jump()?;
		let next = self.log.end().0.number;
		Retired::before(next).store(&self.environment.disk, &self.dir)
	}

	/// Changes settings. Mode and `audited` are changed by the store, which opens the namespace anew.
	pub(crate) fn update(&self, update: &NamespaceUpdate) -> Result<(), ZdbError> {
		let mut config = self.config.write();
		let updated = config.updated(update, self.is_unused())?;
		updated.store(&self.environment.disk, &self.dir, &self.environment.secret)?;
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
		// Whoever still reads here when another log takes its place reads what is the same there.
		if self.is_removed() && !self.is_replaced() {
			return Err(ZdbError::Removed);
		}
		match self.access() {
			Access::Frozen => Err(ZdbError::Frozen),
			Access::Open | Access::Locked => Ok(()),
		}
	}
}
