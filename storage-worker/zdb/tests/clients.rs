//! What clients of other kinds need: accounts that sign in, mirrors between servers, exporters, large values.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod support;

use granary_zdb::sign_in_message;
use schnorrkel::{ExpansionMode, Keypair, MiniSecretKey};
use support::{bulk, Client, Process};

fn server(arguments: &[&str]) -> (tempfile::TempDir, Process) {
	let dir = tempfile::tempdir().unwrap();
	let process = Process::start(dir.path(), arguments);
	(dir, process)
}

fn hex(bytes: &[u8]) -> String {
	bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn pair(seed: u8) -> Keypair {
	MiniSecretKey::from_bytes(&[seed; 32]).unwrap().expand_to_keypair(ExpansionMode::Ed25519)
}

/// A line of INFO, or of NSINFO.
fn figure(client: &mut Client, command: &str, name: &str) -> String {
	let text = client.text(command);
	let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}:")));
	line.unwrap_or_else(|| panic!("{name} is missing in {text}")).trim().to_owned()
}

/// Asks for a challenge and returns the command that answers it, for the store of that id.
fn answer(client: &mut Client, pair: &Keypair, store_id: &str) -> String {
	let account = hex(&pair.public.to_bytes());
	let challenge = client.text(&format!("AUTH ACCOUNT {account} CHALLENGE"));
	let challenge = challenge.trim().strip_prefix('+').unwrap();
	assert_eq!(challenge.len(), 64);
	let signature = pair.sign_simple(b"substrate", &sign_in_message(store_id, challenge));
	format!("AUTH ACCOUNT 0x{account} {}", hex(&signature.to_bytes()))
}

#[test]
fn an_account_signs_in_and_owns_its_namespace() {
	let (owner, root, stranger) = (pair(1), pair(2), pair(3));
	let admin = hex(&root.public.to_bytes());
	let (dir, process) = server(&["--admin-account", &admin]);
	let (mut client, mut other) = (process.connect(), process.connect());
	assert_eq!(client.text("NSNEW mine"), "-Permission denied\r\n", "there is an administrator");
	let store_id = figure(&mut client, "INFO", "store_id");
	let signed = answer(&mut client, &root, &store_id);
	assert_eq!(client.text(&signed), "+OK\r\n");
	assert_eq!(client.text(&signed), "-No CHALLENGE requested for an account\r\n");
	assert_eq!(client.text("NSNEW mine"), "+OK\r\n");
	let key = hex(&owner.public.to_bytes());
	assert!(client.text("NSSET mine owner nobody").starts_with("-Invalid account"));
	assert_eq!(client.text(&format!("NSSET mine owner {key}")), "+OK\r\n");
	assert_eq!(figure(&mut client, "NSINFO mine", "owner"), key);
	// Public: others read. Private: others stay out, the owner does not.
	assert_eq!(other.text("SELECT mine"), "+OK\r\n");
	assert_eq!(other.text("SET a b"), "-Namespace is in read-only mode\r\n");
	assert_eq!(client.text("NSSET mine public 0"), "+OK\r\n");
	let signed = answer(&mut other, &stranger, &store_id);
	assert_eq!(other.text(&signed), "+OK\r\n");
	assert_eq!(other.text("SELECT mine"), "-Namespace protected and private\r\n");
	assert_eq!(other.text("SELECT mine guess"), "-Access denied\r\n");
	process.stop();
	// It is still the owner's after a restart.
	let process = Process::start(dir.path(), &["--admin-account", &admin]);
	let mut other = process.connect();
	let signed = answer(&mut other, &owner, &store_id);
	assert_eq!(other.text(&signed), "+OK\r\n");
	assert_eq!(other.text("SELECT mine"), "+OK\r\n");
	assert_eq!(other.text("SET a b"), "$1\r\na\r\n");
	assert_eq!(other.text("FLUSH"), "+OK\r\n");
	assert_eq!(other.text("NSNEW b"), "-Permission denied\r\n", "an owner is no administrator");
	process.stop();
}

#[test]
fn a_signature_is_of_no_use_elsewhere() {
	let root = pair(2);
	let account = hex(&root.public.to_bytes());
	let (_dir, process) = server(&["--admin-account", &account]);
	let (mut client, mut other) = (process.connect(), process.connect());
	let store_id = figure(&mut client, "INFO", "store_id");
	// For another store, on another connection, after another challenge, by another key.
	let elsewhere = answer(&mut client, &root, &"0".repeat(40));
	assert_eq!(client.text(&elsewhere), "-Access denied\r\n");
	let signed = answer(&mut client, &root, &store_id);
	assert!(other.text(&signed).starts_with("-No CHALLENGE"));
	answer(&mut other, &root, &store_id);
	assert_eq!(other.text(&signed), "-Access denied\r\n");
	answer(&mut client, &root, &store_id);
	assert_eq!(client.text(&signed), "-Access denied\r\n", "only the newest challenge counts");
	let thief = pair(9).sign_simple(b"substrate", b"anything").to_bytes();
	answer(&mut client, &root, &store_id);
	let stolen = format!("AUTH ACCOUNT {account} {}", hex(&thief));
	assert_eq!(client.text(&stolen), "-Access denied\r\n");
	assert!(client.text("AUTH ACCOUNT nobody CHALLENGE").starts_with("-Invalid account"));
	assert_eq!(client.text("AUTH OTHER a b"), "-Unexpected arguments\r\n");
	assert_eq!(client.text("NSNEW a"), "-Permission denied\r\n");
	process.stop();
}

/// What 0-db's db-mirror does: hands on a command as it was mirrored, with its owner behind it. Returns the reply.
fn hand_on(from: &mut Client, to: &mut Client) -> String {
	let mirrored = from.reply();
	let text = String::from_utf8_lossy(&mirrored).into_owned();
	let numbers: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix(':')).collect();
	let words: Vec<&str> =
		text.lines().skip(1).filter(|line| !line.starts_with([':', '$'])).collect();
	let mut args: Vec<&[u8]> = words[1..].iter().map(|word| word.as_bytes()).collect();
	args.push(numbers[1].as_bytes());
	String::from_utf8_lossy(&to.call(&args)).into_owned()
}

#[test]
fn two_servers_mirror_each_other_without_an_echo() {
	let ((_one, first), (_two, second)) = (server(&[]), server(&[]));
	let mut clients = [first.connect(), second.connect()];
	// Each has a mirror, and a master that hands on what the other's mirror saw.
	let mut mirrors = [first.connect(), second.connect()];
	let mut masters = [first.connect(), second.connect()];
	for (mirror, master) in mirrors.iter_mut().zip(&mut masters) {
		assert_eq!(mirror.text("MIRROR"), "+Starting mirroring\r\n");
		assert_eq!(master.text("MASTER"), "+Hello, master\r\n");
	}
	// That is a command of another client as well, and names its server.
	let instance = figure(&mut clients[1], "INFO", "instance_id");
	for seen in [mirrors[1].reply(), mirrors[1].reply()] {
		assert!(String::from_utf8_lossy(&seen).contains(&format!(":{instance}\r\n")));
	}
	mirrors[0].reply();
	clients[0].text("SET key value");
	assert_eq!(hand_on(&mut mirrors[0], &mut masters[1]), "$3\r\nkey\r\n");
	assert_eq!(clients[1].text("GET key"), "$5\r\nvalue\r\n");
	// The second server mirrors it with the first one's name, and there it ends.
	assert_eq!(hand_on(&mut mirrors[1], &mut masters[0]), "+Known\r\n");
	assert_eq!(figure(&mut clients[0], "NSINFO default", "entries"), "1");
	// Its owner 0 is shown to nobody; what is no owner is refused.
	assert_eq!(masters[0].text("SET quiet value 0"), "$5\r\nquiet\r\n");
	assert_eq!(masters[0].text("PING"), "-Missing arguments\r\n");
	assert!(masters[0].text("GET key x").starts_with("-Invalid owner id"));
	assert!(masters[0].text(&format!("GET key {}", "1".repeat(33))).starts_with("-Invalid owner"));
	clients[0].text("SET loud value");
	let seen = loop {
		let seen = String::from_utf8_lossy(&mirrors[0].reply()).into_owned();
		if seen.contains("SET") {
			break seen;
		}
	};
	assert!(seen.contains("loud"), "{seen}");
	// A master enters every namespace.
	clients[0].text("NSNEW private");
	clients[0].text("NSSET private password hush");
	clients[0].text("NSSET private public 0");
	assert_eq!(masters[0].text("SELECT private 7"), "+OK\r\n");
	assert_eq!(masters[0].text("SET a b 7"), "$1\r\na\r\n");
	first.stop();
	second.stop();
}

#[test]
fn exporters_and_redis_cli_get_their_answers() {
	let (_dir, process) = server(&[]);
	let mut client = process.connect();
	client.text("SET key value");
	client.text("GET key");
	client.text("GET none");
	client.text("CLIENT SETNAME exporter");
	client.text("CLIENT SETINFO LIB-NAME test");
	assert_eq!(client.text("CLIENT GETNAME"), "$8\r\nexporter\r\n");
	let info = client.text("INFO all");
	for line in [
		"# Replication",
		"role:master",
		"# CPU",
		"used_cpu_sys:",
		"keyspace_hits:1",
		"keyspace_misses:1",
		"db0:keys=1,expires=0,avg_ttl=0",
		"aof_last_write_status:ok",
		"blocked_clients:0",
		"used_memory_peak:",
		"data_disk_read_failed: 0",
		"data_disk_write_bytes: 5",
		"total_error_replies:0",
	] {
		assert!(info.contains(line), "{line} is missing in {info}");
	}
	let one = client.text("INFO replication cpu");
	assert!(one.contains("# CPU") && !one.contains("# Stats"), "{one}");
	let list = client.text("CLIENT LIST");
	for part in [
		"id=1 addr=127.0.0.1:",
		"name=exporter",
		"cmd=client",
		"lib-name=test",
		"admin=yes ns=default",
	] {
		assert!(list.contains(part), "{part} is missing in {list}");
	}
	let config = client.text("CONFIG GET *");
	assert!(config.contains("maxmemory\r\n") && config.contains("slowlog-max-len"), "{config}");
	assert_eq!(client.text("CONFIG GET s?ve"), "*2\r\n$4\r\nsave\r\n$0\r\n\r\n");
	assert_eq!(client.text("CONFIG GET"), "-Missing arguments\r\n");
	for (command, reply) in [
		("LATENCY LATEST", "*0\r\n"),
		("LATENCY HISTOGRAM", "*0\r\n"),
		("MODULE LIST", "*0\r\n"),
		("SLOWLOG LEN", ":0\r\n"),
		("ROLE", "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n"),
		("TYPE key", "+string\r\n"),
		("TYPE none", "+none\r\n"),
		("MEMORY USAGE none", "$-1\r\n"),
		("MEMORY USAGE key", ":56\r\n"),
		("COMMAND INFO nobody", "*1\r\n$-1\r\n"),
	] {
		assert_eq!(client.text(command), reply, "{command}");
	}
	assert!(client
		.text("COMMAND INFO GET")
		.starts_with("*1\r\n*10\r\n$3\r\nget\r\n:2\r\n*2\r\n+readonly"));
	// redis-cli reads all of it when it starts.
	assert!(process.redis_cli(&["COMMAND", "DOCS"]).contains("Deletes a key"));
	assert!(process.redis_cli(&["-3", "COMMAND", "DOCS", "get"]).contains("summary"));
	let count: usize = process.redis_cli(&["COMMAND", "COUNT"]).parse().unwrap();
	assert_eq!(process.redis_cli(&["COMMAND", "LIST"]).lines().count(), count);
	process.stop();
}

#[test]
fn a_client_that_is_no_administrator_sees_itself_alone() {
	let (_dir, process) = server(&["--admin", "root"]);
	let (mut one, mut other) = (process.connect(), process.connect());
	one.text("PING");
	assert_eq!(other.text("CLIENT LIST").matches("id=").count(), 1);
	other.text("AUTH root");
	assert_eq!(other.text("CLIENT LIST").matches("id=").count(), 2);
	drop(one);
	while other.text("CLIENT LIST").matches("id=").count() > 1 {
		std::thread::sleep(std::time::Duration::from_millis(10));
	}
	process.stop();
}

#[test]
fn values_are_as_long_as_the_settings_say() {
	let (_dir, process) = server(&["--max-value", "16777216"]);
	let mut client = process.connect();
	let value: Vec<u8> = (0..16_u32 << 20).map(|number| (number >> 7) as u8).collect();
	assert_eq!(client.call(&[b"SET", b"big", &value]), bulk(b"big"));
	assert_eq!(client.call(&[b"GET", b"big"]), bulk(&value));
	assert_eq!(client.text("CONFIG GET proto-max-bulk-len").split("\r\n").nth(4), Some("16777216"));
	client.send(b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$16777217\r\n");
	assert_eq!(client.rest(), b"-Payload too big\r\n");
	// The most keys that fit into a command, one of them there.
	let mut client = process.connect();
	client.text("SET key value");
	let mut args = vec![b"MGET".as_slice()];
	args.extend(std::iter::repeat_n(b"none".as_slice(), 1022));
	args.push(b"key");
	let reply = client.call(&args);
	assert!(reply.starts_with(b"*1023\r\n$-1\r\n") && reply.ends_with(b"$5\r\nvalue\r\n"));
	args.push(b"key");
	assert_eq!(client.call(&args), b"-Too many arguments\r\n");
	process.stop();
}

#[test]
fn what_clients_do_is_counted_by_namespace() {
	let (_dir, process) = server(&[]);
	let mut client = process.connect();
	client.text("NSNEW a");
	client.text("SELECT a");
	client.text("SET key value");
	client.text("SET key value");
	client.text("MGET key none");
	client.text("GET");
	client.text("DEL key");
	// Counters outlive the reading of the files.
	client.text("RELOAD a");
	let info = client.text("NSINFO a");
	for line in [
		"stats_reads: 2",
		"stats_read_misses: 1",
		"stats_writes: 1",
		"stats_deletes: 1",
		"stats_read_bytes: 5",
		"stats_written_bytes: 5",
		"stats_refusals: 1",
	] {
		assert!(info.contains(line), "{line} is missing in {info}");
	}
	assert!(client.text("NSINFO default").contains("stats_writes: 0"));
	process.stop();
}
