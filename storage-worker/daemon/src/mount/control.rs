//! The socket through which a living mount is told things.
//!
//! `control` in the state directory, for its owner only. A client sends one request as a line of JSON and gets lines of JSON: `progress` any number of times,
//! then `done` with a result or `failed` with a text. A client that goes away ends a prefetch, but not a commit.

use super::{commit, session::Session, suspects};
use anyhow::{bail, ensure, Context as _, Result};
use granary_snapshot::{Pace, Progress};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};
use std::{
	os::unix::fs::PermissionsExt,
	path::{Path, PathBuf},
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
};
use tokio::{
	io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
	net::{UnixListener, UnixStream},
	sync::mpsc,
};
use tracing::warn;

pub(super) const SOCKET_NAME: &str = "control";
/// The longest request.
const REQUEST_BYTES_MAX: u64 = 64 << 10;
/// Progress is told when this share of the whole was done.
const PROGRESS_STEPS: u64 = 200;

/// What a mount can be asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub(super) enum Request {
	/// Fetch what lies at or below a path.
	Prefetch { path: PathBuf, bytes_per_second: Option<u64> },
	/// Fetch what lies there and keep it from eviction.
	Pin { path: PathBuf },
	/// Let it be evicted again.
	Unpin { path: PathBuf },
	/// Cut the cache to so many bytes.
	Evict { to_bytes: u64 },
	/// Publish the layer.
	Commit(commit::CommitRequest),
	/// Name the objects that reads found to lack good shards.
	Suspects,
	/// Forget these objects, whose ids are in hex: somebody has looked after them.
	LookedAfter { objects: Vec<String> },
	/// Leave the mount to the process that asks.
	Leave,
}

/// What a mount answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reply {
	Progress { what: String, done: u64, total: u64 },
	Done(Value),
	Failed { text: String, code: u8 },
}

/// Begins to listen in the session's state directory.
pub(super) fn listen(session: &Arc<Session>) -> Result<()> {
	let path = session.state_dir().join(SOCKET_NAME);
	// The layer is locked by now, so the socket of another process is one of a dead one.
	let _ = std::fs::remove_file(&path);
	let listener =
		UnixListener::bind(&path).with_context(|| format!("listening on {}", path.display()))?;
	std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
	let weak = Arc::downgrade(session);
	tokio::spawn(async move {
		while let Ok((stream, _)) = listener.accept().await {
			let Some(session) = weak.upgrade() else { return };
			tokio::spawn(async move {
				if let Err(error) = serve(&session, stream).await {
					warn!("a request of {}: {error:#}", SOCKET_NAME);
				}
			});
		}
	});
	Ok(())
}

async fn serve(session: &Arc<Session>, stream: UnixStream) -> Result<()> {
	let (reader, mut writer) = stream.into_split();
	let mut line = String::new();
	BufReader::new(reader.take(REQUEST_BYTES_MAX)).read_line(&mut line).await?;
	if line.is_empty() {
		// Somebody only looked whether a process serves the mount.
		return Ok(());
	}
	let request: Request = serde_json::from_str(&line).context("reading the request")?;
	let (told, mut telling) = mpsc::unbounded_channel();
	let pace = Arc::new(Pace::default());
	let working = {
		let (session, pace) = (session.clone(), pace.clone());
		tokio::spawn(async move {
			let reply = match answer(&session, request, &pace, &Told::new(told.clone())).await {
				Ok(value) => Reply::Done(value),
				Err(error) => Reply::Failed {
					text: format!("{error:#}"),
					code: crate::cli::exit_code(&error),
				},
			};
			let _ = told.send(reply);
		})
	};
	while let Some(reply) = telling.recv().await {
		let mut bytes = serde_json::to_vec(&reply)?;
		bytes.push(b'\n');
		if writer.write_all(&bytes).await.is_err() {
			// Nobody waits for it any more.
			pace.stopped.store(true, Ordering::Relaxed);
			break;
		}
	}
	working.await.context("the work ended early")
}

/// Progress that is told to whoever asked.
#[derive(Debug, Clone)]
pub(super) struct Told {
	to: mpsc::UnboundedSender<Reply>,
	what: &'static str,
	total: Arc<AtomicU64>,
	done: Arc<AtomicU64>,
}

impl Told {
	fn new(to: mpsc::UnboundedSender<Reply>) -> Self {
		Self { to, what: "", total: Arc::default(), done: Arc::default() }
	}

	/// The next step.
	pub(super) fn step(&self, what: &'static str) -> Self {
		let step = Self { what, total: Arc::default(), done: Arc::default(), to: self.to.clone() };
		step.tell();
		step
	}

	/// Says how far the step is.
	pub(super) fn at(&self, done: u64, total: u64) {
		self.total.store(total, Ordering::Relaxed);
		self.done.store(done, Ordering::Relaxed);
		self.tell();
	}

	fn tell(&self) {
		let (done, total) = (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed));
		// Whoever asked may be gone.
		let _ = self.to.send(Reply::Progress { what: self.what.to_owned(), done, total });
	}
}

impl Progress for Told {
	fn set_total(&self, bytes: u64) {
		self.total.store(bytes, Ordering::Relaxed);
		self.tell();
	}

	fn advance(&self, bytes: u64) {
		let before = self.done.fetch_add(bytes, Ordering::Relaxed);
		let step = (self.total.load(Ordering::Relaxed) / PROGRESS_STEPS).max(1);
		if before / step != (before + bytes) / step {
			self.tell();
		}
	}
}

async fn answer(
	session: &Arc<Session>,
	request: Request,
	pace: &Arc<Pace>,
	told: &Told,
) -> Result<Value> {
	let reader = session.reader();
	match request {
		Request::Prefetch { path, bytes_per_second } => {
			let wanted = wanted(session, &path)?;
			let pace = match bytes_per_second {
				None => pace.clone(),
				some => Arc::new(Pace { bytes_per_second: some, ..Pace::default() }),
			};
			let done = told.step("fetching");
			let total: u64 =
				wanted.iter().map(|wanted| wanted.chunks.end - wanted.chunks.start).sum();
			let (mut fetched, mut bytes, mut present, mut seen) = (0, 0, 0, 0);
			for wanted in wanted {
				let part = reader.prefetch(std::slice::from_ref(&wanted), &pace).await?;
				fetched += part.fetched;
				bytes += part.bytes;
				present += part.present;
				seen += wanted.chunks.end - wanted.chunks.start;
				done.at(seen, total);
			}
			Ok(json!({ "fetched": fetched, "present": present, "bytes": bytes }))
		},
		Request::Pin { path } => {
			let wanted = wanted(session, &path)?;
			let ids = reader.ids(&wanted).await?;
			reader.cache().pin(&pin_name(session, &path), &ids)?;
			let done = reader.prefetch(&wanted, pace).await?;
			Ok(json!({ "pinned": ids.len(), "fetched": done.fetched, "bytes": done.bytes }))
		},
		Request::Unpin { path } => {
			reader.cache().pin(&pin_name(session, &path), &[])?;
			Ok(json!({}))
		},
		Request::Evict { to_bytes } => {
			let cache = reader.cache().clone();
			let evicted = tokio::task::spawn_blocking(move || cache.evict_to(to_bytes)).await??;
			Ok(json!({ "evicted_bytes": evicted, "cache_bytes": reader.cache().bytes() }))
		},
		Request::Commit(request) => commit::commit(session, request, told).await,
		Request::Suspects => Ok(suspects::tell(session)),
		Request::LookedAfter { objects } => suspects::forget(session, &objects),
		Request::Leave => session.leave().map(|()| json!({})),
	}
}

fn pin_name(session: &Session, path: &Path) -> String {
	let path = path.strip_prefix(session.mount_point()).unwrap_or(path);
	format!("{}/{}", session.state_dir().display(), path.display())
}

fn wanted(session: &Session, path: &Path) -> Result<Vec<granary_snapshot::Wanted>> {
	// People complete paths in the mount.
	let path = path.strip_prefix(session.mount_point()).unwrap_or(path);
	let wanted = session.reader().wanted_below(path);
	ensure!(!wanted.is_empty(), "the snapshot has no file at or below '{}'", path.display());
	Ok(wanted)
}

/// Whether a process serves the mount with this state directory.
pub(super) async fn is_answering(state_dir: &Path) -> bool {
	UnixStream::connect(state_dir.join(SOCKET_NAME)).await.is_ok()
}

/// Asks the mount with this state directory; `watch` is told how far it is.
pub(super) async fn ask(
	state_dir: &Path,
	request: &Request,
	mut watch: impl FnMut(&str, u64, u64),
) -> Result<Value> {
	let path = state_dir.join(SOCKET_NAME);
	let stream = UnixStream::connect(&path)
		.await
		.with_context(|| format!("no mount answers at {}; is it mounted?", path.display()))?;
	let (reader, mut writer) = stream.into_split();
	let mut line = serde_json::to_vec(request)?;
	line.push(b'\n');
	writer.write_all(&line).await?;
	let mut lines = BufReader::new(reader).lines();
	while let Some(line) = lines.next_line().await? {
		match serde_json::from_str(&line)? {
			Reply::Progress { what, done, total } => watch(&what, done, total),
			Reply::Done(value) => return Ok(value),
			Reply::Failed { text, .. } => bail!(text),
		}
	}
	bail!("the mount ended before it answered")
}
