//! A real server process (the example `serve`), and a client that sees raw bytes.
#![allow(dead_code, reason = "each test file uses a part")]

use std::{
	io::{BufRead, BufReader, Read, Write},
	net::{SocketAddr, TcpStream},
	path::{Path, PathBuf},
	process::{Child, ChildStdin, Command, Stdio},
	time::Duration,
};

fn serve_binary() -> PathBuf {
	let test = std::env::current_exe().unwrap();
	let path = test.parent().unwrap().parent().unwrap().join("examples/serve");
	assert!(path.exists(), "{} is missing: cargo build --examples", path.display());
	path
}

/// A running server; killed when dropped.
pub(crate) struct Process {
	child: Child,
	stdin: Option<ChildStdin>,
	pub(crate) address: SocketAddr,
	pub(crate) recovery: Vec<String>,
}

impl Process {
	pub(crate) fn start(dir: &Path, arguments: &[&str]) -> Self {
		let mut child = Command::new(serve_binary())
			.arg("--dir")
			.arg(dir)
			.args(arguments)
			.stdin(Stdio::piped())
			.stdout(Stdio::piped())
			.spawn()
			.unwrap();
		let mut recovery = Vec::new();
		let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
		let address = loop {
			let line = lines.next().expect("the server ended before it listened").unwrap();
			match line.strip_prefix("listening on ") {
				Some(address) => break address.parse().unwrap(),
				None => recovery.push(line),
			}
		};
		let stdin = child.stdin.take();
		Self { child, stdin, address, recovery }
	}

	pub(crate) fn connect(&self) -> Client {
		Client::connect(self.address)
	}

	/// As `kill -9` does.
	pub(crate) fn kill(mut self) {
		self.child.kill().unwrap();
		self.child.wait().unwrap();
	}

	/// Sends it a signal by its name.
	pub(crate) fn signal(&self, name: &str) {
		let pid = self.child.id().to_string();
		let sent = Command::new("kill").args(["-s", name, &pid]).status().unwrap();
		assert!(sent.success());
	}

	/// Asks it to stop and waits until it has.
	pub(crate) fn stop(mut self) {
		drop(self.stdin.take());
		assert!(self.child.wait().unwrap().success());
	}

	/// Output of `redis-cli`.
	pub(crate) fn redis_cli(&self, arguments: &[&str]) -> String {
		let output = Command::new("redis-cli")
			.args(["-h", "127.0.0.1", "-p", &self.address.port().to_string()])
			.args(arguments)
			.output()
			.expect("redis-cli is needed: apt-get install redis-tools");
		assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
		String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
	}
}

impl Drop for Process {
	fn drop(&mut self) {
		let _ = self.child.kill();
		let _ = self.child.wait();
	}
}

/// A connection.
pub(crate) struct Client {
	pub(crate) stream: TcpStream,
}

impl Client {
	pub(crate) fn connect(address: SocketAddr) -> Self {
		let stream = TcpStream::connect(address).unwrap();
		stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
		stream.set_nodelay(true).unwrap();
		Self { stream }
	}

	pub(crate) fn send(&mut self, bytes: &[u8]) {
		self.stream.write_all(bytes).unwrap();
	}

	/// Sends a command and returns its reply's bytes.
	pub(crate) fn call(&mut self, args: &[&[u8]]) -> Vec<u8> {
		self.send(&encode(args));
		self.reply()
	}

	/// Sends a command of words and returns the reply as text.
	pub(crate) fn text(&mut self, command: &str) -> String {
		let args: Vec<&[u8]> = command.split(' ').map(str::as_bytes).collect();
		String::from_utf8_lossy(&self.call(&args)).into_owned()
	}

	fn line(&mut self) -> Vec<u8> {
		let mut line = Vec::new();
		let mut byte = [0];
		while !line.ends_with(b"\r\n") {
			self.stream.read_exact(&mut byte).unwrap();
			line.push(byte[0]);
		}
		line
	}

	/// One whole reply.
	pub(crate) fn reply(&mut self) -> Vec<u8> {
		let mut reply = self.line();
		let number = || std::str::from_utf8(&reply[1..reply.len() - 2]).unwrap().parse::<i64>();
		match reply[0] {
			b'$' => {
				let len = number().unwrap();
				if len >= 0 {
					let mut value = vec![0; len as usize + 2];
					self.stream.read_exact(&mut value).unwrap();
					reply.extend(value);
				}
			},
			b'*' => {
				for _ in 0..number().unwrap() {
					let element = self.reply();
					reply.extend(element);
				}
			},
			b'+' | b'-' | b':' => {},
			other => panic!("a reply starts with {other}"),
		}
		reply
	}

	/// Everything up to the end of the connection.
	pub(crate) fn rest(&mut self) -> Vec<u8> {
		let mut rest = Vec::new();
		self.stream.read_to_end(&mut rest).unwrap();
		rest
	}
}

pub(crate) fn encode(args: &[&[u8]]) -> Vec<u8> {
	let mut bytes = format!("*{}\r\n", args.len()).into_bytes();
	for arg in args {
		bytes.extend(format!("${}\r\n", arg.len()).bytes());
		bytes.extend_from_slice(arg);
		bytes.extend(b"\r\n");
	}
	bytes
}

/// A bulk string as it travels.
pub(crate) fn bulk(bytes: &[u8]) -> Vec<u8> {
	[format!("${}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}
