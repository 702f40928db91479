//! A primary and its replica: copying, following, breaks, promotion.

#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod common;

use common::{connect, free_port, reply, serve_zdb, wait_until, words, Running};
use redis::{Connection, Value};
use std::path::Path;

/// A server with small segments.
fn serve(dir: &Path, port: u16, more: &[&str]) -> Running {
	serve_zdb(dir, port, &[&["--datasize", "512k"], more].concat())
}

fn refused(connection: &mut Connection, line: &str) -> String {
	reply(connection, line).unwrap_err().to_string()
}

fn dbsize(port: u16, namespace: &str) -> i64 {
	let mut connection = connect(port);
	let selected = reply(&mut connection, &format!("SELECT {namespace}"));
	match selected.map(|_| words(&mut connection, "DBSIZE")) {
		Ok(Value::Int(size)) => size,
		_ => -1,
	}
}

fn status(port: u16) -> String {
	match words(&mut connect(port), "REPLICA STATUS") {
		Value::BulkString(text) => String::from_utf8(text).unwrap(),
		other => panic!("{other:?}"),
	}
}

/// The audited log's leaf count and root.
fn log_state(port: u16, namespace: &str) -> Value {
	let mut connection = connect(port);
	words(&mut connection, &format!("SELECT {namespace}"));
	words(&mut connection, "NSLOG")
}

#[test]
fn a_replica_copies_follows_resumes_and_takes_over() {
	let dir = tempfile::tempdir().unwrap();
	let (first, second) = (free_port(), free_port());
	let primary = serve(&dir.path().join("primary"), first, &[]);
	let mut client = connect(first);
	let value = "v".repeat(900);
	for number in 0..1500 {
		words(&mut client, &format!("SET key-{} {number}-{value} {}", number % 700, 5000 + number));
	}
	words(&mut client, "DEL key-13");
	words(&mut client, "NSNEW log");
	words(&mut client, "NSSET log audited 1");
	words(&mut client, "SELECT log");
	for number in 0..50 {
		words(&mut client, &format!("SET leaf-{number} {number}-{value}"));
	}
	words(&mut client, "SELECT default");

	let of = format!("127.0.0.1:{first}");
	let data = dir.path().join("replica");
	let mut replica = serve(&data, second, &["--replica-of", &of]);
	wait_until(|| dbsize(second, "default") == 699 && dbsize(second, "log") == 50, "all is copied");
	let mut reader = connect(second);
	let expected = format!("1499-{value}").into_bytes();
	assert_eq!(words(&mut reader, "GET key-99"), Value::BulkString(expected));
	assert_eq!(words(&mut reader, "KEYTIME key-99"), Value::Int(6499));
	assert_eq!(words(&mut reader, "GET key-13"), Value::Nil);
	assert_eq!(
		log_state(first, "log"),
		log_state(second, "log"),
		"the roots prove that both are the same"
	);
	assert!(refused(&mut reader, "SET a b").contains("is a replica"), "changes are refused");
	assert!(refused(&mut reader, "NSNEW other").contains("is a replica"));

	// What happens while the replica is away comes when it is back.
	assert_eq!(replica.terminate(), Some(0));
	words(&mut client, "SET while-away 1");
	words(&mut client, "DEL key-14");
	let mut replica = serve(&data, second, &["--replica-of", &of]);
	wait_until(|| words(&mut connect(second), "GET key-14") == Value::Nil, "it resumes");
	assert_eq!(dbsize(second, "default"), 699);
	assert!(status(second).contains("restarts:0"), "{}", status(second));

	// Compaction removes what an absent replica has not seen: it copies anew.
	replica.0.kill().unwrap();
	replica.0.wait().unwrap();
	for number in 0..1500 {
		words(&mut client, &format!("SET key-{} again-{number}-{value}", number % 500));
	}
	words(&mut client, "DEL key-15");
	words(&mut client, "NSJUMP");
	words(&mut client, "SET last one");
	words(&mut client, "COMPACT NOW");
	let mut replica = serve(&data, second, &["--replica-of", &of]);
	let is_equal = || dbsize(second, "default") == dbsize(first, "default");
	wait_until(|| is_equal() && status(second).contains("behind_records:0"), "it copies anew");
	assert_eq!(words(&mut connect(second), "GET key-15"), Value::Nil);
	let last = words(&mut connect(second), "GET key-499");
	assert_eq!(last, words(&mut client, "GET key-499"));

	// The primary is lost; the replica takes over and goes on after a restart of its own.
	drop(primary);
	words(&mut connect(second), "REPLICA PROMOTE");
	words(&mut connect(second), "SET after promotion");
	assert_eq!(replica.terminate(), Some(0));
	let _promoted = serve(&data, second, &[]);
	assert_eq!(words(&mut connect(second), "GET after"), Value::BulkString(b"promotion".to_vec()));
	assert_eq!(dbsize(second, "log"), 50);
}

#[test]
fn another_primary_does_not_replace_what_is_there() {
	let dir = tempfile::tempdir().unwrap();
	let (first, other, second) = (free_port(), free_port(), free_port());
	let _primary = serve(&dir.path().join("primary"), first, &[]);
	words(&mut connect(first), "SET key value");
	let data = dir.path().join("replica");
	let mut replica = serve(&data, second, &["--replica-of", &format!("127.0.0.1:{first}")]);
	wait_until(|| dbsize(second, "default") == 1, "all is copied");
	assert_eq!(replica.terminate(), Some(0));
	let _other = serve(&dir.path().join("other"), other, &[]);
	let _replica = serve(&data, second, &["--replica-of", &format!("127.0.0.1:{other}")]);
	wait_until(|| status(second).contains("is another store"), "it is said why");
	assert_eq!(dbsize(second, "default"), 1, "nothing is lost");
}
