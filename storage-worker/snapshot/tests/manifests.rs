//! Manifests as objects: what is stored is loaded, what was tampered with is not.

#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod support;

use granary_snapshot::{
	ChainInfo, ChunkTable, Entry, EntryKind, Manifest, ManifestWriter, ObjectStore, SnapshotError,
};
use proptest::{collection, option, prelude::*};
use std::collections::BTreeMap;
use support::MemoryStore;

fn run<T>(work: impl std::future::Future<Output = T>) -> T {
	tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(work)
}

fn root() -> Entry {
	let kind = EntryKind::Directory;
	Entry { path: Vec::new(), kind, mode: 0o755, uid: 0, gid: 0, mtime_ns: 0 }
}

fn kinds(chunk_bytes: u64) -> impl Strategy<Value = EntryKind> {
	let file = (0..3000 * chunk_bytes).prop_flat_map(move |size| {
		let count = size.div_ceil(chunk_bytes) as usize;
		let listed = if count > 16 { count.div_ceil(1024) } else { count };
		collection::vec(option::of(any::<[u8; 32]>()), listed).prop_map(move |ids| {
			let chunks = if count > 16 { ChunkTable::Pages(ids) } else { ChunkTable::Inline(ids) };
			EntryKind::File { size, chunk_bytes: chunk_bytes as u32, chunks }
		})
	});
	let link = collection::vec(1u8.., 1..60).prop_map(|target| EntryKind::Symlink { target });
	prop_oneof![Just(EntryKind::Directory), file, link]
}

/// Any valid manifest: entries in some of the directories before them.
fn manifests() -> impl Strategy<Value = Manifest> {
	let name = "[a-z.\u{e4} ]{1,12}".prop_filter("a name", |name| name != "." && name != "..");
	let entry = (name, kinds(4096), any::<(u32, u32, u32, i64)>(), any::<prop::sample::Index>());
	let chain = (any::<(String, [u8; 32], u64, [u8; 32], String)>()).prop_map(
		|(chain_id, genesis, best_number, best_hash, software)| ChainInfo {
			chain_id,
			genesis,
			best_number,
			best_hash,
			software,
			..ChainInfo::default()
		},
	);
	(any::<(String, u64)>(), option::of(chain), collection::vec(entry, 0..30)).prop_map(
		|((name, created_unix_ms), chain, drawn)| {
			let mut directories = vec![Vec::new()];
			let mut entries = BTreeMap::from([(Vec::new(), root())]);
			for (name, kind, (mode, uid, gid, mtime_ns), at) in drawn {
				let mut path: Vec<u8> = directories[at.index(directories.len())].clone();
				if !path.is_empty() {
					path.push(b'/');
				}
				path.extend(name.as_bytes());
				if entries.contains_key(&path) {
					continue;
				}
				if kind == EntryKind::Directory {
					directories.push(path.clone());
				}
				entries.insert(path.clone(), Entry { path, kind, mode, uid, gid, mtime_ns });
			}
			let entries = entries.into_values().collect();
			Manifest { name, created_unix_ms, parent: None, trace: Some([3; 32]), chain, entries }
		},
	)
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(128))]

	#[test]
	fn what_is_stored_is_loaded(manifest in manifests()) {
		let store = MemoryStore::default();
		let (head, stored) = run(manifest.store(&store)).unwrap();
		prop_assert!(stored > 0);
		prop_assert_eq!(run(Manifest::load(&store, head)).unwrap(), manifest);
	}

	#[test]
	fn bytes_that_are_no_manifest_are_refused_without_harm(
		manifest in manifests(),
		bytes in collection::vec(any::<u8>(), 0..300),
		at in any::<prop::sample::Index>(),
	) {
		let store = MemoryStore::default();
		let (head, _) = run(manifest.store(&store)).unwrap();
		let good = run(store.get(head)).unwrap();
		prop_assert!(run(Manifest::load(&store, store.object_id(b"absent"))).is_err());
		store.replace(head, Some(bytes));
		prop_assert!(run(Manifest::load(&store, head)).is_err());
		// A head cut anywhere.
		store.replace(head, Some(good[..at.index(good.len())].to_vec()));
		prop_assert!(run(Manifest::load(&store, head)).is_err());
		store.replace(head, Some([good, vec![0]].concat()));
		prop_assert!(run(Manifest::load(&store, head)).is_err());
	}
}

/// A manifest of 2,000 files, which takes five segments.
fn large() -> Manifest {
	let mut entries = vec![root()];
	for number in 0..2000u32 {
		let chunks = ChunkTable::Inline(vec![Some([number as u8; 32]); 16]);
		let kind = EntryKind::File { size: 16 * 4096, chunk_bytes: 4096, chunks };
		entries.push(Entry { path: format!("file-{number:04}").into_bytes(), kind, ..root() });
	}
	Manifest {
		name: "large".to_owned(),
		created_unix_ms: 1,
		parent: None,
		trace: None,
		chain: None,
		entries,
	}
}

#[test]
fn segments_that_are_cut_otherwise_are_refused() {
	let store = MemoryStore::default();
	let (head, _) = run(large().store(&store)).unwrap();
	let object = |id: [u8; 32]| store.objects.lock().unwrap()[&id].clone();
	let good = object(head);
	// Version u8, length u64, and how many segments: four times as much in a SCALE compact.
	let ids_at = 1 + 8 + 1;
	assert_eq!((good[9], good.len()), (5 << 2, ids_at + 5 * 32));
	let first: [u8; 32] = good[ids_at..ids_at + 32].try_into().unwrap();
	let content = object(first);
	// The same bytes in six segments.
	let (front, back) = content.split_at(1000);
	let mut other = good.clone();
	other[9] = 6 << 2;
	other.splice(ids_at..ids_at + 32, [[1; 32], [2; 32]].concat());
	store.replace([1; 32], Some(front.to_vec()));
	store.replace([2; 32], Some(back.to_vec()));
	store.replace(head, Some(other));
	assert!(run(Manifest::load(&store, head)).is_err());
	// A segment of more than a segment has is not believed either, whatever the head says.
	store.replace(head, Some(good));
	store.replace(first, Some([content.as_slice(), &[0; 4 << 20]].concat()));
	assert!(run(Manifest::load(&store, head)).is_err());
	store.replace(first, Some(content));
	assert!(run(Manifest::load(&store, head)).is_ok());
}

#[test]
fn a_manifest_of_many_segments_is_loaded_whole() {
	let manifest = large();
	let store = MemoryStore::default();
	let (head, _) = run(manifest.store(&store)).unwrap();
	assert_eq!(store.len(), 5 + 1, "segments of at most 256 KiB, and the head");
	assert!(*store.largest_batch.lock().unwrap() <= 256 << 10);
	assert_eq!(run(Manifest::load(&store, head)).unwrap(), manifest);
}

#[test]
fn another_version_and_bad_trees_are_refused_on_load() {
	let store = MemoryStore::default();
	let manifest = Manifest {
		name: String::new(),
		created_unix_ms: 0,
		parent: None,
		trace: None,
		chain: None,
		entries: vec![root()],
	};
	let (head, _) = run(manifest.store(&store)).unwrap();
	let mut newer = run(store.get(head)).unwrap();
	newer[0] = 9;
	store.replace(head, Some(newer));
	let error = run(Manifest::load(&store, head)).unwrap_err().to_string();
	assert!(error.contains("another version"), "{error}");

	let mut climbing = manifest;
	climbing.entries.push(Entry { path: b"../etc".to_vec(), ..root() });
	let error = run(climbing.store(&store)).unwrap_err();
	assert!(matches!(error, SnapshotError::BadManifest(_)), "{error}");
}

#[test]
fn a_file_of_many_chunks_is_listed_in_pages_and_mounting_reads_none() {
	let store = MemoryStore::default();
	run(async {
		let mut writer = ManifestWriter::new(&store);
		let ids: Vec<_> = (0..200_000u32)
			.map(|number| {
				let mut id = [7; 32];
				id[..4].copy_from_slice(&number.to_le_bytes());
				(number % 1000 < 900 && !(5 * 1024..7 * 1024).contains(&number)).then_some(id)
			})
			.collect();
		let chunks = writer.table(ids.clone()).await.unwrap();
		let kind = EntryKind::File { size: 200_000 * 4096, chunk_bytes: 4096, chunks };
		let file = Entry { path: b"table".to_vec(), kind, ..root() };
		let manifest = Manifest {
			name: "large".to_owned(),
			created_unix_ms: 1,
			parent: None,
			trace: None,
			chain: None,
			entries: vec![root(), file],
		};
		let (head, written) = writer.finish(&manifest).await.unwrap();
		assert!(written.stored_bytes > 5 << 20);
		let loaded = Manifest::load(&store, head).await.unwrap();
		let read: u64 =
			store.gets().keys().map(|id| store.objects.lock().unwrap()[id].len() as u64).sum();
		assert!(read < 8 << 10, "{read} bytes of {}", written.stored_bytes);
		assert_eq!(loaded.chunk_ids(&store, 1).await.unwrap(), ids);
	});
}
