//! Bytes that nobody meant: on the wire and in the files.
//!
//! A few seconds each by default; `GRANARY_FUZZ_SECONDS` says how long.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod support;

use granary_zdb::{Mode, NamespaceOptions, Store, StoreOptions, ZdbError};
use rand::{rngs::StdRng, seq::SliceRandom, Rng, SeedableRng};
use std::{
	collections::BTreeMap,
	fs,
	io::{Read, Write},
	net::{Shutdown, TcpStream},
	path::{Path, PathBuf},
	time::{Duration, Instant},
};
use support::{encode, Process};

fn until() -> Instant {
	let seconds = std::env::var("GRANARY_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
	Instant::now() + Duration::from_secs(seconds.unwrap_or(3))
}

/// Changes, removes or repeats a few pieces.
fn mutate(bytes: &mut Vec<u8>, random: &mut StdRng) {
	for _ in 0..random.gen_range(1..5) {
		if bytes.is_empty() {
			return;
		}
		let at = random.gen_range(0..bytes.len());
		let end = (at + random.gen_range(1..40)).min(bytes.len());
		match random.gen_range(0..5) {
			0 => bytes[at] ^= 1 << random.gen_range(0..8),
			1 => bytes[at] = random.gen(),
			2 => drop(bytes.drain(at..end)),
			3 => {
				let piece = bytes[at..end].to_vec();
				let place = random.gen_range(0..=bytes.len());
				bytes.splice(place..place, piece);
			},
			_ => bytes.truncate(at),
		}
	}
}

/// Commands of every kind, with arguments that may or may not fit.
fn pipeline(random: &mut StdRng) -> Vec<u8> {
	const NAMES: [&str; 41] = [
		"GET",
		"SET",
		"MGET",
		"DEL",
		"EXISTS",
		"LENGTH",
		"CHECK",
		"KEYTIME",
		"KEYCUR",
		"HISTORY",
		"SCAN",
		"RSCAN",
		"KSCAN",
		"DBSIZE",
		"AUTH",
		"SELECT",
		"NSNEW",
		"NSDEL",
		"NSLIST",
		"NSINFO",
		"NSSET",
		"NSJUMP",
		"RELOAD",
		"FLUSH",
		"INDEX",
		"DATA",
		"HOOKS",
		"INFO",
		"TIME",
		"HELLO",
		"CLIENT",
		"CONFIG",
		"GETRANGE",
		"MSET",
		"REPLICATE",
		"SLOWLOG",
		"COMMAND",
		"MASTER",
		"MEMORY",
		"LATENCY",
		"ROLE",
	];
	const WORDS: [&[u8]; 16] = [
		b"key",
		b"",
		b"default",
		b"fuzz",
		b"DIRTY",
		b"RAW",
		b"0",
		b"-1",
		b"SECURE",
		b"CHALLENGE",
		b"3",
		b"mode",
		b"seq",
		b"\xff\x00\xfe",
		b"99999999999999999999",
		b"READ",
	];
	let mut bytes = Vec::new();
	for _ in 0..random.gen_range(1..8) {
		let name = NAMES.choose(random).unwrap().as_bytes();
		let long = vec![b'v'; random.gen_range(0..600)];
		let mut args = vec![name];
		for _ in 0..random.gen_range(0..4) {
			args.push(if random.gen_bool(0.1) { &long } else { WORDS.choose(random).unwrap() });
		}
		match random.gen_bool(0.2) {
			true => bytes.extend([args.join(b" ".as_slice()).as_slice(), b"\r\n"].concat()),
			false => bytes.extend(encode(&args)),
		}
	}
	bytes
}

#[test]
fn whatever_arrives_the_server_lives() {
	let dir = tempfile::tempdir().unwrap();
	let process = Process::start(dir.path(), &["--frame-timeout-ms", "300"]);
	let mut random = StdRng::seed_from_u64(11);
	let end = until();
	let mut rounds = 0u32;
	while Instant::now() < end {
		let mut bytes = pipeline(&mut random);
		if random.gen_bool(0.7) {
			mutate(&mut bytes, &mut random);
		}
		let mut stream = TcpStream::connect(process.address).unwrap();
		stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
		// The server may close before it has read everything.
		let _ = stream.write_all(&bytes);
		let _ = stream.shutdown(Shutdown::Write);
		let mut replies = Vec::new();
		let _ = stream.read_to_end(&mut replies);
		let first = replies.first().copied().unwrap_or(b'+');
		assert!(b"+-:$*%_".contains(&first), "{:?}", String::from_utf8_lossy(&replies));
		rounds += 1;
	}
	assert_eq!(process.connect().text("PING"), "+PONG\r\n");
	assert!(rounds > 10);
	process.stop();
	Store::open(StoreOptions::new(dir.path())).unwrap();
}

/// A store with updates, deletions and several segments, and what it holds.
fn filled(dir: &Path, mode: Mode) -> BTreeMap<Vec<u8>, Vec<Vec<u8>>> {
	let store =
		Store::open(StoreOptions { segment_bytes: 4096, ..StoreOptions::new(dir) }).unwrap();
	let options = NamespaceOptions { mode, ..Default::default() };
	let namespace = store.create_namespace("fuzz", options).unwrap();
	let mut written: BTreeMap<Vec<u8>, Vec<Vec<u8>>> = BTreeMap::new();
	for number in 0..120u32 {
		let mut key = format!("key-{}", number % 50).into_bytes();
		let value = number.to_le_bytes().repeat(1 + number as usize % 30);
		if mode == Mode::Sequential {
			key = u64::from(number % 50).to_le_bytes().to_vec();
		}
		let given = if mode == Mode::Sequential && number < 50 { &[][..] } else { &key[..] };
		namespace.set(given, &value).unwrap();
		written.entry(key).or_default().push(value);
	}
	for number in [3u64, 17] {
		let key = match mode {
			Mode::User => format!("key-{number}").into_bytes(),
			Mode::Sequential => number.to_le_bytes().to_vec(),
		};
		namespace.del(&key).unwrap();
	}
	written
}

fn files(dir: &Path) -> Vec<PathBuf> {
	let mut found: Vec<_> = fs::read_dir(dir)
		.unwrap()
		.map(|entry| entry.unwrap().path())
		.filter(|path| path.is_file())
		.collect();
	found.sort();
	found
}

fn mutated_files(mode: Mode) {
	let dir = tempfile::tempdir().unwrap();
	let written = filled(dir.path(), mode);
	let home = dir.path().join("namespaces/fuzz");
	let originals: Vec<(PathBuf, Vec<u8>)> =
		files(&home).into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect();
	let mut random = StdRng::seed_from_u64(5);
	let end = until();
	let mut opened = 0u32;
	while Instant::now() < end {
		for path in files(&home) {
			fs::remove_file(path).unwrap();
		}
		for (path, bytes) in &originals {
			fs::write(path, bytes).unwrap();
		}
		let (path, bytes) = originals.choose(&mut random).unwrap();
		let mut bytes = bytes.clone();
		mutate(&mut bytes, &mut random);
		fs::write(path, bytes).unwrap();
		let Ok(store) =
			Store::open(StoreOptions { segment_bytes: 4096, ..StoreOptions::new(dir.path()) })
		else {
			continue;
		};
		opened += 1;
		let namespace = store.namespace("fuzz").unwrap();
		for (key, values) in &written {
			match namespace.get(key) {
				// An older version may come back where newer records are gone; other bytes never.
				Ok(Some(value)) => {
					assert!(values.contains(&value), "{} was changed", path.display())
				},
				Ok(None) | Err(ZdbError::Damaged { .. }) => {},
				Err(error) => panic!("{error}"),
			}
		}
		let mut cursor = None;
		while let Ok(Some(page)) = namespace.scan(cursor.as_ref().map(<[u8; 17]>::as_slice)) {
			assert!(page.entries.iter().all(|entry| written.contains_key(&entry.key)));
			cursor = Some(page.cursor);
		}
		namespace.scrub().unwrap();
	}
	assert!(opened > 5, "hardly any store could be opened");
}

#[test]
fn whatever_the_files_hold_no_other_bytes_are_served() {
	mutated_files(Mode::User);
}

#[test]
fn nor_in_sequential_mode() {
	mutated_files(Mode::Sequential);
}
