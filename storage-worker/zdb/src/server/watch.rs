//! Clients that wait for others' commands: WAIT, and MIRROR.

use crate::{limits::MIRROR_PENDING_MAX_BYTES, server::Args};
use parking_lot::Mutex;
use std::{
	sync::{
		atomic::{AtomicUsize, Ordering::Relaxed},
		Arc,
	},
	time::{SystemTime, UNIX_EPOCH},
};
use tokio::{
	sync::{mpsc, oneshot},
	time::Instant,
};

/// What stands in a mirrored command for what only its server may see.
const HIDDEN: &[u8] = b"(hidden)";

/// One client's wait.
struct Waiter {
	client: u64,
	namespace: String,
	/// In upper case; `*` is every command.
	command: String,
	told: oneshot::Sender<String>,
}

/// One client that sees all commands.
struct Mirror {
	client: u64,
	frames: mpsc::UnboundedSender<Vec<u8>>,
	pending_bytes: Arc<AtomicUsize>,
}

/// All who wait.
#[derive(Default)]
pub(crate) struct Watchers {
	/// Waiters and mirrors: usually none, then a command costs one look at this.
	count: AtomicUsize,
	waiters: Mutex<Vec<Waiter>>,
	mirrors: Mutex<Vec<Mirror>>,
}

/// Who tells of a command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Teller<'t> {
	pub(crate) client: u64,
	pub(crate) owner: u64,
	pub(crate) namespace: &'t str,
}

/// What a waiting client holds.
pub(crate) struct Waiting {
	pub(crate) told: oneshot::Receiver<String>,
	pub(crate) deadline: Instant,
}

/// What a mirroring client holds.
pub(crate) struct Mirroring {
	pub(crate) frames: mpsc::UnboundedReceiver<Vec<u8>>,
	pub(crate) pending_bytes: Arc<AtomicUsize>,
}

impl Watchers {
	/// Lets a client wait for a command on a namespace; an earlier wait of the same client ends.
	pub(crate) fn wait(
		&self,
		client: u64,
		namespace: &str,
		command: String,
		deadline: Instant,
	) -> Waiting {
		let (told, receiver) = oneshot::channel();
		let mut waiters = self.waiters.lock();
		waiters.retain(|waiter| waiter.client != client && !waiter.told.is_closed());
		waiters.push(Waiter { client, namespace: namespace.to_owned(), command, told });
		self.recount(waiters.len(), self.mirrors.lock().len());
		Waiting { told: receiver, deadline }
	}

	/// Lets a client see all commands of others from now on.
	pub(crate) fn mirror(&self, client: u64) -> Mirroring {
		let (frames, receiver) = mpsc::unbounded_channel();
		let pending_bytes = Arc::<AtomicUsize>::default();
		let mut mirrors = self.mirrors.lock();
		mirrors.retain(|mirror| mirror.client != client);
		mirrors.push(Mirror { client, frames, pending_bytes: pending_bytes.clone() });
		self.recount(self.waiters.lock().len(), mirrors.len());
		Mirroring { frames: receiver, pending_bytes }
	}

	fn recount(&self, waiters: usize, mirrors: usize) {
		self.count.store(waiters + mirrors, Relaxed);
	}

	/// How many clients wait for a command.
	pub(crate) fn waiting(&self) -> usize {
		self.waiters.lock().iter().filter(|waiter| !waiter.told.is_closed()).count()
	}

	/// Whether anybody waits.
	pub(crate) fn any(&self) -> bool {
		self.count.load(Relaxed) > 0
	}

	/// Tells of a command that succeeded. `owner` is the instance that it was given to first; mirrors see none of 0.
	pub(crate) fn tell(&self, teller: Teller<'_>, name: &str, args: Args<'_>) {
		let Teller { client, owner, namespace } = teller;
		let mut waiters = self.waiters.lock();
		let is_met = |waiter: &mut Waiter| {
			waiter.client != client
				&& waiter.namespace == namespace
				&& (waiter.command == "*" || waiter.command == name)
		};
		for waiter in waiters.extract_if(.., is_met) {
			// Who has left meanwhile need not be told.
			let _ = waiter.told.send(name.to_owned());
		}
		waiters.retain(|waiter| !waiter.told.is_closed());
		let left = waiters.len();
		drop(waiters);
		let mut mirrors = self.mirrors.lock();
		if owner != 0 && mirrors.iter().any(|mirror| mirror.client != client) {
			let frame = mirrored(owner, namespace, name, args);
			mirrors.retain(|mirror| mirror.client == client || mirror.send(&frame));
		}
		self.recount(left, mirrors.len());
	}
}

impl Mirror {
	/// Hands a frame over; `false` if the client has left or does not receive as fast as others send.
	fn send(&self, frame: &[u8]) -> bool {
		let pending = self.pending_bytes.fetch_add(frame.len(), Relaxed);
		pending < MIRROR_PENDING_MAX_BYTES && self.frames.send(frame.to_vec()).is_ok()
	}
}

/// `[:unix time, namespace, :owner, arguments...]`, without passwords.
fn mirrored(owner: u64, namespace: &str, name: &str, args: Args<'_>) -> Vec<u8> {
	let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
	let mut frame = format!(
		"*{}\r\n:{now}\r\n${}\r\n{namespace}\r\n:{owner}\r\n",
		args.len() + 3,
		namespace.len()
	)
	.into_bytes();
	// AUTH and HELLO say nothing that others should see; SELECT a namespace and its password; NSSET a password.
	let is_password_set = name == "NSSET" && args.get(2) == Some(b"password");
	let first_hidden = match name {
		"AUTH" | "HELLO" => 1,
		"SELECT" => 2,
		"NSSET" if is_password_set => 3,
		_ => usize::MAX,
	};
	for position in 0..args.len() {
		let argument = args.get(position).unwrap_or_default();
		let argument = if position < first_hidden { argument } else { HIDDEN };
		frame.extend_from_slice(format!("${}\r\n", argument.len()).as_bytes());
		frame.extend_from_slice(argument);
		frame.extend_from_slice(b"\r\n");
	}
	frame
}
