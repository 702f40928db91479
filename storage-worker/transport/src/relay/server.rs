//! The relay: nodes that are connected to it, and clients that want to reach them.

use super::{
	hello::{answer, hear, Refusal, Wish},
	limits::{Caller, Callers, RelayLimits},
	mux::{Mux, Opening, RelayedStream},
	pump::{pump, Bounds},
	rate::Rate,
	stats::RelayStats,
};
use crate::{Key, Peer, Role};
use std::{
	collections::HashMap,
	io,
	net::IpAddr,
	sync::{
		atomic::{AtomicU64, Ordering::Relaxed},
		Arc, Mutex, PoisonError,
	},
};
use tokio::{
	io::{AsyncRead, AsyncWrite},
	sync::{mpsc, oneshot, Notify, Semaphore},
	time::timeout,
};
use tracing::{debug, info};

/// Clients that wait for the same node's next stream.
const OPENINGS: usize = 16;

/// Whether the chain knows a key. It is called on a thread that may block.
pub type Admit = Arc<dyn Fn(Peer) -> Result<(), String> + Send + Sync>;

/// Passes streams on to nodes that nobody else reaches.
pub struct Relay {
	limits: RelayLimits,
	admit: Admit,
	sessions: Mutex<HashMap<Key, Session>>,
	session_count: AtomicU64,
	callers: Callers,
	streams: Arc<Semaphore>,
	greetings: Semaphore,
	rate: Rate,
	stats: RelayStats,
}

impl std::fmt::Debug for Relay {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.debug_struct("Relay").field("limits", &self.limits).finish_non_exhaustive()
	}
}

/// One node that is connected.
#[derive(Clone)]
struct Session {
	number: u64,
	open: mpsc::Sender<Opening>,
	streams: Arc<Semaphore>,
	replaced: Arc<Notify>,
}

impl Relay {
	/// Within limits; `admit` says which nodes and clients are known.
	pub fn new(limits: RelayLimits, admit: Admit) -> Self {
		Self {
			admit,
			sessions: Mutex::default(),
			session_count: AtomicU64::new(0),
			callers: Callers::default(),
			streams: Arc::new(Semaphore::new(limits.streams)),
			greetings: Semaphore::new(limits.greetings),
			rate: Rate::new(limits.bytes_per_second),
			stats: RelayStats::default(),
			limits,
		}
	}

	/// What it did so far, and does now.
	pub fn stats(&self) -> &RelayStats {
		&self.stats
	}

	/// The audit keys of the nodes that are connected.
	pub fn nodes(&self) -> Vec<Key> {
		self.lock().keys().copied().collect()
	}

	fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Session>> {
		self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// Serves a connection whose handshake chose [`super::RELAY_PROTOCOL`], from its first word to its end. `peer` is whom its certificate
	/// names, if it showed one.
	pub async fn serve<S>(
		&self,
		mut stream: S,
		peer: Option<Peer>,
		address: IpAddr,
	) -> io::Result<()>
	where
		S: AsyncRead + AsyncWrite + Send + Unpin,
	{
		let late = |_| io::Error::new(io::ErrorKind::TimedOut, "no wish was heard");
		let wished = {
			let Ok(_greeting) = self.greetings.try_acquire() else {
				return Err(io::Error::other("too many connections that say nothing"));
			};
			timeout(self.limits.hello, hear(&mut stream)).await.map_err(late)??
		};
		let done = match wished {
			Wish::Serve => self.serve_node(&mut stream, peer).await?,
			Wish::Reach(node) => {
				let caller = Caller::new(peer, address);
				self.pass_on(&mut stream, peer, caller, node).await?
			},
		};
		let Err(refusal) = done else { return Ok(()) };
		self.stats.refused.fetch_add(1, Relaxed);
		debug!(%address, ?wished, %refusal, "a wish is refused");
		timeout(self.limits.stall, answer(&mut stream, Err(refusal))).await.map_err(late)?
	}

	async fn is_admitted(&self, peer: Peer) -> bool {
		let admit = self.admit.clone();
		let admitted = tokio::task::spawn_blocking(move || admit(peer)).await;
		match admitted {
			Ok(Ok(())) => true,
			Ok(Err(reason)) => {
				debug!(reason, "not admitted");
				false
			},
			Err(_) => false,
		}
	}

	/// Keeps a node's connection until it ends.
	async fn serve_node<S>(
		&self,
		stream: &mut S,
		peer: Option<Peer>,
	) -> io::Result<Result<(), Refusal>>
	where
		S: AsyncRead + AsyncWrite + Send + Unpin,
	{
		let Some(peer) = peer.filter(|peer| peer.role == Role::Node) else {
			return Ok(Err(Refusal::Unknown));
		};
		if !self.is_admitted(peer).await {
			return Ok(Err(Refusal::Unknown));
		}
		let (open, mut wanted) = mpsc::channel(OPENINGS);
		let session = Session {
			number: self.session_count.fetch_add(1, Relaxed),
			open,
			streams: Arc::new(Semaphore::new(self.limits.streams_per_node)),
			replaced: Arc::default(),
		};
		let Some(_present) = self.enter(peer.key, session.clone()) else {
			return Ok(Err(Refusal::Busy));
		};
		answer(stream, Ok(())).await?;
		info!(key = %hex(&peer.key), "a node is served");
		// The pulse's stream, and streams that are ending, are counted beside those of clients.
		let mut mux = Mux::new(stream, true, 2 * self.limits.streams_per_node + 1);
		let (first, mut pulse) = mpsc::channel(1);
		let driving = mux.drive(&mut wanted, |stream: RelayedStream| {
			// A node opens one stream, for its pulse; what it opens beside that is dropped.
			let _ = first.try_send(stream);
		});
		let beating = async {
			match timeout(self.limits.pulse.silence, pulse.recv()).await {
				Ok(Some(stream)) => self.limits.pulse.echo(stream).await,
				_ => io::Error::new(io::ErrorKind::TimedOut, "the node has no pulse"),
			}
		};
		let reason = tokio::select! {
			error = driving => error.to_string(),
			error = beating => error.to_string(),
			() = session.replaced.notified() => "it has connected again".to_owned(),
		};
		info!(key = %hex(&peer.key), reason, "a node is not served any more");
		Ok(Ok(()))
	}

	/// Notes a node as connected as long as the answer lives; `None` if there are too many. An earlier connection of the same node ends: it has
	/// proven its key, so it is the better judge of which one works.
	fn enter(&self, key: Key, session: Session) -> Option<Present<'_>> {
		let mut sessions = self.lock();
		if sessions.len() >= self.limits.nodes && !sessions.contains_key(&key) {
			return None;
		}
		let number = session.number;
		if let Some(earlier) = sessions.insert(key, session) {
			earlier.replaced.notify_one();
		}
		self.stats.nodes.store(sessions.len() as u64, Relaxed);
		Some(Present { relay: self, key, number })
	}

	/// Connects a client with a node and passes on what they say.
	async fn pass_on<S>(
		&self,
		stream: &mut S,
		peer: Option<Peer>,
		caller: Caller,
		node: Key,
	) -> io::Result<Result<(), Refusal>>
	where
		S: AsyncRead + AsyncWrite + Send + Unpin,
	{
		if let Some(peer) = peer {
			if !self.is_admitted(peer).await {
				return Ok(Err(Refusal::Unknown));
			}
		}
		let Some(seat) = self.callers.sit_down(caller, self.limits.streams_per_client) else {
			return Ok(Err(Refusal::Busy));
		};
		let Some(session) = self.lock().get(&node).cloned() else {
			return Ok(Err(Refusal::NotConnected));
		};
		let permits =
			(self.streams.clone().try_acquire_owned(), session.streams.clone().try_acquire_owned());
		let (Ok(_in_all), Ok(_of_node)) = permits else { return Ok(Err(Refusal::Busy)) };
		let (here, opened) = oneshot::channel();
		let opening = async {
			session.open.send(here).await.ok()?;
			opened.await.ok()
		};
		let Ok(Some(inner)) = timeout(self.limits.hello, opening).await else {
			return Ok(Err(Refusal::Silent));
		};
		drop(session);
		answer(stream, Ok(())).await?;
		let _counted = self.stats.stream();
		let bounds = Bounds { idle: self.limits.idle, stall: self.limits.stall };
		let ended = pump(stream, inner, bounds, (&self.rate, seat.turn()), &self.stats.bytes).await;
		if let Err(error) = ended {
			debug!(%error, "a relayed stream ended");
		}
		Ok(Ok(()))
	}
}

/// A node's entry, which ends with its connection.
struct Present<'a> {
	relay: &'a Relay,
	key: Key,
	number: u64,
}

impl Drop for Present<'_> {
	fn drop(&mut self) {
		let mut sessions = self.relay.lock();
		// The entry may be a later connection's.
		if sessions.get(&self.key).is_some_and(|session| session.number == self.number) {
			sessions.remove(&self.key);
		}
		self.relay.stats.nodes.store(sessions.len() as u64, Relaxed);
	}
}

fn hex(key: &Key) -> String {
	key.iter().map(|byte| format!("{byte:02x}")).collect()
}
