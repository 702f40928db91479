//! A store: a directory of namespaces, used by one process.

use crate::{
	engine::{
		background_thread::BackgroundThread,
		compactor::{CompactionOptions, Compactor},
		config::Config,
		directory::{directory_names, lock, make_dir},
		environment::{Environment, SegmentSource, StoreObserver},
		generation,
		namespace::Namespace,
		report::RecoveryReport,
		scrubber::{ScrubOptions, Scrubber},
		syncer::start_syncer,
		Durability, NamespaceOptions, NamespaceUpdate,
	},
	limits::{
		CACHE_BYTES_DEFAULT, NAMESPACES_MAX, NAMESPACE_NAME_MAX_BYTES, SEGMENT_BYTES_DEFAULT,
		VALUE_MAX_BYTES,
	},
	sys, ZdbError,
};
use granary_disk::{Disk, DiskFile};
use parking_lot::{Mutex, RwLock};
use std::{
	collections::BTreeMap,
	io,
	path::{Path, PathBuf},
	sync::Arc,
	time::Duration,
};

/// The namespace that every client starts in.
pub(crate) const DEFAULT_NAMESPACE: &str = "default";
/// Directories that are being removed or made start with this; names of namespaces never do.
const HIDDEN: char = '.';

/// How to open a store.
#[derive(Clone, Debug)]
pub struct StoreOptions {
	/// The directory; created if absent.
	pub dir: PathBuf,
	/// Durability of the default namespace and of namespaces that NSNEW makes.
	pub durability: Durability,
	/// When a segment is left for the next; at most 2 GiB.
	pub segment_bytes: u64,
	/// Longest value; at most 64 MiB. Longer ones that are there can be read all the same.
	pub max_value_bytes: usize,
	/// A segment is made durable before it is left for the next, whatever the durability.
	pub sync_at_jump: bool,
	/// Memory for records that are read or written often, of all namespaces; it is taken as it is needed. 0 is none.
	pub cache_bytes: usize,
	/// How the background thread compacts.
	pub compaction: CompactionOptions,
	/// How the background thread scrubs.
	pub scrub: ScrubOptions,
	/// Who may bring segment files that should be there and are not.
	pub segment_source: Option<Arc<dyn SegmentSource>>,
	/// Where the directory is: on the system's disks, unless it is a test's.
	pub disk: Disk,
}

impl StoreOptions {
	/// The usual options for a directory.
	pub fn new(dir: impl Into<PathBuf>) -> Self {
		Self {
			dir: dir.into(),
			durability: Durability::default(),
			segment_bytes: SEGMENT_BYTES_DEFAULT,
			max_value_bytes: VALUE_MAX_BYTES,
			sync_at_jump: false,
			cache_bytes: CACHE_BYTES_DEFAULT,
			compaction: CompactionOptions::default(),
			scrub: ScrubOptions::default(),
			segment_source: None,
			disk: Disk::default(),
		}
	}
}

/// The namespaces of a store, by name.
pub(crate) type Namespaces = RwLock<BTreeMap<String, Arc<Namespace>>>;

/// A directory of namespaces.
#[derive(Debug)]
pub struct Store {
	options: StoreOptions,
	namespaces: Arc<Namespaces>,
	/// Held while namespaces are made, changed or removed.
	administration: Mutex<()>,
	/// A namespace whose removal failed and could not be undone yet: its files have the name of what is removed.
	half_removed: Mutex<Option<String>>,
	report: RecoveryReport,
	environment: Arc<Environment>,
	pub(super) compactor: Compactor,
	pub(super) scrubber: Scrubber,
	_syncer: BackgroundThread,
	_lock: DiskFile,
}

impl Store {
	/// Opens a store and everything in it.
	pub fn open(options: StoreOptions) -> Result<Self, ZdbError> {
		let (disk, dir) = (options.disk.clone(), options.dir.join("namespaces"));
		make_dir(&disk, &dir)?;
		let (lock, read_only) = lock(&disk, &options.dir)?;
		if read_only {
			tracing::warn!(dir = %options.dir.display(), "a read-only file system: nothing can be written");
		}
		if let Err(error) = sys::raise_open_files_limit() {
			// Only a store of very many segments needs it, and that one will say so.
			tracing::warn!(%error, "the limit of open files could not be raised");
		}
		let environment = Environment::new(&options)?;
		if !read_only {
			// An earlier process may have ended between giving a name and making it durable.
			for dir in [&options.dir, &dir] {
				disk.sync_dir(dir).map_err(|error| ZdbError::file("sync", dir, error))?;
			}
		}
		let mut report = RecoveryReport::default();
		let mut namespaces = BTreeMap::new();
		for name in directory_names(&disk, &dir)? {
			let path = dir.join(&name);
			if name.starts_with(HIDDEN) {
				if read_only {
					continue;
				}
				disk.remove_dir_all(&path)
					.map_err(|error| ZdbError::file("remove", &path, error))?;
				continue;
			}
			let (namespace, found) = Namespace::open(&name, &path, &environment, None)?;
			for line in found.lines() {
				tracing::warn!(namespace = name, "{line}");
			}
			report.merge(found);
			namespaces.insert(name, Arc::new(namespace));
		}
		let namespaces = Arc::new(RwLock::new(namespaces));
		let syncer = start_syncer(namespaces.clone());
		let compaction = CompactionOptions {
			enabled: options.compaction.enabled && !read_only,
			..options.compaction
		};
		let compactor = Compactor::start(compaction, namespaces.clone());
		// Without writing it could not say how far it has come.
		let scrub = ScrubOptions { enabled: options.scrub.enabled && !read_only, ..options.scrub };
		let scrubber = Scrubber::start(scrub, &disk, options.dir.clone(), namespaces.clone());
		let store = Self {
			scrubber: scrubber.map_err(|error| ZdbError::file("scrub", &dir, error))?,
			compactor: compactor.map_err(|error| ZdbError::file("compact", &dir, error))?,
			_syncer: syncer.map_err(|error| ZdbError::file("sync", &dir, error))?,
			environment,
			options,
			namespaces,
			administration: Mutex::default(),
			half_removed: Mutex::default(),
			report,
			_lock: lock,
		};
		let durability = store.options.durability;
		match store.namespace(DEFAULT_NAMESPACE) {
			Some(namespace) if read_only || namespace.durability() == durability => {},
			Some(_) => {
				let durability = Some(durability);
				let update = NamespaceUpdate { durability, ..Default::default() };
				store.update_namespace(DEFAULT_NAMESPACE, &update)?;
			},
			None => {
				let options = NamespaceOptions { durability, public: true, ..Default::default() };
				store.create_namespace(DEFAULT_NAMESPACE, options)?;
			},
		}
		Ok(store)
	}

	/// What opening found.
	pub fn recovery_report(&self) -> &RecoveryReport {
		&self.report
	}

	/// The durability that new namespaces get from NSNEW.
	pub(crate) fn default_durability(&self) -> Durability {
		self.options.durability
	}

	/// The longest value.
	pub fn max_value_bytes(&self) -> usize {
		self.environment.max_value_bytes
	}

	/// Lets somebody be told of what happens to the files; `false` if somebody is already.
	pub fn observe(&self, observer: Arc<dyn StoreObserver>) -> bool {
		self.environment.observe(observer)
	}

	/// The namespace of that name.
	pub fn namespace(&self, name: &str) -> Option<Arc<Namespace>> {
		self.namespaces.read().get(name).cloned()
	}

	/// The names of all namespaces: `default` first, then in their order.
	pub fn list(&self) -> Vec<String> {
		let namespaces = self.namespaces.read();
		let others = namespaces.keys().filter(|name| *name != DEFAULT_NAMESPACE);
		std::iter::once(DEFAULT_NAMESPACE.to_owned()).chain(others.cloned()).collect()
	}

	fn path(&self, name: &str) -> PathBuf {
		self.options.dir.join("namespaces").join(name)
	}

	/// Makes a namespace. After a crash it is there as a whole or not at all.
	pub fn create_namespace(
		&self,
		name: &str,
		options: NamespaceOptions,
	) -> Result<Arc<Namespace>, ZdbError> {
		if !is_valid_name(name) {
			return Err(ZdbError::BadName(name.to_owned()));
		}
		let config = Config::new(&options)?;
		let _administration = self.administration.lock();
		if self.namespace(name).is_some() {
			return Err(ZdbError::NamespaceExists(name.to_owned()));
		}
		if self.namespaces.read().len() >= NAMESPACES_MAX {
			return Err(ZdbError::TooManyNamespaces { max: NAMESPACES_MAX });
		}
		let (making, path) = (self.path(".making"), self.path(name));
		let disk = &self.options.disk;
		self.undo_removal()?;
		self.discard(&making)?;
		// What an attempt left whose end is not known; nobody was told that it is there.
		self.take_away(name)?;
		make_dir(disk, &making)?;
		config.store(disk, &making, &self.environment.secret)?;
		self.rename(&making, &path)?;
		let (namespace, _) = Namespace::open(name, &path, &self.environment, None)?;
		let namespace = Arc::new(namespace);
		self.namespaces.write().insert(name.to_owned(), namespace.clone());
		Ok(namespace)
	}

	fn rename(&self, from: &Path, to: &Path) -> Result<(), ZdbError> {
		let disk = &self.options.disk;
		disk.rename(from, to)
			.and_then(|()| disk.sync_dir(&self.options.dir.join("namespaces")))
			.map_err(|error| ZdbError::file("rename", from, error))
	}

	/// Changes settings of a namespace.
	pub fn update_namespace(&self, name: &str, update: &NamespaceUpdate) -> Result<(), ZdbError> {
		let _administration = self.administration.lock();
		let unknown = || ZdbError::NoNamespace(name.to_owned());
		let namespace = self.namespace(name).ok_or_else(unknown)?;
		let before = namespace.config();
		let config = before.updated(update, true)?;
		if (before.mode, before.audited) == (config.mode, config.audited) {
			return namespace.update(update);
		}
		// Another mode has other segment headers and another index: the empty namespace is opened anew, which replaces
		// a segment that has the old header and nothing else.
		if !namespace.close(true) {
			return Err(ZdbError::Used);
		}
		let disk = &self.options.disk;
		let changed = config.store(disk, &self.path(name), &self.environment.secret);
		let opened = self.open_again(&namespace);
		changed.and(opened)
	}

	/// Opens the files of a closed namespace anew; whoever holds the old one finds the new one. If they cannot be opened the
	/// namespace stays closed and says why.
	fn open_again(&self, namespace: &Namespace) -> Result<(), ZdbError> {
		let opened = self.try_to_open_again(namespace);
		opened.inspect_err(|error| {
			let text = format!("it could not be opened again: {error}; RELOAD tries once more");
			tracing::error!(namespace = namespace.name(), "{text}");
			namespace.log().set_fault(text);
		})
	}

	fn try_to_open_again(&self, namespace: &Namespace) -> Result<(), ZdbError> {
		self.undo_removal()?;
		let (name, path) = (namespace.name(), self.path(namespace.name()));
		let (replaced, found) = Namespace::open(name, &path, &self.environment, Some(namespace))?;
		for line in found.lines() {
			tracing::warn!(namespace = name, "{line}");
		}
		self.namespaces.write().insert(name.to_owned(), Arc::new(replaced));
		namespace.set_replaced();
		Ok(())
	}

	/// Removes all records of a namespace and keeps its settings. After a crash all of them are there or none.
	pub fn flush_namespace(&self, name: &str) -> Result<(), ZdbError> {
		let _administration = self.administration.lock();
		let unknown = || ZdbError::NoNamespace(name.to_owned());
		let namespace = self.namespace(name).ok_or_else(unknown)?;
		if namespace.audit.is_some() {
			return Err(ZdbError::AuditedStays);
		}
		let _not_compacted = namespace.compacting.lock();
		namespace.close(false);
		let removed = namespace.remove_records();
		let opened = self.open_again(&namespace);
		removed.and(opened)
	}

	/// Puts the log that was signed for in the present one's place and gives that one's space back. Readers and writers that are under way go
	/// on with the new one. After a crash one of both is there as a whole.
	///
	/// Errors: [`ZdbError::NoRemoval`] if none is signed for.
	pub fn apply_removal(&self, name: &str) -> Result<(), ZdbError> {
		let _administration = self.administration.lock();
		let unknown = || ZdbError::NoNamespace(name.to_owned());
		let namespace = self.namespace(name).ok_or_else(unknown)?;
		let _not_compacted = namespace.compacting.lock();
		let dir = self.path(name);
		namespace.succeed(&mut |number, next| {
			generation::set_current(&self.options.disk, &dir, number)?;
			self.namespaces.write().insert(name.to_owned(), next);
			Ok(())
		})?;
		// Who still reads in the old one has its files open.
		generation::remove(&self.options.disk, &dir, namespace.generation)
	}

	/// Opens a namespace's files anew, as after a restart. It is how writes go on after a failed fsync.
	pub fn reload_namespace(&self, name: &str) -> Result<(), ZdbError> {
		let _administration = self.administration.lock();
		let unknown = || ZdbError::NoNamespace(name.to_owned());
		let namespace = self.namespace(name).ok_or_else(unknown)?;
		let _not_compacted = namespace.compacting.lock();
		namespace.close(false);
		if let Err(error) = namespace.sync_all() {
			// What the disk refused is gone; what it holds is read again.
			tracing::warn!(namespace = name, %error, "closing before the reload");
		}
		self.open_again(&namespace)
	}

	/// Lets every namespace that was written to and whose segment is older than this go on in a new one.
	pub(crate) fn jump_older_than(&self, age: Duration) {
		let open: Vec<_> = self.namespaces.read().values().cloned().collect();
		for namespace in open {
			if let Err(error) = namespace.log().jump_if_older(age) {
				tracing::warn!(namespace = namespace.name(), %error, "rotation");
			}
		}
	}

	/// Its directory.
	pub fn dir(&self) -> &Path {
		&self.options.dir
	}

	/// A name that no other store has.
	pub fn id(&self) -> &str {
		self.environment.secret.store_id()
	}

	/// Removes a namespace and its data. Whoever holds it gets [`ZdbError::Removed`] from then on.
	pub fn remove_namespace(&self, name: &str) -> Result<(), ZdbError> {
		if name == DEFAULT_NAMESPACE {
			return Err(ZdbError::DefaultNamespace);
		}
		let _administration = self.administration.lock();
		let unknown = || ZdbError::NoNamespace(name.to_owned());
		let namespace = self.namespace(name).ok_or_else(unknown)?;
		namespace.close(false);
		let _not_compacted = namespace.compacting.lock();
		if let Err(error) = self.take_away(name) {
			self.open_again(&namespace)?;
			return Err(error);
		}
		self.namespaces.write().remove(name);
		if let Err(error) = self.discard(&self.path(".removing")) {
			// It is gone for good; the next removal or start takes what is left of its files.
			tracing::warn!(namespace = name, %error, "the disk space is not given back yet");
		}
		Ok(())
	}

	/// Gives the directory of that name, if there is one, the name under which it is removed, durably. After an error it has its name
	/// again: it must not be emptied while a loss of power can bring it back.
	fn take_away(&self, name: &str) -> Result<(), ZdbError> {
		let (disk, path, removing) = (&self.options.disk, self.path(name), self.path(".removing"));
		self.undo_removal()?;
		self.discard(&removing)?;
		match disk.rename(&path, &removing) {
			Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
			renamed => renamed.map_err(|error| ZdbError::file("rename", &path, error))?,
		}
		disk.sync_dir(&self.options.dir.join("namespaces")).map_err(|error| {
			*self.half_removed.lock() = Some(name.to_owned());
			if let Err(error) = self.undo_removal() {
				tracing::error!(namespace = name, %error, "a removal could not be undone yet");
			}
			ZdbError::file("remove", &path, error)
		})
	}

	/// Gives a namespace whose removal failed its name back.
	fn undo_removal(&self) -> Result<(), ZdbError> {
		let mut half_removed = self.half_removed.lock();
		let Some(name) = half_removed.as_ref() else { return Ok(()) };
		let removing = self.path(".removing");
		let renamed = self.options.disk.rename(&removing, &self.path(name));
		renamed.map_err(|error| ZdbError::file("rename", &removing, error))?;
		*half_removed = None;
		Ok(())
	}

	/// Removes a directory, if it is there.
	fn discard(&self, dir: &Path) -> Result<(), ZdbError> {
		match self.options.disk.remove_dir_all(dir) {
			Err(error) if error.kind() != io::ErrorKind::NotFound => {
				Err(ZdbError::file("remove", dir, error))
			},
			_ => Ok(()),
		}
	}

	/// Brings everything to the disk.
	pub fn sync_all(&self) -> Result<(), ZdbError> {
		let namespaces: Vec<_> = self.namespaces.read().values().cloned().collect();
		// One that cannot must not keep the others from it.
		let synced: Vec<_> = namespaces.iter().map(|namespace| namespace.sync_all()).collect();
		synced.into_iter().collect()
	}
}

impl Drop for Store {
	fn drop(&mut self) {
		if let Err(error) = self.sync_all() {
			tracing::error!(%error, "the store could not be made durable when it was closed");
		}
	}
}

/// A name must be usable as a directory's, must not be hidden, and must be readable in a log.
pub(crate) fn is_valid_name(name: &str) -> bool {
	!name.is_empty()
		&& name.len() <= NAMESPACE_NAME_MAX_BYTES
		&& !name.starts_with(HIDDEN)
		&& !name.contains(|letter: char| letter == '/' || letter.is_control())
}
