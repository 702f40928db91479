//! A running validator becomes a snapshot, a collator starts from it, publishes what it wrote, and gives its disk back.

use crate::{
	chain::{node_binary, patiently, Chain, Mount},
	common::{free_port, text, Running},
};
use serde_json::Value;
use std::{
	fs,
	io::{BufRead, BufReader},
	path::{Path, PathBuf},
	process::Stdio,
};

/// A reservation of 2+1 over three workers, and where everything lies.
struct Place {
	dir: tempfile::TempDir,
	chain: Chain,
	_workers: Vec<Running>,
	reservation: String,
}

impl Place {
	fn new() -> Self {
		let dir = tempfile::tempdir().unwrap();
		let chain = Chain::start(dir.path());
		let workers: Vec<Running> = ["//Bob", "//Charlie", "//Eve"]
			.iter()
			.map(|suri| chain.worker(&dir.path().join(&suri[2..]), suri))
			.collect();
		patiently("three nodes are registered", 90, || {
			chain.json(&["node", "list"]).as_array().unwrap().len() == 3
		});
		let reserve = "reservation create --data 2 --parity 1 --size 256MiB --blocks 3000 --public-read --suri //Dave";
		let made = chain.json(&reserve.split(' ').collect::<Vec<_>>());
		let reservation = made["id"].to_string();
		Self { dir, chain, _workers: workers, reservation }
	}

	fn path(&self, name: &str) -> PathBuf {
		self.dir.path().join(name)
	}

	fn shown(&self, name: &str) -> String {
		self.path(name).display().to_string()
	}

	/// Runs a command of words; `@name` is a path in the test's directory.
	fn words(&self, line: &str) -> Vec<String> {
		line.split(' ')
			.map(|word| match word.strip_prefix('@') {
				Some(name) => self.shown(name),
				None => word.to_owned(),
			})
			.collect()
	}

	fn json(&self, line: &str) -> Value {
		let words = self.words(line);
		self.chain.json(&words.iter().map(String::as_str).collect::<Vec<_>>())
	}

	fn fails(&self, line: &str, code: i32, says: &str) {
		let words = self.words(line);
		self.chain.fails(&words.iter().map(String::as_str).collect::<Vec<_>>(), code, says);
	}

	fn follower(&self, rpc: u16) -> Vec<String> {
		let bootnode = self.chain.address();
		let node = node_binary().display().to_string();
		format!(
			"{node} --chain dev --base-path {{base-path}} --rpc-port {rpc} --port 0 --no-mdns --no-telemetry --no-prometheus \
			 --unsafe-force-node-key-generation --bootnodes {bootnode}"
		)
		.split_whitespace()
		.map(str::to_owned)
		.collect()
	}

	/// Provisions a follower.
	fn provision(&self, rpc: u16, more: &str) -> (Mount, Value) {
		let (process, report) = self.look_after(rpc, more);
		(Mount { process, point: self.path("state/mnt") }, report)
	}

	/// Starts a process that provisions a follower, or goes on with one, and waits for its report.
	fn look_after(&self, rpc: u16, more: &str) -> (Running, Value) {
		let log =
			fs::File::options().create(true).append(true).open(self.path("provision.log")).unwrap();
		let words = self.words(&format!(
			"provision --json --chain validator --key @key --state-dir @state --cache-dir @cache{more} --"
		));
		let words: Vec<&str> = words.iter().map(String::as_str).collect();
		let mut process = self
			.chain
			.command(&words)
			.args(self.follower(rpc))
			.stdout(Stdio::piped())
			.stderr(log)
			.spawn()
			.unwrap();
		let stdout = process.stdout.take().unwrap();
		let process = Running(process);
		let mut text = String::new();
		for line in BufReader::new(stdout).lines() {
			text.push_str(&line.unwrap());
			if let Ok(report) = serde_json::from_str(&text) {
				return (process, report);
			}
		}
		panic!("it ended: {}", fs::read_to_string(self.path("provision.log")).unwrap());
	}

	/// The process of the node that is looked after.
	fn node(&self) -> u64 {
		let noted = fs::read(self.path("state/node.json")).unwrap();
		serde_json::from_slice::<Value>(&noted).unwrap()["process"].as_u64().unwrap()
	}

	fn status(&self) -> Value {
		let file = self.path("state/mnt/.granary/status.json");
		serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
	}
}

/// A node that says what is asked and nothing else.
fn sham(path: &Path, version: &str) -> String {
	use std::os::unix::fs::PermissionsExt;
	fs::write(path, format!("#!/bin/sh\necho '{version}'\n")).unwrap();
	fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
	path.display().to_string()
}

fn mistakes(place: &Place) {
	let base = "provision --key @key --state-dir @other";
	place.fails(&format!("{base} --chain validator -- true"), 1, "{base-path}");
	place.fails(
		&format!("{base} --chain mars -- true {{base-path}}"),
		5,
		"no snapshot of chain 'mars'",
	);
	let other = "11".repeat(32);
	place.fails(
		&format!("{base} --chain {other} -- true {{base-path}}"),
		5,
		"no snapshot of chain",
	);
	place.fails(
		&format!("{base} --chain validator --at 1 -- true {{base-path}}"),
		5,
		"at or below 1",
	);
	place.fails(&format!("{base} --chain validator --at x -- true {{base-path}}"), 1, "--at takes");
	place.fails(
		&format!("{base} --chain validator --database rocksdb -- true {{base-path}}"),
		5,
		"no snapshot of chain",
	);
	let old = sham(&place.path("old"), "granary-node 0.0.1-unknown");
	place.fails(
		&format!("{base} --chain validator -- {old} --base-path {{base-path}}"),
		1,
		"older than",
	);
	let other = sham(&place.path("stranger"), "polkadot 1.0.0");
	place.fails(
		&format!("{base} --chain validator -- {other} --base-path {{base-path}}"),
		1,
		"the node is polkadot",
	);
	place.fails(
		&format!("{base} --chain validator -- {old} --database rocksdb --base-path {{base-path}}"),
		5,
		"no snapshot",
	);
	place.fails("commit @nowhere --suri //Dave", 1, "neither a mount nor");
	place.fails(
		"snapshot create @node --pid 999999 --reservation 1 --key @key --name x --suri //Dave",
		1,
		"cannot be stopped",
	);
}

#[test]
fn a_collator_starts_from_a_running_validator_and_its_disk_stays_small() {
	let place = Place::new();
	let (chain, reservation) = (&place.chain, &place.reservation);
	patiently("there are some blocks", 60, || chain.best() > 8);

	// The validator itself is the source: it is stopped for a moment, and a node starts from what was stored.
	let mut create = place.words(&format!(
		"snapshot create @node --pid {} --reservation {reservation} --key @key --name validator --suri //Dave --work-dir @ \
		 --verify start --json --",
		chain.pid()
	));
	create.extend(place.follower(free_port()));
	let words: Vec<&str> = create.iter().map(String::as_str).collect();
	let output = chain.command(&words).output().unwrap();
	assert!(output.status.success(), "{}", text(&output.stderr));
	assert!(text(&output.stderr).contains("stood still for"), "{}", text(&output.stderr));
	let created: Value = serde_json::from_slice(&output.stdout).unwrap();
	let height = created["started_at_height"].as_u64().unwrap();
	assert!(height > 8 && created["trace_accesses"].as_u64().unwrap() > 0, "{created}");
	assert!(created["excluded"].to_string().contains("keystore"), "{created}");
	mistakes(&place);

	let rpc = free_port();
	let (mut mount, report) = place.provision(rpc, "");
	assert!(report["started_at"].as_u64().unwrap() >= height, "{report}");
	assert!(report["first_block"].as_u64() > report["started_at"].as_u64(), "{report}");
	let keystore = place.path("state/mnt/chains/granary_dev/keystore");
	fs::create_dir_all(&keystore).unwrap();
	fs::write(keystore.join("aura"), "a session key").unwrap();
	assert!(place.status()["prefetched"].as_u64().unwrap() > 0, "{}", place.status());

	// What the cache is asked.
	let db = "chains/granary_dev/paritydb/full";
	assert_eq!(place.json(&format!("cache pin @state/mnt {db}/metadata"))["pinned"], 1);
	place.fails("cache prefetch @state/mnt no/such/file", 1, "has no file at or below");
	place.json("cache hydrate @state/mnt");
	let again = place.json("cache prefetch @state");
	assert_eq!(again["fetched"], 0, "everything is here: {again}");
	place.json("cache evict @state/mnt --to 0");
	assert!(place.status()["cache_bytes"].as_u64().unwrap() > 0, "what is pinned stays");

	// Two commits on the living node; the second gives the disk back.
	place.fails("commit @state/mnt --suri //Eve", 1, "belongs to another account");
	place.fails("commit @state/mnt --height 1 --suri //Dave", 1, "below that of snapshot");
	let first = place.json(&format!("commit @state/mnt --height {} --suri //Dave", height + 1));
	assert!(first["id"].as_u64() > created["id"].as_u64(), "{first}");
	let thin = |status: &Value| status["thin_bytes"].as_u64().unwrap();
	let before = thin(&place.status());
	let second =
		place.json(&format!("commit @state/mnt --height {} --suri //Dave --drop", height + 2));
	assert!(second["freed_bytes"].as_u64().unwrap() > 0, "{second}");
	assert!(thin(&place.status()) < before, "{before} before, {}", place.status());
	assert_eq!(place.status()["snapshot"], second["id"]);
	follows(&place, rpc);

	// The process is killed, what it left is cleaned, the node that has lost its database with it too, and the next one goes on from the committed snapshot.
	let orphan = place.node();
	mount.process.0.kill().unwrap();
	mount.process.0.wait().unwrap();
	drop(mount);
	let rpc = free_port();
	let (mount, report) = place.provision(rpc, " --hold 60s");
	let command = fs::read(format!("/proc/{orphan}/cmdline")).unwrap_or_default();
	assert!(place.node() != orphan && command.is_empty(), "the one left behind is stopped");
	assert_eq!(report["snapshot"], second["id"], "{report}");
	assert_eq!(fs::read_to_string(keystore.join("aura")).unwrap(), "a session key");
	follows(&place, rpc);
	let mut mount = goes_on_with_its_node(&place, mount, rpc);
	assert_eq!(
		mount.process.terminate(),
		Some(0),
		"{}",
		fs::read_to_string(place.path("provision.log")).unwrap()
	);
	assert!(!keystore.exists(), "it is unmounted");

	// Back to the first snapshot: what was written goes, the keys stay; then to the newest again.
	let first_id = created["id"].to_string();
	let rebased = place.json(&format!("rebase @state {first_id} --key @key --cache-dir @cache"));
	assert!(rebased["kept"].to_string().contains("keystore/aura"), "{rebased}");
	assert_eq!(place.json("rebase @state --key @key --cache-dir @cache")["to"], second["id"]);
	place.fails("rebase @nowhere --key @key", 1, "holds no thin layer");

	// The committed snapshot stands for itself, and holds no key.
	let id = second["id"].to_string();
	place.json(&format!("snapshot materialise {id} @restored --key @key --cache-dir @cache2"));
	assert!(place.path("restored").join(db).join("metadata").exists());
	assert!(!place.path("restored/chains/granary_dev/keystore").exists());
	assert!(place.json(&format!("snapshot show {id} --key @key"))["contents"]["parent"].is_string());
}

/// The provisioned node imports what the validator makes.
fn follows(place: &Place, rpc: u16) {
	let node = format!("ws://127.0.0.1:{rpc}");
	patiently("the follower is at the validator's block", 90, || {
		Chain::best_at(&node).is_some_and(|best| best + 2 >= place.chain.best())
	});
}

/// One supervisor after another, killed or asked to leave, looks after the same node on the same mount.
fn goes_on_with_its_node(place: &Place, mut mount: Mount, rpc: u16) -> Mount {
	let node = place.node();
	for take_over in [false, true] {
		if !take_over {
			mount.process.0.kill().unwrap();
			mount.process.0.wait().unwrap();
			place.fails("rebase @state --key @key", 1, "waits for a process that serves it");
		}
		let more = if take_over { " --hold 60s --take-over" } else { " --hold 60s" };
		let (process, report) = place.look_after(rpc, more);
		let mut before = std::mem::replace(&mut mount.process, process);
		assert!(report["first_block"].as_u64() > report["started_at"].as_u64(), "{report}");
		assert_eq!(place.node(), node, "the node is the same process");
		follows(place, rpc);
		if take_over {
			assert_eq!(before.0.wait().unwrap().code(), Some(0), "the one before has left");
		}
	}
	mount
}
