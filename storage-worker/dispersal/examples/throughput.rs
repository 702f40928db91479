//! Stores and reads 64 MiB over the given zdb addresses and prints MB/s. `scripts/bench` starts the backends.
//!
//! Usage: `throughput DATA PARITY ADDRESS...`, one address a shard.
#![allow(clippy::print_stdout, reason = "it is for reading")]

use granary_dispersal::{Backend, Dataset, DatasetKey, DatasetOptions};
use std::{error::Error, sync::Arc, time::Instant};

/// As in the binary.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Unless GRANARY_TOTAL_MIB says otherwise.
const TOTAL_BYTES: usize = 64 << 20;
const OBJECT_BYTES: usize = 1 << 20;
/// Objects that are read at once.
const READING: usize = 8;

/// Bytes that do not compress, different at each run.
fn noise(seed: u64) -> Vec<u8> {
	let mut state = seed | 1;
	(0..OBJECT_BYTES / 8)
		.flat_map(|_| {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			state.to_le_bytes()
		})
		.collect()
}

#[tokio::main(flavor = "multi_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
	let mut arguments = std::env::args().skip(1);
	let mut number = || -> Result<u8, Box<dyn Error>> {
		Ok(arguments.next().ok_or("usage: throughput DATA PARITY ADDRESS...")?.parse()?)
	};
	let (data, parity) = (number()?, number()?);
	let backends = arguments
		.enumerate()
		.map(|(node, address)| Backend {
			node: node as u32,
			address,
			namespace: "default".to_owned(),
			password: None,
			tls: None,
		})
		.collect();
	let key = DatasetKey::generate()?;
	let dataset = Arc::new(Dataset::new(key, DatasetOptions::new(data, parity, backends))?);
	let seed =
		std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos() as u64;
	let total = match std::env::var("GRANARY_TOTAL_MIB") {
		Ok(mebibytes) => mebibytes.parse::<usize>()? << 20,
		Err(_) => TOTAL_BYTES,
	};
	let objects: Vec<Vec<u8>> =
		(0..total / OBJECT_BYTES).map(|i| noise(seed ^ (i as u64) << 40)).collect();
	let ids: Vec<_> = objects.iter().map(|object| dataset.object_id(object)).collect();

	let started = Instant::now();
	dataset.put_many(objects.clone()).await?;
	let stored = started.elapsed();

	let started = Instant::now();
	for (ids, objects) in ids.chunks(READING).zip(objects.chunks(READING)) {
		let reads = ids.iter().map(|id| dataset.get(*id));
		for (read, object) in futures::future::try_join_all(reads).await?.iter().zip(objects) {
			if read != object {
				return Err("an object was read back differently".into());
			}
		}
	}
	let read = started.elapsed();
	let rate = |seconds: f64| total as f64 / 1e6 / seconds;
	println!(
		"  {data}+{parity}: store {:.0} MB/s, read {:.0} MB/s",
		rate(stored.as_secs_f64()),
		rate(read.as_secs_f64())
	);
	Ok(())
}
