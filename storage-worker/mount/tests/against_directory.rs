//! Random operations on a mount and on a plain directory must have the same results.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod common;

use common::{pattern, read_uncached, Place};
use rand::{rngs::StdRng, Rng, SeedableRng};
use std::{
	fs::{self, File, OpenOptions, Permissions},
	io::{self, Write},
	os::unix::fs::{FileExt, MetadataExt, PermissionsExt},
	path::{Path, PathBuf},
};

const ROUNDS: u64 = 6;
const OPERATIONS: usize = 400;
const SIZE_MAX: u64 = 200_000;

/// Few names, so that operations meet each other's results.
fn path(rng: &mut StdRng) -> PathBuf {
	let mut path = PathBuf::new();
	for _ in 0..rng.gen_range(0..3) {
		path.push(format!("d{}", rng.gen_range(0..3)));
	}
	path.push(if rng.gen_bool(0.75) {
		format!("f{}", rng.gen_range(0..6))
	} else {
		format!("d{}", rng.gen_range(0..3))
	});
	path
}

/// One operation, with everything random in it decided.
#[derive(Clone, Debug)]
enum Operation {
	Write { path: PathBuf, offset: u64, bytes: Vec<u8> },
	Append { path: PathBuf, bytes: Vec<u8> },
	Replace { path: PathBuf, bytes: Vec<u8> },
	SetLen { path: PathBuf, len: u64 },
	CutAndGrow { path: PathBuf, keep: u64, len: u64 },
	Sync { path: PathBuf },
	Remove { path: PathBuf },
	MakeDirectory { path: PathBuf },
	RemoveDirectory { path: PathBuf },
	Rename { from: PathBuf, to: PathBuf },
	RenameNoReplace { from: PathBuf, to: PathBuf },
	Symlink { path: PathBuf, target: String },
	SetMode { path: PathBuf, mode: u32 },
}

impl Operation {
	fn random(rng: &mut StdRng) -> Self {
		let seed = rng.gen();
		let len = if rng.gen_bool(0.7) { rng.gen_range(0..9000) } else { rng.gen_range(0..70_000) };
		let bytes = pattern(seed, len);
		let offset = match rng.gen_range(0..3) {
			0 => rng.gen_range(0..30) * 4096,
			_ => rng.gen_range(0..SIZE_MAX),
		};
		let path = path(rng);
		match rng.gen_range(0..100) {
			0..=34 => Self::Write { path, offset, bytes },
			35..=42 => Self::Append { path, bytes },
			43..=48 => Self::Replace { path, bytes },
			49..=56 => Self::SetLen { path, len: offset },
			57..=62 => Self::CutAndGrow { path, keep: offset, len: rng.gen_range(0..SIZE_MAX) },
			63..=65 => Self::Sync { path },
			66..=71 => Self::Remove { path },
			72..=77 => Self::MakeDirectory { path },
			78..=80 => Self::RemoveDirectory { path },
			81..=90 => Self::Rename { from: path, to: self::path(rng) },
			91..=93 => Self::RenameNoReplace { from: path, to: self::path(rng) },
			94..=95 => Self::Symlink { path, target: format!("t{}", rng.gen_range(0..4)) },
			_ => Self::SetMode { path, mode: rng.gen_range(0..0o1000) | 0o600 },
		}
	}

	fn run(&self, root: &Path) -> io::Result<()> {
		let existing = |path: &Path| OpenOptions::new().write(true).open(root.join(path));
		match self {
			Self::Write { path, offset, bytes } => OpenOptions::new()
				.write(true)
				.create(true)
				.truncate(false)
				.open(root.join(path))?
				.write_all_at(bytes, *offset),
			Self::Append { path, bytes } => {
				OpenOptions::new().append(true).open(root.join(path))?.write_all(bytes)
			},
			Self::Replace { path, bytes } => fs::write(root.join(path), bytes),
			Self::SetLen { path, len } => existing(path)?.set_len(*len),
			Self::CutAndGrow { path, keep, len } => {
				let file = existing(path)?;
				file.set_len(*keep)?;
				file.set_len(*len)
			},
			Self::Sync { path } => File::open(root.join(path))?.sync_all(),
			Self::Remove { path } => fs::remove_file(root.join(path)),
			Self::MakeDirectory { path } => fs::create_dir(root.join(path)),
			Self::RemoveDirectory { path } => fs::remove_dir(root.join(path)),
			Self::Rename { from, to } => fs::rename(root.join(from), root.join(to)),
			Self::RenameNoReplace { from, to } => {
				let flags = rustix::fs::RenameFlags::NOREPLACE;
				let here = rustix::fs::CWD;
				Ok(rustix::fs::renameat_with(here, root.join(from), here, root.join(to), flags)?)
			},
			Self::Symlink { path, target } => std::os::unix::fs::symlink(target, root.join(path)),
			Self::SetMode { path, mode } => {
				// A link's target may lie anywhere.
				if fs::symlink_metadata(root.join(path))?.is_symlink() {
					return Ok(());
				}
				fs::set_permissions(root.join(path), Permissions::from_mode(*mode))
			},
		}
	}
}

/// Everything that can be seen of a tree.
fn describe(root: &Path, uncached: bool) -> Vec<(PathBuf, u32, Vec<u8>)> {
	let mut found = Vec::new();
	let mut open = vec![PathBuf::new()];
	while let Some(directory) = open.pop() {
		for entry in fs::read_dir(root.join(&directory)).unwrap() {
			let path = directory.join(entry.unwrap().file_name());
			let full = root.join(&path);
			let metadata = fs::symlink_metadata(&full).unwrap();
			let content = if metadata.is_symlink() {
				fs::read_link(&full).unwrap().to_str().unwrap().as_bytes().to_vec()
			} else if metadata.is_dir() {
				open.push(path.clone());
				Vec::new()
			} else {
				let content =
					if uncached { read_uncached(&full) } else { fs::read(&full) }.unwrap();
				assert_eq!(metadata.len(), content.len() as u64, "length of {}", path.display());
				content
			};
			found.push((path, metadata.mode(), content));
		}
	}
	found.sort();
	found
}

fn assert_same(mount: &Path, plain: &Path, uncached: bool, when: &str) {
	let (ours, theirs) = (describe(mount, uncached), describe(plain, false));
	let names = |found: &[(PathBuf, u32, Vec<u8>)]| {
		found.iter().map(|(path, mode, _)| (path.clone(), *mode)).collect::<Vec<_>>()
	};
	assert_eq!(names(&ours), names(&theirs), "{when}");
	for ((path, _, ours), (_, _, theirs)) in ours.iter().zip(&theirs) {
		assert_eq!(ours.len(), theirs.len(), "length of {} {when}", path.display());
		let differs = ours.iter().zip(theirs).position(|(a, b)| a != b);
		assert_eq!(differs, None, "first wrong byte of {} {when}", path.display());
	}
}

/// The same files in the tree below and in the plain directory.
fn populate(rng: &mut StdRng, roots: [&Path; 2]) {
	for directory in ["", "d0", "d1", "d0/d1"] {
		for number in 0..4 {
			let bytes = pattern(rng.gen(), rng.gen_range(0..120_000));
			for root in roots {
				fs::create_dir_all(root.join(directory)).unwrap();
				let path = root.join(directory).join(format!("f{number}"));
				fs::write(&path, &bytes).unwrap();
				fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
			}
		}
	}
}

#[test]
fn random_operations_do_what_they_do_to_a_plain_directory() {
	for round in 0..ROUNDS {
		let mut rng = StdRng::seed_from_u64(round);
		let place = Place::new();
		let plain = place.path("plain");
		populate(&mut rng, [&place.lower(), &plain]);
		let below = describe(&place.lower(), false);
		let mut guard = place.mount();
		for number in 0..OPERATIONS {
			let operation = Operation::random(&mut rng);
			let ours = operation.run(&place.mnt()).map_err(|error| error.raw_os_error());
			let theirs = operation.run(&plain).map_err(|error| error.raw_os_error());
			let when = format!("in round {round} at operation {number}: {operation:.200?}");
			assert_eq!(ours, theirs, "{when}");
			if number % 40 == 0 {
				assert_same(&place.mnt(), &plain, number % 80 == 0, &when);
			}
			if number % 100 == 99 {
				guard.unmount();
				guard = place.mount();
				assert_same(&place.mnt(), &plain, false, &format!("after a remount {when}"));
			}
		}
		assert_same(&place.mnt(), &plain, true, "at the end");
		guard.unmount();
		assert_eq!(describe(&place.lower(), false), below, "the tree below has changed");
	}
}
