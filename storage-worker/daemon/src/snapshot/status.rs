//! `granary snapshot status`: what a mount has fetched, cached and written.
//!
//! A mount writes its figures into `status.json` of its state directory; the command reads them, so that it works without
//! touching the filesystem it asks about.

use crate::cli::{bytes_text, Context};
use anyhow::{Context as _, Result};
use clap::Args;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const FILE_NAME: &str = "status.json";

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
	/// The mount's state directory, as `granary mount` printed it.
	state_dir: PathBuf,
}

/// The figures of a mount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MountStatus {
	/// The snapshot's number.
	pub(crate) snapshot: u64,
	/// Where it is mounted.
	pub(crate) mount_point: PathBuf,
	/// The process that serves it.
	pub(crate) process: u32,
	/// Bytes of the whole tree.
	pub(crate) total_bytes: u64,
	/// Chunks fetched from the nodes.
	pub(crate) chunks_fetched: u64,
	/// Bytes of these chunks, as files see them.
	pub(crate) chunk_bytes_fetched: u64,
	/// Bytes received from the nodes, sealed and coded.
	pub(crate) bytes_fetched: u64,
	/// Chunks found in the cache on disk.
	pub(crate) cache_hits: u64,
	/// Reads answered from memory.
	pub(crate) memory_hits: u64,
	/// Chunks that could not be fetched.
	pub(crate) fetch_errors: u64,
	/// Bytes written into the thin layer.
	pub(crate) thin_bytes_written: u64,
	/// Blocks that the thin layer copied up.
	pub(crate) copied_up_blocks: u64,
}

/// The file that a mount keeps its figures in.
#[derive(Debug)]
pub(crate) struct StatusFile(PathBuf);

impl StatusFile {
	/// In this state directory.
	pub(crate) fn new(state_dir: &Path) -> Self {
		Self(state_dir.join(FILE_NAME))
	}

	/// Replaces the file at once, so that a reader never sees half of it.
	pub(crate) fn write(&self, status: &MountStatus) -> Result<()> {
		let next = self.0.with_extension("json.next");
		std::fs::write(&next, serde_json::to_vec_pretty(status)?)
			.and_then(|()| std::fs::rename(&next, &self.0))
			.with_context(|| format!("writing {}", self.0.display()))
	}

	fn read(&self) -> Result<MountStatus> {
		let bytes = std::fs::read(&self.0).with_context(|| {
			format!("reading {}; is this a mount's state directory?", self.0.display())
		})?;
		serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", self.0.display()))
	}
}

pub(super) fn run(args: StatusArgs, context: &Context) -> Result<()> {
	let status = StatusFile::new(&args.state_dir).read()?;
	let share = if status.total_bytes == 0 {
		0.0
	} else {
		status.chunk_bytes_fetched as f64 * 100.0 / status.total_bytes as f64
	};
	context.print(&serde_json::to_value(&status)?, |out| {
		out.line(format!("snapshot {} on {}", status.snapshot, status.mount_point.display()));
		out.field(
			"fetched",
			format!(
				"{} of {} ({share:.2} %)",
				bytes_text(status.chunk_bytes_fetched),
				bytes_text(status.total_bytes)
			),
		);
		out.field("over the wire", bytes_text(status.bytes_fetched));
		out.field("chunks fetched", status.chunks_fetched.to_string());
		out.field("cache hits", status.cache_hits.to_string());
		out.field("memory hits", status.memory_hits.to_string());
		out.field("fetch errors", status.fetch_errors.to_string());
		out.field(
			"thin layer",
			format!(
				"{} written, {} blocks copied up",
				bytes_text(status.thin_bytes_written),
				status.copied_up_blocks
			),
		);
	});
	Ok(())
}
