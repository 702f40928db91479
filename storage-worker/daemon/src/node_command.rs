//! Somebody's node: its command line, its process, and whether it works.

use anyhow::{bail, ensure, Context as _, Result};
use granary_chain::{ObservedBlock, ObservedNode};
use granary_primitives::{BlockNumber, Hash};
use std::{
	path::{Path, PathBuf},
	process::{ExitStatus, Stdio},
	time::Duration,
};
use tokio::process::{Child, Command};

/// Stands for the mount point in a command.
pub(crate) const BASE_PATH: &str = "{base-path}";
/// The port that Substrate's nodes answer on unless told otherwise.
const DEFAULT_RPC_PORT: u16 = 9944;
/// How often a node that is starting is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);
/// How long a node may take to stop by itself.
const STOP_PATIENCE: Duration = Duration::from_secs(60);

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
		Ok(NodeProcess { child, url: self.url.clone(), program: PathBuf::from(program) })
	}
}

fn option(words: &[String], name: &str) -> Option<String> {
	let at = words.iter().position(|word| word == name);
	if let Some(at) = at {
		return words.get(at + 1).cloned();
	}
	words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
}

/// A running node.
#[derive(Debug)]
pub(crate) struct NodeProcess {
	child: Child,
	url: String,
	program: PathBuf,
}

impl NodeProcess {
	/// Waits for its end.
	pub(crate) async fn wait(&mut self) -> Result<ExitStatus> {
		self.child.wait().await.with_context(|| format!("waiting for {}", self.program.display()))
	}

	/// Asks it to stop, and kills it if it does not.
	pub(crate) async fn stop(&mut self) -> Result<()> {
		if let Some(pid) = self.child.id() {
			let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
			let pid = pid.context("the node has no usable process number")?;
			// It may have ended meanwhile.
			let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
			if tokio::time::timeout(STOP_PATIENCE, self.child.wait()).await.is_err() {
				tracing::warn!("the node does not stop; killing it");
				self.child.kill().await.context("killing the node")?;
			}
		}
		Ok(())
	}

	/// Waits until it answers and shows its best block; an error if it ends or takes too long.
	pub(crate) async fn answering(
		&mut self,
		patience: Duration,
	) -> Result<(ObservedNode, ObservedBlock)> {
		let deadline = tokio::time::Instant::now() + patience;
		loop {
			if let Some(status) = self.child.try_wait()? {
				bail!("the node ended with {status} before it answered at {}", self.url);
			}
			if let Ok(node) = ObservedNode::connect(&self.url).await {
				if let Ok(best) = node.best().await {
					return Ok((node, best));
				}
			}
			ensure!(
				tokio::time::Instant::now() < deadline,
				"the node did not answer at {} within {} s; if it listens elsewhere, name that with --node-rpc",
				self.url,
				patience.as_secs()
			);
			tokio::time::sleep(LOOK_INTERVAL).await;
		}
	}

	/// Waits until its best block is above this one.
	pub(crate) async fn imports_above(
		&mut self,
		node: &ObservedNode,
		height: BlockNumber,
	) -> Result<ObservedBlock> {
		loop {
			if let Some(status) = self.child.try_wait()? {
				bail!("the node ended with {status} before it imported a block above {height}");
			}
			if let Ok(best) = node.best().await {
				if best.number > height {
					return Ok(best);
				}
			}
			tokio::time::sleep(LOOK_INTERVAL).await;
		}
	}
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
