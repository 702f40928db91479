//! Segments of any content, with and without valid checksums: the store opens or says why not, and serves nothing that is not there.

#![no_main]

use granary_disk::SimulatedDisk;
use granary_fuzz::{
	segment::{records, segment_header, Counters, Kind, Repair},
	store::{empty, exercise, files, home, read, versions_on, write},
	Input,
};
use std::sync::OnceLock;

const SALT: u64 = 0x0123_4567_89ab_cdef;

/// The files of an empty namespace of each kind.
fn template(kind: Kind) -> SimulatedDisk {
	static TEMPLATES: OnceLock<[SimulatedDisk; 3]> = OnceLock::new();
	let templates = TEMPLATES.get_or_init(|| {
		[Kind::User, Kind::Sequential, Kind::Audited].map(|kind| {
			let (disk, store) = empty(kind);
			drop(store);
			disk
		})
	});
	templates[kind as usize].copy()
}

fn durable_mark(segment: u32, offset: u64) -> Vec<u8> {
	let mut mark = b"GRZDBDU1".to_vec();
	mark.extend(segment.to_le_bytes());
	mark.extend(offset.to_le_bytes());
	mark.extend(crc32c::crc32c(&mark).to_le_bytes());
	mark
}

fn run(bytes: &[u8]) {
	let mut input = Input::new(bytes);
	let (kind, flags) = (Kind::of(input.byte()), input.byte());
	let repair =
		Repair { checksums: flags & 1 == 0, order: flags & 2 == 0, ordinals: flags & 4 == 0 };
	let disk = template(kind);
	let durable = (u32::from(input.byte()), u64::from(input.short()));
	match flags & 24 {
		0 => write(&disk, &home().join("durable"), &durable_mark(durable.0, durable.1)),
		8 => write(
			&disk,
			&home().join("durable"),
			&durable_mark(u32::MAX - durable.0, durable.1 << 40),
		),
		_ => {},
	}
	let (segments, mut number, mut counters) = (1 + flags as u32 / 64, 0, Counters::default());
	for segment in 0..segments {
		let len = if segment + 1 == segments { usize::MAX } else { input.below(2000) };
		// Now and then a segment is missing, or many.
		let gap = if repair.ordinals { 0 } else { u32::from(input.byte()) };
		number += if gap < 128 { gap / 64 } else { 1 << (gap % 27) };
		let body = input.piece(len);
		let mut file = segment_header(number, kind, SALT);
		file.extend(records(body, kind, SALT, repair, &mut counters));
		write(&disk, &home().join(format!("segment-{number:08}.log")), &file);
		number += 1;
	}
	exercise(&disk, &versions_on(&disk, &home()));
}

fn seeds() -> Vec<Vec<u8>> {
	let mut seeds = Vec::new();
	for kind in [Kind::User, Kind::Sequential, Kind::Audited] {
		let (disk, store) = empty(kind);
		let namespace = granary_fuzz::store::namespace(&store);
		for number in 0..6_u32 {
			let key = if kind == Kind::Sequential {
				Vec::new()
			} else {
				format!("key-{number}").into_bytes()
			};
			namespace
				.set(&key, &number.to_le_bytes().repeat(number as usize * 50))
				.expect("a write");
		}
		if kind == Kind::User {
			namespace.del(b"key-2").expect("a key is deleted");
			namespace.set(b"key-3", b"another value").expect("a write");
		}
		drop((namespace, store));
		let log = files(&disk, &home())
			.into_iter()
			.find(|path| path.extension().is_some_and(|end| end == "log"));
		let body = read(&disk, &log.expect("a segment"))[32..].to_vec();
		for flags in [0, 16, 2, 4, 64, 192 + 16] {
			seeds.push([&[kind as u8, flags, 0, 32, 0], body.as_slice()].concat());
		}
	}
	seeds
}

granary_fuzz::target!(run, seeds: seeds);
