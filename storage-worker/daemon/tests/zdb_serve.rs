//! `granary zdb serve` with real clients.

#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod common;

use common::{ask, free_port, granary, serve_zdb, text, wait_for_port, Running};
use std::{
	fs,
	net::TcpStream,
	os::unix::{fs::PermissionsExt, net::UnixStream},
	process::{Command, Stdio},
};

/// What `redis-cli` prints.
fn redis(port: u16, arguments: &[&str]) -> String {
	let output = Command::new("redis-cli")
		.args(["-p", &port.to_string()])
		.args(arguments)
		.output()
		.expect("redis-cli is needed: apt-get install redis-tools");
	text(&output.stdout).trim().to_owned()
}

#[test]
fn redis_cli_stores_and_reads_over_restarts() {
	let dir = tempfile::tempdir().unwrap();
	let port = free_port();
	let mut server = serve_zdb(dir.path(), port, &[]);
	assert_eq!(redis(port, &["PING"]), "PONG");
	assert_eq!(redis(port, &["SET", "key", "value"]), "key", "as 0-db answers");
	assert_eq!(redis(port, &["GET", "key"]), "value");
	assert_eq!(redis(port, &["GET", "other"]), "");
	assert_eq!(server.terminate(), Some(0), "SIGTERM is a clean end");

	let mut server = serve_zdb(dir.path(), port, &[]);
	assert_eq!(redis(port, &["GET", "key"]), "value");
	assert_eq!(server.terminate(), Some(0));
}

#[test]
fn what_was_answered_survives_a_kill() {
	let dir = tempfile::tempdir().unwrap();
	let port = free_port();
	let mut server = serve_zdb(dir.path(), port, &["--sync", "always"]);
	for index in 0..20 {
		let key = format!("key-{index}");
		assert_eq!(redis(port, &["SET", &key, "v"]), key);
	}
	server.0.kill().unwrap();
	server.0.wait().unwrap();
	let _server = serve_zdb(dir.path(), port, &[]);
	assert_eq!(redis(port, &["DBSIZE"]), "20");
	assert_eq!(redis(port, &["GET", "key-19"]), "v");
}

#[test]
fn a_unix_socket_serves_the_same_data() {
	let dir = tempfile::tempdir().unwrap();
	let port = free_port();
	let socket = dir.path().join("zdb.sock");
	let _server = serve_zdb(&dir.path().join("data"), port, &["--unix", socket.to_str().unwrap()]);
	let mut by_unix = UnixStream::connect(&socket).unwrap();
	assert_eq!(ask(&mut by_unix, &["SET", "a", "1"]), "$1\r\na\r\n");
	let mut by_tcp = TcpStream::connect(("127.0.0.1", port)).unwrap();
	assert_eq!(ask(&mut by_tcp, &["GET", "a"]), "$1\r\n1\r\n");
}

#[test]
fn the_administrators_password_is_needed_where_one_is_set() {
	let dir = tempfile::tempdir().unwrap();
	let port = free_port();
	let file = dir.path().join("password");
	fs::write(&file, "secret\n").unwrap();
	fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
	let data = dir.path().join("data");
	let _server = serve_zdb(&data, port, &["--admin-password-file", file.to_str().unwrap()]);
	let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
	assert!(ask(&mut client, &["NSNEW", "mine"]).starts_with('-'));
	assert!(ask(&mut client, &["AUTH", "wrong"]).starts_with('-'));
	assert_eq!(ask(&mut client, &["AUTH", "secret"]), "+OK\r\n");
	assert_eq!(ask(&mut client, &["NSNEW", "mine"]), "+OK\r\n");
}

#[test]
fn a_password_file_that_others_can_read_is_refused() {
	let dir = tempfile::tempdir().unwrap();
	let file = dir.path().join("password");
	fs::write(&file, "secret\n").unwrap();
	fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
	let output = granary()
		.args(["zdb", "serve", "--listen", "127.0.0.1:0", "--admin-password-file"])
		.arg(&file)
		.arg("--dir")
		.arg(dir.path().join("data"))
		.output()
		.unwrap();
	assert_eq!(output.status.code(), Some(1));
	assert!(text(&output.stderr).contains("chmod 600"));
}

#[test]
fn other_addresses_than_loopback_are_refused() {
	let dir = tempfile::tempdir().unwrap();
	for address in ["0.0.0.0:9900", "[::]:9900", "192.0.2.1:9900"] {
		let output = granary()
			.args(["zdb", "serve", "--listen", address, "--dir"])
			.arg(dir.path().join("data"))
			.output()
			.unwrap();
		assert_eq!(output.status.code(), Some(1), "{address}");
		let error = text(&output.stderr);
		assert!(error.contains("is not a loopback address"), "{error}");
		assert!(error.contains("Unix socket"), "{error}");
	}
	assert!(!dir.path().join("data").exists());
}

#[test]
fn a_directory_in_use_is_refused() {
	let dir = tempfile::tempdir().unwrap();
	let port = free_port();
	let _server = serve_zdb(dir.path(), port, &[]);
	let output = granary()
		.args(["zdb", "serve", "--listen", "127.0.0.1:0", "--dir"])
		.arg(dir.path())
		.output()
		.unwrap();
	assert_eq!(output.status.code(), Some(1));
	assert!(text(&output.stderr).contains("in use by another process"));
}

#[test]
fn settings_come_from_file_and_environment_too() {
	let dir = tempfile::tempdir().unwrap();
	let (port, metrics) = (free_port(), free_port());
	let file = dir.path().join("zdb.toml");
	let data = dir.path().join("data");
	let settings = format!(
		"dir = '{}'\nmode = 'seq'\nmetrics = '127.0.0.1:{metrics}'\nport = 1\n",
		data.display()
	);
	fs::write(&file, settings).unwrap();
	let child = granary()
		.args(["zdb", "serve", "--config"])
		.arg(&file)
		.env("GRANARY_ZDB_PORT", port.to_string())
		.env("GRANARY_ZDB_ADMIN", "word")
		.stderr(Stdio::null())
		.spawn()
		.unwrap();
	let mut server = Running(child);
	wait_for_port(port);
	let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
	assert!(ask(&mut client, &["NSNEW", "a"]).starts_with("-Permission denied"));
	assert_eq!(ask(&mut client, &["AUTH", "word"]), "+OK\r\n");
	assert_eq!(ask(&mut client, &["NSNEW", "a"]), "+OK\r\n");
	assert!(ask(&mut client, &["NSINFO", "a"]).contains("mode: sequential"));
	let refused = ask(&mut client, &["NSSET", "a", "mode", "user"]);
	assert!(refused.contains("single runtime mode"), "{refused}");

	let page = http(metrics, "/metrics");
	assert!(page.starts_with("HTTP/1.1 200"), "{page}");
	for line in [
		"granary_zdb_keys{namespace=\"a\"} 0",
		"granary_zdb_clients 1",
		"# TYPE granary_zdb_commands_total counter",
	] {
		assert!(page.contains(line), "{line} is missing in {page}");
	}
	assert!(http(metrics, "/healthz").ends_with("ok\n"));
	assert!(http(metrics, "/readyz").ends_with("ready\n"));
	assert!(http(metrics, "/other").starts_with("HTTP/1.1 404"));
	let top = granary()
		.args(["--json", "zdb", "top", "--once", "--every", "0.2", &format!("127.0.0.1:{port}")])
		.output()
		.unwrap();
	let top: serde_json::Value = serde_json::from_slice(&top.stdout).unwrap();
	assert_eq!(top["namespaces"][1]["name"], "a", "{top}");
	assert!(top["commands_per_second"].as_f64().unwrap() > 0.0, "{top}");
	assert_eq!(server.terminate(), Some(0));

	let dump = granary().args(["zdb", "serve", "--dump", "--dir"]).arg(&data).output().unwrap();
	assert!(dump.status.success());
	assert!(text(&dump.stdout).starts_with("NAMESPACE"));
}

/// The answer to a GET.
fn http(port: u16, path: &str) -> String {
	use std::io::{Read, Write};
	let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
	let question = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
	stream.write_all(question.as_bytes()).unwrap();
	let mut answer = String::new();
	stream.read_to_string(&mut answer).unwrap();
	answer
}
