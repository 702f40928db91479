//! Who is connected, for CLIENT LIST.

use crate::{engine::hex, sys, AccountKey};
use parking_lot::Mutex;
use std::{
	collections::BTreeMap,
	fmt::Write,
	sync::{
		atomic::{AtomicU64, Ordering::Relaxed},
		Arc,
	},
	time::Duration,
};

/// All clients, by their id.
#[derive(Debug, Default)]
pub(crate) struct Clients {
	entries: Mutex<BTreeMap<u64, Arc<ClientEntry>>>,
}

/// What changes seldom about a client.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClientFacts {
	/// As it calls itself.
	pub(crate) name: String,
	/// Its library and that one's version, as it says.
	pub(crate) library: (String, String),
	pub(crate) namespace: String,
	pub(crate) is_admin: bool,
	pub(crate) account: Option<AccountKey>,
	pub(crate) is_resp3: bool,
}

/// A client.
#[derive(Debug)]
pub(crate) struct ClientEntry {
	id: u64,
	address: String,
	connected: Duration,
	facts: Mutex<ClientFacts>,
	/// The name of the last command, in upper case and padded with zeros: two halves that may for a moment belong to two commands.
	last_command: [AtomicU64; 2],
	/// Milliseconds of the coarse clock at the last command.
	last_seen_ms: AtomicU64,
}

/// A client as long as it is connected.
#[derive(Debug)]
pub(crate) struct Registration {
	clients: Arc<Clients>,
	entry: Arc<ClientEntry>,
}

fn milliseconds(time: Duration) -> u64 {
	u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Clients {
	/// Lists a client until the registration is dropped.
	pub(crate) fn register(self: &Arc<Self>, id: u64, address: String) -> Registration {
		let now = sys::coarse_clock();
		let entry = Arc::new(ClientEntry {
			id,
			address,
			connected: now,
			facts: Mutex::default(),
			last_command: Default::default(),
			last_seen_ms: AtomicU64::new(milliseconds(now)),
		});
		self.entries.lock().insert(id, entry.clone());
		Registration { clients: self.clone(), entry }
	}

	/// One line for each client.
	pub(crate) fn list(&self) -> String {
		let entries: Vec<_> = self.entries.lock().values().cloned().collect();
		entries.iter().map(|entry| entry.line()).collect()
	}
}

impl Drop for Registration {
	fn drop(&mut self) {
		self.clients.entries.lock().remove(&self.entry.id);
	}
}

impl Registration {
	/// Notes the command that the client runs.
	pub(crate) fn note(&self, upper: &[u8]) {
		let mut name = [0; 16];
		name.iter_mut().zip(upper).for_each(|(place, byte)| *place = *byte);
		let name = u128::from_le_bytes(name);
		let [first, second] = &self.entry.last_command;
		first.store(name as u64, Relaxed);
		second.store((name >> 64) as u64, Relaxed);
		self.entry.last_seen_ms.store(milliseconds(sys::coarse_clock()), Relaxed);
	}

	/// Changes what is listed about the client.
	pub(crate) fn update(&self, change: impl FnOnce(&mut ClientFacts)) {
		change(&mut self.entry.facts.lock());
	}

	pub(crate) fn facts(&self) -> ClientFacts {
		self.entry.facts.lock().clone()
	}

	/// The client's own line.
	pub(crate) fn line(&self) -> String {
		self.entry.line()
	}
}

impl ClientEntry {
	/// As redis lists it, with the namespace at the end.
	fn line(&self) -> String {
		let now = sys::coarse_clock();
		let facts = self.facts.lock().clone();
		let age = now.saturating_sub(self.connected).as_secs();
		let idle = milliseconds(now).saturating_sub(self.last_seen_ms.load(Relaxed)) / 1000;
		let [first, second] = &self.last_command;
		let halves = [first.load(Relaxed).to_le_bytes(), second.load(Relaxed).to_le_bytes()];
		let letters = halves.concat();
		let command: String = letters
			.iter()
			.filter(|byte| byte.is_ascii_graphic())
			.map(|byte| char::from(*byte))
			.collect();
		let mut line = format!(
			"id={} addr={} laddr= fd=0 name={} age={age} idle={idle} flags=N db=0 sub=0 psub=0 ssub=0 multi=-1 \
			qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 obl=0 oll=0 omem=0 tot-mem=0 events=r cmd={} user={} \
			redir=-1 resp={} lib-name={} lib-ver={}",
			self.id,
			word(&self.address),
			word(&facts.name),
			command.to_ascii_lowercase(),
			facts.account.map_or_else(|| "default".to_owned(), |account| hex(&account)),
			if facts.is_resp3 { 3 } else { 2 },
			word(&facts.library.0),
			word(&facts.library.1),
		);
		let admin = if facts.is_admin { "yes" } else { "no" };
		// Writing into a string cannot fail.
		let _ = writeln!(line, " admin={admin} ns={}", word(&facts.namespace));
		line
	}
}

/// A text that cannot be taken for two fields.
fn word(text: &str) -> String {
	text.replace(|letter: char| letter.is_whitespace() || letter.is_control(), "_")
}
