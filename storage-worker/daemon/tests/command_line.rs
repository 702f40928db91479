//! The `granary` binary as scripts see it: exit codes, messages, files. No chain is needed.

#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod common;

use common::{free_port, granary, text, wait_until, Running};
use std::{fs, io::Write, os::unix::fs::PermissionsExt, process::Stdio};

#[test]
fn every_command_explains_itself() {
	let commands: [&[&str]; 25] = [
		&[],
		&["zdb", "serve"],
		&["worker", "run"],
		&["worker", "status"],
		&["node", "list"],
		&["farm", "list"],
		&["account", "new"],
		&["account", "transfer"],
		&["reservation", "create"],
		&["reservation", "settle"],
		&["audit", "due"],
		&["audit", "verify"],
		&["snapshot"],
		&["snapshot", "retire"],
		&["dataset", "release"],
		&["worker", "rotate-keys"],
		&["node", "offer-rent"],
		&["node", "rent"],
		&["farm", "price"],
		&["audit", "buy"],
		&["mount"],
		&["provision"],
		&["commit"],
		&["rebase"],
		&["cache", "evict"],
	];
	for command in commands {
		let output = granary().args(command).arg("--help").output().unwrap();
		assert_eq!(output.status.code(), Some(0), "{command:?}");
		assert!(text(&output.stdout).contains("Usage: granary"), "{command:?}");
		assert!(text(&output.stdout).contains("--json"), "{command:?}");
	}
	let top = granary().arg("--help").output().unwrap();
	assert!(text(&top.stdout).contains("3 chain unreachable"));
}

#[test]
fn wrong_use_has_its_own_exit_code() {
	let wrong: [&[&str]; 7] = [
		&["no-such-command"],
		&["worker", "run"],
		&["worker", "run", "--dir", "x", "--farm", "f", "--capacity", "10XiB"],
		&["reservation", "create", "--data", "4", "--parity", "2", "--size", "1GiB"],
		&[
			"reservation",
			"create",
			"--data",
			"4",
			"--parity",
			"2",
			"--size",
			"1GiB",
			"--hours",
			"1",
			"--blocks",
			"1",
		],
		&["account", "transfer", "--to", "//Bob", "--amount", "1.0000000000001"],
		&["account", "show", "--suri", "//Alice", "--key-file", "x"],
	];
	for arguments in wrong {
		let output = granary().args(arguments).output().unwrap();
		assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stderr));
		assert!(text(&output.stderr).starts_with("error: "), "{arguments:?}");
	}
}

#[test]
fn an_unreachable_chain_is_named_and_has_its_own_exit_code() {
	let (one, other) = (free_port(), free_port());
	let chain = format!("ws://127.0.0.1:{one},ws://127.0.0.1:{other}");
	let output = granary().args(["--rpc", &chain, "node", "list"]).output().unwrap();
	assert_eq!(output.status.code(), Some(3));
	let error = text(&output.stderr);
	assert!(error.contains("the chain is unreachable"), "{error}");
	for port in [one, other] {
		assert!(error.contains(&format!("ws://127.0.0.1:{port} (")), "{error}");
	}
	assert!(error.contains("hint: "), "{error}");
	assert!(output.stdout.is_empty());

	let by_environment =
		granary().env("GRANARY_CHAIN", &chain).args(["audit", "due"]).output().unwrap();
	assert_eq!(by_environment.status.code(), Some(3));
}

#[test]
fn an_endpoint_that_is_no_websocket_is_refused() {
	let output = granary().args(["--rpc", "http://127.0.0.1:1", "farm", "list"]).output().unwrap();
	assert_eq!(output.status.code(), Some(3));
	assert!(text(&output.stderr).contains("not a ws:// or wss:// address"));
}

#[test]
fn a_new_account_gets_a_private_key_file_that_is_never_replaced() {
	let dir = tempfile::tempdir().unwrap();
	let file = dir.path().join("account.key");
	let make =
		|| granary().args(["--json", "account", "new", "--key-file"]).arg(&file).output().unwrap();
	let made = make();
	assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
	let answer: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
	let address = answer["address"].as_str().unwrap();
	let key = fs::read_to_string(&file).unwrap();
	assert!(key.contains(address), "the file says whose key it is");
	assert!(!text(&made.stdout).contains(&key[2..66]), "the seed is not shown");
	assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

	assert_eq!(make().status.code(), Some(1));
	assert_eq!(fs::read_to_string(&file).unwrap(), key);
}

#[test]
fn a_key_file_that_others_can_read_is_refused() {
	let dir = tempfile::tempdir().unwrap();
	let file = dir.path().join("account.key");
	fs::write(&file, "//Alice\n").unwrap();
	fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
	let output = granary().args(["account", "show", "--key-file"]).arg(&file).output().unwrap();
	assert_eq!(output.status.code(), Some(1));
	assert!(text(&output.stderr).contains("chmod 600"), "{}", text(&output.stderr));
}

#[test]
fn a_worker_on_all_addresses_must_say_where_it_is_reached() {
	let dir = tempfile::tempdir().unwrap();
	let output = granary()
		.args(["worker", "run", "--farm", "f", "--capacity", "1GiB", "--suri", "//Alice"])
		.args(["--listen", "0.0.0.0:9900", "--dir"])
		.arg(dir.path().join("worker"))
		.output()
		.unwrap();
	assert_eq!(output.status.code(), Some(1));
	assert!(text(&output.stderr).contains("say it with --endpoint HOST:PORT"));
	assert!(!dir.path().join("worker").exists(), "nothing was made");
}

#[test]
fn the_status_of_a_directory_that_is_no_workers() {
	let dir = tempfile::tempdir().unwrap();
	let output = granary().args(["worker", "status", "--dir"]).arg(dir.path()).output().unwrap();
	assert_eq!(output.status.code(), Some(1));
	assert!(text(&output.stderr).contains("is not a worker's data directory"));
	assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "asking makes no keys");
}

fn verify(json: &str) -> (Option<i32>, String) {
	let mut child = granary()
		.args(["--json", "audit", "verify"])
		.stdin(Stdio::piped())
		.stdout(Stdio::piped())
		.stderr(Stdio::piped())
		.spawn()
		.unwrap();
	child.stdin.take().unwrap().write_all(json.as_bytes()).unwrap();
	let output = child.wait_with_output().unwrap();
	(output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

/// The proof of a log of one leaf is that leaf.
fn proof_of_one_leaf(leaf: &[u8; 512], leaf_count: u64) -> String {
	let hash = granary_por::leaf_hash::<granary_por::Blake2>(leaf);
	let root = granary_por::root::<granary_por::Blake2>(1, &[hash]).unwrap();
	serde_json::json!({
		"allotment": 3,
		"seed": format!("0x{}", hex::encode([9; 32])),
		"root": format!("0x{}", hex::encode(root)),
		"leafCount": leaf_count,
		"leaves": [0],
		"proof": format!("0x{}", hex::encode(leaf)),
	})
	.to_string()
}

#[test]
fn proofs_are_verified_from_their_bytes() {
	let good = proof_of_one_leaf(&[7; 512], 1);
	let (code, output) = verify(&good);
	assert_eq!(code, Some(0), "{output}");
	assert!(output.contains("\"verified\": true"), "{output}");

	let flipped = good.replace(&hex::encode([7u8; 512]), &hex::encode([8u8; 512]));
	assert_ne!(flipped, good);
	let (code, output) = verify(&flipped);
	assert_eq!(code, Some(1));
	assert!(output.contains("does not verify"), "{output}");

	let (code, output) = verify(&proof_of_one_leaf(&[7; 512], 64));
	assert_eq!(code, Some(1), "leaves that the seed does not choose: {output}");
	for broken in ["", "{}", "[1]", "{\"root\": 5}"] {
		assert_eq!(verify(broken).0, Some(1), "{broken}");
	}
}

#[test]
fn a_worker_waits_for_its_chain_and_can_be_stopped_meanwhile() {
	let dir = tempfile::tempdir().unwrap();
	let log = dir.path().join("log");
	let child = granary()
		.args(["--rpc", &format!("ws://127.0.0.1:{}", free_port()), "worker", "run"])
		.args(["--farm", "f", "--capacity", "1GiB", "--suri", "//Alice", "--listen"])
		.arg(format!("127.0.0.1:{}", free_port()))
		.arg("--dir")
		.arg(dir.path().join("worker"))
		.stderr(fs::File::create(&log).unwrap())
		.spawn()
		.unwrap();
	let mut worker = Running(child);
	let waiting = || fs::read_to_string(&log).unwrap().matches("trying again").count() >= 2;
	wait_until(waiting, "it tries again");
	assert_eq!(worker.terminate(), Some(0));
	let log = fs::read_to_string(&log).unwrap();
	assert!(log.contains("the chain is unreachable"), "{log}");
	assert!(!log.contains('\u{1b}'), "no colours in a file: {log}");
}

#[test]
fn a_system_without_fuse_is_told_so() {
	let dir = tempfile::tempdir().unwrap();
	let binary = granary().get_program().to_owned();
	// A /dev of its own, without `fuse`.
	let output = std::process::Command::new("unshare")
		.args(["--mount", "sh", "-c"])
		.arg("mount -t tmpfs none /dev && exec \"$@\"")
		.arg("sh")
		.arg(binary)
		.args(["mount", "1", &dir.path().display().to_string()])
		.args(["--key", "no such key"])
		.output()
		.unwrap();
	assert_eq!(output.status.code(), Some(1));
	let message = text(&output.stderr);
	assert!(message.contains("FUSE is not available"), "{message}");
	assert!(message.contains("install fuse3"), "{message}");
}

#[test]
fn settings_of_a_provisioned_node_are_checked_before_anything_starts() {
	let dir = tempfile::tempdir().unwrap();
	let file = dir.path().join("node.toml");
	let provision = || {
		let mut command = granary();
		command.args(["provision", "--config"]).arg(&file);
		let output = command.output().unwrap();
		(output.status.code(), text(&output.stderr))
	};
	let (code, error) = provision();
	assert_eq!(code, Some(1), "{error}");
	assert!(error.contains("reading the settings") && error.contains("node.toml"), "{error}");
	for (settings, says) in [
		("chain = 'x'\nkye = 'k'", "unknown field `kye`"),
		("chain = 'x'\nrestart = 'often'", "unknown variant `often`"),
		("chain = 'x'\nkey = 'k'", "no node was named"),
		("chain = 'x'\nkey = 'k'\ncommand = ['node', '{base-path}']", "dataset key k"),
		("key = 'k'\ncommand = ['node', '{base-path}']", "no chain was named"),
		("chain = 'x'\ncommand = ['node', '{base-path}']", "no dataset key was named"),
		("chain = 'x'\nkey = 'k'\ncommand = ['node', '--base-path', '/d']", "has no {base-path}"),
		(
			"chain = 'x'\nkey = 'k'\ndatabase = 'leveldb'\ncommand = ['node', '{base-path}']",
			"'leveldb' is no kind of database",
		),
	] {
		std::fs::write(&file, settings).unwrap();
		let (code, error) = provision();
		assert_eq!(code, Some(1), "{settings}: {error}");
		assert!(error.contains(says), "{settings}: {error}");
	}
}
