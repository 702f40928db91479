//! What ParityDB writes in a second to a mount and to the directory below it, in turn: blocks of some MiB each with changes of a state, as a node that imports
//! writes them. The database is a process of its own, as a node is.
//!
//! Usage: `parity_db DIRECTORY [BLOCKS [MIB_EACH [ROUNDS]]]`; the directory says which disk is measured.
#![allow(clippy::print_stdout, reason = "it is for reading")]
#![allow(missing_docs, unreachable_pub, reason = "a tool")]

#[path = "../tests/common/dir_lower.rs"]
mod dir_lower;

use dir_lower::DirLower;
use granary_mount::{mount, MountOptions};
use parity_db::{Db, Operation, Options};
use rand::{rngs::StdRng, RngCore, SeedableRng};
use std::{
	error::Error,
	fs,
	path::{Path, PathBuf},
	process::Command,
	sync::Arc,
	time::Instant,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

const SNAPSHOT_ID: [u8; 32] = [7; 32];
/// Columns: bodies, and the state.
const BODIES: u8 = 0;
const STATE: u8 = 1;
const STATE_CHANGES: usize = 1_000;
const STATE_KEYS: u32 = 50_000;
const STATE_WORDS: usize = 15;
const BLOCKS_BEFORE: u64 = 40;

/// What is written: so many blocks of so many MiB, the first of which has this number.
#[derive(Clone, Copy)]
struct Load {
	first: u64,
	blocks: u64,
	mib_each: usize,
}

fn main() -> Outcome<()> {
	let arguments: Vec<String> = std::env::args().skip(1).collect();
	let number =
		|at: usize, default: u64| arguments.get(at).map_or(Ok(default), |text| text.parse::<u64>());
	match arguments.first().map(String::as_str) {
		Some("write") => {
			let path = arguments.get(1).ok_or("write wants a directory")?;
			let mib_each = usize::try_from(number(4, 0)?)?;
			write(Path::new(path), Load { first: number(2, 0)?, blocks: number(3, 0)?, mib_each })
		},
		Some(directory) => {
			let load = Load {
				first: BLOCKS_BEFORE,
				blocks: number(1, 60)?,
				mib_each: number(2, 5)? as usize,
			};
			compare(Path::new(directory), load, number(3, 5)?)
		},
		None => Err("usage: parity_db DIRECTORY [BLOCKS [MIB_EACH [ROUNDS]]]".into()),
	}
}

/// Writes and closes the database, so that all of it is where it belongs, and prints how many seconds that took.
fn write(path: &Path, load: Load) -> Outcome<()> {
	let mut options = Options::with_columns(path, 2);
	for column in &mut options.columns {
		column.uniform = true;
	}
	let mut random = StdRng::seed_from_u64(load.first);
	// Bodies are parts of it: to make new noise for each would take longer than to write it.
	let mut noise = vec![0; (load.mib_each << 20) + load.blocks as usize];
	random.fill_bytes(&mut noise);
	let started = Instant::now();
	let database = Db::open_or_create(&options)?;
	for number in load.first..load.first + load.blocks {
		let body = noise.get((number - load.first) as usize..).unwrap_or_default();
		let body = (key(number), body.get(..load.mib_each << 20).unwrap_or_default().to_vec());
		let state = (0..STATE_CHANGES).map(|_| {
			let number = u64::from(random.next_u32() % STATE_KEYS) << 32;
			(STATE, Operation::Set(key(number), number.to_be_bytes().repeat(STATE_WORDS)))
		});
		let body = (BODIES, Operation::Set(body.0, body.1));
		database.commit_changes(std::iter::once(body).chain(state.collect::<Vec<_>>()))?;
	}
	drop(database);
	println!("{}", started.elapsed().as_secs_f64());
	Ok(())
}

/// A key whose bytes are spread evenly, as a hash's.
fn key(number: u64) -> Vec<u8> {
	let mixed = |part: u64| (number.wrapping_add(part)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
	(1..=4)
		.flat_map(|part| {
			mixed(part).rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9).to_be_bytes()
		})
		.collect()
}

/// The same from a process of its own; answers in MiB a second.
fn rate(path: &Path, load: Load) -> Outcome<f64> {
	let written = Command::new(std::env::current_exe()?)
		.arg("write")
		.arg(path)
		.args([load.first, load.blocks, load.mib_each as u64].map(|number| number.to_string()))
		.output()?;
	if !written.status.success() {
		let reason = String::from_utf8_lossy(&written.stderr).trim().to_owned();
		return Err(format!("writing to {}: {reason}", path.display()).into());
	}
	let seconds: f64 = String::from_utf8(written.stdout)?.trim().parse()?;
	Ok((load.blocks * load.mib_each as u64) as f64 / seconds)
}

fn copy(from: &Path, to: &Path) -> Outcome<()> {
	fs::create_dir(to)?;
	for entry in fs::read_dir(from)? {
		let entry = entry?;
		fs::copy(entry.path(), to.join(entry.file_name()))?;
	}
	Ok(())
}

fn median(rates: &mut [f64]) -> f64 {
	rates.sort_by(f64::total_cmp);
	rates.get(rates.len() / 2).copied().unwrap_or_default()
}

fn compare(directory: &Path, load: Load, rounds: u64) -> Outcome<()> {
	let place = tempfile::tempdir_in(directory)?;
	let path = |name: &str| -> PathBuf { place.path().join(name) };
	let source = path("source");
	write(&source, Load { first: 0, blocks: BLOCKS_BEFORE, ..load })?;
	let (mut mounted_rates, mut plain_rates) = (Vec::new(), Vec::new());
	for _ in 0..rounds {
		copy(&source, &path("plain"))?;
		plain_rates.push(rate(&path("plain"), load)?);
		fs::remove_dir_all(path("plain"))?;

		fs::create_dir(path("mount"))?;
		let options = MountOptions::new(path("mount"), path("thin"), SNAPSHOT_ID);
		let mounted = mount(Arc::new(DirLower::open(&source)?), options)?;
		mounted_rates.push(rate(&path("mount"), load)?);
		mounted.unmount()?;
		mounted.wait()?;
		fs::remove_dir(path("mount"))?;
		fs::remove_dir_all(path("thin"))?;
	}
	let (mounted, plain) = (median(&mut mounted_rates), median(&mut plain_rates));
	println!(
		"{} blocks of {} MiB: {mounted:.0} MiB/s on the mount, {plain:.0} below; ratio {:.2}",
		load.blocks,
		load.mib_each,
		mounted / plain
	);
	Ok(())
}
