//! What never enters a snapshot.
//!
//! A node's session keys and network identity lie below its base path. Two nodes with one session key equivocate, two with one network key cannot both be
//! reached; so these are left out by their place and by their name, before a single byte of them is read.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::Path};

/// Directories that are left out wherever a `chains/<id>/` is their parent.
const SECRET_DIRECTORIES: [&[u8]; 2] = [b"keystore", b"network"];
/// Files that are left out wherever they are.
const SECRET_FILES: [&[u8]; 3] = [b"secret_ed25519", b"secret_dilithium", b"node-key"];
/// Files that belong to a running process.
const PROCESS_FILES: [&[u8]; 3] = [b"LOCK", b"lock", b".lock"];

/// Whether the entry at this path, relative to the snapshot's root, is left out.
pub fn is_excluded(path: &Path) -> bool {
	let parts: Vec<&[u8]> = path.iter().map(OsStr::as_bytes).collect();
	let Some(name) = parts.last() else { return false };
	let in_secret_directory = parts.windows(3).any(|window| match window {
		[chains, _, directory] => *chains == b"chains" && SECRET_DIRECTORIES.contains(directory),
		_ => false,
	});
	// A snapshot may begin below `chains/<id>/`.
	let at_top = parts.first().is_some_and(|first| SECRET_DIRECTORIES.contains(first));
	in_secret_directory || at_top || SECRET_FILES.contains(name) || PROCESS_FILES.contains(name)
}

/// Whether an entry's path is this one or lies below it.
pub(crate) fn is_below(entry: &[u8], path: &Path) -> bool {
	Path::new(OsStr::from_bytes(entry)).starts_with(path)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn keys_and_locks_are_left_out() {
		for path in [
			"chains/local/keystore",
			"chains/local/keystore/6261626",
			"chains/local/network/secret_ed25519",
			"chains/local/network",
			"polkadot/chains/ksmcc3/keystore/x",
			"polkadot/chains/ksmcc3/network/secret_ed25519",
			"keystore/abc",
			"network",
			"anywhere/secret_ed25519",
			"chains/local/paritydb/full/lock",
			"chains/local/db/full/LOCK",
		] {
			assert!(is_excluded(Path::new(path)), "{path}");
		}
	}

	#[test]
	fn databases_stay() {
		for path in [
			"",
			"chains",
			"chains/local",
			"chains/local/paritydb/full/metadata",
			"chains/local/db/full/000012.sst",
			"chains/keystore",
			"data/network-graph.txt",
		] {
			assert!(!is_excluded(Path::new(path)), "{path}");
		}
	}
}
