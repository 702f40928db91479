//! Directories that commands need for a while.

use anyhow::{Context, Result};
use std::{
	path::{Path, PathBuf},
	sync::atomic::{AtomicU32, Ordering},
};

/// A directory that goes when it is dropped.
#[derive(Debug)]
pub(crate) struct WorkDir(PathBuf);

impl WorkDir {
	/// A new one in this directory or, if none is named, the system's temporary one.
	pub(crate) fn new(above: Option<&Path>) -> Result<Self> {
		static NUMBER: AtomicU32 = AtomicU32::new(0);
		let above = above.map_or_else(std::env::temp_dir, Path::to_owned);
		let number = NUMBER.fetch_add(1, Ordering::Relaxed);
		let dir = above.join(format!("granary-{}-{number}", std::process::id()));
		std::fs::create_dir(&dir)
			.with_context(|| format!("creating the working directory {}", dir.display()))?;
		Ok(Self(dir))
	}

	/// Where it is.
	pub(crate) fn path(&self) -> &Path {
		&self.0
	}
}

impl Drop for WorkDir {
	fn drop(&mut self) {
		if let Err(error) = std::fs::remove_dir_all(&self.0) {
			tracing::warn!("{} is left over: {error}", self.0.display());
		}
	}
}
