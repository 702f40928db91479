//! Whether a node fits a snapshot, before anything is started.

use super::choose::Chosen;
use crate::{cli::Context, node_command::NodeCommand};
use anyhow::{bail, ensure, Result};
use granary_primitives::snapshot::DatabaseKind;

/// Which kind of database is wanted: the one asked for, else the one the node's command names.
pub(super) fn wanted_database(
	asked: Option<&str>,
	command: &NodeCommand,
) -> Result<Option<DatabaseKind>> {
	let of_node = command.option("--database");
	match asked.or(of_node.as_deref()) {
		None | Some("auto") => Ok(None),
		Some("paritydb" | "paritydb-experimental") => Ok(Some(DatabaseKind::ParityDb)),
		Some("rocksdb") => Ok(Some(DatabaseKind::RocksDb)),
		Some(other) => bail!("'{other}' is no kind of database; write paritydb or rocksdb"),
	}
}

/// Refuses a node that would not use the snapshot's database, and adds the option that names it if the command has none.
pub(super) async fn check_node(
	command: &mut NodeCommand,
	chosen: &Chosen,
	force: bool,
	context: &Context,
) -> Result<()> {
	let chain = &chosen.chain;
	let mut misfits = Vec::new();
	match command.option("--database").as_deref() {
		None | Some("auto") if chain.database.is_empty() => {},
		None => {
			context.note(format!("adding --database {} to the node's command", chain.database));
			command.push(&["--database", &chain.database]);
		},
		Some("auto") => {},
		Some(named) if named == chain.database || chain.database.is_empty() => {},
		Some(named) => misfits.push(format!(
			"the node's --database is {named}, the snapshot's database is {}",
			chain.database
		)),
	}
	for name in ["--state-pruning", "--blocks-pruning"] {
		let of_node = command.option(name);
		let of_snapshot = pruning(&chain.pruning, name);
		if let (Some(of_node), Some(of_snapshot)) = (of_node, of_snapshot) {
			if of_node != of_snapshot {
				misfits.push(format!(
					"the node's {name} is {of_node}, the snapshot was made with {of_snapshot}"
				));
			}
		}
	}
	if !chain.software.is_empty() {
		misfits.extend(software_misfit(&chain.software, &command.version().await?));
	}
	for misfit in &misfits {
		context.note(misfit);
	}
	ensure!(
		misfits.is_empty() || force,
		"the node does not fit snapshot {}: {}; choose another with --at or --database, or start it all the same with --force",
		chosen.info.id,
		misfits.join("; ")
	);
	Ok(())
}

/// The value of one option in `--state-pruning 256 --blocks-pruning archive`.
fn pruning<'a>(all: &'a str, name: &str) -> Option<&'a str> {
	let mut words = all.split_whitespace();
	words.find(|word| *word == name)?;
	words.next()
}

/// What is wrong with a node's name or version, both written as `--version` prints them.
fn software_misfit(of_snapshot: &str, of_node: &str) -> Option<String> {
	let (snapshot_name, snapshot_version) = split(of_snapshot);
	let (node_name, node_version) = split(of_node);
	if snapshot_name != node_name {
		return Some(format!("the node is {node_name}, the snapshot was made by {snapshot_name}"));
	}
	let older = node_version.zip(snapshot_version).is_some_and(|(node, snapshot)| node < snapshot);
	older
		.then(|| format!("the node is {of_node}, older than {of_snapshot} which made the snapshot"))
}

/// Name and version of `name 1.2.3-commit`.
fn split(software: &str) -> (&str, Option<(u64, u64, u64)>) {
	let (name, version) = software.rsplit_once(' ').unwrap_or((software, ""));
	let numbers = version.split(['-', '+']).next().unwrap_or_default();
	let mut parts = numbers.split('.').map(|part| part.parse().ok());
	let mut next = || parts.next().flatten();
	let version = match (next(), next(), next()) {
		(Some(major), Some(minor), Some(patch)) => Some((major, minor, patch)),
		_ => None,
	};
	(name, version)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn older_and_other_nodes_do_not_fit() {
		let fits = |snapshot: &str, node: &str| software_misfit(snapshot, node).is_none();
		assert!(fits("node 1.2.3-abc", "node 1.2.3-def"));
		assert!(fits("node 1.2.3", "node 1.10.0"));
		assert!(!fits("node 1.10.0", "node 1.2.3"));
		assert!(!fits("node 1.2.3", "other 1.2.3"));
		assert!(fits("a node without a version", "a node without a version"));
	}

	#[test]
	fn pruning_is_compared_option_by_option() {
		let all = "--state-pruning 256 --blocks-pruning archive";
		assert_eq!(pruning(all, "--state-pruning"), Some("256"));
		assert_eq!(pruning(all, "--blocks-pruning"), Some("archive"));
		assert_eq!(pruning("", "--state-pruning"), None);
	}
}
