//! Mounting, waiting and unmounting.

use crate::{
	descriptor,
	holder::{self, Hold, Taken},
	page_cache::PageCache,
	requests::Requests,
	tree::Users,
	virtual_files::VirtualFiles,
	Layer, Lower, MountError, MountStats, StatusSource,
};
use fuser::{Config, MountOption, Session, SessionACL};
use parking_lot::{Condvar, Mutex};
use std::{
	fmt, fs, io,
	os::{
		fd::AsFd,
		unix::{ffi::OsStrExt, fs::MetadataExt, net::UnixStream},
	},
	path::{Path, PathBuf},
	process::{Child, Command},
	sync::Arc,
	thread,
};

/// Threads that serve requests; one slow fetch stops one of them.
const THREADS: usize = 16;

/// What mounts of this kind are called in the list of mounts.
const SOURCE: &str = "granary";

/// What is mounted where.
#[derive(Clone, Debug)]
pub struct MountOptions {
	/// An existing, empty directory.
	pub mount_point: PathBuf,
	/// Where the layer is kept; made if missing.
	pub thin_dir: PathBuf,
	/// The snapshot's manifest; a layer belongs to one snapshot.
	pub snapshot_id: [u8; 32],
	/// Refuse writes.
	pub read_only: bool,
	/// Let other users in.
	pub allow_other: bool,
	/// Serve databases' logs as all else, instead of letting the kernel read and write them itself: slower, but what a commit released of them is given back.
	pub serve_logs: bool,
	/// Threads that serve requests.
	pub threads: usize,
	/// What `.granary/status.json` in the mount shows.
	pub status: Option<StatusSource>,
	/// Keep the mount when this process ends, until the next one serves it.
	pub hold: Option<Hold>,
}

impl MountOptions {
	/// A writable mount for this user.
	pub fn new(mount_point: PathBuf, thin_dir: PathBuf, snapshot_id: [u8; 32]) -> Self {
		Self {
			mount_point,
			thin_dir,
			snapshot_id,
			read_only: false,
			allow_other: false,
			serve_logs: false,
			threads: THREADS,
			status: None,
			hold: None,
		}
	}
}

/// Checks that a directory can be mounted on and that the system has FUSE.
pub fn check_mount_point(path: &Path) -> Result<(), MountError> {
	let bad = |reason: String| Err(MountError::MountPoint { path: path.to_owned(), reason });
	if let Err(error) = fs::metadata("/dev/fuse") {
		return Err(MountError::NoFuse(format!("/dev/fuse: {error}")));
	}
	let metadata = match fs::metadata(path) {
		Ok(metadata) => metadata,
		Err(error) if error.raw_os_error() == Some(libc::ENOTCONN) => {
			return bad(format!(
				"a mount whose process is gone is still there; run: fusermount3 -u {}",
				path.display()
			));
		},
		Err(error) => return bad(error.to_string()),
	};
	if !metadata.is_dir() {
		return bad("it is not a directory".to_owned());
	}
	let above = path.canonicalize().ok().and_then(|path| path.parent().map(Path::to_owned));
	let above = above.and_then(|above| fs::metadata(above).ok());
	if above.is_some_and(|above| above.dev() != metadata.dev()) {
		return bad("something is mounted there already".to_owned());
	}
	match fs::read_dir(path) {
		Ok(mut listed) => match listed.next() {
			None => Ok(()),
			Some(_) => bad("it is not empty".to_owned()),
		},
		Err(error) => bad(error.to_string()),
	}
}

/// Whether a filesystem of this kind is mounted there, also one that nobody serves, which would not answer.
pub fn is_mounted(path: &Path) -> Result<bool, MountError> {
	let path = std::path::absolute(path).map_err(kernel("finding the mount point"))?;
	let mounts = fs::read("/proc/self/mountinfo").map_err(kernel("listing mounts"))?;
	let escaped = escape(path.as_os_str().as_bytes());
	Ok(mounts.split(|byte| *byte == b'\n').any(|line| {
		let mut words = line.split(|byte| *byte == b' ');
		let is_there = words.nth(4) == Some(escaped.as_slice());
		// After optional fields come a hyphen, the type, which names the subtype if a helper has mounted it, and the source.
		let mut described = words.skip_while(|word| *word != b"-").skip(1);
		let is_fuse =
			described.next().is_some_and(|kind| kind == b"fuse" || kind == b"fuse.granary");
		is_there && is_fuse && described.next() == Some(SOURCE.as_bytes())
	}))
}

/// A path as the kernel lists it.
fn escape(path: &[u8]) -> Vec<u8> {
	path.iter().fold(Vec::new(), |mut escaped, byte| {
		match byte {
			b' ' | b'\t' | b'\n' | b'\\' => escaped.extend(format!("\\{byte:03o}").bytes()),
			byte => escaped.push(*byte),
		}
		escaped
	})
}

/// Takes away a mount whose process is gone, and says whether there was one.
pub fn clear_stale(path: &Path) -> Result<bool, MountError> {
	// Attributes may be cached; the room that is left has to be asked for.
	match rustix::fs::statvfs(path) {
		Err(rustix::io::Errno::NOTCONN | rustix::io::Errno::CONNABORTED) => {},
		_ => return Ok(false),
	}
	let absolute = std::path::absolute(path)
		.map_err(|source| MountError::Kernel { what: "finding the mount point", source })?;
	run_fusermount(&absolute, &["-z"])?;
	Ok(true)
}

/// Runs the helper, which works with and without privileges.
fn run_fusermount(mount_point: &Path, flags: &[&str]) -> Result<(), MountError> {
	let kernel = |source| MountError::Kernel { what: "unmounting", source };
	let output = Command::new("fusermount3")
		.args(["-u", "-q"])
		.args(flags)
		.arg("--")
		.arg(mount_point)
		.output()
		.map_err(kernel)?;
	if output.status.success() {
		return Ok(());
	}
	let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
	let reason = if reason.is_empty() { "it is in use".to_owned() } else { reason };
	Err(kernel(io::Error::other(reason)))
}

/// A mounted filesystem; unmounted when it is dropped.
pub struct Mounted {
	mount_point: PathBuf,
	ended: Arc<Ended>,
	layer: std::sync::Weak<Layer>,
	last: Arc<Mutex<MountStats>>,
}

/// How the serving ended, once it did.
#[derive(Default)]
struct Ended {
	result: Mutex<Option<Result<(), String>>>,
	changed: Condvar,
}

impl Ended {
	fn end(&self, result: Result<(), String>) {
		self.result.lock().get_or_insert(result);
		self.changed.notify_all();
	}
}

impl fmt::Debug for Mounted {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_struct("Mounted").field("stats", &self.stats()).finish_non_exhaustive()
	}
}

/// Mounts a tree with its layer and serves it on threads of its own. A mount that a holder keeps is served from here on, as it is.
pub fn mount(lower: Arc<dyn Lower>, options: MountOptions) -> Result<Mounted, MountError> {
	check_apart(&options)?;
	if let Some(taken) = take(&options)? {
		return Serving::new(lower, &options, Users::Unknown)?.take_over(taken);
	}
	check_mount_point(&options.mount_point)?;
	Serving::new(lower, &options, Users::None)?.mount()
}

/// What a holder keeps for these options, if there is one.
fn take(options: &MountOptions) -> Result<Option<Taken>, MountError> {
	let Some(hold) = &options.hold else { return Ok(None) };
	let bad = |reason: String| MountError::MountPoint { path: options.mount_point.clone(), reason };
	let taken = holder::take(&hold.socket, hold.take_over).map_err(|error| match error.kind() {
		io::ErrorKind::WouldBlock => {
			bad("another process serves it; end that one first".to_owned())
		},
		io::ErrorKind::TimedOut => bad("the process that serves it does not end".to_owned()),
		_ => kernel("asking the holder of the mount")(error),
	})?;
	let wanted = std::path::absolute(&options.mount_point);
	let wanted = wanted.map_err(kernel("finding the mount point"))?;
	match taken {
		Some(taken) if taken.mount_point != wanted => Err(bad(format!(
			"the layer is mounted on {}; unmount it first: fusermount3 -u {0}",
			taken.mount_point.display()
		))),
		taken => Ok(taken),
	}
}

fn kernel(what: &'static str) -> impl Fn(io::Error) -> MountError {
	move |source| MountError::Kernel { what, source }
}

/// A layer that is about to be served.
struct Serving<'a> {
	options: &'a MountOptions,
	layer: Arc<Layer>,
	page_cache: Arc<PageCache>,
	requests: Requests,
}

/// What ends with the serving.
#[derive(Default)]
struct Holding {
	/// Says that this process serves the mount.
	_connection: Option<UnixStream>,
	/// The holder, if this process started it.
	holder: Option<Child>,
}

impl<'a> Serving<'a> {
	fn new(
		lower: Arc<dyn Lower>,
		options: &'a MountOptions,
		users: Users,
	) -> Result<Self, MountError> {
		let MountOptions { thin_dir, snapshot_id, read_only, .. } = options;
		let layer = Arc::new(Layer::open_for(lower, thin_dir, snapshot_id, *read_only, users)?);
		let virtual_files = VirtualFiles::new(options.status.clone());
		let page_cache = Arc::new(PageCache::default());
		let requests =
			Requests::new(layer.clone(), options.threads, virtual_files, page_cache.clone());
		Ok(Self { options, layer, page_cache, requests })
	}

	fn config(&self) -> Config {
		let mut config = Config::default();
		config.mount_options = vec![
			MountOption::FSName(SOURCE.to_owned()),
			MountOption::Subtype(SOURCE.to_owned()),
			MountOption::DefaultPermissions,
			MountOption::NoAtime,
			MountOption::NoDev,
			MountOption::NoSuid,
			if self.options.read_only { MountOption::RO } else { MountOption::RW },
		];
		config.acl = if self.options.allow_other { SessionACL::All } else { SessionACL::Owner };
		config.n_threads = Some(self.options.threads.max(1));
		// One descriptor for all: what was read from it and not answered stays with it when the process ends.
		config.clone_fd = false;
		config
	}

	fn mount(self) -> Result<Mounted, MountError> {
		let config = self.config();
		let Self { options, layer, page_cache, requests } = self;
		let session =
			Session::new(requests, &options.mount_point, &config).map_err(kernel("mounting"))?;
		page_cache.connect(session.notifier());
		connect(&layer, &session, options)?;
		let holding = match &options.hold {
			None => Holding::default(),
			Some(hold) => {
				let started = holder::start(hold, session.as_fd());
				let (holder, connection) = started.map_err(kernel("starting the holder"))?;
				Holding { _connection: Some(connection), holder: Some(holder) }
			},
		};
		serve(options, layer, session, holding)
	}

	fn take_over(self, taken: Taken) -> Result<Mounted, MountError> {
		let config = self.config();
		let Self { options, layer, page_cache, requests } = self;
		let session = descriptor::session(requests, taken.fuse.as_fd(), config);
		let session = session.map_err(kernel("taking the mount over"))?;
		page_cache.connect(session.notifier());
		connect(&layer, &session, options)?;
		descriptor::ask_again(taken.fuse.as_fd()).map_err(kernel("taking the mount over"))?;
		let holding = Holding { _connection: Some(taken.connection), holder: None };
		serve(options, layer, session, holding)
	}
}

/// Lets the layer ask the kernel to read and write files itself, or to end that.
fn connect(
	layer: &Layer,
	session: &Session<Requests>,
	options: &MountOptions,
) -> Result<(), MountError> {
	let fuse = session.as_fd().try_clone_to_owned().map_err(kernel("copying a descriptor"))?;
	layer.passthrough.connect(fuse);
	if options.serve_logs {
		layer.passthrough.refuse();
	}
	Ok(())
}

fn serve(
	options: &MountOptions,
	layer: Arc<Layer>,
	session: Session<Requests>,
	mut holding: Holding,
) -> Result<Mounted, MountError> {
	let mount_point =
		std::path::absolute(&options.mount_point).map_err(kernel("finding the mount point"))?;
	let weak = Arc::downgrade(&layer);
	let last = Arc::new(Mutex::new(MountStats::default()));
	let ended = Arc::new(Ended::default());
	let (serving, serving_last) = (ended.clone(), last.clone());
	thread::Builder::new()
		.name("fuse".to_owned())
		.spawn(move || {
			let result = session.run().map_err(|error| error.to_string());
			let synced = layer.sync_all();
			let result =
				result.and(synced.map_err(|error| format!("syncing the layer: {error:?}")));
			// Whoever mounts again must find everything put away.
			*serving_last.lock() = layer.stats();
			drop(layer);
			if let Some(holder) = &mut holding.holder {
				// It ends when the mount is gone.
				let _ = holder.wait();
			}
			drop(holding);
			serving.end(result);
		})
		.map_err(kernel("starting the serving thread"))?;
	Ok(Mounted { mount_point, ended, layer: weak, last })
}

/// A layer below its own mount point could never be reached.
fn check_apart(options: &MountOptions) -> Result<(), MountError> {
	let inside = match (options.mount_point.canonicalize(), std::path::absolute(&options.thin_dir))
	{
		(Ok(mount_point), Ok(thin_dir)) => thin_dir.starts_with(mount_point),
		_ => false,
	};
	if inside {
		let reason = "it lies below the mount point; name another directory".to_owned();
		return Err(MountError::ThinLayer { path: options.thin_dir.clone(), reason });
	}
	Ok(())
}

impl Mounted {
	/// Waits until it is unmounted, by [`Mounted::unmount`] or from outside.
	pub fn wait(&self) -> Result<(), MountError> {
		let mut result = self.ended.result.lock();
		while result.is_none() {
			self.ended.changed.wait(&mut result);
		}
		match result.as_ref() {
			Some(Err(text)) => Err(MountError::Kernel {
				what: "serving the filesystem",
				source: io::Error::other(text.clone()),
			}),
			_ => Ok(()),
		}
	}

	/// Unmounts it; fails while somebody uses it and may be tried again then.
	pub fn unmount(&self) -> Result<(), MountError> {
		self.take_away(&[])
	}

	/// Leaves the mount to the next process: from here on this one counts as unmounted, and is to end. What it is asked until then it answers; what it has not
	/// answered then the next one does.
	pub fn leave(&self) {
		self.ended.end(Ok(()));
	}

	fn has_ended(&self) -> bool {
		self.ended.result.lock().is_some()
	}

	fn take_away(&self, flags: &[&str]) -> Result<(), MountError> {
		if self.has_ended() {
			return Ok(());
		}
		run_fusermount(&self.mount_point, flags)
	}

	/// Figures so far.
	pub fn stats(&self) -> MountStats {
		self.layer.upgrade().map_or_else(|| *self.last.lock(), |layer| layer.stats())
	}

	/// The layer, as long as it is mounted.
	pub fn layer(&self) -> Option<Arc<Layer>> {
		self.layer.upgrade()
	}

	/// Where it is mounted.
	pub fn mount_point(&self) -> &Path {
		&self.mount_point
	}
}

impl Drop for Mounted {
	fn drop(&mut self) {
		if self.take_away(&[]).is_err() {
			// Those who use it keep what they have open; nobody finds it any more.
			if let Err(error) = self.take_away(&["-z"]) {
				tracing::warn!("{error}");
			}
		}
	}
}
