//! One process after another serves a mount that is in use.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod common;

use common::{dir_lower::DirLower, eventually, is_mounted, pattern, Place};
use granary_mount::{Hold, MountOptions};
use rand::{rngs::StdRng, Rng, SeedableRng};
use std::{
	fs::{self, File, OpenOptions},
	io::{Read, Seek, SeekFrom, Write},
	os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt},
	path::Path,
	sync::{
		atomic::{AtomicBool, AtomicU64, Ordering},
		Arc,
	},
	thread,
	time::Duration,
};

const SIZE: usize = 1 << 20;
const HAND_OVERS: usize = 3;

/// Tells the users of a mount when to stop, and counts what they did.
#[derive(Default)]
struct Users {
	stop: AtomicBool,
	done: [AtomicU64; 4],
}

impl Users {
	/// Runs `step` again and again on a thread of its own; an error in it fails the test.
	fn start(
		self: &Arc<Self>,
		place: usize,
		mut step: impl FnMut(u64) + Send + 'static,
	) -> thread::JoinHandle<()> {
		let users = self.clone();
		thread::spawn(move || {
			for number in 0.. {
				if users.stop.load(Ordering::Relaxed) {
					return;
				}
				step(number);
				users.done[place].fetch_add(1, Ordering::Relaxed);
			}
		})
	}

	fn counts(&self) -> Vec<u64> {
		self.done.iter().map(|done| done.load(Ordering::Relaxed)).collect()
	}
}

/// Writes anywhere in a file that stays open, and reads it past the page cache.
fn writer(path: &Path) -> impl FnMut(u64) {
	let mut content = pattern(1, SIZE);
	let flags = libc::O_DIRECT;
	let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
	let mut uncached = OpenOptions::new().read(true).custom_flags(flags).open(path).unwrap();
	let mut rng = StdRng::seed_from_u64(1);
	move |number| {
		let at = rng.gen_range(0..SIZE - 10_000);
		let bytes = pattern(number, rng.gen_range(1..10_000));
		file.write_all_at(&bytes, at as u64).unwrap();
		content[at..at + bytes.len()].copy_from_slice(&bytes);
		if number % 10 == 0 {
			file.sync_data().unwrap();
		}
		let mut found = Vec::new();
		uncached.seek(SeekFrom::Start(0)).unwrap();
		uncached.read_to_end(&mut found).unwrap();
		assert!(found == content, "after write {number}");
	}
}

/// Makes, moves and removes names.
fn namer(mnt: &Path) -> impl FnMut(u64) {
	let mnt = mnt.to_owned();
	move |number| {
		let (made, moved) = (mnt.join(format!("made{number}")), mnt.join(format!("moved{number}")));
		let directory = mnt.join(format!("directory{number}"));
		let mut file = File::create_new(&made).unwrap();
		file.write_all(&pattern(number, 5000)).unwrap();
		fs::rename(&made, &moved).unwrap();
		fs::create_dir(&directory).unwrap();
		fs::hard_link(&moved, directory.join("link")).unwrap();
		std::os::unix::fs::symlink("target", &made).unwrap();
		assert_eq!(fs::read_link(&made).unwrap(), Path::new("target"));
		assert_eq!(fs::read(directory.join("link")).unwrap(), pattern(number, 5000));
		assert_eq!(file.metadata().unwrap().nlink(), 2);
		fs::remove_file(directory.join("link")).unwrap();
		fs::remove_dir(&directory).unwrap();
		fs::remove_file(&moved).unwrap();
		fs::remove_file(&made).unwrap();
	}
}

/// Uses a file that has no name any more.
fn user_of_removed(path: &Path) -> impl FnMut(u64) {
	let file = File::options().read(true).write(true).create_new(true).open(path).unwrap();
	fs::remove_file(path).unwrap();
	move |number| {
		let bytes = pattern(number, 9000);
		file.write_all_at(&bytes, number * 10 % 50_000).unwrap();
		let mut found = vec![0; 9000];
		file.read_exact_at(&mut found, number * 10 % 50_000).unwrap();
		assert!(found == bytes);
	}
}

/// Lists a directory that does not change.
fn lister(directory: &Path) -> impl FnMut(u64) {
	let directory = directory.to_owned();
	move |_| {
		let mut names: Vec<_> =
			fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
		names.sort();
		names.dedup();
		assert_eq!(names.len(), 500);
	}
}

#[test]
fn what_uses_a_mount_sees_no_error_when_processes_that_serve_it_are_killed() {
	let place = Place::new();
	fs::write(place.lower().join("data"), pattern(1, SIZE)).unwrap();
	fs::create_dir(place.lower().join("many")).unwrap();
	for number in 0..500 {
		fs::write(place.lower().join(format!("many/{number}")), b"").unwrap();
	}
	let mut child = place.mount_held_in_child("60");
	let users = Arc::new(Users::default());
	let mnt = place.mnt();
	let threads = [
		users.start(0, writer(&mnt.join("data"))),
		users.start(1, namer(&mnt)),
		users.start(2, user_of_removed(&mnt.join("removed"))),
		users.start(3, lister(&mnt.join("many"))),
	];
	for hand_over in 0..HAND_OVERS {
		let before = users.counts();
		eventually("everybody goes on", 60, || {
			users.counts().iter().zip(&before).all(|(now, before)| *now > before + 3)
		});
		child.kill_and_leave();
		if hand_over == 0 {
			// Nobody serves it for a while.
			thread::sleep(Duration::from_millis(500));
		}
		child = place.mount_held_in_child("60");
	}
	users.stop.store(true, Ordering::Relaxed);
	for thread in threads {
		thread.join().unwrap();
	}
	assert_eq!(fs::read_dir(&mnt).unwrap().count(), 2, "what was made is removed");
	drop(child);
	eventually("the holder ends with the mount", 10, || !place.holder_socket().exists());
	// What had no name is not there any more, and everything else is.
	let child = place.mount_in_child();
	assert_eq!(fs::read_dir(place.thin().join("files")).unwrap().count(), 1);
	drop(child);
}

#[test]
fn a_mount_that_nobody_serves_ends_when_its_holder_has_waited_long_enough() {
	let place = Place::new();
	fs::write(place.lower().join("f"), b"below").unwrap();
	let child = place.mount_held_in_child("1");
	assert_eq!(fs::read(place.mnt().join("f")).unwrap(), b"below");
	child.kill_and_leave();
	assert!(is_mounted(&place.mnt()));
	let error = fs::metadata(place.mnt().join("other")).unwrap_err();
	assert!([Some(libc::ENOTCONN), Some(libc::ECONNABORTED)].contains(&error.raw_os_error()));
	assert!(!granary_mount::is_held(&place.holder_socket()));
	assert!(granary_mount::clear_stale(&place.mnt()).unwrap());
	let child = place.mount_held_in_child("1");
	assert_eq!(fs::read(place.mnt().join("f")).unwrap(), b"below");
	drop(child);
}

#[test]
fn a_process_that_waits_goes_on_when_the_one_before_ends() {
	let place = Place::new();
	fs::write(place.lower().join("f"), b"below").unwrap();
	let first = place.mount_held_in_child("60");
	// Those who only look, and go away, take nobody's place.
	for _ in 0..100 {
		assert!(granary_mount::is_held(&place.holder_socket()));
	}
	thread::scope(|scope| {
		let second = scope.spawn(|| place.mount_held_in_child("60"));
		thread::sleep(Duration::from_millis(500));
		assert!(!second.is_finished(), "it waits");
		assert!(granary_mount::is_held(&place.holder_socket()));
		fs::write(place.mnt().join("new"), b"written").unwrap();
		first.kill_and_leave();
		assert_eq!(fs::read(place.mnt().join("new")).unwrap(), b"written");
		assert_eq!(fs::read(place.mnt().join("f")).unwrap(), b"below");
		drop(second.join().unwrap());
	});
}

#[test]
fn a_mount_that_is_served_is_taken_only_on_demand_and_only_where_it_is() {
	let place = Place::new();
	fs::create_dir(place.path("elsewhere")).unwrap();
	let refusal = |mount_point, take_over| {
		let hold = Hold { socket: place.holder_socket(), command: Vec::new(), take_over };
		let options = MountOptions { mount_point, hold: Some(hold), ..place.options() };
		let lower = Arc::new(DirLower::open(&place.lower()).unwrap());
		granary_mount::mount(lower, options).map(drop).unwrap_err().to_string()
	};
	let child = place.mount_held_in_child("60");
	let text = refusal(place.mnt(), Duration::ZERO);
	assert!(text.contains("another process serves it"), "{text}");
	child.kill_and_leave();
	let text = refusal(place.path("elsewhere"), Duration::ZERO);
	assert!(text.contains(&format!("is mounted on {}", place.mnt().display())), "{text}");
}
