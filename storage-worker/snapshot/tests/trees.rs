//! From a directory to a snapshot and back.

#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod support;

use granary_snapshot::{
	materialise, verify, Created, KnownFiles, Manifest, ObjectStore, Progress, SnapshotError,
};
use std::{
	fs::{self, File, Permissions},
	os::unix::{
		fs::{symlink, MetadataExt, PermissionsExt},
		net::UnixListener,
	},
	path::{Path, PathBuf},
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
	time::{Duration, UNIX_EPOCH},
};
use support::{blocking, chunks, noise, publish, publish_knowing, reader, MemoryStore, CHUNK};

/// A tree with everything that a base path may hold.
fn tree(root: &Path) {
	fs::create_dir_all(root.join("chains/x/db/full")).unwrap();
	fs::create_dir(root.join("empty directory")).unwrap();
	fs::write(root.join("empty"), b"").unwrap();
	fs::write(root.join("chains/x/db/full/table"), noise(1, 10 * CHUNK + 17)).unwrap();
	fs::write(root.join("chains/x/db/full/same"), noise(1, 10 * CHUNK + 17)).unwrap();
	let holes = File::create(root.join("chains/x/db/holes")).unwrap();
	holes.set_len(100 * CHUNK as u64 + 5).unwrap();
	std::os::unix::fs::FileExt::write_all_at(&holes, b"island", 50 * CHUNK as u64 + 9).unwrap();
	symlink("full/table", root.join("chains/x/db/link")).unwrap();
	symlink("/nowhere/at all", root.join("dangling")).unwrap();
	fs::write(root.join("tool"), b"#!/bin/sh\n").unwrap();
	fs::set_permissions(root.join("tool"), Permissions::from_mode(0o751)).unwrap();
	fs::set_permissions(root.join("empty directory"), Permissions::from_mode(0o700)).unwrap();
	let old = File::open(root.join("chains/x/db/full/table")).unwrap();
	old.set_modified(UNIX_EPOCH + Duration::new(1_000_000_000, 123_456_789)).unwrap();
}

/// Everything that can be seen of a tree: path, mode, time, content or target.
fn seen(root: &Path) -> Vec<(PathBuf, u32, i64, i64, Vec<u8>)> {
	let mut found = Vec::new();
	let mut stack = vec![root.to_owned()];
	while let Some(path) = stack.pop() {
		let metadata = fs::symlink_metadata(&path).unwrap();
		let content = if metadata.is_dir() {
			stack.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
			b"directory".to_vec()
		} else if metadata.is_symlink() {
			fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
		} else {
			fs::read(&path).unwrap()
		};
		// The time of a link itself is not kept.
		let (seconds, nanos) = match metadata.is_symlink() {
			true => (0, 0),
			false => (metadata.mtime(), metadata.mtime_nsec()),
		};
		let relative = path.strip_prefix(root).unwrap().to_owned();
		found.push((relative, metadata.mode(), seconds, nanos, content));
	}
	found.sort();
	found
}

#[derive(Default)]
struct Watched(AtomicU64, AtomicU64);

impl Progress for Watched {
	fn set_total(&self, bytes: u64) {
		self.0.store(bytes, Ordering::Relaxed);
	}

	fn advance(&self, bytes: u64) {
		self.1.fetch_add(bytes, Ordering::Relaxed);
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_out_equals_the_source() {
	let dir = tempfile::tempdir().unwrap();
	let source = dir.path().join("source");
	tree(&source);
	let store = Arc::new(MemoryStore::default());
	let created = publish(&source, &store).await.unwrap();
	assert!(created.excluded.is_empty());
	assert_eq!(created.total_bytes, 2 * (10 * CHUNK + 17) as u64 + 100 * CHUNK as u64 + 5 + 10);
	assert_eq!((created.written.chunks, created.written.holes), (11 + 11 + 1 + 1, 100));
	// Equal files share their chunks; then the island and the page that lists it, the tool, one segment and the head.
	assert_eq!(store.len(), 11 + 2 + 1 + 2);

	let manifest = Manifest::load(store.as_ref(), created.manifest_id).await.unwrap();
	assert_eq!(manifest, created.manifest);
	let reader = reader(&manifest, &store, &dir.path().join("cache"));
	let target = dir.path().join("target");
	let (to, watched) = (target.clone(), Arc::new(Watched::default()));
	let watching = watched.clone();
	blocking(move || materialise(&reader, &to, watching.as_ref())).await.unwrap();
	assert_eq!(seen(&target), seen(&source));
	assert_eq!(watched.0.load(Ordering::Relaxed), created.total_bytes);
	assert_eq!(watched.1.load(Ordering::Relaxed), created.total_bytes);
	let holes = fs::metadata(target.join("chains/x/db/holes")).unwrap();
	assert!(holes.blocks() * 512 < 60 * CHUNK as u64, "{} blocks", holes.blocks());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_holds_something_is_left_alone_and_a_failure_leaves_nothing() {
	let dir = tempfile::tempdir().unwrap();
	let source = dir.path().join("source");
	tree(&source);
	let store = Arc::new(MemoryStore::default());
	let created = publish(&source, &store).await.unwrap();
	let reader = reader(&created.manifest, &store, &dir.path().join("cache"));

	let full = dir.path().join("full");
	fs::create_dir(&full).unwrap();
	fs::write(full.join("mine"), b"mine").unwrap();
	let (of, to) = (reader.clone(), full.clone());
	let error = blocking(move || materialise(&of, &to, &())).await.unwrap_err();
	assert!(matches!(error, SnapshotError::TargetNotEmpty { .. }), "{error}");
	assert_eq!(fs::read(full.join("mine")).unwrap(), b"mine");

	let tool = chunks(&created.manifest, &store, "tool").await;
	store.replace(tool[0].unwrap(), None);
	let to = dir.path().join("target");
	let error = blocking(move || materialise(&reader, &to, &())).await.unwrap_err();
	assert!(error.to_string().contains("tool"), "{error}");
	let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
	assert_eq!(left.len(), 3, "source, cache and full: {left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_never_reach_the_store() {
	let dir = tempfile::tempdir().unwrap();
	let source = dir.path().join("base");
	tree(&source);
	const SECRET: &[u8] = b"never to be seen by anybody";
	for path in [
		"chains/x/keystore/62616265",
		"chains/x/network/secret_ed25519",
		"chains/x/network/deep/er",
		"relay/chains/y/keystore/a",
		"moved/secret_ed25519",
	] {
		let path = source.join(path);
		fs::create_dir_all(path.parent().unwrap()).unwrap();
		fs::write(path, SECRET).unwrap();
	}
	fs::write(source.join("chains/x/db/full/lock"), b"").unwrap();
	let _socket = UnixListener::bind(source.join("rpc.sock")).unwrap();
	let store = Arc::new(MemoryStore::default());
	let created = publish(&source, &store).await.unwrap();
	let mut excluded: Vec<&str> =
		created.excluded.iter().map(|path| path.to_str().unwrap()).collect();
	excluded.sort_unstable();
	assert_eq!(
		excluded,
		[
			"chains/x/db/full/lock",
			"chains/x/keystore",
			"chains/x/network",
			"moved/secret_ed25519",
			"relay/chains/y/keystore",
			"rpc.sock",
		]
	);
	assert!(!store.contains_bytes(SECRET));
	assert!(!store.contains_bytes(b"62616265"), "not even their names");
	assert!(store.contains_bytes(b"#!/bin/sh"), "the search finds what is there");
}

/// Publishes a tree while `change` runs after the first batch was stored.
async fn publish_while(change: impl Fn(&Path) + Send + Sync + 'static) -> SnapshotError {
	let dir = tempfile::tempdir().unwrap();
	let source = dir.path().join("source");
	fs::create_dir(&source).unwrap();
	fs::write(source.join("a"), noise(1, 5000)).unwrap();
	fs::write(source.join("b"), vec![7; 20 << 20]).unwrap();
	fs::write(source.join("c"), noise(3, 5000)).unwrap();
	let root = source.clone();
	let once = std::sync::Once::new();
	let on_put: Box<dyn Fn() + Send + Sync> = Box::new(move || once.call_once(|| change(&root)));
	let store = Arc::new(MemoryStore { on_put: Some(on_put), ..MemoryStore::default() });
	let error = publish(&source, &store).await.unwrap_err();
	assert!(*store.largest_batch.lock().unwrap() < 17 << 20, "memory is bounded");
	error
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_that_changes_while_it_is_read_is_refused() {
	type Change = fn(&Path);
	let changes: [(&str, Change); 6] = [
		("/a", |root| fs::write(root.join("a"), noise(9, 5000)).unwrap()),
		("/b", |root| {
			File::options().write(true).open(root.join("b")).unwrap().set_len(5).unwrap()
		}),
		("/c", |root| fs::write(root.join("c"), noise(9, 5001)).unwrap()),
		("/c", |root| fs::write(root.join("c"), b"").unwrap()),
		("/a", |root| fs::remove_file(root.join("a")).unwrap()),
		("/source", |root| fs::write(root.join("new"), b"new").unwrap()),
	];
	for (name, change) in changes {
		let error = publish_while(change).await;
		match &error {
			SnapshotError::Changed { path } => {
				// The directory changes with the names in it.
				let shown = path.display().to_string();
				assert!(shown.ends_with(name) || shown.ends_with("/source"), "{name}: {shown}");
			},
			other => panic!("{name}: {other:?}"),
		}
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn verification_names_what_is_lost_or_wrong() {
	let dir = tempfile::tempdir().unwrap();
	let source = dir.path().join("source");
	tree(&source);
	let store = Arc::new(MemoryStore::default());
	let created = publish(&source, &store).await.unwrap();
	let manifest = Arc::new(created.manifest);
	let report = verify(store.clone(), manifest.clone(), &()).await.unwrap();
	assert_eq!((report.chunks, report.damaged.len()), (13, 0));

	let table = chunks(&manifest, &store, "chains/x/db/full/table").await;
	let (lost, wrong) = (table[0].unwrap(), table[1].unwrap());
	store.replace(lost, None);
	let mut bytes = store.get(wrong).await.unwrap();
	bytes[77] ^= 1;
	store.replace(wrong, Some(bytes));
	let report = verify(store, manifest, &()).await.unwrap();
	let mut damaged = report.damaged;
	damaged.sort_unstable();
	let mut expected = vec![lost, wrong];
	expected.sort_unstable();
	assert_eq!((report.chunks, damaged), (13, expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_snapshot_stores_only_what_changed() {
	let dir = tempfile::tempdir().unwrap();
	let source = dir.path().join("source");
	fs::create_dir(&source).unwrap();
	fs::write(source.join("table"), noise(1, 200 * CHUNK)).unwrap();
	let store = Arc::new(MemoryStore::default());
	let first = publish(&source, &store).await.unwrap();
	assert!(first.written.stored_bytes >= 200 * CHUNK as u64);
	let table = File::options().write(true).open(source.join("table")).unwrap();
	std::os::unix::fs::FileExt::write_all_at(&table, b"changed", 77 * CHUNK as u64).unwrap();
	let objects = store.len();
	let second = publish(&source, &store).await.unwrap();
	assert_eq!(store.len() - objects, 1 + 3, "a chunk, its page, a segment and the head");
	assert!(second.written.stored_bytes < 5 * CHUNK as u64, "{}", second.written.stored_bytes);
	assert_ne!(first.manifest_id, second.manifest_id);
}

#[tokio::test]
async fn files_that_an_earlier_publish_knows_are_not_read_again() {
	let (dir, store) = (tempfile::tempdir().unwrap(), Arc::new(MemoryStore::default()));
	let large = noise(1, 40 * CHUNK);
	fs::create_dir(dir.path().join("below")).unwrap();
	fs::write(dir.path().join("below/large"), &large).unwrap();
	fs::write(dir.path().join("zeros"), vec![0; 3 * CHUNK]).unwrap();
	fs::write(dir.path().join("small"), noise(2, 2 * CHUNK)).unwrap();
	// What was written just now is not remembered.
	tokio::time::sleep(Duration::from_millis(200)).await;
	let first = publish(dir.path(), &store).await.unwrap();
	assert_eq!((first.known.len(), first.unread_bytes), (3, 0));

	let known = KnownFiles::from_bytes(&first.known.to_bytes()).unwrap();
	let second = publish_knowing(dir.path(), &store, known).await.unwrap();
	assert_eq!(second.manifest.entries, first.manifest.entries);
	assert_eq!(second.known, first.known);
	assert_eq!(second.unread_bytes, 45 * CHUNK as u64);
	let counts = |created: &Created| (created.written.chunks, created.written.holes);
	assert_eq!(counts(&second), counts(&first));
	// The new manifest alone was stored.
	assert!(second.written.stored_bytes < CHUNK as u64, "{:?}", second.written);

	fs::write(dir.path().join("small"), noise(3, 2 * CHUNK)).unwrap();
	fs::write(dir.path().join("more"), noise(4, CHUNK)).unwrap();
	fs::remove_file(dir.path().join("zeros")).unwrap();
	let third = publish_knowing(dir.path(), &store, second.known).await.unwrap();
	assert_eq!(third.unread_bytes, 40 * CHUNK as u64);
	let plain = publish(dir.path(), &store).await.unwrap();
	assert_eq!(third.manifest.entries, plain.manifest.entries);
}
