//! `granary mount`: a snapshot as a writable filesystem.

use crate::{
	cli::{bytes_text, Context},
	snapshot::{open, MountStatus, OpenArgs, OpenSnapshot, StatusFile},
};
use anyhow::{Context as _, Result};
use clap::Args;
use granary_mount::{MountOptions, Mounted};
use std::{
	path::{Path, PathBuf},
	sync::Arc,
	time::Duration,
};
use tokio::signal::unix::{signal, SignalKind};

/// How often a mount writes its figures.
const STATUS_INTERVAL: Duration = Duration::from_millis(500);

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  granary mount 1 /mnt/node --key dataset.key
  granary-node --base-path /mnt/node ...

The command stays in the foreground until it is interrupted or the filesystem is unmounted. What is
written goes into the state directory only; mounting again with the same one continues where it was.")]
pub(crate) struct MountArgs {
	#[command(flatten)]
	open: OpenArgs,
	/// An existing, empty directory.
	mount_point: PathBuf,
	/// Holds the thin layer and the figures. [default: one per snapshot in the user's state directory]
	#[arg(long, value_name = "DIR")]
	state_dir: Option<PathBuf>,
	/// Refuse writes.
	#[arg(long)]
	read_only: bool,
	/// Let other users than this one in.
	#[arg(long)]
	allow_other: bool,
}

pub(crate) async fn run(args: MountArgs, context: &Context) -> Result<()> {
	granary_mount::check_mount_point(&args.mount_point)?;
	let snapshot = open(&args.open, context).await?;
	let state_dir = match &args.state_dir {
		Some(dir) => dir.clone(),
		None => crate::cli::user_state_dir()?
			.join("mounts")
			.join(hex::encode(snapshot.info.manifest.get(..8).unwrap_or_default())),
	};
	std::fs::create_dir_all(&state_dir)
		.with_context(|| format!("creating the state directory {}", state_dir.display()))?;
	let mut interrupt = signal(SignalKind::interrupt())?;
	let mut terminate = signal(SignalKind::terminate())?;
	let mounted = Arc::new(start(&args, &snapshot, &state_dir).await?);
	context.note(format!(
		"mounted snapshot {} ({}) on {}; state in {}",
		snapshot.info.id,
		bytes_text(snapshot.info.total_bytes),
		args.mount_point.display(),
		state_dir.display()
	));

	let status = StatusFile::new(&state_dir);
	let figures = || figures(&snapshot, &mounted, &args.mount_point);
	status.write(&figures())?;
	let waiting = mounted.clone();
	let mut ended = tokio::task::spawn_blocking(move || waiting.wait());
	let mut ticker = tokio::time::interval(STATUS_INTERVAL);
	let mut last = figures();
	loop {
		tokio::select! {
			result = &mut ended => {
				result.context("the mount's task ended early")??;
				break;
			},
			_ = interrupt.recv() => mounted.unmount()?,
			_ = terminate.recv() => mounted.unmount()?,
			_ = ticker.tick() => {
				let now = figures();
				if now != last {
					status.write(&now)?;
					last = now;
				}
			},
		}
	}
	status.write(&figures())?;
	context.note(format!("unmounted {}", args.mount_point.display()));
	Ok(())
}

async fn start(args: &MountArgs, snapshot: &OpenSnapshot, state_dir: &Path) -> Result<Mounted> {
	let options = MountOptions {
		read_only: args.read_only,
		allow_other: args.allow_other,
		..MountOptions::new(
			args.mount_point.clone(),
			state_dir.join("thin"),
			snapshot.info.manifest,
		)
	};
	let reader = snapshot.reader.clone();
	tokio::task::spawn_blocking(move || granary_mount::mount(reader, options))
		.await
		.context("the mounting task ended early")?
		.with_context(|| format!("mounting on {}", args.mount_point.display()))
}

fn figures(snapshot: &OpenSnapshot, mounted: &Mounted, mount_point: &Path) -> MountStatus {
	let read = snapshot.reader.stats();
	let thin = mounted.stats();
	MountStatus {
		snapshot: snapshot.info.id,
		mount_point: mount_point.to_owned(),
		process: std::process::id(),
		total_bytes: snapshot.info.total_bytes,
		chunks_fetched: read.chunks_fetched,
		chunk_bytes_fetched: read.bytes_fetched,
		bytes_fetched: snapshot.data.dataset.bytes_received(),
		cache_hits: read.cache_hits,
		memory_hits: read.memory_hits,
		fetch_errors: read.fetch_errors,
		thin_bytes_written: thin.thin_bytes_written,
		copied_up_blocks: thin.copied_up_blocks,
	}
}
