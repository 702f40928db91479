//! The side of a node that nobody reaches: it keeps a connection to a relay and takes what comes over it.

use super::{
	dial::{RelayAt, RelayError},
	mux::{Mux, RelayedStream},
	pulse::Pulse,
};
use std::{
	collections::hash_map::RandomState,
	future::Future,
	hash::{BuildHasher, Hasher},
	io,
	sync::{
		atomic::{AtomicU64, Ordering::Relaxed},
		Arc, Mutex, PoisonError,
	},
	time::Duration,
};
use tokio::{
	sync::{mpsc, oneshot},
	time::{sleep, Instant},
};
use tracing::{debug, info, warn};

/// Streams that a relay may open at once.
const STREAMS_MAX: usize = 256;
/// How often the relay's record is looked at while the connection holds.
const RECORD_INTERVAL: Duration = Duration::from_secs(60);
/// Pause before a relay is dialled again; twice as long after each further failure.
const REDIAL: Duration = Duration::from_secs(1);
const REDIAL_MAX: Duration = Duration::from_secs(60);

/// How the connection to one relay is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelayState {
	/// It is being made for the first time.
	Dialling,
	/// It holds.
	Connected {
		/// The address that it goes to.
		address: String,
	},
	/// It could not be made, or it broke; it is tried again.
	Down {
		/// Why.
		reason: String,
	},
}

/// What is known of the connection to one relay; may be read at any time.
#[derive(Debug)]
pub struct RelayLink {
	relay: u32,
	pulse: Pulse,
	record_interval: Duration,
	state: Mutex<RelayState>,
	streams: AtomicU64,
	connections: AtomicU64,
}

impl RelayLink {
	/// For the relay of this number.
	pub fn new(relay: u32, pulse: Pulse) -> Self {
		Self {
			relay,
			pulse,
			record_interval: RECORD_INTERVAL,
			state: Mutex::new(RelayState::Dialling),
			streams: AtomicU64::new(0),
			connections: AtomicU64::new(0),
		}
	}

	/// Looks at the relay's record so often.
	pub fn with_record_interval(self, record_interval: Duration) -> Self {
		Self { record_interval, ..self }
	}

	/// The relay's number.
	pub fn relay(&self) -> u32 {
		self.relay
	}

	/// How the connection is.
	pub fn state(&self) -> RelayState {
		self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
	}

	/// Streams that came over it so far.
	pub fn streams(&self) -> u64 {
		self.streams.load(Relaxed)
	}

	/// How often it was made so far.
	pub fn connections(&self) -> u64 {
		self.connections.load(Relaxed)
	}

	fn set(&self, state: RelayState) {
		*self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
	}

	/// Keeps the connection for ever: dials, dials again when it breaks or when the relay's record, which `look_up` reads, leads elsewhere.
	/// What comes over it is given to `take`, which says whether there is room for it. Dropping the future ends it.
	pub async fn keep<F>(
		self: Arc<Self>,
		look_up: impl Fn(u32) -> F,
		take: impl Fn(RelayedStream) -> bool,
	) where
		F: Future<Output = Result<RelayAt, String>>,
	{
		let mut pause = REDIAL;
		loop {
			let began = Instant::now();
			let reason = match look_up(self.relay).await {
				Ok(relay) => self.be_served(&relay, &look_up, &take).await,
				Err(reason) => reason,
			};
			if matches!(self.state(), RelayState::Connected { .. }) {
				info!(relay = self.relay, reason, "the connection to the relay ended");
				// What held for a while is worth a quick try; what is cut off at once again and again is not.
				pause = if began.elapsed() > REDIAL_MAX { REDIAL } else { pause };
			} else {
				warn!(relay = self.relay, reason, "the relay is not reached; it is tried again");
			}
			self.set(RelayState::Down { reason });
			sleep(pause + jitter(pause)).await;
			pause = (pause * 2).min(REDIAL_MAX);
		}
	}

	/// One connection, from dialling to its end; answers why it ended.
	async fn be_served<F>(
		&self,
		relay: &RelayAt,
		look_up: impl Fn(u32) -> F,
		take: impl Fn(RelayedStream) -> bool,
	) -> String
	where
		F: Future<Output = Result<RelayAt, String>>,
	{
		let (stream, address) = match relay.ask_to_be_served().await {
			Ok(served) => served,
			Err(error) => return error.to_string(),
		};
		info!(relay = self.relay, address, "reached through the relay");
		self.connections.fetch_add(1, Relaxed);
		self.set(RelayState::Connected { address: address.clone() });
		let (ask, mut wanted) = mpsc::channel(1);
		let beating = async {
			let (here, opened) = oneshot::channel();
			// The driver below takes it, or has ended, and this with it.
			let _ = ask.send(here).await;
			match opened.await {
				Ok(stream) => self.pulse.beat(stream).await,
				Err(_) => io::Error::from(io::ErrorKind::NotConnected),
			}
		};
		let mut mux = Mux::new(stream, false, STREAMS_MAX);
		let driving = mux.drive(&mut wanted, |stream| {
			self.streams.fetch_add(1, Relaxed);
			// A server that does not come after is better told by an end than by waiting.
			if !take(stream) {
				debug!("a relayed stream is refused: too many are waiting");
			}
		});
		let error = tokio::select! {
			error = driving => error,
			error = beating => error,
			reason = self.moved(relay, &address, look_up) => return reason,
		};
		RelayError::Broken(error).to_string()
	}

	/// Waits until the relay's record says that this connection goes to the wrong place.
	async fn moved<F>(
		&self,
		relay: &RelayAt,
		address: &String,
		look_up: impl Fn(u32) -> F,
	) -> String
	where
		F: Future<Output = Result<RelayAt, String>>,
	{
		loop {
			sleep(self.record_interval).await;
			match look_up(self.relay).await {
				Ok(now) if now.key != relay.key || !now.addresses.contains(address) => {
					return "the relay's record has changed".to_owned();
				},
				Ok(_) => {},
				// While the chain is out of reach what holds goes on.
				Err(reason) => debug!(relay = self.relay, reason, "its record was not read"),
			}
		}
	}
}

/// Up to a quarter of a pause, so that the nodes of a relay that comes back do not all come at once.
fn jitter(pause: Duration) -> Duration {
	let random = RandomState::new().build_hasher().finish();
	pause.mul_f64(random as f64 / u64::MAX as f64 / 4.0)
}
