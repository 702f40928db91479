//! Reading many objects at once over real zdb processes: few requests, every object whole, each with its own fate.

#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod support;

use futures::StreamExt;
use granary_dispersal::{
	Backend, Dataset, DatasetKey, DatasetOptions, DispersalError, ObjectId, Route,
};
use std::{
	collections::HashMap,
	io::{Read, Write},
	net::Shutdown,
	os::unix::net::{UnixListener, UnixStream},
	sync::{
		atomic::{AtomicUsize, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};
use support::{fresh, noise, open, Grid};

#[test]
fn backend_process() {
	support::serve_from_environment();
}

/// Objects of a few kinds of length, all different.
fn objects(count: u64) -> Vec<Vec<u8>> {
	(0..count).map(|seed| noise(seed, 1 + 997 * (seed as usize % 41))).collect()
}

fn ids_of(dataset: &Dataset, objects: &[Vec<u8>]) -> Vec<ObjectId> {
	objects.iter().map(|object| dataset.object_id(object)).collect()
}

async fn read(
	dataset: &Dataset,
	ids: &[ObjectId],
) -> HashMap<ObjectId, Result<Vec<u8>, DispersalError>> {
	let read: Vec<_> = dataset.get_many(ids.to_vec()).collect().await;
	assert_eq!(read.len(), ids.len(), "each of them once");
	read.into_iter().collect()
}

async fn assert_all_read(dataset: &Dataset, objects: &[Vec<u8>]) {
	let ids = ids_of(dataset, objects);
	let mut found = read(dataset, &ids).await;
	for (id, object) in ids.iter().zip(objects) {
		assert!(found.remove(id).unwrap().unwrap() == *object);
	}
}

/// Stands between a client and a backend and counts the pieces in which requests arrive.
fn counted(backend: &mut Backend) -> Arc<AtomicUsize> {
	let target = backend.address().strip_prefix("unix:").unwrap().to_owned();
	let counted = format!("{target}.counted");
	let listener = UnixListener::bind(&counted).unwrap();
	backend.routes = vec![Route::Socket(counted.into())];
	let pieces = Arc::new(AtomicUsize::new(0));
	let count = pieces.clone();
	std::thread::spawn(move || {
		for client in listener.incoming() {
			let (mut client, mut server) = (client.unwrap(), UnixStream::connect(&target).unwrap());
			let (mut replies, mut to_client) =
				(server.try_clone().unwrap(), client.try_clone().unwrap());
			std::thread::spawn(move || std::io::copy(&mut replies, &mut to_client));
			let count = count.clone();
			std::thread::spawn(move || {
				let mut buffer = vec![0; 1 << 20];
				while let Ok(len @ 1..) = client.read(&mut buffer) {
					count.fetch_add(1, Ordering::SeqCst);
					server.write_all(&buffer[..len]).unwrap();
				}
				// The client has gone: so has this connection's other half.
				let _ = server.shutdown(Shutdown::Both);
			});
		}
	});
	pieces
}

#[tokio::test(flavor = "multi_thread")]
async fn more_objects_than_fit_one_request_are_all_read() {
	let grid = Grid::start(3);
	let (_, dataset) = fresh(&grid, 2, 1).await;
	let objects = objects(600);
	dataset.put_many(objects.clone()).await.unwrap();
	assert_all_read(&dataset, &objects).await;
	let again = vec![dataset.object_id(&objects[7]); 3];
	let read: Vec<_> = dataset.get_many(again).collect().await;
	assert!(read.iter().all(|(_, read)| *read.as_ref().unwrap() == objects[7]) && read.len() == 3);
	assert_eq!(dataset.get_many(Vec::new()).count().await, 0);
	assert!(dataset.suspects().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_is_asked_for_many_objects_with_one_request() {
	let grid = Grid::start(3);
	let mut backends = grid.backends();
	let pieces: Vec<_> = backends.iter_mut().map(counted).collect();
	let options = DatasetOptions::new(2, 1, backends);
	let dataset = Dataset::new(DatasetKey::generate().unwrap(), options).unwrap();
	dataset.load_logs().await.unwrap();
	let objects = objects(200);
	dataset.put_many(objects.clone()).await.unwrap();
	let taken = || pieces.iter().map(|pieces| pieces.swap(0, Ordering::SeqCst)).sum::<usize>();
	taken();
	assert_all_read(&dataset, &objects).await;
	let batched = taken();
	// One piece for each of two backends; a third one is asked if the machine is so busy that an answer takes long.
	assert!((2..=6).contains(&batched), "{batched} pieces");
	let known = dataset.put_many(objects.clone()).await.unwrap();
	assert_eq!((known.known_objects, known.stored_bytes), (200, 0));
	let asked = taken();
	assert!((3..=6).contains(&asked), "{asked} pieces to ask whether 200 objects are there");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_object_has_its_own_fate() {
	let mut grid = Grid::start(5);
	let (key, dataset) = fresh(&grid, 3, 2).await;
	let objects = objects(40);
	dataset.put_many(objects.clone()).await.unwrap();
	let ids = ids_of(&dataset, &objects);
	// One node has lost all, some objects are damaged on other nodes, one beyond repair, one never was.
	grid.wipe(0);
	for (node, object) in [(1, 3), (2, 5), (1, 9), (2, 9), (3, 9)] {
		grid.damage(node, &ids[object]);
	}
	let dataset = open(&grid, &key, 3, 2);
	let unknown = dataset.object_id(b"never stored");
	let mut found = read(&dataset, &[ids.as_slice(), &[unknown]].concat()).await;
	let error = found.remove(&unknown).unwrap().unwrap_err();
	assert!(matches!(error, DispersalError::TooFewShards { found: 0, .. }), "{error}");
	let error = found.remove(&ids[9]).unwrap().unwrap_err();
	assert!(matches!(error, DispersalError::TooFewShards { found: 1, needed: 3, .. }), "{error}");
	for (number, object) in objects.iter().enumerate().filter(|(number, _)| *number != 9) {
		assert!(found[&ids[number]].as_ref().unwrap() == object, "{number}");
	}
	let health = dataset.health();
	assert_eq!(health[0].missing, 41);
	assert!(health[1].damaged >= 2, "{health:?}");
	// What reads met is known to whoever heals, but for what belongs to nobody.
	let mut suspects = dataset.suspects();
	suspects.sort_unstable();
	let mut expected = ids.clone();
	expected.sort_unstable();
	assert!(suspects == expected);
	dataset.forget_suspects(&suspects);
	assert!(dataset.suspects().is_empty(), "somebody has looked after them");
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_and_silent_backends_hold_a_batch_up_once() {
	let mut grid = Grid::start(6);
	let (key, dataset) = fresh(&grid, 3, 3).await;
	let objects = objects(150);
	dataset.put_many(objects.clone()).await.unwrap();
	grid.kill(0);
	grid.freeze(1);
	let dataset = open(&grid, &key, 3, 3);
	let started = Instant::now();
	assert_all_read(&dataset, &objects).await;
	let taken = started.elapsed();
	// One wait of 300 ms for the silent one; one of the request's time limit would be twenty seconds.
	assert!(taken < Duration::from_secs(8), "{taken:?}");
	assert!(dataset.suspects().is_empty(), "who does not answer has lost nothing");
}
