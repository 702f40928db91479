//! The scrub that goes on in the background: what it finds, whom it tells, and that it goes on where it was.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod support;

use granary_disk::{Disk, Entry, FileOperations, FileSystem, Open, SimulatedDisk};
use granary_zdb::{Durability, ScrubStatus, Store, StoreOptions};
use std::{
	fs, io,
	ops::Range,
	os::unix::fs::PermissionsExt,
	path::{Path, PathBuf},
	sync::{Arc, Mutex},
	time::{Duration, Instant},
};
use support::Process;

/// Waits until something holds.
fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
	let deadline = Instant::now() + Duration::from_secs(30);
	while !holds() {
		assert!(Instant::now() < deadline, "{what} did not come to pass");
		std::thread::sleep(Duration::from_millis(20));
	}
}

fn flip(path: &Path, text: &[u8]) {
	let mut bytes = fs::read(path).unwrap();
	let place = bytes.windows(text.len()).position(|window| window == text).unwrap();
	bytes[place] ^= 1;
	fs::write(path, bytes).unwrap();
}

#[test]
fn damage_is_found_told_and_forgotten_when_it_is_gone() {
	let dir = tempfile::tempdir().unwrap();
	let (data, hook, log) =
		(dir.path().join("data"), dir.path().join("hook"), dir.path().join("log"));
	fs::write(&hook, format!("#!/bin/sh\necho \"$@\" >>{}\n", log.display())).unwrap();
	fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
	let process = Process::start(&data, &["--scrub-ms", "400", "--hook", hook.to_str().unwrap()]);
	let mut client = process.connect();
	for number in 0..20 {
		client.text(&format!("SET key-{number} value-{number}-{}", "x".repeat(2000)));
	}
	wait_until("a whole pass", || {
		let status = client.text("SCRUB STATUS");
		!status.contains("last_pass_ended_ms:0\r\n") && !status.contains("\r\nrecords:0\r\n")
	});
	assert!(client.text("NSINFO default").contains("damage: none"));
	assert!(data.join("scrubbed").exists());
	let segment = data.join("namespaces/default/segment-00000000.log");
	flip(&segment, b"value-7");
	wait_until("the damage", || client.text("NSINFO default").contains("damage: 1 stretches"));
	let status = client.text("SCRUB STATUS");
	assert!(status.contains(&format!("of {}", segment.display())), "{status}");
	wait_until("the hook", || {
		let log = fs::read_to_string(&log).unwrap_or_default();
		let line = log.lines().find(|line| line.starts_with("damaged-data ")).map(str::to_owned);
		line.is_some_and(|line| line.contains(&format!(" default {} ", segment.display())))
	});
	flip(&segment, b"walue-7");
	wait_until("a sound pass", || client.text("NSINFO default").contains("damage: none"));
	assert_eq!(client.text("SCRUB STOP"), "+OK\r\n");
	assert!(client.text("SCRUB STATUS").contains("enabled:0"));
	assert_eq!(client.text("SCRUB START"), "+OK\r\n");
	assert_eq!(client.text("SCRUB WHAT"), "-Unknown SCRUB subcommand\r\n");
	process.stop();
}

/// A store of some segments whose scrub reads 64 KiB a second.
fn slow(dir: &Path) -> StoreOptions {
	let mut options = StoreOptions::new(dir);
	options.segment_bytes = 32 << 10;
	options.durability = Durability::Os;
	options.scrub.interval = Duration::from_millis(400);
	options.scrub.bytes_per_second = 64 << 10;
	options
}

fn status(store: &Store) -> ScrubStatus {
	store.scrub_status().1
}

#[test]
fn a_pass_goes_on_where_an_earlier_process_stopped() {
	let dir = tempfile::tempdir().unwrap();
	let mut options = slow(dir.path());
	options.scrub.enabled = false;
	let store = Store::open(options).unwrap();
	let namespace = store.namespace("default").unwrap();
	for number in 0..200_u32 {
		namespace.set(&number.to_be_bytes(), &[number as u8; 1000]).unwrap();
	}
	drop(namespace);
	drop(store);
	let store = Store::open(slow(dir.path())).unwrap();
	wait_until("two segments", || status(&store).bytes > 64 << 10);
	assert!(status(&store).is_running);
	assert_eq!(status(&store).last_pass_ended, 0);
	let began = Instant::now();
	drop(store);
	assert!(began.elapsed() < Duration::from_secs(1), "closing does not wait for a pass");
	let store = Store::open(slow(dir.path())).unwrap();
	wait_until("the end of the pass", || status(&store).last_pass_ended > 0);
	let rest = status(&store);
	assert!(rest.records < 180 && rest.records > 50, "{rest:?}");
	assert_eq!(rest.damaged, 0, "{rest:?}");
}

/// Which bytes of which file cannot be read.
type Bad = Arc<Mutex<Option<(PathBuf, Range<u64>)>>>;

/// A disk of which some bytes of one file cannot be read.
#[derive(Debug)]
struct BadSectors {
	disk: SimulatedDisk,
	bad: Bad,
}

#[derive(Debug)]
struct BadFile {
	file: Box<dyn FileOperations>,
	path: PathBuf,
	bad: Bad,
}

impl FileSystem for BadSectors {
	fn open(&self, path: &Path, how: Open) -> io::Result<Box<dyn FileOperations>> {
		let file = self.disk.open(path, how)?;
		Ok(Box::new(BadFile { file, path: path.to_owned(), bad: self.bad.clone() }))
	}
	fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
		self.disk.list(dir)
	}
	fn make_dir(&self, dir: &Path) -> io::Result<()> {
		self.disk.make_dir(dir)
	}
	fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
		self.disk.rename(from, to)
	}
	fn remove_file(&self, path: &Path) -> io::Result<()> {
		self.disk.remove_file(path)
	}
	fn remove_dir(&self, dir: &Path) -> io::Result<()> {
		self.disk.remove_dir(dir)
	}
	fn sync_dir(&self, dir: &Path) -> io::Result<()> {
		self.disk.sync_dir(dir)
	}
	fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
		self.disk.free_bytes(dir)
	}
}

impl FileOperations for BadFile {
	fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
		if let Some((path, bad)) = &*self.bad.lock().unwrap() {
			if *path == self.path && offset < bad.end && bad.start < offset + buffer.len() as u64 {
				return Err(io::Error::from_raw_os_error(5));
			}
		}
		self.file.read_at(buffer, offset)
	}
	fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
		self.file.write_at(bytes, offset)
	}
	fn sync(&self) -> io::Result<()> {
		self.file.sync()
	}
	fn set_len(&self, len_bytes: u64) -> io::Result<()> {
		self.file.set_len(len_bytes)
	}
	fn len_bytes(&self) -> io::Result<u64> {
		self.file.len_bytes()
	}
	fn try_lock(&self) -> io::Result<bool> {
		self.file.try_lock()
	}
}

#[test]
fn what_the_disk_cannot_read_costs_its_records_and_no_others() {
	let bad = Arc::new(Mutex::new(None));
	let disk: Arc<dyn FileSystem> =
		Arc::new(BadSectors { disk: SimulatedDisk::new(3), bad: bad.clone() });
	let mut options = StoreOptions::new("/store");
	options.disk = Disk::from(disk);
	let store = Store::open(options).unwrap();
	let namespace = store.namespace("default").unwrap();
	for number in 0..1000_u32 {
		namespace.set(&number.to_be_bytes(), &[number as u8; 1000]).unwrap();
	}
	assert_eq!(namespace.scrub().unwrap().records, 1000);
	let path = PathBuf::from("/store/namespaces/default/segment-00000000.log");
	*bad.lock().unwrap() = Some((path.clone(), 500_000..500_512));
	let report = namespace.scrub().unwrap();
	let [range] = report.damaged.as_slice() else { panic!("{report:?}") };
	assert_eq!(range.path, path);
	assert!(range.offset <= 500_000 && range.offset + range.len_bytes >= 500_512, "{range:?}");
	assert!(range.len_bytes < 16_384, "{range:?}");
	assert!(report.records >= 1000 - 16, "{report:?}");
	assert!(namespace.info().damage.is_some());
	// The whole disk: told as damage of everything, and not asked for each block.
	*bad.lock().unwrap() = Some((path, 0..u64::MAX));
	let report = namespace.scrub().unwrap();
	assert_eq!((report.records, report.damaged.len()), (0, 1), "{report:?}");
	*bad.lock().unwrap() = None;
	assert!(namespace.scrub().unwrap().damaged.is_empty());
	assert!(namespace.info().damage.is_none());
}
