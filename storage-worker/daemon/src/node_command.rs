//! Somebody's node: its command line, and whether it is of the right chain.

use crate::node_process::NodeProcess;
use anyhow::{ensure, Context as _, Result};
use granary_chain::ObservedNode;
use granary_primitives::Hash;
use std::{path::Path, process::Stdio};
use tokio::process::Command;

/// Stands for the mount point in a command.
pub(crate) const BASE_PATH: &str = "{base-path}";
/// The port that Substrate's nodes answer on unless told otherwise.
const DEFAULT_RPC_PORT: u16 = 9944;

/// A command with a place for the base path.
#[derive(Debug, Clone)]
pub(crate) struct NodeCommand {
	words: Vec<String>,
	/// Where it answers RPC.
	url: String,
}

impl NodeCommand {
	/// From words, of which one has to hold `{base-path}`. `url` is where it answers, if its `--rpc-port` does not say so.
	pub(crate) fn new(words: Vec<String>, url: Option<String>) -> Result<Self> {
		ensure!(
			!words.is_empty(),
			"no node was named; add -- and its command, with {BASE_PATH} where the mount point belongs"
		);
		ensure!(
			words.iter().any(|word| word.contains(BASE_PATH)),
			"the node's command has no {BASE_PATH}: the node would not use the mount; write --base-path {BASE_PATH}"
		);
		let port = option(&words, "--rpc-port").unwrap_or_else(|| DEFAULT_RPC_PORT.to_string());
		let url = url.unwrap_or_else(|| format!("ws://127.0.0.1:{port}"));
		Ok(Self { words, url })
	}

	/// The value of one of its options, given as `--name value` or `--name=value`.
	pub(crate) fn option(&self, name: &str) -> Option<String> {
		option(&self.words, name)
	}

	/// Adds words at the end.
	pub(crate) fn push(&mut self, words: &[&str]) {
		self.words.extend(words.iter().map(|word| (*word).to_owned()));
	}

	/// What `--version` of its program says, without the line's end.
	pub(crate) async fn version(&self) -> Result<String> {
		let program = self.words.first().map(String::as_str).unwrap_or_default();
		let output = Command::new(program).arg("--version").stdin(Stdio::null()).output().await;
		let output = output.with_context(|| format!("running {program} --version"))?;
		ensure!(output.status.success(), "{program} --version ended with {}", output.status);
		let text = String::from_utf8_lossy(&output.stdout);
		Ok(text.lines().next().unwrap_or_default().trim().to_owned())
	}

	/// Starts it on a base path. Its output goes where ours goes, or nowhere.
	pub(crate) fn start(&self, base_path: &Path, quiet: bool) -> Result<NodeProcess> {
		let base = base_path.display().to_string();
		let words: Vec<String> =
			self.words.iter().map(|word| word.replace(BASE_PATH, &base)).collect();
		let (program, arguments) = words.split_first().context("the command is empty")?;
		let mut command = Command::new(program);
		command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
		// A terminal's Ctrl-C is for us: the node is asked to stop in its turn.
		command.process_group(0);
		if quiet {
			command.stdout(Stdio::null()).stderr(Stdio::null());
		}
		let child = command.spawn().with_context(|| format!("starting {program}"))?;
		Ok(NodeProcess::started(child, self.url.clone(), program))
	}

	/// The node that an earlier process started and left running, as it noted it in this file; nothing if it is gone.
	pub(crate) fn running(&self, record: &Path) -> Result<Option<NodeProcess>> {
		let program = self.words.first().map(String::as_str).unwrap_or_default();
		NodeProcess::adopt(record, self.url.clone(), program)
	}
}

fn option(words: &[String], name: &str) -> Option<String> {
	let at = words.iter().position(|word| word == name);
	if let Some(at) = at {
		return words.get(at + 1).cloned();
	}
	words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
}

/// Refuses a node of another chain.
pub(crate) async fn check_genesis(node: &ObservedNode, expected: Hash) -> Result<()> {
	let genesis = node.genesis().await?;
	ensure!(
		genesis == expected,
		"the node runs the chain with genesis 0x{}, the snapshot is of 0x{}",
		hex::encode(genesis),
		hex::encode(expected)
	);
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;

	fn words(text: &str) -> Vec<String> {
		text.split(' ').map(str::to_owned).collect()
	}

	#[test]
	fn options_are_found_in_both_forms() {
		let command = NodeCommand::new(
			words("node --base-path {base-path} --rpc-port 1234 --database=paritydb"),
			None,
		)
		.unwrap();
		assert_eq!(command.url, "ws://127.0.0.1:1234");
		assert_eq!(command.option("--database").as_deref(), Some("paritydb"));
		assert_eq!(command.option("--state-pruning"), None);
	}

	#[test]
	fn a_command_without_a_place_for_the_base_path_is_refused() {
		assert!(NodeCommand::new(Vec::new(), None).is_err());
		let error = NodeCommand::new(words("node --base-path /var/lib/node"), None).unwrap_err();
		assert!(error.to_string().contains("{base-path}"), "{error}");
	}
}
