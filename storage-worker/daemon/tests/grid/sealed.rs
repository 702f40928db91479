//! Sealed and private snapshots: published, shown, restored, healed, and refused where they cannot be used.

use crate::{
	chain::{no_key_in, patiently, tree, Chain},
	common::Running,
};
use serde_json::Value;
use std::{fs, path::Path};

const FARMERS: [&str; 3] = ["Bob", "Charlie", "Eve"];

fn publish(chain: &Chain, dir: &Path, reservation: &str, name: &str, more: &[&str]) -> Value {
	let shown = |name: &str| dir.join(name).display().to_string();
	let (base, key) = (shown("base"), shown("key"));
	let args = ["snapshot", "create", &base, "--reservation", reservation, "--name", name];
	chain.json(&[&args[..], &["--key", &key, "--suri", "//Dave"], more].concat())
}

fn assert_restores(chain: &Chain, dir: &Path, snapshot: &Value, target: &str) {
	let shown = |name: &str| dir.join(name).display().to_string();
	let (number, key, target_dir) = (snapshot["id"].to_string(), shown("key"), shown(target));
	let (work, cache) = (shown("work"), shown("cache"));
	let args = ["snapshot", "restore", &number, &target_dir, "--key", &key];
	chain.json(&[&args[..], &["--work-dir", &work, "--cache-dir", &cache]].concat());
	for file in ["table", "zeros"] {
		let name = format!("chains/dev/paritydb/full/{file}");
		let read = |below: &str| fs::read(dir.join(below).join(&name)).unwrap();
		assert!(read("base") == read(target), "{file}");
	}
	assert!(no_key_in(&dir.join(target)));
	assert_eq!(fs::read_dir(dir.join("work")).unwrap().count(), 0, "nothing is left over");
}

#[test]
fn sealed_and_private_snapshots_do_what_they_say() {
	let dir = tempfile::tempdir().unwrap();
	let path = |name: &str| dir.path().join(name);
	let shown = |name: &str| path(name).display().to_string();
	let chain = Chain::start(dir.path());
	let mut workers: Vec<Running> =
		FARMERS.iter().map(|farmer| chain.worker(&path(farmer), &format!("//{farmer}"))).collect();
	patiently("all nodes are registered", 120, || {
		chain.json(&["node", "list"]).as_array().unwrap().len() == FARMERS.len()
	});
	let reserve = ["reservation", "create", "--data", "2", "--parity", "1", "--size", "32MiB"];
	let more = ["--blocks", "1000", "--public-read", "--suri", "//Dave"];
	let reservation = chain.json(&[&reserve[..], &more].concat());
	let reservation = reservation["id"].to_string();
	tree(&path("base"));
	fs::create_dir(path("work")).unwrap();

	let publish = |name: &str, more: &[&str]| publish(&chain, dir.path(), &reservation, name, more);
	let sealed = publish("archive", &["--sealed"]);
	assert_eq!(sealed["sealed"], true);
	let (number, key) = (sealed["id"].to_string(), shown("key"));
	let facts = chain.json(&["snapshot", "show", &number, "--key", &key]);
	let facts = &facts["sealed"];
	assert_eq!((&facts["blocks"], &facts["share_of_log"]), (&1.into(), &1.0.into()), "{facts}");
	let log2 = facts["undetected_loss_log2"].as_f64().unwrap();
	assert!((-12.0..-9.0).contains(&log2), "2+1 at sixteen leaves: {log2}");
	fs::create_dir(path("mnt")).unwrap();
	let mount = ["mount", &number, &shown("mnt"), "--key", &key, "--state-dir", &shown("state")];
	chain.fails(&mount, 1, "is sealed");
	let both = ["snapshot", "create", &shown("base"), "--reservation", &reservation, "--key", &key];
	chain.fails(&[&both[..], &["--name", "x", "--sealed", "--private"]].concat(), 2, "--private");

	// Two private snapshots of the same files share nothing but cost the same; two others of them share all but their manifests.
	let stored = |created: &Value| created["stored_bytes"].as_u64().unwrap();
	let private = publish("private", &["--private"]);
	let again = publish("again", &["--private"]);
	assert!(stored(&private) > 1_800_000 && stored(&again).abs_diff(stored(&private)) < 10_000);
	publish("hot", &[]);
	assert!(stored(&publish("hotter", &[])) < 10_000);
	assert_restores(&chain, dir.path(), &private, "of-private");

	let heal = || {
		let args = ["heal", &reservation, "--key", &key, "--suri", "//Dave", "--check", "all"];
		chain.json(&[&args[..], &["--work-dir", &shown("work")]].concat())
	};
	let healthy = heal();
	let archive = &healthy["archives"][0];
	assert_eq!(archive["missing_values"], 0, "{healthy}");
	assert!(archive["verified_leaves"].as_u64().unwrap() > 3 * 539, "{healthy}");
	assert_eq!((&healthy["missing_shards"], &healthy["foreign_objects"]), (&0.into(), &0.into()));
	let verified = chain.json(&["snapshot", "verify", &number, "--key", &key]);
	assert_eq!(verified["damaged"].as_array().map(Vec::len), Some(0), "{verified}");

	// One of three nodes may be lost.
	workers[0].terminate();
	assert_restores(&chain, dir.path(), &sealed, "of-sealed");
}
