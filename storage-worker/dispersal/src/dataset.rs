//! A dataset: one geometry, one key, one backend a shard.

use crate::{
	connection::Patience,
	health::Counters,
	link::Link,
	logs::{self, LogState},
	resp::Reply,
	suspects::Suspects,
	Backend, BackendError, DatasetKey, DispersalError, NodeHealth, Pipeline, Route,
};
use futures::future::join_all;
use granary_por::{Hash, Peaks};
use std::{
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc, Mutex, PoisonError,
	},
	time::Duration,
};

/// What zdb says of the log of a namespace that has none.
const NOT_AUDITED: &str = "not audited";
/// What it says of a log that never had some root.
const OTHER_LOG: &str = "never had that root";

/// The id of an object: a keyed hash of its bytes.
pub type ObjectId = [u8; 32];

/// How a dataset is spread, and how patient its client is.
#[derive(Debug, Clone)]
pub struct DatasetOptions {
	/// Shards that suffice to read (k).
	pub data_shards: u8,
	/// Shards that may be lost (m).
	pub parity_shards: u8,
	/// One backend a shard, in shard order.
	pub backends: Vec<Backend>,
	/// Milliseconds to connect in.
	pub connect_timeout_ms: u64,
	/// Milliseconds for an answer.
	pub request_timeout_ms: u64,
	/// Shards that are asked for beyond k at once.
	pub extra_reads: u8,
	/// Milliseconds after which at the latest one more node is asked for each that has not answered. Before that, when those asked are later
	/// than they usually are.
	pub hedge_after_ms: u64,
	/// Milliseconds between two looks whether a better way to a node works again; it doubles with each look in vain.
	pub better_route_after_ms: u64,
}

impl DatasetOptions {
	/// With usual patience.
	pub fn new(data_shards: u8, parity_shards: u8, backends: Vec<Backend>) -> Self {
		Self {
			data_shards,
			parity_shards,
			backends,
			connect_timeout_ms: 3000,
			request_timeout_ms: 15_000,
			extra_reads: 0,
			hedge_after_ms: 500,
			better_route_after_ms: 10_000,
		}
	}
}

/// A dispersed store of immutable objects.
#[derive(Debug)]
pub struct Dataset {
	pub(crate) pipeline: Arc<Pipeline>,
	pub(crate) links: Vec<Link>,
	pub(crate) health: Vec<Counters>,
	/// What reads found to be incomplete.
	pub(crate) suspects: Suspects,
	pub(crate) extra_reads: usize,
	pub(crate) hedge_after: Duration,
	/// Leaf count and root of each log as both sides signed it last, as far as that is known: writing goes on from the log that had them.
	recorded: Mutex<Vec<Option<(u64, Hash)>>>,
	/// The logs as they are after what this client wrote, as far as they are known; one writer at a time.
	pub(crate) logs: Mutex<Vec<Option<Peaks>>>,
	pub(crate) writing: tokio::sync::Mutex<()>,
	received: Arc<AtomicU64>,
}

impl Dataset {
	/// Opens a dataset. Connections are made when they are needed.
	pub fn new(key: DatasetKey, options: DatasetOptions) -> Result<Self, DispersalError> {
		let nodes = options.backends.iter().map(|backend| backend.node).collect();
		let pipeline = Pipeline::new(key, options.data_shards, options.parity_shards, nodes)?;
		let patience = Patience {
			connect_ms: options.connect_timeout_ms,
			request_ms: options.request_timeout_ms,
			better_ms: options.better_route_after_ms,
		};
		let received = Arc::new(AtomicU64::new(0));
		let links: Vec<Link> = options
			.backends
			.into_iter()
			.map(|backend| Link::new(backend, patience, received.clone()))
			.collect();
		Ok(Self {
			pipeline: Arc::new(pipeline),
			health: links.iter().map(|_| Counters::default()).collect(),
			suspects: Suspects::default(),
			logs: Mutex::new(links.iter().map(|_| Some(Peaks::new())).collect()),
			recorded: Mutex::new(links.iter().map(|_| None).collect()),
			writing: tokio::sync::Mutex::new(()),
			extra_reads: usize::from(options.extra_reads),
			hedge_after: Duration::from_millis(options.hedge_after_ms),
			links,
			received,
		})
	}

	/// The id under which these bytes are stored.
	pub fn object_id(&self, plain: &[u8]) -> ObjectId {
		self.pipeline.id(plain)
	}

	/// Shard bytes received from backends so far.
	pub fn bytes_received(&self) -> u64 {
		self.received.load(Ordering::Relaxed)
	}

	/// What reads found out about each node.
	pub fn health(&self) -> Vec<NodeHealth> {
		self.links
			.iter()
			.zip(&self.health)
			.map(|(link, counters)| {
				let backend = link.backend();
				let way = link.way().map_or_else(|| backend.address(), |way| way.to_string());
				counters.read(backend.node, &way)
			})
			.collect()
	}

	/// Objects of which reads met a missing or damaged shard, until they are forgotten: [`Healing::first`](crate::Healing) takes them. At most 16,384
	/// are remembered.
	pub fn suspects(&self) -> Vec<ObjectId> {
		self.suspects.all()
	}

	/// Somebody has looked after these objects. A read that has trouble with one again remembers it again.
	pub fn forget_suspects(&self, ids: &[ObjectId]) {
		self.suspects.forget(ids);
	}

	pub(crate) fn failed(&self, shard: usize, source: BackendError) -> DispersalError {
		let backend = self.links.get(shard).map(Link::backend);
		DispersalError::Backend {
			node: backend.as_ref().map_or(0, |backend| backend.node),
			address: backend.map(|backend| backend.address()).unwrap_or_default(),
			source,
		}
	}

	/// Says which leaf count and root of each log both sides signed last, in shard order. Where a removal waits that is the shorter log, and
	/// writing goes on from there.
	pub fn set_recorded(&self, recorded: Vec<Option<(u64, Hash)>>) {
		*self.recorded.lock().unwrap_or_else(PoisonError::into_inner) = recorded;
	}

	pub(crate) fn link(&self, shard: usize) -> Result<&Link, DispersalError> {
		self.links
			.get(shard)
			.ok_or_else(|| DispersalError::Task(format!("there is no shard {shard}")))
	}

	/// Reads the state of every backend's log; writing goes on from there.
	pub async fn load_logs(&self) -> Result<(), DispersalError> {
		for (shard, answer) in self.load_reachable_logs().await.into_iter().enumerate() {
			answer.map_err(|error| self.failed(shard, error))?;
		}
		Ok(())
	}

	/// Reads the state of the logs that can be read, and says of each backend why not; writing to those that can goes on from there.
	pub(crate) async fn load_reachable_logs(&self) -> Vec<Result<(), BackendError>> {
		let _writing = self.writing.lock().await;
		let recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner).clone();
		let asking = self.links.iter().zip(recorded).map(|(link, known)| log_of(link, known));
		let answers = join_all(asking).await;
		let (mut peaks, mut outcomes) = (Vec::new(), Vec::new());
		for answer in answers {
			let (known, outcome) = match answer.and_then(logs::parse) {
				Ok(known) => (Some(known), Ok(())),
				// A namespace that nobody audits keeps no log, and needs none to be written to.
				Err(BackendError::Refused(text)) if text.contains(NOT_AUDITED) => (None, Ok(())),
				Err(error) => (None, Err(error)),
			};
			peaks.push(known);
			outcomes.push(outcome);
		}
		*self.logs_lock() = peaks;
		outcomes
	}

	pub(crate) fn logs_lock(&self) -> std::sync::MutexGuard<'_, Vec<Option<Peaks>>> {
		self.logs.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// The logs as they must be after what this client wrote, in shard order; `None` where the log could not be read.
	pub fn logs(&self) -> Vec<Option<LogState>> {
		let logs = self.logs_lock();
		let nodes = self.links.iter().map(|link| link.backend().node);
		nodes
			.zip(logs.iter())
			.map(|(node, peaks)| Some(LogState::of(node, peaks.as_ref()?)))
			.collect()
	}

	/// Goes on with another backend for a shard: its node has moved, changed its key, or another took its place.
	pub fn redirect(&self, shard: usize, backend: Backend) {
		let Some(link) = self.links.get(shard) else { return };
		self.pipeline.set_node(shard, backend.node);
		link.redirect(backend);
	}

	/// Reaches the same node over other ways from now on, without a break of what is under way.
	pub fn reroute(&self, shard: usize, routes: Vec<Route>) {
		if let Some(link) = self.links.get(shard) {
			link.reroute(routes);
		}
	}

	/// The backends, and whether the last attempt to reach each failed.
	pub fn backends(&self) -> Vec<(Arc<Backend>, bool)> {
		self.links.iter().map(|link| (link.backend(), link.is_down())).collect()
	}

	/// Sends a command to the backend of a shard and answers its bulk or simple reply.
	pub async fn command(
		&self,
		shard: usize,
		command: &[Vec<u8>],
	) -> Result<Vec<u8>, DispersalError> {
		let link = self.link(shard)?;
		let request: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
		match link.call(&request).await {
			Ok(Reply::Bulk(bytes) | Reply::Simple(bytes)) => Ok(bytes),
			Ok(other) => {
				let text = format!("{other:?} was not expected");
				Err(self.failed(shard, BackendError::Protocol(text)))
			},
			Err(error) => Err(self.failed(shard, error)),
		}
	}
}

/// The state of the log that had this leaf count and root; without them, or where the node's log never had them, of the one in force.
async fn log_of(link: &Link, known: Option<(u64, Hash)>) -> Result<Reply, BackendError> {
	if let Some((leaf_count, root)) = known {
		let leaf_count = leaf_count.to_string();
		match link.call(&[b"NSLOG", leaf_count.as_bytes(), &root]).await {
			Err(BackendError::Refused(text)) if text.contains(OTHER_LOG) => {},
			answer => return answer,
		}
	}
	link.call(&[b"NSLOG"]).await
}
