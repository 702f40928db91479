//! What a mount has fetched, cached and written.
//!
//! A mount writes its figures into `status.json` of its state directory and shows them as `.granary/status.json` in the mount itself; the command reads
//! the former, so that it works without touching the filesystem it asks about.

use crate::cli::{bytes_text, Context};
use anyhow::{Context as _, Result};
use clap::Args;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const FILE_NAME: &str = "status.json";

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
	/// The mount point, or the mount's state directory.
	mount: PathBuf,
}

/// The figures of a mount.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MountStatus {
	/// The snapshot's number.
	pub(crate) snapshot: u64,
	/// Where it is mounted.
	pub(crate) mount_point: PathBuf,
	/// Where its state is.
	pub(crate) state_dir: PathBuf,
	/// The process that serves it.
	pub(crate) process: u32,
	/// Bytes of the whole tree.
	pub(crate) total_bytes: u64,
	/// Chunks, and pages of tables of chunks, fetched from the nodes.
	pub(crate) chunks_fetched: u64,
	/// Bytes of these, as files see them.
	pub(crate) chunk_bytes_fetched: u64,
	/// Of those chunks, how many before they were asked for.
	pub(crate) prefetched: u64,
	/// Bytes received from the nodes, sealed and coded.
	pub(crate) bytes_fetched: u64,
	/// Reads answered from the cache on disk.
	pub(crate) cache_hits: u64,
	/// Reads answered from memory.
	pub(crate) memory_hits: u64,
	/// Bytes that applications read from below the layer.
	pub(crate) lower_bytes_read: u64,
	/// Reads that wait for the nodes.
	pub(crate) waiting: u64,
	/// Chunks that could not be fetched.
	pub(crate) fetch_errors: u64,
	/// Their ids, the first few; `granary heal` looks after them.
	pub(crate) failed_objects: Vec<String>,
	/// What went wrong last.
	pub(crate) last_error: Option<String>,
	/// What went wrong by node.
	pub(crate) nodes: Vec<NodeErrors>,
	/// Bytes in the cache, which several mounts may share.
	pub(crate) cache_bytes: u64,
	/// Bytes that the cache may hold.
	pub(crate) cache_quota: u64,
	/// Bytes written into the thin layer, without those that the kernel wrote itself.
	pub(crate) thin_bytes_written: u64,
	/// Blocks that the thin layer copied up.
	pub(crate) copied_up_blocks: u64,
	/// Logs that the kernel was given to read and write itself, each time that one was opened.
	#[serde(default)]
	pub(crate) passed_logs: u64,
	/// Bytes of the local disk that the thin layer takes.
	pub(crate) thin_bytes: u64,
	/// What a commit is doing.
	pub(crate) commit: Option<String>,
}

/// Failures of one node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NodeErrors {
	pub(crate) node: u32,
	pub(crate) missing: u64,
	pub(crate) damaged: u64,
	pub(crate) unreachable: u64,
}

impl MountStatus {
	/// The share of the tree that was fetched, in percent.
	pub(crate) fn share(&self) -> f64 {
		if self.total_bytes == 0 {
			return 0.0;
		}
		self.chunk_bytes_fetched as f64 * 100.0 / self.total_bytes as f64
	}

	/// The share of reads below the layer that needed no node, in percent.
	fn hit_rate(&self) -> f64 {
		let hits = self.cache_hits + self.memory_hits;
		let misses = self.chunks_fetched.saturating_sub(self.prefetched);
		if hits + misses == 0 {
			return 0.0;
		}
		hits as f64 * 100.0 / (hits + misses) as f64
	}
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
			format!("reading {}; is this a mount or its state directory?", self.0.display())
		})?;
		serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", self.0.display()))
	}
}

/// The state directory of a mount, named by itself or by the mount point.
pub(super) fn state_dir_of(mount: &Path) -> Result<PathBuf> {
	if mount.join(FILE_NAME).is_file() {
		return Ok(mount.to_owned());
	}
	let shown = mount.join(".granary").join(FILE_NAME);
	let bytes = std::fs::read(&shown).with_context(|| {
		format!("{} is neither a mount nor the state directory of one", mount.display())
	})?;
	let status: MountStatus = serde_json::from_slice(&bytes)
		.with_context(|| format!("{} is not this version's", shown.display()))?;
	Ok(status.state_dir)
}

pub(crate) fn run_status(args: StatusArgs, context: &Context) -> Result<()> {
	let status = StatusFile::new(&state_dir_of(&args.mount)?).read()?;
	context.print(&serde_json::to_value(&status)?, |out| {
		out.line(format!("snapshot {} on {}", status.snapshot, status.mount_point.display()));
		out.field(
			"fetched",
			format!(
				"{} of {} ({:.2} %)",
				bytes_text(status.chunk_bytes_fetched),
				bytes_text(status.total_bytes),
				status.share()
			),
		);
		out.field("over the wire", bytes_text(status.bytes_fetched));
		out.field(
			"chunks fetched",
			format!("{}, {} of them ahead", status.chunks_fetched, status.prefetched),
		);
		out.field("read from below", bytes_text(status.lower_bytes_read));
		out.field("hit rate", format!("{:.1} %", status.hit_rate()));
		out.field(
			"cache",
			format!("{} of {}", bytes_text(status.cache_bytes), bytes_text(status.cache_quota)),
		);
		out.field(
			"thin layer",
			format!(
				"{} on disk, {} written, {} blocks copied up, {} logs passed to the kernel",
				bytes_text(status.thin_bytes),
				bytes_text(status.thin_bytes_written),
				status.copied_up_blocks,
				status.passed_logs
			),
		);
		out.field("waiting reads", status.waiting.to_string());
		out.field("fetch errors", status.fetch_errors.to_string());
		if let Some(error) = &status.last_error {
			out.field("last error", error);
		}
		for node in &status.nodes {
			out.field(
				&format!("node {}", node.node),
				format!(
					"{} missing, {} damaged, {} unreachable",
					node.missing, node.damaged, node.unreachable
				),
			);
		}
		if let Some(commit) = &status.commit {
			out.field("commit", commit);
		}
	});
	Ok(())
}
