//! Many mounts of one snapshot at once, each of a process of its own with a cache of its own, over dispersed backends: start, storage, reads of each backend, memory.
//! `scripts/bench many` starts the backends.
//!
//! Usage: `many_readers DATA PARITY MOUNTS ADDRESS...`, one address a shard. GRANARY_TOTAL_MIB says how large the snapshot is, 1024 if it does not.
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
	create, CacheOptions, ChunkCache, Chunking, CreateOptions, KnownFiles, Manifest, ReadPolicy,
	Reader,
};
use std::{
	fs::{self, File},
	io::{BufRead, BufReader, Write},
	os::unix::fs::{FileExt, MetadataExt},
	path::{Path, PathBuf},
	process::{Child, ChildStdout, Command, Stdio},
	sync::Arc,
	time::Instant,
};
use store::DatasetStore;

/// As in the binary.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const TOTAL_MIB: usize = 1024;
const MIB: usize = 1 << 20;
/// A table of ParityDB, which is cut into chunks of 32 KiB.
const FILE: &str = "table_00_32";
const CHUNK_BYTES: usize = 32 << 10;
/// Of the snapshot what each reader reads, a start's share.
const READ_PERCENT: usize = 2;

/// What each process is given: the geometry and the backends.
fn dataset(key: DatasetKey, arguments: &[String]) -> Outcome<Arc<DatasetStore>> {
	let [data, parity, addresses @ ..] = arguments else {
		return Err("usage: many_readers DATA PARITY MOUNTS ADDRESS...".into());
	};
	let (backends, _) = backends(addresses.iter().cloned());
	let options = DatasetOptions::new(data.parse()?, parity.parse()?, backends);
	let dataset = Dataset::new(key, options)?;
	Ok(Arc::new(DatasetStore { dataset: Arc::new(dataset), naming: Naming::ByContent }))
}

/// A reader's process: mounts, says so, serves until it is unmounted, and says what it has received.
async fn serve(dir: &Path, arguments: &[String]) -> Outcome<()> {
	let store = dataset(DatasetKey::load(&dir.with_file_name("key"))?, arguments)?;
	let root: [u8; 32] =
		fs::read(dir.with_file_name("manifest"))?.try_into().map_err(|_| "a bad id")?;
	let manifest = Arc::new(Manifest::load(store.as_ref(), root).await?);
	let cache = ChunkCache::open(&dir.join("cache"), CacheOptions::with_quota(16 << 30))?;
	let runtime = tokio::runtime::Handle::current();
	let policy = ReadPolicy::default();
	let reader = Arc::new(Reader::new(manifest, store.clone(), Arc::new(cache), runtime, policy));
	let options = MountOptions::new(dir.join("mnt"), dir.join("thin"), root);
	let mounted = tokio::task::spawn_blocking(move || mount(reader, options)).await??;
	writeln!(std::io::stdout(), "mounted")?;
	tokio::task::spawn_blocking(move || mounted.wait()).await??;
	println!("{}", store.dataset.bytes_received());
	Ok(())
}

/// A reader as the measuring process sees it.
struct Mount {
	dir: PathBuf,
	process: Child,
	says: BufReader<ChildStdout>,
}

impl Mount {
	fn start(dir: PathBuf, arguments: &[String]) -> Outcome<Self> {
		fs::create_dir_all(dir.join("mnt"))?;
		let mut command = Command::new(std::env::current_exe()?);
		let mut process =
			command.arg("serve").arg(&dir).args(arguments).stdout(Stdio::piped()).spawn()?;
		let says = BufReader::new(process.stdout.take().ok_or("no output")?);
		Ok(Self { dir, process, says })
	}

	fn line(&mut self) -> Outcome<String> {
		let mut line = String::new();
		self.says.read_line(&mut line)?;
		Ok(line.trim().to_owned())
	}

	/// Reads the chunks that all of them read, one after the other.
	fn read(&self, chunks: &[u64]) -> std::io::Result<()> {
		let file = File::open(self.dir.join("mnt").join(FILE))?;
		rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::Random)?;
		chunks
			.iter()
			.try_for_each(|chunk| file.read_exact_at(&mut [0; 4096], chunk * CHUNK_BYTES as u64))
	}

	/// KiB of memory, what is shared with others divided among them.
	fn memory(&self) -> Outcome<u64> {
		let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.process.id()))?;
		let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
		Ok(line.and_then(|line| line.trim().split(' ').next()).ok_or("no Pss")?.parse()?)
	}

	/// Unmounts it and answers what it has received.
	fn end(mut self) -> Outcome<u64> {
		let unmounted = Command::new("fusermount3").arg("-u").arg(self.dir.join("mnt")).status()?;
		let received = self.line()?.parse()?;
		if !unmounted.success() || !self.process.wait()?.success() {
			return Err("a mount did not end well".into());
		}
		Ok(received)
	}
}

/// Bytes of the disk that a directory takes.
fn disk_bytes(dir: &Path) -> Outcome<u64> {
	let mut bytes = 0;
	for entry in fs::read_dir(dir)? {
		let entry = entry?;
		bytes += match entry.file_type()?.is_dir() {
			true => disk_bytes(&entry.path())?,
			false => entry.metadata()?.blocks() * 512,
		};
	}
	Ok(bytes)
}

/// Mounts so many times, reads, and prints what that took.
fn measure(dir: &Path, mounts: usize, total: usize, arguments: &[String]) -> Outcome<()> {
	let (started, shards) = (Instant::now(), arguments.len() - 2);
	let readers = (0..mounts).map(|number| Mount::start(dir.join(number.to_string()), arguments));
	let mut readers = readers.collect::<Outcome<Vec<_>>>()?;
	for reader in &mut readers {
		if reader.line()? != "mounted" {
			return Err("a reader could not mount".into());
		}
	}
	let mounted = started.elapsed();
	let count = (total / CHUNK_BYTES) as u64;
	let places = noise(7, total / CHUNK_BYTES * READ_PERCENT / 100 * 8);
	let chunks: Vec<u64> = places
		.chunks_exact(8)
		.filter_map(|bytes| Some(u64::from_le_bytes(*bytes.first_chunk()?) % count))
		.collect();
	let began = Instant::now();
	std::thread::scope(|scope| -> Outcome<()> {
		let reading: Vec<_> =
			readers.iter().map(|reader| scope.spawn(|| reader.read(&chunks))).collect();
		for reader in reading {
			reader.join().map_err(|_| "a reader failed")??;
		}
		Ok(())
	})?;
	let read = began.elapsed();
	let memory: u64 = readers.iter().map(Mount::memory).sum::<Outcome<u64>>()?;
	let mut received = 0;
	for reader in readers {
		received += reader.end()?;
	}
	let held: u64 = (0..mounts)
		.map(|number| disk_bytes(&dir.join(number.to_string())))
		.sum::<Outcome<u64>>()?;
	let (mib, each) = (|bytes: u64| bytes as f64 / MIB as f64, mounts as f64);
	println!("  {mounts} mounts: all there after {:.2} s, {READ_PERCENT} % of {} MiB read by each after {:.2} s more", mounted.as_secs_f64(), total / MIB, read.as_secs_f64());
	println!(
		"    local disk of all {:.1} MiB, of each {:.2}; full copies would take {:.0} MiB",
		mib(held),
		mib(held) / each,
		total as f64 / MIB as f64 * each
	);
	println!(
		"    each of {shards} backends served {:.1} MiB, {:.0} KiB for each mount; {:.1} MiB of memory each",
		mib(received) / shards as f64,
		mib(received) / shards as f64 / each * 1024.0,
		memory as f64 / 1024.0 / each
	);
	Ok(())
}

#[tokio::main(flavor = "multi_thread")]
async fn main() -> Outcome<()> {
	let arguments: Vec<String> = std::env::args().skip(1).collect();
	if let [serving, dir, arguments @ ..] = arguments.as_slice() {
		if serving == "serve" {
			return serve(Path::new(dir), arguments).await;
		}
	}
	let [data, parity, mounts, addresses @ ..] = arguments.as_slice() else {
		return Err("usage: many_readers DATA PARITY MOUNTS ADDRESS...".into());
	};
	let mounts: usize = mounts.parse()?;
	let arguments = [&[data.clone(), parity.clone()], addresses].concat();
	let total_mib =
		std::env::var("GRANARY_TOTAL_MIB").map_or(Ok(TOTAL_MIB), |text| text.parse())?;
	let dir = tempfile::tempdir()?;
	let (source, seed) = (dir.path().join("source"), fresh_seed()?);
	fs::create_dir(&source)?;
	let mut file = File::create(source.join(FILE))?;
	for part in 0..total_mib {
		file.write_all(&noise(seed ^ (part as u64) << 40, MIB))?;
	}
	let key = DatasetKey::generate()?;
	key.save(&dir.path().join("key"))?;
	let store = dataset(key, &arguments)?;
	let options = CreateOptions {
		name: "bench".to_owned(),
		chunking: Chunking::ByUse,
		chain: None,
		known: KnownFiles::default(),
	};
	let created = create(&source, options, store, &()).await?;
	fs::write(dir.path().join("manifest"), created.manifest_id)?;
	tokio::task::block_in_place(|| measure(dir.path(), mounts, total_mib * MIB, &arguments))
}
