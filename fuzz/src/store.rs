//! Stores on a disk in memory, whose files an input may change.

use crate::{
	segment::{valid_records, Kind},
	Input,
};
use granary_disk::{Disk, Open, SimulatedDisk};
use granary_por::{verify, Blake2};
use granary_zdb::{
	CompactionOptions, Durability, Mode, Namespace, NamespaceOptions, RemovalStage, Store,
	StoreOptions, ZdbError,
};
use std::{
	collections::{BTreeMap, BTreeSet},
	path::{Path, PathBuf},
	sync::Arc,
};

/// Where the store is on its disk.
pub const STORE: &str = "/store";
/// The namespace whose files are changed.
pub const NAME: &str = "fuzz";
/// When a segment is left for the next.
const SEGMENT_BYTES: u64 = 4096;

/// The directory of the namespace.
pub fn home() -> PathBuf {
	Path::new(STORE).join("namespaces").join(NAME)
}

/// How stores are opened here: nothing happens in the background.
pub fn options(disk: &SimulatedDisk) -> StoreOptions {
	StoreOptions {
		segment_bytes: SEGMENT_BYTES,
		cache_bytes: 1 << 20,
		durability: Durability::Os,
		compaction: CompactionOptions { enabled: false, ..Default::default() },
		disk: Disk::from(disk.clone()),
		..StoreOptions::new(STORE)
	}
}

/// A store with one empty namespace.
pub fn empty(kind: Kind) -> (SimulatedDisk, Store) {
	let disk = SimulatedDisk::new(1);
	let store = Store::open(options(&disk)).expect("an empty disk takes a store");
	let options = NamespaceOptions {
		mode: if kind == Kind::Sequential { Mode::Sequential } else { Mode::User },
		audited: kind == Kind::Audited,
		durability: Durability::Os,
		..Default::default()
	};
	store.create_namespace(NAME, options).expect("the name is free");
	(disk, store)
}

/// The namespace of an open store.
pub fn namespace(store: &Store) -> Arc<Namespace> {
	store.namespace(NAME).expect("a store that opens has its namespaces")
}

/// Gives a file another content, or makes it.
pub fn write(disk: &SimulatedDisk, path: &Path, bytes: &[u8]) {
	let file = Disk::from(disk.clone()).open(path, Open::Replace).expect("the directory is there");
	file.write_all_at(bytes, 0).expect("the disk takes it");
	file.sync_all().expect("the disk takes it");
}

/// The content of a file.
pub fn read(disk: &SimulatedDisk, path: &Path) -> Vec<u8> {
	Disk::from(disk.clone()).read(path).unwrap_or_default()
}

/// The files below a directory in their order.
pub fn files(disk: &SimulatedDisk, dir: &Path) -> Vec<PathBuf> {
	let mut entries = Disk::from(disk.clone()).list(dir).expect("the directory is there");
	entries.sort_by(|one, other| one.name.cmp(&other.name));
	let paths = entries.into_iter().map(|entry| (dir.join(entry.name), entry.is_dir));
	paths.flat_map(|(path, is_dir)| if is_dir { files(disk, &path) } else { vec![path] }).collect()
}

/// Values by their keys: all versions that there ever were.
pub type Versions = BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>>;

/// A store that inputs begin from.
#[derive(Debug)]
pub struct Template {
	/// Where it is.
	pub disk: SimulatedDisk,
	/// The files of its namespace.
	pub paths: Vec<PathBuf>,
	/// All that the namespace ever held.
	pub versions: Versions,
}

/// A store with several segments, hints, removed segments and a durable mark, and all that it ever held.
pub fn filled(kind: Kind) -> Template {
	let (disk, store) = empty(kind);
	let namespace = namespace(&store);
	let key_of = |number: u32| match kind {
		Kind::Sequential => u64::from(number % 30).to_le_bytes().to_vec(),
		Kind::User => format!("key-{}", number % 30).into_bytes(),
		Kind::Audited => format!("key-{number}").into_bytes(),
	};
	let mut versions = Versions::new();
	for number in 0..70_u32 {
		let value = number.to_le_bytes().repeat(1 + (number as usize * 7) % 60);
		let key = if kind == Kind::Sequential && number < 30 { Vec::new() } else { key_of(number) };
		namespace.set(&key, &value).expect("a write");
		versions.entry(key_of(number)).or_default().insert(value);
	}
	if kind != Kind::Audited {
		for number in [3, 17] {
			namespace.del(&key_of(number)).expect("a key is deleted");
		}
		store.compact_namespace(NAME).expect("compaction");
	}
	namespace.sync().expect("the disk takes it");
	drop((namespace, store));
	let paths = files(&disk, &home());
	Template { disk: disk.copy(), paths, versions }
}

/// What the segments below a directory hold, read without the store.
pub fn versions_on(disk: &SimulatedDisk, dir: &Path) -> Versions {
	let mut versions = Versions::new();
	for path in files(disk, dir) {
		if path.extension().is_some_and(|extension| extension == "log") {
			for record in valid_records(&read(disk, &path)) {
				versions.entry(record.key).or_default().insert(record.value);
			}
		}
	}
	versions
}

/// Reads everything that a namespace has in every way, and fails if it is anything else than `versions` allow.
pub fn check(namespace: &Namespace, versions: &Versions) {
	let keys = scanned(namespace);
	for key in keys.iter().flatten().chain(versions.keys()) {
		let known = versions.get(key);
		match namespace.get(key) {
			Ok(Some(value)) => {
				assert!(
					known.is_some_and(|known| known.contains(&value)),
					"{key:?} was never {value:?}"
				);
				let length = namespace.length(key).expect("what is read has a length");
				assert_eq!(length, Some(value.len() as u32));
				assert_eq!(namespace.check(key).expect("what is read is checked"), Some(true));
			},
			Ok(None) => {
				assert!(
					!keys.iter().flatten().any(|other| other == key),
					"{key:?} is listed and not there"
				);
			},
			Err(error) => assert_is_damage(&error),
		}
		follow_history(namespace, key, known);
	}
	if let Some(keys) = &keys {
		let counted = namespace.dbsize();
		// What a removal that is signed for takes away is not listed any more, and counted until then.
		let is_leaving = namespace.removal_status().stage != RemovalStage::Idle;
		let fits = keys.len() as u64 == counted || (is_leaving && (keys.len() as u64) < counted);
		assert!(fits, "{} keys are listed and {counted} counted", keys.len());
	}
	let mut cursor = None;
	while let Ok(Some(page)) = namespace.scan_back(cursor.as_ref().map(<[u8; 17]>::as_slice)) {
		assert!(page.entries.iter().all(|entry| versions.contains_key(&entry.key)));
		cursor = Some(page.cursor);
	}
	namespace.scrub().expect("a scrub reports damage and does not fail of it");
	let _ = namespace.records_from(0, 1000);
	check_log(namespace);
}

/// The keys of a scan; `None` if it met damage.
fn scanned(namespace: &Namespace) -> Option<BTreeSet<Vec<u8>>> {
	let (mut keys, mut cursor) = (BTreeSet::new(), None);
	loop {
		match namespace.scan(cursor.as_ref().map(<[u8; 17]>::as_slice)) {
			Ok(Some(page)) => {
				for entry in page.entries {
					assert!(keys.insert(entry.key), "a key is listed twice");
				}
				cursor = Some(page.cursor);
			},
			Ok(None) => return Some(keys),
			Err(error) => {
				assert_is_damage(&error);
				return None;
			},
		}
	}
}

fn follow_history(namespace: &Namespace, key: &[u8], known: Option<&BTreeSet<Vec<u8>>>) {
	let mut cursor = None;
	// Forged records may lead in circles: each step is a command of a client, who sees that.
	for _ in 0..20 {
		let Ok(version) = namespace.version(key, cursor) else { return };
		assert!(known.is_some_and(|known| known.contains(&version.value)));
		let Some(older) = version.older else { return };
		cursor = Some(older);
	}
}

/// Proves some leaves of an audited log and verifies the proof.
fn check_log(namespace: &Namespace) {
	let Ok((leaf_count, root, _)) = namespace.log_state() else { return };
	let mut indexes: Vec<u64> =
		[0, leaf_count / 3, leaf_count / 2, leaf_count.saturating_sub(1)].into();
	indexes.dedup();
	if leaf_count > 0 {
		if let Ok(proof) = namespace.prove(leaf_count, &indexes) {
			let verified = verify::<Blake2>(&root, leaf_count, &indexes, &proof);
			assert!(verified.is_ok(), "a proof that does not lead to the log's root");
		}
	}
}

/// A read may fail because of damage, and of nothing else.
pub fn assert_is_damage(error: &ZdbError) {
	assert!(matches!(error, ZdbError::Damaged { .. } | ZdbError::Moved), "{error}");
}

/// Opens what the disk holds and checks it, lets it take a write, and opens and checks it again. Whether it could be opened.
pub fn exercise(disk: &SimulatedDisk, versions: &Versions) -> bool {
	let Ok(store) =
		Store::open(options(disk)).inspect_err(|error| crate::show(|| error.to_string()))
	else {
		return false;
	};
	crate::show(|| format!("{:#?}", store.recovery_report()));
	let mut versions = versions.clone();
	let written = {
		let namespace = namespace(&store);
		check(&namespace, &versions);
		write_one(&namespace, &mut versions)
	};
	drop(store);
	let store = Store::open(options(disk)).expect("what could be opened once can be opened again");
	let report = store.recovery_report();
	crate::show(|| format!("{report:#?}"));
	assert!(report.torn_tails.is_empty(), "a tail that was cut before: {report:?}");
	let namespace = namespace(&store);
	check(&namespace, &versions);
	if let Some((key, value)) = written {
		assert_eq!(namespace.get(&key).expect("what was written is read"), Some(value));
	}
	true
}

fn write_one(namespace: &Namespace, versions: &mut Versions) -> Option<(Vec<u8>, Vec<u8>)> {
	let value = b"written afterwards".to_vec();
	let sequential = namespace.settings().mode == Mode::Sequential;
	let key = if sequential { &b""[..] } else { b"a key that nobody had" };
	// A damaged log may refuse writes.
	let key = match namespace.set(key, &value).ok()? {
		granary_zdb::SetOutcome::Written { id: Some(id) } => id.to_le_bytes().to_vec(),
		_ => key.to_vec(),
	};
	assert_eq!(namespace.get(&key).expect("what was written is read"), Some(value.clone()));
	versions.entry(key.clone()).or_default().insert(value.clone());
	Some((key, value))
}

/// Changes the files of a namespace as the input says.
pub fn edit(disk: &SimulatedDisk, paths: &[PathBuf], input: &mut Input<'_>) {
	// Each step is a disk's mischief or a hand's: a few of them are enough to meet in one place.
	for _ in 0..8 {
		if input.is_empty() {
			return;
		}
		let path = &paths[input.below(paths.len())];
		let mut bytes = read(disk, path);
		let operation = input.byte();
		let at = input.below(bytes.len());
		let end = (at + 1 + usize::from(input.byte())).min(bytes.len());
		crate::show(|| {
			let what = [
				"cut",
				"removed",
				"zeroed",
				"overwritten",
				"inserted into",
				"mixed",
				"unlinked",
				"flipped",
			];
			format!(
				"{} {} at {at}..{end} of {}",
				path.display(),
				what[usize::from(operation % 8)],
				bytes.len()
			)
		});
		match operation % 8 {
			0 => bytes.truncate(at),
			1 => drop(bytes.drain(at..end)),
			2 => bytes[at..end].fill(0),
			3 => {
				let new = input.short_piece();
				let new_end = (at + new.len()).min(bytes.len());
				bytes[at..new_end].copy_from_slice(&new[..new_end - at]);
			},
			4 => drop(bytes.splice(at..at, input.short_piece().iter().copied())),
			5 => {
				let other = read(disk, &paths[input.below(paths.len())]);
				let from = input.below(other.len());
				let piece = other[from..].iter().take(end - at).copied().collect::<Vec<_>>();
				drop(bytes.splice(at..end, piece));
			},
			6 => {
				let _ = Disk::from(disk.clone()).remove_file(path);
				continue;
			},
			_ => {
				let bit = input.byte();
				bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << (bit % 8));
			},
		}
		write(disk, path, &bytes);
	}
}
