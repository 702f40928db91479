//! Kills without warning, again and again: what was acknowledged is there, and nothing else.
//!
//! A few kills by default; `GRANARY_LONG=1` makes it 500.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod support;

use rand::{rngs::StdRng, Rng, SeedableRng};
use std::{
	io::{Read, Write},
	net::{SocketAddr, TcpStream},
	time::Duration,
};
use support::{encode, Process};

const KEYS: usize = 40;
/// Keys of one writer.
const WRITERS: usize = 3;

fn kills() -> u32 {
	if std::env::var_os("GRANARY_LONG").is_some() {
		500
	} else {
		15
	}
}

/// What one writer knows of a key: the number that was acknowledged last, and one that was sent since. 0 is no value.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
	acknowledged: u64,
	sent: Option<u64>,
}

/// Writes until the connection breaks. A number that is divisible by seven deletes the key.
fn write_on(address: SocketAddr, writer: usize, from: u64, known: &mut [Known]) -> u64 {
	let mut random = StdRng::seed_from_u64(from * 31 + writer as u64);
	let mut number = from;
	let Ok(mut stream) = TcpStream::connect(address) else { return number };
	stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
	loop {
		number += 1;
		let place = random.gen_range(0..KEYS);
		let key = format!("writer-{writer}-key-{place}");
		let deletes = number.is_multiple_of(7) && known[place].acknowledged != 0;
		let value = format!("{number}:{}", "x".repeat(random.gen_range(0..3000)));
		let command = match deletes {
			true => encode(&[b"DEL", key.as_bytes()]),
			false => encode(&[b"SET", key.as_bytes(), value.as_bytes()]),
		};
		let new = if deletes { 0 } else { number };
		known[place].sent = Some(new);
		if stream.write_all(&command).is_err() {
			return number;
		}
		let mut reply = [0; 64];
		match stream.read(&mut reply) {
			Ok(read) if read > 0 => {
				assert!(
					matches!(reply[0], b'$' | b'+'),
					"{}",
					String::from_utf8_lossy(&reply[..read])
				);
				known[place] = Known { acknowledged: new, sent: None };
			},
			_ => return number,
		}
	}
}

/// Reads everything and compares.
fn check(process: &Process, known: &mut [Vec<Known>]) {
	let mut client = process.connect();
	for (writer, keys) in known.iter_mut().enumerate() {
		for (place, known) in keys.iter_mut().enumerate() {
			let reply = client.text(&format!("GET writer-{writer}-key-{place}"));
			let found = match reply.as_str() {
				"$-1\r\n" => 0,
				text => text.lines().nth(1).unwrap().split(':').next().unwrap().parse().unwrap(),
			};
			let possible = [Some(known.acknowledged), known.sent];
			assert!(possible.contains(&Some(found)), "key {place}: {found}, but {known:?}");
			*known = Known { acknowledged: found, sent: None };
		}
	}
}

fn survives(durability: &str) {
	let dir = tempfile::tempdir().unwrap();
	let arguments = ["--sync", durability, "--segment-bytes", "65536"];
	let mut known = vec![vec![Known::default(); KEYS]; WRITERS];
	let mut numbers = [0; WRITERS];
	let mut random = StdRng::seed_from_u64(7);
	for _ in 0..kills() {
		let process = Process::start(dir.path(), &arguments);
		assert!(
			process.recovery.iter().all(|line| line.contains("torn tail")),
			"{:?}",
			process.recovery
		);
		check(&process, &mut known);
		let address = process.address;
		let pause = Duration::from_millis(random.gen_range(30..300));
		std::thread::scope(|scope| {
			for ((writer, known), number) in known.iter_mut().enumerate().zip(&mut numbers) {
				scope.spawn(move || *number = write_on(address, writer, *number, known));
			}
			scope.spawn(move || {
				// Compaction moves records meanwhile, and is killed as well.
				std::thread::sleep(pause / 2);
				let Ok(mut stream) = TcpStream::connect(address) else { return };
				let _ = stream.write_all(&encode(&[b"COMPACT", b"NOW"]));
				let _ = stream.read(&mut [0; 64]);
			});
			std::thread::sleep(pause);
			process.kill();
		});
	}
	check(&Process::start(dir.path(), &arguments), &mut known);
	assert!(numbers.iter().sum::<u64>() > 100, "hardly anything was written");
}

#[test]
fn what_was_acknowledged_survives_kills_when_synced() {
	survives("always");
}

#[test]
fn what_was_acknowledged_survives_kills_when_the_kernel_has_it() {
	survives("everysec");
}
