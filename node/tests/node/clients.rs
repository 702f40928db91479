//! PAPI, polkadot.js and subxt use the chain without a types bundle: each runs its script or example, and what it
//! prints is what the chain says.

use crate::common::DevelopmentNode;
use serde_json::json;
use sp_io::hashing::twox_64;
use std::{
	collections::HashMap,
	fs,
	path::{Path, PathBuf},
	process::Command,
	sync::{Mutex, PoisonError},
};

/// The scripts and their packages.
fn scripts() -> PathBuf {
	Path::new("../scripts/clients").to_path_buf()
}

/// A copy of the scripts with their npm packages beside them, made once for each lock file.
fn installed() -> PathBuf {
	static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
	let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
	let lock = fs::read(scripts().join("package-lock.json")).unwrap();
	let name = format!("clients-{}", hex::encode(twox_64(&lock)));
	let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
	fs::create_dir_all(&directory).unwrap();
	for file in [
		".npmrc",
		"package.json",
		"package-lock.json",
		"journey.mjs",
		"papi.mjs",
		"polkadot-js.mjs",
	] {
		fs::copy(scripts().join(file), directory.join(file)).unwrap();
	}
	let done = directory.join("installed");
	if !done.exists() {
		let output = Command::new("npm")
			.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
			.current_dir(&directory)
			.output()
			.expect("npm cannot be started: run scripts/setup, which installs it");
		let errors = String::from_utf8_lossy(&output.stderr);
		assert!(output.status.success(), "npm ci failed: {errors}");
		fs::write(done, "").unwrap();
	}
	directory
}

/// Runs a client to its end; answers its facts.
fn facts(mut command: Command) -> HashMap<String, String> {
	let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
	let [out, errors] = [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it));
	assert!(output.status.success(), "{command:?} failed: {out}{errors}");
	out.lines()
		.filter_map(|line| line.split_once(": "))
		.map(|(name, value)| (name.to_owned(), value.to_owned()))
		.collect()
}

/// What every client must have seen.
fn assert_journey(node: &DevelopmentNode, facts: &HashMap<String, String>, farm: &str) {
	let number = |name: &str| -> u32 { facts[name].parse().unwrap() };
	assert!(facts["registering twice"].eq_ignore_ascii_case("grid.AlreadyTwin"), "{facts:?}");
	assert_eq!(facts["longest endpoint"], "128");
	assert!(facts["audit clock"].contains("20"), "{facts:?}");
	let twin = node.ask("granary_twin", json!([number("twin")]));
	assert_eq!(twin["endpoint"], "client.example:9900");
	let made = node.ask("granary_farm", json!([number("farm")]));
	assert_eq!(made["name"], farm);
	assert_eq!(made["twin"], twin["id"]);
}

#[test]
fn clients_need_no_types_bundle() {
	let node = DevelopmentNode::start(None);
	node.wait_finalised(1);
	let directory = installed();
	for (script, farm) in [("polkadot-js.mjs", "polkadot.js"), ("papi.mjs", "papi")] {
		let mut command = Command::new("node");
		command.arg(directory.join(script)).args(["--url", &node.url()]);
		let facts = facts(command);
		assert_journey(&node, &facts, farm);
		assert_eq!(facts["granary_twin"], facts["twin"]);
	}
	let example =
		Path::new(env!("CARGO_BIN_EXE_granary-node")).with_file_name("examples/dynamic_client");
	assert!(
		example.is_file(),
		"{} is missing: it is built with the tests of the whole workspace (cargo test --workspace)",
		example.display()
	);
	let mut command = Command::new(example);
	command.arg(node.url());
	assert_journey(&node, &facts(command), "subxt");
	node.stop();
}

#[test]
fn a_client_says_that_nobody_answers() {
	let directory = installed();
	let output = Command::new("node")
		.arg(directory.join("papi.mjs"))
		.args(["--url", "ws://127.0.0.1:1"])
		.output()
		.unwrap();
	let errors = String::from_utf8_lossy(&output.stderr);
	assert!(!output.status.success());
	assert!(errors.contains("error: connecting to ws://127.0.0.1:1"), "{errors}");
}
