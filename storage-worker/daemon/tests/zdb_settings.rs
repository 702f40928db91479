//! Settings of `granary zdb serve` that change how it runs, and signing in with an account.

#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod common;

use common::{ask, free_port, granary, serve_zdb, text, wait_for_port, wait_until, Running};
use std::{
	fs,
	net::TcpStream,
	os::unix::net::UnixStream,
	process::{Command, Stdio},
};

const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

#[test]
fn the_background_is_left_by_stopping_and_the_log_says_what_happened() {
	let dir = tempfile::tempdir().unwrap();
	let (data, log) = (dir.path().join("data"), dir.path().join("zdb.log"));
	let port = free_port();
	let start = || {
		granary()
			.args(["zdb", "serve", "--background", "--port", &port.to_string(), "--dir"])
			.arg(&data)
			.arg("--logfile")
			.arg(&log)
			.output()
			.unwrap()
	};
	let started = start();
	assert!(started.status.success(), "{}", text(&started.stderr));
	assert!(text(&started.stderr).contains("in the background"), "{}", text(&started.stderr));
	// It serves when the first process has ended.
	let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
	assert_eq!(ask(&mut client, &["SET", "key", "value"]), "$3\r\nkey\r\n");
	// A second one fails, says so, and says where the reason is.
	let second = start();
	assert_eq!(second.status.code(), Some(1));
	assert!(text(&second.stderr).contains("zdb.log says why"), "{}", text(&second.stderr));
	assert_eq!(ask(&mut client, &["STOP"]), "+Stopping\r\n");
	let said = || fs::read_to_string(&log).unwrap_or_default();
	wait_until(|| said().contains("stopped"), "the log says that it has stopped");
	assert!(
		said().contains("serving") && said().contains("in use by another process"),
		"{}",
		said()
	);
}

#[test]
fn a_socket_takes_the_place_of_tcp_unless_both_are_wanted() {
	let dir = tempfile::tempdir().unwrap();
	let socket = dir.path().join("zdb.sock");
	let metrics = free_port();
	let start = |more: &[&str]| {
		let child = granary()
			.args(["zdb", "serve", "--metrics", &format!("127.0.0.1:{metrics}"), "--dir"])
			.arg(dir.path().join("data"))
			.arg("--socket")
			.arg(&socket)
			.args(more)
			.stderr(Stdio::null())
			.spawn()
			.unwrap();
		Running(child)
	};
	let mut server = start(&[]);
	wait_until(|| UnixStream::connect(&socket).is_ok(), "the socket is served");
	let mut client = UnixStream::connect(&socket).unwrap();
	assert!(ask(&mut client, &["INFO", "server"]).contains("tcp_port:0\r\n"));
	assert_eq!(server.terminate(), Some(0));
	let port = free_port();
	let listen = format!("127.0.0.1:{port}");
	let mut server = start(&["--dualnet", "--listen", &listen]);
	wait_for_port(port);
	UnixStream::connect(&socket).unwrap();
	assert_eq!(server.terminate(), Some(0));
}

#[test]
fn an_account_signs_in_with_what_granary_signs() {
	let dir = tempfile::tempdir().unwrap();
	let port = free_port();
	let _server = serve_zdb(dir.path(), port, &["--admin-account", ALICE]);
	let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
	assert!(ask(&mut client, &["NSNEW", "mine"]).starts_with("-Permission denied"));
	let info = ask(&mut client, &["INFO"]);
	let store_id = info.lines().find_map(|line| line.strip_prefix("store_id: ")).unwrap();
	let challenge = ask(&mut client, &["AUTH", "ACCOUNT", ALICE, "CHALLENGE"]);
	let challenge = challenge.trim().trim_start_matches('+').to_owned();
	let sign = |challenge: &str| {
		granary()
			.args(["zdb", "sign", "--suri", "//Alice", "--store-id", store_id])
			.args(["--challenge", challenge])
			.output()
			.unwrap()
	};
	let refused = sign("0x12");
	assert_eq!(refused.status.code(), Some(1));
	assert!(text(&refused.stderr).contains("64 hex digits"), "{}", text(&refused.stderr));
	let signed = text(&sign(&challenge).stdout);
	let words: Vec<&str> = signed.split_whitespace().collect();
	assert_eq!(ask(&mut client, &words), "+OK\r\n");
	assert_eq!(ask(&mut client, &["NSNEW", "mine"]), "+OK\r\n");
	assert_eq!(ask(&mut client, &["NSSET", "mine", "owner", ALICE]), "+OK\r\n");
}

#[test]
fn exporters_see_nothing_to_warn_of() {
	let dir = tempfile::tempdir().unwrap();
	let port = free_port();
	let _server = serve_zdb(dir.path(), port, &["--max-value", "1MiB"]);
	let output = Command::new("redis-benchmark")
		.args(["-p", &port.to_string(), "-t", "ping,set,get", "-n", "1000", "-P", "4", "--csv"])
		.output()
		.expect("redis-benchmark is needed: apt-get install redis-tools");
	let said = text(&output.stdout);
	assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
	assert!(said.contains("PING_INLINE") && !said.contains("WARN"), "{said}");
	let top = granary()
		.args(["--json", "zdb", "top", "--once", "--every", "0.2", &format!("127.0.0.1:{port}")])
		.output()
		.unwrap();
	let top: serde_json::Value = serde_json::from_slice(&top.stdout).unwrap();
	assert_eq!(top["namespaces"][0]["reads_per_second"], 0.0, "{top}");
	assert!(top["namespaces"][0]["keys"].as_u64().unwrap() > 0, "{top}");
}
