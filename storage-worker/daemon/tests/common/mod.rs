//! What the tests of the binary share.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::{
	io::{Read, Write},
	net::{TcpListener, TcpStream},
	path::Path,
	process::{Child, Command, Stdio},
	time::{Duration, Instant},
};

/// The binary, without what the environment may say about chains and accounts.
pub(crate) fn granary() -> Command {
	let mut command = Command::new(env!("CARGO_BIN_EXE_granary"));
	for name in ["GRANARY_CHAIN", "GRANARY_SURI", "GRANARY_KEY_FILE", "RUST_LOG"] {
		command.env_remove(name);
	}
	// What it remembers of directories belongs to the tests alone.
	command.env("XDG_STATE_HOME", env!("CARGO_TARGET_TMPDIR"));
	command
}

pub(crate) fn text(bytes: &[u8]) -> String {
	String::from_utf8_lossy(bytes).into_owned()
}

/// A port of the loopback on which nothing listens.
pub(crate) fn free_port() -> u16 {
	TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A process that is killed when the test ends.
pub(crate) struct Running(pub(crate) Child);

impl Running {
	/// Asks it to stop and waits for its end.
	pub(crate) fn terminate(&mut self) -> Option<i32> {
		let pid = self.0.id().to_string();
		assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
		let deadline = Instant::now() + Duration::from_secs(20);
		loop {
			if let Some(status) = self.0.try_wait().unwrap() {
				return status.code();
			}
			assert!(Instant::now() < deadline, "it does not stop");
			std::thread::sleep(Duration::from_millis(20));
		}
	}
}

impl Drop for Running {
	fn drop(&mut self) {
		// It may have ended by itself.
		let _ = self.0.kill();
		let _ = self.0.wait();
	}
}

/// Waits until it holds.
pub(crate) fn wait_until(mut holds: impl FnMut() -> bool, what: &str) {
	let deadline = Instant::now() + Duration::from_secs(20);
	while !holds() {
		assert!(Instant::now() < deadline, "waited in vain until {what}");
		std::thread::sleep(Duration::from_millis(20));
	}
}

/// Waits until something accepts connections there.
pub(crate) fn wait_for_port(port: u16) {
	wait_until(|| TcpStream::connect(("127.0.0.1", port)).is_ok(), "something listens");
}

/// Sends one command over a connection and reads what arrives within its time.
pub(crate) fn ask<S: Read + Write>(stream: &mut S, command: &[&str]) -> String {
	let mut request = format!("*{}\r\n", command.len());
	for part in command {
		request.push_str(&format!("${}\r\n{part}\r\n", part.len()));
	}
	stream.write_all(request.as_bytes()).unwrap();
	let mut answer = vec![0; 65536];
	let length = stream.read(&mut answer).unwrap();
	text(&answer[..length])
}

/// Runs `granary zdb serve` with more arguments until something listens on the port.
pub(crate) fn serve_zdb(dir: &Path, port: u16, more: &[&str]) -> Running {
	let child = granary()
		.args(["zdb", "serve", "--port", &port.to_string(), "--dir"])
		.arg(dir)
		.args(more)
		.stderr(Stdio::null())
		.spawn()
		.unwrap();
	let running = Running(child);
	wait_for_port(port);
	running
}

/// A redis client's connection to a port of the loopback.
pub(crate) fn connect(port: u16) -> redis::Connection {
	redis::Client::open(format!("redis://127.0.0.1:{port}/")).unwrap().get_connection().unwrap()
}

/// The reply to a command of words, or the error that it is.
pub(crate) fn reply(
	connection: &mut redis::Connection,
	line: &str,
) -> redis::RedisResult<redis::Value> {
	let mut command = redis::Cmd::new();
	for word in line.split(' ') {
		command.arg(word);
	}
	command.query(connection)
}

/// The reply to a command of words, which must not be an error.
pub(crate) fn words(connection: &mut redis::Connection, line: &str) -> redis::Value {
	reply(connection, line).unwrap_or_else(|error| panic!("{line}: {error}"))
}
