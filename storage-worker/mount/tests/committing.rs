//! A layer that is published while it is used, and given back afterwards.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod common;
#[path = "../../snapshot/tests/support/mod.rs"]
mod support;

use common::{
	alone,
	operations::{assert_same, populate, Operation},
	pattern, Place,
};
use granary_mount::{rebase, Base, CommitOptions, Committed, MountError, MountOptions, Mounted};
use granary_snapshot::{materialise, Reader};
use rand::{rngs::StdRng, SeedableRng};
use std::{
	fs::{self, OpenOptions},
	os::unix::fs::{FileExt, MetadataExt},
	path::Path,
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
	thread,
};
use support::{publish, MemoryStore};
use tokio::runtime::Runtime;

/// A snapshot of a directory, mounted, and what is needed to mount its children.
struct Thin {
	place: Place,
	runtime: Runtime,
	store: Arc<MemoryStore>,
	id: [u8; 32],
	reader: Arc<Reader>,
	mounted: Option<Mounted>,
}

impl Thin {
	fn new(place: Place) -> Self {
		let runtime = Runtime::new().unwrap();
		let store = Arc::new(MemoryStore::default());
		let created = runtime.block_on(publish(&place.lower(), &store)).unwrap();
		let _inside = runtime.enter();
		let reader = support::reader(&created.manifest, &store, &place.path("cache"));
		drop(_inside);
		let mut thin =
			Self { place, runtime, store, id: created.manifest_id, reader, mounted: None };
		thin.mount();
		thin
	}

	fn mount(&mut self) {
		let options = MountOptions::new(self.place.mnt(), self.place.thin(), self.id);
		let reader = self.reader.clone();
		self.mounted = Some(alone(|| granary_mount::mount(reader, options)).unwrap());
	}

	fn remount(&mut self) {
		let mounted = self.mounted.take().unwrap();
		alone(|| mounted.unmount()).unwrap();
		mounted.wait().unwrap();
		self.mount();
	}

	fn commit(&self) -> Result<Committed, MountError> {
		let options = CommitOptions { name: "child".to_owned(), parent: self.id, chain: None };
		let layer = self.mounted.as_ref().unwrap().layer().unwrap();
		layer.commit(self.store.clone(), self.runtime.handle(), options, &())
	}

	/// A reader of what was committed.
	fn child(&self, committed: &Committed) -> Arc<Reader> {
		let _inside = self.runtime.enter();
		support::reader(&committed.manifest, &self.store, &self.place.path("cache"))
	}

	/// Writes a snapshot out.
	fn written_out(&self, reader: &Arc<Reader>, name: &str) -> std::path::PathBuf {
		let target = self.place.path(name);
		let _ = fs::remove_dir_all(&target);
		materialise(reader, &target, &()).unwrap();
		target
	}

	/// Goes on above the child.
	fn release(&mut self, committed: Committed) -> u64 {
		let reader = self.child(&committed);
		self.id = committed.manifest_id;
		let freed = committed.release(reader.clone()).unwrap();
		self.reader = reader;
		freed
	}

	fn local_bytes(&self) -> u64 {
		self.mounted.as_ref().unwrap().layer().unwrap().local_bytes()
	}
}

impl Drop for Thin {
	fn drop(&mut self) {
		let mounted = self.mounted.take();
		alone(|| drop(mounted));
	}
}

/// Names, lengths and contents; a snapshot keeps neither extended attributes nor that two names are one file.
fn assert_same_content(ours: &Path, theirs: &Path, when: &str) {
	let seen = |root: &Path| {
		let mut found = common::operations::describe(root, false);
		for (_, (_, links, attributes), _) in &mut found {
			*links = 0;
			attributes.clear();
		}
		found
	};
	let (ours, theirs) = (seen(ours), seen(theirs));
	let names = |seen: &[common::operations::Seen]| {
		seen.iter().map(|(path, (mode, ..), _)| (path.clone(), *mode)).collect::<Vec<_>>()
	};
	assert_eq!(names(&ours), names(&theirs), "{when}");
	for ((path, _, ours), (_, _, theirs)) in ours.iter().zip(&theirs) {
		assert_eq!(ours.len(), theirs.len(), "length of {} {when}", path.display());
		let differs = ours.iter().zip(theirs).position(|(a, b)| a != b);
		assert_eq!(differs, None, "first wrong byte of {} {when}", path.display());
	}
}

#[test]
fn random_operations_between_commits_are_in_the_child_and_stay_in_the_mount() {
	for round in 0..3 {
		let mut rng = StdRng::seed_from_u64(1000 + round);
		let place = Place::new();
		let plain = place.path("plain");
		populate(&mut rng, [&place.lower(), &plain]);
		let mut thin = Thin::new(place);
		for number in 0..400 {
			let operation = Operation::random(&mut rng);
			let ours = operation.run(&thin.place.mnt()).map_err(|error| error.raw_os_error());
			let theirs = operation.run(&plain).map_err(|error| error.raw_os_error());
			let when = format!("in round {round} at operation {number}: {operation:.200?}");
			assert_eq!(ours, theirs, "{when}");
			if number % 40 == 39 {
				let committed = thin.commit().unwrap();
				let child = thin.child(&committed);
				assert_same_content(&thin.written_out(&child, "out"), &plain, &when);
				if number % 80 == 79 {
					thin.release(committed);
					assert_same(&thin.place.mnt(), &plain, true, &format!("released {when}"));
				}
			}
			if number % 60 == 59 {
				thin.remount();
				assert_same(&thin.place.mnt(), &plain, false, &format!("remounted {when}"));
			}
		}
		assert_same(&thin.place.mnt(), &plain, true, "at the end");
	}
}

#[test]
fn a_commit_shows_one_moment_of_a_tree_that_is_being_written() {
	let place = Place::new();
	for name in ["first", "second"] {
		fs::write(place.lower().join(name), vec![0; 8 << 20]).unwrap();
	}
	let mut thin = Thin::new(place);
	let stop = Arc::new(AtomicBool::new(false));
	let writer = {
		let (mnt, stop) = (thin.place.mnt(), stop.clone());
		thread::spawn(move || {
			let open = |name| OpenOptions::new().write(true).open(mnt.join(name)).unwrap();
			let (first, second) = (open("first"), open("second"));
			let mut count = 0u64;
			while !stop.load(Ordering::Relaxed) {
				count += 1;
				// The first file is always ahead of the second by one write or none.
				for file in [&first, &second] {
					let at = count * 7919 % 2048 * 4096;
					file.write_all_at(&pattern(count, 4096), at).unwrap();
					file.write_all_at(&count.to_le_bytes(), 0).unwrap();
				}
			}
			count
		})
	};
	let counter = |root: &Path, name: &str| {
		let bytes = fs::read(root.join(name)).unwrap();
		u64::from_le_bytes(bytes[..8].try_into().unwrap())
	};
	let mut last = 0;
	for round in 0..8 {
		while counter(&thin.place.mnt(), "first") < last + 50 {
			thread::yield_now();
		}
		let committed = thin.commit().unwrap();
		let child = thin.child(&committed);
		let out = thin.written_out(&child, "out");
		let (first, second) = (counter(&out, "first"), counter(&out, "second"));
		assert!(first == second || first == second + 1, "{first} and {second}");
		assert!(first > last, "it goes on");
		let at = first * 7919 % 2048 * 4096;
		let bytes = fs::read(out.join("first")).unwrap();
		// A count is written after what it counts, at the latest with the next one.
		if at != 0 {
			assert_eq!(bytes[at as usize..][..4096], pattern(first, 4096));
		}
		last = first;
		if round % 2 == 1 {
			thin.release(committed);
		}
	}
	stop.store(true, Ordering::Relaxed);
	let count = writer.join().unwrap();
	assert_eq!(counter(&thin.place.mnt(), "second"), count, "no write was lost");
	thin.remount();
	assert_eq!(counter(&thin.place.mnt(), "second"), count);
}

#[test]
fn local_disk_stays_flat_while_the_tree_grows_over_five_commits() {
	let place = Place::new();
	fs::write(place.lower().join("table"), pattern(0, 1 << 20)).unwrap();
	let mut thin = Thin::new(place);
	let mut table = pattern(0, 1 << 20);
	let mut before = Vec::new();
	for round in 1..=6u64 {
		let added = pattern(round, 2 << 20);
		let mut options = OpenOptions::new();
		let file = options.append(true).open(thin.place.mnt().join("table")).unwrap();
		std::io::Write::write_all(&mut &file, &added).unwrap();
		table.extend_from_slice(&added);
		fs::write(thin.place.mnt().join(format!("log{round}")), &added).unwrap();
		drop(file);
		assert!(thin.local_bytes() >= 4 << 20);
		let stored = thin.store.objects.lock().unwrap().len();
		let committed = thin.commit().unwrap();
		let objects = thin.store.objects.lock().unwrap().len() - stored;
		assert!(objects < 520 + 40, "{objects} objects for 4 MiB in chunks of 4 KiB and more");
		let freed = thin.release(committed);
		assert!(freed >= 4 << 20, "{freed} bytes were given back");
		before.push(thin.local_bytes());
		if round % 2 == 0 {
			thin.remount();
		}
		assert_eq!(fs::read(thin.place.mnt().join("table")).unwrap(), table);
		let log = fs::metadata(thin.place.mnt().join("log1")).unwrap();
		assert_eq!(log.len(), 2 << 20);
	}
	assert!(before.iter().all(|bytes| *bytes < 256 << 10), "{before:?} bytes stay local");
}

#[test]
fn keys_are_local_and_stay_when_everything_else_is_released() {
	let place = Place::new();
	fs::create_dir_all(place.lower().join("chains/x/db")).unwrap();
	fs::write(place.lower().join("chains/x/db/table"), pattern(1, 100_000)).unwrap();
	let mut thin = Thin::new(place);
	let keystore = thin.place.mnt().join("chains/x/keystore");
	fs::create_dir(&keystore).unwrap();
	fs::write(keystore.join("62616265"), b"a key that must stay here").unwrap();
	let changed = fs::metadata(thin.place.mnt().join("chains/x/db/table")).unwrap().mtime();
	// A file of the snapshot that is moved to a name that is never stored.
	fs::rename(
		thin.place.mnt().join("chains/x/db/table"),
		thin.place.mnt().join("chains/x/db/LOCK"),
	)
	.unwrap();
	let open = fs::File::open(thin.place.mnt().join("chains/x/db/LOCK")).unwrap();
	let committed = thin.commit().unwrap();
	assert!(!thin.store.contains_bytes(b"a key that must stay here"));
	assert!(matches!(thin.commit(), Err(MountError::Committing)), "one at a time");
	let out = thin.written_out(&thin.child(&committed), "out");
	assert!(!out.join("chains/x/keystore").exists() && !out.join("chains/x/db/LOCK").exists());
	thin.release(committed);
	drop(open);
	thin.remount();
	assert_eq!(fs::read(keystore.join("62616265")).unwrap(), b"a key that must stay here");
	let lock = thin.place.mnt().join("chains/x/db/LOCK");
	assert_eq!(fs::read(&lock).unwrap(), pattern(1, 100_000));
	assert!(fs::metadata(&lock).unwrap().mtime() >= changed);
}

#[test]
fn a_layer_moves_to_another_snapshot_and_keeps_its_keys_only() {
	let place = Place::new();
	fs::create_dir_all(place.lower().join("chains/x/db")).unwrap();
	fs::write(place.lower().join("chains/x/db/table"), pattern(1, 100_000)).unwrap();
	let mut thin = Thin::new(place);
	let mnt = thin.place.mnt();
	fs::create_dir(mnt.join("chains/x/keystore")).unwrap();
	fs::write(mnt.join("chains/x/keystore/62616265"), b"a session key").unwrap();
	fs::write(mnt.join("chains/x/db/table"), b"written over").unwrap();
	fs::write(mnt.join("chains/x/db/new"), b"new").unwrap();
	let mounted = thin.mounted.take().unwrap();
	alone(|| mounted.unmount()).unwrap();
	mounted.wait().unwrap();

	// A newer state, published by somebody else.
	let newer = thin.place.path("newer");
	fs::create_dir_all(newer.join("chains/x/db")).unwrap();
	fs::write(newer.join("chains/x/db/table"), pattern(2, 200_000)).unwrap();
	fs::write(newer.join("chains/x/db/another"), pattern(3, 50_000)).unwrap();
	let created = thin.runtime.block_on(publish(&newer, &thin.store)).unwrap();
	let reader = {
		let _inside = thin.runtime.enter();
		support::reader(&created.manifest, &thin.store, &thin.place.path("cache"))
	};
	let from = Base { id: thin.id, lower: thin.reader.clone() };
	let onto = Base { id: created.manifest_id, lower: reader.clone() };
	let wrong = rebase(&thin.place.thin(), onto.clone(), from.clone()).unwrap_err();
	assert!(matches!(wrong, MountError::OtherSnapshot { .. }), "{wrong}");
	let kept = rebase(&thin.place.thin(), from, onto).unwrap();
	assert_eq!(kept, [b"chains/x/keystore".as_slice(), b"chains/x/keystore/62616265"]);

	(thin.id, thin.reader) = (created.manifest_id, reader);
	for _ in 0..2 {
		if thin.mounted.is_some() {
			thin.remount();
		} else {
			thin.mount();
		}
		assert_eq!(fs::read(mnt.join("chains/x/keystore/62616265")).unwrap(), b"a session key");
		assert_eq!(fs::read(mnt.join("chains/x/db/table")).unwrap(), pattern(2, 200_000));
		assert_eq!(fs::read(mnt.join("chains/x/db/another")).unwrap(), pattern(3, 50_000));
		assert!(!mnt.join("chains/x/db/new").exists());
	}
	assert!(thin.local_bytes() < 64 << 10, "{} bytes stay", thin.local_bytes());
}

/// Records of a log in their order.
fn records(log: &Path) -> Vec<u64> {
	let bytes = fs::read(log).unwrap();
	bytes.chunks_exact(8).map(|record| u64::from_le_bytes(record.try_into().unwrap())).collect()
}

#[test]
fn a_commit_shows_a_log_that_is_being_written_as_a_loss_of_power_would() {
	let place = Place::new();
	fs::write(place.lower().join("table"), vec![0; 1 << 20]).unwrap();
	// One that is copied up, and one that is made.
	fs::write(place.lower().join("log0"), []).unwrap();
	let mut thin = Thin::new(place);
	let stop = Arc::new(AtomicBool::new(false));
	let writer = {
		let (mnt, stop) = (thin.place.mnt(), stop.clone());
		thread::spawn(move || {
			let open = |name| {
				let mut options = OpenOptions::new();
				options.write(true).create(true).truncate(false).open(mnt.join(name)).unwrap()
			};
			let (table, logs) = (open("table"), [open("log0"), open("log1")]);
			let mut count = 0u64;
			while !stop.load(Ordering::Relaxed) {
				// A log gets so many records; then the other one goes on, and this one is emptied when the table has them.
				let (part, place) = (count / 50, count % 50);
				count += 1;
				let log = &logs[(part % 2) as usize];
				log.write_all_at(&count.to_le_bytes(), place * 8).unwrap();
				log.sync_data().unwrap();
				table.write_all_at(&count.to_le_bytes(), count % 100 * 4096).unwrap();
				if place == 20 {
					table.sync_data().unwrap();
					logs[((part + 1) % 2) as usize].set_len(0).unwrap();
				}
			}
			count
		})
	};
	let mut last = 0;
	for round in 0..12 {
		let latest = |root: &Path| {
			let table = fs::read(root.join("table")).unwrap();
			let counts = table.chunks(4096).map(|page| page[..8].try_into().unwrap());
			counts.map(u64::from_le_bytes).max().unwrap()
		};
		while latest(&thin.place.mnt()) < last + 60 {
			thread::yield_now();
		}
		let committed = thin.commit().unwrap();
		let out = thin.written_out(&thin.child(&committed), "out");
		let mut logged = [records(&out.join("log0")), records(&out.join("log1"))].concat();
		logged.sort_unstable();
		let first = *logged.first().expect("one of them has records");
		let whole: Vec<u64> = (first..).take(logged.len()).collect();
		assert_eq!(logged, whole, "nothing is missing between the first and the last");
		let in_table = latest(&out);
		assert!(
			first <= in_table + 1 && in_table <= *logged.last().unwrap(),
			"{in_table}: {logged:?}"
		);
		last = in_table;
		if round % 2 == 1 {
			thin.release(committed);
		}
	}
	stop.store(true, Ordering::Relaxed);
	let count = writer.join().unwrap();
	let logged = [records(&thin.place.mnt().join("log0")), records(&thin.place.mnt().join("log1"))];
	assert_eq!(logged.concat().into_iter().max(), Some(count), "no record was lost");

	// They are open no more, and go as everything else does.
	let before = thin.place.thin().join("passed");
	common::eventually("both are closed", 10, || fs::read_dir(&before).unwrap().count() == 0);
	let committed = thin.commit().unwrap();
	thin.release(committed);
	assert_eq!(thin.local_bytes(), 0);
	thin.remount();
	let again = [records(&thin.place.mnt().join("log0")), records(&thin.place.mnt().join("log1"))];
	assert_eq!(again, logged);
}
