//! What a snapshot refers to: all that was stored for it, and nothing else.

#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod support;

use granary_snapshot::{Manifest, ObjectId, ObjectStore};
use std::{collections::HashSet, fs, sync::Arc};
use support::{noise, publish, MemoryStore, CHUNK};

async fn referred(store: &MemoryStore, head: ObjectId) -> HashSet<ObjectId> {
	let mut found = HashSet::new();
	let mut take = |id| {
		found.insert(id);
	};
	Manifest::for_each_object(store, head, &mut take).await.unwrap();
	found
}

fn stored(store: &MemoryStore) -> HashSet<ObjectId> {
	store.objects.lock().unwrap().keys().copied().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_was_stored_for_it_and_nothing_else() {
	let dir = tempfile::tempdir().unwrap();
	// More chunks than a page lists, as many as an entry lists itself, and none at all.
	fs::write(dir.path().join("large"), noise(1, 1100 * CHUNK + 7)).unwrap();
	fs::write(dir.path().join("small"), noise(2, 3 * CHUNK)).unwrap();
	fs::write(dir.path().join("empty"), []).unwrap();
	let store = Arc::new(MemoryStore::default());
	let first = publish(dir.path(), &store).await.unwrap();
	let of_first = referred(&store, first.manifest_id).await;
	assert_eq!(of_first, stored(&store));
	assert!(of_first.len() > 1100 + 3 + 2);

	// Another one shares chunks and pages; what differs is each one's own.
	fs::write(dir.path().join("small"), noise(3, 3 * CHUNK)).unwrap();
	let second = publish(dir.path(), &store).await.unwrap();
	let of_second = referred(&store, second.manifest_id).await;
	assert_eq!(of_first.union(&of_second).copied().collect::<HashSet<_>>(), stored(&store));
	let only_first: Vec<_> = of_first.difference(&of_second).collect();
	assert_eq!(only_first.len(), 3 + 2, "three chunks, a manifest and its head");

	// A trace belongs to it; a manifest that cannot be read is an error and not a short list.
	let mut traced = second.manifest.clone();
	traced.trace = Some([9; 32]);
	let (head, _) = traced.store(store.as_ref()).await.unwrap();
	assert!(referred(&store, head).await.contains(&[9; 32]));
	store.replace(head, None);
	let lost = Manifest::for_each_object(store.as_ref(), head, &mut |_| {}).await;
	assert!(lost.is_err());
	assert!(store.get(second.manifest_id).await.is_ok());
}
