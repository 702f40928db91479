//! Mounts a plain directory as if it were a snapshot, for tests, profiling and measurements.
//!
//! `mount_dir SOURCE MOUNT_POINT THIN_DIR` prints `mounted` and serves until the mount point is unmounted
//! (`fusermount3 -u MOUNT_POINT`). With a fourth argument, a number of seconds, the mount outlives the process for so long, and the next one goes on with it.

#![allow(clippy::expect_used, missing_docs, unreachable_pub, reason = "a tool for tests")]

#[path = "../tests/common/dir_lower.rs"]
mod dir_lower;

use dir_lower::DirLower;
use granary_mount::{Hold, MountOptions};
use std::{
	error::Error,
	ffi::{OsStr, OsString},
	io::Write,
	path::Path,
	sync::Arc,
	time::Duration,
};

/// The layer belongs to one snapshot; all directories count as the same.
const SNAPSHOT_ID: [u8; 32] = [7; 32];
/// How long the process before may take to end.
const TAKE_OVER: Duration = Duration::from_secs(10);

fn main() -> Result<(), Box<dyn Error>> {
	let args: Vec<_> = std::env::args_os().skip(1).collect();
	match args.as_slice() {
		[hold, socket, mount_point, seconds] if hold == "hold" => {
			let patience = Duration::from_secs(seconds.to_str().unwrap_or_default().parse()?);
			Ok(granary_mount::hold(Path::new(socket), Path::new(mount_point), patience)?)
		},
		[source, mount_point, thin_dir] => mount(source, mount_point, thin_dir, None),
		[source, mount_point, thin_dir, seconds] => {
			let socket = Path::new(thin_dir).with_extension("held");
			let mut command = vec![std::env::current_exe()?.into(), OsString::from("hold")];
			command.extend([socket.clone().into(), mount_point.clone(), seconds.clone()]);
			let hold = Hold { socket, command, take_over: TAKE_OVER };
			mount(source, mount_point, thin_dir, Some(hold))
		},
		_ => Err("usage: mount_dir SOURCE MOUNT_POINT THIN_DIR [SECONDS]".into()),
	}
}

fn mount(
	source: &OsStr,
	mount_point: &OsStr,
	thin_dir: &OsStr,
	hold: Option<Hold>,
) -> Result<(), Box<dyn Error>> {
	let lower = Arc::new(DirLower::open(Path::new(source))?);
	let mut options = MountOptions::new(mount_point.into(), thin_dir.into(), SNAPSHOT_ID);
	options.hold = hold;
	let mounted = granary_mount::mount(lower, options)?;
	writeln!(std::io::stdout(), "mounted")?;
	mounted.wait()?;
	Ok(())
}
