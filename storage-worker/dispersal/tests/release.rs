//! Objects leave the logs of real backends: both sides compute the same, readers and writers go on, nothing goes that is relied upon.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod support;

use granary_dispersal::{Dataset, DispersalError, ObjectId, PreparedRelease, ReleaseStage};
use std::{
	collections::HashMap,
	sync::{Arc, Mutex},
};
use support::{assert_readable, fresh, noise, objects, open, Grid};

#[test]
fn backend_process() {
	support::serve_from_environment();
}

/// What the chain does when both sides have signed.
#[derive(Default)]
struct Record(Vec<Option<(u64, [u8; 32])>>);

impl Record {
	/// Records the logs as the dataset knows them.
	fn take(&mut self, dataset: &Dataset) {
		let logs = dataset.logs().into_iter().map(|log| log.map(|log| (log.leaf_count, log.root)));
		self.0 = logs.collect();
		dataset.set_recorded(self.0.clone());
	}

	fn of(&self, shard: usize) -> (u64, [u8; 32]) {
		self.0[shard].unwrap()
	}
}

fn ids(dataset: &Dataset, objects: &[Vec<u8>]) -> HashMap<ObjectId, u64> {
	objects.iter().map(|object| (dataset.object_id(object), 0)).collect()
}

async fn prepare(
	dataset: &Dataset,
	leaving: &HashMap<ObjectId, u64>,
	record: &Record,
) -> Vec<PreparedRelease> {
	let mut prepared = Vec::new();
	for shard in 0..3 {
		let one = dataset.prepare_release(shard, leaving, record.of(shard), &|_, _| {}).await;
		prepared.push(one.unwrap().unwrap());
	}
	prepared
}

async fn tell(dataset: &Dataset, shard: usize, words: &[&[u8]]) {
	let words: Vec<Vec<u8>> = words.iter().map(|word| word.to_vec()).collect();
	assert_eq!(dataset.command(shard, &words).await.unwrap(), b"OK");
}

async fn sign(dataset: &Dataset, one: &PreparedRelease) {
	let leaf_count = one.leaf_count.to_string();
	tell(dataset, one.shard, &[b"SIGN", b"2", leaf_count.as_bytes(), &one.root]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_refers_to_leaves_all_nodes_and_can_come_back() {
	let mut grid = Grid::start(3);
	let (key, dataset) = fresh(&grid, 2, 1).await;
	let (stay, go) = (objects(), vec![noise(10, 900_000), noise(11, 800_000), noise(12, 10)]);
	let mut mixed = Vec::new();
	for (at, object) in go.iter().enumerate() {
		mixed.extend([object.clone(), stay[at].clone()]);
	}
	mixed.extend(stay[3..].iter().cloned());
	dataset.put_many(mixed).await.unwrap();
	let mut record = Record::default();
	record.take(&dataset);
	let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
	let staying = ids(&dataset, &stay);
	let stays = |id: &ObjectId| staying.contains_key(id);
	let looked = Mutex::new(0);
	let progress = |count: u64| *looked.lock().unwrap() = count;
	// What is younger than somebody's patience is left alone.
	let young = dataset.leftovers(&stays, now.as_secs() - 60, &progress).await.unwrap();
	assert_eq!((young.objects.len(), young.young, young.referred), (0, 3, 5));
	let found = dataset.leftovers(&stays, now.as_secs() + 60, &progress).await.unwrap();
	assert_eq!(*looked.lock().unwrap(), 24);
	assert_eq!(found.objects.keys().count(), 3);
	assert!(go.iter().all(|object| found.objects.contains_key(&dataset.object_id(object))));
	assert!(found.bytes() > 1_700_000 * 3 / 2, "{}", found.bytes());

	let before: Vec<u64> = (0..3).map(|node| grid.disk_bytes(node)).collect();
	let prepared = prepare(&dataset, &found.objects, &record).await;
	for one in &prepared {
		sign(&dataset, one).await;
		assert_eq!(dataset.release_state(one.shard).await.unwrap().stage, ReleaseStage::Signed(2));
	}
	assert_readable(&dataset, &stay).await;
	assert_readable(&dataset, &go).await;

	// A node that is killed comes back with both logs. Writing goes on from the shorter ones, which are on record now.
	grid.kill(1);
	grid.revive(1);
	let writer = open(&grid, &key, 2, 1);
	record.0 = prepared.iter().map(|one| Some((one.leaf_count, one.root))).collect();
	writer.set_recorded(record.0.clone());
	writer.load_logs().await.unwrap();
	let logs = writer.logs();
	assert!(prepared.iter().zip(&logs).all(|(one, log)| log.as_ref().unwrap().root == one.root));
	let more = vec![noise(20, 300_000)];
	writer.put_many(more.clone()).await.unwrap();
	record.take(&writer);
	for shard in 0..3 {
		tell(&dataset, shard, &[b"APPLY"]).await;
	}
	for (node, before) in before.iter().enumerate() {
		let after = grid.disk_bytes(node);
		assert!(after + 700_000 < before + 150_000, "node {node}: {before} and then {after}");
	}
	assert_readable(&dataset, &stay).await;
	assert_readable(&dataset, &more).await;
	let gone = dataset.get(dataset.object_id(&go[0])).await;
	assert!(matches!(gone, Err(DispersalError::TooFewShards { found: 0, .. })), "{gone:?}");

	// The logs in force are those that the writer computed; what went can be stored again.
	let again = open(&grid, &key, 2, 1);
	again.load_logs().await.unwrap();
	assert_eq!(again.logs(), writer.logs());
	let report = again.put_many(go.clone()).await.unwrap();
	assert_eq!(report.new_objects, 3);
	assert_readable(&again, &go).await;
	let nothing = ids(&again, &[vec![1, 2, 3]]);
	again.load_logs().await.unwrap();
	record.take(&again);
	let none = again.prepare_release(0, &nothing, record.of(0), &|_, _| {}).await.unwrap();
	assert_eq!(none, None);
	let all = ids(&again, &[stay, go, more].concat());
	let error = again.prepare_release(0, &all, record.of(0), &|_, _| {}).await.unwrap_err();
	assert!(error.to_string().contains("close the reservation"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_stores_what_is_going_keeps_it() {
	let grid = Grid::start(3);
	let (key, dataset) = fresh(&grid, 2, 1).await;
	let (stay, go) = (vec![noise(1, 50_000)], vec![noise(2, 70_000), noise(3, 60_000)]);
	dataset.put_many([stay.clone(), go.clone()].concat()).await.unwrap();
	let mut record = Record::default();
	record.take(&dataset);
	let prepared = prepare(&dataset, &ids(&dataset, &go), &record).await;
	// A publisher that comes now does not find them any more and stores them again.
	let publisher = open(&grid, &key, 2, 1);
	publisher.set_recorded(record.0.clone());
	publisher.load_logs().await.unwrap();
	let report = publisher.put_many(vec![stay[0].clone(), go[0].clone()]).await.unwrap();
	assert_eq!((report.new_objects, report.known_objects), (1, 1));
	for one in &prepared {
		sign(&dataset, one).await;
		tell(&dataset, one.shard, &[b"APPLY"]).await;
	}
	assert_readable(&dataset, &[stay[0].clone(), go[0].clone()]).await;
	assert!(dataset.get(dataset.object_id(&go[1])).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_are_seen_and_a_log_that_is_not_on_record_is_refused() {
	let grid = Grid::start(3);
	let (_, dataset) = fresh(&grid, 2, 1).await;
	let dataset = Arc::new(dataset);
	let go = vec![noise(2, 70_000)];
	dataset.put_many([vec![noise(1, 5000)], go.clone()].concat()).await.unwrap();
	let mut record = Record::default();
	record.take(&dataset);
	let hold = dataset.hold().await.unwrap();
	hold.check().await.unwrap();
	let leaving = ids(&dataset, &go);
	prepare(&dataset, &leaving, &record).await;
	let older = || async { dataset.release_state(2).await.unwrap().older_holds };
	assert_eq!(older().await, 1);
	let later = dataset.hold().await.unwrap();
	assert_eq!(older().await, 1, "who came later does not find what is going");
	hold.end().await;
	assert_eq!(older().await, 0);
	later.end().await;
	dataset.drop_release(2).await.unwrap();
	assert_eq!(dataset.release_state(2).await.unwrap().stage, ReleaseStage::Idle);
	let (leaf_count, mut root) = record.of(2);
	root[0] ^= 1;
	let refused = dataset.prepare_release(2, &leaving, (leaf_count, root), &|_, _| {}).await;
	assert!(matches!(refused, Err(DispersalError::BadList { node: 102, .. })), "{refused:?}");
}
