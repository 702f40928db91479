//! Networks of several validators on a chain specification of their own.

use super::{run_ok, DevelopmentNode};
use granary_runtime::SessionKeys;
use serde_json::{json, Value};
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use std::path::{Path, PathBuf};

/// The first four validators, as dev accounts.
pub const VALIDATORS: [(Sr25519Keyring, Ed25519Keyring); 4] = [
	(Sr25519Keyring::Alice, Ed25519Keyring::Alice),
	(Sr25519Keyring::Bob, Ed25519Keyring::Bob),
	(Sr25519Keyring::Charlie, Ed25519Keyring::Charlie),
	(Sr25519Keyring::Dave, Ed25519Keyring::Dave),
];

/// Writes the specification of a fast chain of four validators, by the steps of
/// `docs/custom-chain.md`.
pub fn four_validators(directory: &Path) -> PathBuf {
	let plain = run_ok(&["export-chain-spec", "--chain", "local"]);
	let mut plain: Value = serde_json::from_str(&plain).unwrap();
	plain["name"] = json!("Four validators");
	plain["id"] = json!("granary_four");
	let patch = &mut plain["genesis"]["runtimeGenesis"]["patch"];
	patch["timing"] = json!({ "slotDurationMs": 2_000, "epochSlots": 8 });
	patch["session"]["keys"] = VALIDATORS
		.iter()
		.map(|(account, grandpa)| {
			let keys =
				SessionKeys { babe: account.public().into(), grandpa: grandpa.public().into() };
			json!([account.to_account_id(), account.to_account_id(), keys])
		})
		.collect();
	patch["validators"]["validators"] =
		VALIDATORS.iter().map(|(account, _)| json!(account.to_account_id())).collect();
	let plain_file = directory.join("plain.json");
	std::fs::write(&plain_file, plain.to_string()).unwrap();
	let raw_file = directory.join("raw.json");
	let [plain, raw] = [&plain_file, &raw_file].map(|path| path.to_str().unwrap());
	run_ok(&["export-chain-spec", "--chain", plain, "--raw", "--output", raw]);
	raw_file
}

/// Starts a node of this chain.
pub fn start(chain: &Path, base_path: &Path, arguments: &[&str]) -> DevelopmentNode {
	let [chain, base_path] = [chain, base_path].map(|path| path.to_str().unwrap());
	let mut all =
		vec!["--chain", chain, "--base-path", base_path, "--unsafe-force-node-key-generation"];
	all.extend(arguments);
	DevelopmentNode::start_with(&all)
}

/// Where peers find this node.
pub fn address(node: &DevelopmentNode) -> String {
	let addresses = node.wait_for("an address", "system_localListenAddresses", json!([]), |list| {
		list.as_array().is_some_and(|list| !list.is_empty())
	});
	let local = addresses
		.as_array()
		.unwrap()
		.iter()
		.filter_map(|address| address.as_str())
		.find(|address| address.starts_with("/ip4/127.0.0.1/tcp/"));
	local.unwrap_or_else(|| panic!("no local address in {addresses}")).to_owned()
}
