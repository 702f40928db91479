//! Publishes a tree over dispersed backends, then the unchanged tree again, with and without what the first time found out; prints seconds, MB/s and bytes sent.
//! `scripts/bench dispersal` starts the backends.
//!
//! Usage: `republish DATA PARITY ADDRESS...`, one address a shard. GRANARY_TOTAL_MIB says how large the tree is, 5120 if it does not. It is made in the
//! directory for temporary files.
#![allow(clippy::print_stdout, reason = "it is for reading")]
#![allow(missing_docs, unreachable_pub, dead_code, reason = "parts of other crates are used here")]

#[path = "../../dispersal/examples/bench/mod.rs"]
mod bench;
#[path = "../../daemon/src/dataset/store.rs"]
mod store;

use bench::{backends, fresh_seed, noise, peak_mebibytes, Outcome};
use granary_dispersal::{Dataset, DatasetKey, DatasetOptions, Naming};
use granary_snapshot::{create, Chunking, CreateOptions, Created, KnownFiles};
use std::{
	fs::File,
	io::Write,
	path::Path,
	sync::Arc,
	time::{Duration, Instant},
};
use store::DatasetStore;

/// As in the binary.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Unless GRANARY_TOTAL_MIB says otherwise.
const TOTAL_MIB: usize = 5 << 10;
const MIB: usize = 1 << 20;
/// Files of a database: half of the bytes in tables of ParityDB, half in sorted tables of RocksDB.
const FILES: usize = 16;
/// So long before a publish a file must have been written last to be remembered.
const REST: Duration = Duration::from_millis(200);

fn write_tree(root: &Path, total_mib: usize, seed: u64) -> Outcome<()> {
	for number in 0..FILES {
		let name = match number % 2 {
			0 => format!("table_00_{number:02}"),
			_ => format!("{number:06}.sst"),
		};
		let mut file = File::create(root.join(name))?;
		for part in 0..total_mib / FILES {
			file.write_all(&noise(seed ^ ((number * total_mib + part) as u64) << 32, MIB))?;
		}
		file.sync_all()?;
	}
	Ok(())
}

/// A client of its own, as each publish is.
async fn publish(
	source: &Path,
	key: &DatasetKey,
	options: &DatasetOptions,
	known: KnownFiles,
) -> Outcome<(Created, f64)> {
	let began = Instant::now();
	let dataset = Arc::new(Dataset::new(key.clone(), options.clone())?);
	dataset.load_logs().await?;
	let store = Arc::new(DatasetStore { dataset, naming: Naming::ByContent });
	let options =
		CreateOptions { name: "bench".to_owned(), chunking: Chunking::ByUse, chain: None, known };
	let created = create(source, options, store, &()).await?;
	Ok((created, began.elapsed().as_secs_f64()))
}

#[tokio::main(flavor = "multi_thread")]
async fn main() -> Outcome<()> {
	let mut arguments = std::env::args().skip(1);
	let mut number = || -> Outcome<u8> {
		Ok(arguments.next().ok_or("usage: republish DATA PARITY ADDRESS...")?.parse()?)
	};
	let (data, parity) = (number()?, number()?);
	let (backends, _) = backends(arguments);
	let total_mib =
		std::env::var("GRANARY_TOTAL_MIB").map_or(Ok(TOTAL_MIB), |text| text.parse())?;
	let (dir, key) = (tempfile::tempdir()?, DatasetKey::generate()?);
	let options = DatasetOptions::new(data, parity, backends);
	write_tree(dir.path(), total_mib, fresh_seed()?)?;
	tokio::time::sleep(REST).await;

	let (first, taken) = publish(dir.path(), &key, &options, KnownFiles::default()).await?;
	let rate = |seconds: f64| first.total_bytes as f64 / 1e6 / seconds;
	println!(
		"  a tree of {} MiB in {} chunks, first time: {taken:.1} s, {:.0} MB/s, {} MiB sent; {} MiB of memory",
		first.total_bytes >> 20,
		first.written.chunks,
		rate(taken),
		first.written.stored_bytes >> 20,
		peak_mebibytes()?
	);
	for (what, known) in [
		("again, files known by inode, length and times", first.known.clone()),
		("again, every file read", KnownFiles::default()),
	] {
		let (again, seconds) = publish(dir.path(), &key, &options, known).await?;
		if again.manifest.entries != first.manifest.entries {
			return Err("another tree was published".into());
		}
		println!(
			"  {what}: {seconds:.3} s, {:.2} % of the first time; {} bytes sent, which are the new manifest's shards",
			seconds / taken * 100.0,
			again.written.stored_bytes
		);
	}
	Ok(())
}
