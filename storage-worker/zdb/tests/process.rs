//! A real process with real clients: redis-cli, redis-benchmark, `kill -9`.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod support;

use granary_zdb::{Store, StoreOptions};
use std::{
	io::{Read, Write},
	os::unix::net::UnixStream,
	process::Command,
	time::Duration,
};
use support::{bulk, encode, Process};

#[test]
fn redis_cli_feels_at_home() {
	let dir = tempfile::tempdir().unwrap();
	let process = Process::start(dir.path(), &[]);
	assert_eq!(process.redis_cli(&["PING"]), "PONG");
	assert_eq!(process.redis_cli(&["SET", "key", "value"]), "key");
	assert_eq!(process.redis_cli(&["GET", "key"]), "value");
	assert_eq!(process.redis_cli(&["CONFIG", "GET", "save"]), "save");
	assert_eq!(process.redis_cli(&["CLIENT", "SETNAME", "me"]), "OK");
	assert!(process.redis_cli(&["HELLO"]).contains("granary-zdb"));
	assert!(process.redis_cli(&["HELLO", "4"]).contains("NOPROTO"));
	let info = process.redis_cli(&["INFO"]);
	for line in ["server_name: granary-zdb", "redis_version:7.0.0", "db0:keys=1", "aof_enabled:1"] {
		assert!(info.contains(line), "{line} is missing in {info}");
	}
	assert_eq!(process.redis_cli(&["TIME"]).lines().count(), 2);
	process.stop();
}

#[test]
fn redis_benchmark_runs_without_a_complaint() {
	let dir = tempfile::tempdir().unwrap();
	let process = Process::start(dir.path(), &[]);
	let port = process.address.port().to_string();
	let output = Command::new("redis-benchmark")
		.args(["-h", "127.0.0.1", "-p", &port, "-t", "set,get", "-n", "2000", "-P", "4", "--csv"])
		.output()
		.expect("redis-benchmark is needed: apt-get install redis-tools");
	let text = String::from_utf8(output.stdout).unwrap();
	assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
	assert!(!text.contains("WARN") && !text.contains("rror"), "{text}");
	assert_eq!(text.lines().count(), 3, "{text}");
}

#[test]
fn a_batch_that_has_to_wait_for_the_disk_stores_its_first_values_once() {
	let dir = tempfile::tempdir().unwrap();
	let process = Process::start(dir.path(), &[]);
	process.redis_cli(&["SET", "old", "value"]);
	process.stop();
	let process = Process::start(dir.path(), &[]);
	// The kernel forgets the record that MSET has to look at after it has stored its first pair.
	let segment = dir.path().join("namespaces/default/segment-00000000.log");
	let forgotten = Command::new("dd")
		.arg(format!("of={}", segment.display()))
		.args(["oflag=nocache", "conv=notrunc,fdatasync", "count=0", "status=none"])
		.status();
	assert!(forgotten.unwrap().success());
	assert_eq!(process.redis_cli(&["MSET", "new", "1", "old", "2", "newer", "3"]), "OK");
	assert_eq!(process.redis_cli(&["MGET", "new", "old", "newer"]), "1\n2\n3");
	let info = process.redis_cli(&["NSINFO", "default"]);
	let line = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)).unwrap();
	assert_eq!(line("stats_writes: "), "3", "{info}");
	process.stop();
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
	for round in 0..4_u64 {
		let dir = tempfile::tempdir().unwrap();
		let process = Process::start(dir.path(), &["--segment-bytes", "65536"]);
		let address = process.address;
		let writers: Vec<_> = (0..4_u32)
			.map(|writer| {
				std::thread::spawn(move || {
					let mut client = support::Client::connect(address);
					let mut acknowledged = 0;
					for number in 0_u32.. {
						let key = format!("{writer}-{number}");
						let request = encode(&[b"SET", key.as_bytes(), &value(writer, number)]);
						let expected = bulk(key.as_bytes());
						let mut reply = vec![0; expected.len()];
						let sent = client.stream.write_all(&request);
						if sent.and_then(|()| client.stream.read_exact(&mut reply)).is_err() {
							break;
						}
						assert_eq!(reply, expected);
						acknowledged = number + 1;
					}
					acknowledged
				})
			})
			.collect();
		std::thread::sleep(Duration::from_millis(150 + 40 * round));
		process.kill();
		let acknowledged: Vec<u32> =
			writers.into_iter().map(|writer| writer.join().unwrap()).collect();
		assert!(acknowledged.iter().all(|count| *count > 10), "{acknowledged:?}");
		let options = StoreOptions { segment_bytes: 65536, ..StoreOptions::new(dir.path()) };
		let store = Store::open(options).unwrap();
		assert!(store.recovery_report().damaged.is_empty());
		let namespace = store.namespace("default").unwrap();
		for (writer, count) in (0..).zip(acknowledged) {
			for number in 0..count {
				let found = namespace.get(format!("{writer}-{number}").as_bytes()).unwrap();
				assert_eq!(found, Some(value(writer, number)), "{writer}-{number} of {count}");
			}
		}
	}
}

fn value(writer: u32, number: u32) -> Vec<u8> {
	[writer.to_le_bytes(), number.to_le_bytes()].concat().repeat(1 + number as usize % 60)
}

#[test]
fn every_durability_serves() {
	for sync in ["always", "everysec", "os"] {
		let dir = tempfile::tempdir().unwrap();
		let process = Process::start(dir.path(), &["--sync", sync]);
		let mut client = process.connect();
		for number in 0..50 {
			let key = format!("key-{number}");
			assert_eq!(client.call(&[b"SET", key.as_bytes(), b"v"]), bulk(key.as_bytes()));
		}
		process.kill();
		let process = Process::start(dir.path(), &["--sync", sync]);
		assert_eq!(process.connect().text("DBSIZE"), ":50\r\n", "{sync}");
	}
}

#[test]
fn a_torn_tail_is_reported_at_the_start() {
	let dir = tempfile::tempdir().unwrap();
	let process = Process::start(dir.path(), &[]);
	process.connect().text("SET key value");
	process.stop();
	let path = dir.path().join("namespaces/default/segment-00000000.log");
	let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
	file.write_all(&[9; 50]).unwrap();
	let process = Process::start(dir.path(), &[]);
	assert_eq!(process.recovery.len(), 1);
	assert!(process.recovery[0].contains("cut a torn tail of 50 bytes"), "{:?}", process.recovery);
	assert_eq!(process.connect().text("GET key"), "$5\r\nvalue\r\n");
}

#[test]
fn a_unix_socket_is_served_and_a_dead_one_replaced() {
	let dir = tempfile::tempdir().unwrap();
	let socket = dir.path().join("zdb.sock");
	let arguments = ["--unix", socket.to_str().unwrap()];
	let data = dir.path().join("data");
	// Killed, so that the socket stays behind.
	Process::start(&data, &arguments).kill();
	assert!(socket.exists());
	let process = Process::start(&data, &arguments);
	let mut stream = UnixStream::connect(&socket).unwrap();
	stream.write_all(&encode(&[b"PING"])).unwrap();
	let mut reply = [0; 7];
	stream.read_exact(&mut reply).unwrap();
	assert_eq!(&reply, b"+PONG\r\n");
	process.stop();
	assert!(!socket.exists());
}

#[test]
fn stopping_lets_idle_clients_go() {
	let dir = tempfile::tempdir().unwrap();
	let process = Process::start(dir.path(), &[]);
	let mut idle = process.connect();
	assert_eq!(idle.text("PING"), "+PONG\r\n");
	let started = std::time::Instant::now();
	process.stop();
	assert!(started.elapsed() < Duration::from_secs(3));
	assert_eq!(idle.rest(), b"");
}

/// A bind mount that takes no writes, as long as it lives.
struct ReadOnly(std::path::PathBuf);

impl ReadOnly {
	fn mount(of: &std::path::Path, at: &std::path::Path) -> Self {
		std::fs::create_dir_all(at).unwrap();
		let mount = |arguments: &[&std::ffi::OsStr]| {
			let status = Command::new("mount").args(arguments).status().unwrap();
			assert!(status.success(), "mounting needs root, as the tests of mounts do");
		};
		mount(&["--bind".as_ref(), of.as_os_str(), at.as_os_str()]);
		mount(&["-o".as_ref(), "remount,bind,ro".as_ref(), at.as_os_str()]);
		Self(at.to_owned())
	}
}

impl Drop for ReadOnly {
	fn drop(&mut self) {
		let _ = Command::new("umount").arg(&self.0).status();
	}
}

#[test]
fn a_read_only_file_system_is_served_for_reading() {
	let dir = tempfile::tempdir().unwrap();
	let (data, at) = (dir.path().join("data"), dir.path().join("at"));
	let process = Process::start(&data, &[]);
	let mut client = process.connect();
	client.text("SET key value");
	process.stop();
	// Half of a record, as a crash leaves it.
	let segment = data.join("namespaces/default/segment-00000000.log");
	let mut bytes = std::fs::read(&segment).unwrap();
	bytes.extend_from_slice(&[7; 30]);
	std::fs::write(&segment, &bytes).unwrap();
	let mounted = ReadOnly::mount(&data, &at);
	let process = Process::start(&at, &[]);
	let mut client = process.connect();
	assert_eq!(client.text("GET key"), "$5\r\nvalue\r\n");
	assert!(client.text("SCAN").contains("key"));
	assert_eq!(client.text("SET key other"), "-Namespace is in read-only mode\r\n");
	assert_eq!(client.text("DEL key"), "-Namespace is in read-only mode\r\n");
	assert_eq!(client.text("NSNEW a"), "-Could not create namespace\r\n");
	process.stop();
	drop(mounted);
	assert_eq!(std::fs::read(&segment).unwrap(), bytes, "nothing was touched");
}
