//! A chain of one validator and what runs on it.

use crate::common::{free_port, granary, text, Running};
use serde_json::Value;
use std::{
	fs,
	path::{Path, PathBuf},
	process::{Command, Output, Stdio},
	thread,
	time::{Duration, Instant},
};

/// The node's binary, which `cargo test --workspace` builds beside ours.
pub(crate) fn node_binary() -> PathBuf {
	let path = Path::new(env!("CARGO_BIN_EXE_granary")).with_file_name("granary-node");
	assert!(path.exists(), "{} is missing; run: cargo build --workspace --bins", path.display());
	path
}

/// A chain of one validator.
pub(crate) struct Chain {
	url: String,
	log: PathBuf,
	p2p_port: u16,
	node: Running,
}

impl Chain {
	pub(crate) fn start(dir: &Path) -> Self {
		let (port, p2p_port) = (free_port(), free_port());
		let log_path = dir.join("node.log");
		let log = fs::File::create(&log_path).unwrap();
		let node = Command::new(node_binary())
			.args(["--dev", "--no-telemetry", "--no-prometheus", "--no-mdns"])
			.args(["--port", &p2p_port.to_string()])
			.arg("--base-path")
			.arg(dir.join("node"))
			.args(["--rpc-port", &port.to_string()])
			.stdout(Stdio::null())
			.stderr(log)
			.spawn()
			.unwrap();
		let url = format!("ws://127.0.0.1:{port}");
		let chain = Self { url, log: log_path, p2p_port, node: Running(node) };
		// Several nodes compile their runtimes at once, beside whatever else the machine does.
		patiently("the chain answers", 240, || chain.run(&["node", "list"]).status.success());
		chain
	}

	/// Where it answers RPC.
	pub(crate) fn url(&self) -> &str {
		&self.url
	}

	/// Where other nodes find it.
	pub(crate) fn address(&self) -> String {
		let log = fs::read_to_string(&self.log).unwrap();
		let identity = log.split("Local node identity is: ").nth(1).unwrap();
		let identity = identity.split_whitespace().next().unwrap();
		format!("/ip4/127.0.0.1/tcp/{}/p2p/{identity}", self.p2p_port)
	}

	pub(crate) fn pid(&self) -> u32 {
		self.node.0.id()
	}

	/// Number of its best block.
	pub(crate) fn best(&self) -> u32 {
		Self::best_at(&self.url).unwrap()
	}

	/// Number of a node's best block, if it answers.
	pub(crate) fn best_at(url: &str) -> Option<u32> {
		let runtime = tokio::runtime::Runtime::new().unwrap();
		runtime.block_on(async {
			let node = granary_chain::ObservedNode::connect(url).await.ok()?;
			node.best().await.ok().map(|block| block.number)
		})
	}

	pub(crate) fn command(&self, args: &[&str]) -> Command {
		let mut command = granary();
		command.args(["--rpc", &self.url]).args(args);
		command
	}

	pub(crate) fn run(&self, args: &[&str]) -> Output {
		self.command(args).output().unwrap()
	}

	/// Runs a command that must succeed, with `--json`.
	pub(crate) fn json(&self, args: &[&str]) -> Value {
		let output = self.command(args).arg("--json").output().unwrap();
		assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
		serde_json::from_slice(&output.stdout).unwrap_or_default()
	}

	/// Runs a command that must fail with this code and say this.
	pub(crate) fn fails(&self, args: &[&str], code: i32, says: &str) {
		let output = self.run(args);
		let said = text(&output.stderr);
		assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
		assert!(said.contains(says), "{args:?} says: {said}");
	}

	pub(crate) fn worker(&self, dir: &Path, suri: &str) -> Running {
		self.worker_with(dir, suri, &["--listen", &format!("127.0.0.1:{}", free_port())])
	}

	pub(crate) fn worker_with(&self, dir: &Path, suri: &str, more: &[&str]) -> Running {
		let log = fs::File::create(dir.with_extension("log")).unwrap();
		let mut command = self.command(&["worker", "run", "--suri", suri, "--farm", suri]);
		command.arg("--dir").arg(dir).args(["--capacity", "1GiB", "--bond", "100"]).args(more);
		Running(command.stdout(Stdio::null()).stderr(log).spawn().unwrap())
	}
}

pub(crate) fn patiently(what: &str, seconds: u64, mut holds: impl FnMut() -> bool) {
	let deadline = Instant::now() + Duration::from_secs(seconds);
	while !holds() {
		assert!(Instant::now() < deadline, "waited {seconds} s in vain until {what}");
		thread::sleep(Duration::from_millis(300));
	}
}

pub(crate) fn tree(dir: &Path) {
	fs::create_dir_all(dir.join("chains/dev/keystore")).unwrap();
	fs::create_dir_all(dir.join("chains/dev/network")).unwrap();
	fs::create_dir_all(dir.join("chains/dev/paritydb/full")).unwrap();
	fs::write(dir.join("chains/dev/keystore/babe"), "a session key").unwrap();
	fs::write(dir.join("chains/dev/network/secret_ed25519"), "a network key").unwrap();
	let content: Vec<u8> =
		(0..300_000u32).flat_map(|i| (i.wrapping_mul(2_654_435_761)).to_le_bytes()).collect();
	fs::write(dir.join("chains/dev/paritydb/full/table"), content).unwrap();
	fs::write(dir.join("chains/dev/paritydb/full/zeros"), vec![0; 200_000]).unwrap();
}

pub(crate) fn no_key_in(dir: &Path) -> bool {
	let mut stack = vec![dir.to_owned()];
	while let Some(path) = stack.pop() {
		if path.is_dir() {
			stack.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
		} else {
			let content = fs::read(&path).unwrap();
			let holds = |key: &[u8]| content.windows(key.len()).any(|window| window == key);
			if holds(b"a session key") || holds(b"a network key") {
				return false;
			}
		}
	}
	true
}

/// A mount that is unmounted whatever happens.
pub(crate) struct Mount {
	pub(crate) process: Running,
	pub(crate) point: PathBuf,
}

impl Drop for Mount {
	fn drop(&mut self) {
		let _ = Command::new("umount").arg("-l").arg(&self.point).stderr(Stdio::null()).status();
		let _ = self.process.0.kill();
	}
}

/// Flips a bit in the middle of a stopped worker's largest log. All workers' logs have their objects' shards in one order, so on several of them it is one object's.
pub(crate) fn damage(worker_dir: &Path) {
	let segments = fs::read_dir(worker_dir.join("zdb/namespaces")).unwrap().flat_map(|namespace| {
		fs::read_dir(namespace.unwrap().path()).unwrap().map(|file| file.unwrap().path())
	});
	let logs = segments.filter(|path| path.extension().is_some_and(|end| end == "log"));
	let largest = logs.max_by_key(|path| fs::metadata(path).unwrap().len()).unwrap();
	let mut bytes = fs::read(&largest).unwrap();
	let middle = bytes.len() / 2;
	bytes[middle] ^= 1;
	fs::write(largest, bytes).unwrap();
}
