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
