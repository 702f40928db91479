//! Mounting, refusing to mount, unmounting, and many readers at once.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod common;

use common::{dir_lower::DirLower, eventually, is_mounted, pattern, Place};
use granary_mount::{Lower, MountOptions};
use granary_snapshot::Entry;
use std::{
	fs::{self, File},
	io,
	os::unix::fs::FileExt,
	sync::{
		atomic::{AtomicUsize, Ordering},
		mpsc, Arc, Condvar, Mutex,
	},
	thread,
	time::Duration,
};

/// A tree in which reads of the first file can be held up.
#[derive(Debug)]
struct GatedLower {
	inner: DirLower,
	closed: Mutex<bool>,
	opened: Condvar,
	waiting: AtomicUsize,
}

impl GatedLower {
	fn set_closed(&self, closed: bool) {
		*self.closed.lock().unwrap() = closed;
		self.opened.notify_all();
	}
}

impl Lower for GatedLower {
	fn entries(&self) -> &[Entry] {
		self.inner.entries()
	}

	fn read_at(&self, entry: usize, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
		if self.entries()[entry].path == b"slow" {
			self.waiting.fetch_add(1, Ordering::SeqCst);
			let mut closed = self.closed.lock().unwrap();
			while *closed {
				closed = self.opened.wait(closed).unwrap();
			}
			drop(closed);
			self.waiting.fetch_sub(1, Ordering::SeqCst);
		}
		self.inner.read_at(entry, offset, buffer)
	}
}

fn gated(place: &Place) -> Arc<GatedLower> {
	Arc::new(GatedLower {
		inner: DirLower::open(&place.lower()).unwrap(),
		closed: Mutex::new(true),
		opened: Condvar::new(),
		waiting: AtomicUsize::new(0),
	})
}

fn refusal(options: MountOptions, place: &Place) -> String {
	let lower = Arc::new(DirLower::open(&place.lower()).unwrap());
	match granary_mount::mount(lower, options) {
		Ok(_) => panic!("it was mounted"),
		Err(error) => error.to_string(),
	}
}

#[test]
fn unusable_mount_points_are_refused_with_a_reason() {
	let place = Place::new();
	let at = |name: &str| MountOptions { mount_point: place.path(name), ..place.options() };
	assert!(refusal(at("missing"), &place).contains("missing"));
	fs::write(place.path("file"), b"").unwrap();
	assert!(refusal(at("file"), &place).contains("not a directory"));
	fs::create_dir(place.path("full")).unwrap();
	fs::write(place.path("full/file"), b"").unwrap();
	assert!(refusal(at("full"), &place).contains("not empty"));
	let inside = MountOptions { thin_dir: place.mnt().join("thin"), ..place.options() };
	assert!(refusal(inside, &place).contains("below the mount point"));
	let guard = place.mount();
	assert!(refusal(place.options(), &place).contains("mounted there already"));
	guard.unmount();
	assert_eq!(fs::read_dir(place.mnt()).unwrap().count(), 0, "nothing was written below");
}

#[test]
fn mounts_are_told_from_other_directories_without_being_asked() {
	let place = Place::new();
	let point = place.path("a place");
	fs::create_dir(&point).unwrap();
	let is_listed = |path: &std::path::Path| granary_mount::is_mounted(path).unwrap();
	assert!(!is_listed(&point) && !is_listed(std::path::Path::new("/proc")));
	let lower = Arc::new(DirLower::open(&place.lower()).unwrap());
	let options = MountOptions { mount_point: point.clone(), ..place.options() };
	let mounted = common::alone(|| granary_mount::mount(lower, options)).unwrap();
	assert!(is_listed(&point) && !is_listed(&place.mnt()));
	common::alone(|| mounted.unmount()).unwrap();
	mounted.wait().unwrap();
	assert!(!is_listed(&point));
}

#[test]
fn a_layer_serves_one_mount_of_one_snapshot() {
	let place = Place::new();
	fs::create_dir(place.path("second")).unwrap();
	let guard = place.mount();
	let second = MountOptions { mount_point: place.path("second"), ..place.options() };
	assert!(refusal(second.clone(), &place).contains("another mount uses it"));
	guard.unmount();
	let other = MountOptions { snapshot_id: [8; 32], ..second };
	assert!(refusal(other, &place).contains("another snapshot"));
	place.mount().unmount();
}

#[test]
fn layers_of_earlier_versions_are_taken_over_and_one_of_a_later_version_is_refused() {
	let place = Place::new();
	fs::write(place.lower().join("f"), pattern(1, 10_000)).unwrap();
	let guard = place.mount();
	let file = fs::OpenOptions::new().write(true).open(place.mnt().join("f")).unwrap();
	file.write_all_at(b"written", 5000).unwrap();
	drop(file);
	guard.unmount();
	// The first version had neither of these.
	let version = place.thin().join("version");
	fs::remove_file(&version).unwrap();
	fs::remove_file(place.thin().join("gen-0/log")).unwrap();
	let guard = place.mount();
	let mut expected = pattern(1, 10_000);
	expected[5000..5007].copy_from_slice(b"written");
	assert_eq!(fs::read(place.mnt().join("f")).unwrap(), expected);
	guard.unmount();
	assert_eq!(fs::read_to_string(&version).unwrap(), "3");
	// The second one had all but files that are cut loose.
	fs::write(&version, "2").unwrap();
	place.mount().unmount();
	fs::write(&version, "4").unwrap();
	let text = refusal(place.options(), &place);
	assert!(text.contains("format version 4") && text.contains("knows 3"), "{text}");
}

#[test]
fn many_threads_that_sync_small_writes_find_them_again() {
	const THREADS: usize = 8;
	const WRITES: u64 = 400;
	let place = Place::new();
	fs::write(place.lower().join("shared"), pattern(1, THREADS * 100 * 4096)).unwrap();
	let guard = place.mount();
	let writers: Vec<_> = (0..THREADS)
		.map(|number| {
			let mnt = place.mnt();
			thread::spawn(move || {
				let shared = fs::OpenOptions::new().write(true).open(mnt.join("shared")).unwrap();
				let own = File::create(mnt.join(format!("own{number}"))).unwrap();
				for write in 0..WRITES {
					// More than the log takes, so that it is emptied meanwhile.
					let block = vec![(write % 250) as u8 + 1; 8192];
					let at = (number as u64 * 100 + write % 99) * 4096;
					shared.write_all_at(&block, at).unwrap();
					shared.sync_data().unwrap();
					own.write_all_at(&block[..100], write * 100).unwrap();
					own.sync_data().unwrap();
				}
			})
		})
		.collect();
	writers.into_iter().for_each(|writer| writer.join().unwrap());
	let log = fs::metadata(place.thin().join("gen-0/log")).unwrap().len();
	assert!((1 << 20..=16 << 20).contains(&log), "the log has {log} bytes");
	guard.unmount();
	let guard = place.mount();
	for number in 0..THREADS {
		let own = fs::read(place.mnt().join(format!("own{number}"))).unwrap();
		let expected: Vec<u8> =
			(0..WRITES).flat_map(|write| [(write % 250) as u8 + 1; 100]).collect();
		assert!(own == expected);
	}
	guard.unmount();
}

#[test]
fn a_read_only_mount_takes_no_writes() {
	let place = Place::new();
	fs::write(place.lower().join("f"), b"1").unwrap();
	let lower = Arc::new(DirLower::open(&place.lower()).unwrap());
	let options = MountOptions { read_only: true, ..place.options() };
	let mounted = granary_mount::mount(lower, options).unwrap();
	let error = fs::write(place.mnt().join("f"), b"2").unwrap_err();
	assert_eq!(error.raw_os_error(), Some(libc::EROFS));
	assert_eq!(fs::read(place.mnt().join("f")).unwrap(), b"1");
	common::alone(|| mounted.unmount()).unwrap();
	mounted.wait().unwrap();
}

#[test]
fn unmounting_from_outside_ends_the_wait() {
	let place = Place::new();
	let guard = place.mount();
	let status =
		common::spawn(std::process::Command::new("umount").arg(place.mnt())).wait().unwrap();
	assert!(status.success());
	guard.get().wait().unwrap();
}

#[test]
fn a_busy_mount_can_be_unmounted_later() {
	let place = Place::new();
	fs::write(place.lower().join("f"), b"1").unwrap();
	let guard = place.mount();
	let file = File::open(place.mnt().join("f")).unwrap();
	assert!(common::alone(|| guard.get().unmount()).is_err(), "a file is open");
	assert!(is_mounted(&place.mnt()));
	drop(file);
	guard.unmount();
}

#[test]
fn dropping_a_mount_unmounts_it() {
	let place = Place::new();
	let lower = Arc::new(DirLower::open(&place.lower()).unwrap());
	let mounted = granary_mount::mount(lower, place.options()).unwrap();
	common::alone(|| drop(mounted));
	eventually("unmounting", 5, || !is_mounted(&place.mnt()));
}

#[test]
fn a_slow_read_does_not_hold_up_other_files() {
	let place = Place::new();
	let content = pattern(1, 100_000);
	fs::write(place.lower().join("slow"), &content).unwrap();
	fs::write(place.lower().join("fast"), &content).unwrap();
	let lower = gated(&place);
	let guard = place.mount_over(lower.clone());
	let slow = place.mnt().join("slow");
	let reader = thread::spawn(move || fs::read(slow).unwrap());
	eventually("the slow read", 5, || lower.waiting.load(Ordering::SeqCst) > 0);

	let (answer, answered) = mpsc::channel();
	let mnt = place.mnt();
	thread::spawn(move || {
		let read = fs::read(mnt.join("fast")).unwrap();
		fs::write(mnt.join("new"), b"new").unwrap();
		answer.send((read, fs::read_dir(&mnt).unwrap().count())).unwrap();
	});
	let result = answered.recv_timeout(Duration::from_secs(5));
	lower.set_closed(false);
	assert_eq!(result.expect("the fast file waited for the slow one"), (content.clone(), 3));
	assert_eq!(reader.join().unwrap(), content);
	guard.unmount();
}

#[test]
fn many_slow_reads_do_not_hold_up_other_files() {
	let place = Place::new();
	fs::write(place.lower().join("slow"), pattern(1, 64 << 20)).unwrap();
	fs::write(place.lower().join("fast"), b"fast").unwrap();
	let lower = gated(&place);
	let guard = place.mount_over(lower.clone());
	let readers: Vec<_> = (0..40u64)
		.map(|number| {
			let slow = place.mnt().join("slow");
			thread::spawn(move || {
				let file = File::open(slow).unwrap();
				file.read_exact_at(&mut [0; 100], number << 20).unwrap();
			})
		})
		.collect();
	eventually("slow reads", 5, || lower.waiting.load(Ordering::SeqCst) >= 16);
	thread::sleep(Duration::from_millis(100));

	let (answer, answered) = mpsc::channel();
	let mnt = place.mnt();
	thread::spawn(move || {
		let read = fs::read(mnt.join("fast")).unwrap();
		fs::write(mnt.join("new"), b"new").unwrap();
		answer.send(read).unwrap();
	});
	let result = answered.recv_timeout(Duration::from_secs(5));
	lower.set_closed(false);
	assert_eq!(result.expect("the fast file waited for the slow one"), b"fast");
	for reader in readers {
		reader.join().unwrap();
	}
	guard.unmount();
}

#[test]
fn a_slow_read_does_not_hold_up_other_blocks_of_its_file() {
	let place = Place::new();
	let size = 8 << 20;
	fs::write(place.lower().join("slow"), pattern(1, size)).unwrap();
	let lower = gated(&place);
	let guard = place.mount_over(lower.clone());
	let path = place.mnt().join("slow");
	let file = fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
	// A whole block, which needs nothing from below; the file is in the layer from now on.
	file.write_all_at(&[7; 4096], 0).unwrap();
	let reader = {
		let file = file.try_clone().unwrap();
		thread::spawn(move || file.read_exact_at(&mut [0; 100], 4 << 20).unwrap())
	};
	eventually("the slow read", 5, || lower.waiting.load(Ordering::SeqCst) > 0);

	let (answer, answered) = mpsc::channel();
	thread::spawn(move || {
		file.write_all_at(&[8; 4096], 4096).unwrap();
		drop(file);
		answer.send(()).unwrap();
	});
	let result = answered.recv_timeout(Duration::from_secs(5));
	lower.set_closed(false);
	result.expect("writing a block waited for another one to arrive");
	reader.join().unwrap();
	guard.unmount();
}

#[test]
fn thousands_of_written_files_do_not_use_up_descriptors() {
	let place = Place::new();
	// The process that mounts has the usual limit of 1,024 descriptors.
	let script = "ulimit -n 1024 && exec \"$0\" \"$@\"";
	let child = place.mount_in_child_of(&["sh", "-c", script]);
	for number in 0..1500 {
		fs::write(place.mnt().join(format!("f{number}")), b"x").unwrap();
	}
	drop(child);
	let child = place.mount_in_child_of(&["sh", "-c", script]);
	assert_eq!(fs::read(place.mnt().join("f1499")).unwrap(), b"x");
	drop(child);
}
