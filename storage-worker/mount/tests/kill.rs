//! Killing the mounting process loses nothing that was acknowledged.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod common;

use common::{detach, pattern, read_uncached, Place};
use rand::{rngs::StdRng, Rng, SeedableRng};
use std::{
	collections::BTreeMap,
	fs::{self, File, OpenOptions},
	os::unix::fs::FileExt,
	path::Path,
	sync::{
		atomic::{AtomicBool, AtomicU64, Ordering},
		Arc,
	},
	thread,
	time::Duration,
};

const BLOCK: u64 = 4096;
const FILE_BLOCKS: u64 = 64;
/// Kills; `GRANARY_KILLS` asks for another number.
const KILLS: u64 = 200;

/// What one writer knows: the bytes that were acknowledged, and the write that was under way.
struct Known {
	content: Vec<u8>,
	pending: Option<(u64, Vec<u8>)>,
}

/// Writes at random until the mount dies, and a log, of which nobody sees that, until everybody knows it.
fn write_until_killed(
	path: &Path,
	seed: u64,
	mut known: Known,
	(done, killed): (&AtomicU64, &AtomicBool),
) -> Known {
	let mut rng = StdRng::seed_from_u64(seed);
	let Ok(file) = OpenOptions::new().write(true).open(path) else { return known };
	while !killed.load(Ordering::Relaxed) {
		let offset = rng.gen_range(0..FILE_BLOCKS * BLOCK);
		let bytes = pattern(rng.gen(), rng.gen_range(1..10_000));
		if file.write_all_at(&bytes, offset).is_err() {
			known.pending = Some((offset, bytes));
			return known;
		}
		let end = offset as usize + bytes.len();
		if known.content.len() < end {
			known.content.resize(end, 0);
		}
		known.content[offset as usize..end].copy_from_slice(&bytes);
		done.fetch_add(1, Ordering::Relaxed);
	}
	known
}

/// Compares a file with what is known of it; the pending write may be there in part.
fn check(path: &Path, known: &mut Known) {
	let found = read_uncached(path).unwrap();
	let (start, bytes) = known.pending.take().unwrap_or_default();
	let end = start as usize + bytes.len();
	assert!(found.len() >= known.content.len(), "{} became shorter", path.display());
	assert!(found.len() <= known.content.len().max(end), "{} became longer", path.display());
	for (at, byte) in found.iter().enumerate() {
		let acknowledged = known.content.get(at).copied().unwrap_or(0);
		let written = at.checked_sub(start as usize).and_then(|at| bytes.get(at)).copied();
		assert!(
			*byte == acknowledged || Some(*byte) == written,
			"byte {at} of {} is neither what was acknowledged nor what was being written",
			path.display()
		);
	}
	known.content = found;
}

#[test]
fn every_acknowledged_write_survives_kill_9() {
	let place = Place::new();
	let mut files = BTreeMap::new();
	for name in ["a", "b", "log1"] {
		let content = pattern(name.len() as u64, (FILE_BLOCKS * BLOCK) as usize - 1000);
		fs::write(place.lower().join(name), &content).unwrap();
		files.insert(name, Known { content, pending: None });
	}
	// Two files have nothing below them.
	let child = place.mount_in_child();
	for name in ["new", "log2"] {
		File::create(place.mnt().join(name)).unwrap();
		files.insert(name, Known { content: Vec::new(), pending: None });
	}
	child.kill();
	detach(&place.mnt());

	let done = Arc::new(AtomicU64::new(0));
	let kills = std::env::var("GRANARY_KILLS")
		.map_or(KILLS, |kills| kills.parse().expect("GRANARY_KILLS is a number"));
	for round in 0..kills {
		let child = place.mount_in_child();
		let killed = Arc::new(AtomicBool::new(false));
		let writers: Vec<_> = std::mem::take(&mut files)
			.into_iter()
			.map(|(name, known)| {
				let (path, counts) = (place.mnt().join(name), (done.clone(), killed.clone()));
				let seed = round * 10 + name.len() as u64;
				thread::spawn(move || {
					(name, write_until_killed(&path, seed, known, (&counts.0, &counts.1)))
				})
			})
			.collect();
		thread::sleep(Duration::from_millis(20 + round % 12 * 13));
		child.kill();
		killed.store(true, Ordering::Relaxed);
		files = writers.into_iter().map(|writer| writer.join().unwrap()).collect();
		detach(&place.mnt());

		let child = place.mount_in_child();
		for (name, known) in &mut files {
			check(&place.mnt().join(name), known);
		}
		drop(child);
	}
	assert!(done.load(Ordering::Relaxed) > 500, "too few writes to say anything");
}

#[test]
fn every_acknowledged_change_of_the_tree_survives_kill_9() {
	let place = Place::new();
	for number in 0..20 {
		fs::write(place.lower().join(format!("below{number}")), pattern(number, 5000)).unwrap();
	}
	let child = place.mount_in_child();
	let mnt = place.mnt();
	fs::create_dir(mnt.join("dir")).unwrap();
	for number in 0..50 {
		fs::write(mnt.join(format!("tmp{number}")), pattern(number, 100)).unwrap();
		fs::rename(mnt.join(format!("tmp{number}")), mnt.join(format!("dir/n{number}"))).unwrap();
	}
	for number in 0..10 {
		fs::remove_file(mnt.join(format!("below{number}"))).unwrap();
	}
	fs::rename(mnt.join("below10"), mnt.join("dir/n0")).unwrap();
	let cut = OpenOptions::new().write(true).open(mnt.join("below11")).unwrap();
	cut.set_len(10).unwrap();
	cut.set_len(3000).unwrap();
	child.kill();
	drop(cut);
	detach(&mnt);

	let child = place.mount_in_child();
	assert_eq!(fs::read_dir(mnt.join("dir")).unwrap().count(), 50);
	assert_eq!(fs::read(mnt.join("dir/n0")).unwrap(), pattern(10, 5000));
	for number in 1..50 {
		assert_eq!(fs::read(mnt.join(format!("dir/n{number}"))).unwrap(), pattern(number, 100));
	}
	assert_eq!(fs::read_dir(&mnt).unwrap().count(), 1 + 9);
	let mut expected = pattern(11, 10);
	expected.resize(3000, 0);
	assert_eq!(fs::read(mnt.join("below11")).unwrap(), expected);
	drop(child);
}
