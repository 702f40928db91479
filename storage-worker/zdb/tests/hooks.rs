//! The hook program: what it is told, and that no client waits for it.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod support;

use std::{
	fs,
	os::unix::fs::PermissionsExt,
	path::{Path, PathBuf},
	time::{Duration, Instant},
};
use support::{Client, Process};

/// A directory with a hook program that notes its arguments and then does what `script` says.
struct Hooked {
	dir: tempfile::TempDir,
}

impl Hooked {
	fn new(script: &str) -> Self {
		let dir = tempfile::tempdir().unwrap();
		let text = format!(
			"#!/bin/sh\nhere={}\nname=\"$1\"; shift 2\necho \"$name $*\" >>\"$here/log\"\n{script}\n",
			dir.path().display()
		);
		fs::write(dir.path().join("hook"), text).unwrap();
		fs::set_permissions(dir.path().join("hook"), fs::Permissions::from_mode(0o755)).unwrap();
		Self { dir }
	}

	fn data(&self) -> PathBuf {
		self.dir.path().join("data")
	}

	fn start(&self) -> Process {
		let hook = self.dir.path().join("hook");
		let arguments = ["--hook", hook.to_str().unwrap(), "--segment-bytes", "4096"];
		Process::start(&self.data(), &arguments)
	}

	fn log(&self) -> Vec<String> {
		let text = fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
		text.lines().map(str::to_owned).collect()
	}

	/// Waits until the program was told this, and returns the whole line.
	fn wait_for(&self, beginning: &str) -> String {
		let deadline = Instant::now() + Duration::from_secs(20);
		loop {
			if let Some(line) = self.log().iter().find(|line| line.starts_with(beginning)) {
				return line.clone();
			}
			assert!(Instant::now() < deadline, "{beginning} is missing in {:?}", self.log());
			std::thread::sleep(Duration::from_millis(20));
		}
	}
}

fn file_name(path: &str) -> String {
	Path::new(path).file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn jumps_and_ends_are_told_in_their_order() {
	let hooked =
		Hooked::new("[ \"$name\" = jump-index ] && [ -e \"$here/refuse\" ] && exit 1; exit 0");
	let process = hooked.start();
	let mut client = process.connect();
	fs::write(hooked.dir.path().join("refuse"), "").unwrap();
	client.text("SET key one");
	client.text("SET key two");
	client.text("NSJUMP");
	let told = hooked.wait_for("jump-data");
	let words: Vec<String> = told.split(' ').skip(1).map(file_name).collect();
	assert_eq!(words, ["segment-00000000.log", "segment-00000001.log"]);
	let index = hooked.wait_for("jump-index");
	assert!(index.ends_with("segment-00000001.log 0"), "{index}");
	let ended = |client: &mut Client, name: &str, status: &str| {
		let deadline = Instant::now() + Duration::from_secs(20);
		loop {
			let listed = client.text("HOOKS");
			let run = listed.rsplit(name).next().unwrap().to_owned();
			if listed.contains(name)
				&& run.contains(&format!(":{status}\r\n"))
				&& !run.contains(":0\r\n:0\r\n")
			{
				return;
			}
			assert!(Instant::now() < deadline, "{listed}");
			std::thread::sleep(Duration::from_millis(20));
		}
	};
	// The program has refused, so the segment is still dirty; once it does not, it is told again and forgotten.
	ended(&mut client, "jump-index", "1");
	assert_eq!(client.text("INDEX DIRTY"), "*1\r\n:0\r\n");
	fs::remove_file(hooked.dir.path().join("refuse")).unwrap();
	client.text("SET key three");
	client.text("NSJUMP");
	let deadline = Instant::now() + Duration::from_secs(20);
	while hooked.log().iter().filter(|line| line.starts_with("jump-data")).count() < 2 {
		assert!(Instant::now() < deadline, "{:?}", hooked.log());
		std::thread::sleep(Duration::from_millis(20));
	}
	assert_eq!(client.text("INDEX DIRTY"), "*0\r\n");
	process.stop();
	let closing = hooked.wait_for("namespace-closing default");
	assert_eq!(file_name(closing.split(' ').nth(2).unwrap()), "segment-00000002.log");
	let log = hooked.log();
	let place = |name: &str| log.iter().position(|line| line.starts_with(name)).unwrap();
	assert!(place("namespaces-init") < place("ready") && place("ready") < place("jump-index"));
	assert!(place("close") < place("namespace-closing"), "{log:?}");
	let namespaces = hooked.data().join("namespaces").display().to_string();
	assert_eq!(log[0], format!("namespaces-init {namespaces} {namespaces}"));
}

#[test]
fn no_client_waits_for_a_hook() {
	let hooked = Hooked::new("case \"$name\" in namespace-*|jump-*) exec sleep 5;; esac");
	let process = hooked.start();
	let mut client = process.connect();
	let started = Instant::now();
	for number in 0..20 {
		client.text(&format!("NSNEW name-{number}"));
		client.text(&format!("SET key {number}"));
		client.text("NSJUMP");
	}
	// Waiting for them would have taken five minutes.
	assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
	process.kill();
}

#[test]
fn a_crash_is_told() {
	let hooked = Hooked::new("exit 0");
	let process = hooked.start();
	process.connect().text("SET key value");
	process.signal("SEGV");
	hooked.wait_for("crash");
	process.kill();
	let process = hooked.start();
	assert_eq!(process.connect().text("GET key"), "$5\r\nvalue\r\n");
	process.stop();
}

/// Where a test keeps segments that are missing: the program brings what it finds there.
const BRINGS: &str = "[ \"$name\" = missing-data ] || exit 0\n[ -e \"$here/slow\" ] && sleep 2\ncp \"$here/spare/${1##*/}\" \"$1\"";

/// A server's directory of three segments and more, of which `lost` were moved away.
fn with_lost(hooked: &Hooked, lost: &[u32]) -> PathBuf {
	let process = hooked.start();
	let mut client = process.connect();
	for number in 0..12 {
		client.text(&format!("SET key-{number} {}", "v".repeat(1000)));
	}
	process.stop();
	let spare = hooked.dir.path().join("spare");
	fs::create_dir(&spare).unwrap();
	let home = hooked.data().join("namespaces/default");
	for number in lost {
		let name = format!("segment-{number:08}.log");
		fs::rename(home.join(&name), spare.join(&name)).unwrap();
	}
	spare
}

#[test]
fn a_missing_segment_is_asked_for_before_clients_are_served() {
	let hooked = Hooked::new(BRINGS);
	with_lost(&hooked, &[0, 2]);
	let process = hooked.start();
	let mut client = process.connect();
	assert_eq!(client.text("DBSIZE"), ":12\r\n");
	assert!(client.text("GET key-0").starts_with("$1000\r\n"));
	let asked: Vec<_> = hooked.log().into_iter().filter(|line| line.contains("missing")).collect();
	let home = hooked.data().join("namespaces/default");
	let line = |number: u32| format!("missing-data {}/segment-{number:08}.log", home.display());
	assert_eq!(asked, [line(0), line(2)]);
	process.stop();
}

#[test]
fn one_that_does_not_come_is_asked_for_again_when_the_namespace_is_opened_anew() {
	let hooked = Hooked::new(BRINGS);
	let spare = with_lost(&hooked, &[0, 1]);
	let hidden = spare.with_file_name("hidden");
	fs::rename(&spare, &hidden).unwrap();
	let process = hooked.start();
	let mut client = process.connect();
	let asked = || hooked.log().iter().filter(|line| line.contains("missing")).count();
	assert_eq!(asked(), 1, "who does not bring the first is not asked for the second");
	assert_eq!(client.text("GET key-0"), "$-1\r\n");
	fs::rename(&hidden, &spare).unwrap();
	fs::write(hooked.dir.path().join("slow"), "").unwrap();
	client.text("NSNEW other");
	let mut other = process.connect();
	other.text("SELECT other");
	let reload = std::thread::spawn(move || (client.text("RELOAD default"), client));
	while asked() < 2 {
		std::thread::sleep(Duration::from_millis(5));
	}
	let started = Instant::now();
	for number in 0..50 {
		other.text(&format!("SET key {number}"));
	}
	// Two segments take four seconds to come.
	assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
	let (reply, mut client) = reload.join().unwrap();
	assert_eq!((reply.as_str(), asked()), ("+OK\r\n", 3));
	assert_eq!(client.text("DBSIZE"), ":12\r\n");
	process.stop();
}
