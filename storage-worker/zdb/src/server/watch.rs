//! Clients that wait for others' commands: WAIT, and MIRROR.

use crate::{
	limits::MIRROR_PENDING_MAX_BYTES,
	server::{reactor::Postbox, Args},
};
use parking_lot::Mutex;
use std::{
	sync::{
		atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
		Arc,
	},
	time::{Instant, SystemTime, UNIX_EPOCH},
};

/// What stands in a mirrored command for what only its server may see.
const HIDDEN: &[u8] = b"(hidden)";

/// One client's wait.
struct Waiter {
	client: u64,
	number: u64,
	namespace: String,
	/// In upper case; `*` is every command.
	command: String,
	postbox: Postbox,
}

/// One client that sees all commands.
struct Mirror {
	client: u64,
	postbox: Postbox,
	pending_bytes: Arc<AtomicUsize>,
}

/// All who wait.
#[derive(Default)]
pub(crate) struct Watchers {
	/// Waiters and mirrors: usually none, then a command costs one look at this.
	count: AtomicUsize,
	waits: AtomicU64,
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
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
	pub(crate) number: u64,
	pub(crate) deadline: Instant,
}

impl Watchers {
	/// Lets a client wait for a command on a namespace; an earlier wait of the same client ends.
	pub(crate) fn wait(
		&self,
		client: u64,
		postbox: Postbox,
		namespace: &str,
		command: String,
		deadline: Instant,
	) -> Waiting {
		let number = self.waits.fetch_add(1, Relaxed);
		let mut waiters = self.waiters.lock();
		waiters.retain(|waiter| waiter.client != client);
		waiters.push(Waiter { client, number, namespace: namespace.to_owned(), command, postbox });
		self.recount(waiters.len(), self.mirrors.lock().len());
		Waiting { number, deadline }
	}

	/// Lets a client see all commands of others from now on; answers the bytes that are on their way to it.
	pub(crate) fn mirror(&self, client: u64, postbox: Postbox) -> Arc<AtomicUsize> {
		let pending_bytes = Arc::<AtomicUsize>::default();
		let mut mirrors = self.mirrors.lock();
		mirrors.retain(|mirror| mirror.client != client);
		mirrors.push(Mirror { client, postbox, pending_bytes: pending_bytes.clone() });
		self.recount(self.waiters.lock().len(), mirrors.len());
		pending_bytes
	}

	/// Forgets a client that has left.
	pub(crate) fn forget(&self, client: u64) {
		let mut waiters = self.waiters.lock();
		waiters.retain(|waiter| waiter.client != client);
		let left = waiters.len();
		drop(waiters);
		let mut mirrors = self.mirrors.lock();
		mirrors.retain(|mirror| mirror.client != client);
		self.recount(left, mirrors.len());
	}

	fn recount(&self, waiters: usize, mirrors: usize) {
		self.count.store(waiters + mirrors, Relaxed);
	}

	/// How many clients wait for a command.
	pub(crate) fn waiting(&self) -> usize {
		self.waiters.lock().len()
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
			waiter.postbox.tell(waiter.number, name);
		}
		let left = waiters.len();
		drop(waiters);
		let mut mirrors = self.mirrors.lock();
		if owner != 0 && mirrors.iter().any(|mirror| mirror.client != client) {
			let frame: Arc<[u8]> = mirrored(owner, namespace, name, args).into();
			mirrors.retain(|mirror| mirror.client == client || mirror.send(&frame));
		}
		self.recount(left, mirrors.len());
	}
}

impl Mirror {
	/// Hands a frame over; `false` if the client does not receive as fast as others send.
	fn send(&self, frame: &Arc<[u8]>) -> bool {
		let pending = self.pending_bytes.fetch_add(frame.len(), Relaxed);
		if pending >= MIRROR_PENDING_MAX_BYTES {
			self.postbox.end_mirror();
			return false;
		}
		self.postbox.mirror(frame.clone());
		true
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
