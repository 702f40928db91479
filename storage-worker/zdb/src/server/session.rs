//! What the server knows about one client.

use crate::{
	engine::{Durability, Namespace, Password, Store, DEFAULT_NAMESPACE},
	server::{
		clients::{Clients, Registration},
		commit::Committer,
		hooks::Hooks,
		reactor::Postbox,
		watch::{Waiting, Watchers},
		Extension, Reply, ServerOptions, SlowLog, Stats, Visitor,
	},
	AccountKey, Traffic, ZdbError,
};
use std::sync::{
	atomic::{AtomicUsize, Ordering::Relaxed},
	Arc,
};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// What all clients of a server share.
pub(crate) struct Shared {
	pub(crate) store: Arc<Store>,
	pub(crate) options: ServerOptions,
	pub(crate) admin_password: Option<Password>,
	pub(crate) extension: Option<Arc<dyn Extension>>,
	pub(crate) stats: Stats,
	/// Who is connected.
	pub(crate) clients: Arc<Clients>,
	/// Brings writes to the disk.
	pub(crate) committer: Committer,
	/// Clients that wait for others' commands.
	pub(crate) watchers: Watchers,
	/// The program that is told of events.
	pub(crate) hooks: Arc<Hooks>,
	/// Commands that took long.
	pub(crate) slow: SlowLog,
	/// Notified by STOP.
	pub(crate) stop_requested: Notify,
	/// Where the server listens, for INFO.
	pub(crate) tcp_port: u16,
}

/// What follows a command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Flow {
	/// The next command.
	Continue,
	/// The end of the connection, once the replies are sent.
	Close,
	/// The server does not know the command; the extension may.
	Unknown,
	/// The reply is the session's job, which takes long and runs where it may block.
	Later,
	/// Nothing was done: the command has to be executed where it may block.
	Elsewhere,
}

/// Work that would keep other clients waiting.
pub(crate) type Job = Box<dyn FnOnce() -> Result<Reply, String> + Send>;

/// One client.
pub(crate) struct Session {
	pub(crate) shared: Arc<Shared>,
	pub(crate) id: u64,
	pub(crate) namespace: Arc<Namespace>,
	pub(crate) is_admin: bool,
	/// The client may write into its namespace.
	pub(crate) can_write: bool,
	/// How it came in.
	pub(crate) visitor: Visitor,
	/// Its line in the list of clients.
	pub(crate) registration: Registration,
	/// The account that has signed in.
	pub(crate) account: Option<AccountKey>,
	/// The account that wants to sign in, and the challenge that it has not answered.
	pub(crate) account_challenge: Option<(AccountKey, String)>,
	/// It hands on commands of other servers, after MASTER.
	pub(crate) is_master: bool,
	/// Commands since the last count.
	pub(crate) commands: u64,
	/// What it did with its namespace since the last count.
	pub(crate) traffic: Traffic,
	/// What [`Flow::Later`] is about.
	pub(crate) job: Option<Job>,
	/// The challenge that the client asked for and has not answered.
	pub(crate) nonce: Option<String>,
	/// The WAIT that is not answered yet.
	pub(crate) waiting: Option<Waiting>,
	/// After MIRROR: bytes of others' commands that were not sent yet.
	pub(crate) mirroring: Option<Arc<AtomicUsize>>,
	/// The way to the client for what happens without its doing.
	pub(crate) postbox: Option<Postbox>,
	/// It is on a thread that may block.
	pub(crate) may_block: bool,
	/// Pairs that the MSET stored already which is executed anew on a thread that may block.
	pub(crate) pairs_stored: usize,
	/// Where in the output the first reply is that acknowledges a write that is not flushed.
	pub(crate) unflushed_from: Option<usize>,
}

impl Session {
	/// A client that has just connected: attached to the default namespace.
	pub(crate) fn new(shared: Arc<Shared>, id: u64, visitor: Visitor) -> Option<Self> {
		let namespace = shared.store.namespace(DEFAULT_NAMESPACE)?;
		let options = &shared.options;
		let has_admin = shared.admin_password.is_some() || !options.admin_accounts.is_empty();
		let is_admin = !has_admin && !options.protected;
		let address = visitor.address.map_or_else(String::new, |address| address.to_string());
		let registration = shared.clients.register(id, address);
		registration.update(|facts| {
			(facts.namespace, facts.is_admin) = (DEFAULT_NAMESPACE.to_owned(), is_admin);
		});
		Some(Self {
			id,
			namespace,
			is_admin,
			can_write: !options.protected && !visitor.only_reads,
			visitor,
			registration,
			account: None,
			account_challenge: None,
			is_master: false,
			commands: 0,
			traffic: Traffic::default(),
			job: None,
			nonce: None,
			waiting: None,
			mirroring: None,
			postbox: None,
			may_block: false,
			pairs_stored: 0,
			unflushed_from: None,
			shared,
		})
	}

	/// Whether the server follows another one.
	pub(crate) fn is_on_replica(&self) -> bool {
		self.shared.options.replica.as_ref().is_some_and(|replica| !replica.is_promoted())
	}

	/// Gives the client an administrator's rights.
	pub(crate) fn become_admin(&mut self) {
		self.is_admin = true;
		self.registration.update(|facts| facts.is_admin = true);
	}

	/// Adds what the client did since the last time to the sums.
	pub(crate) fn count(&mut self) {
		let commands = std::mem::take(&mut self.commands);
		if commands > 0 {
			self.shared.stats.commands_executed.fetch_add(commands, Relaxed);
		}
		self.namespace.count_traffic(&std::mem::take(&mut self.traffic));
	}

	/// Attaches to a namespace. What was written into the one before is flushed first, so that one flush at the end
	/// of a batch is enough.
	pub(crate) fn attach(
		&mut self,
		namespace: Arc<Namespace>,
		can_write: bool,
	) -> Result<(), ZdbError> {
		if self.unflushed_from.is_some() {
			match self.namespace.durability() {
				Durability::Always => self.namespace.sync()?,
				Durability::Every(_) | Durability::Os => self.namespace.flush()?,
			}
			self.unflushed_from = None;
		}
		self.count();
		self.registration.update(|facts| namespace.name().clone_into(&mut facts.namespace));
		self.namespace = namespace;
		self.can_write = can_write && !self.visitor.only_reads;
		Ok(())
	}

	/// Whether the client's namespace is closed because it is just being opened anew: the store knows it still.
	pub(crate) fn awaits_namespace(&self) -> bool {
		let known = self.shared.store.namespace(self.namespace.name());
		self.namespace.is_removed()
			&& !self.namespace.is_replaced()
			&& known.is_some_and(|known| Arc::ptr_eq(&known, &self.namespace))
	}

	/// Waits until the client's namespace is open again, or removed for good, or it takes too long. Blocks.
	pub(crate) fn await_namespace(&self) {
		const PATIENCE: Duration = Duration::from_secs(5);
		let deadline = Instant::now() + PATIENCE;
		while self.awaits_namespace() && Instant::now() < deadline {
			std::thread::sleep(Duration::from_millis(1));
		}
	}

	/// Whether the client's namespace is still there. One that was made anew in another mode is attached to.
	pub(crate) fn has_namespace(&mut self) -> bool {
		if !self.namespace.is_removed() {
			return true;
		}
		if !self.namespace.is_replaced() {
			return false;
		}
		let found = self.shared.store.namespace(self.namespace.name());
		found.map(|namespace| self.namespace = namespace).is_some()
	}
}
