//! Commands beyond plain reading and writing: scans both ways, versions, challenges, waiting, mirroring, compaction.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod support;

use sha1::{Digest, Sha1};
use std::time::{Duration, Instant};
use support::{bulk, Client, Process};

fn server(arguments: &[&str]) -> (tempfile::TempDir, Process) {
	let dir = tempfile::tempdir().unwrap();
	let process = Process::start(dir.path(), arguments);
	(dir, process)
}

/// The bulk strings of a reply, in their order.
fn strings(reply: &[u8]) -> Vec<Vec<u8>> {
	let mut found = Vec::new();
	let mut rest = reply;
	while let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") {
		let (line, behind) = (&rest[..end], &rest[end + 2..]);
		rest = behind;
		if line[0] == b'$' && line != b"$-1" {
			let len: usize = std::str::from_utf8(&line[1..]).unwrap().parse().unwrap();
			found.push(rest[..len].to_vec());
			rest = &rest[len + 2..];
		}
	}
	found
}

/// All keys that a scanning command answers, page after page.
fn scanned(client: &mut Client, command: &str) -> Vec<String> {
	let mut keys = Vec::new();
	let mut cursor: Option<Vec<u8>> = None;
	loop {
		let mut args: Vec<&[u8]> = vec![command.as_bytes()];
		args.extend(cursor.as_deref());
		let reply = client.call(&args);
		if reply == b"-No more data\r\n" {
			return keys;
		}
		let found = strings(&reply);
		keys.extend(found[1..].iter().map(|key| String::from_utf8_lossy(key).into_owned()));
		cursor = Some(found[0].clone());
	}
}

#[test]
fn scans_go_both_ways_over_segments_and_deletions() {
	let (_dir, process) = server(&["--segment-bytes", "4096"]);
	let mut client = process.connect();
	for number in 0..400 {
		client.text(&format!("SET key-{number:03} {}", "v".repeat(number % 90)));
	}
	for number in (0..400).step_by(3) {
		assert_eq!(client.text(&format!("DEL key-{number:03}")), "+OK\r\n");
	}
	client.text("SET key-001 again");
	let forward = scanned(&mut client, "SCAN");
	assert_eq!(forward.len(), 266);
	assert_eq!(forward.last().unwrap(), "key-001");
	let mut backward = scanned(&mut client, "RSCAN");
	backward.reverse();
	assert_eq!(backward, forward);
	// A key's own cursor is where a scan goes on.
	let cursor = strings(&client.call(&[b"KEYCUR", b"key-200"]))[0].clone();
	let next = strings(&client.call(&[b"SCAN", &cursor]));
	assert_eq!(next[1], b"key-202");
	let before = strings(&client.call(&[b"RSCAN", &cursor]));
	assert_eq!(before[1], b"key-199");
	assert_eq!(client.text("KEYCUR key-000"), "-Key not found\r\n");
	let found = strings(&client.call(&[b"KSCAN", b"key-39"]));
	assert_eq!((found[0].as_slice(), found.len()), (b"0".as_slice(), 1 + 6));
	assert_eq!(client.text("KSCAN nobody"), "-No keys match\r\n");
	process.stop();
}

#[test]
fn sequential_namespaces_are_scanned_backwards_by_id() {
	let (_dir, process) = server(&[]);
	let mut client = process.connect();
	client.text("NSNEW seq");
	client.text("NSSET seq mode seq");
	client.text("SELECT seq");
	let ids: Vec<Vec<u8>> =
		(0..5).map(|_| strings(&client.call(&[b"SET", b"", b"value"]))[0].clone()).collect();
	client.call(&[b"SET", &ids[1], b"newer"]);
	client.call(&[b"DEL", &ids[3]]);
	let back = strings(&client.call(&[b"RSCAN"]));
	assert_eq!(back[1..], [ids[4].clone(), ids[2].clone(), ids[1].clone(), ids[0].clone()]);
	assert!(client.text("KSCAN a").starts_with("-Index running mode"));
	process.stop();
}

#[test]
fn history_leads_from_version_to_version() {
	let (dir, process) = server(&[]);
	let mut client = process.connect();
	for (number, value) in ["one", "two", "three"].iter().enumerate() {
		client.text(&format!("SET key {value} {}", 100 + number));
	}
	let mut versions = Vec::new();
	let mut reply = strings(&client.call(&[b"HISTORY", b"key"]));
	while reply.len() == 3 {
		versions.push((reply[1].clone(), reply[2].clone()));
		reply = strings(&client.call(&[b"HISTORY", b"key", &reply[0]]));
	}
	versions.push((reply[0].clone(), reply[1].clone()));
	let expected = [("102", "three"), ("101", "two"), ("100", "one")];
	let expected = expected.map(|(time, value)| (time.into(), value.into()));
	assert_eq!(versions, expected);
	assert_eq!(client.text("HISTORY none"), "-Key not found\r\n");
	assert_eq!(client.text("HISTORY key short"), "-Invalid arguments\r\n");
	assert_eq!(client.call(&[b"HISTORY", b"key", &[0; 8]]), b"-No more history\r\n");
	assert_eq!(
		client.call(&[b"HISTORY", b"key", &[9; 8]]),
		b"-Invalid arguments (index query)\r\n"
	);
	client.text("SET other value");
	let cursor = strings(&client.call(&[b"HISTORY", b"key"]))[0].clone();
	assert_eq!(
		client.call(&[b"HISTORY", b"other", &cursor]),
		b"-Invalid arguments (invalid key)\r\n"
	);
	// A deleted key starts anew, and a restart forgets nothing.
	client.text("DEL key");
	client.text("SET key fresh");
	process.stop();
	let process = Process::start(dir.path(), &[]);
	let mut client = process.connect();
	assert_eq!(strings(&client.call(&[b"HISTORY", b"key"])).len(), 2, "no older version");
	assert_eq!(strings(&client.call(&[b"HISTORY", b"other"]))[1], b"value");
	process.stop();
}

fn answer(nonce: &str, password: &str) -> String {
	let hash = Sha1::digest(format!("{}:{password}", nonce.trim().trim_start_matches('+')));
	hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_password_is_proven_without_being_sent() {
	let (dir, process) = server(&["--admin", "root word"]);
	let mut client = process.connect();
	assert_eq!(client.text("NSNEW a"), "-Permission denied\r\n");
	assert_eq!(
		client.text(&format!("AUTH SECURE {}", "0".repeat(40))),
		"-No CHALLENGE requested, secure authentication not available\r\n"
	);
	assert_eq!(client.text("AUTH OTHER x"), "-Only SECURE extra method supported\r\n");
	let nonce = client.text("AUTH SECURE CHALLENGE");
	assert_eq!(nonce.trim().len(), 17, "{nonce}");
	assert_eq!(client.text("AUTH SECURE abc"), "-Invalid hash length\r\n");
	let right = answer(&nonce, "root word");
	assert_eq!(client.text(&format!("auth secure {right}")), "+OK\r\n");
	assert_eq!(client.text("NSNEW a"), "+OK\r\n");
	client.text("NSSET a password secret");
	client.text("NSSET a public 0");
	// Replayed, it opens nothing: a challenge is answered once.
	assert!(client.text(&format!("AUTH SECURE {right}")).starts_with("-No CHALLENGE"));
	process.stop();
	// The password survives a restart, and is not in the files in clear.
	for file in ["namespaces/a/config", "secret"] {
		let bytes = std::fs::read(dir.path().join(file)).unwrap();
		assert!(!bytes.windows(6).any(|window| window == b"secret"), "{file}");
	}
	let process = Process::start(dir.path(), &[]);
	let mut client = process.connect();
	assert_eq!(client.text("SELECT a"), "-Namespace protected and private\r\n");
	let nonce = client.text("AUTH SECURE CHALLENGE");
	let wrong = answer(&nonce, "guess");
	assert_eq!(client.text(&format!("SELECT a SECURE {wrong}")), "-Access denied\r\n");
	let nonce = client.text("AUTH SECURE CHALLENGE");
	let right = answer(&nonce, "secret");
	assert_eq!(client.text(&format!("SELECT a SECURE {right}")), "+OK\r\n");
	assert_eq!(client.text("SET key value"), "$3\r\nkey\r\n");
	process.stop();
}

#[test]
fn a_wait_ends_with_anothers_command_or_with_its_time() {
	let (_dir, process) = server(&[]);
	let (mut waiter, mut other) = (process.connect(), process.connect());
	waiter.send(&support::encode(&[b"WAIT", b"set", b"20000"]));
	std::thread::sleep(Duration::from_millis(200));
	other.text("GET key");
	assert_eq!(other.text("NSNEW elsewhere"), "+OK\r\n");
	let mut third = process.connect();
	third.text("SELECT elsewhere");
	third.text("SET key value");
	// Replies to what the waiting client sends meanwhile come as usual.
	waiter.send(&support::encode(&[b"PING"]));
	assert_eq!(waiter.reply(), b"+PONG\r\n");
	assert_eq!(
		other.text("SET key"),
		"-Unexpected arguments\r\n",
		"a refused command tells nobody"
	);
	other.text("SET key value");
	assert_eq!(waiter.reply(), b"+SET\r\n");
	let started = Instant::now();
	assert_eq!(waiter.text("WAIT * 300"), "-Timeout\r\n");
	assert!(started.elapsed() >= Duration::from_millis(290));
	assert_eq!(waiter.text("WAIT nonsense"), "-Unknown command to watch\r\n");
	assert_eq!(waiter.text("WAIT SET 99"), "-Invalid timeout\r\n");
	assert_eq!(waiter.text("WAIT"), "-Invalid arguments\r\n");
	process.stop();
}

#[test]
fn a_mirror_sees_every_command_and_no_password() {
	let (_dir, process) = server(&["--admin", "root"]);
	let (mut mirror, mut other) = (process.connect(), process.connect());
	assert_eq!(mirror.text("MIRROR"), "-Permission denied\r\n");
	mirror.text("AUTH root");
	assert_eq!(mirror.text("MIRROR"), "+Starting mirroring\r\n");
	other.text("SET key value");
	let seen = strings(&mirror.reply());
	assert_eq!(seen, [b"default".to_vec(), b"SET".to_vec(), b"key".to_vec(), b"value".to_vec()]);
	other.text("AUTH root");
	let seen = strings(&mirror.reply());
	assert_eq!(seen[2], b"(hidden)");
	other.text("NSNEW a");
	mirror.reply();
	other.text("NSSET a password hush");
	let seen = strings(&mirror.reply());
	assert!(!seen.contains(&b"hush".to_vec()), "{seen:?}");
	// Its own commands are answered and not mirrored.
	assert_eq!(mirror.text("PING"), "+PONG\r\n");
	process.stop();
}

#[test]
fn flush_empties_a_private_namespace_only() {
	let (dir, process) = server(&[]);
	let mut client = process.connect();
	assert_eq!(client.text("FLUSH"), "-Flushing public namespace denied\r\n");
	client.text("NSNEW a");
	client.text("NSSET a password secret");
	client.text("NSSET a public 0");
	assert_eq!(client.text("SELECT a secret"), "+OK\r\n");
	client.text("SET key value");
	client.text("NSSET a lock 1");
	assert!(client.text("FLUSH").contains("locked"));
	client.text("NSSET a lock 0");
	assert_eq!(client.text("FLUSH"), "+OK\r\n");
	assert_eq!(client.text("DBSIZE"), ":0\r\n");
	client.text("SET key newer");
	process.stop();
	let process = Process::start(dir.path(), &[]);
	let mut client = process.connect();
	client.text("SELECT a secret");
	assert_eq!(client.text("GET key"), "$5\r\nnewer\r\n");
	process.stop();
}

#[test]
fn segments_are_left_listed_and_read_raw() {
	let (_dir, process) = server(&[]);
	let mut client = process.connect();
	client.text("SET key one 77");
	assert_eq!(client.text("NSJUMP"), "+OK\r\n");
	assert_eq!(client.text("NSJUMP"), "+OK\r\n", "an empty segment is not left");
	client.text("SET key two 78");
	client.text("DEL key");
	assert_eq!(client.text("INDEX DIRTY"), "*2\r\n:0\r\n:1\r\n");
	assert_eq!(client.text("INDEX DIRTY RESET"), "+OK\r\n");
	assert_eq!(client.text("INDEX DIRTY"), "*0\r\n");
	assert_eq!(client.text("INDEX OTHER"), "-Unknown INDEX subcommand\r\n");
	let raw = client.text("DATA RAW 1 32");
	let crc = crc32c::crc32c(b"two");
	let expected =
		format!("*6\r\n$3\r\nkey\r\n:0\r\n$10\r\n0x{crc:08x}\r\n:0\r\n:78\r\n$3\r\ntwo\r\n");
	assert_eq!(raw, expected);
	// The tombstone follows 48 bytes of header, the key and the value.
	let tombstone = client.text(&format!("DATA RAW 1 {}", 32 + 48 + 3 + 3));
	assert!(
		tombstone.starts_with("*6\r\n$3\r\nkey\r\n:32\r\n$10\r\n0x00000000\r\n:1\r\n"),
		"{tombstone}"
	);
	assert!(tombstone.ends_with("$-1\r\n"));
	assert_eq!(client.text("DATA RAW 1 100000"), "-EOF\r\n");
	assert_eq!(client.text("DATA RAW 9 32"), "-Invalid Request\r\n");
	assert_eq!(client.text("DATA RAW 1 33"), "-Unexpected Internal Error\r\n");
	process.stop();
}

#[test]
fn compaction_gives_space_back_and_keeps_what_lives() {
	let (dir, process) = server(&["--segment-bytes", "65536"]);
	let mut client = process.connect();
	client.text("NSNEW seq");
	client.text("NSSET seq mode seq");
	// Or the background thread leaves nothing to do on a slow machine.
	client.text("COMPACT STOP");
	let value = "v".repeat(1000);
	for round in 0..20 {
		for key in 0..50 {
			client.text(&format!("SET key-{key} {round}-{value}"));
		}
	}
	for key in 40..50 {
		client.text(&format!("DEL key-{key}"));
	}
	client.text("SELECT seq");
	let id = strings(&client.call(&[b"SET", b"", value.as_bytes()]))[0].clone();
	for round in 0..100 {
		client.call(&[b"SET", &id, format!("{round}{value}").as_bytes()]);
	}
	let next_before = strings(&client.call(&[b"SET", b"", b"x"]))[0].clone();
	let disk = |client: &mut Client, name: &str| -> u64 {
		let info = client.text(&format!("NSINFO {name}"));
		let line = info.lines().find(|line| line.starts_with("disk_size_bytes: ")).unwrap();
		line.trim_start_matches("disk_size_bytes: ").trim().parse().unwrap()
	};
	let before = disk(&mut client, "default");
	client.text("SELECT default");
	let freed = client.text("COMPACT NOW");
	assert!(freed.starts_with(':') && freed != ":0\r\n", "{freed}");
	let after = disk(&mut client, "default");
	assert!(after < before / 4, "{before} bytes before, {after} after");
	client.text("SELECT seq");
	client.text("COMPACT NOW");
	let check = |client: &mut Client| {
		client.text("SELECT default");
		assert_eq!(client.text("DBSIZE"), ":40\r\n");
		for key in 0..40 {
			assert_eq!(client.text(&format!("GET key-{key}")), format!("$1003\r\n19-{value}\r\n"));
		}
		assert_eq!(client.text("GET key-45"), "$-1\r\n");
		assert_eq!(scanned(client, "SCAN").len(), 40);
		assert_eq!(scanned(client, "RSCAN").len(), 40);
		client.text("SELECT seq");
		assert_eq!(client.call(&[b"GET", &id]), bulk(format!("99{value}").as_bytes()));
	};
	check(&mut client);
	process.stop();
	let process = Process::start(dir.path(), &["--segment-bytes", "65536"]);
	assert!(process.recovery.is_empty(), "{:?}", process.recovery);
	let mut client = process.connect();
	check(&mut client);
	// Copies consume no ids.
	let next = strings(&client.call(&[b"SET", b"", b"y"]))[0].clone();
	let number = |id: &[u8]| u64::from_le_bytes(id.try_into().unwrap());
	assert_eq!(number(&next), number(&next_before) + 1);
	process.stop();
}

#[test]
fn ranges_batches_and_the_third_protocol() {
	let (_dir, process) = server(&[]);
	let mut client = process.connect();
	assert_eq!(client.text("MSET a 1 b 2 c 345678"), "+OK\r\n");
	assert_eq!(client.text("MSET a"), "-Unexpected arguments\r\n");
	assert_eq!(client.text("MGET a b"), "*2\r\n$1\r\n1\r\n$1\r\n2\r\n");
	assert_eq!(client.text("GETRANGE c 1 3"), "$3\r\n456\r\n");
	assert_eq!(client.text("GETRANGE c -2 -1"), "$2\r\n78\r\n");
	assert_eq!(client.text("GETRANGE c 4 900"), "$2\r\n78\r\n");
	assert_eq!(client.text("GETRANGE c 9 12"), "$0\r\n\r\n");
	assert_eq!(client.text("GETRANGE none 0 1"), "$0\r\n\r\n");
	assert!(client.text("GETRANGE c x 1").starts_with("-ERR value is not an integer"));
	client.send(&support::encode(&[b"HELLO", b"3"]));
	let mut hello = vec![0; 4];
	std::io::Read::read_exact(&mut client.stream, &mut hello).unwrap();
	assert_eq!(hello, b"%7\r\n");
	process.stop();
}

#[test]
fn only_an_administrator_stops_the_server() {
	let (_dir, process) = server(&["--admin", "root"]);
	let mut client = process.connect();
	assert_eq!(client.text("STOP"), "-Unauthorized\r\n");
	client.text("AUTH root");
	assert_eq!(client.text("STOP"), "+Stopping\r\n");
	assert!(client.rest().is_empty());
	process.stop();
}

#[test]
fn hooks_are_told_of_events() {
	use std::os::unix::fs::PermissionsExt;
	let dir = tempfile::tempdir().unwrap();
	let (program, log) = (dir.path().join("hook"), dir.path().join("log"));
	std::fs::write(&program, format!("#!/bin/sh\necho \"$1 $3\" >>{}\n", log.display())).unwrap();
	std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
	let process = Process::start(&dir.path().join("data"), &["--hook", program.to_str().unwrap()]);
	let mut client = process.connect();
	client.text("NSNEW a");
	client.text("NSSET a worm 1");
	client.text("RELOAD a");
	client.text("NSDEL a");
	let all = [
		"ready",
		"namespace-created a",
		"namespace-updated a",
		"namespace-reloaded a",
		"namespace-deleted a",
	];
	let deadline = Instant::now() + Duration::from_secs(10);
	loop {
		let told = std::fs::read_to_string(&log).unwrap_or_default();
		if all.iter().all(|event| told.contains(event)) {
			break;
		}
		assert!(Instant::now() < deadline, "{told}");
		std::thread::sleep(Duration::from_millis(50));
	}
	let listed = client.text("HOOKS");
	assert!(listed.contains("namespace-created"), "{listed}");
	process.stop();
	assert!(std::fs::read_to_string(&log).unwrap().contains("close"));
}

#[test]
fn a_scrub_finds_a_flipped_byte() {
	let (dir, process) = server(&[]);
	let mut client = process.connect();
	// Longer than what stays in memory once it is written.
	let long = "x".repeat(2000);
	for number in 0..20 {
		client.text(&format!("SET key-{number} value-{number}-{long}"));
	}
	assert!(client.text("SCRUB").starts_with("*2\r\n:20\r\n"));
	let path = dir.path().join("namespaces/default/segment-00000000.log");
	let mut bytes = std::fs::read(&path).unwrap();
	let place = bytes.windows(7).position(|window| window == b"value-7").unwrap();
	bytes[place] ^= 1;
	std::fs::write(&path, bytes).unwrap();
	let report = client.text("SCRUB");
	assert!(report.starts_with("*3\r\n:19\r\n"), "{report}");
	assert!(report.contains("segment-00000000.log"));
	assert_eq!(client.text("GET key-7"), "-Internal Error\r\n", "damage is never served");
	assert_eq!(client.text("CHECK key-7"), ":0\r\n");
	process.stop();
}

#[test]
fn slow_commands_are_listed_without_passwords() {
	let (_dir, process) = server(&[]);
	let mut client = process.connect();
	assert_eq!(client.text("SLOWLOG LEN"), ":0\r\n");
	assert_eq!(client.text("SLOWLOG GET"), "*0\r\n");
	assert_eq!(client.text("SLOWLOG RESET"), "+OK\r\n");
	assert_eq!(client.text("SLOWLOG WHAT"), "-Unknown SLOWLOG subcommand\r\n");
	process.stop();
}
