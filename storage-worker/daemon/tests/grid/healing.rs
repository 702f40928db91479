//! A reservation whose nodes lose data, die and move: the binary finds it, puts it back, and readers follow.

use crate::{
	chain::{patiently, tree, Chain, Mount},
	common::Running,
};
use serde_json::Value;
use std::{
	fs,
	path::{Path, PathBuf},
	process::Stdio,
};

const FARMERS: [&str; 4] = ["Bob", "Charlie", "Eve", "Ferdie"];

struct Stage {
	chain: Chain,
	dir: PathBuf,
	workers: Vec<Option<Running>>,
	/// The node of each worker.
	nodes: Vec<u64>,
	reservation: String,
}

impl Stage {
	fn set(dir: &Path) -> Self {
		let chain = Chain::start(dir);
		let mut stage = Self {
			chain,
			dir: dir.to_owned(),
			workers: Vec::new(),
			nodes: Vec::new(),
			reservation: String::new(),
		};
		for worker in 0..FARMERS.len() {
			stage.workers.push(None);
			stage.start(worker);
		}
		patiently("all nodes are registered", 120, || {
			stage.chain.json(&["node", "list"]).as_array().unwrap().len() == FARMERS.len()
		});
		for farmer in FARMERS {
			let status = stage.chain.json(&["worker", "status", "--dir", &stage.shown(farmer)]);
			stage.nodes.push(status["node"].as_u64().unwrap());
		}
		stage
	}

	/// Starts a worker, on another port than before.
	fn start(&mut self, worker: usize) {
		let suri = format!("//{}", FARMERS[worker]);
		self.workers[worker] = Some(self.chain.worker(&self.dir_of(worker), &suri));
	}

	fn dir_of(&self, worker: usize) -> PathBuf {
		self.dir.join(FARMERS[worker])
	}

	fn stop(&mut self, worker: usize) {
		self.workers[worker].take().unwrap().terminate();
	}

	fn shown(&self, name: &str) -> String {
		self.dir.join(name).display().to_string()
	}

	fn heal(&self, more: &[&str]) -> Value {
		let key = self.shown("key");
		let args = ["heal", &self.reservation, "--key", &key, "--suri", "//Dave"];
		self.chain.json(&[&args[..], more].concat())
	}

	/// Flips a bit in the middle of the largest segment of a stopped worker.
	fn damage(&self, worker: usize) {
		let dir = self.dir_of(worker).join("zdb/namespaces");
		let segments = fs::read_dir(dir).unwrap().flat_map(|namespace| {
			fs::read_dir(namespace.unwrap().path()).unwrap().map(|file| file.unwrap().path())
		});
		let logs = segments.filter(|path| path.extension().is_some_and(|end| end == "log"));
		let largest = logs.max_by_key(|path| fs::metadata(path).unwrap().len()).unwrap();
		let mut bytes = fs::read(&largest).unwrap();
		let middle = bytes.len() / 2;
		bytes[middle] ^= 1;
		fs::write(largest, bytes).unwrap();
	}
}

#[test]
fn what_nodes_lose_is_put_back() {
	let dir = tempfile::tempdir().unwrap();
	let mut stage = Stage::set(dir.path());
	for node in stage.nodes.clone() {
		let answer = stage.chain.json(&["node", "ping", &node.to_string()]);
		assert!(answer["milliseconds"].as_f64().unwrap() > 0.0);
	}
	let snapshot = publish(&mut stage);
	let healthy = stage.heal(&["--check", "all"]);
	assert_eq!((&healthy["missing_shards"], &healthy["damaged_shards"]), (&0.into(), &0.into()));
	assert_eq!(healthy["fewest_good_shards"], 3);
	assert!(healthy["loss_probability_per_day"].as_f64().unwrap() < 1e-6);

	// A bit flips on the second node's disk: its worker does not notice, healing does and mends it.
	stage.stop(1);
	stage.damage(1);
	stage.start(1);
	patiently("it answers on its new port", 60, || {
		stage.chain.run(&["node", "ping", &stage.nodes[1].to_string()]).status.success()
	});
	let mended = stage.heal(&["--check", "all"]);
	assert_eq!((&mended["damaged_shards"], &mended["mended_shards"]), (&1.into(), &1.into()));
	assert_eq!(stage.heal(&["--check", "all"])["damaged_shards"], 0);

	moves_a_lost_allotment(&mut stage);
	readers_follow_a_node_that_moves(&mut stage, &snapshot);
}

fn publish(stage: &mut Stage) -> String {
	let nodes: Vec<String> = stage.nodes[..3].iter().map(u64::to_string).collect();
	let reserve = ["reservation", "create", "--data", "2", "--parity", "1", "--size", "16MiB"];
	let more = ["--blocks", "1000", "--public-read", "--suri", "//Dave", "--nodes"];
	let nodes = nodes.join(",");
	let reserved = stage.chain.json(&[&reserve[..], &more, &[&nodes]].concat());
	stage.reservation = reserved["id"].to_string();
	tree(&stage.dir.join("base"));
	let (base, key) = (stage.shown("base"), stage.shown("key"));
	let create = ["snapshot", "create", &base, "--reservation", &stage.reservation, "--key", &key];
	let created = stage.chain.json(&[&create[..], &["--name", "t", "--suri", "//Dave"]].concat());
	created["id"].to_string()
}

/// The third node loses its disk and says so; its allotment moves to the fourth, which no farm of the others has.
fn moves_a_lost_allotment(stage: &mut Stage) {
	let reservation = stage.chain.json(&["reservation", "show", &stage.reservation]);
	let lost = reservation["allotments"][2]["id"].to_string();
	let dir = stage.shown("Eve");
	let declare = ["worker", "declare-loss", &lost, "--dir", &dir];
	stage.chain.fails(&declare, 1, "say --yes if its data are gone");
	patiently("no audit is open", 60, || {
		stage.chain.run(&[&declare[..], &["--yes"]].concat()).status.success()
	});
	stage.stop(2);
	let unreached = stage.heal(&[]);
	assert_eq!(unreached["unreachable_nodes"][0]["node"], stage.nodes[2]);
	assert_eq!(unreached["fewest_good_shards"], 2);
	let moved = stage.heal(&["--replace"]);
	assert_eq!(moved["replaced_allotments"], 1, "{moved}");
	assert!(moved["rebuilt_shards"].as_u64().unwrap() > 10, "{moved}");
	assert_eq!(moved["checkpoints"], 1, "{moved}");
	let reservation = stage.chain.json(&["reservation", "show", &stage.reservation]);
	assert_eq!(reservation["allotments"][2]["node"], stage.nodes[3], "{reservation}");
	let healthy = stage.heal(&["--check", "all"]);
	assert_eq!(
		(&healthy["fewest_good_shards"], &healthy["missing_shards"]),
		(&3.into(), &0.into())
	);
}

/// With the first node gone both others are needed; one of them moves to another port under a live mount.
fn readers_follow_a_node_that_moves(stage: &mut Stage, snapshot: &str) {
	stage.stop(0);
	let point = stage.dir.join("mnt");
	fs::create_dir(&point).unwrap();
	let (shown, key, state) = (stage.shown("mnt"), stage.shown("key"), stage.shown("state"));
	let args =
		["mount", snapshot, &shown, "--key", &key, "--state-dir", &state, "--cache-dir", &state];
	let process = stage.chain.command(&args).stderr(Stdio::null()).spawn().unwrap();
	let mut mount = Mount { process: Running(process), point: point.clone() };
	let name = "chains/dev/paritydb/full/table";
	patiently("it is mounted", 30, || point.join(name).exists());
	stage.stop(3);
	stage.start(3);
	let expected = fs::read(stage.dir.join("base").join(name)).unwrap();
	patiently("the moved node is found", 60, || {
		fs::read(point.join(name)).is_ok_and(|read| read == expected)
	});
	assert_eq!(mount.process.terminate(), Some(0));
}
