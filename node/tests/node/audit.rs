//! From registration to payment on a real chain: a node is audited, proves, is paid, and its past
//! proof is found and verified again; an audit that it does not answer is missed.

use crate::common::{
	run_ok,
	transactions::{genesis, submit_proof, submit_signed},
	DevelopmentNode,
};
use granary_por::{leaf_hash, node_hash, Blake2, Peaks, TreeSource};
use granary_primitives::{
	audit::{Challenge, Checkpoint, SignedCheckpoint},
	message, Hash,
};
use granary_runtime::{constants::UNIT, RuntimeCall};
use serde_json::{json, Value};
use sp_core::{hexdisplay::AsBytesRef, sr25519, Bytes, Pair, H256};
use sp_io::hashing::blake2_256;
use sp_keyring::Sr25519Keyring;
use std::{convert::Infallible, path::Path};

const ALLOTMENT: u64 = 0;
const LEAF_COUNT: u64 = 77;

/// A log of a few leaves, each different.
struct Log;

impl TreeSource for Log {
	type Error = Infallible;

	fn leaf(&self, index: u64) -> Result<[u8; 512], Infallible> {
		Ok([u8::try_from(index).unwrap(); 512])
	}

	fn node(&self, level: u8, index: u64) -> Result<Hash, Infallible> {
		let Some(below) = level.checked_sub(1) else {
			return self.leaf(index).map(|leaf| leaf_hash::<Blake2>(&leaf));
		};
		let (left, right) = (self.node(below, 2 * index)?, self.node(below, 2 * index + 1)?);
		Ok(node_hash::<Blake2>(&left, &right))
	}
}

impl Log {
	fn root(&self) -> Hash {
		let mut peaks = Peaks::<Blake2>::new();
		for index in 0..LEAF_COUNT {
			let Ok(leaf) = self.leaf(index);
			peaks.push_value(&leaf);
		}
		peaks.root()
	}
}

#[test]
fn an_audit_is_proven_paid_and_verified_again_and_another_is_missed() {
	let directory = tempfile::tempdir().unwrap();
	let chain = fast_chain(directory.path());
	let node = DevelopmentNode::start_with(&[
		"--chain",
		&chain,
		"--alice",
		"--tmp",
		// An authority of a chain that is not --dev has to bring one otherwise.
		"--unsafe-force-node-key-generation",
	]);
	let audit_key = sr25519::Pair::from_seed(&[9; 32]);
	register(&node, &audit_key);
	reserve_and_checkpoint(&node, &audit_key);

	let audit = node.wait_for("an audit", "granary_dueAudits", json!([]), |audits| {
		audits.as_array().unwrap().iter().any(|audit| {
			audit["currentTick"].as_u64().unwrap() >= audit["opensTick"].as_u64().unwrap()
		})
	})[0]
		.clone();
	let proof = answer(&node, &audit, &audit_key);
	let history = json!([ALLOTMENT]);
	node.wait_for("the proof's record", "granary_auditHistory", history.clone(), |records| {
		!records[0]["outcome"]["proven"].is_null()
	});
	past_proof_is_verified(&node, &audit, &proof);

	// The off-chain worker settles what is due; nobody else does in this test.
	let allotment =
		node.wait_for("the payment", "granary_allotment", json!([ALLOTMENT]), |allotment| {
			allotment["paid"] != "0"
		});
	assert_eq!(allotment["state"], "active");

	let records = node.wait_for("a miss", "granary_auditHistory", history, |records| {
		!records[0]["outcome"]["missed"].is_null()
	});
	let error = node.call("granary_proof", json!([ALLOTMENT, records[0]["tick"]])).unwrap_err();
	assert_eq!(error["code"], 11_011, "{error}");
	let status = node.ask("granary_auditStatus", json!([ALLOTMENT]));
	assert_eq!((&status["proven"], &status["missed"]), (&json!(1), &json!(1)), "{status}");
	let error = node.call("granary_proof", json!([ALLOTMENT, 1_000_000])).unwrap_err();
	assert_eq!(error["code"], 11_010, "{error}");
	node.stop();
}

/// The development chain with blocks every second and an audit every quarter of a minute.
fn fast_chain(directory: &Path) -> String {
	let specification = run_ok(&["export-chain-spec", "--chain", "dev"]);
	let mut specification: Value = serde_json::from_str(&specification).unwrap();
	let patch = &mut specification["genesis"]["runtimeGenesis"]["patch"];
	patch["timing"] = json!({ "slotDurationMs": 1_000, "epochSlots": 5 });
	patch["audits"]["parameters"] =
		json!({ "periodTicks": 16, "jitterTicks": 1, "windowTicks": 9, "leavesPerAudit": 6 });
	let file = directory.join("fast.json");
	std::fs::write(&file, specification.to_string()).unwrap();
	file.to_str().unwrap().to_owned()
}

/// Alice is the farmer of a farm with one node.
fn register(node: &DevelopmentNode, audit_key: &sr25519::Pair) {
	use pallet_grid::Call;
	let alice = Sr25519Keyring::Alice;
	let register_twin =
		Call::register_twin { endpoint: Default::default(), transport_key: [1; 32] };
	submit_signed(node, alice, RuntimeCall::Grid(register_twin.clone()));
	let name = b"barn".to_vec().try_into().unwrap();
	submit_signed(node, alice, RuntimeCall::Grid(Call::create_farm { name, payout: None }));
	let register_node = Call::register_node {
		farm: 0,
		endpoint: b"127.0.0.1:9900".to_vec().try_into().unwrap(),
		capacity_bytes: 1 << 30,
		price_per_gib_hour: 1_000 * UNIT,
		audit_key: audit_key.public().0,
		transport_key: [2; 32],
		bond: 1_000_000 * UNIT,
	};
	submit_signed(node, alice, RuntimeCall::Grid(register_node));
	submit_signed(node, Sr25519Keyring::Bob, RuntimeCall::Grid(register_twin));
	let registered =
		node.wait_for("the node", "granary_node", json!([0]), |answer| !answer.is_null());
	assert_eq!(registered["endpoint"], "127.0.0.1:9900");
	assert_eq!(registered["bond"], (1_000_000 * UNIT).to_string());
	let bob = json!([Sr25519Keyring::Bob.to_account_id()]);
	let twin = node.wait_for("the twin", "granary_twin", bob.clone(), |answer| !answer.is_null());
	assert_eq!(twin["account"], bob[0]);
	let farms = node.ask("granary_farms", json!([]));
	assert_eq!(farms[0]["name"], "barn");
}

/// Bob reserves a MiB on it and both sign what he has stored.
fn reserve_and_checkpoint(node: &DevelopmentNode, audit_key: &sr25519::Pair) {
	let bob = Sr25519Keyring::Bob;
	let reserve = pallet_reservations::Call::reserve {
		data_shards: 1,
		parity_shards: 0,
		nodes: vec![0].try_into().unwrap(),
		bytes_per_allotment: 1 << 20,
		term_blocks: 1_000,
		public_read: false,
		max_price_per_block: UNIT,
	};
	submit_signed(node, bob, RuntimeCall::Reservations(reserve));
	node.wait_for("the reservation", "granary_allotment", json!([ALLOTMENT]), |answer| {
		!answer.is_null()
	});
	let reservations = node.ask("granary_reservations", json!([bob.to_account_id()]));
	assert_eq!(reservations[0]["allotments"], json!([ALLOTMENT]));
	let allotments = node.ask("granary_allotmentsOfNode", json!([0]));
	assert_eq!(allotments[0]["bytes"], 1 << 20);

	let checkpoint = Checkpoint {
		allotment: ALLOTMENT,
		epoch: 1,
		root: Log.root(),
		leaf_count: LEAF_COUNT,
		previous_root: [0; 32],
	};
	let message = message::checkpoint(&genesis(node).0, &checkpoint);
	let signed = SignedCheckpoint {
		checkpoint,
		tenant_signature: bob.sign(&message).0,
		node_signature: audit_key.sign(&message).0,
	};
	let checkpoints = vec![signed].try_into().unwrap();
	let submit = pallet_audits::Call::submit_checkpoints { checkpoints };
	submit_signed(node, bob, RuntimeCall::Audits(submit));
	let status =
		node.wait_for("the checkpoint", "granary_auditStatus", json!([ALLOTMENT]), |answer| {
			!answer.is_null()
		});
	assert_eq!(status["checkpoint"]["leafCount"], LEAF_COUNT);
}

/// The node proves the audit; answers its proof.
fn answer(node: &DevelopmentNode, audit: &Value, audit_key: &sr25519::Pair) -> Vec<u8> {
	let leaves: Vec<u64> = serde_json::from_value(audit["leaves"].clone()).unwrap();
	assert_eq!(leaves.len(), 6, "{audit}");
	let proof = granary_por::build(&Log, LEAF_COUNT, &leaves).unwrap();
	let tick = serde_json::from_value(audit["tick"].clone()).unwrap();
	let message = message::proof(&genesis(node).0, ALLOTMENT, tick, &blake2_256(&proof));
	let hash = |field: &str| serde_json::from_value::<H256>(audit[field].clone()).unwrap().0;
	let challenge = Challenge {
		seed: hash("seed"),
		root: hash("root"),
		leaf_count: LEAF_COUNT,
		samples: leaves.len() as u32,
	};
	submit_proof(
		node,
		pallet_audits::Call::submit_proof {
			allotment: ALLOTMENT,
			tick,
			challenge,
			proof: proof.clone().try_into().unwrap(),
			signature: audit_key.sign(&message).0,
		},
	);
	proof
}

fn past_proof_is_verified(node: &DevelopmentNode, audit: &Value, proof: &[u8]) {
	let past = node.ask("granary_proof", json!([ALLOTMENT, audit["tick"]]));
	for field in ["tick", "seed", "root", "leafCount", "leaves", "node"] {
		assert_eq!(past[field], audit[field], "{field}");
	}
	for field in ["proofValid", "signatureValid", "verified"] {
		assert_eq!(past[field], true, "{field}: {past}");
	}
	let bytes: Bytes = serde_json::from_value(past["proof"].clone()).unwrap();
	assert_eq!(bytes.as_bytes_ref(), proof);
	let hash: H256 = serde_json::from_value(past["blockHash"].clone()).unwrap();
	assert_eq!(u64::from(node.number(&json!(hash))), past["blockNumber"].as_u64().unwrap());
	let again = json!([past["root"], past["leafCount"], past["leaves"], past["proof"]]);
	assert_eq!(node.ask("granary_verifyProof", again), true);
	let mut wrong = proof.to_vec();
	wrong[600] ^= 1;
	let wrong = json!([past["root"], past["leafCount"], past["leaves"], Bytes(wrong)]);
	assert_eq!(node.ask("granary_verifyProof", wrong), false);
}
