//! Rebuilds a lost node's shards on an empty backend, alone and beside somebody who reads, and prints MB/s. `scripts/bench` starts the backends.
//!
//! Usage: `repair DATA PARITY ADDRESS...`, one address a shard and two more of empty backends. GRANARY_TOTAL_MIB says how much is stored, 1024 if it does not;
//! GRANARY_RATE_MIB how many MiB of rebuilt shards healing may write in a second while somebody reads, without limit if it does not.
#![allow(clippy::print_stdout, reason = "it is for reading")]

mod bench;

use bench::{backend, backends, fresh_seed, noise, Outcome};
use granary_dispersal::{
	Check, Dataset, DatasetKey, DatasetOptions, HealReport, Healing, ObjectId,
};
use std::{
	sync::{
		atomic::{AtomicBool, Ordering::Relaxed},
		Arc,
	},
	time::{Duration, Instant},
};

/// As in the binary.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Unless GRANARY_TOTAL_MIB says otherwise.
const TOTAL_MIB: usize = 1024;
const OBJECT_BYTES: usize = 1 << 20;
/// Objects that are stored by one call, and read at once.
const STORING: usize = 64;
const READING: usize = 8;
/// How long is read without repair.
const ALONE: Duration = Duration::from_secs(3);

/// Reads objects, again and again, until it is told to stop. Answers MB/s.
async fn read_until(dataset: &Dataset, ids: &[ObjectId], stop: &AtomicBool) -> Outcome<f64> {
	let (began, mut objects) = (Instant::now(), 0);
	for ids in ids.chunks(READING).cycle() {
		if stop.load(Relaxed) {
			break;
		}
		futures::future::try_join_all(ids.iter().map(|id| dataset.get(*id))).await?;
		objects += ids.len();
	}
	Ok((objects * OBJECT_BYTES) as f64 / 1e6 / began.elapsed().as_secs_f64())
}

/// Fills the spare that took the first node's place. Answers the report and MB/s of objects that were gone through.
async fn repair(
	dataset: &Dataset,
	rate: Option<u64>,
	objects: usize,
) -> Outcome<(HealReport, f64)> {
	let healing = Healing {
		first: Vec::new(),
		check: Check::Presence,
		doubted: Vec::new(),
		bytes_per_second: rate,
	};
	let began = Instant::now();
	let report = dataset.heal(healing, &|_, _, _| {}).await?;
	let taken = began.elapsed().as_secs_f64();
	match report.rebuilt_shards == objects as u64 {
		true => Ok((report, (objects * OBJECT_BYTES) as f64 / 1e6 / taken)),
		false => Err(format!("{} shards were rebuilt", report.rebuilt_shards).into()),
	}
}

#[tokio::main(flavor = "multi_thread")]
async fn main() -> Outcome<()> {
	let mut arguments = std::env::args().skip(1);
	let mut number = || -> Outcome<u8> {
		Ok(arguments.next().ok_or("usage: repair DATA PARITY ADDRESS...")?.parse()?)
	};
	let (data, parity) = (number()?, number()?);
	let (mut all, _) = backends(arguments);
	let spares = all.split_off(usize::from(data) + usize::from(parity));
	let number_of =
		|name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>()).transpose();
	let total_mib =
		number_of("GRANARY_TOTAL_MIB")?.map_or(TOTAL_MIB, |mebibytes| mebibytes as usize);
	let rate = number_of("GRANARY_RATE_MIB")?.map(|mebibytes| mebibytes << 20);
	let (key, options) = (DatasetKey::generate()?, DatasetOptions::new(data, parity, all));
	let dataset = Dataset::new(key.clone(), options.clone())?;
	let seed = fresh_seed()?;
	let mut ids = Vec::new();
	for first in (0..total_mib).step_by(STORING) {
		let objects: Vec<Vec<u8>> = (first..total_mib.min(first + STORING))
			.map(|number| noise(seed ^ (number as u64) << 40, OBJECT_BYTES))
			.collect();
		ids.extend(objects.iter().map(|object| dataset.object_id(object)));
		dataset.put_many(objects).await?;
	}

	// The reader is a client of its own, as a mount is.
	let reader = Arc::new(Dataset::new(key, options)?);
	let stop = Arc::new(AtomicBool::new(false));
	let read = |stop: Arc<AtomicBool>| {
		let (reader, ids) = (reader.clone(), ids.clone());
		tokio::spawn(async move {
			read_until(&reader, &ids, &stop).await.map_err(|error| error.to_string())
		})
	};
	let reading = read(stop.clone());
	tokio::time::sleep(ALONE).await;
	stop.store(true, Relaxed);
	let normal = reading.await??;

	let spare = |number: usize| -> Outcome<_> {
		let address = spares.get(number).ok_or("two spare backends are needed")?.address();
		Ok(backend(0, &address))
	};
	dataset.redirect(0, spare(0)?);
	let (report, alone) = repair(&dataset, None, ids.len()).await?;
	dataset.redirect(0, spare(1)?);
	stop.store(false, Relaxed);
	let reading = read(stop.clone());
	let (_, beside) = repair(&dataset, rate, ids.len()).await?;
	stop.store(true, Relaxed);
	let disturbed = reading.await??;
	println!(
		"  {data}+{parity}, {total_mib} MiB: repair of a node over {alone:.0} MB/s of objects ({:.0} MB/s of its own shards); beside reads {beside:.0} MB/s, and these at {disturbed:.0} of {normal:.0} MB/s ({:.0} %)",
		alone * report.rebuilt_bytes as f64 / (ids.len() * OBJECT_BYTES) as f64,
		disturbed / normal * 100.0
	);
	Ok(())
}
