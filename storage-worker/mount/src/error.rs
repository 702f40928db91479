//! What can go wrong with a mount.

use std::{io, path::PathBuf};

/// Why a snapshot could not be mounted or unmounted.
#[derive(Debug, thiserror::Error)]
pub enum MountError {
	/// The mount point cannot be used.
	#[error("mount point {}: {reason}", path.display())]
	MountPoint {
		/// Where.
		path: PathBuf,
		/// What is wrong and what to do.
		reason: String,
	},
	/// The system has no FUSE.
	#[error("FUSE is not available: {0}; install fuse3 and load the kernel module fuse")]
	NoFuse(String),
	/// The layer's directory cannot be used.
	#[error("thin layer {}: {reason}", path.display())]
	ThinLayer {
		/// Where.
		path: PathBuf,
		/// What is wrong and what to do.
		reason: String,
	},
	/// The layer was written above another snapshot.
	#[error("thin layer {}: it belongs to another snapshot, {snapshot}; name another directory", path.display())]
	OtherSnapshot {
		/// Where.
		path: PathBuf,
		/// The manifest that it belongs to, in hex.
		snapshot: String,
	},
	/// What lies below is not a snapshot that can be committed to.
	#[error("what is mounted is not a snapshot: nothing can be committed on top of it")]
	NotASnapshot,
	/// One commit at a time.
	#[error("another commit of this layer is under way; wait for it to end")]
	Committing,
	/// The snapshot's crate failed.
	#[error(transparent)]
	Snapshot(#[from] granary_snapshot::SnapshotError),
	/// A file of the layer cannot be read or written.
	#[error("thin layer file {}: {source}", path.display())]
	File {
		/// Which.
		path: PathBuf,
		/// The system's word.
		source: io::Error,
	},
	/// The kernel refused.
	#[error("{what}: {source}")]
	Kernel {
		/// What was asked of it.
		what: &'static str,
		/// The system's word.
		source: io::Error,
	},
}
