//! Two snapshots share chunks; the first is retired and what only it needed leaves all nodes, while audits go on. Then a node gets new keys.

use crate::{
	chain::{patiently, Chain},
	common::{text, Running},
};
use serde_json::Value;
use std::{
	fs,
	path::{Path, PathBuf},
};

const FARMERS: [&str; 3] = ["Bob", "Charlie", "Eve"];

struct Stage {
	chain: Chain,
	dir: PathBuf,
	workers: Vec<Running>,
	reservation: String,
	allotments: Vec<u64>,
}

impl Stage {
	fn set(dir: &Path) -> Self {
		let chain = Chain::start(dir);
		let worker = |farmer: &&str| chain.worker(&dir.join(farmer), &format!("//{farmer}"));
		let workers = FARMERS.iter().map(worker).collect();
		patiently("all nodes are registered", 120, || {
			chain.json(&["node", "list"]).as_array().unwrap().len() == FARMERS.len()
		});
		let reserve = ["reservation", "create", "--data", "2", "--parity", "1", "--size", "32MiB"];
		let more = ["--blocks", "2000", "--public-read", "--suri", "//Dave"];
		let reserved = chain.json(&[&reserve[..], &more].concat());
		let allotments = reserved["allotments"].as_array().unwrap().iter();
		let allotments = allotments.map(|one| one["id"].as_u64().unwrap()).collect();
		let (reservation, dir) = (reserved["id"].to_string(), dir.to_owned());
		Self { chain, dir, workers, reservation, allotments }
	}

	fn shown(&self, name: &str) -> String {
		self.dir.join(name).display().to_string()
	}

	fn publish(&self, base: &str, name: &str) -> String {
		let (base, key) = (self.shown(base), self.shown("key"));
		let create = ["snapshot", "create", &base, "--reservation", &self.reservation];
		let more = ["--key", &key, "--name", name, "--suri", "//Dave"];
		self.chain.json(&[&create[..], &more].concat())["id"].to_string()
	}

	fn release(&self, more: &[&str]) -> Value {
		let key = self.shown("key");
		let release = ["dataset", "release", &self.reservation, "--key", &key, "--suri", "//Dave"];
		self.chain.json(&[&release[..], more].concat())
	}

	fn audits(&self, what: &str) -> Vec<u64> {
		let of = |allotment: &u64| {
			let status = self.chain.json(&["audit", "status", &allotment.to_string()]);
			status[what].as_u64().unwrap()
		};
		self.allotments.iter().map(of).collect()
	}

	/// Bytes of the files of all workers' stores.
	fn disk_bytes(&self) -> u64 {
		fn below(dir: &Path) -> u64 {
			let entries = fs::read_dir(dir).into_iter().flatten().flatten();
			let of = |entry: fs::DirEntry| match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
				true => below(&entry.path()),
				// Files come and go under a worker that is at work.
				false => entry.metadata().map_or(0, |metadata| metadata.len()),
			};
			entries.map(of).sum()
		}
		FARMERS.iter().map(|farmer| below(&self.dir.join(farmer).join("zdb"))).sum()
	}

	fn restores(&self, snapshot: &str, base: &str) {
		let (key, target, cache) =
			(self.shown("key"), self.shown("restored"), self.shown("restored-cache"));
		let args = ["snapshot", "materialise", snapshot, &target, "--key", &key];
		self.chain.json(&[&args[..], &["--cache-dir", &cache]].concat());
		for file in ["shared", "own"] {
			let read = |dir: &str| fs::read(self.dir.join(dir).join(file)).unwrap();
			assert!(read(base) == read("restored"), "{file}");
		}
		fs::remove_dir_all(&target).unwrap();
		fs::remove_dir_all(&cache).unwrap();
	}
}

/// Bytes that do not compress.
fn noise(seed: u64, len: usize) -> Vec<u8> {
	use rand::{RngCore, SeedableRng};
	let mut bytes = vec![0; len];
	rand::rngs::StdRng::seed_from_u64(seed).fill_bytes(&mut bytes);
	bytes
}

fn tree(dir: &Path, own: u64) {
	fs::create_dir_all(dir).unwrap();
	fs::write(dir.join("shared"), noise(1, 1_500_000)).unwrap();
	fs::write(dir.join("own"), noise(own, 4_000_000)).unwrap();
}

#[test]
fn what_only_a_retired_snapshot_needed_is_given_back() {
	let dir = tempfile::tempdir().unwrap();
	let mut stage = Stage::set(dir.path());
	tree(&stage.dir.join("one"), 2);
	tree(&stage.dir.join("two"), 3);
	let one = stage.publish("one", "one");
	let two = stage.publish("two", "two");

	// While both are published nothing goes; nor does what is young.
	let plan = stage.release(&["--plan", "--older-than", "1s"]);
	assert_eq!((&plan["objects"], &plan["snapshots"]), (&0.into(), &2.into()), "{plan}");
	let retire = ["snapshot", "retire", &one, "--suri"];
	stage.chain.fails(&[&retire[..], &["//Eve"]].concat(), 7, "NotPublisher");
	stage.chain.json(&[&retire[..], &["//Dave"]].concat());
	let young = stage.release(&["--plan"]);
	assert_eq!(young["objects"], 0, "{young}");
	assert!(young["young_objects"].as_u64().unwrap() > 4, "{young}");
	let plan = stage.release(&["--plan", "--older-than", "1s"]);
	let bytes = plan["bytes"].as_u64().unwrap();
	assert!((6_000_000..6_500_000).contains(&bytes), "{plan}");

	// Somebody else cannot, and a tenant alone cannot: the node signs only what its own log says.
	let key = stage.shown("key");
	let stranger = ["dataset", "release", &stage.reservation, "--key", &key, "--suri", "//Eve"];
	stage.chain.fails(&stranger, 1, "belongs to another account");
	a_tenant_alone_cannot_remove(&stage);

	patiently("an audit of each node is proven", 240, || {
		stage.audits("proven").iter().all(|proven| *proven > 0)
	});
	let (before, proven_before) = (stage.disk_bytes(), stage.audits("proven"));
	let released = stage.release(&["--older-than", "1s"]);
	assert_eq!(released["allotments"].as_array().unwrap().len(), 3, "{released}");
	// Both logs are there until the present one is proven once more; a worker that starts anew keeps both.
	stage.workers[0].terminate();
	stage.workers[0] = stage.chain.worker(&stage.dir.join("Bob"), "//Bob");
	let waiting = stage.chain.run(&[
		"dataset",
		"release",
		&stage.reservation,
		"--key",
		&key,
		"--suri",
		"//Dave",
	]);
	if !waiting.status.success() {
		assert!(text(&waiting.stderr).contains("waits for its next audit"));
	}
	stage.restores(&two, "two");
	patiently("the space is free", 300, || stage.disk_bytes() < before - bytes * 9 / 10);
	patiently("audits of the shorter logs are proven", 300, || {
		stage.audits("proven").iter().zip(&proven_before).all(|(now, then)| *now > then + 1)
	});
	assert_eq!(stage.audits("missed"), [0, 0, 0]);
	stage.restores(&two, "two");
	let again = stage.release(&["--plan", "--older-than", "1s"]);
	assert_eq!((&again["objects"], &again["snapshots"]), (&0.into(), &1.into()), "{again}");

	// What went can be published again, on top of the shorter logs.
	let back = stage.publish("one", "back");
	stage.restores(&back, "one");
	rotates_keys(&stage, &back);
}

/// A removal that carries no signature of the node's.
fn a_tenant_alone_cannot_remove(stage: &Stage) {
	use granary_chain::{Call, ChainClient, Signer};
	use granary_primitives::{
		audit::{Checkpoint, Removal, SignedRemoval},
		message,
	};
	let runtime = tokio::runtime::Runtime::new().unwrap();
	runtime.block_on(async {
		let url = stage.chain.url().to_owned();
		let chain = ChainClient::connect(&[url], None).await.unwrap();
		let (dave, allotment) = (Signer::from_uri("//Dave").unwrap(), stage.allotments[0]);
		let last = chain.newest_log(allotment).await.unwrap().unwrap();
		let checkpoint = Checkpoint {
			allotment,
			epoch: last.epoch + 1,
			root: [7; 32],
			leaf_count: 1,
			previous_root: last.root,
		};
		let removal = Removal { checkpoint, seal: None };
		let signature = dave.sign(&message::removal(&chain.genesis_hash(), &removal));
		let forged =
			SignedRemoval { removal, tenant_signature: signature, node_signature: signature };
		let refused = chain.submit_and_finalise(&dave, &Call::submit_removal(&forged)).await;
		assert!(refused.unwrap_err().to_string().contains("BadNodeSignature"));
		assert_eq!(chain.newest_log(allotment).await.unwrap(), Some(last));
	});
}

/// The running worker changes to its new keys when they are valid; clients find them, and audits go on.
fn rotates_keys(stage: &Stage, snapshot: &str) {
	let dir = stage.shown("Charlie");
	let node = stage.chain.json(&["worker", "status", "--dir", &dir])["node"].to_string();
	let before = stage.chain.json(&["node", "show", &node]);
	let rotate = ["worker", "rotate-keys", "--dir", &dir, "--suri"];
	stage.chain.fails(&[&rotate[..], &["//Eve"]].concat(), 7, "NotNodeOperator");
	stage.chain.json(&[&rotate[..], &["//Charlie"]].concat());
	let cancelled = [&rotate[..], &["//Charlie", "--cancel"]].concat();
	assert_eq!(stage.chain.json(&cancelled)["cancelled"], true);
	let announced = stage.chain.json(&[&rotate[..], &["//Charlie"]].concat());
	assert!(announced["valid_from_block"].as_u64().is_some(), "{announced}");
	let proven = stage.audits("proven");
	patiently("the node has its new keys", 180, || {
		let now = stage.chain.json(&["node", "show", &node]);
		now["audit_key"] == announced["audit_key"] && now["audit_key"] != before["audit_key"]
	});
	patiently("it serves with them", 60, || {
		stage.chain.run(&["node", "ping", &node]).status.success()
	});
	patiently("audits are proven with them", 300, || {
		stage.audits("proven").iter().zip(&proven).all(|(now, then)| *now > *then)
	});
	assert_eq!(stage.chain.json(&["worker", "status", "--dir", &dir])["node"].to_string(), node);
	stage.restores(snapshot, "one");
	// Writing needs all nodes, and passwords follow from the new keys.
	stage.publish("two", "after");
	for (change, refused) in [
		(&["node", "offer-rent", &node, "--price-per-block", "0.1"][..], "NotNodeOperator"),
		(&["node", "remove", &node], "NotNodeOperator"),
	] {
		stage.chain.fails(&[change, &["--suri", "//Dave"]].concat(), 7, refused);
	}
	let offer = ["node", "offer-rent", &node, "--price-per-block", "0.1", "--suri", "//Charlie"];
	stage.chain.json(&offer);
	assert_eq!(stage.chain.json(&["node", "show", &node])["rent_per_block"], "100000000000");
	let rent = ["node", "rent", &node, "--blocks", "10", "--suri", "//Dave"];
	let rented = stage.chain.run(&rent);
	assert!(rented.status.success() || text(&rented.stderr).contains("NodeInUse"));
	let farm = before["farm"].to_string();
	let price = ["farm", "price", &farm, "--price", "0.002", "--suri"];
	stage.chain.json(&[&price[..], &["//Charlie"]].concat());
	stage.chain.fails(&[&price[..], &["//Dave"]].concat(), 7, "NotFarmOwner");
}
