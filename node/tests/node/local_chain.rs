//! The local chain of two authorities: neither can make a block final alone.

use crate::common::{network::address, DevelopmentNode};
use serde_json::json;

/// An authority, or a follower, of the local chain.
fn start(arguments: &[&str]) -> DevelopmentNode {
	let mut all = vec!["--chain=local", "--tmp", "--unsafe-force-node-key-generation"];
	all.extend(arguments);
	DevelopmentNode::start_with(&all)
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
