//! Random operations that can be run on any directory, and what is seen of their results.

use super::{pattern, read_uncached};
use rand::{rngs::StdRng, Rng};
use rustix::fs::FallocateFlags;
use std::{
	fs::{self, File, OpenOptions, Permissions},
	io::{self, Write},
	os::unix::fs::{FileExt, MetadataExt, PermissionsExt},
	path::{Path, PathBuf},
};

const SIZE_MAX: u64 = 200_000;

/// Few names, so that operations meet each other's results.
fn path(rng: &mut StdRng) -> PathBuf {
	let mut path = PathBuf::new();
	for _ in 0..rng.gen_range(0..3) {
		path.push(format!("d{}", rng.gen_range(0..3)));
	}
	path.push(if rng.gen_bool(0.75) {
		match rng.gen_range(0..6) {
			number @ 0..4 => format!("f{number}"),
			number => format!("log{number}"),
		}
	} else {
		format!("d{}", rng.gen_range(0..3))
	});
	path
}

/// One operation, with everything random in it decided.
#[derive(Clone, Debug)]
pub enum Operation {
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
	HardLink { from: PathBuf, to: PathBuf },
	Exchange { from: PathBuf, to: PathBuf },
	Punch { path: PathBuf, offset: u64, len: u64 },
	Zero { path: PathBuf, offset: u64, len: u64 },
	Allocate { path: PathBuf, offset: u64, len: u64 },
	WriteMapped { path: PathBuf, offset: u64, bytes: Vec<u8> },
	SetAttribute { path: PathBuf, name: String, value: Vec<u8> },
	RemoveAttribute { path: PathBuf, name: String },
}

impl Operation {
	pub fn random(rng: &mut StdRng) -> Self {
		let seed = rng.gen();
		let len = if rng.gen_bool(0.7) { rng.gen_range(0..9000) } else { rng.gen_range(0..70_000) };
		let bytes = pattern(seed, len);
		let offset = match rng.gen_range(0..3) {
			0 => rng.gen_range(0..30) * 4096,
			_ => rng.gen_range(0..SIZE_MAX),
		};
		let path = path(rng);
		match rng.gen_range(0..100) {
			0..=22 => Self::Write { path, offset, bytes },
			23..=25 => Self::WriteMapped { path, offset, bytes },
			26..=27 => Self::Punch { path, offset, len: rng.gen_range(1..50_000) },
			28 => Self::Zero { path, offset, len: rng.gen_range(1..50_000) },
			29 => Self::Allocate { path, offset, len: rng.gen_range(1..50_000) },
			30..=31 => Self::HardLink { from: path, to: self::path(rng) },
			32 => Self::Exchange { from: path, to: self::path(rng) },
			33 => {
				let name = format!("user.a{}", rng.gen_range(0..3));
				Self::SetAttribute { path, name, value: bytes.into_iter().take(50).collect() }
			},
			34 => Self::RemoveAttribute { path, name: format!("user.a{}", rng.gen_range(0..3)) },
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

	pub fn run(&self, root: &Path) -> io::Result<()> {
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
			Self::HardLink { from, to } => fs::hard_link(root.join(from), root.join(to)),
			Self::Exchange { from, to } => {
				let (here, flags) = (rustix::fs::CWD, rustix::fs::RenameFlags::EXCHANGE);
				Ok(rustix::fs::renameat_with(here, root.join(from), here, root.join(to), flags)?)
			},
			Self::Punch { path, offset, len } => {
				let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
				Ok(rustix::fs::fallocate(existing(path)?, flags, *offset, *len)?)
			},
			Self::Zero { path, offset, len } => {
				let flags = FallocateFlags::ZERO_RANGE;
				Ok(rustix::fs::fallocate(existing(path)?, flags, *offset, *len)?)
			},
			Self::Allocate { path, offset, len } => {
				let flags = FallocateFlags::empty();
				Ok(rustix::fs::fallocate(existing(path)?, flags, *offset, *len)?)
			},
			Self::WriteMapped { path, offset, bytes } => {
				let file = OpenOptions::new().read(true).write(true).open(root.join(path))?;
				write_mapped(&file, *offset as usize, bytes)
			},
			Self::SetAttribute { path, name, value } => {
				let flags = rustix::fs::XattrFlags::empty();
				Ok(rustix::fs::setxattr(root.join(path), name, value, flags)?)
			},
			Self::RemoveAttribute { path, name } => {
				Ok(rustix::fs::removexattr(root.join(path), name)?)
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

/// Writes through a shared memory map, as far as the file reaches.
#[allow(unsafe_code, reason = "nobody else changes the file's length meanwhile")]
fn write_mapped(file: &File, offset: usize, bytes: &[u8]) -> io::Result<()> {
	let len = file.metadata()?.len() as usize;
	if len == 0 {
		return Ok(());
	}
	let mut map = unsafe { memmap2::MmapMut::map_mut(file)? };
	let start = offset.min(len);
	let end = (start + bytes.len()).min(len);
	map[start..end].copy_from_slice(&bytes[..end - start]);
	map.flush()
}

/// What is seen of an entry: path, mode, number of names, attributes, content.
pub type Seen = (PathBuf, (u32, u64, Vec<String>), Vec<u8>);

fn attributes(path: &Path) -> Vec<String> {
	let mut names = vec![0; 4096];
	let len = rustix::fs::listxattr(path, &mut names).unwrap();
	let names = String::from_utf8(names[..len].to_vec()).unwrap();
	let mut found: Vec<String> = names
		.split_terminator('\0')
		.filter(|name| name.starts_with("user."))
		.map(|name| {
			let mut value = vec![0; 4096];
			let len = rustix::fs::getxattr(path, name, &mut value).unwrap();
			format!("{name}={:?}", &value[..len])
		})
		.collect();
	found.sort();
	found
}

/// Everything that can be seen of a tree.
pub fn describe(root: &Path, uncached: bool) -> Vec<Seen> {
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
			let links = if metadata.is_file() { metadata.nlink() } else { 0 };
			let attributes = if metadata.is_symlink() { Vec::new() } else { attributes(&full) };
			found.push((path, (metadata.mode(), links, attributes), content));
		}
	}
	found.sort();
	found
}

pub fn assert_same(mount: &Path, plain: &Path, uncached: bool, when: &str) {
	let (ours, theirs) = (describe(mount, uncached), describe(plain, false));
	let names = |found: &[Seen]| {
		found.iter().map(|(path, seen, _)| (path.clone(), seen.clone())).collect::<Vec<_>>()
	};
	assert_eq!(names(&ours), names(&theirs), "{when}");
	for ((path, _, ours), (_, _, theirs)) in ours.iter().zip(&theirs) {
		assert_eq!(ours.len(), theirs.len(), "length of {} {when}", path.display());
		let differs = ours.iter().zip(theirs).position(|(a, b)| a != b);
		assert_eq!(differs, None, "first wrong byte of {} {when}", path.display());
	}
}

/// The same files in the tree below and in the plain directory.
pub fn populate(rng: &mut StdRng, roots: [&Path; 2]) {
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
