//! Backends with several ways: what is under way goes on when one of them is cut, goes deaf or silent, and a better one is taken again.

#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod support;

use granary_dispersal::{Backend, Dataset, DatasetKey, DatasetOptions, Route};
use granary_zdb::{Server, ServerOptions, Store, StoreOptions};
use std::{
	sync::Arc,
	time::{Duration, Instant},
};
use support::{audited, noise, NAMESPACE, PASSWORD};
use tempfile::TempDir;
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::{tcp::OwnedReadHalf, tcp::OwnedWriteHalf, TcpListener, TcpStream},
	sync::watch,
	time::sleep,
};

/// How a way behaves.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mood {
	Open,
	/// Everything gets through until there were this many bytes: then it behaves like that.
	OpenFor(usize, &'static Mood),
	/// Requests get through, replies do not.
	Deaf,
	/// Everything gets through until a request with this word: its reply does not, and nothing after it.
	DeafFrom(&'static str),
	/// Nothing gets through, and nobody is told.
	Silent,
	/// Connections end, and no new ones begin.
	Cut,
}

/// A way to a server that can be cut.
struct Way {
	address: String,
	mood: watch::Sender<Mood>,
}

impl Way {
	async fn to(server: String) -> Self {
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let address = listener.local_addr().unwrap().to_string();
		let (mood, _) = watch::channel(Mood::Open);
		let shared = mood.clone();
		tokio::spawn(async move {
			loop {
				let (client, _) = listener.accept().await.unwrap();
				if *shared.borrow() == Mood::Cut {
					continue;
				}
				let server = TcpStream::connect(&server).await.unwrap();
				let ((from, to), (from_server, to_server)) =
					(client.into_split(), server.into_split());
				tokio::spawn(carry(from, to_server, shared.clone(), |mood| {
					!matches!(mood, Mood::Silent | Mood::Cut)
				}));
				tokio::spawn(carry(from_server, to, shared.clone(), |mood| {
					matches!(mood, Mood::Open | Mood::OpenFor(..) | Mood::DeafFrom(_))
				}));
			}
		});
		Self { address, mood }
	}

	fn set(&self, mood: Mood) {
		self.mood.send_replace(mood);
	}
}

async fn carry(
	mut from: OwnedReadHalf,
	mut to: OwnedWriteHalf,
	mood: watch::Sender<Mood>,
	passes: fn(&Mood) -> bool,
) {
	let mut piece = vec![0; 16 << 10];
	let (mut watching, mut cut) = (mood.subscribe(), mood.subscribe());
	let carrying = async {
		while let Ok(read @ 1..) = from.read(&mut piece).await {
			watching.wait_for(passes).await.unwrap();
			mood.send_if_modified(|mood| match mood {
				Mood::OpenFor(left, then) => {
					*left = left.saturating_sub(read);
					let all = *left == 0;
					if all {
						*mood = **then;
					}
					all
				},
				Mood::DeafFrom(word) if contains(&piece[..read], word) => {
					*mood = Mood::Deaf;
					true
				},
				_ => false,
			});
			if to.write_all(&piece[..read]).await.is_err() {
				return;
			}
		}
	};
	tokio::select! {
		() = carrying => {},
		_ = cut.wait_for(|mood| *mood == Mood::Cut) => {},
	}
}

fn contains(piece: &[u8], word: &str) -> bool {
	piece.windows(word.len()).any(|window| window == word.as_bytes())
}

/// Three servers with two ways each.
struct Site {
	ways: Vec<[Way; 2]>,
	_dir: TempDir,
}

impl Site {
	async fn start() -> Self {
		let (dir, mut ways) = (tempfile::tempdir().unwrap(), Vec::new());
		for node in 0..3 {
			let store = StoreOptions::new(dir.path().join(node.to_string()));
			let store = Arc::new(Store::open(store).unwrap());
			store.create_namespace(NAMESPACE, audited()).unwrap();
			let tcp = Some("127.0.0.1:0".parse().unwrap());
			let options = ServerOptions { tcp, ..ServerOptions::default() };
			let server = Server::bind(options, store, None).await.unwrap();
			let address = server.local_addr().unwrap().to_string();
			tokio::spawn(server.run(std::future::pending()));
			ways.push([Way::to(address.clone()).await, Way::to(address).await]);
		}
		Self { ways, _dir: dir }
	}

	fn set(&self, way: usize, mood: Mood) {
		self.ways.iter().for_each(|ways| ways[way].set(mood));
	}

	/// A client that is impatient enough for a test: a way that is silent for a second is left.
	async fn open(&self) -> Dataset {
		let backends = self.ways.iter().enumerate().map(|(node, ways)| Backend {
			node: 100 + node as u32,
			routes: ways.iter().map(|way| Route::Direct(way.address.clone())).collect(),
			namespace: NAMESPACE.to_owned(),
			password: Some(PASSWORD.to_owned()),
			tls: None,
		});
		let mut options = DatasetOptions::new(2, 1, backends.collect());
		options.connect_timeout_ms = 1000;
		options.request_timeout_ms = 3000;
		options.better_route_after_ms = 500;
		let dataset = Dataset::new(DatasetKey::generate().unwrap(), options).unwrap();
		dataset.load_logs().await.unwrap();
		dataset
	}

	/// Whether every backend is used over this way.
	fn all_over(&self, dataset: &Dataset, way: usize) -> bool {
		let mut nodes = dataset.health().into_iter().zip(&self.ways);
		nodes.all(|(node, ways)| node.address == ways[way].address)
	}
}

/// Stores objects while the first way of all backends changes its mood, and checks that logs and objects are what they must be.
async fn store_through(mood: &'static Mood) {
	let site = Site::start().await;
	let dataset = site.open().await;
	// 6 MB for each node, of which the first way carries one.
	let objects: Vec<Vec<u8>> = (0..60).map(|seed| noise(seed, 200_000)).collect();
	site.set(0, Mood::OpenFor(1_000_000, mood));
	let report = dataset.put_many(objects.clone()).await.unwrap();
	assert_eq!(report.new_objects, 60);
	assert!(site.all_over(&dataset, 1), "{mood:?}: {:?}", dataset.health());
	// The logs are those that this client computed: nothing is missing, twice or in another order.
	let logs = dataset.logs();
	dataset.load_logs().await.unwrap();
	assert_eq!(dataset.logs(), logs);
	// What the first way held back arrives late, and changes nothing.
	site.set(0, Mood::Open);
	sleep(Duration::from_millis(300)).await;
	dataset.load_logs().await.unwrap();
	assert_eq!(dataset.logs(), logs);
	for object in &objects {
		assert_eq!(&dataset.get(dataset.object_id(object)).await.unwrap(), object);
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_goes_on_over_another_way_when_one_is_cut() {
	store_through(&Mood::Cut).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_goes_on_over_another_way_when_one_is_silent() {
	store_through(&Mood::Silent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_appended_before_its_reply_was_lost_is_not_appended_again() {
	store_through(&Mood::Deaf).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_is_prepared_once_though_the_way_broke_before_it_was_confirmed() {
	let site = Site::start().await;
	let dataset = site.open().await;
	let objects = [noise(1, 50_000), noise(2, 50_000)];
	dataset.put_many(objects.to_vec()).await.unwrap();
	let log = dataset.logs()[0].clone().unwrap();
	let leaving = [(dataset.object_id(&objects[0]), 0)].into();
	site.set(0, Mood::DeafFrom("PREPARE"));
	let recorded = (log.leaf_count, log.root);
	let prepared = dataset.prepare_release(0, &leaving, recorded, &|_, _| {}).await.unwrap();
	assert_eq!(dataset.health()[0].address, site.ways[0][1].address, "the first way is deaf");
	let prepared = prepared.unwrap();
	assert_eq!(prepared.leaf_count, log.leaf_count - prepared.removed_leaves);
	assert_eq!(dataset.release_state(0).await.unwrap().root, prepared.root);
	// It would have been refused a second time.
	let again = [b"REMOVAL".to_vec(), b"PREPARE".to_vec()];
	let refused = dataset.command(0, &again).await.unwrap_err().to_string();
	assert!(refused.contains("removal"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_better_way_is_taken_again_without_a_break() {
	let site = Site::start().await;
	let dataset = site.open().await;
	site.set(0, Mood::Cut);
	dataset.put_many(vec![noise(1, 100_000)]).await.unwrap();
	assert!(site.all_over(&dataset, 1));
	site.set(0, Mood::Open);
	let deadline = Instant::now() + Duration::from_secs(20);
	let mut seed = 2;
	while !site.all_over(&dataset, 0) {
		assert!(Instant::now() < deadline, "{:?}", dataset.health());
		dataset.put_many(vec![noise(seed, 100_000)]).await.unwrap();
		seed += 1;
	}
	let logs = dataset.logs();
	dataset.load_logs().await.unwrap();
	assert_eq!(dataset.logs(), logs);
}

#[tokio::test(flavor = "multi_thread")]
async fn ways_that_change_are_followed_without_a_break_and_a_dead_end_names_all() {
	let site = Site::start().await;
	let dataset = site.open().await;
	dataset.put_many(vec![noise(1, 100_000)]).await.unwrap();
	assert!(site.all_over(&dataset, 0));
	// The records now name the second way alone.
	for (shard, ways) in site.ways.iter().enumerate() {
		dataset.reroute(shard, vec![Route::Direct(ways[1].address.clone())]);
	}
	let deadline = Instant::now() + Duration::from_secs(20);
	while !site.all_over(&dataset, 1) {
		assert!(Instant::now() < deadline, "{:?}", dataset.health());
		dataset.get(dataset.object_id(&noise(1, 100_000))).await.unwrap();
		sleep(Duration::from_millis(20)).await;
	}
	site.set(0, Mood::Cut);
	site.set(1, Mood::Cut);
	for (shard, ways) in site.ways.iter().enumerate() {
		let routes = ways.iter().map(|way| Route::Direct(way.address.clone()));
		dataset.reroute(shard, routes.collect());
	}
	sleep(Duration::from_millis(100)).await;
	let error = dataset.put_many(vec![noise(2, 100)]).await.unwrap_err().to_string();
	assert!(error.contains("no way leads to it"), "{error}");
	// Whichever node was told of first.
	let names_both = |ways: &[Way; 2]| ways.iter().all(|way| error.contains(&way.address));
	assert!(site.ways.iter().any(names_both), "{error}");
}
