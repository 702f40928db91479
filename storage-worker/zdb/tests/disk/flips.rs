//! Every byte of every file of a small store, flipped: what was written or an error, and somebody says that it is damaged.

use crate::world::{options, Step, World};
use granary_disk::{Disk, Entry, SimulatedDisk};
use granary_zdb::{Durability, Mode, NamespaceOptions, Store, StoreOptions, ZdbError};
use std::path::{Path, PathBuf};

fn all_files(disk: &Disk, dir: &Path) -> Vec<(PathBuf, usize)> {
	let mut files = Vec::new();
	for Entry { name, is_dir } in disk.list(dir).unwrap() {
		let path = dir.join(name);
		match is_dir {
			true => files.extend(all_files(disk, &path)),
			false => {
				let len = disk.read(&path).unwrap().len();
				files.push((path, len));
			},
		}
	}
	files
}

/// A store of every kind of file, closed.
fn small() -> World {
	let mut world = World::new(1);
	world.open().unwrap();
	let password = Some("hush".to_owned());
	let keys = NamespaceOptions { password, ..options(Mode::User, Durability::Os, false) };
	world.run(&Step::Create("keys", keys)).unwrap();
	world.run(&Step::Create("ids", options(Mode::Sequential, Durability::Os, false))).unwrap();
	world.run(&Step::Create("log", options(Mode::User, Durability::Os, true))).unwrap();
	for number in 0..2 {
		world.run(&Step::Set("keys", number, 20)).unwrap();
	}
	world.run(&Step::Del("keys", 1)).unwrap();
	world.run(&Step::Jump("keys")).unwrap();
	world.run(&Step::Set("keys", 0, 30)).unwrap();
	world.run(&Step::Set("keys", 2, 30)).unwrap();
	// The first segment is removed, which leaves the list of removed ones, and the second gets its hint.
	world.run(&Step::Compact("keys")).unwrap();
	world.run(&Step::Jump("keys")).unwrap();
	world.run(&Step::Set("keys", 3, 10)).unwrap();
	world.run(&Step::Jump("keys")).unwrap();
	world.run(&Step::Set("keys", 3, 15)).unwrap();
	world.run(&Step::Compact("keys")).unwrap();
	for _ in 0..2 {
		world.run(&Step::Issue("ids", 9)).unwrap();
	}
	for number in 0..34 {
		world.run(&Step::Set("log", number, 1)).unwrap();
	}
	world.store = None;
	world
}

fn open(simulated: &SimulatedDisk) -> Result<Store, ZdbError> {
	let disk = Disk::from(simulated.clone());
	let defaults = StoreOptions::new("/store");
	Store::open(StoreOptions { disk, durability: Durability::Os, cache_bytes: 0, ..defaults })
}

/// Reads everything; says whether anyone noticed.
fn look(world: &World, store: &Store, place: &str) -> bool {
	let mut noticed = !store.recovery_report().lines().is_empty();
	for (name, space) in &world.spaces {
		let namespace = store.namespace(name).unwrap();
		let expected = space.after(space.ops.len());
		for key in space.keys() {
			match namespace.get(&key) {
				Ok(found) if found.as_ref() == expected.get(&key) => {},
				// Where the head of the newest record is damaged nobody knows that it was this key's. It was reported.
				Ok(older) => {
					assert!(noticed, "{place}: {older:?}");
					assert!(space.candidates_ever(&key).contains(&older), "{place}: {older:?}");
				},
				Err(_) => noticed = true,
			}
		}
		let mut cursor = None;
		while let Ok(Some(page)) = namespace.scan(cursor.as_ref().map(<[u8; 17]>::as_slice)) {
			let known = space.keys();
			assert!(page.entries.iter().all(|entry| known.contains(&entry.key)), "{place}");
			cursor = Some(page.cursor);
		}
		match namespace.scrub() {
			Ok(report) => noticed |= !report.damaged.is_empty(),
			Err(_) => noticed = true,
		}
		noticed |= namespace.info().fault.is_some();
	}
	noticed
}

#[test]
fn every_flipped_byte_is_noticed_and_never_served() {
	let world = small();
	let disk = Disk::from(world.simulated.clone());
	assert!(!look(&world, &open(&world.simulated.copy()).unwrap(), "the whole store"));
	let files = all_files(&disk, Path::new("/store"));
	let kinds = ["secret", "config", "durable", "retired", ".log", ".hint", "mark", "level-04"];
	for kind in kinds {
		let found = files.iter().any(|(path, _)| path.to_string_lossy().ends_with(kind));
		assert!(found, "the store has no {kind}: {files:?}");
	}
	for (path, len) in files {
		for offset in 0..len {
			let damaged = world.simulated.copy();
			damaged.damage(&path, offset, |byte| byte ^ (1 << (offset % 8))).unwrap();
			let place = format!("{} at {offset}", path.display());
			// A store that says why it cannot be opened serves nothing.
			if let Ok(store) = open(&damaged) {
				assert!(look(&world, &store, &place), "{place}: nobody noticed");
			}
		}
	}
}
