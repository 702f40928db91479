//! Seeds: each target writes its own, so that they follow the formats as they change.

use std::{fs, path::Path, process};

/// The directory that seeds are written to, instead of fuzzing.
const SEEDS: &str = "GRANARY_FUZZ_SEEDS";

/// Writes the seeds of a target and ends the process, if that is what it was started for.
pub fn write_if_asked(seeds: fn() -> Vec<Vec<u8>>) {
	let Some(dir) = std::env::var_os(SEEDS) else { return };
	let write = |(number, seed): (usize, Vec<u8>)| {
		fs::write(Path::new(&dir).join(format!("seed-{number:02}")), seed)
	};
	let written = seeds().into_iter().enumerate().try_for_each(write);
	if let Err(error) = written {
		eprintln!("the seeds cannot be written to {}: {error}", Path::new(&dir).display());
		process::exit(1);
	}
	process::exit(0);
}
