//! `granary mount`: a snapshot as a writable filesystem, and what can be asked of a mount while it lives.

mod commit;
mod control;
mod keeping;
mod rebase;
mod requests;
mod session;
mod status;
mod suspects;

use crate::{
	cli::{bytes_text, Context},
	snapshot::OpenArgs,
	stop::StopSignal,
};
use anyhow::{Context as _, Result};
use clap::Args;
use std::{path::PathBuf, time::Duration};

pub(crate) use keeping::{run_holder, HolderArgs, Keeping};
pub(crate) use rebase::{run_rebase, RebaseArgs};
pub(crate) use requests::{run_cache, run_commit, CacheCommand, CommitArgs};
pub(crate) use session::{Session, SessionOptions};
pub(crate) use status::{run_status, StatusArgs};
pub(crate) use suspects::Suspects;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  granary mount 1 /mnt/node --key dataset.key
  granary-node --base-path /mnt/node ...

  # The mount outlives this process, whatever ends it; the same command goes on with it:
  granary mount 1 /mnt/node --key dataset.key --hold 10m
  # ... also while the process before, of an older version for example, still runs:
  granary mount 1 /mnt/node --key dataset.key --hold 10m --take-over

The command stays in the foreground until it is interrupted or the filesystem is unmounted. What is
written goes into the state directory only; mounting again with the same one continues where it was.
`granary provision` does both at once and supervises the node.")]
pub(crate) struct MountArgs {
	#[command(flatten)]
	open: OpenArgs,
	/// An existing, empty directory.
	mount_point: PathBuf,
	#[command(flatten)]
	session: SessionArgs,
}

/// How a mount behaves.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct SessionArgs {
	/// Holds the thin layer, the figures and the control socket. [default: one per snapshot in the user's state directory]
	#[arg(long, value_name = "DIR")]
	pub(crate) state_dir: Option<PathBuf>,
	/// Keep the mount for so long (30s, 10m, 1h) when this process ends without unmounting it: who uses it waits, and the same command goes on with it.
	#[arg(long, value_name = "TIME", value_parser = crate::cli::parse_duration)]
	pub(crate) hold: Option<Duration>,
	/// Take the mount over from the process that serves it, which ends; it was mounted with --hold.
	#[arg(long)]
	pub(crate) take_over: bool,
	/// Refuse writes.
	#[arg(long)]
	pub(crate) read_only: bool,
	/// Let other users than this one in.
	#[arg(long)]
	pub(crate) allow_other: bool,
	/// Serve databases' logs as all else, instead of letting the kernel write them itself: imports are slower, and `granary commit --drop` gives back what
	/// logs hold too, some 64 MiB of a ParityDB otherwise.
	#[arg(long)]
	pub(crate) serve_logs: bool,
	/// Fetch nothing before it is read: neither what the snapshot's trace names nor what its database reads first.
	#[arg(long)]
	pub(crate) no_prefetch: bool,
	/// Write what is read into this file, as a trace for `granary snapshot create --trace`.
	#[arg(long, value_name = "FILE")]
	pub(crate) record: Option<PathBuf>,
	/// Fetch everything in the background, until the mount needs nobody.
	#[arg(long)]
	pub(crate) hydrate: bool,
	/// The most that --hydrate fetches in a second, for example 20MiB. [default: as much as comes]
	#[arg(long, value_name = "BYTES", value_parser = crate::cli::parse_bytes, requires = "hydrate")]
	pub(crate) bandwidth: Option<u64>,
}

pub(crate) async fn run(args: MountArgs, context: &Context) -> Result<()> {
	let options =
		SessionOptions { open: args.open, mount_point: args.mount_point, session: args.session };
	let session = Session::start(options, context).await?;
	context.note(format!(
		"mounted snapshot {} ({}) on {}; state in {}",
		session.snapshot_id(),
		bytes_text(session.total_bytes()),
		session.mount_point().display(),
		session.state_dir().display()
	));
	let (mut ended, mut stop) = (session.ended(), StopSignal::listen()?);
	loop {
		tokio::select! {
			result = &mut ended => {
				result.context("the mount's task ended early")??;
				break;
			},
			() = stop.asked() => {
				if let Err(error) = session.unmount().await {
					context.note(format!("{error:#}; waiting until nobody uses it"));
				}
			},
		}
	}
	session.end_if_left(context)?;
	session.finish()?;
	context.note(format!("unmounted {}", session.mount_point().display()));
	Ok(())
}
