//! `granary snapshot`: publish, list, inspect, verify and restore snapshots.

mod create;
mod describe;
mod pause;
mod published;
mod query;
mod restore;
mod retire;
mod sealed;
mod verify_start;

use crate::{
	cli::Context,
	mount::{run_status, StatusArgs},
};
use anyhow::Result;
use clap::Subcommand;
use granary_chain::ChainClient;
use granary_primitives::{snapshot::SnapshotInfo, Hash, SnapshotId};

pub(crate) use restore::{open_info, snapshot_key, OpenArgs, OpenSnapshot, ReadingArgs};

/// Snapshots: immutable file trees, stored dispersed and listed on chain.
#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotCommand {
	/// Seal a directory, store it dispersed, publish it on chain.
	Create(Box<create::CreateArgs>),
	/// List the published snapshots.
	List(query::ListArgs),
	/// Show one snapshot; with its key also what is inside.
	Show(query::ShowArgs),
	/// Read every chunk from the nodes and check it.
	Verify(restore::VerifyArgs),
	/// Write a snapshot's files into a directory, without FUSE; the way to read a sealed one.
	#[command(visible_alias = "restore", alias = "materialize")]
	Materialise(restore::MaterialiseArgs),
	/// Take a snapshot out of the catalogue; its objects stay until `granary dataset release`.
	Retire(retire::RetireArgs),
	/// Set the block from which on anyone may retire a snapshot, or none.
	Expire(retire::ExpireArgs),
	/// Show how lazy a mount is: bytes fetched, cache hits, thin layer.
	Status(StatusArgs),
}

/// Runs one of the commands.
pub(crate) async fn run(command: SnapshotCommand, context: &Context) -> Result<()> {
	match command {
		SnapshotCommand::Create(args) => create::run(*args, context).await,
		SnapshotCommand::List(args) => query::list(args, context).await,
		SnapshotCommand::Show(args) => query::show(args, context).await,
		SnapshotCommand::Verify(args) => restore::verify(args, context).await,
		SnapshotCommand::Materialise(args) => restore::materialise(args, context).await,
		SnapshotCommand::Retire(args) => retire::retire(args, context).await,
		SnapshotCommand::Expire(args) => retire::expire(args, context).await,
		SnapshotCommand::Status(args) => run_status(args, context),
	}
}

/// The snapshot with this number, whose signature is its signer's, or an error that says how to find one.
pub(crate) async fn find(chain: &ChainClient, id: SnapshotId) -> Result<SnapshotInfo> {
	let snapshot = chain.snapshot(id).await?.ok_or_else(|| {
		crate::cli::Failure::not_found(
			format!("snapshot {id} does not exist on this chain"),
			"`granary snapshot list` shows those that do",
		)
	})?;
	chain.signer_of(&snapshot)?;
	Ok(snapshot)
}

/// The snapshot with this manifest, if the catalogue has it.
pub(crate) async fn find_by_manifest(
	chain: &ChainClient,
	manifest: Hash,
) -> Result<Option<SnapshotInfo>> {
	const PAGE: u32 = 256;
	let mut start = 0;
	loop {
		let page = chain.snapshots(start, PAGE).await?;
		if let Some(found) = page.iter().find(|info| info.manifest == manifest) {
			chain.signer_of(found)?;
			return Ok(Some(found.clone()));
		}
		match page.last() {
			Some(last) if page.len() == PAGE as usize => start = last.id + 1,
			_ => return Ok(None),
		}
	}
}
