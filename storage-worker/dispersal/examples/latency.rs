//! Reads objects of 64 KiB one after the other and prints how long that takes in round trips, over connections that delay every
//! byte. `scripts/bench` starts the backends.
//!
//! Usage: `latency DATA PARITY ROUND_TRIP_MS ADDRESS[=PID]...`; backends with a process id are stopped (`kill -STOP`) before everything is read again.
#![allow(clippy::print_stdout, reason = "it is for reading")]

mod bench;

use bench::{backends, far_away, fresh_seed, noise, Distance, Outcome};
use granary_dispersal::{Dataset, DatasetKey, DatasetOptions, ObjectId};
use std::{
	process::Command,
	time::{Duration, Instant},
};

const OBJECTS: usize = 200;
const OBJECT_BYTES: usize = 64 << 10;

/// Median and 99th percentile of reading each object, in round trips.
async fn read(dataset: &Dataset, ids: &[ObjectId], round_trip_ms: f64) -> Outcome<(f64, f64)> {
	let mut taken = Vec::with_capacity(ids.len());
	for id in ids {
		let started = Instant::now();
		dataset.get(*id).await?;
		taken.push(started.elapsed().as_secs_f64() * 1e3 / round_trip_ms);
	}
	taken.sort_by(f64::total_cmp);
	let at = |share: f64| taken.get((taken.len() as f64 * share) as usize).copied();
	Ok((at(0.5).ok_or("no reads")?, at(0.99).ok_or("no reads")?))
}

#[tokio::main(flavor = "multi_thread")]
async fn main() -> Outcome<()> {
	let mut arguments = std::env::args().skip(1);
	let mut next =
		|| arguments.next().ok_or("usage: latency DATA PARITY ROUND_TRIP_MS ADDRESS[=PID]...");
	let (data, parity, round_trip_ms): (u8, u8, f64) =
		(next()?.parse()?, next()?.parse()?, next()?.parse()?);
	let (mut backends, slow) = backends(arguments);
	let one_way = Duration::from_secs_f64(round_trip_ms / 2e3);
	let distance = Distance { one_way, bytes_per_second: None };
	for backend in &mut backends {
		let near = far_away("127.0.0.1:0", backend.address(), distance).await?;
		backend.routes = vec![near.as_str().into()];
	}
	let options = DatasetOptions::new(data, parity, backends);
	let dataset = Dataset::new(DatasetKey::generate()?, options)?;
	let seed = fresh_seed()?;
	let objects: Vec<Vec<u8>> =
		(0..OBJECTS).map(|number| noise(seed ^ (number as u64) << 40, OBJECT_BYTES)).collect();
	let ids: Vec<ObjectId> = objects.iter().map(|object| dataset.object_id(object)).collect();
	dataset.put_many(objects).await?;
	let (median, late) = read(&dataset, &ids, round_trip_ms).await?;
	print!("  {data}+{parity}, {round_trip_ms} ms: median {median:.2} round trips, p99 {late:.2}");
	if !slow.is_empty() {
		Command::new("kill").arg("-STOP").args(&slow).status()?;
		let (median, late) = read(&dataset, &ids, round_trip_ms).await?;
		print!("; {} backends silent: median {median:.2}, p99 {late:.2}", slow.len());
	}
	println!();
	Ok(())
}
