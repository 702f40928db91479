//! `granary key` without a chain: files, phrases, mistakes.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use common::{granary, text};
use serde_json::Value;
use std::{
	fs,
	io::Write,
	os::unix::fs::PermissionsExt,
	path::Path,
	process::{Output, Stdio},
};

fn run(args: &[&str], file: &Path, input: &str) -> Output {
	let mut child = granary()
		.args(["--json", "key"])
		.args(&args[..1])
		.arg(file)
		.args(&args[1..])
		.stdin(Stdio::piped())
		.stdout(Stdio::piped())
		.stderr(Stdio::piped())
		.spawn()
		.unwrap();
	// A command that does not read has closed its end already.
	let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
	child.wait_with_output().unwrap()
}

fn json(args: &[&str], file: &Path, input: &str) -> Value {
	let output = run(args, file, input);
	assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
	serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_key_comes_back_from_its_words() {
	let dir = tempfile::tempdir().unwrap();
	for kind in ["recipient", "dataset"] {
		let (first, again) = (dir.path().join(kind), dir.path().join(format!("{kind}-again")));
		let made = json(&["new", "--kind", kind], &first, "");
		assert_eq!(made["kind"], kind);
		assert_eq!(fs::metadata(&first).unwrap().permissions().mode() & 0o777, 0o600);
		let line = fs::read_to_string(&first).unwrap();
		assert!(line.lines().count() == 1 && line.len() < 120, "{} bytes", line.len());
		let shown = json(&["show", "--phrase"], &first, "");
		let words = shown["phrase"].as_str().unwrap();
		assert_eq!(words.split(' ').count(), 24);
		assert!(made["phrase"].is_null(), "words are shown on demand only");
		let wrapped = words.replacen(' ', "\n  ", 5);
		json(&["recover", "--kind", kind], &again, &wrapped);
		assert_eq!(fs::read(&first).unwrap(), fs::read(&again).unwrap());
	}
}

#[test]
fn a_dataset_key_is_rotated_and_keeps_its_past() {
	let dir = tempfile::tempdir().unwrap();
	let file = dir.path().join("dataset.key");
	let first = json(&["new", "--kind", "dataset"], &file, "");
	let second = json(&["rotate"], &file, "");
	assert_ne!(first["dataset"], second["dataset"]);
	assert_eq!(second["earlier"], 1);
	assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 2);
	assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn mistakes_are_told_and_nothing_is_replaced() {
	let dir = tempfile::tempdir().unwrap();
	let file = dir.path().join("my.key");
	json(&["new"], &file, "");
	let before = fs::read(&file).unwrap();
	for (args, input, says) in [
		(vec!["new"], "", "File exists"),
		(vec!["rotate"], "", "not a dataset key"),
		(vec!["recover"], "one two three", "recovery phrase"),
	] {
		let output = run(&args, &file, input);
		assert_eq!(output.status.code(), Some(1), "{args:?}");
		assert!(text(&output.stderr).contains(says), "{args:?}: {}", text(&output.stderr));
		assert_eq!(fs::read(&file).unwrap(), before);
	}
	fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
	let output = run(&["show"], &file, "");
	assert!(text(&output.stderr).contains("chmod 600"), "{}", text(&output.stderr));
	assert!(!text(&output.stderr).contains("granary-key-1:"), "never in errors");
}
