//! Reads a snapshot through a mount with an empty cache, from dispersed backends, and prints MB/s, bytes fetched and processor time.
//! `scripts/bench fetch` starts the backends.
//!
//! Usage: `cold_read DATA PARITY ADDRESS[=PID]...`, one address a shard; the processor time of those with a process id is told. GRANARY_TOTAL_MIB says how
//! large the snapshot is, 256 if it does not.
#![allow(clippy::print_stdout, reason = "it is for reading")]
#![allow(missing_docs, unreachable_pub, dead_code, reason = "parts of other crates are used here")]

#[path = "../../dispersal/examples/bench/mod.rs"]
mod bench;
#[path = "../../daemon/src/dataset/store.rs"]
mod store;

use bench::{backends, fresh_seed, noise, Outcome};
use granary_dispersal::{Dataset, DatasetKey, DatasetOptions, Naming};
use granary_mount::{mount, MountOptions};
use granary_snapshot::{
	create, BoxFuture, CacheOptions, ChunkCache, Chunking, CreateOptions, KnownFiles, Manifest,
	ObjectId, ObjectStore, Pace, ReadPolicy, Reader, StoreError,
};
use std::{
	fs::{self, File},
	io::{Read, Write},
	os::unix::fs::FileExt,
	path::Path,
	sync::Arc,
	time::Instant,
};
use store::DatasetStore;

/// As in the binary.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Unless GRANARY_TOTAL_MIB says otherwise.
const TOTAL_MIB: usize = 256;
const MIB: usize = 1 << 20;
/// A table of ParityDB, which is cut into chunks of 32 KiB.
const FILE: &str = "table_00_32";
const RANDOM_READS: usize = 500;
const RANDOM_BYTES: usize = 4096;
/// Ticks a second of the times in `/proc`.
const TICKS: f64 = 100.0;

/// Seconds of processor time in user mode and in the kernel.
fn processor_time(process: &str) -> Outcome<(f64, f64)> {
	let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
	let (_, fields) = stat.rsplit_once(')').ok_or("a line of /proc without a name")?;
	let mut times = fields.split_whitespace().skip(11).map(str::parse::<f64>);
	let mut next = || times.next().ok_or("a line of /proc without times");
	Ok((next()?? / TICKS, next()?? / TICKS))
}

/// The same store without its way to read many: what that is worth.
#[derive(Debug)]
struct OneByOne(Arc<DatasetStore>);

impl ObjectStore for OneByOne {
	fn object_id(&self, bytes: &[u8]) -> ObjectId {
		self.0.object_id(bytes)
	}

	fn put_many(
		&self,
		objects: Vec<(ObjectId, Vec<u8>)>,
	) -> BoxFuture<'_, Result<u64, StoreError>> {
		self.0.put_many(objects)
	}

	fn get(&self, id: ObjectId) -> BoxFuture<'_, Result<Vec<u8>, StoreError>> {
		self.0.get(id)
	}
}

struct Clock<'a> {
	pids: &'a [String],
	started: Instant,
	client: (f64, f64),
	servers: (f64, f64),
}

impl<'a> Clock<'a> {
	fn start(pids: &'a [String]) -> Outcome<Self> {
		Ok(Self {
			pids,
			client: processor_time("self")?,
			servers: Self::sum(pids)?,
			started: Instant::now(),
		})
	}

	fn sum(pids: &[String]) -> Outcome<(f64, f64)> {
		pids.iter().try_fold((0.0, 0.0), |sum, pid| {
			let (user, system) = processor_time(pid)?;
			Ok((sum.0 + user, sum.1 + system))
		})
	}

	fn print(&self, what: &str, bytes: usize) -> Outcome<()> {
		let taken = self.started.elapsed().as_secs_f64();
		let (client, servers) = (processor_time("self")?, Self::sum(self.pids)?);
		let mib = bytes as f64 / MIB as f64;
		let each = |now: f64, before: f64| (now - before) * 1e3 / mib;
		println!(
			"  {what}: {:.0} MB/s; processor ms a MiB: client {:.2} and kernel {:.2}, backends {:.2} and kernel {:.2}",
			bytes as f64 / 1e6 / taken,
			each(client.0, self.client.0),
			each(client.1, self.client.1),
			each(servers.0, self.servers.0),
			each(servers.1, self.servers.1),
		);
		Ok(())
	}
}

fn reader(
	dir: &Path,
	manifest: &Arc<Manifest>,
	store: Arc<dyn ObjectStore>,
) -> Outcome<Arc<Reader>> {
	let cache = Arc::new(ChunkCache::open(dir, CacheOptions::with_quota(16 << 30))?);
	let runtime = tokio::runtime::Handle::current();
	let policy = ReadPolicy::default();
	Ok(Arc::new(Reader::new(manifest.clone(), store, cache, runtime, policy)))
}

/// Reads the file from front to back.
fn read_through(mounted: &Path) -> Outcome<()> {
	let (mut file, mut buffer) = (File::open(mounted)?, vec![0; MIB]);
	while file.read(&mut buffer)? > 0 {}
	Ok(())
}

/// Compares the file, which the kernel still has as it was read, with its source.
fn compare(mounted: &Path, source: &Path) -> Outcome<()> {
	let (mut one, mut other) = (File::open(mounted)?, File::open(source)?);
	let (mut buffer, mut expected) = (vec![0; MIB], vec![0; MIB]);
	loop {
		let read = one.read(&mut buffer)?;
		if read == 0 {
			return Ok(());
		}
		let (buffer, expected) = (buffer.get(..read), expected.get_mut(..read));
		let expected = expected.ok_or("more was read than fits")?;
		other.read_exact(expected)?;
		if buffer != Some(expected) {
			return Err("what was read is not what was written".into());
		}
	}
}

fn read_here_and_there(mounted: &Path, seed: u64, total: usize) -> Outcome<()> {
	let file = File::open(mounted)?;
	// So that the kernel reads nothing ahead.
	rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::Random)?;
	let places = noise(seed, RANDOM_READS * 8);
	for place in places.chunks_exact(8) {
		let place = u64::from_le_bytes(place.try_into()?) % (total / RANDOM_BYTES) as u64;
		file.read_exact_at(&mut [0; RANDOM_BYTES], place * RANDOM_BYTES as u64)?;
	}
	Ok(())
}

#[tokio::main(flavor = "multi_thread")]
async fn main() -> Outcome<()> {
	let mut arguments = std::env::args().skip(1);
	let mut number = || -> Outcome<u8> {
		Ok(arguments.next().ok_or("usage: cold_read DATA PARITY ADDRESS[=PID]...")?.parse()?)
	};
	let (data, parity) = (number()?, number()?);
	let (backends, pids) = backends(arguments);
	let total_mib =
		std::env::var("GRANARY_TOTAL_MIB").map_or(Ok(TOTAL_MIB), |text| text.parse())?;
	let total = total_mib * MIB;
	let seed = fresh_seed()?;
	let dir = tempfile::tempdir()?;
	let source = dir.path().join("source");
	fs::create_dir(&source)?;
	let mut file = File::create(source.join(FILE))?;
	for part in 0..total_mib {
		file.write_all(&noise(seed ^ (part as u64) << 40, MIB))?;
	}
	let dataset =
		Dataset::new(DatasetKey::generate()?, DatasetOptions::new(data, parity, backends))?;
	let store = Arc::new(DatasetStore { dataset: Arc::new(dataset), naming: Naming::ByContent });
	let options = CreateOptions {
		name: "bench".to_owned(),
		chunking: Chunking::ByUse,
		chain: None,
		known: KnownFiles::default(),
	};
	let clock = Clock::start(&pids)?;
	let created = create(&source, options, store.clone(), &()).await?;
	clock.print("published in chunks of 32 KiB", total)?;
	let manifest = Arc::new(created.manifest);
	let mounts = dir.path().join("mount");
	fs::create_dir(&mounts)?;
	let mounted = mounts.join(FILE);

	let one_by_one: Arc<dyn ObjectStore> = Arc::new(OneByOne(store.clone()));
	let together: Arc<dyn ObjectStore> = store;
	for (what, cache, store) in [
		("sequential read through the mount, cold, objects one by one", "one", &one_by_one),
		("sequential read through the mount, cold", "cache", &together),
		("the same, warm cache", "cache", &together),
	] {
		let reader = reader(&dir.path().join(cache), &manifest, store.clone())?;
		let options =
			MountOptions::new(mounts.clone(), dir.path().join("thin"), created.manifest_id);
		let (mounted, source) = (mounted.clone(), source.join(FILE));
		let filesystem = mount(reader, options)?;
		let clock = Clock::start(&pids)?;
		tokio::task::block_in_place(|| read_through(&mounted))?;
		clock.print(what, total)?;
		tokio::task::block_in_place(|| compare(&mounted, &source))?;
		tokio::task::block_in_place(|| filesystem.unmount())?;
		filesystem.wait()?;
	}

	let here_and_there = reader(&dir.path().join("random"), &manifest, together.clone())?;
	let options = MountOptions::new(mounts.clone(), dir.path().join("thin"), created.manifest_id);
	let filesystem = mount(here_and_there.clone(), options)?;
	let started = Instant::now();
	tokio::task::block_in_place(|| read_here_and_there(&mounted, seed, total))?;
	let stats = here_and_there.stats();
	println!(
		"  {RANDOM_READS} random reads of 4 KiB, cold: {:.0} B fetched for each, {} objects, {:.0} µs each",
		stats.bytes_fetched as f64 / RANDOM_READS as f64,
		stats.chunks_fetched,
		started.elapsed().as_secs_f64() * 1e6 / RANDOM_READS as f64
	);
	tokio::task::block_in_place(|| filesystem.unmount())?;
	filesystem.wait()?;

	let hydrated = reader(&dir.path().join("hydrated"), &manifest, together)?;
	let clock = Clock::start(&pids)?;
	hydrated.prefetch(&hydrated.wanted_below(Path::new("")), &Pace::default()).await?;
	clock.print("everything fetched into the cache", total)?;
	Ok(())
}
