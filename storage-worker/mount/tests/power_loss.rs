//! Losing power: what was synced is there, nothing torn is served.
//!
//! The layer lies on a filesystem in an image file. A copy of the image while that filesystem holds writes back is what a disk would hold if the
//! machine lost its power then: all that was synced, and of the rest whatever the kernel happened to have written.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod common;

use common::{alone, dir_lower::DirLower, pattern, read_uncached, spawn, Place, SNAPSHOT_ID};
use granary_mount::{MountOptions, Mounted};
use rand::{rngs::StdRng, Rng, SeedableRng};
use std::{
	fs::{self, File, OpenOptions},
	os::unix::fs::FileExt,
	path::{Path, PathBuf},
	process::Command,
	sync::Arc,
};

const BLOCK: usize = 4096;
const BLOCKS: usize = 256;
/// Losses of power; `GRANARY_LOSSES` asks for another number.
const LOSSES: u64 = 10;

fn run(program: &str, arguments: &[&str]) {
	let status = spawn(Command::new(program).args(arguments)).wait().unwrap();
	assert!(status.success(), "{program} {arguments:?}");
}

/// A filesystem in a file, mounted.
struct Disk {
	point: PathBuf,
}

impl Disk {
	fn mount(image: &Path, point: &Path) -> Self {
		fs::create_dir_all(point).unwrap();
		// The journal is committed when something is synced, not every five seconds.
		let options = "loop,commit=300";
		run("mount", &["-o", options, image.to_str().unwrap(), point.to_str().unwrap()]);
		Self { point: point.to_owned() }
	}
}

impl Drop for Disk {
	fn drop(&mut self) {
		let _ = spawn(Command::new("umount").arg("-l").arg(&self.point)).wait();
	}
}

fn mounted(place: &Place, disk: &Disk, name: &str) -> Mounted {
	let point = place.path(name);
	fs::create_dir_all(&point).unwrap();
	let lower = Arc::new(DirLower::open(&place.lower()).unwrap());
	let options = MountOptions::new(point, disk.point.join("thin"), SNAPSHOT_ID);
	alone(|| granary_mount::mount(lower, options)).unwrap()
}

/// Which version of a block is there: each begins with its number and is filled with what follows from it.
fn version(block: usize, bytes: &[u8]) -> Option<u64> {
	let version = u64::from_le_bytes(bytes[..8].try_into().unwrap());
	(bytes == content(block, version)).then_some(version)
}

fn content(block: usize, version: u64) -> Vec<u8> {
	let mut bytes = pattern(version * 1000 + block as u64, BLOCK);
	bytes[..8].copy_from_slice(&version.to_le_bytes());
	bytes
}

/// Bytes of one generation of the file that grows.
const GROWN_MAX: usize = 200_000;

/// A file that is appended to, cut and begun anew, as engines do with their logs. Each generation has its own bytes.
struct Growing {
	file: File,
	generation: u64,
	len: usize,
	/// What was synced last: the generation, and the least that is left of it.
	synced: (u64, usize),
}

impl Growing {
	fn step(&mut self, rng: &mut StdRng) {
		match rng.gen_range(0..100) {
			0..=59 => {
				let end = (self.len + rng.gen_range(1..6000)).min(GROWN_MAX);
				let bytes = &pattern(self.generation, end)[self.len..];
				self.file.write_all_at(bytes, self.len as u64).unwrap();
				self.len = end;
			},
			60..=89 => {
				self.file.sync_data().unwrap();
				self.synced = (self.generation, self.len);
			},
			90..=94 => self.cut(self.len / 2),
			95..=96 => {
				self.cut(0);
				self.generation += 1;
			},
			_ => {},
		}
	}

	fn cut(&mut self, len: usize) {
		self.file.set_len(len as u64).unwrap();
		self.len = len;
		self.synced.1 = self.synced.1.min(len);
	}

	/// Whether this may be what is left: one generation, at least as much of it as was synced.
	fn check(&self, found: &[u8], when: &str) {
		let (oldest, least) = self.synced;
		let fits = (oldest..=self.generation).any(|generation| {
			let least = if generation == oldest { least } else { 0 };
			let expected = pattern(generation, found.len());
			let same = expected.iter().zip(found).take_while(|(a, b)| a == b).count();
			// What was not synced may be missing.
			found.len() >= least && same >= least && found[same..].iter().all(|byte| *byte == 0)
		});
		assert!(fits, "{} bytes are left of {least} of generation {oldest}, {when}", found.len());
	}
}

#[test]
fn after_a_loss_of_power_what_was_synced_is_there_and_nothing_is_torn() {
	let place = Place::new();
	let original: Vec<u8> = (0..BLOCKS).flat_map(|block| content(block, 0)).collect();
	fs::write(place.lower().join("table"), &original).unwrap();
	fs::write(place.lower().join("doomed"), b"below").unwrap();
	let image = place.path("disk");
	File::create(&image).unwrap().set_len(64 << 20).unwrap();
	run("mkfs.ext4", &["-q", image.to_str().unwrap()]);
	let disk = Disk::mount(&image, &place.path("disk-mnt"));
	let mount = mounted(&place, &disk, "mnt");
	let table = place.mnt().join("table");
	let file = OpenOptions::new().write(true).open(&table).unwrap();
	fs::write(place.mnt().join("doomed"), b"written").unwrap();
	File::open(place.mnt().join("doomed")).unwrap().sync_all().unwrap();

	let grown = File::create(place.mnt().join("grown")).unwrap();
	grown.sync_all().unwrap();
	let mut growing = Growing { file: grown, generation: 1, len: 0, synced: (1, 0) };
	let mut rng = StdRng::seed_from_u64(5);
	let (mut written, mut synced) = (vec![0u64; BLOCKS], vec![0u64; BLOCKS]);
	let losses = std::env::var("GRANARY_LOSSES")
		.map_or(LOSSES, |losses| losses.parse().expect("GRANARY_LOSSES is a number"));
	for loss in 1..=losses {
		for step in 0..rng.gen_range(5..60u64) {
			let block = rng.gen_range(0..BLOCKS);
			written[block] = loss * 100 + step;
			file.write_all_at(&content(block, written[block]), (block * BLOCK) as u64).unwrap();
			if rng.gen_bool(0.1) {
				file.sync_data().unwrap();
				synced.clone_from(&written);
			}
			growing.step(&mut rng);
		}
		if loss == losses {
			fs::remove_file(place.mnt().join("doomed")).unwrap();
		}
		let lost = place.path("lost");
		fs::copy(&image, &lost).unwrap();
		{
			let disk = Disk::mount(&lost, &place.path("lost-mnt"));
			// A machine that lost its power has another boot.
			let boot = disk.point.join("thin/gen-0/boot");
			assert!(boot.exists());
			fs::write(boot, "another").unwrap();
			let mount = mounted(&place, &disk, "after");
			let found = read_uncached(&place.path("after/table")).unwrap();
			assert_eq!(found.len(), original.len());
			for block in 0..BLOCKS {
				let bytes = &found[block * BLOCK..(block + 1) * BLOCK];
				let version = version(block, bytes);
				let version =
					version.unwrap_or_else(|| panic!("block {block} is torn, loss {loss}"));
				assert!(
					synced[block] <= version && version <= written[block],
					"block {block} has version {version}, {} was synced, {} written",
					synced[block],
					written[block]
				);
			}
			let grown = read_uncached(&place.path("after/grown")).unwrap();
			growing.check(&grown, &format!("loss {loss}"));
			// Gone, or as it was synced; never as it was below.
			let doomed = fs::read(place.path("after/doomed"));
			assert!(doomed.is_err() || doomed.unwrap() == b"written", "loss {loss}");
			alone(|| drop(mount));
		}
		fs::remove_file(&lost).unwrap();
	}
	drop((file, growing));
	alone(|| drop(mount));
}

#[test]
fn a_full_disk_is_told_to_the_writer_and_corrupts_nothing() {
	let place = Place::new();
	let original = pattern(3, 4 << 20);
	fs::write(place.lower().join("table"), &original).unwrap();
	let image = place.path("disk");
	File::create(&image).unwrap().set_len(8 << 20).unwrap();
	run("mkfs.ext4", &["-q", image.to_str().unwrap()]);
	let disk = Disk::mount(&image, &place.path("disk-mnt"));
	let mount = mounted(&place, &disk, "mnt");
	let table = place.mnt().join("table");
	let file = OpenOptions::new().write(true).open(&table).unwrap();
	let ballast = File::create(place.mnt().join("ballast")).unwrap();
	let mut expected = original;
	let (mut full, mut at) = (false, 0);
	for round in 0..4000u64 {
		let bytes = pattern(round, BLOCK);
		if ballast.write_all_at(&bytes, round * BLOCK as u64).is_err() {
			full = true;
		}
		let offset = at % (1 << 20);
		match file.write_all_at(&bytes, offset as u64) {
			Ok(()) => expected[offset..offset + BLOCK].copy_from_slice(&bytes),
			Err(error) => {
				assert_eq!(error.raw_os_error(), Some(libc::ENOSPC));
				if full {
					break;
				}
			},
		}
		at += BLOCK;
	}
	assert!(full, "the disk took everything");
	assert!(read_uncached(&table).unwrap() == expected, "what could not be written is as it was");
	// With room again it goes on.
	drop(ballast);
	fs::remove_file(place.mnt().join("ballast")).unwrap();
	File::open(place.mnt()).unwrap().sync_all().unwrap();
	file.write_all_at(b"room", 3 << 20).unwrap();
	file.sync_all().unwrap();
	expected[3 << 20..(3 << 20) + 4].copy_from_slice(b"room");
	drop(file);
	alone(|| drop(mount));
	let mount = mounted(&place, &disk, "mnt");
	assert!(read_uncached(&table).unwrap() == expected);
	alone(|| drop(mount));
}
