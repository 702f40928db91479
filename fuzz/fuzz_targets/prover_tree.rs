//! Stored trees whose files were changed: what opens has the root of its data, and its proofs lead there.

#![no_main]

use granary_disk::{Disk, SimulatedDisk};
use granary_fuzz::{
	store::{edit, files},
	Input,
};
use granary_por::{verify, Blake2, Peaks, LEAF_BYTES};
use granary_prover::{LeafSource, LogTree};
use std::{
	io,
	path::{Path, PathBuf},
	sync::OnceLock,
};

const DIR: &str = "/tree";

/// A log of values of one leaf each, the number in front.
#[derive(Debug)]
struct Data(Vec<u8>);

impl Data {
	fn of(leaf_count: u64) -> Self {
		Self(
			(0..leaf_count)
				.flat_map(|leaf| {
					let mut bytes = leaf.to_le_bytes().to_vec();
					bytes.resize(LEAF_BYTES, 5);
					bytes
				})
				.collect(),
		)
	}
}

impl LeafSource for Data {
	fn read_leaves(&self, first_leaf: u64, out: &mut [u8]) -> io::Result<()> {
		let start = first_leaf as usize * LEAF_BYTES;
		let bytes = self.0.get(start..start + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
		out.copy_from_slice(bytes);
		Ok(())
	}
}

struct Template {
	disk: SimulatedDisk,
	paths: Vec<PathBuf>,
	data: Data,
	leaf_count: u64,
}

fn templates() -> &'static [Template] {
	static TEMPLATES: OnceLock<Vec<Template>> = OnceLock::new();
	TEMPLATES.get_or_init(|| {
		[3, 16, 200, 513]
			.into_iter()
			.map(|leaf_count| {
				let (disk, data) = (SimulatedDisk::new(1), Data::of(leaf_count));
				let mut tree =
					LogTree::open(&Disk::from(disk.clone()), Path::new(DIR), &data, leaf_count)
						.expect("a new tree");
				tree.sync(leaf_count).expect("the disk takes it");
				let paths = files(&disk, Path::new(DIR));
				Template { disk: disk.copy(), paths, data, leaf_count }
			})
			.collect()
	})
}

fn run(bytes: &[u8]) {
	let mut input = Input::new(bytes);
	let flags = input.byte();
	let Template { disk, paths, data, leaf_count } = &templates()[usize::from(flags % 4)];
	let wanted: Vec<u64> = {
		let mut wanted: Vec<u64> =
			(0..1 + flags / 64).map(|_| u64::from(input.short()) % leaf_count).collect();
		wanted.sort_unstable();
		wanted.dedup();
		wanted
	};
	// The log may have gone on, or have lost its end.
	let now = match flags & 12 {
		0 => leaf_count + u64::from(input.byte() % 40),
		4 => leaf_count.saturating_sub(u64::from(input.byte() % 40)),
		_ => *leaf_count,
	};
	let longer = Data::of(now.max(*leaf_count));
	let mut source = Data(longer.0);
	if flags & 16 != 0 && !source.0.is_empty() {
		let at = input.below(source.0.len());
		source.0[at] ^= input.byte();
	}
	let disk = disk.copy();
	edit(&disk, paths, &mut input);
	let door = Disk::from(disk.clone());
	let Ok(mut tree) = LogTree::open(&door, Path::new(DIR), &source, now) else { return };
	assert_eq!(tree.leaf_count(), now);
	let is_sound = source.0.get(..data.0.len().min(now as usize * LEAF_BYTES))
		== data.0.get(..data.0.len().min(now as usize * LEAF_BYTES));
	let mut peaks = Peaks::new();
	source.0.chunks_exact(LEAF_BYTES).take(now as usize).for_each(|leaf| peaks.push_value(leaf));
	// Data that were damaged behind the tree's back are found when they are read.
	assert!(!is_sound || tree.root() == peaks.root(), "the tree of sound data has another root");
	let indexes: Vec<u64> = wanted.into_iter().filter(|index| *index < now).collect();
	if let Ok(proof) = tree.prove(&source, now, &indexes) {
		assert!(verify::<Blake2>(&tree.root(), now, &indexes, &proof).is_ok());
		let whole = indexes.iter().zip(proof.chunks_exact(LEAF_BYTES));
		for (index, leaf) in whole {
			assert_eq!(leaf, &source.0[*index as usize * LEAF_BYTES..][..LEAF_BYTES]);
		}
	} else {
		assert!(
			!is_sound || indexes.is_empty() || tree.rebuild(&source).is_ok(),
			"sound data cannot be proven"
		);
	}
	if is_sound && tree.rebuild(&source).is_ok() {
		assert_eq!(tree.root(), peaks.root());
		assert!(tree.verify(&source, 0..now).is_ok());
		tree.append_value(b"one leaf more").expect("the disk takes it");
		peaks.push_value(b"one leaf more");
		assert_eq!(tree.root(), peaks.root());
	}
}

fn seeds() -> Vec<Vec<u8>> {
	let mut seeds = Vec::new();
	for template in 0..4_u8 {
		for flags in [0, 8, 4, 24] {
			let file = template % 3;
			seeds.push(vec![template + flags, 7, 0, 3, file, 0, 7, 40, 0, 1, 5]);
			seeds.push(vec![
				template + flags + 192,
				7,
				0,
				9,
				0,
				1,
				0,
				2,
				0,
				3,
				1,
				0,
				3,
				33,
				0,
				8,
				4,
				1,
				2,
				3,
				4,
			]);
		}
	}
	seeds
}

granary_fuzz::target!(run, seeds: seeds);
