//! The whole path, small, and the mistakes that people make on it.

use crate::{
	chain::{no_key_in, patiently, tree, Chain, Mount},
	common::{text, wait_until, Running},
};
use serde_json::Value;
use std::{fs, path::Path, process::Stdio};

/// The address of `//Alice`.
const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
/// The public key of `//Dave`.
const DAVE: &str = "0x306721211d5404bd9da88e0204360a1a9ab8b87c66c1bc2fcdd37f3c2222cc20";

#[test]
fn the_whole_path_and_its_mistakes() {
	let dir = tempfile::tempdir().unwrap();
	let path = |name: &str| dir.path().join(name);
	let shown = |name: &str| path(name).display().to_string();
	let chain = Chain::start(dir.path());

	// Two farms are too few for 2+1; then the third comes.
	let mut workers: Vec<Running> =
		["//Bob", "//Charlie"].iter().map(|suri| chain.worker(&path(&suri[2..]), suri)).collect();
	patiently("two nodes are registered", 90, || {
		chain.json(&["node", "list"]).as_array().unwrap().len() == 2
	});
	let reserve = |size: &'static str, suri: &'static str, blocks: &'static str| {
		[
			"reservation",
			"create",
			"--data",
			"2",
			"--parity",
			"1",
			"--size",
			size,
			"--blocks",
			blocks,
			"--public-read",
			"--suri",
			suri,
		]
	};
	chain.fails(&reserve("16MiB", "//Dave", "100"), 1, "too few nodes");
	workers.push(chain.worker(&path("Eve"), "//Eve"));
	patiently("three nodes are registered", 90, || {
		chain.json(&["node", "list"]).as_array().unwrap().len() == 3
	});
	chain.fails(&reserve("2GiB", "//Dave", "100"), 1, "too few nodes");
	// An account that has nothing cannot even register its twin.
	let poor = chain.run(&reserve("16MiB", "//Nobody//At//All", "100"));
	assert_eq!(poor.status.code(), Some(7), "{}", text(&poor.stderr));

	let mut plan = reserve("16MiB", "//Dave", "1000").to_vec();
	plan.push("--plan");
	let planned = chain.json(&plan);
	assert_eq!(planned["nodes"].as_array().unwrap().len(), 3, "{planned}");
	assert_eq!(planned["shared_operators"], 0);
	assert!(chain.json(&["reservation", "list"]).as_array().unwrap().is_empty(), "nothing is paid");
	let reservation = chain.json(&reserve("16MiB", "//Dave", "1000"));
	assert_eq!(reservation["allotments"].as_array().unwrap().len(), 3);
	tree(&path("base"));
	let number = reservation["id"].to_string();
	let create = |suri: &'static str| {
		vec![
			"snapshot".to_owned(),
			"create".into(),
			shown("base"),
			"--reservation".into(),
			number.clone(),
			"--key".into(),
			shown("key"),
			"--name".into(),
			"test".into(),
			"--suri".into(),
			suri.into(),
		]
	};
	let as_strs = |args: &[String]| -> Vec<String> { args.to_vec() };
	let stranger = as_strs(&create("//Ferdie"));
	chain.fails(
		&stranger.iter().map(String::as_str).collect::<Vec<_>>(),
		1,
		"belongs to another account",
	);
	let own = create("//Dave");
	let created = chain.json(&own.iter().map(String::as_str).collect::<Vec<_>>());
	let snapshot = created["id"].to_string();
	let excluded = created["excluded"].to_string();
	assert!(excluded.contains("keystore") && excluded.contains("network"), "{excluded}");

	// The catalogue names who signed it and finds it by its chain.
	let shown_snapshot = chain.json(&["snapshot", "show", &snapshot]);
	assert_eq!(shown_snapshot["signer"], DAVE);
	assert_eq!(shown_snapshot["health"]["needed"], 2);
	let genesis = shown_snapshot["genesis"].as_str().unwrap().to_owned();
	let listed = ["snapshot", "list", "--genesis", &genesis, "--database", "other"];
	assert_eq!(chain.json(&listed)[0]["id"], shown_snapshot["id"]);
	let none = ["snapshot", "list", "--genesis", &genesis, "--database", "rocksdb"];
	assert_eq!(chain.json(&none).as_array().map(Vec::len), Some(0));

	// Reading it back, and what goes wrong on the way.
	let key = shown("key");
	chain.fails(
		&["snapshot", "verify", &snapshot, "--key", &key, "--signer", ALICE],
		6,
		"is signed by",
	);
	chain.fails(&["snapshot", "show", "77"], 5, "snapshot 77 does not exist");
	chain.fails(
		&["snapshot", "materialise", "77", &shown("x"), "--key", &key],
		5,
		"snapshot 77 does not exist",
	);
	fs::write(path("wrong"), format!("granary-dataset-1:{}\n", "ab".repeat(48))).unwrap();
	use std::os::unix::fs::PermissionsExt;
	fs::set_permissions(path("wrong"), fs::Permissions::from_mode(0o600)).unwrap();
	chain.fails(
		&["snapshot", "materialise", &snapshot, &shown("x"), "--key", &shown("wrong")],
		6,
		"is not the key of snapshot",
	);
	// The right dataset with another secret: it is the shards that say so.
	let mut forged = fs::read_to_string(path("key")).unwrap();
	let last = if forged.trim_end().ends_with('0') { "1" } else { "0" };
	forged.replace_range(forged.trim_end().len() - 1..forged.trim_end().len(), last);
	fs::write(path("forged"), forged).unwrap();
	fs::set_permissions(path("forged"), fs::Permissions::from_mode(0o600)).unwrap();
	let forged =
		chain.run(&["snapshot", "materialise", &snapshot, &shown("x"), "--key", &shown("forged")]);
	assert!(!forged.status.success());
	assert!(!path("x").exists(), "nothing is left behind");
	fs::create_dir(path("full")).unwrap();
	fs::write(path("full/file"), "mine").unwrap();
	chain.fails(&["mount", &snapshot, &shown("full"), "--key", &key], 1, "not empty");
	chain.fails(
		&[
			"snapshot",
			"materialise",
			&snapshot,
			&shown("full"),
			"--key",
			&key,
			"--cache-dir",
			&shown("cache"),
		],
		1,
		"not empty",
	);

	// One of three nodes may be lost.
	workers[0].terminate();
	let restored = chain.json(&[
		"snapshot",
		"materialise",
		&snapshot,
		&shown("restored"),
		"--key",
		&key,
		"--cache-dir",
		&shown("cache"),
	]);
	assert!(restored["chunks_fetched"].as_u64().unwrap() > 0);
	for file in ["table", "zeros"] {
		let name = format!("chains/dev/paritydb/full/{file}");
		assert!(
			fs::read(path("base").join(&name)).unwrap()
				== fs::read(path("restored").join(&name)).unwrap(),
			"{file}"
		);
	}
	assert!(
		!path("restored/chains/dev/keystore").exists()
			&& !path("restored/chains/dev/network").exists()
	);
	assert!(no_key_in(&path("restored")) && no_key_in(&path("cache")));

	mounts_and_remembers(&chain, dir.path(), &snapshot, &key);
	changes(&chain, &number);

	// A worker's directory and a chain with another genesis.
	let other = dir.path().join("other");
	fs::create_dir(&other).unwrap();
	fs::write(path("Eve/genesis"), "00".repeat(32)).unwrap();
	workers[2].terminate();
	let mut strange = chain.worker(&path("Eve"), "//Eve");
	wait_until(|| strange.0.try_wait().unwrap().is_some(), "the worker refuses the other chain");
	assert_eq!(strange.0.wait().unwrap().code(), Some(4));
}

/// What a tenant and an operator may change, and what only they may.
fn changes(chain: &Chain, number: &str) {
	let as_dave = |args: &[&'static str]| {
		let mut all = vec!["reservation"];
		all.push(args[0]);
		all.push(number);
		all.extend(&args[1..]);
		all.extend(["--suri", "//Dave"]);
		chain.json(&all)
	};
	let grown = as_dave(&["grow", "--size", "24MiB"]);
	assert_eq!(grown["bytes_per_allotment"], 24 << 20, "{grown}");
	chain.fails(
		&["reservation", "grow", number, "--size", "32MiB", "--suri", "//Ferdie"],
		7,
		"NotTenant",
	);
	let shrunk = as_dave(&["shrink", "--size", "20MiB"]);
	assert_eq!(shrunk["bytes_per_allotment"], 20 << 20, "{shrunk}");
	chain.fails(
		&["reservation", "replace", number, "--shard", "0", "--node", "1", "--suri", "//Dave"],
		7,
		"NotLost",
	);
	// Ferdie registers a twin by reserving; here nobody offered anything.
	chain.fails(&["reservation", "accept", number, "--suri", "//Eve"], 7, "NotOffered");

	let operator = |node: &Value| node["operator"].as_str().unwrap().to_owned();
	let nodes = chain.json(&["node", "list"]);
	let eve =
		chain.json(&["account", "show", "--suri", "//Eve"])["address"].as_str().unwrap().to_owned();
	let own = nodes.as_array().unwrap().iter().find(|node| operator(node) == eve).unwrap();
	let id = own["id"].to_string();
	chain.fails(
		&["node", "availability", &id, "--draining", "--suri", "//Dave"],
		7,
		"NotNodeOperator",
	);
	chain.json(&["node", "availability", &id, "--draining", "--suri", "//Eve"]);
	assert_eq!(chain.json(&["node", "show", &id])["draining"], true);
	chain.fails(&["node", "availability", &id, "--standby", "--suri", "//Eve"], 7, "NodeInUse");
	chain.fails(
		&["node", "maintenance", &id, "--start", "1", "--end", "2", "--suri", "//Eve"],
		7,
		"NoticeTooShort",
	);
}

/// Mounts, writes, unmounts, mounts again: what was written is there, what was not is the snapshot's.
fn mounts_and_remembers(chain: &Chain, dir: &Path, snapshot: &str, key: &str) {
	let point = dir.join("mnt");
	let state = dir.join("state").display().to_string();
	fs::create_dir(&point).unwrap();
	let table = point.join("chains/dev/paritydb/full/table");
	let original = fs::read(dir.join("base/chains/dev/paritydb/full/table")).unwrap();
	for round in 0..2 {
		let shown = point.display().to_string();
		let args =
			["mount", snapshot, &shown, "--key", key, "--state-dir", &state, "--cache-dir", &state];
		let process = chain.command(&args).stderr(Stdio::null()).spawn().unwrap();
		let mut mount = Mount { process: Running(process), point: point.clone() };
		patiently("it is mounted", 30, || table.exists());
		let mut expected = original.clone();
		if round == 1 {
			expected[5000..5010].copy_from_slice(b"0123456789");
		}
		assert!(fs::read(&table).unwrap() == expected, "round {round}");
		assert!(!point.join("chains/dev/keystore").exists());
		if round == 0 {
			use std::os::unix::fs::FileExt;
			let file = fs::File::options().write(true).open(&table).unwrap();
			file.write_all_at(b"0123456789", 5000).unwrap();
			fs::write(point.join("new"), "made here").unwrap();
		} else {
			assert_eq!(fs::read_to_string(point.join("new")).unwrap(), "made here");
		}
		assert_eq!(mount.process.terminate(), Some(0));
		assert!(!table.exists(), "it is unmounted");
	}
	let status: Value =
		serde_json::from_slice(&fs::read(Path::new(&state).join("status.json")).unwrap()).unwrap();
	assert_eq!(status["chunks_fetched"], 0, "the second mount read its cache only");
}
