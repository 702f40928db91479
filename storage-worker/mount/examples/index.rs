//! The index of a snapshot of ten million objects over dispersed backends: what it takes to store it, to open it, to find an object in it, and to know all of
//! them. `scripts/bench dispersal` starts the backends.
//!
//! Usage: `index DATA PARITY ADDRESS...`, one address a shard. GRANARY_OBJECTS says how many objects, 10,000,000 if it does not. The objects themselves are not
//! stored: their ids are drawn.
#![allow(clippy::print_stdout, reason = "it is for reading")]
#![allow(missing_docs, unreachable_pub, dead_code, reason = "parts of other crates are used here")]

#[path = "../../dispersal/examples/bench/mod.rs"]
mod bench;
#[path = "../../daemon/src/dataset/fingerprints.rs"]
mod fingerprints;
#[path = "../../daemon/src/dataset/store.rs"]
mod store;

use bench::{backends, fresh_seed, noise, Outcome};
use fingerprints::Fingerprints;
use granary_dispersal::{Dataset, DatasetKey, DatasetOptions, Naming};
use granary_snapshot::{
	CacheOptions, ChunkCache, Entry, EntryKind, Manifest, ManifestWriter, ObjectId, ReadPolicy,
	Reader, Wanted,
};
use std::{sync::Arc, time::Instant};
use store::DatasetStore;

/// As in the binary.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Unless GRANARY_OBJECTS says otherwise.
const OBJECTS: usize = 10_000_000;
const FILES: usize = 10;
const CHUNK_BYTES: u32 = 64 << 10;
const LOOKUPS: usize = 1000;

/// Memory of this process right now, in MiB.
fn memory_mebibytes() -> Outcome<u64> {
	let status = std::fs::read_to_string("/proc/self/status")?;
	let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
	Ok(line.trim().split(' ').next().ok_or("no VmRSS")?.parse::<u64>()? / 1024)
}

fn entry(path: String, kind: EntryKind) -> Entry {
	Entry { path: path.into_bytes(), kind, mode: 0o644, uid: 0, gid: 0, mtime_ns: 0 }
}

/// Stores the tables of files of drawn ids, and a manifest that names them. Answers its id and the bytes that were sent.
async fn store_index(store: &DatasetStore, objects: usize, seed: u64) -> Outcome<(ObjectId, u64)> {
	let mut writer = ManifestWriter::new(store);
	let mut entries = vec![entry(String::new(), EntryKind::Directory)];
	let each = objects / FILES;
	for file in 0..FILES {
		let bytes = noise(seed ^ (file as u64) << 40, each * 32);
		let named = |id: &[u8]| -> Outcome<Option<ObjectId>> { Ok(Some(id.try_into()?)) };
		let ids = bytes.chunks_exact(32).map(named);
		let chunks = writer.table(ids.collect::<Outcome<_>>()?).await?;
		let size = each as u64 * u64::from(CHUNK_BYTES);
		let kind = EntryKind::File { size, chunk_bytes: CHUNK_BYTES, chunks };
		entries.push(entry(format!("table_{file}"), kind));
	}
	let manifest = Manifest {
		name: "index".to_owned(),
		created_unix_ms: 0,
		parent: None,
		trace: None,
		chain: None,
		entries,
	};
	let (id, written) = writer.finish(&manifest).await?;
	Ok((id, written.stored_bytes))
}

/// Finds objects here and there and prints how long each took: median and 99th percentile in microseconds.
async fn look_up(what: &str, reader: &Reader, places: &[(usize, u64)]) -> Outcome<()> {
	let mut taken = Vec::with_capacity(places.len());
	for (entry, chunk) in places {
		let began = Instant::now();
		let found = reader.ids(&[Wanted { entry: *entry, chunks: *chunk..*chunk + 1 }]).await?;
		taken.push(began.elapsed().as_secs_f64() * 1e6);
		if found.len() != 1 {
			return Err("an object was not found".into());
		}
	}
	taken.sort_by(f64::total_cmp);
	let at = |share: f64| taken.get((taken.len() as f64 * share) as usize).copied();
	println!(
		"  {what}: median {:.0} µs, p99 {:.0} µs",
		at(0.5).ok_or("no lookups")?,
		at(0.99).ok_or("no lookups")?
	);
	Ok(())
}

#[tokio::main(flavor = "multi_thread")]
async fn main() -> Outcome<()> {
	let mut arguments = std::env::args().skip(1);
	let mut number = || -> Outcome<u8> {
		Ok(arguments.next().ok_or("usage: index DATA PARITY ADDRESS...")?.parse()?)
	};
	let (data, parity) = (number()?, number()?);
	let (backends, _) = backends(arguments);
	let objects = std::env::var("GRANARY_OBJECTS").map_or(Ok(OBJECTS), |text| text.parse())?;
	let (key, options, seed) =
		(DatasetKey::generate()?, DatasetOptions::new(data, parity, backends), fresh_seed()?);
	let client = || -> Outcome<Arc<DatasetStore>> {
		let dataset = Arc::new(Dataset::new(key.clone(), options.clone())?);
		Ok(Arc::new(DatasetStore { dataset, naming: Naming::ByContent }))
	};
	let began = Instant::now();
	let (id, sent) = store_index(client()?.as_ref(), objects, seed).await?;
	println!(
		"  index of {objects} objects: stored in {:.1} s, {:.1} bytes an object over all nodes",
		began.elapsed().as_secs_f64(),
		sent as f64 / objects as f64
	);

	// From here on as a client that has nothing but the key and the manifest's id.
	let store = client()?;
	let before = memory_mebibytes()?;
	let began = Instant::now();
	let manifest = Arc::new(Manifest::load(store.as_ref(), id).await?);
	println!(
		"  opened in {:.1} ms with {} KiB fetched",
		began.elapsed().as_secs_f64() * 1e3,
		store.dataset.bytes_received() >> 10
	);
	let dir = tempfile::tempdir()?;
	let cache = Arc::new(ChunkCache::open(dir.path(), CacheOptions::with_quota(16 << 30))?);
	let runtime = tokio::runtime::Handle::current();
	let reader =
		Reader::new(manifest.clone(), store.clone(), cache, runtime, ReadPolicy::default());
	let drawn = noise(seed ^ 0x5eed, LOOKUPS * 8);
	let each = (objects / FILES) as u64;
	let place = |drawn: &[u8]| -> Outcome<(usize, u64)> {
		let drawn = u64::from_le_bytes(drawn.try_into()?);
		Ok((1 + drawn as usize % FILES, (drawn >> 16) % each))
	};
	let places = drawn.chunks_exact(8).map(place).collect::<Outcome<Vec<_>>>()?;
	look_up("an object here and there, nothing cached", &reader, &places).await?;
	look_up("the same ones again", &reader, &places).await?;
	println!("  memory for that: {} MiB", memory_mebibytes()?.saturating_sub(before));
	drop(reader);

	let (before, began) = (memory_mebibytes()?, Instant::now());
	let mut all = Fingerprints::default();
	Manifest::for_each_object(store.as_ref(), id, &mut |id| all.insert(&id)).await?;
	all.sort();
	println!(
		"  all objects known, as `granary dataset release` has to: {:.1} s, {} MiB of memory",
		began.elapsed().as_secs_f64(),
		memory_mebibytes()?.saturating_sub(before)
	);
	Ok(())
}
