//! Figures of the engine alone, without sockets: `engine DIR [KEYS]`.
//!
//! It prints the time of a GET (of 512 bytes, from memory and from the page cache) and of a SET, the rate at which a plain and an audited namespace
//! take values of 64 KiB, the memory of the index for each key, and how long a store of so many keys takes to open, with hints and from its records
//! alone. Keys are 50 million unless said otherwise; they take about 3 GB of disk.

use granary_zdb::{CompactionOptions, Durability, NamespaceOptions, Store, StoreOptions};
use std::{
	error::Error,
	io::Write,
	path::Path,
	time::{Duration, Instant},
};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn open(dir: &Path, cache_bytes: usize) -> Outcome<Store> {
	let mut options = StoreOptions::new(dir);
	options.durability = Durability::Os;
	options.cache_bytes = cache_bytes;
	options.compaction = CompactionOptions { enabled: false, ..options.compaction };
	Ok(Store::open(options)?)
}

fn say(line: &str) -> Outcome<()> {
	Ok(writeln!(std::io::stdout(), "{line}")?)
}

/// Nanoseconds of one call, over all of them.
fn each(times: u32, mut call: impl FnMut(u32) -> Outcome<()>) -> Outcome<u128> {
	let began = Instant::now();
	for time in 0..times {
		call(time)?;
	}
	Ok((began.elapsed() / times).as_nanos())
}

fn single_calls(dir: &Path) -> Outcome<()> {
	const KEYS: u32 = 20_000;
	for (title, cache_bytes) in [("from memory", 64 << 20), ("from the page cache", 0)] {
		let dir = dir.join(format!("calls-{cache_bytes}"));
		let store = open(&dir, cache_bytes)?;
		let namespace = store.namespace("default").ok_or("no default namespace")?;
		let key = |number: u32| format!("key:{:012}", u64::from(number) * 7919 % u64::from(KEYS));
		let mut value = [b'x'; 512];
		let set = each(400_000, |number| {
			value[..4].copy_from_slice(&number.to_le_bytes());
			namespace.set_buffered(key(number).as_bytes(), &value, None)?;
			Ok(())
		})?;
		namespace.flush()?;
		let mut bytes = 0;
		let get = each(1_000_000, |number| {
			bytes += namespace.get_with(key(number).as_bytes(), <[u8]>::len)?.unwrap_or(0);
			Ok(())
		})?;
		if bytes != 512 * 1_000_000 {
			return Err("a key was not found".into());
		}
		say(&format!("  {title}: GET {get} ns, SET {set} ns"))?;
	}
	Ok(())
}

/// Mebibytes a second that a namespace takes in values of 64 KiB, all of them on the disk in the end.
fn ingest(dir: &Path, audited: bool) -> Outcome<f64> {
	const VALUES: u32 = 16_384;
	let dir = dir.join(format!("ingest-{audited}"));
	let store = open(&dir, 0)?;
	let options = NamespaceOptions { audited, ..Default::default() };
	let namespace = store.create_namespace("log", options)?;
	let mut value = vec![0; 64 << 10];
	let began = Instant::now();
	for number in 0..VALUES {
		value.chunks_mut(4096).for_each(|page| page[..4].copy_from_slice(&number.to_le_bytes()));
		namespace.set_buffered(&number.to_le_bytes(), &value, None)?;
		namespace.flush()?;
	}
	namespace.sync()?;
	let rate = f64::from(VALUES) / 16.0 / began.elapsed().as_secs_f64();
	drop((namespace, store));
	std::fs::remove_dir_all(dir)?;
	// What one of them left to be written must not be in the other's way.
	std::process::Command::new("sync").status()?;
	Ok(rate)
}

/// The same for a plain and an audited namespace in turn, three times: the medians.
fn ingests(dir: &Path) -> Outcome<(f64, f64)> {
	let mut rates = [const { Vec::new() }; 2];
	for _ in 0..3 {
		for (audited, rates) in [false, true].into_iter().zip(&mut rates) {
			rates.push(ingest(dir, audited)?);
		}
	}
	let [plain, audited] = rates.map(|mut rates| {
		rates.sort_by(f64::total_cmp);
		rates[1]
	});
	Ok((plain, audited))
}

/// Lets the background thread write the hints of all sealed segments.
fn write_hints(dir: &Path) -> Outcome<()> {
	let files = |extension: &str| -> Outcome<usize> {
		let entries = std::fs::read_dir(dir.join("namespaces/default"))?;
		let has = |path: &Path| path.extension().is_some_and(|found| found == extension);
		Ok(entries.flatten().filter(|entry| has(&entry.path())).count())
	};
	let store = Store::open(StoreOptions::new(dir))?;
	while files("hint")? + 1 < files("log")? {
		std::thread::sleep(Duration::from_millis(100));
	}
	drop(store);
	Ok(())
}

fn many_keys(dir: &Path, keys: u64) -> Outcome<()> {
	let dir = dir.join("many");
	let store = open(&dir, 0)?;
	let namespace = store.namespace("default").ok_or("no default namespace")?;
	let began = Instant::now();
	for number in 0..keys {
		namespace.set_buffered(&number.to_le_bytes(), &number.to_be_bytes(), None)?;
	}
	namespace.sync()?;
	let (rate, info) = (keys as f64 / began.elapsed().as_secs_f64(), namespace.info());
	let memory = info.index_bytes as f64 / keys as f64;
	say(&format!(
		"  {keys} keys: {rate:.0} SET/s, {memory:.1} B of memory a key, {} MB on disk",
		info.disk_bytes / 1_000_000
	))?;
	drop((namespace, store));
	let reopen = || -> Outcome<Duration> {
		let began = Instant::now();
		let store = open(&dir, 0)?;
		let took = began.elapsed();
		let found = store.namespace("default").map_or(0, |namespace| namespace.dbsize());
		if found == keys {
			Ok(took)
		} else {
			Err(format!("{found} keys of {keys} are there").into())
		}
	};
	let without = reopen()?;
	write_hints(&dir)?;
	let with = reopen()?;
	let mb = info.disk_bytes as f64 / 1e6 / without.as_secs_f64();
	say(&format!(
		"  opened with hints in {:.1} s, from its records in {:.1} s ({mb:.0} MB/s)",
		with.as_secs_f64(),
		without.as_secs_f64()
	))
}

fn main() -> Outcome<()> {
	let mut arguments = std::env::args().skip(1);
	let dir = arguments.next().ok_or("engine DIR [KEYS]")?;
	let keys = arguments.next().map_or(Ok(50_000_000), |text| text.parse())?;
	let dir = Path::new(&dir);
	single_calls(dir)?;
	let (plain, audited) = ingests(dir)?;
	say(&format!(
		"  64 KiB values: plain {plain:.0} MiB/s, audited {audited:.0} MiB/s, ratio {:.2}",
		audited / plain
	))?;
	many_keys(dir, keys)
}
