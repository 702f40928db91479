//! Stores and reads objects of 1 MiB over the given zdb addresses and prints MB/s. `scripts/bench` starts the backends.
//!
//! Usage: `throughput DATA PARITY ADDRESS[=PID]...`, one address a shard. Backends with a process id, as many as there is parity, are killed before
//! everything is read once more. GRANARY_TOTAL_MIB says how much is stored, 64 if it does not.
#![allow(clippy::print_stdout, reason = "it is for reading")]

mod bench;

use bench::{backends, disk_bytes, fresh_seed, noise, peak_mebibytes, Outcome};
use granary_dispersal::{Dataset, DatasetKey, DatasetOptions, ObjectId, Pipeline};
use std::{
	process::Command,
	time::{Duration, Instant},
};

/// As in the binary.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Unless GRANARY_TOTAL_MIB says otherwise.
const TOTAL_MIB: usize = 64;
const OBJECT_BYTES: usize = 1 << 20;
/// Objects that are stored by one call, and read at once.
const STORING: usize = 64;
/// Who all store the same, each with a client of its own, and what that is.
const PARTICIPANTS: usize = 100;
const SHARED_OBJECTS: usize = 64;
const SHARED_BYTES: usize = 64 << 10;
const READING: usize = 8;

fn object(seed: u64, number: usize) -> Vec<u8> {
	noise(seed ^ (number as u64) << 40, OBJECT_BYTES)
}

fn rate(bytes: usize, taken: Duration) -> f64 {
	bytes as f64 / 1e6 / taken.as_secs_f64()
}

/// Sealing alone, on one thread.
fn seal_alone(key: &DatasetKey, data: u8, parity: u8) -> Outcome<f64> {
	let nodes = (0..u32::from(data) + u32::from(parity)).collect();
	let pipeline = Pipeline::new(key.clone(), data, parity, nodes)?;
	let objects: Vec<Vec<u8>> = (0..64).map(|number| object(5, number)).collect();
	let started = Instant::now();
	for object in &objects {
		std::hint::black_box(pipeline.shards(&pipeline.id(object), object)?);
	}
	Ok(rate(objects.len() * OBJECT_BYTES, started.elapsed()))
}

/// Stores the same objects for many participants and answers how much larger all backends' disks are then, in copies of it.
async fn participants(key: &DatasetKey, options: &DatasetOptions, seed: u64) -> Outcome<f64> {
	let objects: Vec<Vec<u8>> = (0..SHARED_OBJECTS)
		.map(|number| noise(!seed ^ (number as u64) << 40, SHARED_BYTES))
		.collect();
	let shards = options.backends.len();
	let before = disk_bytes(&Dataset::new(key.clone(), options.clone())?, shards).await?;
	for _ in 0..PARTICIPANTS {
		let dataset = Dataset::new(key.clone(), options.clone())?;
		dataset.put_many(objects.clone()).await?;
	}
	let after = disk_bytes(&Dataset::new(key.clone(), options.clone())?, shards).await?;
	Ok((after - before) as f64 / (SHARED_OBJECTS * SHARED_BYTES) as f64)
}

async fn read_all(dataset: &Dataset, ids: &[ObjectId]) -> Outcome<Duration> {
	let started = Instant::now();
	for ids in ids.chunks(READING) {
		// What is read is verified against its id.
		futures::future::try_join_all(ids.iter().map(|id| dataset.get(*id))).await?;
	}
	Ok(started.elapsed())
}

#[tokio::main(flavor = "multi_thread")]
async fn main() -> Outcome<()> {
	let mut arguments = std::env::args().skip(1);
	let mut number = || -> Outcome<u8> {
		Ok(arguments.next().ok_or("usage: throughput DATA PARITY ADDRESS[=PID]...")?.parse()?)
	};
	let (data, parity) = (number()?, number()?);
	let (backends, doomed) = backends(arguments);
	let total_mib = match std::env::var("GRANARY_TOTAL_MIB") {
		Ok(mebibytes) => mebibytes.parse()?,
		Err(_) => TOTAL_MIB,
	};
	let key = DatasetKey::generate()?;
	let sealed = seal_alone(&key, data, parity)?;
	let options = DatasetOptions::new(data, parity, backends);
	let dataset = Dataset::new(key.clone(), options.clone())?;
	let seed = fresh_seed()?;
	let (mut ids, mut stored, mut again) = (Vec::new(), Duration::ZERO, Duration::ZERO);
	for first in (0..total_mib).step_by(STORING) {
		let numbers = first..total_mib.min(first + STORING);
		let objects: Vec<Vec<u8>> = numbers.map(|number| object(seed, number)).collect();
		ids.extend(objects.iter().map(|object| dataset.object_id(object)));
		let started = Instant::now();
		dataset.put_many(objects.clone()).await?;
		stored += started.elapsed();
		let started = Instant::now();
		let report = dataset.put_many(objects).await?;
		again += started.elapsed();
		if report.stored_bytes > 0 {
			return Err("known objects were sent again".into());
		}
	}
	let total = total_mib * OBJECT_BYTES;
	let read = read_all(&dataset, &ids).await?;
	print!(
		"  {data}+{parity}: seal {sealed:.0} MB/s on one core; store {:.0} MB/s, again {:.0} MB/s, read {:.0} MB/s",
		rate(total, stored),
		rate(total, again),
		rate(total, read)
	);
	let copies = participants(&key, &options, seed).await?;
	print!(", {PARTICIPANTS} identical participants take {copies:.3} copies");
	if !doomed.is_empty() {
		Command::new("kill").arg("-9").args(&doomed).status()?;
		let read = read_all(&dataset, &ids).await?;
		print!(", read with {} backends dead {:.0} MB/s", doomed.len(), rate(total, read));
	}
	println!("; {} MiB of memory", peak_mebibytes()?);
	Ok(())
}
