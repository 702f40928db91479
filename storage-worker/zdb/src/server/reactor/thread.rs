//! The turns of a thread.

use super::{
	client::{Client, Standing},
	post::{Address, Letter, Mailbox, WAKER},
	stream::Stream,
};
use crate::{
	engine::{self, Durability, Namespace},
	limits::READ_SCRATCH_BYTES,
	server::{batch::BATCH_COMMANDS, session::Shared, Session},
};
use mio::{Events, Poll, Token};
use slab::Slab;
use std::{
	collections::BTreeSet,
	io,
	sync::{
		atomic::{AtomicUsize, Ordering::Relaxed},
		Arc,
	},
	time::{Duration, Instant},
};
use tokio::runtime::Handle;

const EVENTS_MAX: usize = 1024;
/// How often clients are looked at for what is overdue, at least and at most.
const SWEEP_MIN: Duration = Duration::from_millis(10);
const SWEEP_MAX: Duration = Duration::from_secs(1);
/// A disk that is done sooner than this is waited for; another thread waits for a slower one.
const QUICK_SYNC: Duration = Duration::from_millis(2);

/// A thread that serves clients.
pub(super) struct Thread {
	shared: Arc<Shared>,
	runtime: Handle,
	poll: Poll,
	mailbox: Mailbox,
	clients: Slab<Client>,
	/// How many there are, for those who look from outside; who is on the way here is counted.
	count: Arc<AtomicUsize>,
	/// Slots of clients that take part in this turn, each once.
	turn: Vec<usize>,
	/// Slots of clients that have more to do in the next turn.
	again: Vec<usize>,
	/// When waiting clients have waited long enough.
	deadlines: BTreeSet<(Instant, usize)>,
	/// Clients of this turn that have read and not executed.
	group: Vec<usize>,
	/// Read buffer of a group: what it has read, and room for one read more.
	scratch: Vec<u8>,
	sweep: Duration,
	swept: Instant,
	/// When the thread ends, once the server stops.
	ends: Option<Instant>,
}

/// What the clients of a turn have written into.
type Written = Vec<(Arc<Namespace>, Vec<usize>)>;

impl Thread {
	pub(super) fn new(
		shared: Arc<Shared>,
		runtime: Handle,
		count: Arc<AtomicUsize>,
	) -> io::Result<Self> {
		let poll = Poll::new()?;
		let mailbox = Mailbox::new(&poll)?;
		let options = &shared.options;
		let idle_timeout = options.tls.as_ref().map_or(SWEEP_MAX, |tls| tls.idle_timeout);
		let shortest = options.frame_timeout.min(options.write_timeout).min(idle_timeout);
		Ok(Self {
			sweep: (shortest / 4).clamp(SWEEP_MIN, SWEEP_MAX),
			shared,
			runtime,
			poll,
			mailbox,
			clients: Slab::new(),
			count,
			turn: Vec::new(),
			again: Vec::new(),
			deadlines: BTreeSet::new(),
			group: Vec::new(),
			scratch: vec![0; 2 * READ_SCRATCH_BYTES],
			swept: Instant::now(),
			ends: None,
		})
	}

	pub(super) fn mailbox(&self) -> Mailbox {
		self.mailbox.clone()
	}

	/// Serves until the server stops.
	pub(super) fn run(mut self) {
		engine::never_wait_for_reads();
		let mut events = Events::with_capacity(EVENTS_MAX);
		let mut letters = Vec::new();
		loop {
			if let Err(error) = self.poll.poll(&mut events, Some(self.patience())) {
				if error.kind() != io::ErrorKind::Interrupted {
					tracing::error!(%error, "the poll failed");
					return;
				}
			}
			let now = Instant::now();
			self.turn.append(&mut self.again);
			let mut has_letters = false;
			for event in &events {
				let Token(slot) = event.token();
				if event.token() == WAKER {
					has_letters = true;
				} else if let Some(client) = self.clients.get_mut(slot) {
					let is_last = event.is_read_closed() || event.is_error();
					if event.is_readable() || is_last {
						client.set_readable(is_last);
					}
					self.turn.push(slot);
				}
			}
			if has_letters {
				self.mailbox.take(&mut letters);
				letters.drain(..).for_each(|letter| self.open(letter, now));
			}
			self.expire(now);
			self.serve_all(now);
			if now.saturating_duration_since(self.swept) >= self.sweep {
				self.sweep(now);
			}
			if self.ends.is_some_and(|ends| self.clients.is_empty() || now >= ends) {
				self.cut_off();
				return;
			}
		}
	}

	/// How long the poll may take.
	fn patience(&self) -> Duration {
		if !self.again.is_empty() {
			return Duration::ZERO;
		}
		let next = self.deadlines.first().map(|(deadline, _)| *deadline);
		let next = next.into_iter().chain(self.ends).min();
		let until = next.map(|next| next.saturating_duration_since(Instant::now()));
		// A poll counts in milliseconds; one more, so that it does not end before its time.
		until.map_or(self.sweep, |until| (until + Duration::from_millis(1)).min(self.sweep))
	}

	fn open(&mut self, letter: Letter, now: Instant) {
		let address = match letter {
			Letter::Arrival(arrival) => return self.welcome(*arrival, now),
			Letter::Stop(drain_timeout) => return self.stop(now + drain_timeout),
			Letter::Settled(addresses, is_good) => {
				return addresses
					.into_iter()
					.for_each(|address| self.note_settled(address, is_good));
			},
			Letter::Back(address, returned) => {
				if let Some(client) = self.client(address) {
					client.take_back(*returned);
					self.note_waiting(address.slot);
				}
				address
			},
			Letter::Told(address, wait, command) => {
				let Some(client) = self.client(address) else { return };
				client.tell(wait, command);
				address
			},
			Letter::Mirrored(address, frame) => {
				let Some(client) = self.client(address) else { return };
				client.mirror(&frame);
				address
			},
			Letter::MirrorEnds(address) => {
				let Some(client) = self.client(address) else { return };
				client.output.error("Mirror too slow");
				client.close();
				address
			},
		};
		self.turn.push(address.slot);
	}

	/// The client at the address, if it is still there.
	fn client(&mut self, address: Address) -> Option<&mut Client> {
		self.clients.get_mut(address.slot).filter(|client| client.address == address)
	}

	fn welcome(&mut self, (mut stream, mut session): (Stream, Session), now: Instant) {
		if self.ends.is_some() {
			self.note_gone();
			return;
		}
		let entry = self.clients.vacant_entry();
		let address = Address { slot: entry.key(), client: session.id };
		if let Err(error) = stream.register(self.poll.registry(), Token(address.slot)) {
			tracing::warn!(%error, "a connection cannot be watched");
			self.note_gone();
			return;
		}
		session.postbox = Some(super::Postbox { mailbox: self.mailbox.clone(), address });
		entry.insert(Client::new(address, stream, session, now));
		self.turn.push(address.slot);
	}

	/// Everybody who takes part in this turn: reads, executes, settles, sends.
	fn serve_all(&mut self, now: Instant) {
		let mut turn = std::mem::take(&mut self.turn);
		turn.sort_unstable();
		turn.dedup();
		let mut scratch = std::mem::take(&mut self.scratch);
		let mut written = Written::new();
		let (mut used, mut commands) = (0, 0);
		for slot in &turn {
			let Some(client) = self.clients.get_mut(*slot) else { continue };
			match client.receive(&mut scratch, used, now) {
				Ok(received) => {
					used += received.0;
					commands += received.1;
				},
				Err(error) => {
					self.lose(*slot, &error);
					continue;
				},
			}
			self.group.push(*slot);
			// What a group has read must still be in the processor's cache when it is executed.
			if commands >= BATCH_COMMANDS || scratch.len() - used < READ_SCRATCH_BYTES {
				self.execute_group(&scratch, commands, now, &mut written);
				(used, commands) = (0, 0);
			}
		}
		self.execute_group(&scratch, commands, now, &mut written);
		self.scratch = scratch;
		for (namespace, slots) in written {
			self.settle(&namespace, &slots);
		}
		for slot in turn.drain(..) {
			self.send(slot, now);
		}
		if self.turn.is_empty() {
			self.turn = turn;
		}
	}

	/// Executes what the clients of a group have sent.
	fn execute_group(
		&mut self,
		scratch: &[u8],
		commands: usize,
		now: Instant,
		written: &mut Written,
	) {
		if commands > 1 {
			let clients = self.group.iter().filter_map(|slot| self.clients.get(*slot));
			engine::look_ahead(clients.flat_map(|client| client.keys(scratch)));
		}
		let mut group = std::mem::take(&mut self.group);
		for slot in group.drain(..) {
			let Some(client) = self.clients.get_mut(slot) else { continue };
			client.execute(scratch, now);
			let Some(session) = &mut client.session else { continue };
			session.count();
			if session.unflushed_from.is_some() {
				note_written(written, &session.namespace, slot);
			}
			if session.waiting.is_some() {
				self.note_waiting(slot);
			}
		}
		self.group = group;
	}

	/// Sends a client's replies, and sees it off on its errand or for good.
	fn send(&mut self, slot: usize, now: Instant) {
		let Some(client) = self.clients.get_mut(slot) else { return };
		match client.send(now) {
			Ok(Standing::Again) => self.again.push(slot),
			Ok(Standing::Waits) => {
				if let Some(errand) = client.take_errand() {
					errand.send_off(&self.runtime, self.mailbox.clone(), client.address);
				}
			},
			Ok(Standing::Gone) => self.remove(slot),
			Err(error) => self.lose(slot, &error),
		}
	}

	/// Makes good what was promised for what these clients wrote.
	fn settle(&mut self, namespace: &Arc<Namespace>, slots: &[usize]) {
		let settled = match namespace.durability() {
			Durability::Every(_) | Durability::Os => namespace.flush(),
			Durability::Always if namespace.sync_took() < QUICK_SYNC => namespace.sync(),
			Durability::Always => return self.settle_elsewhere(namespace, slots),
		};
		if let Err(error) = &settled {
			tracing::error!(namespace = namespace.name(), %error, "writes failed");
		}
		for slot in slots {
			if let Some(client) = self.clients.get_mut(*slot) {
				settle_client(client, settled.is_ok());
			}
		}
	}

	/// Lets another thread wait for the disk.
	fn settle_elsewhere(&mut self, namespace: &Arc<Namespace>, slots: &[usize]) {
		let mut addresses = Vec::with_capacity(slots.len());
		for slot in slots {
			if let Some(client) = self.clients.get_mut(*slot) {
				client.settling = true;
				addresses.push(client.address);
			}
		}
		let mailbox = self.mailbox.clone();
		let tell = move |is_good| mailbox.post(Letter::Settled(addresses, is_good));
		self.shared.committer.commit(namespace.clone(), Box::new(tell));
	}

	fn note_settled(&mut self, address: Address, is_good: bool) {
		if let Some(client) = self.client(address) {
			client.settling = false;
			settle_client(client, is_good);
			self.turn.push(address.slot);
		}
	}

	/// Notes until when a client waits.
	fn note_waiting(&mut self, slot: usize) {
		let session = self.clients.get(slot).and_then(|client| client.session.as_ref());
		if let Some(waiting) = session.and_then(|session| session.waiting.as_ref()) {
			self.deadlines.insert((waiting.deadline, slot));
		}
	}

	/// Tells those who have waited long enough.
	fn expire(&mut self, now: Instant) {
		while let Some((deadline, slot)) = self.deadlines.first().copied() {
			if deadline > now {
				break;
			}
			self.deadlines.pop_first();
			if let Some(client) = self.clients.get_mut(slot) {
				client.expire(now);
				self.turn.push(slot);
			}
		}
	}

	/// Cuts off clients that are overdue.
	fn sweep(&mut self, now: Instant) {
		self.swept = now;
		let overdue: Vec<usize> = self
			.clients
			.iter_mut()
			.filter_map(|(slot, client)| client.is_overdue(now).then_some(slot))
			.collect();
		for slot in overdue {
			// A last word, if there is one and it can be sent at once.
			if let Some(client) = self.clients.get_mut(slot) {
				client.close();
				let _ = client.send(now);
			}
			self.remove(slot);
		}
	}

	/// From now on nobody is read: clients leave when what they have begun is answered.
	fn stop(&mut self, ends: Instant) {
		self.ends = Some(ends);
		for (slot, client) in &mut self.clients {
			client.close();
			self.turn.push(slot);
		}
	}

	/// Closes what is left when the time is over.
	fn cut_off(&mut self) {
		if !self.clients.is_empty() {
			tracing::warn!(connections = self.clients.len(), "cut off clients that do not receive");
		}
		let slots: Vec<usize> = self.clients.iter().map(|(slot, _)| slot).collect();
		slots.into_iter().for_each(|slot| self.remove(slot));
	}

	fn lose(&mut self, slot: usize, error: &io::Error) {
		tracing::debug!(%error, "a connection ended");
		self.remove(slot);
	}

	fn remove(&mut self, slot: usize) {
		let Some(mut client) = self.clients.try_remove(slot) else { return };
		if let Err(error) = client.stream().deregister(self.poll.registry()) {
			tracing::debug!(%error, "a connection was not watched any more");
		}
		if let Some(session) = &mut client.session {
			session.count();
			if session.waiting.is_some() || session.mirroring.is_some() {
				self.shared.watchers.forget(session.id);
			}
		}
		self.note_gone();
	}

	fn note_gone(&self) {
		self.count.fetch_sub(1, Relaxed);
		self.shared.stats.clients_connected.fetch_sub(1, Relaxed);
	}
}

fn note_written(written: &mut Written, namespace: &Arc<Namespace>, slot: usize) {
	match written.iter_mut().find(|(known, _)| Arc::ptr_eq(known, namespace)) {
		Some((_, slots)) => slots.push(slot),
		None => written.push((namespace.clone(), vec![slot])),
	}
}

fn settle_client(client: &mut Client, is_good: bool) {
	let first = client.session.as_mut().and_then(|session| session.unflushed_from.take());
	if let (Some(first), false) = (first, is_good) {
		client.fail_writes(first);
	}
}
