//! Where compiled runtimes are kept, so that a start need not compile them again.
//!
//! A runtime's wasm is compiled to native code when it is called first, seconds in which a node does nothing else. wasmtime keeps what it compiled in files
//! that are named by a hash of the wasm and of everything that decides what becomes of it. Such a file is executed as it is found, so it must not come from
//! somebody else: the directory is the node's own, and never part of the database, which may have come with a snapshot.

use std::{
	env, fs, io,
	os::unix::fs::{DirBuilderExt, MetadataExt},
	path::{Path, PathBuf},
};

/// Who besides the owner may write.
const WRITABLE_BY_OTHERS: u32 = 0o022;
const ONLY_OWNER: u32 = 0o700;

/// What the command line says of it.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct CompiledRuntimes {
	/// Keep compiled runtimes in this directory, so that each is compiled once and not at each start. What lies there is executed as it is: only the node's
	/// user may be able to write there. By default `granary-node/runtimes` in the user's cache directory, if there is one.
	#[arg(long, value_name = "DIR", global = true)]
	compiled_runtimes: Option<PathBuf>,

	/// Compile the runtime at each start, and keep nothing of it.
	#[arg(long, global = true, conflicts_with = "compiled_runtimes")]
	no_compiled_runtimes: bool,
}

impl CompiledRuntimes {
	/// The directory, made if it was missing. None if none is wanted, or if the default one cannot be used.
	pub(crate) fn directory(&self) -> Result<Option<PathBuf>, String> {
		if self.no_compiled_runtimes {
			return Ok(None);
		}
		match &self.compiled_runtimes {
			Some(named) => prepare(named).map(Some).map_err(|error| {
				format!(
					"compiled runtimes cannot be kept in '{}': {error}; name another directory, \
					 or pass --no-compiled-runtimes",
					named.display()
				)
			}),
			None => Ok(default_directory().and_then(|directory| prepare(&directory).ok())),
		}
	}
}

/// Refuses a directory of compiled runtimes inside of the node's own: who publishes that would publish what others then execute.
pub(crate) fn check_apart(compiled: &Path, base_path: &Path) -> Result<(), String> {
	match base_path.canonicalize() {
		Ok(base_path) if compiled.starts_with(&base_path) => Err(format!(
			"compiled runtimes must not be kept in the node's own directory '{}', which may be \
			 published as a snapshot; name a directory outside of it",
			base_path.display()
		)),
		_ => Ok(()),
	}
}

/// In the user's cache directory: `$XDG_CACHE_HOME`, or `$HOME/.cache`.
fn default_directory() -> Option<PathBuf> {
	let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
	let cache = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
	Some(cache.join("granary-node/runtimes"))
}

/// Makes the directory if it is missing, and looks who may write there.
fn prepare(directory: &Path) -> io::Result<PathBuf> {
	fs::DirBuilder::new().recursive(true).mode(ONLY_OWNER).create(directory)?;
	let directory = directory.canonicalize()?;
	let found = fs::metadata(&directory)?;
	let user = rustix::process::geteuid().as_raw();
	if found.uid() != user {
		return Err(io::Error::other(format!(
			"it belongs to user {}, and this is user {user}",
			found.uid()
		)));
	}
	if found.mode() & WRITABLE_BY_OTHERS != 0 {
		return Err(io::Error::other("others may write there (chmod go-w would change that)"));
	}
	Ok(directory)
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::os::unix::fs::PermissionsExt;

	fn named(path: &Path) -> CompiledRuntimes {
		CompiledRuntimes { compiled_runtimes: Some(path.to_owned()), no_compiled_runtimes: false }
	}

	#[test]
	fn a_directory_is_made_for_its_owner_only() {
		let outer = tempfile::tempdir().unwrap();
		let path = outer.path().join("a/b");
		let made = named(&path).directory().unwrap().unwrap();
		assert_eq!(made, path.canonicalize().unwrap());
		assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, ONLY_OWNER);
		assert_eq!(named(&path).directory().unwrap(), Some(made));
	}

	#[test]
	fn a_directory_in_which_others_may_write_is_refused() {
		let directory = tempfile::tempdir().unwrap();
		fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
		let refused = named(directory.path()).directory().unwrap_err();
		assert!(refused.contains("others may write there"), "{refused}");
	}

	#[test]
	fn compiled_runtimes_are_never_part_of_the_database() {
		let base = tempfile::tempdir().unwrap();
		let inside = named(&base.path().join("chains/compiled")).directory().unwrap().unwrap();
		assert!(check_apart(&inside, base.path()).unwrap_err().contains("must not be kept"));
		let outside = tempfile::tempdir().unwrap();
		let outside = named(outside.path()).directory().unwrap().unwrap();
		assert_eq!(check_apart(&outside, base.path()), Ok(()));
	}

	#[test]
	fn a_file_is_no_directory() {
		let file = tempfile::NamedTempFile::new().unwrap();
		let refused = named(file.path()).directory().unwrap_err();
		assert!(refused.contains("cannot be kept in"), "{refused}");
	}
}
