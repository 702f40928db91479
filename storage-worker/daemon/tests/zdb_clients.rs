//! Clients that others wrote, in C, Python and Rust, against the real server.

#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod common;

use common::{free_port, serve_zdb, text, Running};
use std::{
	path::{Path, PathBuf},
	process::Command,
};

fn serve() -> (tempfile::TempDir, u16, Running) {
	let dir = tempfile::tempdir().unwrap();
	let port = free_port();
	let running = serve_zdb(dir.path(), port, &[]);
	(dir, port, running)
}

fn source(name: &str) -> PathBuf {
	Path::new("tests/clients").join(name)
}

/// Runs a program that says `ok`.
fn says_ok(command: &mut Command) {
	let output = command.output().unwrap();
	let error = text(&output.stderr);
	assert!(output.status.success(), "{command:?}: {error}; scripts/setup installs what it needs");
	assert_eq!(text(&output.stdout).trim(), "ok");
}

#[test]
fn redis_py_does_not_notice_the_difference() {
	let (_dir, port, _server) = serve();
	// The system's own Python has the distribution's redis-py.
	says_ok(Command::new("/usr/bin/python3").arg(source("client.py")).arg(port.to_string()));
}

#[test]
fn hiredis_does_not_notice_the_difference() {
	let (dir, port, _server) = serve();
	let program = dir.path().join("client");
	let compiled = Command::new("cc")
		.args(["-O1", "-Wall", "-o"])
		.arg(&program)
		.arg(source("client.c"))
		.arg("-lhiredis")
		.output()
		.unwrap();
	assert!(compiled.status.success(), "{}", text(&compiled.stderr));
	says_ok(Command::new(&program).arg(port.to_string()));
}

#[test]
fn the_redis_crate_does_not_notice_the_difference() {
	let (_dir, port, _server) = serve();
	let client = redis::Client::open(format!("redis://127.0.0.1:{port}/?protocol=resp3")).unwrap();
	let mut connection = client.get_connection().unwrap();
	let set: Option<String> =
		redis::cmd("SET").arg("key").arg("value").query(&mut connection).unwrap();
	assert_eq!(set.as_deref(), Some("key"));
	let again: Option<String> =
		redis::cmd("SET").arg("key").arg("value").query(&mut connection).unwrap();
	assert_eq!(again, None, "nil, which is a null in the third protocol");
	let (first, second): (Option<String>, Option<String>) =
		redis::pipe().cmd("GET").arg("key").cmd("GET").arg("none").query(&mut connection).unwrap();
	assert_eq!((first.as_deref(), second), (Some("value"), None));
	let error = redis::cmd("DEL").arg("none").exec(&mut connection).unwrap_err();
	assert!(error.to_string().contains("not found"), "{error}");
}
