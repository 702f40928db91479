//! Lazy reading: every byte right, no chunk fetched twice, nothing damaged served.

#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod support;

use granary_snapshot::{
	CacheOptions, ChunkCache, Manifest, Pace, ReadError, ReadPolicy, Reader, Trace,
};
use rand::{Rng, SeedableRng};
use std::{
	fs,
	path::{Path, PathBuf},
	sync::Arc,
	time::{Duration, Instant},
};
use support::{blocking, chunks, entry, noise, publish, reader, MemoryStore, CHUNK};
use tempfile::TempDir;

/// A file of data, a hole and data again.
fn content() -> Vec<u8> {
	[noise(1, 40 * CHUNK), vec![0; 20 * CHUNK], noise(2, 40 * CHUNK + 1234)].concat()
}

struct Published {
	dir: TempDir,
	store: Arc<MemoryStore>,
	manifest: Manifest,
	file: usize,
}

impl Published {
	async fn with(store: MemoryStore) -> Self {
		let dir = tempfile::tempdir().unwrap();
		let source = dir.path().join("source");
		fs::create_dir(&source).unwrap();
		fs::write(source.join("file"), content()).unwrap();
		let store = Arc::new(store);
		let manifest = publish(&source, &store).await.unwrap().manifest;
		let file = entry(&manifest, "file");
		Self { dir, store, manifest, file }
	}

	fn cache(&self) -> PathBuf {
		self.dir.path().join("cache")
	}

	fn reader(&self) -> Arc<Reader> {
		reader(&self.manifest, &self.store, &self.cache())
	}
}

fn read(reader: &Reader, file: usize, offset: u64, len: usize) -> Result<Vec<u8>, ReadError> {
	let mut buffer = vec![0xee; len];
	let read = reader.read_at(file, offset, &mut buffer)?;
	assert!(buffer[read..].iter().all(|byte| *byte == 0xee), "nothing is written past the end");
	buffer.truncate(read);
	Ok(buffer)
}

/// The files that hold cached chunks, the oldest first.
fn packs(cache: &Path) -> Vec<PathBuf> {
	let files = fs::read_dir(cache.join("packs")).unwrap().map(|file| file.unwrap().path());
	let mut data: Vec<PathBuf> =
		files.filter(|path| path.extension().is_some_and(|end| end == "data")).collect();
	data.sort();
	data
}

/// Reads are answered before what they fetched is on disk: waits until so many chunks are there.
async fn kept(cache: &Path, count: usize) {
	let held = || ChunkCache::open(cache, CacheOptions::with_quota(1 << 20)).unwrap().chunks();
	let deadline = Instant::now() + Duration::from_secs(60);
	while held() < count {
		assert!(Instant::now() < deadline, "{count} chunks are kept");
		tokio::time::sleep(Duration::from_millis(5)).await;
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn any_range_reads_as_the_source() {
	let published = Published::with(MemoryStore::default()).await;
	let (reader, file) = (published.reader(), published.file);
	let stats = blocking(move || {
		let content = content();
		let mut random = rand::rngs::StdRng::seed_from_u64(7);
		for _ in 0..2000 {
			let offset = random.gen_range(0..content.len() + 100);
			let len = random.gen_range(0..5 * CHUNK);
			let end = (offset + len).min(content.len());
			let expected = content.get(offset..end).unwrap_or_default();
			assert_eq!(read(&reader, file, offset as u64, len).unwrap(), expected);
		}
		assert_eq!(read(&reader, file, u64::MAX, 10).unwrap(), b"");
		assert!(matches!(read(&reader, 0, 0, 1), Err(ReadError::NotAFile(0))), "the root");
		assert!(matches!(read(&reader, 99, 0, 1), Err(ReadError::NotAFile(99))));
		reader.stats()
	})
	.await;
	assert_eq!(stats.chunks_fetched, 81 + 1, "data only, each once, and the page that lists it");
	assert_eq!(stats.fetch_errors, 0);
	assert!(published.store.gets().values().all(|count| *count == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_at_once_fetch_a_chunk_once() {
	let delay = Duration::from_millis(50);
	let published = Published::with(MemoryStore { delay, ..MemoryStore::default() }).await;
	let (reader, file) = (published.reader(), published.file);
	let reads = (0..16).map(|_| {
		let reader = reader.clone();
		blocking(move || read(&reader, file, 100, 3 * CHUNK).unwrap())
	});
	for found in futures::future::join_all(reads).await {
		assert_eq!(found, content()[100..100 + 3 * CHUNK]);
	}
	assert_eq!(published.store.total_gets(), 4 + 1, "and the page that lists them");
	assert_eq!(reader.stats().chunks_fetched, 4 + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cache_survives_and_damage_in_it_is_fetched_again() {
	let published = Published::with(MemoryStore::default()).await;
	let (first, file) = (published.reader(), published.file);
	blocking(move || assert_eq!(read(&first, file, 0, 1 << 20).unwrap(), content())).await;
	assert_eq!(published.store.total_gets(), 82);
	kept(&published.cache(), 82).await;

	let again = published.reader();
	let reading = again.clone();
	blocking(move || assert_eq!(read(&reading, file, 0, 1 << 20).unwrap(), content())).await;
	assert_eq!(published.store.total_gets(), 82, "nothing is fetched again");
	assert_eq!((again.stats().cache_hits, again.stats().chunks_fetched), (82, 0));

	let pack = packs(&published.cache())[0].clone();
	let mut bytes = fs::read(&pack).unwrap();
	assert!(bytes.len() >= 20 * CHUNK);
	bytes[5] ^= 0x80;
	bytes[5 * CHUNK + 7] ^= 1;
	bytes[10 * CHUNK..11 * CHUNK].fill(0);
	bytes.truncate(bytes.len() - CHUNK);
	fs::write(&pack, bytes).unwrap();
	let mended = published.reader();
	let reading = mended.clone();
	blocking(move || assert_eq!(read(&reading, file, 0, 1 << 20).unwrap(), content())).await;
	assert_eq!(mended.stats().chunks_fetched, 4);
	// What was fetched again is what the next process finds.
	let deadline = Instant::now() + Duration::from_secs(60);
	loop {
		let next = published.reader();
		let reading = next.clone();
		blocking(move || assert_eq!(read(&reading, file, 0, 1 << 20).unwrap(), content())).await;
		if next.stats().chunks_fetched == 0 {
			break;
		}
		assert!(Instant::now() < deadline, "it stays damaged");
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_or_wrong_chunk_is_an_error_that_names_the_file_and_can_pass() {
	let published = Published::with(MemoryStore::default()).await;
	let (reader, file) = (published.reader(), published.file);
	let id = chunks(&published.manifest, &published.store, "file").await[2].unwrap();
	published.store.gets.lock().unwrap().clear();
	let chunk = content()[2 * CHUNK..3 * CHUNK].to_vec();
	for wrong in [None, Some(chunk[1..].to_vec()), Some(vec![])] {
		published.store.replace(id, wrong);
		let reading = reader.clone();
		let error = blocking(move || read(&reading, file, 0, 4 * CHUNK).unwrap_err()).await;
		let text = error.to_string();
		assert!(text.contains("file") && text.contains("8192"), "{text}");
	}
	assert_eq!(reader.stats().fetch_errors, 3);
	// The store was repaired: so is the read.
	published.store.replace(id, Some(chunk));
	let found = blocking(move || read(&reader, file, 0, 4 * CHUNK)).await;
	assert_eq!(found.unwrap(), content()[..4 * CHUNK]);
	// Another length under this name in the cache, well formed, is not believed either.
	ChunkCache::open(&published.cache(), CacheOptions::with_quota(1 << 20))
		.unwrap()
		.put(&id, b"short")
		.unwrap();
	let reader = published.reader();
	let found = blocking(move || read(&reader, file, 0, 4 * CHUNK)).await;
	assert_eq!(found.unwrap(), content()[..4 * CHUNK]);
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_on_fetches_ahead_and_reading_here_and_there_does_not() {
	let published = Published::with(MemoryStore::default()).await;
	let (reader, file) = (published.reader(), published.file);
	let reading = reader.clone();
	blocking(move || {
		for chunk in [30, 5, 17, 2] {
			read(&reading, file, chunk * CHUNK as u64, 100).unwrap();
		}
	})
	.await;
	tokio::time::sleep(Duration::from_millis(100)).await;
	assert_eq!(published.store.total_gets(), 4 + 1, "and the page that lists them");

	// Each read that goes on from the last one fetches further: one chunk, two, four, eight.
	let reading = reader.clone();
	blocking(move || {
		for chunk in 62..=66 {
			read(&reading, file, chunk * CHUNK as u64, CHUNK).unwrap();
		}
	})
	.await;
	let deadline = Instant::now() + Duration::from_secs(10);
	while published.store.total_gets() < 5 + 5 + 8 {
		assert!(Instant::now() < deadline, "{} were fetched", published.store.total_gets());
		tokio::time::sleep(Duration::from_millis(10)).await;
	}
	tokio::time::sleep(Duration::from_millis(100)).await;
	assert_eq!(published.store.total_gets(), 5 + 5 + 8, "eight ahead and no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_of_one_start_is_fetched_before_the_next() {
	let published = Published::with(MemoryStore::default()).await;
	let (first, file) = (published.reader(), published.file);
	first.start_recording();
	let reading = first.clone();
	blocking(move || {
		for chunk in [30, 5, 17, 2, 5, 50] {
			read(&reading, file, chunk * CHUNK as u64, 100).unwrap();
		}
	})
	.await;
	let trace = Trace::from_bytes(&first.stop_recording().unwrap().to_bytes()).unwrap();
	assert_eq!(trace.accesses.len(), 5, "each once, a hole among them");

	let cache = tempfile::tempdir().unwrap();
	let next = reader(&published.manifest, &published.store, cache.path());
	let done = next.prefetch(&next.wanted_by_trace(&trace), &Pace::default()).await.unwrap();
	assert_eq!((done.fetched, done.present), (4, 0), "the hole costs nothing");
	let before = published.store.total_gets();
	let reading = next.clone();
	blocking(move || {
		for chunk in [2, 30, 17, 5] {
			let expected = &content()[chunk * CHUNK..chunk * CHUNK + 100];
			assert_eq!(read(&reading, file, (chunk * CHUNK) as u64, 100).unwrap(), expected);
		}
	})
	.await;
	assert_eq!(published.store.total_gets(), before, "the store is not asked again");
	let again = next.prefetch(&next.wanted_below(Path::new("")), &Pace::default()).await.unwrap();
	assert_eq!((again.fetched, again.present), (81 - 4, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_waits_for_a_silent_store_as_long_as_it_may() {
	let published = Published::with(MemoryStore::default()).await;
	let silent = |on| published.store.silent.store(on, std::sync::atomic::Ordering::Relaxed);
	silent(true);
	let cache =
		Arc::new(ChunkCache::open(&published.cache(), CacheOptions::with_quota(1 << 20)).unwrap());
	let make = |deadline| {
		let manifest = Arc::new(published.manifest.clone());
		let runtime = tokio::runtime::Handle::current();
		let policy = ReadPolicy { deadline };
		Arc::new(Reader::new(manifest, published.store.clone(), cache.clone(), runtime, policy))
	};
	let (hasty, file) = (make(Duration::ZERO), published.file);
	let error = blocking(move || read(&hasty, file, 0, 10).unwrap_err()).await;
	assert!(error.to_string().contains("nobody answers"), "{error}");
	let patient = make(Duration::from_secs(60));
	let reading = patient.clone();
	let waiting = tokio::task::spawn_blocking(move || read(&reading, file, 0, 10));
	while patient.stats().waiting == 0 || patient.stats().last_error.is_none() {
		tokio::time::sleep(Duration::from_millis(5)).await;
	}
	silent(false);
	assert_eq!(waiting.await.unwrap().unwrap(), content()[..10]);
	assert_eq!((patient.stats().waiting, patient.stats().fetch_errors), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_hangs_holds_a_read_up_for_no_longer_than_was_said() {
	let hanging = MemoryStore { delay: Duration::from_secs(3600), ..MemoryStore::default() };
	let dir = tempfile::tempdir().unwrap();
	let source = dir.path().join("source");
	fs::create_dir(&source).unwrap();
	// Few enough chunks for the manifest to list them itself.
	fs::write(source.join("file"), noise(1, 8 * CHUNK)).unwrap();
	let store = Arc::new(hanging);
	let manifest = publish(&source, &store).await.unwrap().manifest;
	let file = entry(&manifest, "file");
	let cache = ChunkCache::open(&dir.path().join("cache"), CacheOptions::with_quota(1 << 20));
	let runtime = tokio::runtime::Handle::current();
	let policy = ReadPolicy { deadline: Duration::from_secs(1) };
	let cache = Arc::new(cache.unwrap());
	let reader = Arc::new(Reader::new(Arc::new(manifest), store, cache, runtime, policy));
	// One chunk is asked for by the read itself, several together beside it.
	for (offset, len) in [(0, 100), (2 * CHUNK, 3 * CHUNK), (2 * CHUNK, 100)] {
		let (reading, began) = (reader.clone(), Instant::now());
		let error = blocking(move || read(&reading, file, offset as u64, len).unwrap_err()).await;
		assert!(error.to_string().contains("did not come within 1 s"), "{error}");
		let taken = began.elapsed();
		assert!((1.0..10.0).contains(&taken.as_secs_f64()), "{taken:?}");
	}
	let stats = reader.stats();
	assert!(stats.fetch_errors >= 3 && stats.waiting == 0, "{stats:?}");
	let last = stats.last_error.unwrap();
	assert!(stats.failed_objects.iter().any(|id| last.contains(&hex::encode(id))), "{last}");
}
