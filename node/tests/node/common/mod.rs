//! Starts the real binary and talks to it.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::print_stderr,
	missing_docs,
	unreachable_pub,
	reason = "test code"
)]

pub mod network;
pub mod transactions;

use serde_json::{json, Value};
use std::{
	io::{BufRead, BufReader, Read, Write},
	net::TcpStream,
	path::Path,
	process::{Child, Command, Output, Stdio},
	sync::mpsc,
	time::{Duration, Instant},
};

/// How long a node may take to start, and a block to become final, on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// The binary, with these arguments.
pub fn granary_node(arguments: &[&str]) -> Command {
	let mut command = Command::new(env!("CARGO_BIN_EXE_granary-node"));
	command.args(arguments).stdin(Stdio::null());
	command
}

/// Runs a command to its end.
pub fn run(arguments: &[&str]) -> Output {
	granary_node(arguments).output().expect("the binary starts")
}

/// Runs a command that has to succeed; answers its standard output.
pub fn run_ok(arguments: &[&str]) -> String {
	let output = run(arguments);
	let errors = String::from_utf8_lossy(&output.stderr);
	assert!(output.status.success(), "{arguments:?} failed: {errors}");
	String::from_utf8(output.stdout).unwrap()
}

/// A development chain that runs until this is dropped.
pub struct DevelopmentNode {
	process: Child,
	rpc: String,
}

impl DevelopmentNode {
	/// Starts the development chain, in this directory or in one of its own that it removes.
	pub fn start(base_path: Option<&Path>) -> Self {
		match base_path {
			Some(path) => Self::start_with(&["--dev", "--base-path", path.to_str().unwrap()]),
			None => Self::start_with(&["--dev", "--tmp"]),
		}
	}

	/// Starts a node with these arguments, on ports of its own.
	pub fn start_with(arguments: &[&str]) -> Self {
		let mut command = granary_node(arguments);
		command.args([
			"--rpc-port=0",
			"--listen-addr=/ip4/127.0.0.1/tcp/0",
			"--no-prometheus",
			"--no-mdns",
		]);
		let mut process = command.stderr(Stdio::piped()).spawn().expect("the binary starts");
		let log = BufReader::new(process.stderr.take().unwrap());
		let (found, address) = mpsc::channel();
		// The log has to be read to the end, or the node would wait for us.
		std::thread::spawn(move || {
			for line in log.lines().map_while(Result::ok) {
				if let Some((_, rest)) = line.split_once("Running JSON-RPC server: addr=") {
					drop(found.send(rest.split(',').next().unwrap_or_default().to_owned()));
				}
				eprintln!("{line}");
			}
		});
		let rpc = address.recv_timeout(PATIENCE).expect("the node says where its RPC server is");
		Self { process, rpc }
	}

	/// Where its WebSocket is.
	pub fn url(&self) -> String {
		format!("ws://{}", self.rpc)
	}

	/// Calls a method; the error is the JSON-RPC error.
	pub fn call(&self, method: &str, params: Value) -> Result<Value, Value> {
		let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
		let body = request.to_string();
		let mut stream = TcpStream::connect(&self.rpc).unwrap();
		stream.set_read_timeout(Some(PATIENCE)).unwrap();
		write!(
			stream,
			"POST / HTTP/1.0\r\nhost: {}\r\ncontent-type: application/json\r\n\
			 content-length: {}\r\nconnection: close\r\n\r\n{body}",
			self.rpc,
			body.len(),
		)
		.unwrap();
		let mut answer = String::new();
		stream.read_to_string(&mut answer).unwrap();
		let (_, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
		let mut answer: Value = serde_json::from_str(body)
			.unwrap_or_else(|error| panic!("{method} {params}: {error} in {answer}"));
		match answer.get_mut("error") {
			Some(error) => Err(error.take()),
			None => Ok(answer["result"].take()),
		}
	}

	/// The same, for calls that have to succeed.
	pub fn ask(&self, method: &str, params: Value) -> Value {
		self.call(method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
	}

	/// The number of the newest final block.
	pub fn finalised(&self) -> u32 {
		let hash = self.ask("chain_getFinalizedHead", json!([]));
		self.number(&hash)
	}

	/// The number of the block of this hash.
	pub fn number(&self, hash: &Value) -> u32 {
		let header = self.ask("chain_getHeader", json!([hash]));
		let number = header["number"].as_str().unwrap();
		u32::from_str_radix(number.trim_start_matches("0x"), 16).unwrap()
	}

	/// Waits until this block is final.
	pub fn wait_finalised(&self, number: u32) {
		let started = Instant::now();
		while self.finalised() < number {
			assert!(started.elapsed() < PATIENCE, "block {number} does not become final");
			std::thread::sleep(Duration::from_millis(300));
		}
	}

	/// Asks until the answer is the wanted one.
	pub fn wait_for(
		&self,
		what: &str,
		method: &str,
		params: Value,
		wanted: impl Fn(&Value) -> bool,
	) -> Value {
		let started = Instant::now();
		loop {
			let answer = self.ask(method, params.clone());
			if wanted(&answer) {
				return answer;
			}
			assert!(started.elapsed() < PATIENCE, "{what} does not happen: {answer}");
			std::thread::sleep(Duration::from_millis(300));
		}
	}

	/// Kills it, as a power cut would.
	pub fn kill(mut self) {
		self.process.kill().unwrap();
		self.process.wait().unwrap();
	}

	/// Asks it to end and waits until it has.
	pub fn stop(mut self) {
		let pid = self.process.id().to_string();
		assert!(Command::new("kill").arg(&pid).status().unwrap().success());
		assert!(self.process.wait().unwrap().success(), "the node ends without an error");
	}
}

impl Drop for DevelopmentNode {
	fn drop(&mut self) {
		drop(self.process.kill());
		drop(self.process.wait());
	}
}
