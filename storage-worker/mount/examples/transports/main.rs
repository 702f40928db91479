//! How requests of the kernel reach the process that serves a mount: read from `/dev/fuse` by two or by sixteen threads, by a thread that is bound to each
//! processor, or over a ring of io_uring for each processor, which root must have allowed: `echo Y >/sys/module/fuse/parameters/enable_uring`.
//!
//! Usage: `transports FILE [SECONDS [ROUNDS]]`, as root: the file is served by a process that does nothing else, and read from a mount, first 4 KiB here and
//! there past the page cache, then from beginning to end. Prints medians of the rounds, which take the transports in turn.
#![allow(clippy::print_stdout, reason = "it is for reading")]
#![allow(missing_docs, unreachable_pub, unsafe_code, reason = "a tool that speaks with the kernel")]

mod protocol;
mod serve;

use rand::{rngs::StdRng, Rng, SeedableRng};
use serve::Transport;
use std::{
	env,
	error::Error,
	fs::{self, File, OpenOptions},
	io::{BufRead, BufReader, Read},
	os::unix::fs::{FileExt, OpenOptionsExt},
	path::Path,
	process::{Command, Stdio},
	time::{Duration, Instant},
};

type Outcome<T> = Result<T, Box<dyn Error>>;

const READ_BYTES: usize = 4096;
const SEQUENTIAL_BYTES: usize = 1 << 20;

/// What one round over one transport gave.
#[derive(Clone, Copy, Default)]
struct Round {
	reads_per_second: f64,
	median_us: f64,
	p99_us: f64,
	mib_per_second: f64,
}

fn main() -> Outcome<()> {
	let arguments: Vec<String> = env::args().skip(1).collect();
	let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
	match words.as_slice() {
		["serve", transport, file, directory] => {
			let transport = Transport::ALL
				.into_iter()
				.find(|known| known.name() == *transport)
				.ok_or("unknown transport")?;
			Ok(serve::serve(transport, Path::new(file), Path::new(directory))?)
		},
		[file, rest @ ..] if rest.len() <= 2 && !file.starts_with('-') => {
			let number = |at: usize, default: u64| {
				rest.get(at).map_or(Ok(default), |text| text.parse::<u64>())
			};
			compare(Path::new(file), Duration::from_secs(number(0, 3)?), number(1, 3)?)
		},
		_ => Err("usage: transports FILE [SECONDS [ROUNDS]]".into()),
	}
}

fn compare(file: &Path, time: Duration, rounds: u64) -> Outcome<()> {
	let mut found = Transport::ALL.map(|transport| (transport, Vec::new()));
	for _ in 0..rounds {
		for (transport, rounds) in &mut found {
			rounds.push(round(*transport, file, time)?);
		}
	}
	for (transport, rounds) in &found {
		let median = |figure: fn(&Round) -> f64| {
			let mut figures: Vec<f64> = rounds.iter().map(figure).collect();
			figures.sort_by(f64::total_cmp);
			figures.get(figures.len() / 2).copied().unwrap_or_default()
		};
		println!(
			"{:<18} {:5.1} k reads/s, median {:5.1} us, p99 {:5.1} us; one after the other {:5.0} MiB/s",
			transport.name(),
			median(|round| round.reads_per_second) / 1e3,
			median(|round| round.median_us),
			median(|round| round.p99_us),
			median(|round| round.mib_per_second),
		);
	}
	Ok(())
}

/// Serves the file from a process of its own and reads it.
fn round(transport: Transport, file: &Path, time: Duration) -> Outcome<Round> {
	let directory = tempfile::tempdir()?;
	let mut server = Command::new(env::current_exe()?)
		.args(["serve", transport.name()])
		.arg(file)
		.arg(directory.path())
		.stdout(Stdio::piped())
		.spawn()?;
	let mut line = String::new();
	BufReader::new(server.stdout.take().ok_or("no output")?).read_line(&mut line)?;
	if line.trim() != "mounted" {
		return Err(format!("{} was not mounted", transport.name()).into());
	}
	let measured = measure(file, &directory.path().join(protocol::NAME), time);
	let unmounted = Command::new("umount").arg(directory.path()).status()?;
	server.kill()?;
	server.wait()?;
	if !unmounted.success() {
		return Err("the mount could not be taken away".into());
	}
	measured
}

fn measure(below: &Path, mounted: &Path, time: Duration) -> Outcome<Round> {
	// What is below is in memory: the way of the requests is measured, not the disk.
	std::io::copy(&mut File::open(below)?, &mut std::io::sink())?;
	let direct = OpenOptions::new().read(true).custom_flags(libc::O_DIRECT).open(mounted)?;
	let blocks = fs::metadata(mounted)?.len() / READ_BYTES as u64;
	let mut buffer = vec![0; 2 * READ_BYTES];
	let aligned = buffer.as_ptr().align_offset(READ_BYTES);
	let page = buffer.get_mut(aligned..aligned + READ_BYTES).ok_or("no room")?;
	let mut random = StdRng::seed_from_u64(1);
	let (started, mut times) = (Instant::now(), Vec::new());
	while started.elapsed() < time {
		let offset = random.gen_range(0..blocks) * READ_BYTES as u64;
		let asked = Instant::now();
		direct.read_exact_at(page, offset)?;
		times.push(asked.elapsed().as_secs_f64() * 1e6);
	}
	let reads_per_second = times.len() as f64 / started.elapsed().as_secs_f64();
	times.sort_by(f64::total_cmp);
	let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied();
	let (mut file, mut chunk) = (File::open(mounted)?, vec![0; SEQUENTIAL_BYTES]);
	let (started, mut total) = (Instant::now(), 0);
	loop {
		match file.read(&mut chunk)? {
			0 => break,
			read => total += read,
		}
	}
	Ok(Round {
		reads_per_second,
		median_us: at(0.5).unwrap_or_default(),
		p99_us: at(0.99).unwrap_or_default(),
		mib_per_second: total as f64 / f64::from(1 << 20) / started.elapsed().as_secs_f64(),
	})
}
