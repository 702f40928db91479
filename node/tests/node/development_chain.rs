//! A development chain of one node: it finalises, answers, and its database can be worked on.

use crate::common::{run, run_ok, DevelopmentNode};
use granary_por::Peaks;
use serde_json::{json, Value};
use std::path::Path;

const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

#[test]
fn it_finalises_and_answers() {
	let node = DevelopmentNode::start(None);
	node.wait_finalised(3);
	let methods = node.ask("rpc_methods", json!([]));
	let methods: Vec<&str> =
		methods["methods"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
	for method in ["system_accountNextIndex", "payment_queryInfo", "granary_subscribeAudits"] {
		assert!(methods.contains(&method), "{method} is missing from {methods:?}");
	}
	assert_eq!(node.ask("system_accountNextIndex", json!([ALICE])), 0);
	things_that_do_not_exist_are_null(&node);
	lists_are_empty(&node);
	wrong_questions_are_refused(&node);
	proofs_are_verified_from_their_bytes(&node);
	node.stop();
}

fn things_that_do_not_exist_are_null(node: &DevelopmentNode) {
	for (method, params) in [
		("granary_twin", json!([0])),
		("granary_twin", json!([ALICE])),
		("granary_farm", json!([0])),
		("granary_node", json!([0])),
		("granary_reservation", json!([0])),
		("granary_allotment", json!([0])),
		("granary_auditStatus", json!([0])),
		("granary_snapshot", json!([0])),
		("granary_reservationDetails", json!([0])),
		("granary_reservationHealth", json!([0])),
		("granary_nodeReport", json!([0])),
		("granary_reservationOfName", json!(["archive"])),
		("granary_detection", json!([0, 10_000_000, 100])),
	] {
		assert_eq!(node.ask(method, params), Value::Null, "{method}");
	}
	let genesis = node.ask("chain_getBlockHash", json!([0]));
	assert_eq!(node.ask("granary_node", json!([0, genesis])), Value::Null);
	let clock = node.ask("granary_auditClock", json!([genesis]));
	assert_eq!(clock["tick"], 0);
	assert!(clock["periodTicks"].as_u64().unwrap() < 100, "{clock}");
	assert!(clock["leavesPerAudit"].as_u64().unwrap() >= 1, "{clock}");
}

fn lists_are_empty(node: &DevelopmentNode) {
	for (method, params) in [
		("granary_farms", json!([])),
		("granary_nodes", json!([0, 64])),
		("granary_reservations", json!([ALICE])),
		("granary_reservations", json!([null, 0, 10])),
		("granary_allotmentsOfNode", json!([0])),
		("granary_dueAudits", json!([])),
		("granary_dueAudits", json!([0, 10])),
		("granary_auditHistory", json!([0])),
		("granary_snapshots", json!([])),
		("granary_farmEarnings", json!([0])),
		("granary_nextAudits", json!([0])),
		("granary_nodesOfFarm", json!([0])),
	] {
		assert_eq!(node.ask(method, params), json!([]), "{method}");
	}
}

fn wrong_questions_are_refused(node: &DevelopmentNode) {
	let nowhere = format!("0x{}", "11".repeat(32));
	let error = node.call("granary_node", json!([0, nowhere])).unwrap_err();
	assert_eq!(error["code"], 11_002);
	assert!(error["message"].as_str().unwrap().contains("unknown to this node"), "{error}");
	let error = node.call("granary_proof", json!([7, 1])).unwrap_err();
	assert_eq!(error["code"], 11_014);
	assert_eq!(error["message"], "allotment 7 is not on chain");
	let terms = json!({
		"dataShards": 1, "parityShards": 0, "bytes": 512, "blocks": 20, "publicRead": false,
		"maxPricePerBlock": 1000, "profile": "Standard",
	});
	let error = node.call("granary_quote", json!([terms, [0]])).unwrap_err();
	assert!(error["message"].as_str().unwrap().contains("UnknownNode"), "{error}");
	let verdict = node.ask("granary_checkProof", json!([7, 1, "0x00"]));
	assert_eq!(verdict["accepted"], false);
	assert_eq!(verdict["reason"], "no audit of this allotment is open at this tick");
	let found = node.ask("granary_searchNodes", json!([{ "minFreeBytes": 1, "certified": true }]));
	assert_eq!(found, json!({ "nodes": [], "next": null }));
	let calendar = node.ask("granary_auditCalendar", json!([]));
	assert_eq!(calendar, json!({ "entries": [], "next": null }));
	let error = node.call("granary_twin", json!(["nobody"])).unwrap_err();
	assert_eq!(error["code"], -32_602);
}

fn proofs_are_verified_from_their_bytes(node: &DevelopmentNode) {
	let mut leaf = [3u8; 512];
	let mut log = Peaks::<granary_por::Blake2>::new();
	log.push_value(&leaf);
	let root = format!("0x{}", hex::encode(log.root()));
	let verify = |leaf: &[u8]| {
		let proof = format!("0x{}", hex::encode(leaf));
		node.call("granary_verifyProof", json!([root, 1, [0], proof]))
	};
	assert_eq!(verify(&leaf), Ok(json!(true)));
	leaf[100] ^= 1;
	assert_eq!(verify(&leaf), Ok(json!(false)));
	let error = verify(&leaf[..511]).unwrap_err();
	assert!(error["message"].as_str().unwrap().contains("511 bytes"), "{error}");
	let error = verify(&[0; 200_000]).unwrap_err();
	assert!(error["message"].as_str().unwrap().contains("more than any audit"), "{error}");
}

#[test]
fn its_database_can_be_worked_on() {
	let directory = tempfile::tempdir().unwrap();
	let base = directory.path().join("base");
	let node = DevelopmentNode::start(Some(&base));
	node.wait_finalised(2);
	node.stop();
	assert!(base.join("chains/granary_dev/paritydb").is_dir());

	let info = chain_info(&base);
	let (best, finalised) =
		(info["best_number"].as_u64().unwrap(), info["finalized_number"].as_u64().unwrap());
	assert!(best > 0 && finalised >= 2, "{info}");
	run_ok(&with_base(&["check-block", "1"], &base));

	let blocks = directory.path().join("blocks");
	let blocks = blocks.to_str().unwrap();
	run_ok(&with_base(&["export-blocks", "--binary", blocks], &base));
	let other = directory.path().join("other");
	run_ok(&with_base(&["import-blocks", "--binary", blocks], &other));
	let imported = chain_info(&other);
	assert_eq!(imported["best_hash"], info["best_hash"]);

	// It goes back as far as blocks are not final; the file holds few justifications.
	let kept = imported["finalized_number"].as_u64().unwrap();
	assert!(kept < best, "{imported}");
	run_ok(&with_base(&["revert", &best.to_string()], &other));
	assert_eq!(chain_info(&other)["best_number"], kept);
	run_ok(&with_base(&["import-blocks", "--binary", blocks], &other));
	assert_eq!(chain_info(&other)["best_hash"], info["best_hash"]);

	let state = run_ok(&with_base(&["export-state"], &base));
	let state: Value = serde_json::from_str(&state).unwrap();
	assert!(state["genesis"]["raw"]["top"].as_object().unwrap().len() > 20);

	run_ok(&with_base(&["purge-chain", "-y"], &other));
	assert!(!other.join("chains/granary_dev/paritydb").exists());
	let output = run(&with_base(&["check-block", "1"], &other));
	assert!(!output.status.success(), "there is no block 1 any more");
}

/// A command on the development chain in this directory.
fn with_base<'a>(arguments: &[&'a str], base: &'a Path) -> Vec<&'a str> {
	let mut all = arguments.to_vec();
	all.extend(["--dev", "--base-path", base.to_str().unwrap()]);
	all
}

fn chain_info(base: &Path) -> Value {
	serde_json::from_str(&run_ok(&with_base(&["chain-info"], base))).unwrap()
}
