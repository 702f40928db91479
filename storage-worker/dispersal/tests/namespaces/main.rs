//! Machines whose cables are pulled out while a transfer runs: it goes on over what is left, comes back to what is better, loses nothing, and the relays
//! on the way see nothing of it. Needs network namespaces, so it runs as root.

#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::print_stderr,
	clippy::print_stdout,
	missing_docs,
	reason = "test code"
)]

mod net;
mod roles;

use net::Net;
use std::{
	fs::{self, File},
	io::{BufRead, BufReader, Read, Seek, SeekFrom},
	path::Path,
	process::{Child, Command, Stdio},
	sync::mpsc::{channel, Receiver},
	time::{Duration, Instant},
};

const DIRECT: &str = "10.99.5.2:9900";
const RELAY_A: &str = "relay://1";
const RELAY_B: &str = "relay://2";

/// Waits until it holds.
pub(crate) fn patiently(what: &str, mut holds: impl FnMut() -> bool) {
	let deadline = Instant::now() + Duration::from_secs(60);
	while !holds() {
		assert!(Instant::now() < deadline, "waited in vain until {what}");
		std::thread::sleep(Duration::from_millis(20));
	}
}

/// What processes of the test are; the test itself has nothing to be.
#[test]
fn namespace_process() {
	roles::run();
}

fn start(net: &Net, machine: &str, role: &str, dir: &Path, secret: Option<&str>) -> Child {
	let mut command = net.command(machine, &std::env::current_exe().unwrap());
	command.args(["--exact", "namespace_process", "--nocapture"]);
	command.env(roles::ROLE, role).env(roles::DIR, dir.join(machine));
	command.envs(secret.map(|secret| (roles::SECRET, secret)));
	command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

/// The client, as it is heard.
struct Client {
	process: Child,
	lines: Receiver<String>,
}

impl Client {
	fn hear(mut process: Child) -> Self {
		let output = BufReader::new(process.stdout.take().unwrap());
		let (say, lines) = channel();
		std::thread::spawn(move || {
			for line in output.lines().map_while(Result::ok) {
				let _ = say.send(line);
			}
		});
		Self { process, lines }
	}

	/// Waits until it says something that fits and answers how long that took.
	fn says(&self, what: &str, fits: impl Fn(&str) -> bool) -> Duration {
		let began = Instant::now();
		loop {
			let left = Duration::from_secs(90).saturating_sub(began.elapsed());
			let line = self.lines.recv_timeout(left);
			let line = line.unwrap_or_else(|_| panic!("the client never says: {what}"));
			if fits(&line) {
				return began.elapsed();
			}
		}
	}

	/// Waits until all its backends are used over this way.
	fn is_over(&self, way: &str) -> Duration {
		let all = format!("over {way} {way} {way}");
		self.says(&all, |line| line.starts_with("round") && line.ends_with(&all))
	}

	/// Lets it end, which it does after having read everything back.
	fn finish(mut self) {
		drop(self.process.stdin.take());
		self.says("verified", |line| line.starts_with("verified"));
		assert!(self.process.wait().unwrap().success());
	}
}

impl Drop for Client {
	fn drop(&mut self) {
		let _ = self.process.kill();
		let _ = self.process.wait();
	}
}

/// Whether a process has these bytes anywhere in its writable memory.
fn remembers(pid: u32, what: &[u8]) -> bool {
	let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
	let mut memory = File::open(format!("/proc/{pid}/mem")).unwrap();
	maps.lines().any(|line| {
		let mut words = line.split_whitespace();
		let (range, access) = (words.next().unwrap(), words.next().unwrap());
		if !access.starts_with("rw") || line.contains("[v") {
			return false;
		}
		let (from, to) = range.split_once('-').unwrap();
		let at = |text| u64::from_str_radix(text, 16).unwrap();
		let mut bytes = vec![0; (at(to) - at(from)) as usize];
		memory.seek(SeekFrom::Start(at(from))).unwrap();
		// Pages come and go while it runs.
		memory.read_exact(&mut bytes).is_ok() && bytes.windows(what.len()).any(|seen| seen == what)
	})
}

#[test]
fn a_transfer_outlives_every_cut_and_relays_see_none_of_it() {
	if let Some(reason) = net::unavailable() {
		eprintln!("SKIPPED: network namespaces are not permitted here: {reason}");
		return;
	}
	let dir = tempfile::tempdir().unwrap();
	let mut net = Net::with_machines(&["c", "a", "b", "w"]);
	// A client and a worker, each with a cable to relay A and one to relay B, and one between them that is not plugged in yet.
	for (number, from, to) in
		[(1, "c", "a"), (2, "c", "b"), (3, "w", "a"), (4, "w", "b"), (5, "c", "w")]
	{
		net.cable(number, from, to);
	}
	net.plug("c", "w", false);
	let capture = dir.path().join("capture");
	net.record("a", capture.clone());
	let secret = format!("word-{:x}", std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos());
	let relay_a = start(&net, "a", "1", dir.path(), None);
	let relay_a = net.keep(relay_a);
	for (machine, role, secret) in [("b", "2", None), ("w", "worker", Some(secret.as_str()))] {
		let process = start(&net, machine, role, dir.path(), secret);
		net.keep(process);
	}
	let client = Client::hear(start(&net, "c", "client", dir.path(), Some(&secret)));

	// Nobody reaches the worker but over relays; the first one named is preferred.
	client.is_over(RELAY_A);
	assert!(remembers(client.process.id(), secret.as_bytes()), "the scan finds what is there");
	assert!(!remembers(relay_a, secret.as_bytes()), "the relay has it in its memory");
	let mut taken = Vec::new();
	let mut change = |from, to, is_in, way: &str| {
		net.plug(from, to, is_in);
		let what = if is_in { "back" } else { "cut" };
		taken.push((format!("{from}-{to} {what}"), client.is_over(way)));
	};
	change("c", "a", false, RELAY_B);
	change("c", "a", true, RELAY_A);
	// This cable is beyond the relay, which is the one to notice.
	change("w", "a", false, RELAY_B);
	change("c", "w", true, DIRECT);
	net.plug("w", "a", true);
	net.plug("c", "w", false);
	let over_relays = client.says("over relays", |line| !line.contains(DIRECT));
	taken.push(("c-w cut".to_owned(), over_relays));
	assert!(!remembers(relay_a, secret.as_bytes()), "the relay has it in its memory");
	client.finish();
	println!("until all went over another way: {taken:?}");

	let seen = fs::read(&capture).unwrap();
	assert!(seen.len() > 1 << 20, "{} bytes were recorded", seen.len());
	// What is not encrypted is found: the name that every handshake asks for.
	let finds = |what: &[u8]| seen.windows(what.len()).any(|window| window == what);
	assert!(finds(b"worker.granary"), "the recording shows handshakes");
	assert!(!finds(secret.as_bytes()), "names of namespaces and passwords");
	assert!(!finds(b"SELECT"), "commands");
	drop(net);
	let left = Command::new("ip").args(["netns", "list"]).output().unwrap().stdout;
	let mine = format!("g{}", std::process::id());
	assert!(!String::from_utf8_lossy(&left).contains(&mine), "namespaces are left behind");
}
