//! The commands that need no running chain.

use crate::common::{granary_node, run, run_ok, DevelopmentNode};
use serde_json::Value;
use std::{fs, path::Path};

/// The files of compiled runtimes.
fn compiled_runtimes(directory: &Path) -> Vec<String> {
	let mut found = Vec::new();
	let mut directories = vec![directory.to_owned()];
	while let Some(directory) = directories.pop() {
		for entry in fs::read_dir(&directory).unwrap() {
			let path = entry.unwrap().path();
			let name = path.file_name().unwrap().to_str().unwrap().to_owned();
			match path.is_dir() {
				true => directories.push(path),
				// What is noted of its use, and what was being written when the node ended.
				false if name.contains(".stats") || name.contains(".wip-") => {},
				false => found.push(name),
			}
		}
	}
	found
}

#[test]
fn a_runtime_is_compiled_once() {
	let directory = tempfile::tempdir().unwrap();
	let named = directory.path().to_str().unwrap();
	let start = || {
		let node = DevelopmentNode::start_with(&["--dev", "--tmp", "--compiled-runtimes", named]);
		node.wait_finalised(1);
		node.stop();
		compiled_runtimes(directory.path())
	};
	let first = start();
	assert_eq!(first.len(), 1, "{first:?}");
	assert_eq!(start(), first, "the second start has found it");
}

#[test]
fn compiled_runtimes_are_refused_where_others_could_put_them() {
	let directory = tempfile::tempdir().unwrap();
	let base = directory.path().join("base");
	let (base, inside) = (base.to_str().unwrap(), base.join("compiled"));
	let inside = inside.to_str().unwrap();
	let refused = |output: std::process::Output, reason: &str| {
		let error = String::from_utf8_lossy(&output.stderr);
		assert!(!output.status.success() && error.contains(reason), "{error}");
	};
	let published = ["--dev", "--base-path", base, "--compiled-runtimes", inside];
	refused(run(&published), "must not be kept in the node's own directory");
	let everybody = ["--dev", "--tmp", "--compiled-runtimes", "/tmp"];
	refused(run(&everybody), "others may write there");
}

#[test]
fn without_a_home_the_runtime_is_compiled_at_each_start() {
	let directory = tempfile::tempdir().unwrap();
	let output = granary_node(&["export-state", "--dev", "0", "--base-path"])
		.arg(directory.path())
		.env_remove("HOME")
		.env_remove("XDG_CACHE_HOME")
		.output()
		.unwrap();
	let log = String::from_utf8_lossy(&output.stderr);
	assert!(output.status.success(), "{log}");
	assert!(log.contains("each start compiles the runtime"), "{log}");
}

#[test]
fn specifications_are_written_and_read_again() {
	let directory = tempfile::tempdir().unwrap();
	let plain: Value =
		serde_json::from_str(&run_ok(&["export-chain-spec", "--chain", "dev"])).unwrap();
	assert_eq!(plain["id"], "granary_dev");
	assert_eq!(plain["chainType"], "Development");
	assert_eq!(plain["properties"]["tokenDecimals"], 12);
	assert_eq!(plain["telemetryEndpoints"], Value::Null);

	let plain_file = directory.path().join("local.json");
	let raw_file = directory.path().join("local-raw.json");
	let (plain_file, raw_file) = (plain_file.to_str().unwrap(), raw_file.to_str().unwrap());
	run_ok(&["export-chain-spec", "--chain", "local", "--output", plain_file]);
	run_ok(&["export-chain-spec", "--chain", plain_file, "--raw", "--output", raw_file]);
	let raw: Value = serde_json::from_slice(&std::fs::read(raw_file).unwrap()).unwrap();
	assert_eq!(raw["id"], "granary_local");
	assert!(raw["genesis"]["raw"]["top"].as_object().unwrap().len() > 20);
	let again = run_ok(&["export-chain-spec", "--chain", raw_file, "--raw"]);
	assert_eq!(serde_json::from_str::<Value>(&again).unwrap(), raw);
}

#[test]
fn a_built_specification_names_this_node_as_boot_node() {
	let specification: Value = serde_json::from_str(&run_ok(&["build-spec", "--dev"])).unwrap();
	let boot_nodes = specification["bootNodes"].as_array().unwrap();
	assert_eq!(boot_nodes.len(), 1);
	assert!(boot_nodes[0].as_str().unwrap().starts_with("/ip4/127.0.0.1/tcp/30333/p2p/"));
}

#[test]
fn keys_are_generated_and_inspected() {
	let generated = run_ok(&["key", "generate", "--output-type", "json"]);
	let generated: Value = serde_json::from_str(&generated).unwrap();
	let phrase = generated["secretPhrase"].as_str().unwrap();
	assert_eq!(phrase.split(' ').count(), 12);
	let inspected = run_ok(&["key", "inspect", "--output-type", "json", phrase]);
	let inspected: Value = serde_json::from_str(&inspected).unwrap();
	assert_eq!(inspected["ss58Address"], generated["ss58Address"]);
	let alice = run_ok(&["key", "inspect", "//Alice"]);
	assert!(alice.contains("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"), "{alice}");
}

#[test]
fn an_unknown_chain_is_named() {
	for arguments in [
		&["--chain", "mars", "--tmp"][..],
		&["export-chain-spec", "--chain", "mars"][..],
		&["chain-info", "--chain", "mars"][..],
	] {
		let output = run(arguments);
		assert!(!output.status.success());
		let error = String::from_utf8_lossy(&output.stderr);
		assert!(error.contains("chain 'mars' is unknown"), "{arguments:?}: {error}");
		assert!(error.contains("neither 'dev' nor 'local'"), "{arguments:?}: {error}");
	}
	let output = run(&["--tmp"]);
	assert!(!output.status.success());
	let error = String::from_utf8_lossy(&output.stderr);
	assert!(error.contains("no chain was chosen: pass --dev"), "{error}");
}

#[test]
fn a_file_that_is_no_specification_is_named() {
	let directory = tempfile::tempdir().unwrap();
	let file = directory.path().join("chain.json");
	std::fs::write(&file, "{ \"name\": 7 }").unwrap();
	let output = run(&["export-chain-spec", "--chain", file.to_str().unwrap()]);
	assert!(!output.status.success());
	let error = String::from_utf8_lossy(&output.stderr);
	assert!(error.contains("chain.json' cannot be used"), "{error}");
}
