//! Seals an archive, stores it on the given zdb addresses and reads it back, whole and with the first backends dead; prints MB/s. `scripts/bench` starts the
//! backends.
//!
//! Usage: `archive DATA PARITY ADDRESS[=PID]...`, one address a shard. Backends with a process id, as many as there is parity, are killed before
//! it is read once more. GRANARY_TOTAL_MIB says how much is stored, 512 if it does not. The rate of a core is that of this process, by the time that its
//! threads computed: what the backends take is not in it.
#![allow(clippy::print_stdout, reason = "it is for reading")]

mod bench;

use bench::{backends, fresh_seed, noise, peak_mebibytes, Outcome};
use granary_dispersal::{ArchiveId, Dataset, DatasetKey, DatasetOptions};
use std::{
	process::Command,
	time::{Duration, Instant},
};

/// As in the binary.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Unless GRANARY_TOTAL_MIB says otherwise.
const TOTAL_MIB: usize = 512;
const OBJECT_BYTES: usize = 1 << 20;
/// Ticks of the kernel's clock for processes, a second's worth.
const TICKS: f64 = 100.0;

/// How long something took, and how long this process computed for it.
struct Taken {
	wall: Duration,
	computed: f64,
}

impl Taken {
	fn text(&self, mebibytes: usize) -> String {
		let megabytes = (mebibytes << 20) as f64 / 1e6;
		let (wall, computed) = (self.wall.as_secs_f64(), self.computed);
		format!("{:.0} MB/s, {:.0} on one core", megabytes / wall, megabytes / computed)
	}
}

/// Seconds that this process has computed.
fn computed() -> Outcome<f64> {
	let stat = std::fs::read_to_string("/proc/self/stat")?;
	let (_, fields) = stat.rsplit_once(')').ok_or("no name in /proc/self/stat")?;
	let ticks: Result<Vec<u64>, _> =
		fields.split_whitespace().skip(11).take(2).map(str::parse).collect();
	Ok(ticks?.into_iter().sum::<u64>() as f64 / TICKS)
}

fn quiet(_: &'static str, _: u64, _: u64) {}

struct Clock {
	wall: Instant,
	computed: f64,
}

impl Clock {
	fn start() -> Outcome<Self> {
		Ok(Self { wall: Instant::now(), computed: computed()? })
	}

	fn stop(self) -> Outcome<Taken> {
		Ok(Taken { wall: self.wall.elapsed(), computed: computed()? - self.computed })
	}
}

async fn open(dataset: &Dataset, id: ArchiveId, objects: usize) -> Outcome<Taken> {
	let dir = WorkDir::new("open")?;
	let clock = Clock::start()?;
	let pack = dataset.open_archive(id, &dir.0, &quiet).await?;
	if pack.objects() != objects {
		return Err(format!("{} of {objects} objects were found", pack.objects()).into());
	}
	clock.stop()
}

/// A directory that goes when it is dropped.
struct WorkDir(std::path::PathBuf);

impl WorkDir {
	fn new(name: &str) -> Outcome<Self> {
		let dir = std::env::temp_dir().join(format!("granary-{name}-{}", std::process::id()));
		std::fs::create_dir(&dir)?;
		Ok(Self(dir))
	}
}

impl Drop for WorkDir {
	fn drop(&mut self) {
		if let Err(error) = std::fs::remove_dir_all(&self.0) {
			println!("{} is left over: {error}", self.0.display());
		}
	}
}

#[tokio::main(flavor = "multi_thread")]
async fn main() -> Outcome<()> {
	let mut arguments = std::env::args().skip(1);
	let mut number = || -> Outcome<u8> {
		Ok(arguments.next().ok_or("usage: archive DATA PARITY ADDRESS[=PID]...")?.parse()?)
	};
	let (data, parity) = (number()?, number()?);
	let (backends, doomed) = backends(arguments);
	let total_mib: usize = match std::env::var("GRANARY_TOTAL_MIB") {
		Ok(mebibytes) => mebibytes.parse()?,
		Err(_) => TOTAL_MIB,
	};
	let options = DatasetOptions::new(data, parity, backends);
	let dataset = Dataset::new(DatasetKey::generate()?, options)?;
	let (seed, dir) = (fresh_seed()?, WorkDir::new("seal")?);
	let mut pack = dataset.pack(&dir.0)?;
	let (mut root, mut making) = ([0; 32], Duration::ZERO);
	for number in 0..total_mib {
		let object = noise(seed ^ (number as u64) << 40, OBJECT_BYTES);
		let started = Instant::now();
		pack.add(&object)?;
		making += started.elapsed();
		root = pack.object_id(&object);
	}
	let clock = Clock::start()?;
	let report = dataset.seal_pack(pack, root, &dir.0, &quiet).await?;
	let sealed = clock.stop()?;
	let with_packing =
		Taken { wall: sealed.wall + making, computed: sealed.computed + making.as_secs_f64() };
	drop(dir);
	let opened = open(&dataset, report.id, total_mib).await?;
	print!(
		"  {data}+{parity}, {total_mib} MiB sealed ({:.3} times as much is stored): seal and store {}; open {}",
		report.stored_bytes as f64 / report.content_bytes as f64,
		with_packing.text(total_mib),
		opened.text(total_mib)
	);
	if !doomed.is_empty() {
		Command::new("kill").arg("-9").args(&doomed).status()?;
		let opened = open(&dataset, report.id, total_mib).await?;
		print!("; with {} backends dead {}", doomed.len(), opened.text(total_mib));
	}
	println!("; {} MiB of memory", peak_mebibytes()?);
	Ok(())
}
