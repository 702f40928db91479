//! How much of a second state of a directory a store that has the first would have to take, for several ways to cut chunks.
//!
//! `chunking FIRST SECOND` prints, for each class of files and each way, the bytes and the chunks that are new.

#![allow(clippy::print_stdout, reason = "the result of an example")]

use blake2::{digest::consts::U32, Blake2b, Digest};
use fastcdc::v2020::FastCDC;
use std::{
	collections::{BTreeMap, HashSet},
	error::Error,
	fs,
	path::{Path, PathBuf},
};

/// A way to cut.
#[derive(Clone, Copy)]
enum Cut {
	Fixed(usize),
	/// Smallest, usual and largest chunk.
	ByContent(usize, usize, usize),
}

const WAYS: [(&str, Cut); 8] = [
	("fixed 4 KiB", Cut::Fixed(4 << 10)),
	("fixed 16 KiB", Cut::Fixed(16 << 10)),
	("fixed 32 KiB", Cut::Fixed(32 << 10)),
	("fixed 64 KiB", Cut::Fixed(64 << 10)),
	("fixed 128 KiB", Cut::Fixed(128 << 10)),
	("fixed 256 KiB", Cut::Fixed(256 << 10)),
	("content 8/32/128 KiB", Cut::ByContent(8 << 10, 32 << 10, 128 << 10)),
	("content 16/64/256 KiB", Cut::ByContent(16 << 10, 64 << 10, 256 << 10)),
];

type Hash = [u8; 32];

fn chunks(bytes: &[u8], cut: Cut) -> Vec<(Hash, usize)> {
	let hash = |chunk: &[u8]| (Blake2b::<U32>::digest(chunk).into(), chunk.len());
	let filled = |chunk: &&[u8]| chunk.iter().any(|byte| *byte != 0);
	match cut {
		Cut::Fixed(size) => bytes.chunks(size).filter(filled).map(hash).collect(),
		Cut::ByContent(least, usual, most) => {
			FastCDC::new(bytes, least as _, usual as _, most as _)
				.filter_map(|chunk| bytes.get(chunk.offset..chunk.offset + chunk.length))
				.filter(filled)
				.map(hash)
				.collect()
		},
	}
}

fn files(root: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
	let (mut found, mut stack) = (Vec::new(), vec![root.to_owned()]);
	while let Some(path) = stack.pop() {
		if path.is_dir() {
			for entry in fs::read_dir(&path)? {
				stack.push(entry?.path());
			}
		} else if path.is_file() {
			found.push(path);
		}
	}
	found.sort();
	Ok(found)
}

/// What a file is for.
fn class(path: &Path) -> &'static str {
	let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
	match name.as_str() {
		name if name.starts_with("table_") => "value tables",
		name if name.starts_with("index_") => "indexes",
		name if name.ends_with(".sst") => "sorted tables",
		_ => "logs and others",
	}
}

fn main() -> Result<(), Box<dyn Error>> {
	let args: Vec<_> = std::env::args_os().skip(1).map(PathBuf::from).collect();
	let [first, second] = args.as_slice() else {
		return Err("usage: chunking FIRST SECOND".into());
	};
	for (name, cut) in WAYS {
		let mut known: HashSet<Hash> = HashSet::new();
		for path in files(first)? {
			known.extend(chunks(&fs::read(path)?, cut).into_iter().map(|(hash, _)| hash));
		}
		let mut classes: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
		for path in files(second)? {
			for (hash, len) in chunks(&fs::read(&path)?, cut) {
				let new = known.insert(hash);
				for class in [class(&path), "all"] {
					let counted = classes.entry(class).or_default();
					counted.0 += len;
					counted.1 += if new { len } else { 0 };
					counted.2 += usize::from(new);
				}
			}
		}
		for (class, (bytes, new, count)) in classes {
			let mib = |bytes: usize| bytes as f64 / f64::from(1 << 20);
			println!(
				"{name:22} {class:16} {:9.1} MiB, new {:8.1} MiB in {count} chunks",
				mib(bytes),
				mib(new)
			);
		}
	}
	Ok(())
}
