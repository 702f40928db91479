//! Sealed archives over real zdb processes: stored, read, damaged, with nodes lost, healed.

#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod support;

use granary_dispersal::{
	ArchiveHealing, ArchiveId, Check, Dataset, DatasetKey, DispersalError, Healing, SealReport,
};
use std::{collections::HashSet, sync::Mutex};
use support::{audited, fresh, noise, open, Grid, NAMESPACE};
use tempfile::tempdir;

#[test]
fn backend_process() {
	support::serve_from_environment();
}

const LEAF: usize = 512;

fn quiet(_: &'static str, _: u64, _: u64) {}

/// Some objects of noise, so many.
fn objects(seed: u64, count: u64) -> Vec<Vec<u8>> {
	(0..count).map(|at| noise(seed + at, 300_000)).collect()
}

async fn seal(dataset: &Dataset, objects: &[Vec<u8>]) -> SealReport {
	let dir = tempdir().unwrap();
	let mut pack = dataset.pack(dir.path()).unwrap();
	for object in objects {
		pack.add(object).unwrap();
	}
	let root = pack.object_id(&objects[0]);
	dataset.seal_pack(pack, root, dir.path(), &quiet).await.unwrap()
}

async fn assert_reads(dataset: &Dataset, id: ArchiveId, objects: &[Vec<u8>]) {
	let dir = tempdir().unwrap();
	let pack = dataset.open_archive(id, dir.path(), &quiet).await.unwrap();
	assert_eq!((pack.root(), pack.objects()), (pack.object_id(&objects[0]), objects.len()));
	for object in objects {
		assert_eq!(pack.get(&pack.object_id(object)).unwrap().as_ref(), Some(object));
	}
	assert_eq!(pack.get(&[7; 32]).unwrap(), None);
}

async fn heal(dataset: &Dataset, id: ArchiveId, verify: bool) -> ArchiveHealing {
	let dir = tempdir().unwrap();
	dataset.heal_archive(id, verify, None, dir.path(), &quiet).await.unwrap()
}

/// Rewrites all that a node has, in the order of its log; the node itself believes what it has then.
fn rewrite(grid: &mut Grid, node: usize, mut change: impl FnMut(usize, &mut Vec<u8>) -> bool) {
	grid.kill(node);
	let store = grid.store(node);
	let namespace = store.namespace(NAMESPACE).unwrap();
	let (mut cursor, mut held) = (None, Vec::new());
	while let Some(page) =
		namespace.scan(cursor.as_ref().map(|cursor: &[u8; 17]| &cursor[..])).unwrap()
	{
		cursor = Some(page.cursor);
		for entry in page.entries {
			let value = namespace.get(&entry.key).unwrap().unwrap();
			held.push((entry.key, value));
		}
	}
	drop(namespace);
	store.remove_namespace(NAMESPACE).unwrap();
	let namespace = store.create_namespace(NAMESPACE, audited()).unwrap();
	for (number, (key, mut value)) in held.into_iter().enumerate() {
		if change(number, &mut value) {
			namespace.set(&key, &value).unwrap();
		}
	}
	drop(namespace);
	drop(store);
	grid.revive(node);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sealed_is_read_by_another_client_and_nothing_repeats() {
	let mut grid = Grid::start(4);
	let (key, dataset) = fresh(&grid, 3, 1).await;
	let all = objects(1, 20);
	let steps = Mutex::new(HashSet::new());
	let dir = tempdir().unwrap();
	let mut pack = dataset.pack(dir.path()).unwrap();
	for object in all.iter().chain(&all[..3]) {
		pack.add(object).unwrap();
	}
	let root = pack.object_id(&all[0]);
	let note = |step, done, all| {
		assert!(done < all);
		steps.lock().unwrap().insert(step);
	};
	let report = dataset.seal_pack(pack, root, dir.path(), &note).await.unwrap();
	assert_eq!(*steps.lock().unwrap(), HashSet::from(["coding", "sending"]));
	let layout = report.layout;
	assert!(report.content_bytes < 20 * 300_200, "equal objects are kept once: {report:?}");
	assert_eq!(report.stored_bytes, layout.leaves() * 4 * LEAF as u64);
	// What was computed for the checkpoint is what the nodes have, in as many leaves each as the archive has.
	let logs = dataset.logs();
	dataset.load_logs().await.unwrap();
	assert_eq!(dataset.logs(), logs);
	assert!(logs.iter().flatten().all(|log| log.leaf_count == layout.leaves()));
	assert_reads(&open(&grid, &key, 3, 1), report.id, &all).await;
	// The same once more shares no leaf with the first, nor does any node with another.
	let again = seal(&dataset, &all).await;
	assert_ne!(again.id, report.id);
	assert_eq!(again.stored_bytes, report.stored_bytes);
	let mut leaves = HashSet::new();
	for node in 0..4 {
		rewrite(&mut grid, node, |_, value| {
			assert_eq!(value.len() % LEAF, 0, "values are whole leaves");
			value.chunks(LEAF).all(|leaf| leaves.insert(leaf.to_vec()))
		});
	}
	assert_eq!(leaves.len() as u64, 8 * layout.leaves());
	// Archives are no objects, and objects no archives.
	let dataset = open(&grid, &key, 3, 1);
	dataset.load_logs().await.unwrap();
	dataset.put_many(objects(90, 2)).await.unwrap();
	let healing = Healing {
		first: Vec::new(),
		check: Check::All,
		doubted: Vec::new(),
		bytes_per_second: None,
	};
	let healed = dataset.heal(healing, &|_, _, _| {}).await.unwrap();
	assert_eq!((healed.survey.objects, healed.foreign), (2, 0));
	let stored = dataset.archives().await.unwrap();
	let ids: HashSet<ArchiveId> = stored.iter().map(|archive| archive.id).collect();
	assert_eq!(ids, HashSet::from([report.id, again.id]));
	assert!(stored.iter().all(|one| one.values == vec![Some(layout.values() as u64); 4]));
	// Another key knows none of them.
	let other = open(&grid, &DatasetKey::generate().unwrap(), 3, 1);
	assert!(other.archives().await.unwrap().is_empty());
	let error = other.open_archive(report.id, dir.path(), &quiet).await.unwrap_err();
	assert!(matches!(error, DispersalError::NoArchive { id } if id == report.id), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m_nodes_may_be_lost_and_leaves_on_all_others_and_one_node_more_may_not() {
	let mut grid = Grid::start(6);
	let (key, dataset) = fresh(&grid, 4, 2).await;
	let all = objects(40, 25);
	let report = seal(&dataset, &all).await;
	let (leaves, tolerated) = (report.layout.leaves() as usize, report.layout.parity_rows());
	assert_eq!(report.layout.blocks(), 1);
	grid.kill(0);
	grid.kill(4);
	// Of the others each loses the most that it may: some stretch of its log, here one and there another, by a changed bit in each leaf.
	for (node, first) in [(1, 0), (2, 900), (3, 700), (5, leaves - tolerated)] {
		let mut at = 0;
		rewrite(&mut grid, node, |_, value| {
			for leaf in value.chunks_mut(LEAF) {
				leaf[at % LEAF] ^= u8::from((first..first + tolerated).contains(&at));
				at += 1;
			}
			true
		});
	}
	assert_reads(&open(&grid, &key, 4, 2), report.id, &all).await;
	grid.kill(2);
	let dir = tempdir().unwrap();
	let reader = open(&grid, &key, 4, 2);
	let error = reader.open_archive(report.id, dir.path(), &quiet).await.unwrap_err();
	assert!(matches!(error, DispersalError::ArchiveLost { block: 0, .. }), "{error}");
	let text = error.to_string();
	assert!(text.contains("104") && text.contains("unreachable"), "{text}");
	assert!(text.contains(&format!("node 103 has {} of {leaves}", leaves - tolerated)), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_disks_missing_values_and_flipped_bits_are_healed() {
	let mut grid = Grid::start(4);
	let (key, dataset) = fresh(&grid, 2, 2).await;
	let all = objects(70, 24);
	let report = seal(&dataset, &all).await;
	let values = report.layout.values() as u64;
	assert!(values > 3);
	assert_eq!(heal(&dataset, report.id, false).await.missing_values, 0);
	let whole = heal(&dataset, report.id, true).await;
	assert_eq!(whole.verified_leaves, 4 * report.layout.leaves());
	assert_eq!((whole.damaged_values, whole.rebuilt_bytes), (0, 0));
	// A disk is replaced, a node never got the last two values, and bits of two values of a third one flip on its disk.
	grid.wipe(0);
	let last = values as usize - 2;
	rewrite(&mut grid, 1, |number, _| number < last);
	let keys: Vec<Vec<u8>> = {
		grid.kill(3);
		let store = grid.store(3);
		let page = store.namespace(NAMESPACE).unwrap().scan(None).unwrap().unwrap();
		page.entries.into_iter().map(|entry| entry.key).collect()
	};
	grid.revive(3);
	grid.damage(3, &keys[1]);
	grid.damage(3, &keys[3]);
	let dataset = open(&grid, &key, 2, 2);
	assert_reads(&dataset, report.id, &all).await;
	let glance = heal(&dataset, report.id, false).await;
	assert_eq!((glance.missing_values, glance.rebuilt_values), (values + 2, values + 2));
	assert!(glance.rebuilt_bytes > report.stored_bytes / 4);
	// The logs are what was computed, so that checkpoints can be signed.
	let logs = dataset.logs();
	dataset.load_logs().await.unwrap();
	assert_eq!(dataset.logs(), logs);
	let closely = heal(&dataset, report.id, true).await;
	assert_eq!((closely.damaged_values, closely.mended_values, closely.missing_values), (2, 2, 0));
	let clean = heal(&dataset, report.id, true).await;
	assert_eq!((clean.damaged_values, clean.missing_values), (0, 0));
	assert_eq!(clean.verified_leaves, 4 * report.layout.leaves());
	// What was healed carries the data.
	grid.kill(1);
	grid.kill(2);
	assert_reads(&open(&grid, &key, 2, 2), report.id, &all).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_allotment_goes_to_another_node_in_an_order_of_its_own() {
	let mut grid = Grid::start(4);
	let key = DatasetKey::generate().unwrap();
	let backends = |nodes: [usize; 3]| {
		let all = grid.backends();
		nodes.map(|node| all[node].clone()).to_vec()
	};
	let dataset = Dataset::new(
		key.clone(),
		granary_dispersal::DatasetOptions::new(2, 1, backends([0, 1, 2])),
	)
	.unwrap();
	dataset.load_logs().await.unwrap();
	let all = objects(7, 8);
	let report = seal(&dataset, &all).await;
	// Shard 1 moves to the fourth node; another client, which never saw the first one, puts it back.
	let moved = granary_dispersal::DatasetOptions::new(2, 1, backends([0, 3, 2]));
	let moved = Dataset::new(key, moved).unwrap();
	let healed = heal(&moved, report.id, false).await;
	assert_eq!(healed.rebuilt_values, report.layout.values() as u64);
	assert_eq!(heal(&moved, report.id, true).await.verified_leaves, 3 * report.layout.leaves());
	let mut held = HashSet::new();
	for node in [1, 3] {
		rewrite(&mut grid, node, |_, value| {
			value.chunks(LEAF).all(|leaf| held.insert(leaf.to_vec()))
		});
	}
	assert_eq!(held.len() as u64, 2 * report.layout.leaves(), "no leaf is the old node's");
	grid.kill(0);
	assert_reads(&moved, report.id, &all).await;
}
