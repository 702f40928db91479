//! Datasets over real zdb processes: written, read, killed, damaged, hung.

#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod support;

use granary_dispersal::{
	Dataset, DatasetKey, DatasetOptions, DispersalError, NodeHealth, ObjectId, PutReport,
};
use granary_zdb::{NamespaceOptions, NamespaceUpdate};
use std::time::{Duration, Instant};
use support::{assert_readable, fresh, noise, objects, open, Grid, Valve, NAMESPACE, PASSWORD};

#[test]
fn backend_process() {
	support::serve_from_environment();
}

fn health_of(dataset: &Dataset, node: usize) -> NodeHealth {
	dataset.health().swap_remove(node)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_is_read_by_another_client() {
	let grid = Grid::start(5);
	let (key, writer) = fresh(&grid, 3, 2).await;
	let report = writer.put_many(objects()).await.unwrap();
	assert_eq!((report.new_objects, report.known_objects), (5, 0));
	assert!(report.stored_bytes > 5 * (1 << 20) / 3, "{report:?}");
	let reader = open(&grid, &key, 3, 2);
	assert_readable(&reader, &objects()).await;
	for node in reader.health() {
		assert_eq!((node.missing, node.damaged, node.unreachable), (0, 0, 0));
		assert_eq!(node.last_error, None);
	}
	assert!(reader.bytes_received() > 1 << 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_computed_logs_are_those_of_the_nodes() {
	let mut grid = Grid::start(3);
	let (key, first) = fresh(&grid, 2, 1).await;
	first.put_many(objects()).await.unwrap();
	// Another client goes on where the first ended.
	let second = open(&grid, &key, 2, 1);
	second.load_logs().await.unwrap();
	assert_eq!(second.logs(), first.logs());
	second.put_many((0..100).map(|seed| noise(100 + seed, 3000)).collect()).await.unwrap();
	let logs: Vec<_> = second.logs().into_iter().flatten().collect();
	assert!(logs.iter().all(|log| log.leaf_count == logs[0].leaf_count), "they are aligned");
	assert_ne!(logs[0].root, logs[1].root, "and unrelated");
	for (node, log) in logs.iter().enumerate() {
		assert_eq!(log.node, 100 + node as u32);
		grid.kill(node);
		let namespace = grid.store(node).namespace(NAMESPACE).unwrap();
		let (leaf_count, root, peaks) = namespace.log_state().unwrap();
		assert_eq!((log.leaf_count, log.root), (leaf_count, root));
		assert_eq!(log.peaks.to_vec(), peaks.to_vec());
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_objects_are_stored_once() {
	let grid = Grid::start(3);
	let (_, dataset) = fresh(&grid, 2, 1).await;
	let (one, two) = (noise(1, 5000), noise(2, 5000));
	let report =
		dataset.put_many(vec![one.clone(), one.clone(), two.clone(), one.clone()]).await.unwrap();
	assert_eq!((report.new_objects, report.known_objects), (2, 2));
	let logs = dataset.logs();
	let report = dataset.put_many(vec![two, one]).await.unwrap();
	assert_eq!(report, PutReport { stored_bytes: 0, new_objects: 0, known_objects: 2 });
	assert_eq!(dataset.logs(), logs);
}

#[tokio::test(flavor = "multi_thread")]
async fn private_objects_are_read_and_healed_and_never_recognised() {
	let mut grid = Grid::start(3);
	let (key, dataset) = fresh(&grid, 2, 1).await;
	let object = noise(1, 9000);
	let known = dataset.put_many(vec![object.clone()]).await.unwrap();
	let ids: [ObjectId; 2] = [[0x51; 32], [0x52; 32]];
	let report = dataset.put_private(ids.map(|id| (id, object.clone())).to_vec()).await.unwrap();
	assert_eq!((report.new_objects, report.known_objects), (2, 0));
	assert_eq!(report.stored_bytes, 2 * known.stored_bytes, "equal objects are stored anew");
	// No leaf of one is a leaf of another.
	grid.kill(0);
	let namespace = grid.store(0).namespace(NAMESPACE).unwrap();
	let values =
		[dataset.object_id(&object), ids[0], ids[1]].map(|id| namespace.get(&id).unwrap().unwrap());
	for (one, other) in [(0, 1), (0, 2), (1, 2)] {
		let alike = values[one].iter().zip(&values[other]).filter(|(a, b)| a == b).count();
		assert!(alike < 80, "{alike} of {} bytes", values[one].len());
	}
	drop(namespace);
	grid.revive(0);
	grid.wipe(1);
	let reader = open(&grid, &key, 2, 1);
	for id in ids {
		assert_eq!(reader.get(id).await.unwrap(), object);
	}
	let healing = granary_dispersal::Healing {
		first: Vec::new(),
		check: granary_dispersal::Check::All,
		doubted: Vec::new(),
		bytes_per_second: None,
	};
	let healed = reader.heal(healing, &|_, _, _| {}).await.unwrap();
	assert_eq!((healed.rebuilt_shards, healed.foreign, healed.lost), (3, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn parity_many_nodes_may_die_and_one_more_may_not() {
	let mut grid = Grid::start(6);
	let (key, dataset) = fresh(&grid, 4, 2).await;
	dataset.put_many(objects()).await.unwrap();
	grid.kill(0);
	grid.kill(3);
	// The same client, whose connections just broke, and a new one.
	assert_readable(&dataset, &objects()).await;
	let reader = open(&grid, &key, 4, 2);
	assert_readable(&reader, &objects()).await;
	assert!(health_of(&reader, 0).unreachable > 0);
	let said = health_of(&reader, 0).last_error.unwrap();
	assert!(said.contains("unreachable"), "{said}");

	grid.kill(5);
	let small: ObjectId = reader.object_id(b"small");
	let error = reader.get(small).await.unwrap_err();
	assert!(matches!(error, DispersalError::TooFewShards { found: 3, needed: 4, .. }), "{error}");
	assert!(error.to_string().contains("105"), "it names the node: {error}");

	// A node that comes back is used again without anybody's doing.
	grid.revive(5);
	let deadline = Instant::now() + Duration::from_secs(20);
	while reader.get(small).await.is_err() {
		assert!(Instant::now() < deadline, "the node is back but not used");
		tokio::time::sleep(Duration::from_millis(100)).await;
	}
	assert_readable(&reader, &objects()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_one_node_misses_fails_and_can_be_repeated() {
	let mut grid = Grid::start(3);
	let (key, dataset) = fresh(&grid, 2, 1).await;
	grid.kill(1);
	let error = dataset.put_many(objects()).await.unwrap_err();
	let text = error.to_string();
	assert!(matches!(error, DispersalError::Backend { node: 101, .. }), "{text}");
	assert!(text.contains("101") && text.contains("/1/socket"), "{text}");

	grid.revive(1);
	let again = open(&grid, &key, 2, 1);
	again.load_logs().await.unwrap();
	again.put_many(objects()).await.unwrap();
	let logs = again.logs();
	again.load_logs().await.unwrap();
	assert_eq!(again.logs(), logs, "what was computed is what the nodes have");
	assert_readable(&again, &objects()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_some_nodes_have_is_completed() {
	let mut grid = Grid::start(3);
	let (key, dataset) = fresh(&grid, 2, 1).await;
	dataset.put_many(vec![noise(1, 9000)]).await.unwrap();
	// Node 2 lost its disk and starts empty.
	grid.wipe(2);

	let dataset = open(&grid, &key, 2, 1);
	dataset.load_logs().await.unwrap();
	let full = dataset.logs()[0].as_ref().unwrap().leaf_count;
	assert_eq!(dataset.logs()[2].as_ref().unwrap().leaf_count, 0);
	let report = dataset.put_many(vec![noise(1, 9000)]).await.unwrap();
	assert_eq!((report.new_objects, report.known_objects), (1, 0));
	assert!(report.stored_bytes < 9000, "only one shard travels: {report:?}");
	assert_eq!(dataset.logs()[0].as_ref().unwrap().leaf_count, full, "the others are left alone");
	grid.kill(0);
	assert_readable(&dataset, &[noise(1, 9000)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_shards_are_found_and_made_up_for() {
	let mut grid = Grid::start(4);
	let (key, dataset) = fresh(&grid, 2, 2).await;
	let object = noise(1, 20_000);
	let id = dataset.object_id(&object);
	dataset.put_many(vec![object.clone()]).await.unwrap();
	// One bit in each data shard, at different places; the node itself believes its value.
	for (node, at) in [(0, 3), (1, 5000)] {
		grid.kill(node);
		let store = grid.store(node);
		let mut value = store.namespace(NAMESPACE).unwrap().get(&id).unwrap().unwrap();
		value[at] ^= 1;
		store.remove_namespace(NAMESPACE).unwrap();
		let options =
			NamespaceOptions { password: Some(PASSWORD.to_owned()), ..Default::default() };
		store.create_namespace(NAMESPACE, options).unwrap().set(&id, &value).unwrap();
		drop(store);
		grid.revive(node);
	}
	let reader = open(&grid, &key, 2, 2);
	assert_eq!(reader.get(id).await.unwrap(), object);
	for node in [0, 1] {
		let health = health_of(&reader, node);
		assert_eq!((health.ok, health.damaged), (0, 1));
		assert!(health.last_error.unwrap().contains("does not verify"));
	}
	// With one good shard left it is an error, never wrong bytes.
	grid.kill(2);
	let error = open(&grid, &key, 2, 2).get(id).await.unwrap_err();
	assert!(matches!(error, DispersalError::TooFewShards { found: 1, needed: 2, .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_node_says_so_and_goes_on_once_it_has_room() {
	let mut grid = Grid::start(3);
	let (key, dataset) = fresh(&grid, 2, 1).await;
	dataset.put_many(vec![noise(1, 9000)]).await.unwrap();
	let resize = |grid: &mut Grid, max_bytes| {
		grid.kill(1);
		let update = NamespaceUpdate { max_bytes: Some(max_bytes), ..Default::default() };
		grid.store(1).update_namespace(NAMESPACE, &update).unwrap();
		grid.revive(1);
	};
	resize(&mut grid, Some(100_000));
	let objects: Vec<Vec<u8>> = (2..20).map(|seed| noise(seed, 20_000)).collect();
	let dataset = open(&grid, &key, 2, 1);
	dataset.load_logs().await.unwrap();
	let error = dataset.put_many(objects.clone()).await.unwrap_err();
	assert!(matches!(error, DispersalError::Backend { node: 101, .. }), "{error}");
	assert!(error.to_string().contains("No space left"), "{error}");
	// What was there before is there, and once there is room the rest comes.
	assert_readable(&dataset, &[noise(1, 9000)]).await;
	resize(&mut grid, None);
	let dataset = open(&grid, &key, 2, 1);
	dataset.load_logs().await.unwrap();
	dataset.put_many(objects.clone()).await.unwrap();
	grid.kill(0);
	assert_readable(&dataset, &objects).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wrong_dataset_key_is_called_by_its_name() {
	let grid = Grid::start(3);
	let (_, dataset) = fresh(&grid, 2, 1).await;
	dataset.put_many(vec![b"secret".to_vec()]).await.unwrap();
	let other = open(&grid, &DatasetKey::generate().unwrap(), 2, 1);
	let error = other.get(dataset.object_id(b"secret")).await.unwrap_err();
	assert!(matches!(error, DispersalError::WrongKey { .. }), "{error}");
	assert!(error.to_string().contains("wrong key"), "{error}");
	// What was never stored is missing, not a matter of keys.
	let error = dataset.get(dataset.object_id(b"nothing")).await.unwrap_err();
	assert!(matches!(error, DispersalError::TooFewShards { found: 0, .. }), "{error}");
	assert_eq!(health_of(&dataset, 0).missing, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_refused_by_the_node_and_said() {
	let grid = Grid::start(2);
	let mut backends = grid.backends();
	backends[1].password = Some("guessed".to_owned());
	let key = DatasetKey::generate().unwrap();
	let dataset = Dataset::new(key, DatasetOptions::new(1, 1, backends)).unwrap();
	let error = dataset.load_logs().await.unwrap_err().to_string();
	assert!(error.contains("101") && error.contains("answered"), "{error}");
	assert!(!error.contains("guessed"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_hangs_does_not_hold_readers_up() {
	let grid = Grid::start(3);
	let (_, dataset) = fresh(&grid, 2, 1).await;
	let objects: Vec<Vec<u8>> = (0..40).map(|seed| noise(seed, 4000)).collect();
	dataset.put_many(objects.clone()).await.unwrap();
	assert_readable(&dataset, &objects).await;
	grid.freeze(0);
	let started = Instant::now();
	assert_readable(&dataset, &objects).await;
	let taken = started.elapsed();
	// Forty waits of 300 ms would be twelve seconds, one of the request's time limit twenty.
	assert!(taken < Duration::from_secs(8), "{taken:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_hung_node_had_queued_is_not_written_after_the_failure() {
	let grid = Grid::start(2);
	let mut backends = grid.backends();
	let valve = Valve::before(&mut backends[1], 2 << 20);
	let mut options = DatasetOptions::new(1, 1, backends);
	options.request_timeout_ms = 1000;
	let dataset = Dataset::new(DatasetKey::generate().unwrap(), options).unwrap();
	dataset.load_logs().await.unwrap();
	// More than the valve and the buffers of sockets hold, so that most of it waits in the client.
	let objects: Vec<Vec<u8>> = (0..16).map(|seed| noise(seed, 1 << 20)).collect();
	let error = dataset.put_many(objects.clone()).await.unwrap_err();
	assert!(matches!(error, DispersalError::Backend { node: 101, .. }), "{error}");
	assert!(error.to_string().contains("1000 ms"), "{error}");
	valve.open();
	tokio::time::sleep(Duration::from_secs(3)).await;
	dataset.load_logs().await.unwrap();
	let leaves = dataset.logs()[1].as_ref().unwrap().leaf_count;
	assert!(leaves < 6 * (1 << 20) / 512, "{leaves} leaves were written");
	// What is written from here on is what is computed from here on.
	dataset.put_many(objects.clone()).await.unwrap();
	let logs = dataset.logs();
	dataset.load_logs().await.unwrap();
	assert_eq!(dataset.logs(), logs);
	assert_readable(&dataset, &objects).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_readers_share_the_connections() {
	let grid = Grid::start(3);
	let (_, dataset) = fresh(&grid, 2, 1).await;
	let objects: Vec<Vec<u8>> = (0..64).map(|seed| noise(seed, 50_000)).collect();
	dataset.put_many(objects.clone()).await.unwrap();
	let reads = objects.iter().map(|object| dataset.get(dataset.object_id(object)));
	assert_eq!(futures::future::try_join_all(reads).await.unwrap(), objects);
}
