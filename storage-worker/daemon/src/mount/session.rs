//! A living mount: the layer, the reader below it, figures, background work.

use super::{
	control,
	keeping::Keeping,
	status::{MountStatus, NodeErrors, StatusFile},
	SessionArgs,
};
use crate::{
	cli::Context,
	snapshot::{open_info, OpenArgs, OpenSnapshot},
};
use anyhow::{ensure, Context as _, Result};
use granary_mount::{Layer, MountOptions, Mounted, StatusSource};
use granary_primitives::snapshot::SnapshotInfo;
use granary_snapshot::{Manifest, Pace, ReadStats, Reader, Trace};
use std::{
	path::{Path, PathBuf},
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc, Mutex, OnceLock, PoisonError, Weak,
	},
	time::Duration,
};
use tokio::{sync::Notify, task::JoinHandle};
use tracing::warn;

/// How often a mount writes its figures.
const STATUS_INTERVAL: Duration = Duration::from_millis(500);

/// After so many of these it is looked at what other processes on its cache have done.
const FOLLOW_EVERY: u32 = 10;

/// What is mounted, where and how.
#[derive(Debug)]
pub(crate) struct SessionOptions {
	pub(crate) open: OpenArgs,
	pub(crate) mount_point: PathBuf,
	pub(crate) session: SessionArgs,
}

/// What lies below the layer right now.
#[derive(Debug)]
pub(super) struct Below {
	pub(super) info: SnapshotInfo,
	pub(super) reader: Arc<Reader>,
	/// What reading cost before this snapshot came below the layer.
	earlier: ReadStats,
}

/// A mount and everything that belongs to it.
pub(crate) struct Session {
	pub(super) context: Context,
	pub(super) open: OpenArgs,
	args: SessionArgs,
	mount_point: PathBuf,
	state_dir: PathBuf,
	pub(super) snapshot: OpenSnapshot,
	pub(super) below: Mutex<Below>,
	mounted: OnceLock<Arc<Mounted>>,
	/// What a commit is doing.
	pub(super) committing: Mutex<Option<String>>,
	pub(super) stopped: Arc<Pace>,
	ending: AtomicBool,
	keeping: Keeping,
	/// Another process serves the mount from now on.
	left: Notify,
	has_left: AtomicBool,
	recording: Mutex<Option<Trace>>,
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
	// What is behind these locks is replaced as a whole, so it is right whoever failed.
	mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Session {
	/// Finds the snapshot, mounts it and begins what goes on in the background.
	pub(crate) async fn start(options: SessionOptions, context: &Context) -> Result<Arc<Self>> {
		let SessionOptions { open: args, mount_point, session } = options;
		// Told before the chain is asked. A mount that nobody serves would not answer.
		if !granary_mount::is_mounted(&mount_point)? {
			granary_mount::check_mount_point(&mount_point)?;
		}
		let snapshot = open_for_layer(&args, session.state_dir.as_deref(), context).await?;
		let state_dir = match &session.state_dir {
			Some(dir) => dir.clone(),
			None => default_state_dir(&snapshot.info)?,
		};
		std::fs::create_dir_all(&state_dir)
			.with_context(|| format!("creating the state directory {}", state_dir.display()))?;
		let state_dir = state_dir.canonicalize()?;
		let keeping = Keeping::look(&state_dir, &session);
		// As late as possible: from here on until it is served, who uses the mount waits.
		keeping.clear_the_way(&mount_point, context).await?;
		if session.record.is_some() {
			snapshot.reader.start_recording();
		}
		let below = Below {
			info: snapshot.info.clone(),
			reader: snapshot.reader.clone(),
			earlier: ReadStats::default(),
		};
		let session = Arc::new(Self {
			context: context.clone(),
			open: args,
			args: session,
			mount_point,
			state_dir,
			snapshot,
			below: Mutex::new(below),
			mounted: OnceLock::new(),
			committing: Mutex::default(),
			stopped: Arc::default(),
			ending: AtomicBool::new(false),
			keeping,
			left: Notify::new(),
			has_left: AtomicBool::new(false),
			recording: Mutex::default(),
		});
		session.mount().await?;
		session.begin_background()?;
		Ok(session)
	}

	async fn mount(self: &Arc<Self>) -> Result<()> {
		let weak = Arc::downgrade(self);
		let status = StatusSource::new(move || match weak.upgrade() {
			Some(session) => serde_json::to_vec_pretty(&session.figures()).unwrap_or_default(),
			None => Vec::new(),
		});
		let options = MountOptions {
			read_only: self.args.read_only,
			allow_other: self.args.allow_other,
			serve_logs: self.args.serve_logs,
			status: Some(status),
			hold: self.keeping.hold(&self.mount_point)?,
			..MountOptions::new(
				self.mount_point.clone(),
				self.state_dir.join("thin"),
				self.snapshot.info.manifest,
			)
		};
		let reader = self.reader();
		let mounted = tokio::task::spawn_blocking(move || granary_mount::mount(reader, options))
			.await
			.context("the mounting task ended early")?
			.with_context(|| format!("mounting on {}", self.mount_point.display()))?;
		let _ = self.mounted.set(Arc::new(mounted));
		Ok(())
	}

	/// Figures, the control socket, prefetch and hydration.
	fn begin_background(self: &Arc<Self>) -> Result<()> {
		let file = StatusFile::new(&self.state_dir);
		file.write(&self.figures())?;
		control::listen(self)?;
		let weak = Arc::downgrade(self);
		tokio::spawn(write_figures(weak, file));
		let session = self.clone();
		tokio::spawn(async move {
			if !session.args.no_prefetch {
				session.prefetch_first().await;
			}
			if session.args.hydrate {
				let pace = Pace {
					bytes_per_second: session.args.bandwidth,
					stopped: AtomicBool::new(false),
				};
				let reader = session.reader();
				let wanted = reader.wanted_below(Path::new(""));
				if let Err(error) = reader.prefetch(&wanted, &pace).await {
					warn!("hydrating: {error}");
				}
			}
		});
		Ok(())
	}

	/// Fetches what the snapshot's trace names or, without one, what its database reads when it is opened.
	async fn prefetch_first(&self) {
		let reader = self.reader();
		let wanted = match reader.manifest().trace {
			Some(id) => match Trace::load(self.snapshot.data.store().as_ref(), id).await {
				Ok(trace) => reader.wanted_by_trace(&trace),
				Err(error) => {
					warn!("the snapshot's trace cannot be used: {error}");
					reader.wanted_by_engine()
				},
			},
			None => reader.wanted_by_engine(),
		};
		if let Err(error) = reader.prefetch(&wanted, &self.stopped).await {
			warn!("prefetching: {error}");
		}
	}

	/// The snapshot's number.
	pub(crate) fn snapshot_id(&self) -> u64 {
		locked(&self.below).info.id
	}

	/// Bytes of the whole tree.
	pub(crate) fn total_bytes(&self) -> u64 {
		self.snapshot.info.total_bytes
	}

	pub(crate) fn mount_point(&self) -> &Path {
		&self.mount_point
	}

	pub(crate) fn state_dir(&self) -> &Path {
		&self.state_dir
	}

	/// The tree that lies below the layer.
	pub(crate) fn manifest(&self) -> Arc<Manifest> {
		self.reader().manifest().clone()
	}

	pub(super) fn reader(&self) -> Arc<Reader> {
		locked(&self.below).reader.clone()
	}

	pub(super) fn layer(&self) -> Result<Arc<Layer>> {
		let layer = self.mounted.get().and_then(|mounted| mounted.layer());
		layer.context("it is not mounted any more")
	}

	/// Puts another snapshot below the layer.
	pub(super) fn now_above(&self, info: SnapshotInfo, reader: Arc<Reader>) {
		let mut below = locked(&self.below);
		if let Some(trace) = below.reader.stop_recording() {
			// What is recorded is the start, which was on that one.
			*locked(&self.recording) = Some(trace);
		}
		let earlier = sum(&below.earlier, &below.reader.stats());
		*below = Below { info, reader, earlier };
	}

	/// Resolves when the filesystem is unmounted.
	pub(crate) fn ended(&self) -> JoinHandle<Result<()>> {
		let mounted = self.mounted.get().cloned();
		tokio::task::spawn_blocking(move || mounted.map_or(Ok(()), |mounted| Ok(mounted.wait()?)))
	}

	/// Unmounts; an error while somebody uses it.
	pub(crate) async fn unmount(&self) -> Result<()> {
		self.stopped.stopped.store(true, Ordering::Relaxed);
		let Some(mounted) = self.mounted.get().cloned() else { return Ok(()) };
		tokio::task::spawn_blocking(move || mounted.unmount())
			.await
			.context("the unmounting task ended early")??;
		Ok(())
	}

	/// Leaves the mount to the next process, which waits for the end of this one.
	pub(super) fn leave(&self) -> Result<()> {
		ensure!(self.keeping.will_be_held(), "the mount is not held: nobody could go on with it");
		let committing = locked(&self.committing).clone();
		ensure!(committing.is_none(), "a commit is under way; wait for it to end");
		self.stopped.stopped.store(true, Ordering::Relaxed);
		let mounted = self.mounted.get().context("it is not mounted yet")?;
		self.has_left.store(true, Ordering::SeqCst);
		mounted.leave();
		self.left.notify_one();
		Ok(())
	}

	/// Resolves when the mount was left to another process.
	pub(crate) async fn left(&self) {
		self.left.notified().await;
	}

	/// Ends this process if the mount was left to another one. At once: reads that still wait for the nodes must not fail here, they are answered there.
	pub(crate) fn end_if_left(&self, context: &Context) -> Result<()> {
		if self.has_left.load(Ordering::SeqCst) {
			self.finish()?;
			context.note(format!("left {} to another process", self.mount_point.display()));
			std::process::exit(0);
		}
		Ok(())
	}

	/// The last figures, and the trace if one was recorded.
	pub(crate) fn finish(&self) -> Result<()> {
		if self.ending.swap(true, Ordering::SeqCst) {
			return Ok(());
		}
		let _ = std::fs::remove_file(self.state_dir.join(control::SOCKET_NAME));
		StatusFile::new(&self.state_dir).write(&self.figures())?;
		if let (Some(path), Some(trace)) = (&self.args.record, self.take_trace()) {
			write_trace(path, &trace)?;
			let count = trace.accesses.len();
			self.context.note(format!("wrote {count} accesses to {}", path.display()));
		}
		Ok(())
	}

	/// What was read since the mount began, if that is recorded.
	pub(crate) fn take_trace(&self) -> Option<Trace> {
		self.reader().stop_recording().or_else(|| locked(&self.recording).take())
	}

	/// Figures so far.
	pub(crate) fn figures(&self) -> MountStatus {
		let below = locked(&self.below);
		let read = sum(&below.earlier, &below.reader.stats());
		let mounted = self.mounted.get();
		let thin = mounted.map(|mounted| mounted.stats()).unwrap_or_default();
		let layer = mounted.and_then(|mounted| mounted.layer());
		let cache = below.reader.cache();
		let nodes = self.snapshot.data.dataset.health();
		MountStatus {
			snapshot: below.info.id,
			mount_point: self.mount_point.clone(),
			state_dir: self.state_dir.clone(),
			process: std::process::id(),
			total_bytes: below.info.total_bytes,
			chunks_fetched: read.chunks_fetched,
			chunk_bytes_fetched: read.bytes_fetched,
			prefetched: read.prefetched,
			bytes_fetched: self.snapshot.data.dataset.bytes_received(),
			cache_hits: read.cache_hits,
			memory_hits: read.memory_hits,
			lower_bytes_read: thin.lower_bytes_read,
			waiting: read.waiting,
			fetch_errors: read.fetch_errors,
			failed_objects: read.failed_objects.iter().map(hex::encode).collect(),
			last_error: read.last_error,
			nodes: nodes
				.iter()
				.filter(|node| node.missing + node.damaged + node.unreachable > 0)
				.map(|node| NodeErrors {
					node: node.node,
					missing: node.missing,
					damaged: node.damaged,
					unreachable: node.unreachable,
				})
				.collect(),
			cache_bytes: cache.bytes(),
			cache_quota: cache.options().quota_bytes,
			thin_bytes_written: thin.thin_bytes_written,
			copied_up_blocks: thin.copied_up_blocks,
			passed_logs: thin.passed_logs,
			thin_bytes: layer.map_or(0, |layer| layer.local_bytes()),
			commit: locked(&self.committing).clone(),
		}
	}
}

/// Opens the snapshot, or the one that was committed on top of it and that the layer belongs to by now.
async fn open_for_layer(
	args: &OpenArgs,
	state_dir: Option<&Path>,
	context: &Context,
) -> Result<OpenSnapshot> {
	let chain = context.connect().await?;
	let mut info = crate::snapshot::find(&chain, args.snapshot).await?;
	let state_dir = match state_dir {
		Some(dir) => dir.to_owned(),
		None => default_state_dir(&info)?,
	};
	if let Some(manifest) = granary_mount::snapshot_of(&state_dir.join("thin"))? {
		if manifest != info.manifest {
			let found = crate::snapshot::find_by_manifest(&chain, manifest).await?;
			let committed = found.filter(|found| {
				(found.publisher, found.reservation) == (info.publisher, info.reservation)
			});
			if let Some(committed) = committed {
				context.note(format!(
					"the layer in {} was committed as snapshot {} and goes on from there",
					state_dir.display(),
					committed.id
				));
				info = committed;
			}
		}
	}
	open_info(args, info, chain, context).await
}

/// The state directory of mounts of this snapshot.
fn default_state_dir(info: &SnapshotInfo) -> Result<PathBuf> {
	let name = hex::encode(info.manifest.get(..8).unwrap_or_default());
	Ok(state_dirs()?.join(name))
}

/// Where the state directories of mounts are that nobody keeps elsewhere.
pub(super) fn state_dirs() -> Result<PathBuf> {
	Ok(crate::cli::user_state_dir()?.join("mounts"))
}

/// Writes the figures whenever they have changed, as long as the session lives.
async fn write_figures(session: Weak<Session>, file: StatusFile) {
	let mut last = MountStatus::default();
	let mut ticker = tokio::time::interval(STATUS_INTERVAL);
	for tick in 0u32.. {
		ticker.tick().await;
		let Some(session) = session.upgrade() else { return };
		if session.ending.load(Ordering::SeqCst) {
			return;
		}
		if tick % FOLLOW_EVERY == FOLLOW_EVERY - 1 {
			let cache = session.reader().cache().clone();
			if let Ok(Err(error)) = tokio::task::spawn_blocking(move || cache.follow_others()).await
			{
				warn!("looking at the cache: {error}");
			}
		}
		let now = session.figures();
		if now != last {
			if let Err(error) = file.write(&now) {
				warn!("{error:#}");
			}
			last = now;
		}
	}
}

/// Writes a trace, whole or not at all.
fn write_trace(path: &Path, trace: &Trace) -> Result<()> {
	let mut next = path.as_os_str().to_owned();
	next.push(".next");
	std::fs::write(&next, trace.to_bytes())
		.and_then(|()| std::fs::rename(&next, path))
		.with_context(|| format!("writing {}", path.display()))
}

fn sum(one: &ReadStats, other: &ReadStats) -> ReadStats {
	ReadStats {
		chunks_fetched: one.chunks_fetched + other.chunks_fetched,
		bytes_fetched: one.bytes_fetched + other.bytes_fetched,
		cache_hits: one.cache_hits + other.cache_hits,
		memory_hits: one.memory_hits + other.memory_hits,
		fetch_errors: one.fetch_errors + other.fetch_errors,
		prefetched: one.prefetched + other.prefetched,
		waiting: other.waiting,
		last_error: other.last_error.clone().or_else(|| one.last_error.clone()),
		failed_objects: [one.failed_objects.as_slice(), &other.failed_objects].concat(),
	}
}
