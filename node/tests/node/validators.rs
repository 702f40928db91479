//! Four validators on a chain of their own: one is killed and comes back, a fifth is admitted, and
//! a network that was split agrees again.

use crate::common::{
	network::{address, four_validators, start},
	transactions::submit_signed,
	DevelopmentNode, PATIENCE,
};
use codec::{Decode, Encode};
use frame_support::dispatch::GetDispatchInfo;
use granary_runtime::{RuntimeCall, SessionKeys};
use serde_json::{json, Value};
use sp_core::{Bytes, H256};
use sp_keyring::Sr25519Keyring;
use sp_runtime::traits::{BlakeTwo256, Hash};
use std::time::{Duration, Instant};

/// Submits a call and waits until it is in a block.
fn transact(node: &DevelopmentNode, from: Sr25519Keyring, call: RuntimeCall) {
	submit_signed(node, from, call);
	let account = from.to_account_id();
	let wanted = node.ask("system_accountNextIndex", json!([account]));
	let wanted = Bytes(u32::try_from(wanted.as_u64().unwrap()).unwrap().encode());
	let call = json!(["AccountNonceApi_account_nonce", Bytes(account.encode())]);
	node.wait_for("inclusion", "state_call", call, |nonce| *nonce == json!(wanted));
}

/// A motion of Alice that Bob and Charlie agree to, and its end.
fn decide(node: &DevelopmentNode, call: RuntimeCall) {
	let enact = RuntimeCall::Governance(pallet_governance::Call::enact { call: Box::new(call) });
	let (proposal, length_bound) = (BlakeTwo256::hash_of(&enact), enact.encoded_size() as u32);
	let proposal_weight_bound = enact.get_dispatch_info().call_weight;
	let propose =
		pallet_collective::Call::propose { threshold: 2, proposal: Box::new(enact), length_bound };
	transact(node, Sr25519Keyring::Alice, RuntimeCall::Council(propose));
	for member in [Sr25519Keyring::Alice, Sr25519Keyring::Bob] {
		let vote = pallet_collective::Call::vote { proposal, index: 0, approve: true };
		transact(node, member, RuntimeCall::Council(vote));
	}
	let close = pallet_collective::Call::close {
		proposal_hash: proposal,
		index: 0,
		proposal_weight_bound,
		length_bound,
	};
	transact(node, Sr25519Keyring::Bob, RuntimeCall::Council(close));
}

/// The validators of the running session.
fn validators(node: &DevelopmentNode) -> Vec<[u8; 32]> {
	let key =
		[sp_io::hashing::twox_128(b"Session"), sp_io::hashing::twox_128(b"Validators")].concat();
	let value: Bytes =
		serde_json::from_value(node.ask("state_getStorage", json!([Bytes(key)]))).unwrap();
	Vec::decode(&mut &value[..]).unwrap()
}

#[test]
fn a_killed_validator_comes_back_and_a_fifth_is_admitted() {
	let directory = tempfile::tempdir().unwrap();
	let chain = four_validators(directory.path());
	let path = |name: &str| directory.path().join(name);
	let alice = start(&chain, &path("alice"), &["--alice"]);
	let boot_node = address(&alice);
	let join = ["--bootnodes", &boot_node];
	let others = ["bob", "charlie"]
		.map(|name| start(&chain, &path(name), &[&[&format!("--{name}")[..]], &join[..]].concat()));
	let dave = start(&chain, &path("dave"), &[&["--dave"], &join[..]].concat());
	dave.wait_finalised(2);

	// Three of four finalise without the fourth, which catches up from its own database.
	dave.kill();
	let height = alice.finalised();
	alice.wait_finalised(height + 4);
	let dave = start(&chain, &path("dave"), &[&["--dave"], &join[..]].concat());
	dave.wait_finalised(height + 6);

	// Eve makes session keys on its own node; the council admits its account.
	let eve = start(&chain, &path("eve"), &[&["--validator"], &join[..]].concat());
	let account = Sr25519Keyring::Eve.to_account_id();
	decide(
		&alice,
		RuntimeCall::Validators(pallet_validators::Call::invite { account: account.clone() }),
	);
	let generated = eve.ask("author_rotateKeysWithOwner", json!([Bytes(account.encode())]));
	let bytes =
		|field: &str| -> Bytes { serde_json::from_value(generated[field].clone()).unwrap() };
	let (keys, proof) = (bytes("keys"), bytes("proof"));
	let keys = SessionKeys::decode(&mut &keys[..]).unwrap();
	let set_keys = pallet_session::Call::set_keys { keys, proof: proof.0 };
	transact(&alice, Sr25519Keyring::Eve, RuntimeCall::Session(set_keys));
	let join = pallet_validators::Call::join {};
	transact(&alice, Sr25519Keyring::Eve, RuntimeCall::Validators(join));

	let started = Instant::now();
	while validators(&alice).len() < 5 {
		assert!(started.elapsed() < PATIENCE, "Eve is not admitted");
		std::thread::sleep(Duration::from_secs(1));
	}
	assert!(validators(&alice).contains(account.as_ref()));
	// Two of five are gone, and only with Eve's votes there are enough: 4 of 5 are needed.
	let height = alice.finalised();
	dave.kill();
	alice.wait_finalised(height + 6);
	eve.wait_finalised(height + 6);
	for node in others.into_iter().chain([eve, alice]) {
		node.stop();
	}
}

/// The newest block's number.
fn best(node: &DevelopmentNode) -> u32 {
	let header: Value = node.ask("chain_getHeader", json!([]));
	u32::from_str_radix(header["number"].as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

/// The hash of the block of this height.
fn hash(node: &DevelopmentNode, number: u32) -> Option<H256> {
	serde_json::from_value(node.ask("chain_getBlockHash", json!([number]))).unwrap()
}

/// Registers a twin of this account, on the node's own side of the network.
fn register(node: &DevelopmentNode, from: Sr25519Keyring) {
	let call = pallet_grid::Call::register_twin {
		endpoint: b"[::1]:9900".to_vec().try_into().unwrap(),
		transport_key: [7; 32],
	};
	transact(node, from, RuntimeCall::Grid(call));
}

#[test]
fn a_split_network_makes_two_forks_and_agrees_again_with_every_transaction() {
	let directory = tempfile::tempdir().unwrap();
	let chain = four_validators(directory.path());
	let path = |name: &str| directory.path().join(name);
	let alice = start(&chain, &path("alice"), &["--alice"]);
	let charlie = start(&chain, &path("charlie"), &["--charlie"]);
	let (at_alice, at_charlie) = (address(&alice), address(&charlie));
	let bob = start(&chain, &path("bob"), &["--bob", "--bootnodes", &at_alice]);
	let dave = start(&chain, &path("dave"), &["--dave", "--bootnodes", &at_charlie]);

	// Each half writes blocks of its own; neither can make one final.
	register(&alice, Sr25519Keyring::Ferdie);
	register(&charlie, Sr25519Keyring::One);
	for node in [&alice, &charlie] {
		let started = Instant::now();
		while best(node) < 4 {
			assert!(started.elapsed() < PATIENCE, "half a network writes no blocks");
			std::thread::sleep(Duration::from_millis(300));
		}
	}
	let forks = (hash(&alice, 2), hash(&charlie, 2));
	assert!(forks.0.is_some() && forks.0 != forks.1, "{forks:?}");
	assert_eq!((alice.finalised(), charlie.finalised()), (0, 0));

	alice.ask("system_addReservedPeer", json!([at_charlie]));
	charlie.ask("system_addReservedPeer", json!([at_alice]));
	for node in [&alice, &bob, &charlie, &dave] {
		node.wait_finalised(8);
	}
	assert_eq!(hash(&alice, 5), hash(&charlie, 5));
	// What only the lost fork had is included again.
	for key in [Sr25519Keyring::Ferdie, Sr25519Keyring::One] {
		let account = json!([key.to_account_id()]);
		let twin = alice.wait_for("its twin", "granary_twin", account, |twin| !twin.is_null());
		assert!(!twin.is_null());
	}
	for node in [bob, dave, charlie, alice] {
		node.stop();
	}
}
