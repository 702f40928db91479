//! Where a user's caches and states are kept (XDG base directories).

use anyhow::{Context, Result};
use std::{env, path::PathBuf};

fn user_dir(variable: &str, below_home: &str) -> Result<PathBuf> {
	if let Some(dir) = env::var_os(variable).filter(|dir| !dir.is_empty()) {
		return Ok(PathBuf::from(dir).join("granary"));
	}
	let home = env::var_os("HOME").with_context(|| {
		format!("neither {variable} nor HOME is set; name the directory by its flag")
	})?;
	Ok(PathBuf::from(home).join(below_home).join("granary"))
}

/// `$XDG_CACHE_HOME/granary` or `~/.cache/granary`: may be deleted at any time.
pub(crate) fn user_cache_dir() -> Result<PathBuf> {
	user_dir("XDG_CACHE_HOME", ".cache")
}

/// `$XDG_STATE_HOME/granary` or `~/.local/state/granary`: thin layers live here.
pub(crate) fn user_state_dir() -> Result<PathBuf> {
	user_dir("XDG_STATE_HOME", ".local/state")
}
