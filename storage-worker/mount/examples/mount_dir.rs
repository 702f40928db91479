//! Mounts a plain directory as if it were a snapshot, for tests, profiling and measurements.
//!
//! `mount_dir SOURCE MOUNT_POINT THIN_DIR` prints `mounted` and serves until the mount point is unmounted
//! (`fusermount3 -u MOUNT_POINT`).

#![allow(clippy::expect_used, missing_docs, unreachable_pub, reason = "a tool for tests")]

#[path = "../tests/common/dir_lower.rs"]
mod dir_lower;

use dir_lower::DirLower;
use granary_mount::MountOptions;
use std::{error::Error, io::Write, path::Path, sync::Arc};

/// The layer belongs to one snapshot; all directories count as the same.
const SNAPSHOT_ID: [u8; 32] = [7; 32];

fn main() -> Result<(), Box<dyn Error>> {
	let args: Vec<_> = std::env::args_os().skip(1).collect();
	let [source, mount_point, thin_dir] = args.as_slice() else {
		return Err("usage: mount_dir SOURCE MOUNT_POINT THIN_DIR".into());
	};
	let lower = Arc::new(DirLower::open(Path::new(source))?);
	let options = MountOptions::new(mount_point.into(), thin_dir.into(), SNAPSHOT_ID);
	let mounted = granary_mount::mount(lower, options)?;
	writeln!(std::io::stdout(), "mounted")?;
	mounted.wait()?;
	Ok(())
}
