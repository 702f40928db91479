//! The small files of a namespace and the headers of records: what is read is written as it was read.

#![no_main]

use granary_fuzz::{
	segment::Kind,
	store::{empty, home, options, read, write},
	Input,
};
use granary_zdb::{
	fuzzing::{small_file, SmallFile},
	Store,
};

const ALL: [SmallFile; 4] =
	[SmallFile::Durable, SmallFile::Retired, SmallFile::Removal, SmallFile::RecordHeader];

fn magic(which: SmallFile) -> &'static [u8] {
	match which {
		SmallFile::Durable => b"GRZDBDU1",
		SmallFile::Retired => b"GRZDBRT2",
		SmallFile::Removal => b"GRZDBRM1",
		SmallFile::RecordHeader => b"",
	}
}

fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
	bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
	bytes
}

fn run(bytes: &[u8]) {
	let mut input = Input::new(bytes);
	let flags = input.byte();
	let which = ALL[usize::from(flags % 4)];
	let is_whole = flags & 128 != 0 || which == SmallFile::RecordHeader;
	let rest = input.rest();
	let content =
		if is_whole { rest.to_vec() } else { with_checksum([magic(which), rest].concat()) };
	if let Some(again) = small_file(which, &content) {
		let read =
			if which == SmallFile::RecordHeader { &content[..48] } else { content.as_slice() };
		assert_eq!(again, read, "{which:?} has two forms");
	}
	// An empty namespace with this file, and with settings that differ.
	if flags & 64 != 0 {
		let (disk, store) = empty(Kind::User);
		drop(store);
		let name = ["durable", "retired", "generation", "config"][usize::from(flags / 4 % 4)];
		let content = match name {
			"durable" | "retired" => content,
			"generation" => with_checksum([b"GRZDBGN1", rest].concat()),
			_ => {
				let mut config = read(&disk, &home().join("config"));
				let body = config.len() - 4;
				config[8..body].iter_mut().zip(rest).for_each(|(byte, change)| *byte ^= change);
				config.truncate(body);
				with_checksum(config)
			},
		};
		write(&disk, &home().join(name), &content);
		if let Ok(store) = Store::open(options(&disk)) {
			let namespace = granary_fuzz::store::namespace(&store);
			let _ = (namespace.info(), namespace.settings(), namespace.set(b"key", b"value"));
			if let Ok(Some(value)) = namespace.get(b"key") {
				assert_eq!(value, b"value");
			}
			drop((namespace, store));
			Store::open(options(&disk)).expect("what could be opened once can be opened again");
		}
	}
}

fn seeds() -> Vec<Vec<u8>> {
	let mark = [&[3, 0, 0, 0], 4096_u64.to_le_bytes().as_slice()].concat();
	let retired = [9_u64.to_le_bytes().as_slice(), &[2, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0]].concat();
	let mut seeds = vec![
		[&[64], mark.as_slice()].concat(),
		[&[64 + 4 + 1], retired.as_slice()].concat(),
		[&[2], [0; 72].as_slice()].concat(),
		vec![64 + 8, 1, 0, 0, 0],
		vec![64 + 12, 1, 0, 0],
		vec![64 + 12, 0, 1, 2],
	];
	let mut head = vec![3; 49];
	head[45..].copy_from_slice(&[3, 1, 0, 0]);
	seeds.push(head);
	seeds
}

granary_fuzz::target!(run, seeds: seeds);
