//! Writing above a tree that must not change, block by block.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod common;

use common::{pattern, read_uncached, spawn, Place};
use std::{
	fs::{self, File, OpenOptions},
	os::unix::fs::{FileExt, MetadataExt, PermissionsExt},
	process::Command,
	time::{Duration, UNIX_EPOCH},
};

const BLOCK: usize = 4096;

fn open_rw(path: impl AsRef<std::path::Path>) -> File {
	OpenOptions::new().read(true).write(true).open(path).unwrap()
}

#[test]
fn a_small_write_copies_one_block_and_leaves_the_tree_below_alone() {
	let place = Place::new();
	let before = pattern(1, 64 * BLOCK + 100);
	fs::write(place.lower().join("db"), &before).unwrap();
	let guard = place.mount();
	let path = place.mnt().join("db");
	assert_eq!(read_uncached(&path).unwrap(), before);

	open_rw(&path).write_all_at(b"changed", 10 * BLOCK as u64 + 5).unwrap();
	assert_eq!(guard.get().stats().copied_up_blocks, 1);
	// A whole block needs nothing from below.
	open_rw(&path).write_all_at(&[9; BLOCK], 20 * BLOCK as u64).unwrap();
	assert_eq!(guard.get().stats().copied_up_blocks, 1);
	// Across a border: two blocks.
	open_rw(&path).write_all_at(&[8; 100], 31 * BLOCK as u64 - 50).unwrap();
	assert_eq!(guard.get().stats().copied_up_blocks, 3);

	let mut expected = before.clone();
	expected[10 * BLOCK + 5..][..7].copy_from_slice(b"changed");
	expected[20 * BLOCK..][..BLOCK].fill(9);
	expected[31 * BLOCK - 50..][..100].fill(8);
	assert_eq!(read_uncached(&path).unwrap(), expected);
	assert_eq!(fs::read(&path).unwrap(), expected);
	guard.unmount();

	let guard = place.mount();
	assert_eq!(read_uncached(&path).unwrap(), expected);
	assert_eq!(fs::read(place.lower().join("db")).unwrap(), before);
	let data: u64 = fs::read_dir(place.thin().join("files"))
		.unwrap()
		.map(|file| file.unwrap().metadata().unwrap().blocks() * 512)
		.sum();
	assert!(data <= 8 * BLOCK as u64, "{data} bytes are stored for four written blocks");
	guard.unmount();
}

#[test]
fn bytes_that_were_cut_do_not_come_back() {
	let place = Place::new();
	let before = pattern(2, 10 * BLOCK);
	for (name, keep) in [("a", 0), ("b", 5000), ("c", 2 * BLOCK), ("d", 10 * BLOCK - 1)] {
		fs::write(place.lower().join(name), &before).unwrap();
		let guard = place.mount();
		let path = place.mnt().join(name);
		let file = open_rw(&path);
		file.set_len(keep as u64).unwrap();
		file.set_len(before.len() as u64 + 3000).unwrap();
		let mut expected = before[..keep].to_vec();
		expected.resize(before.len() + 3000, 0);
		assert_eq!(read_uncached(&path).unwrap(), expected, "{name}");
		// A small write into the block of the cut copies nothing from behind it.
		file.write_all_at(b"x", keep as u64 + 40).unwrap();
		expected[keep + 40] = b'x';
		assert_eq!(read_uncached(&path).unwrap(), expected, "{name} after a write");
		drop(file);
		guard.unmount();
		let guard = place.mount();
		assert_eq!(read_uncached(&path).unwrap(), expected, "{name} after a remount");
		guard.unmount();
	}
}

#[test]
fn writing_behind_the_end_leaves_zeros_between() {
	let place = Place::new();
	let before = pattern(3, BLOCK + 10);
	fs::write(place.lower().join("f"), &before).unwrap();
	let guard = place.mount();
	let path = place.mnt().join("f");
	open_rw(&path).write_all_at(b"end", 5 * BLOCK as u64 + 1).unwrap();
	let mut expected = before;
	expected.resize(5 * BLOCK + 1, 0);
	expected.extend_from_slice(b"end");
	assert_eq!(read_uncached(&path).unwrap(), expected);
	guard.unmount();
	let guard = place.mount();
	assert_eq!(read_uncached(&path).unwrap(), expected);
	guard.unmount();
}

#[test]
fn preallocation_keeps_bytes_and_adds_zeros() {
	let place = Place::new();
	let before = pattern(4, 3 * BLOCK + 7);
	fs::write(place.lower().join("f"), &before).unwrap();
	let guard = place.mount();
	let path = place.mnt().join("f");
	let file = open_rw(&path);
	let flags = rustix::fs::FallocateFlags::empty();
	rustix::fs::fallocate(&file, flags, 0, 8 * BLOCK as u64).unwrap();
	let mut expected = before;
	expected.resize(8 * BLOCK, 0);
	assert_eq!(read_uncached(&path).unwrap(), expected);
	// A shorter one cuts nothing.
	rustix::fs::fallocate(&file, flags, 0, 100).unwrap();
	assert_eq!(read_uncached(&path).unwrap(), expected);
	drop(file);
	guard.unmount();
}

#[test]
fn shared_memory_maps_and_writes_see_each_other() {
	let place = Place::new();
	let before = pattern(5, 8 * BLOCK);
	fs::write(place.lower().join("index"), &before).unwrap();
	let guard = place.mount();
	let path = place.mnt().join("index");
	let script = r#"
import mmap, os, sys
f = os.open(sys.argv[1], os.O_RDWR)
m = mmap.mmap(f, 0, mmap.MAP_SHARED)
m[100:105] = b"mmaps"
assert os.pread(f, 5, 100) == b"mmaps", "a read must see the map"
os.pwrite(f, b"write", 3 * 4096 + 9)
assert m[3*4096+9:3*4096+14] == b"write", "the map must see a write"
m[5*4096:6*4096] = b"z" * 4096
m.flush()
os.ftruncate(f, 12 * 4096)
n = mmap.mmap(f, 0, mmap.MAP_SHARED)
n[11*4096:11*4096+4] = b"last"
n.flush()
"#;
	let status = spawn(Command::new("python3").arg("-c").arg(script).arg(&path)).wait().unwrap();
	assert!(status.success());
	let mut expected = before;
	expected.resize(12 * BLOCK, 0);
	expected[100..105].copy_from_slice(b"mmaps");
	expected[3 * BLOCK + 9..][..5].copy_from_slice(b"write");
	expected[5 * BLOCK..6 * BLOCK].fill(b'z');
	expected[11 * BLOCK..][..4].copy_from_slice(b"last");
	assert_eq!(read_uncached(&path).unwrap(), expected);
	guard.unmount();
	let guard = place.mount();
	assert_eq!(read_uncached(&path).unwrap(), expected);
	guard.unmount();
}

#[test]
fn a_file_that_grows_keeps_its_pages_in_the_kernel() {
	let place = Place::new();
	let mut expected = pattern(7, 64 * BLOCK);
	fs::write(place.lower().join("table"), &expected).unwrap();
	let guard = place.mount();
	let path = place.mnt().join("table");
	let file = open_rw(&path);
	assert_eq!(fs::read(&path).unwrap(), expected);
	let read = guard.get().stats().lower_bytes_read;
	assert!(read >= expected.len() as u64);
	// A page, as databases grow, and by more than anybody is about to write; the last length is in the middle of a page.
	for by in [BLOCK, 256 << 10, 3 << 20, 100] {
		expected.resize(expected.len() + by, 0);
		file.set_len(expected.len() as u64).unwrap();
		assert_eq!(fs::read(&path).unwrap(), expected, "longer by {by}");
		assert_eq!(guard.get().stats().lower_bytes_read, read, "read anew when longer by {by}");
	}
	expected.resize(expected.len() + BLOCK, 0);
	file.set_len(expected.len() as u64).unwrap();
	assert_eq!(fs::read(&path).unwrap(), expected);
	drop(file);
	assert_eq!(read_uncached(&path).unwrap(), expected);
	guard.unmount();
	let guard = place.mount();
	assert_eq!(read_uncached(&path).unwrap(), expected);
	guard.unmount();
}

#[test]
fn an_unlinked_file_lives_until_it_is_closed() {
	let place = Place::new();
	fs::write(place.lower().join("old"), pattern(6, 3 * BLOCK)).unwrap();
	let guard = place.mount();
	let old = open_rw(place.mnt().join("old"));
	fs::write(place.mnt().join("new"), b"fresh").unwrap();
	let new = open_rw(place.mnt().join("new"));
	fs::remove_file(place.mnt().join("old")).unwrap();
	fs::rename(place.mnt().join("new"), place.mnt().join("moved")).unwrap();
	fs::remove_file(place.mnt().join("moved")).unwrap();
	old.write_all_at(b"still", 2 * BLOCK as u64).unwrap();
	new.write_all_at(b"here", 5).unwrap();
	let mut bytes = [0; 5];
	old.read_exact_at(&mut bytes, 2 * BLOCK as u64).unwrap();
	assert_eq!(&bytes, b"still");
	let mut bytes = [0; 9];
	new.read_exact_at(&mut bytes, 0).unwrap();
	assert_eq!(&bytes, b"freshhere");
	drop((old, new));
	assert_eq!(fs::read_dir(place.mnt()).unwrap().count(), 0);
	guard.unmount();
	let guard = place.mount();
	assert_eq!(fs::read_dir(place.mnt()).unwrap().count(), 0);
	let left = fs::read_dir(place.thin().join("files")).unwrap().count();
	assert_eq!(left, 0, "the layer keeps nothing of removed files");
	guard.unmount();
}

#[test]
fn attributes_and_inode_numbers_survive_a_remount() {
	let place = Place::new();
	fs::create_dir(place.lower().join("dir")).unwrap();
	fs::write(place.lower().join("dir/below"), b"below").unwrap();
	let when = UNIX_EPOCH + Duration::new(1_500_000_000, 123_456_789);
	let guard = place.mount();
	let mnt = place.mnt();
	fs::write(mnt.join("dir/above"), b"above").unwrap();
	std::os::unix::fs::symlink("dir/above", mnt.join("link")).unwrap();
	for name in ["dir/below", "dir/above"] {
		fs::set_permissions(mnt.join(name), fs::Permissions::from_mode(0o640)).unwrap();
		std::os::unix::fs::chown(mnt.join(name), Some(12), Some(34)).unwrap();
		File::open(mnt.join(name)).unwrap().set_modified(when).unwrap();
	}
	fs::rename(mnt.join("dir"), mnt.join("moved")).unwrap();
	let facts = || {
		["moved/below", "moved/above", "moved", "link"].map(|name| {
			let m = fs::symlink_metadata(mnt.join(name)).unwrap();
			(m.ino(), m.mode(), m.uid(), m.gid(), m.len())
		})
	};
	let before = facts();
	guard.unmount();
	let guard = place.mount();
	assert_eq!(facts(), before);
	for name in ["moved/below", "moved/above"] {
		let metadata = fs::metadata(mnt.join(name)).unwrap();
		assert_eq!(metadata.mode() & 0o7777, 0o640);
		assert_eq!((metadata.uid(), metadata.gid()), (12, 34));
		assert_eq!(metadata.modified().unwrap(), when, "{name}");
	}
	assert_eq!(fs::read_link(mnt.join("link")).unwrap().to_str(), Some("dir/above"));
	guard.unmount();
}

#[test]
fn locks_and_missing_features_answer_as_expected() {
	let place = Place::new();
	fs::write(place.lower().join("f"), b"1").unwrap();
	let guard = place.mount();
	let path = place.mnt().join("f");
	let (first, second) = (open_rw(&path), open_rw(&path));
	first.try_lock().unwrap();
	assert!(matches!(second.try_lock(), Err(fs::TryLockError::WouldBlock)));
	first.unlock().unwrap();
	second.try_lock().unwrap();
	let error = rustix::fs::mknodat(
		rustix::fs::CWD,
		place.mnt().join("p"),
		rustix::fs::FileType::Fifo,
		0o600.into(),
		0,
	)
	.unwrap_err();
	assert_eq!(error.raw_os_error(), libc::EPERM, "a database needs neither devices nor pipes");
	let statistics = rustix::fs::statvfs(place.mnt()).unwrap();
	let layer = rustix::fs::statvfs(place.thin()).unwrap();
	assert_eq!((statistics.f_blocks, statistics.f_frsize), (layer.f_blocks, layer.f_frsize));
	drop((first, second));
	guard.unmount();
}
