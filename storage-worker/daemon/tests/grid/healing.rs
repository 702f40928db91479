//! A reservation whose nodes lose data, die and move: the binary finds it, puts it back, and readers follow.

use crate::{
	chain::{damage, patiently, tree, Chain, Mount},
	common::{text, Running},
};
use serde_json::Value;
use std::{
	fs,
	path::{Path, PathBuf},
	process::Stdio,
};

const FARMERS: [&str; 4] = ["Bob", "Charlie", "Eve", "Ferdie"];
/// The file that is read, in what is published and in its mounts.
const TABLE: &str = "chains/dev/paritydb/full/table";

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

	/// Mounts a snapshot in a new directory of that name, with a state of its own.
	fn mount(&self, name: &str, snapshot: &str) -> Mount {
		let point = self.dir.join(name);
		fs::create_dir(&point).unwrap();
		let (shown, key) = (self.shown(name), self.shown("key"));
		let state = self.shown(&format!("{name}.state"));
		let args = [
			"mount",
			snapshot,
			&shown,
			"--key",
			&key,
			"--state-dir",
			&state,
			"--cache-dir",
			&state,
		];
		let process = self.chain.command(&args).stderr(Stdio::null()).spawn().unwrap();
		let mount = Mount { process: Running(process), point };
		patiently("it is mounted", 30, || mount.point.join(TABLE).exists());
		mount
	}

	fn heal(&self, more: &[&str]) -> Value {
		let key = self.shown("key");
		let args = ["heal", &self.reservation, "--key", &key, "--suri", "//Dave"];
		self.chain.json(&[&args[..], more].concat())
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
	what_is_unchanged_is_not_read_again(&stage);
	let healthy = stage.heal(&["--check", "all"]);
	assert_eq!((&healthy["missing_shards"], &healthy["damaged_shards"]), (&0.into(), &0.into()));
	assert_eq!(healthy["fewest_good_shards"], 3);
	assert!(healthy["loss_probability_per_day"].as_f64().unwrap() < 1e-6);

	// A bit flips on the second node's disk: its worker does not notice, healing does and mends it.
	stage.stop(1);
	damage(&stage.dir_of(1));
	stage.start(1);
	patiently("it answers on its new port", 60, || {
		stage.chain.run(&["node", "ping", &stage.nodes[1].to_string()]).status.success()
	});
	let mended = stage.heal(&["--check", "all"]);
	assert_eq!((&mended["damaged_shards"], &mended["mended_shards"]), (&1.into(), &1.into()));
	assert_eq!(stage.heal(&["--check", "all"])["damaged_shards"], 0);

	healing_hears_of_misses(&mut stage);
	healing_hears_of_reads(&mut stage, &snapshot);
	moves_a_lost_allotment(&mut stage);
	moves_what_is_better_off_elsewhere(&mut stage);
	shares(&stage.chain, dir.path(), &stage.reservation, &snapshot);
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

/// The unchanged directory is published again without being read, as long as the snapshot is there that has its parts.
fn what_is_unchanged_is_not_read_again(stage: &Stage) {
	let (base, key) = (stage.shown("base"), stage.shown("key"));
	let create = |name: &str| {
		let args = ["snapshot", "create", &base, "--reservation", &stage.reservation];
		let more = ["--key", &key, "--name", name, "--suri", "//Dave"];
		stage.chain.json(&[&args[..], &more].concat())
	};
	let again = create("again");
	assert_eq!(again["unread_bytes"], again["total_bytes"], "{again}");
	assert!(again["stored_bytes"].as_u64().unwrap() < 10_000, "{again}");
	stage.chain.json(&["snapshot", "retire", &again["id"].to_string(), "--suri", "//Dave"]);
	let read = create("read");
	assert_eq!(read["unread_bytes"], 0, "the parts may be gone: {read}");
	let known = create("known");
	assert_eq!(known["unread_bytes"], known["total_bytes"], "{known}");
	let plan = stage.chain.json(&["dataset", "rebalance", &stage.reservation]);
	assert_eq!(plan["operators"], 3, "{plan}");
}

/// A bit flips on the second node while it misses an audit: its record on chain is reason enough to look closely.
fn healing_hears_of_misses(stage: &mut Stage) {
	let reservation = stage.chain.json(&["reservation", "show", &stage.reservation]);
	let allotment = reservation["allotments"][1]["id"].to_string();
	stage.stop(1);
	damage(&stage.dir_of(1));
	patiently("it misses an audit", 180, || {
		stage.chain.json(&["audit", "status", &allotment])["missed"].as_u64() > Some(0)
	});
	stage.start(1);
	patiently("it answers again", 60, || {
		stage.chain.run(&["node", "ping", &stage.nodes[1].to_string()]).status.success()
	});
	let proven = || stage.chain.json(&["audit", "status", &allotment])["proven"].as_u64();
	let before = proven();
	let healed = stage.heal(&[]);
	assert_eq!(healed["doubted_nodes"][0]["node"], stage.nodes[1], "{healed}");
	assert_eq!((&healed["damaged_shards"], &healed["mended_shards"]), (&1.into(), &1.into()));
	patiently("it proves again what it holds", 180, || proven() > before);
	let healthy = stage.heal(&[]);
	assert_eq!(healthy["doubted_nodes"].as_array().unwrap().len(), 0, "{healthy}");
}

/// A bit flips on the second node, whose shards are read first: a mount meets it, and healing puts it right because it asks the mount.
fn healing_hears_of_reads(stage: &mut Stage, snapshot: &str) {
	stage.stop(1);
	damage(&stage.dir_of(1));
	stage.start(1);
	patiently("it answers again", 60, || {
		stage.chain.run(&["node", "ping", &stage.nodes[1].to_string()]).status.success()
	});
	let mut mount = stage.mount("read", snapshot);
	let table = mount.point.join(TABLE);
	assert!(fs::read(&table).unwrap() == fs::read(stage.dir.join("base").join(TABLE)).unwrap());
	let elsewhere = stage.heal(&["--mount", &stage.shown("base")]);
	assert_eq!(elsewhere["suspects"]["objects"], 0, "{elsewhere}");
	let healed = stage.heal(&["--mount", &stage.shown("read")]);
	let suspects = &healed["suspects"];
	assert_eq!(
		(&suspects["objects"], &suspects["damaged_shards"]),
		(&1.into(), &1.into()),
		"{healed}"
	);
	assert_eq!(healed["mended_shards"], 1, "{healed}");
	let again = stage.heal(&["--mount", &stage.shown("read.state")]);
	assert_eq!(again["suspects"]["objects"], 0, "the mount was told: {again}");
	assert_eq!(mount.process.terminate(), Some(0));
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

/// The second node is going to be emptied; its allotment moves to the third, which has a disk again, and is restored there.
fn moves_what_is_better_off_elsewhere(stage: &mut Stage) {
	stage.start(2);
	patiently("it answers again", 60, || {
		stage.chain.run(&["node", "ping", &stage.nodes[2].to_string()]).status.success()
	});
	assert_eq!(stage.heal(&["--rebalance"])["missing_shards"], 0, "all is well where it is");
	let leaving = stage.nodes[1].to_string();
	let leave = ["node", "availability", &leaving, "--draining", "--suri", "//Charlie"];
	assert!(stage.chain.run(&leave).status.success());
	let plan = stage.chain.json(&["dataset", "rebalance", &stage.reservation]);
	assert_eq!(plan["moves"][0]["reason"], "node is being emptied", "{plan}");
	let key = stage.shown("key");
	let args = ["heal", &stage.reservation, "--key", &key, "--suri", "//Dave", "--json"];
	let said = stage.chain.run(&[&args[..], &["--rebalance"]].concat());
	let rounds: Vec<Value> = serde_json::Deserializer::from_slice(&said.stdout)
		.into_iter()
		.collect::<Result<_, _>>()
		.unwrap();
	let [before, after] = &rounds[..] else { panic!("{rounds:?}\n{}", text(&said.stderr)) };
	assert_eq!((&before["missing_shards"], &before["replaced_allotments"]), (&0.into(), &0.into()));
	assert_eq!(after["replaced_allotments"], 1, "{after}");
	assert!(after["rebuilt_shards"].as_u64().unwrap() > 10, "{after}");
	let reservation = stage.chain.json(&["reservation", "show", &stage.reservation]);
	assert_eq!(reservation["allotments"][1]["node"], stage.nodes[2], "{reservation}");
	let healthy = stage.heal(&["--check", "all"]);
	assert_eq!(
		(&healthy["fewest_good_shards"], &healthy["missing_shards"]),
		(&3.into(), &0.into())
	);
}

/// With the first node gone both others are needed; one of them moves to another port under a live mount.
fn readers_follow_a_node_that_moves(stage: &mut Stage, snapshot: &str) {
	stage.stop(0);
	let mut mount = stage.mount("mnt", snapshot);
	let table = mount.point.join(TABLE);
	stage.stop(3);
	stage.start(3);
	let expected = fs::read(stage.dir.join("base").join(TABLE)).unwrap();
	patiently("the moved node is found", 60, || {
		fs::read(&table).is_ok_and(|read| read == expected)
	});
	assert_eq!(mount.process.terminate(), Some(0));
}

/// A recipient is granted the dataset's key over the chain, reads with it, and is out once the key was rotated.
fn shares(chain: &Chain, dir: &Path, number: &str, snapshot: &str) {
	let shown = |name: &str| dir.join(name).display().to_string();
	let (key, identity, joined) = (shown("key"), shown("reader.key"), shown("joined.key"));
	let reader = chain.json(&["key", "new", &identity]);
	let recipient = reader["recipient"].as_str().unwrap();
	let join = ["dataset", "join", number, "--identity", &identity, "--out", &joined];
	chain.fails(&join, 5, "is not granted to");
	let grant = ["dataset", "grant", number, "--key", &key, "--to", recipient];
	chain.fails(&[&grant[..], &["--suri", "//Eve"]].concat(), 7, "NotTenant");
	chain.json(&[&grant[..], &["--suri", "//Dave"]].concat());
	let recipients = ["dataset", "recipients", number, "--key", &key];
	assert_eq!(chain.json(&recipients)[0], reader["fingerprint"]);
	chain.json(&join);
	assert_eq!(fs::read(&joined).unwrap(), fs::read(&key).unwrap());
	let verified = chain.json(&["snapshot", "show", snapshot, "--key", &joined]);
	assert!(verified["contents"].is_object(), "{verified}");

	// However much is said, the secrets are not.
	let secrets = [&joined, &identity].map(|file| {
		let line = fs::read_to_string(file).unwrap();
		let digits = line.trim().rsplit(':').next().unwrap().to_owned();
		digits[digits.len() - 64..].to_owned()
	});
	let mut talkative = chain.command(&["-vv", "snapshot", "verify", snapshot, "--key", &joined]);
	let said = talkative.env("RUST_LOG", "trace").output().unwrap();
	assert!(said.status.success() && said.stderr.len() > 10_000, "{} bytes", said.stderr.len());
	for said in [text(&said.stderr), text(&said.stdout)] {
		assert!(secrets.iter().all(|secret| !said.contains(secret)), "a secret was said");
	}

	let fingerprint = reader["fingerprint"].as_str().unwrap();
	let revoke = ["dataset", "revoke", number, "--key", &key, "--to", fingerprint];
	let revoked = chain.json(&[&revoke[..], &["--suri", "//Dave"]].concat());
	assert_eq!(revoked["rotated"], true);
	fs::remove_file(&joined).unwrap();
	chain.fails(&join, 5, "is not granted to");
	// The rotated file still reads what was published before.
	let still = chain.json(&["snapshot", "show", snapshot, "--key", &key]);
	assert!(still["contents"].is_object(), "{still}");
}
