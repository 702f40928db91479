//! The local chain of two authorities: neither can make a block final alone.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod common;

use common::DevelopmentNode;
use serde_json::json;

/// An authority, or a follower, of the local chain.
fn start(arguments: &[&str]) -> DevelopmentNode {
	let mut all = vec!["--chain=local", "--tmp", "--unsafe-force-node-key-generation"];
	all.extend(arguments);
	DevelopmentNode::start_with(&all)
}

/// Where peers find this node.
fn address(node: &DevelopmentNode) -> String {
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

#[test]
fn two_authorities_finalise_together_and_others_follow() {
	let alice = start(&["--alice"]);
	let boot_node = address(&alice);
	let bob = start(&["--bob", "--bootnodes", &boot_node]);
	// A follower that speaks the other network implementation.
	let follower = start(&["--network-backend=libp2p", "--bootnodes", &boot_node]);
	for node in [&alice, &bob, &follower] {
		node.wait_finalised(3);
	}
	let block = alice.ask("chain_getBlockHash", json!([3]));
	assert_eq!(bob.ask("chain_getBlockHash", json!([3])), block);
	assert_eq!(follower.ask("chain_getBlockHash", json!([3])), block);
	assert_eq!(follower.ask("system_nodeRoles", json!([])), json!(["Full"]));
	assert_eq!(bob.ask("system_nodeRoles", json!([])), json!(["Authority"]));
	for node in [follower, bob, alice] {
		node.stop();
	}
}
