//! `granary snapshot`: publish, list, inspect, verify and restore snapshots.

mod create;
mod query;
mod restore;
mod status;

use crate::cli::Context;
use anyhow::Result;
use clap::Subcommand;
use granary_chain::ChainClient;
use granary_primitives::{snapshot::SnapshotInfo, SnapshotId};

pub(crate) use restore::{open, OpenArgs, OpenSnapshot};
pub(crate) use status::{MountStatus, StatusFile};

/// Snapshots: immutable file trees, stored dispersed and listed on chain.
#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotCommand {
	/// Seal a directory, store it dispersed, publish it on chain.
	Create(create::CreateArgs),
	/// List the published snapshots.
	List(query::ListArgs),
	/// Show one snapshot; with its key also what is inside.
	Show(query::ShowArgs),
	/// Read every chunk from the nodes and check it.
	Verify(restore::VerifyArgs),
	/// Write a snapshot's files into a directory, without FUSE.
	#[command(alias = "materialize")]
	Materialise(restore::MaterialiseArgs),
	/// Show how lazy a mount is: bytes fetched, cache hits, thin layer.
	Status(status::StatusArgs),
}

/// Runs one of the commands.
pub(crate) async fn run(command: SnapshotCommand, context: &Context) -> Result<()> {
	match command {
		SnapshotCommand::Create(args) => create::run(args, context).await,
		SnapshotCommand::List(args) => query::list(args, context).await,
		SnapshotCommand::Show(args) => query::show(args, context).await,
		SnapshotCommand::Verify(args) => restore::verify(args, context).await,
		SnapshotCommand::Materialise(args) => restore::materialise(args, context).await,
		SnapshotCommand::Status(args) => status::run(args, context),
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
