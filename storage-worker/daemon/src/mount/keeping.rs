//! Keeping a mount over the end of its process: who holds it meanwhile, and how the next process goes on with it.

use super::{control, SessionArgs};
use crate::cli::Context;
use anyhow::{bail, ensure, Context as _, Result};
use clap::Args;
use granary_mount::Hold;
use std::{
	ffi::OsString,
	path::{Path, PathBuf},
	time::Duration,
};

/// Where the holder of a mount listens, in the state directory.
const SOCKET_NAME: &str = "holder";
/// How long the process that serves a mount may take to leave it.
const LEAVE_PATIENCE: Duration = Duration::from_secs(30);

/// What the holder of a mount is told when it is started.
#[derive(Debug, Args)]
pub(crate) struct HolderArgs {
	/// Where it listens.
	socket: PathBuf,
	/// The mount point.
	mount_point: PathBuf,
	/// For how long nobody may serve the mount, in seconds.
	seconds: u64,
}

/// `granary mount-holder`, which a mount starts for itself: has the descriptor of `/dev/fuse` and does nothing.
pub(crate) async fn run_holder(args: HolderArgs) -> Result<()> {
	let patience = Duration::from_secs(args.seconds);
	let hold = move || granary_mount::hold(&args.socket, &args.mount_point, patience);
	tokio::task::spawn_blocking(hold).await.context("the holding task ended early")??;
	Ok(())
}

/// Whether somebody holds the mount of a state directory, whoever serves it.
pub(super) fn is_held(state_dir: &Path) -> bool {
	granary_mount::is_held(&state_dir.join(SOCKET_NAME))
}

/// How the mount of a state directory is kept, and whether it is already.
#[derive(Debug)]
pub(crate) struct Keeping {
	state_dir: PathBuf,
	socket: PathBuf,
	/// For how long nobody may serve the mount.
	patience: Option<Duration>,
	take_over: bool,
	is_held: bool,
}

impl Keeping {
	/// Looks for a holder of the mount of this state directory.
	pub(crate) fn look(state_dir: &Path, args: &SessionArgs) -> Self {
		let (socket, is_held) = (state_dir.join(SOCKET_NAME), is_held(state_dir));
		let state_dir = state_dir.to_owned();
		Self { state_dir, socket, patience: args.hold, take_over: args.take_over, is_held }
	}

	/// Whether somebody holds the mount, whose users wait for this process then.
	pub(crate) fn is_held(&self) -> bool {
		self.is_held
	}

	/// Refuses to go on if another process serves the mount.
	pub(crate) async fn check_unserved(&self) -> Result<()> {
		ensure!(
			!control::is_answering(&self.state_dir).await,
			"another process serves the mount of {}; end that one first",
			self.state_dir.display()
		);
		Ok(())
	}

	/// Whether the mount outlives this process.
	pub(super) fn will_be_held(&self) -> bool {
		self.is_held || self.patience.is_some()
	}

	/// Makes sure that this process can serve the mount: whoever serves it is asked to leave, a dead one is taken away.
	pub(super) async fn clear_the_way(&self, mount_point: &Path, context: &Context) -> Result<()> {
		if !self.is_held {
			if granary_mount::clear_stale(mount_point)? {
				let at = mount_point.display();
				context.note(format!("{at} was left by a process that is gone: unmounted"));
			}
			ensure!(
				!(self.take_over && granary_mount::is_mounted(mount_point)?),
				"{} was not mounted with --hold, so no other process can go on with it; unmount it: fusermount3 -u {0}",
				mount_point.display()
			);
			return Ok(granary_mount::check_mount_point(mount_point)?);
		}
		if !control::is_answering(&self.state_dir).await {
			context.note(format!("going on with the mount on {}", mount_point.display()));
			return Ok(());
		}
		if !self.take_over {
			bail!(
				"another process serves the mount of {}; --take-over goes on in its place",
				self.state_dir.display()
			);
		}
		context.note(format!("taking over the mount on {}", mount_point.display()));
		let answer = control::ask(&self.state_dir, &control::Request::Leave, |_, _, _| {}).await;
		// It may be gone before it has said so.
		match answer {
			Err(error) if control::is_answering(&self.state_dir).await => Err(error),
			_ => Ok(()),
		}
	}

	/// What the mount is told about its holder.
	pub(super) fn hold(&self, mount_point: &Path) -> Result<Option<Hold>> {
		if !self.will_be_held() {
			return Ok(None);
		}
		let program = std::env::current_exe().context("finding the program of the holder")?;
		let seconds = self.patience.unwrap_or_default().as_secs().to_string();
		let command = vec![
			program.into_os_string(),
			OsString::from("mount-holder"),
			self.socket.clone().into(),
			std::path::absolute(mount_point)?.into(),
			seconds.into(),
		];
		let take_over = if self.take_over { LEAVE_PATIENCE } else { Duration::ZERO };
		Ok(Some(Hold { socket: self.socket.clone(), command, take_over }))
	}
}
