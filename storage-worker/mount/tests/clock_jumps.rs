//! A machine whose clock jumps, forwards and backwards, under a mount and between two.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod common;

use common::{detach, pattern, read_uncached, Place};
use std::{
	fs::{self, OpenOptions},
	os::unix::fs::FileExt,
	path::{Path, PathBuf},
	process::Command,
	time::{SystemTime, UNIX_EPOCH},
};

const YEAR_SECONDS: i64 = 365 * 86_400;
const BLOCK: usize = 4096;

/// A library that shifts the clock of the programs that load it.
fn library(place: &Place) -> PathBuf {
	let source = Path::new("tests/clock/jump.c");
	let library = place.path("libjump.so");
	let mut compiler = Command::new("cc");
	compiler.args(["-O1", "-Wall", "-shared", "-fPIC", "-o"]).arg(&library).arg(source).arg("-ldl");
	let compiled = compiler.output().unwrap();
	assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
	library
}

fn seconds(time: SystemTime) -> i64 {
	time.duration_since(UNIX_EPOCH).map_or(-1, |since| since.as_secs() as i64)
}

#[test]
fn what_is_written_is_there_whatever_the_clock_does() {
	let place = Place::new();
	let mut content = pattern(1, 16 * BLOCK);
	fs::write(place.lower().join("table"), &content).unwrap();
	let jump = place.path("jump");
	let settings = [
		"env".to_owned(),
		format!("LD_PRELOAD={}", library(&place).display()),
		format!("JUMP_FILE={}", jump.display()),
	];
	let starter: Vec<&str> = settings.iter().map(String::as_str).collect();
	let mut round = 0;
	for years in [[0, 10, -20], [30, -40, 1], [-45, 60, 0]] {
		fs::write(&jump, (years[0] * YEAR_SECONDS).to_string()).unwrap();
		let child = place.mount_in_child_of(&starter);
		assert!(read_uncached(&place.mnt().join("table")).unwrap() == content);
		for before in 0..round {
			assert_eq!(
				fs::read(place.mnt().join(format!("file{before}"))).unwrap(),
				pattern(before, 99)
			);
			assert!(place.mnt().join(format!("dir{before}")).is_dir());
		}
		let table = OpenOptions::new().write(true).open(place.mnt().join("table")).unwrap();
		for years in years {
			fs::write(&jump, (years * YEAR_SECONDS).to_string()).unwrap();
			let bytes = pattern(round + 100, BLOCK);
			table.write_all_at(&bytes, round * BLOCK as u64).unwrap();
			content[round as usize * BLOCK..][..BLOCK].copy_from_slice(&bytes);
			if round % 2 == 0 {
				table.sync_data().unwrap();
			}
			fs::write(place.mnt().join(format!("new{round}")), pattern(round, 99)).unwrap();
			fs::rename(
				place.mnt().join(format!("new{round}")),
				place.mnt().join(format!("file{round}")),
			)
			.unwrap();
			let dir = place.mnt().join(format!("dir{round}"));
			fs::create_dir(&dir).unwrap();
			let wrong_by =
				seconds(dir.metadata().unwrap().modified().unwrap()) - seconds(SystemTime::now());
			assert!((wrong_by - years * YEAR_SECONDS).abs() < 60, "the clock has not jumped");
			assert!(read_uncached(&place.mnt().join("table")).unwrap() == content);
			round += 1;
		}
		drop(table);
		child.kill();
		detach(&place.mnt());
	}
	let child = place.mount_in_child();
	assert!(read_uncached(&place.mnt().join("table")).unwrap() == content);
	assert_eq!(fs::read_dir(place.mnt()).unwrap().count() as u64, 1 + 2 * round);
	drop(child);
}
