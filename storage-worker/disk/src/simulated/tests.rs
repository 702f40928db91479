//! The simulated disk keeps its word, and no more than that.

use super::{Fault, FaultKind, Loss, SimulatedDisk};
use crate::{Disk, Open};
use std::{collections::BTreeSet, path::Path};

const DIR: &str = "/dir";

fn path(name: &str) -> std::path::PathBuf {
	Path::new(DIR).join(name)
}

fn made() -> (SimulatedDisk, Disk) {
	let simulated = SimulatedDisk::new(1);
	let disk = Disk::from(simulated.clone());
	disk.make_dirs(Path::new(DIR)).unwrap();
	(simulated, disk)
}

#[test]
fn what_is_durable_stays_and_the_rest_may_be_torn_by_sectors() {
	let mut seen = BTreeSet::new();
	for seed in 0..200 {
		let (simulated, disk) = made();
		let file = disk.open(&path("file"), Open::Replace).unwrap();
		file.write_all_at(&[1; 700], 0).unwrap();
		file.sync_all().unwrap();
		disk.sync_dir(Path::new(DIR)).unwrap();
		file.write_all_at(&[2; 1000], 700).unwrap();
		simulated.cut_power();
		assert!(file.read_at(&mut [0], 0).is_err());
		simulated.restore_power(Loss::Any(seed));
		assert!(file.read_at(&mut [0], 0).is_err(), "a file of before the restart is dead");
		let content = disk.read(&path("file")).unwrap();
		assert_eq!(content[..700], [1; 700]);
		// A sector is there as a whole or not at all; 512 random bytes never hold eight twos in a row.
		let kept = [700..1024, 1024..1536, 1536..1700].map(|sector| {
			let found = content.get(sector).unwrap_or_default();
			let whole = !found.is_empty() && found.iter().all(|byte| *byte == 2);
			assert!(whole || !found.windows(8).any(|bytes| bytes == [2; 8]), "seed {seed}");
			whole
		});
		seen.insert(kept);
	}
	assert!(seen.len() >= 7, "{seen:?}");
}

#[test]
fn a_name_needs_its_directory_synced() {
	let (mut kept, mut lost) = (0, 0);
	for seed in 0..100 {
		let (simulated, disk) = made();
		disk.replace(Path::new(DIR), "file", b"old").unwrap();
		disk.replace_unsynced(Path::new(DIR), "file", b"new").unwrap();
		simulated.cut_power();
		simulated.restore_power(Loss::Any(seed));
		match disk.read(&path("file")).unwrap().as_slice() {
			b"old" => lost += 1,
			// Renamed before its content was durable: the classic mistake.
			_ => kept += 1,
		}
		simulated.restore_power(Loss::Nothing);
	}
	assert!(kept > 10 && lost > 10, "{kept} {lost}");
}

#[test]
fn a_failed_sync_is_not_mended_by_a_second_one() {
	let (simulated, disk) = made();
	let file = disk.open(&path("file"), Open::Replace).unwrap();
	disk.sync_dir(Path::new(DIR)).unwrap();
	file.write_all_at(b"lost", 0).unwrap();
	simulated.inject(Fault { call: 0, kind: FaultKind::Sync, lasting: false });
	assert!(file.sync_data().is_err());
	assert_eq!(simulated.heal(), 1);
	file.sync_data().unwrap();
	assert_eq!(disk.read(&path("file")).unwrap(), b"lost");
	simulated.cut_power();
	simulated.restore_power(Loss::All);
	assert_eq!(disk.read(&path("file")).unwrap(), b"");
}

#[test]
fn faults_happen_where_they_can_and_as_long_as_they_should() {
	let (simulated, disk) = made();
	let file = disk.open(&path("file"), Open::Replace).unwrap();
	simulated.inject(Fault { call: 0, kind: FaultKind::Full, lasting: true });
	assert_eq!(file.len_bytes().unwrap(), 0, "reading needs no space");
	let error = file.write_all_at(&[1; 100], 0).unwrap_err();
	assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
	assert_eq!(file.len_bytes().unwrap(), 50, "there was room for half of it");
	assert!(disk.open(&path("other"), Open::Create).is_err());
	assert_eq!(disk.free_bytes(Path::new(DIR)).unwrap(), 0);
	simulated.heal();
	simulated.inject(Fault { call: 0, kind: FaultKind::Short, lasting: false });
	file.write_all_at(&[2; 100], 0).unwrap();
	assert_eq!(disk.read(&path("file")).unwrap(), [2; 100]);
	let next = simulated.calls() + 2;
	simulated.inject(Fault { call: next, kind: FaultKind::Error, lasting: false });
	file.len_bytes().unwrap();
	assert!(file.len_bytes().is_err());
	file.len_bytes().unwrap();
	simulated.cut_power_at(simulated.calls() + 1);
	assert!(file.len_bytes().is_err() && disk.list(Path::new(DIR)).is_err());
}

#[test]
fn both_kinds_of_disk_do_the_same() {
	let dir = tempfile::tempdir().unwrap();
	for disk in [Disk::default(), Disk::from(SimulatedDisk::new(3))] {
		let home = dir.path().join("a/b");
		disk.make_dirs(&home).unwrap();
		disk.make_dirs(&home).unwrap();
		disk.replace(&home, "name", b"content").unwrap();
		let names: Vec<_> =
			disk.list(&home).unwrap().into_iter().map(|entry| (entry.name, entry.is_dir)).collect();
		assert_eq!(names, [("name".into(), false)]);
		let lock = disk.open(&home.join("lock"), Open::Create).unwrap();
		assert!(lock.try_lock().unwrap());
		assert!(!disk.open(&home.join("lock"), Open::Create).unwrap().try_lock().unwrap());
		let file = disk.open(&home.join("name"), Open::Write).unwrap();
		file.set_len(3).unwrap();
		file.write_all_at(b"x", 4).unwrap();
		assert_eq!(disk.read(&home.join("name")).unwrap(), b"con\0x");
		let mut long = [0; 9];
		assert_eq!(file.read_full_at(&mut long, 1).unwrap(), 4);
		assert!(file.read_exact_at(&mut long, 1).is_err());
		assert!(!disk.is_read_only(&home).unwrap());
		assert!(disk.rename(&home, &dir.path().join("a/c")).is_ok());
		let missing = disk.open(&home.join("name"), Open::Read).unwrap_err();
		assert_eq!(missing.kind(), std::io::ErrorKind::NotFound);
		disk.remove_dir_all(&dir.path().join("a")).unwrap();
		assert!(disk.list(&dir.path().join("a")).is_err());
	}
}
