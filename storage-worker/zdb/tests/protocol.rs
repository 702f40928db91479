//! The server on the wire: exact bytes, limits, access.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod support;

use std::{
	io::Write,
	net::Shutdown,
	time::{Duration, Instant},
};
use support::{bulk, encode, Client, Process};

fn server(arguments: &[&str]) -> (tempfile::TempDir, Process) {
	let dir = tempfile::tempdir().unwrap();
	let process = Process::start(dir.path(), arguments);
	(dir, process)
}

#[test]
fn data_commands_answer_as_zdb() {
	let (_dir, process) = server(&[]);
	let mut client = process.connect();
	assert_eq!(client.text("SET key value"), "$3\r\nkey\r\n");
	assert_eq!(client.text("setx key value"), "$-1\r\n");
	assert_eq!(client.text("SET key other 1234"), "$3\r\nkey\r\n");
	assert_eq!(client.text("KEYTIME key"), ":1234\r\n");
	assert_eq!(client.text("GET key"), "$5\r\nother\r\n");
	assert_eq!(client.text("GET none"), "$-1\r\n");
	assert_eq!(client.text("MGET key none key"), "*3\r\n$5\r\nother\r\n$-1\r\n$5\r\nother\r\n");
	assert_eq!(client.text("EXISTS key"), ":1\r\n");
	assert_eq!(client.text("EXISTS none"), ":0\r\n");
	assert_eq!(client.text("LENGTH key"), ":5\r\n");
	assert_eq!(client.text("LENGTH none"), "$-1\r\n");
	assert_eq!(client.text("CHECK key"), ":1\r\n");
	assert_eq!(client.text("CHECK none"), "$-1\r\n");
	assert_eq!(client.text("KEYTIME none"), "$-1\r\n");
	assert_eq!(client.text("DBSIZE"), ":1\r\n");
	assert_eq!(client.text("DEL key"), "+OK\r\n");
	assert_eq!(client.text("DEL key"), "-Key not found\r\n");
	assert_eq!(client.text("SCAN"), "-No more data\r\n");
	assert_eq!(client.text("SCAN short"), "-Invalid key format\r\n");
	assert_eq!(client.call(&[b"SET", b"empty", b""]), bulk(b"empty"));
	assert_eq!(client.text("GET empty"), "$0\r\n\r\n");
	let long = vec![b'k'; 256];
	assert_eq!(client.call(&[b"SET", &long, b"v"]), b"-Key too large\r\n");
	assert_eq!(client.call(&[b"GET", &long]), b"-Invalid key\r\n");
	assert_eq!(client.call(&[b"SET", b"", b"v"]), b"-Invalid argument, key needed\r\n");
	assert_eq!(client.call(&[b"GET", b""]), b"-Invalid argument\r\n");
	assert_eq!(client.text("SET key"), "-Unexpected arguments\r\n");
	assert_eq!(client.text("GET"), "-Unexpected arguments\r\n");
	assert_eq!(client.text("MGET"), "-Invalid arguments\r\n");
	// A prefix is not a command, unlike with 0-db.
	assert_eq!(client.text("GE key"), "-Command not supported\r\n");
	assert_eq!(client.text("AVERYLONGCOMMANDNAME"), "-Command not supported\r\n");
	let value = vec![7; 8 << 20];
	assert_eq!(client.call(&[b"SET", b"big", &value]), bulk(b"big"));
	assert_eq!(client.call(&[b"GET", b"big"]), bulk(&value));
	let keys = vec![b"big".as_slice(); 20];
	let reply = client.call(&[&[b"MGET".as_slice()], keys.as_slice()].concat());
	assert_eq!(reply, b"-The reply is too big, ask for fewer keys at once\r\n");
}

#[test]
fn scan_pages_have_lengths_and_times() {
	let (_dir, process) = server(&[]);
	let mut client = process.connect();
	client.text("SET a 1 10");
	client.text("SET b 22 20");
	client.text("SET a 333 30");
	let reply = client.text("SCAN");
	assert!(reply.starts_with("*2\r\n$17\r\n"));
	let entries = "*2\r\n*3\r\n$1\r\nb\r\n:2\r\n:20\r\n*3\r\n$1\r\na\r\n:3\r\n:30\r\n";
	assert!(reply.ends_with(entries), "{reply}");
	let cursor = client.call(&[b"SCANX"])[9..26].to_vec();
	assert_eq!(client.call(&[b"SCAN", &cursor]), b"-No more data\r\n");
	client.text("DEL a");
	client.text("SET c 1 40");
	let reply = client.call(&[b"SCAN", &cursor]);
	assert!(reply.ends_with(b"*1\r\n*3\r\n$1\r\nc\r\n:1\r\n:40\r\n"));
}

#[test]
fn sequential_mode_on_the_wire() {
	let (_dir, process) = server(&[]);
	let mut client = process.connect();
	assert_eq!(client.text("NSSET default mode seq"), "+OK\r\n");
	let id = |id: u64| bulk(&id.to_le_bytes());
	assert_eq!(client.call(&[b"SET", b"", b"a"]), id(0));
	assert_eq!(client.call(&[b"SET", &0_u64.to_le_bytes(), b"b"]), id(0));
	assert_eq!(client.call(&[b"SET", b"", b"c"]), id(2));
	assert_eq!(client.text("SET key x"), "-Invalid key, only update authorized\r\n");
	assert_eq!(client.text("NSSET default mode user"), "-Cannot change mode of used namespace\r\n");
	assert!(client.text("NSINFO default").contains("next_internal_id: 0x300000000000000\n"));
}

#[test]
fn malformed_requests_are_answered_and_cut_off() {
	let (_dir, process) = server(&["--frame-timeout-ms", "300"]);
	let cases: [(&[u8], &str); 13] = [
		(b"\x16\x03\x01", "-Malformed request, array expected\r\n"),
		(b"SET \"key value\r\n", "-Protocol error: unbalanced quotes in request\r\n"),
		(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "-This is not a web server\r\n"),
		(b"POST / HTTP/1.1\r\n", "-This is not a web server\r\n"),
		(b"host: localhost\r\n", "-This is not a web server\r\n"),
		(b"*0\r\n", "-Missing arguments\r\n"),
		(b"*-5\r\n", "-Malformed request, a length cannot be negative\r\n"),
		(b"*1025\r\n", "-Too many arguments\r\n"),
		(b"*x\r\n", "-Malformed request, a number is expected\r\n"),
		(b"*1\r\n+PING\r\n", "-Malformed query string\r\n"),
		(b"*2\r\n$3\r\nGET\r\n$-2\r\n", "-Malformed request, a length cannot be negative\r\n"),
		(b"*2\r\n$3\r\nSET\r\n$8388609\r\n", "-Payload too big\r\n"),
		(b"*1\r\n$4\r\nPI", "-Timeout, the request is not complete\r\n"),
	];
	for (request, reply) in cases {
		let mut client = process.connect();
		client.send(&encode(&[b"PING"]));
		client.send(request);
		assert_eq!(String::from_utf8(client.rest()).unwrap(), format!("+PONG\r\n{reply}"));
	}
	// Between requests a client may be silent for longer than a request may take.
	let mut client = process.connect();
	std::thread::sleep(Duration::from_millis(500));
	assert_eq!(client.text("PING"), "+PONG\r\n");
	// One that leaves in the middle leaves nothing behind.
	let mut client = process.connect();
	client.send(b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$5\r\nhal");
	client.stream.shutdown(Shutdown::Write).unwrap();
	assert_eq!(client.rest(), b"");
	assert_eq!(process.connect().text("EXISTS a"), ":0\r\n");
}

#[test]
fn commands_can_be_typed() {
	let (_dir, process) = server(&[]);
	let mut client = process.connect();
	// Empty lines have no answer, and lines and arrays may come in turn.
	client.send(b"\r\nPING\r\n\n  set key\t'a \\'word\\'' \n");
	client.send(&encode(&[b"GET", b"key"]));
	client.send(b"SET \"b\\x00\\r\\n\\\"\" \"\"\r\nQUIT\r\n");
	let expected = b"+PONG\r\n$3\r\nkey\r\n$8\r\na 'word'\r\n$5\r\nb\0\r\n\"\r\n+OK\r\n";
	assert_eq!(String::from_utf8_lossy(&client.rest()), String::from_utf8_lossy(expected));
	let mut client = process.connect();
	// The server may close while the line is still being sent.
	let _ = client.stream.write_all(&[b'a'; 70_000]);
	let mut reply = [0; 41];
	std::io::Read::read_exact(&mut client.stream, &mut reply).unwrap();
	assert_eq!(&reply, b"-Protocol error: too big inline request\r\n");
}

#[test]
fn announced_bytes_take_no_memory() {
	let (_dir, process) = server(&[]);
	let resident = |client: &mut Client| -> u64 {
		let info = client.text("INFO memory");
		let line = info.lines().find_map(|line| line.strip_prefix("used_memory_rss:"));
		line.unwrap().parse().unwrap()
	};
	let mut watcher = process.connect();
	let before = resident(&mut watcher);
	let clients: Vec<Client> = (0..200)
		.map(|_| {
			let mut client = process.connect();
			client.send(b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$8388608\r\n");
			client
		})
		.collect();
	std::thread::sleep(Duration::from_millis(300));
	let grown = resident(&mut watcher).saturating_sub(before);
	assert!(grown < 32 << 20, "200 announcements of 8 MiB took {grown} bytes");
	drop(clients);
}

#[test]
fn pipelines_are_answered_in_order_and_at_once() {
	let (_dir, process) = server(&[]);
	let mut client = process.connect();
	let mut request = Vec::new();
	let mut expected = Vec::new();
	for number in 0..5000_u32 {
		let key = format!("key-{number}");
		request.extend(encode(&[b"SET", key.as_bytes(), &[b'v'; 100]]));
		expected.extend(bulk(key.as_bytes()));
		request.extend(encode(&[b"GET", key.as_bytes()]));
		expected.extend(bulk(&[b'v'; 100]));
	}
	let mut writer = client.stream.try_clone().unwrap();
	let sender = std::thread::spawn(move || writer.write_all(&request).unwrap());
	let mut replies = Vec::new();
	for _ in 0..10_000 {
		replies.extend(client.reply());
	}
	sender.join().unwrap();
	assert!(replies == expected);
	// A whole command behind which a part of the next has arrived is answered at once.
	let started = Instant::now();
	client.send(b"*1\r\n$4\r\nPING\r\n*1\r\n$4\r\n");
	assert_eq!(client.reply(), b"+PONG\r\n");
	assert!(started.elapsed() < Duration::from_secs(1));
	client.send(b"ECHO\r\n");
	assert_eq!(client.reply(), b"-Unexpected arguments\r\n");
	client.send(&[encode(&[b"QUIT"]), encode(&[b"PING"])].concat());
	assert_eq!(client.rest(), b"+OK\r\n");
}

#[test]
fn administration_needs_the_password() {
	let (_dir, process) = server(&["--admin", "secret"]);
	let mut admin = process.connect();
	let mut guest = process.connect();
	for command in ["NSNEW a", "NSDEL a", "NSSET a public 1", "SET key value 5", "DEL key 5"] {
		assert_eq!(guest.text(command), "-Permission denied\r\n", "{command}");
	}
	assert_eq!(admin.text("AUTH wrong"), "-Access denied\r\n");
	assert_eq!(admin.text("AUTH"), "-Unexpected arguments\r\n");
	assert_eq!(admin.text("AUTH a b"), "-Only SECURE extra method supported\r\n");
	assert_eq!(admin.text("AUTH secret"), "+OK\r\n");
	assert_eq!(admin.text("NSNEW a"), "+OK\r\n");
	assert_eq!(admin.text("NSNEW a"), "-This namespace is not available\r\n");
	assert_eq!(admin.text("NSNEW default"), "-This name is not allowed\r\n");
	assert_eq!(admin.text("NSNEW .."), "-This name is not allowed\r\n");
	assert_eq!(admin.text(&format!("NSNEW {}", "x".repeat(129))), "-Namespace too long\r\n");
	assert_eq!(admin.text("NSLIST"), "*2\r\n$7\r\ndefault\r\n$1\r\na\r\n");
	// Public and without a password: read-write for all.
	assert_eq!(guest.text("SELECT a"), "+OK\r\n");
	assert_eq!(guest.text("SET key value"), "$3\r\nkey\r\n");
	assert_eq!(admin.text("NSSET a password pass"), "+OK\r\n");
	// Public with a password: read-only without it.
	let mut reader = process.connect();
	assert_eq!(reader.text("SELECT a"), "+OK\r\n");
	assert_eq!(reader.text("GET key"), "$5\r\nvalue\r\n");
	assert_eq!(reader.text("SET key value"), "-Namespace is in read-only mode\r\n");
	assert_eq!(reader.text("DEL key"), "-Namespace is in read-only mode\r\n");
	assert_eq!(reader.text("SELECT a wrong"), "-Access denied\r\n");
	assert_eq!(reader.text("SELECT a pass"), "+OK\r\n");
	assert_eq!(reader.text("SET key other"), "$3\r\nkey\r\n");
	// Private: nothing without it, not even figures.
	assert_eq!(admin.text("NSSET a public 0"), "+OK\r\n");
	let mut stranger = process.connect();
	assert_eq!(stranger.text("SELECT a"), "-Namespace protected and private\r\n");
	assert_eq!(stranger.text("NSINFO a"), "-Permission denied\r\n");
	assert!(reader.text("NSINFO a").contains("name: a\n"));
	assert!(admin.text("NSINFO a").contains("data_current_id: 0\n"));
	assert_eq!(stranger.text("SELECT b"), "-Namespace not found\r\n");
	// Lock, freeze, quota.
	assert_eq!(admin.text("NSSET a lock 1"), "+OK\r\n");
	assert_eq!(reader.text("SET k v"), "-Namespace is temporarily locked (read-only)\r\n");
	assert_eq!(admin.text("NSSET a freeze 1"), "+OK\r\n");
	let frozen = "-Namespace is temporarily frozen (read-write disabled)\r\n";
	for command in ["GET key", "SET k v", "MGET key", "EXISTS key", "SCAN", "CHECK key"] {
		assert_eq!(reader.text(command), frozen, "{command}");
	}
	assert_eq!(admin.text("NSSET a lock 0"), "+OK\r\n");
	assert_eq!(admin.text("NSSET a maxsize 200"), "+OK\r\n");
	let value = "v".repeat(100);
	assert_eq!(reader.text(&format!("SET k2 {value}")), "-No space left on this namespace\r\n");
	assert_eq!(admin.text("NSSET a nothing 1"), "-Invalid property\r\n");
	assert_eq!(admin.text("NSSET default public 1"), "-Cannot update default namespace\r\n");
	// Removal cuts off who is on it.
	assert_eq!(admin.text("NSDEL default"), "-Cannot remove default namespace\r\n");
	assert_eq!(admin.text("NSDEL b"), "-This namespace doesn't exists\r\n");
	assert_eq!(admin.text("NSDEL a"), "+OK\r\n");
	reader.send(&encode(&[b"GET", b"key"]));
	let gone = "-Your active namespace is not available anymore (probably removed).\r\n";
	assert_eq!(reader.rest(), gone.as_bytes());
}

#[test]
fn protected_without_a_password_has_no_administrator() {
	let (_dir, process) = server(&["--protected"]);
	let mut client = process.connect();
	assert_eq!(client.text("NSNEW a"), "-Permission denied\r\n");
	assert_eq!(client.text("AUTH x"), "-Authentication disabled\r\n");
	assert_eq!(client.text("SET a b"), "-Namespace is in read-only mode\r\n");
	assert_eq!(client.text("SELECT default"), "+OK\r\n");
	assert_eq!(client.text("SET a b"), "-Namespace is in read-only mode\r\n");
}

#[test]
fn an_audited_namespace_tells_its_log() {
	let (_dir, process) = server(&[]);
	let mut client = process.connect();
	assert_eq!(client.text("NSLOG"), "-Namespace is not audited\r\n");
	client.text("NSNEW log");
	assert_eq!(client.text("NSSET log audited 1"), "+OK\r\n");
	client.text("SELECT log");
	client.call(&[b"SET", b"a", &[1; 1500]]);
	let mut peaks = granary_por::Peaks::<granary_por::Blake2>::new();
	peaks.push_value(&[1; 1500]);
	let mut expected = b"*4\r\n:3\r\n".to_vec();
	expected.extend(bulk(&peaks.root()));
	peaks.peaks().iter().for_each(|peak| expected.extend(bulk(peak)));
	assert_eq!(client.call(&[b"NSLOG"]), expected);
	assert_eq!(client.text("DEL a"), "-Cannot delete a key when namespace is in worm mode\r\n");
}

#[test]
fn too_many_connections_are_told() {
	let (_dir, process) = server(&["--max-connections", "2"]);
	let mut first = process.connect();
	let mut second = process.connect();
	assert_eq!((first.text("PING"), second.text("PING")), ("+PONG\r\n".into(), "+PONG\r\n".into()));
	assert_eq!(process.connect().rest(), b"-Too many connections\r\n");
	drop(first);
	let started = Instant::now();
	// Its place is free as soon as the server has seen it leave.
	loop {
		let mut third = process.connect();
		third.send(&encode(&[b"PING"]));
		if third.reply() == b"+PONG\r\n" {
			break;
		}
		assert!(started.elapsed() < Duration::from_secs(5));
	}
}
