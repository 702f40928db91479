//! `granary commit` and `granary cache`: what a living mount is asked.

use super::{
	commit::CommitRequest,
	control::{ask, Request},
	status::state_dir_of,
};
use crate::cli::{bytes_text, parse_bytes, AccountArgs, Bar, Context};
use anyhow::Result;
use clap::{Args, Subcommand};
use granary_primitives::BlockNumber;
use serde_json::Value;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  # Publish what the node wrote, as a snapshot of its present height:
  granary commit /mnt/node --height 120000 --key-file tenant.key
  # The same, and give the local disk back when all of it is proven to be held remotely:
  granary commit /mnt/node --height 120000 --key-file tenant.key --drop

The mount stays in use. Only chunks that changed are stored; the others are those of the snapshot below. The account is the tenant
of the reservation that holds the snapshot below.")]
pub(crate) struct CommitArgs {
	/// The mount point, or the mount's state directory.
	mount: PathBuf,
	/// Name of the new snapshot; a dataset has each name once. Without it: name@height, by the one below.
	#[arg(long)]
	name: Option<String>,
	/// Height of the database. [default: that of the snapshot below]
	#[arg(long, value_name = "BLOCK")]
	height: Option<u64>,
	/// The block of the Granary chain from which on anyone may retire it. [default: never]
	#[arg(long, value_name = "BLOCK")]
	expires: Option<BlockNumber>,
	/// Wait until every node has proven that it holds the new snapshot, then give back what the thin layer holds of it.
	#[arg(long)]
	drop: bool,
	#[command(flatten)]
	account: AccountArgs,
}

/// What is fetched, kept and evicted.
#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
	/// Fetch files before they are read.
	Prefetch(PathArgs),
	/// Fetch everything, so that the mount needs no node any more.
	Hydrate(HydrateArgs),
	/// Fetch files and keep them from eviction.
	Pin(PathArgs),
	/// Let files be evicted again.
	Unpin(PathArgs),
	/// Cut the cache to a size, oldest first.
	Evict(EvictArgs),
}

#[derive(Debug, Args)]
pub(crate) struct PathArgs {
	/// The mount point, or the mount's state directory.
	mount: PathBuf,
	/// A file or directory below the mount point. [default: everything]
	path: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct HydrateArgs {
	/// The mount point, or the mount's state directory.
	mount: PathBuf,
	/// The most that is fetched in a second, for example 20MiB. [default: as much as comes]
	#[arg(long, value_parser = parse_bytes)]
	bandwidth: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct EvictArgs {
	/// The mount point, or the mount's state directory.
	mount: PathBuf,
	/// How much may stay, for example 5GiB.
	#[arg(long, default_value = "0", value_parser = parse_bytes)]
	to: u64,
}

async fn run(mount: &std::path::Path, request: &Request, context: &Context) -> Result<Value> {
	let state_dir = state_dir_of(mount)?;
	let bar = Bar::count(context, 0, "");
	let result = ask(&state_dir, request, |what, done, total| bar.at(what, done, total)).await;
	bar.finish();
	result
}

/// `granary commit`.
pub(crate) async fn run_commit(args: CommitArgs, context: &Context) -> Result<()> {
	// A mistake in the account is told before anything begins.
	args.account.tenant_keys()?;
	let request = Request::Commit(CommitRequest {
		name: args.name,
		height: args.height,
		expires: args.expires,
		drop: args.drop,
		account: args.account.absolute()?,
	});
	let report = run(&args.mount, &request, context).await?;
	let bytes = |name: &str| bytes_text(report[name].as_u64().unwrap_or_default());
	context.print(&report, |out| {
		out.line(format!("snapshot {} is published above {}", report["id"], report["parent"]));
		out.field("changed", bytes("changed_bytes"));
		out.field("stored", format!("{} over all nodes", bytes("stored_bytes")));
		out.field("tree", bytes("total_bytes"));
		out.field("paused", format!("{} µs", report["pause_us"]));
		if args.drop {
			out.field("given back", bytes("freed_bytes"));
		}
	});
	Ok(())
}

/// `granary cache`.
pub(crate) async fn run_cache(command: CacheCommand, context: &Context) -> Result<()> {
	let (mount, request, done) = match command {
		CacheCommand::Prefetch(args) => (
			args.mount,
			Request::Prefetch { path: args.path.unwrap_or_default(), bytes_per_second: None },
			"fetched",
		),
		CacheCommand::Hydrate(args) => {
			let bytes_per_second = args.bandwidth;
			(args.mount, Request::Prefetch { path: PathBuf::new(), bytes_per_second }, "fetched")
		},
		CacheCommand::Pin(args) => {
			(args.mount, Request::Pin { path: args.path.unwrap_or_default() }, "pinned")
		},
		CacheCommand::Unpin(args) => {
			(args.mount, Request::Unpin { path: args.path.unwrap_or_default() }, "released")
		},
		CacheCommand::Evict(args) => (args.mount, Request::Evict { to_bytes: args.to }, "evicted"),
	};
	let report = run(&mount, &request, context).await?;
	context.print(&report, |out| {
		out.line(done);
		for (name, value) in report.as_object().into_iter().flatten() {
			let value = value.as_u64().unwrap_or_default();
			let shown = if name.contains("bytes") { bytes_text(value) } else { value.to_string() };
			out.field(&name.replace('_', " "), shown);
		}
	});
	Ok(())
}
