//! `granary zdb import` and `export`: between data directories, running servers and 0-db's own files.

#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod common;

use common::{connect, free_port, granary, serve_zdb, text, words};
use redis::{cmd, Connection, Value};
use std::{fs, path::Path};

/// Runs `granary zdb ...` and answers its JSON, or its error.
fn zdb(arguments: &[&str]) -> Result<serde_json::Value, String> {
	let output = granary().args(["--json", "zdb"]).args(arguments).output().unwrap();
	match output.status.success() {
		true => Ok(serde_json::from_slice(&output.stdout).unwrap()),
		false => Err(text(&output.stderr)),
	}
}

/// A server with a user and a sequential namespace, of which some keys are gone.
fn filled(port: u16) -> Connection {
	let mut connection = connect(port);
	for number in 0..200 {
		words(&mut connection, &format!("SET key-{number} value-{number} {}", 1000 + number));
	}
	words(&mut connection, "DEL key-7");
	words(&mut connection, "NSNEW ids");
	words(&mut connection, "NSSET ids mode seq");
	words(&mut connection, "SELECT ids");
	for number in 0..5u64 {
		cmd("SET").arg("").arg(format!("seq-{number}")).arg(50).exec(&mut connection).unwrap();
	}
	cmd("DEL").arg(&2u64.to_le_bytes()).exec(&mut connection).unwrap();
	connection
}

fn check(port: u16) {
	let mut connection = connect(port);
	assert_eq!(words(&mut connection, "DBSIZE"), Value::Int(199));
	assert_eq!(words(&mut connection, "GET key-3"), Value::BulkString(b"value-3".to_vec()));
	assert_eq!(words(&mut connection, "KEYTIME key-3"), Value::Int(1003));
	assert_eq!(words(&mut connection, "GET key-7"), Value::Nil);
	words(&mut connection, "SELECT ids");
	assert_eq!(words(&mut connection, "DBSIZE"), Value::Int(4));
	let fourth: Value = cmd("GET").arg(&4u64.to_le_bytes()).query(&mut connection).unwrap();
	assert_eq!(fourth, Value::BulkString(b"seq-4".to_vec()));
	let gone: Value = cmd("GET").arg(&2u64.to_le_bytes()).query(&mut connection).unwrap();
	assert_eq!(gone, Value::Nil);
	let next: Value = cmd("SET").arg("").arg("next").query(&mut connection).unwrap();
	assert_eq!(next, Value::BulkString(5u64.to_le_bytes().to_vec()), "ids go on");
}

#[test]
fn a_running_server_is_imported_and_exported() {
	let dir = tempfile::tempdir().unwrap();
	let [first, second, third] = ["first", "second", "third"].map(|name| dir.path().join(name));
	let (source_port, port) = (free_port(), free_port());
	let _source = serve_zdb(&first, source_port, &[]);
	filled(source_port);
	let from = format!("127.0.0.1:{source_port}");
	let copied = zdb(&["import", "--from", &from, "--dir", second.to_str().unwrap()]).unwrap();
	assert_eq!((&copied["namespaces"], &copied["keys"]), (&2.into(), &203.into()));
	// Once more changes nothing.
	zdb(&["import", "--from", &from, "--dir", second.to_str().unwrap()]).unwrap();

	let to_port = free_port();
	let _target = serve_zdb(&third, to_port, &[]);
	let to = format!("127.0.0.1:{to_port}");
	let exported = zdb(&["export", "--dir", second.to_str().unwrap(), "--to", &to]).unwrap();
	assert_eq!(exported["keys"], 203);
	check(to_port);
	let again = zdb(&["export", "--dir", second.to_str().unwrap(), "--to", &to]).unwrap_err();
	assert!(again.contains("is not empty there"), "{again}");
	let _imported = serve_zdb(&second, port, &[]);
	check(port);
}

#[test]
fn what_cannot_be_copied_is_said() {
	let dir = tempfile::tempdir().unwrap();
	let target = dir.path().join("target");
	let port = free_port();
	let nobody = format!("127.0.0.1:{port}");
	let error = zdb(&["import", "--from", &nobody, "--dir", target.to_str().unwrap()]).unwrap_err();
	assert!(error.contains("connecting to"), "{error}");
	let _source = serve_zdb(&dir.path().join("source"), port, &[]);
	let mut connection = connect(port);
	words(&mut connection, "NSNEW private");
	words(&mut connection, "NSSET private password hush");
	words(&mut connection, "NSSET private public 0");
	let error = zdb(&["import", "--from", &nobody, "--dir", target.to_str().unwrap()]).unwrap_err();
	assert!(error.contains("--remote-password private=FILE"), "{error}");
	let output = granary().args(["zdb", "import", "--dir", "x"]).output().unwrap();
	assert_eq!(output.status.code(), Some(2), "neither --from nor files");
}

/// CRC-32C without inversions, bit by bit.
fn plain_crc(bytes: &[u8]) -> u32 {
	bytes.iter().fold(0u32, |crc, byte| {
		(0..8).fold(crc ^ u32::from(*byte), |crc, _| {
			if crc & 1 == 1 {
				(crc >> 1) ^ 0x82f6_3b78
			} else {
				crc >> 1
			}
		})
	})
}

fn entry(key: &[u8], value: Option<&[u8]>, timestamp: u32) -> Vec<u8> {
	let payload = value.unwrap_or_default();
	let mut bytes = vec![key.len() as u8];
	bytes.extend_from_slice(&(payload.len() as u32).to_le_bytes());
	bytes.extend_from_slice(&[0; 4]);
	bytes.extend_from_slice(&value.map_or(0, plain_crc).to_le_bytes());
	bytes.push(u8::from(value.is_none()));
	bytes.extend_from_slice(&timestamp.to_le_bytes());
	bytes.extend_from_slice(key);
	bytes.extend_from_slice(payload);
	bytes
}

/// Writes a namespace as 0-db 2.0.7 lays it out.
fn legacy(root: &Path, name: &str, mode: u8, password: &str, files: &[Vec<Vec<u8>>]) {
	let (data, index) = (root.join("data").join(name), root.join("index").join(name));
	fs::create_dir_all(&data).unwrap();
	fs::create_dir_all(&index).unwrap();
	for (number, entries) in files.iter().enumerate() {
		let mut bytes = b"DAT0".to_vec();
		bytes.extend_from_slice(&3u32.to_le_bytes());
		bytes.extend_from_slice(&[0; 16]);
		bytes.extend_from_slice(&(number as u32).to_le_bytes());
		bytes.extend(entries.concat());
		fs::write(data.join(format!("d{number}")), bytes).unwrap();
	}
	let mut header = b"IDX0".to_vec();
	header.extend_from_slice(&4u32.to_le_bytes());
	header.extend_from_slice(&[0; 20]);
	header.push(mode);
	fs::write(index.join("i0"), header).unwrap();
	let mut descriptor = 1u32.to_le_bytes().to_vec();
	descriptor.extend_from_slice(&[name.len() as u8, password.len() as u8]);
	descriptor.extend_from_slice(&0u64.to_le_bytes());
	descriptor.push(if password.is_empty() { 5 } else { 4 });
	descriptor.extend_from_slice(name.as_bytes());
	descriptor.extend_from_slice(password.as_bytes());
	fs::write(index.join("zdb-namespace"), descriptor).unwrap();
}

#[test]
fn files_of_a_stopped_zdb_are_imported() {
	let dir = tempfile::tempdir().unwrap();
	let id = |number: u64| number.to_le_bytes();
	let torn = entry(b"torn", Some(b"never finished"), 9)[..20].to_vec();
	legacy(
		dir.path(),
		"default",
		0,
		"",
		&[
			vec![entry(b"a", Some(b"old"), 1), entry(b"b", Some(b"gone"), 2)],
			vec![entry(b"a", Some(b"new"), 3), entry(b"b", None, 4), torn],
		],
	);
	let sequential = vec![
		entry(&id(0), Some(b"zero"), 5),
		entry(&id(1), Some(b"one"), 6),
		entry(&id(0), Some(b"zero again"), 7),
		entry(&id(3), Some(b"three"), 8),
	];
	legacy(dir.path(), "ids", 1, "hush", &[sequential]);
	let target = dir.path().join("target");
	let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
	let (data, index) = (path("data"), path("index"));
	let arguments = [
		"import",
		"--data-files",
		&data,
		"--index-files",
		&index,
		"--dir",
		target.to_str().unwrap(),
	];
	let copied = zdb(&arguments).unwrap();
	assert_eq!((&copied["namespaces"], &copied["keys"]), (&2.into(), &7.into()));
	let port = free_port();
	let _server = serve_zdb(&target, port, &[]);
	let mut connection = connect(port);
	assert_eq!(words(&mut connection, "DBSIZE"), Value::Int(1));
	assert_eq!(words(&mut connection, "GET a"), Value::BulkString(b"new".to_vec()));
	assert_eq!(words(&mut connection, "KEYTIME a"), Value::Int(3));
	words(&mut connection, "SELECT ids hush");
	let zero: Value = cmd("GET").arg(&id(0)).query(&mut connection).unwrap();
	assert_eq!(zero, Value::BulkString(b"zero again".to_vec()));
	let three: Value = cmd("GET").arg(&id(3)).query(&mut connection).unwrap();
	assert_eq!(three, Value::BulkString(b"three".to_vec()));
	assert_eq!(words(&mut connection, "DBSIZE"), Value::Int(3));
	// What is no directory of 0-db is told apart.
	let error =
		zdb(&["import", "--data-files", &index, "--index-files", &data, "--dir", &path("x")]);
	assert!(error.unwrap_err().contains("zdb-namespace"), "the directories are mixed up");
}
