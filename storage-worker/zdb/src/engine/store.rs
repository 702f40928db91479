//! A store: a directory of namespaces, used by one process.

use crate::{
	engine::{
		config::Config, namespace::Namespace, recovery::RecoveryReport, syncer::Syncer, Durability,
		NamespaceOptions, NamespaceUpdate,
	},
	limits::{NAMESPACES_MAX, NAMESPACE_NAME_MAX_BYTES, SEGMENT_BYTES_DEFAULT, SEGMENT_BYTES_MAX},
	sys, ZdbError,
};
use parking_lot::{Mutex, RwLock};
use std::{
	collections::BTreeMap,
	fs::{self, File, OpenOptions},
	io,
	os::unix::fs::{DirBuilderExt, OpenOptionsExt},
	path::{Path, PathBuf},
	sync::Arc,
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
}

impl StoreOptions {
	/// The usual options for a directory.
	pub fn new(dir: impl Into<PathBuf>) -> Self {
		let (durability, segment_bytes) = (Durability::default(), SEGMENT_BYTES_DEFAULT);
		Self { dir: dir.into(), durability, segment_bytes }
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
	report: RecoveryReport,
	_syncer: Syncer,
	_lock: File,
}

impl Store {
	/// Opens a store and everything in it.
	pub fn open(options: StoreOptions) -> Result<Self, ZdbError> {
		let options = StoreOptions {
			segment_bytes: options.segment_bytes.clamp(4096, SEGMENT_BYTES_MAX),
			..options
		};
		let dir = options.dir.join("namespaces");
		make_dir(&dir)?;
		let lock = lock(&options.dir)?;
		if let Err(error) = sys::raise_open_files_limit() {
			// Only a store of very many segments needs it, and that one will say so.
			tracing::warn!(%error, "the limit of open files could not be raised");
		}
		let mut report = RecoveryReport::default();
		let mut namespaces = BTreeMap::new();
		for name in directory_names(&dir)? {
			let path = dir.join(&name);
			if name.starts_with(HIDDEN) {
				fs::remove_dir_all(&path)
					.map_err(|error| ZdbError::file("remove", &path, error))?;
				continue;
			}
			let (namespace, found) = Namespace::open(&name, &path, options.segment_bytes)?;
			for line in found.lines() {
				tracing::warn!(namespace = name, "{line}");
			}
			report.merge(found);
			namespaces.insert(name, Arc::new(namespace));
		}
		let namespaces = Arc::new(RwLock::new(namespaces));
		let syncer = Syncer::start(namespaces.clone());
		let store = Self {
			_syncer: syncer.map_err(|error| ZdbError::file("sync", &dir, error))?,
			options,
			namespaces,
			administration: Mutex::default(),
			report,
			_lock: lock,
		};
		let durability = store.options.durability;
		match store.namespace(DEFAULT_NAMESPACE) {
			Some(namespace) if namespace.durability() == durability => {},
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
		if making.exists() {
			fs::remove_dir_all(&making)
				.map_err(|error| ZdbError::file("remove", &making, error))?;
		}
		make_dir(&making)?;
		config.store(&making)?;
		self.rename(&making, &path)?;
		let (namespace, _) = Namespace::open(name, &path, self.options.segment_bytes)?;
		let namespace = Arc::new(namespace);
		self.namespaces.write().insert(name.to_owned(), namespace.clone());
		Ok(namespace)
	}

	fn rename(&self, from: &Path, to: &Path) -> Result<(), ZdbError> {
		fs::rename(from, to)
			.and_then(|()| File::open(self.options.dir.join("namespaces"))?.sync_all())
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
		// Another mode has other segment headers and another index: the empty namespace is made anew. A crash
		// in between leaves it without segments, in its old mode.
		if !namespace.close(true) {
			return Err(ZdbError::Used);
		}
		let path = self.path(name);
		namespace.remove_files()?;
		config.store(&path)?;
		let (replaced, _) = Namespace::open(name, &path, self.options.segment_bytes)?;
		self.namespaces.write().insert(name.to_owned(), Arc::new(replaced));
		namespace.set_replaced();
		Ok(())
	}

	/// Removes a namespace and its data. Whoever holds it gets [`ZdbError::Removed`] from then on.
	pub fn remove_namespace(&self, name: &str) -> Result<(), ZdbError> {
		if name == DEFAULT_NAMESPACE {
			return Err(ZdbError::DefaultNamespace);
		}
		let _administration = self.administration.lock();
		let unknown = || ZdbError::NoNamespace(name.to_owned());
		let namespace = self.namespaces.write().remove(name).ok_or_else(unknown)?;
		namespace.close(false);
		self.rename(&self.path(name), &self.path(".removing"))?;
		let path = self.path(".removing");
		fs::remove_dir_all(&path).map_err(|error| ZdbError::file("remove", &path, error))
	}

	/// Brings everything to the disk.
	pub fn sync_all(&self) -> Result<(), ZdbError> {
		let namespaces: Vec<_> = self.namespaces.read().values().cloned().collect();
		namespaces.iter().try_for_each(|namespace| namespace.sync_all())
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

fn make_dir(dir: &Path) -> Result<(), ZdbError> {
	let mut builder = fs::DirBuilder::new();
	builder
		.recursive(true)
		.mode(0o700)
		.create(dir)
		.map_err(|error| ZdbError::file("create", dir, error))
}

fn lock(dir: &Path) -> Result<File, ZdbError> {
	let path = dir.join("lock");
	let mut options = OpenOptions::new();
	let file = options
		.write(true)
		.create(true)
		.truncate(false)
		.mode(0o600)
		.open(&path)
		.map_err(|error| ZdbError::file("open", &path, error))?;
	match sys::try_lock(&file) {
		Ok(true) => Ok(file),
		Ok(false) => Err(ZdbError::InUse(dir.to_owned())),
		Err(error) => Err(ZdbError::file("lock", &path, error)),
	}
}

fn directory_names(dir: &Path) -> Result<Vec<String>, ZdbError> {
	let list = || -> io::Result<Vec<String>> {
		let mut names = Vec::new();
		for entry in fs::read_dir(dir)? {
			let entry = entry?;
			if entry.file_type()?.is_dir() {
				names.extend(entry.file_name().into_string().ok());
			}
		}
		names.sort();
		Ok(names)
	};
	list().map_err(|error| ZdbError::file("list", dir, error))
}
