//! The node's life on its mount.

use super::Restart;
use crate::{
	cli::{bytes_text, Bar, Context},
	mount::Session,
	node_command::{check_genesis, NodeCommand},
	node_process::NodeProcess,
	stop::StopSignal,
};
use anyhow::{bail, Context as _, Result};
use granary_chain::ObservedBlock;
use serde_json::json;
use std::{
	path::Path,
	sync::Arc,
	time::{Duration, Instant},
};

/// How long a node may take until it answers.
const START_PATIENCE: Duration = Duration::from_secs(600);
/// A node that ran for less is failing at once.
const SHORT_LIFE: Duration = Duration::from_secs(30);
/// So many short lives in a row are too many.
const SHORT_LIVES_MAX: u32 = 5;
/// Pause before a node is started again; longer each time.
const RESTART_PAUSE: Duration = Duration::from_secs(1);
/// How often progress is shown.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);

/// The node that is looked after.
pub(super) struct Supervised<'a> {
	pub(super) command: &'a NodeCommand,
	/// Where it is noted for the process that looks after it next.
	pub(super) record: &'a Path,
	/// It runs already, on this mount.
	pub(super) running: Option<NodeProcess>,
}

/// Runs the node until it ends for good or we are asked to stop, or to leave it to another process.
pub(super) async fn supervise(
	session: &Arc<Session>,
	Supervised { command, record, mut running }: Supervised<'_>,
	policy: Restart,
	began: Instant,
	context: &Context,
) -> Result<()> {
	let mut short_lives = 0;
	let mut first = true;
	let mut stop = StopSignal::listen()?;
	loop {
		let started = Instant::now();
		let mut node = match running.take() {
			Some(node) => {
				context.note("going on with the node that is running");
				node
			},
			None => command.start(session.mount_point(), false)?,
		};
		node.note(record)?;
		let ended = tokio::select! {
			ended = live(&mut node, session, first, began, context) => ended,
			() = stop.asked() => {
				context.note("stopping the node");
				let stopped = node.stop().await;
				forget(record);
				return stopped;
			},
			() = session.left() => {
				// Dropping it would end it.
				std::mem::forget(node);
				return Ok(());
			},
		};
		forget(record);
		first = false;
		let failed = match ended {
			Ok(Some(status)) => {
				context.note(format!("the node ended with {status}"));
				!status.success()
			},
			Ok(None) => {
				context.note("the node ended; how is known only to the process that started it");
				true
			},
			Err(error) => {
				node.stop().await?;
				return Err(error);
			},
		};
		let again = match policy {
			Restart::Never => false,
			Restart::OnFailure => failed,
			Restart::Always => true,
		};
		if !again {
			return if failed { bail!("the node failed") } else { Ok(()) };
		}
		short_lives = if started.elapsed() < SHORT_LIFE { short_lives + 1 } else { 0 };
		if short_lives >= SHORT_LIVES_MAX {
			bail!("the node ended {short_lives} times within {} s each", SHORT_LIFE.as_secs());
		}
		let pause = RESTART_PAUSE * 2u32.pow(short_lives);
		context.note(format!("starting it again in {} s", pause.as_secs()));
		tokio::select! {
			() = tokio::time::sleep(pause) => {},
			() = stop.asked() => return Ok(()),
			() = session.left() => return Ok(()),
		}
	}
}

/// Nothing runs that the next process would have to look after.
fn forget(record: &Path) {
	// If it stays, the next process finds that no such process runs.
	let _ = std::fs::remove_file(record);
}

/// Waits for the first new block and tells of it, then for the node's end.
async fn live(
	node: &mut NodeProcess,
	session: &Session,
	first: bool,
	began: Instant,
	context: &Context,
) -> Result<Option<std::process::ExitStatus>> {
	if first {
		match first_block(node, session, context).await {
			Ok((from, block)) => report(session, from, block, began, context),
			// A node that ended has an exit status, which says what is done next.
			Err(error) => match tokio::time::timeout(Duration::from_millis(100), node.wait()).await
			{
				Ok(status) => {
					context.note(format!("{error:#}"));
					return status;
				},
				Err(_) => return Err(error),
			},
		}
	}
	node.wait().await
}

/// The block that the node began with and the first that it imported.
async fn first_block(
	node: &mut NodeProcess,
	session: &Session,
	context: &Context,
) -> Result<(ObservedBlock, ObservedBlock)> {
	let bar = Bar::bytes(context, "starting the node");
	let showing = async {
		loop {
			bar.at(
				"starting the node",
				session.figures().chunk_bytes_fetched,
				session.total_bytes(),
			);
			tokio::time::sleep(PROGRESS_INTERVAL).await;
		}
	};
	let importing = async {
		let (observed, from) = node.answering(START_PATIENCE).await?;
		let manifest = session.manifest();
		if let Some(chain) = &manifest.chain {
			check_genesis(&observed, chain.genesis).await?;
			if u64::from(from.number) < chain.best_number {
				bail!(
					"the node is at block {}, the snapshot at {}: it does not use the mounted database; look at its --chain and --database",
					from.number,
					chain.best_number
				);
			}
		}
		context.note(format!("the node answers at block {}", from.number));
		Ok((from, node.imports_above(&observed, from.number).await?))
	};
	let result = tokio::select! {
		result = importing => result,
		never = showing => never,
	};
	bar.finish();
	result
}

fn report(
	session: &Session,
	from: ObservedBlock,
	block: ObservedBlock,
	began: Instant,
	context: &Context,
) {
	let figures = session.figures();
	let seconds = began.elapsed().as_secs_f64();
	context.print(
		&json!({
			"snapshot": figures.snapshot,
			"mount_point": figures.mount_point,
			"state_dir": figures.state_dir,
			"first_block": block.number,
			"started_at": from.number,
			"seconds": seconds,
			"total_bytes": figures.total_bytes,
			"chunk_bytes_fetched": figures.chunk_bytes_fetched,
			"bytes_fetched": figures.bytes_fetched,
			"share_percent": figures.share(),
		}),
		|out| {
			out.line(format!(
				"block {} imported {seconds:.1} s after the start; {} of {} fetched ({:.2} %)",
				block.number,
				bytes_text(figures.chunk_bytes_fetched),
				bytes_text(figures.total_bytes),
				figures.share()
			));
		},
	);
}

impl Session {
	/// Unmounts when the node's last file is closed.
	pub(super) async fn unmount_patiently(&self, context: &Context) -> Result<()> {
		const ATTEMPTS: u32 = 50;
		for attempt in 1.. {
			match self.unmount().await {
				Ok(()) => break,
				Err(error) if attempt == ATTEMPTS => {
					return Err(error).context("something still uses the mount")
				},
				Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
			}
		}
		self.ended().await.context("the mount's task ended early")??;
		self.finish()?;
		context.note(format!("unmounted {}", self.mount_point().display()));
		Ok(())
	}
}
