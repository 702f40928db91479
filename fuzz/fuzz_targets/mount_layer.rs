//! The directory of a thin layer: journal, log of synced writes, maps and contents of any bytes. A layer opens or says why not, and what
//! opened once opens again.

#![no_main]

use codec::Encode;
use granary_fuzz::Input;
use granary_mount::{
	fuzzing::{journal_of, journal_records, log_record, walk},
	journal::{NewKind, NodeKind, Record},
	Layer, Lower,
};
use granary_snapshot::{ChunkTable, Entry, EntryKind};
use std::{
	fs, io,
	path::Path,
	sync::{Arc, OnceLock},
};

const SNAPSHOT: [u8; 32] = [0xab; 32];
const PAGE_BYTES: usize = 4096;

/// What lies below: two directories and two files of sevens.
#[derive(Debug)]
struct Below(Vec<Entry>);

impl Lower for Below {
	fn entries(&self) -> &[Entry] {
		&self.0
	}

	fn read_at(&self, _: usize, _: u64, buffer: &mut [u8]) -> io::Result<usize> {
		buffer.fill(7);
		Ok(buffer.len())
	}
}

fn lower() -> Arc<dyn Lower> {
	static LOWER: OnceLock<Arc<Below>> = OnceLock::new();
	LOWER
		.get_or_init(|| {
			let entry = |path: &str, kind| Entry {
				path: path.as_bytes().to_vec(),
				kind,
				mode: 0o755,
				uid: 0,
				gid: 0,
				mtime_ns: 0,
			};
			let file = |size| EntryKind::File {
				size,
				chunk_bytes: 4096,
				chunks: ChunkTable::Inline(vec![None; 3]),
			};
			Arc::new(Below(vec![
				entry("", EntryKind::Directory),
				entry("dir", EntryKind::Directory),
				entry("dir/a", file(3 * 4096)),
				entry("z", file(9000)),
			]))
		})
		.clone()
}

fn scratch() -> tempfile::TempDir {
	tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory")
}

fn checked(body: &[u8]) -> Vec<u8> {
	let mut bytes = (body.len() as u32).to_le_bytes().to_vec();
	bytes.extend(crc32c::crc32c(body).to_le_bytes());
	bytes.extend(body);
	bytes
}

/// A record of synced writes whose checksum fits, of any head and as many pages as are asked for.
fn synced(head: &[u8], place: u64, pages: usize) -> Vec<u8> {
	let mut bytes = b"GSL1\0\0\0\0".to_vec();
	bytes.extend(9_u64.to_le_bytes());
	bytes.extend(place.to_le_bytes());
	bytes.extend(&head[..head.len().min(PAGE_BYTES - 24)]);
	bytes.resize(PAGE_BYTES * (1 + pages), 0);
	let crc = crc32c::crc32c(&bytes[8..]);
	bytes[4..8].copy_from_slice(&crc.to_le_bytes());
	bytes
}

/// The formats alone.
fn formats(input: &mut Input<'_>) {
	let bytes = input.rest();
	let (records, end) = journal_records(bytes);
	assert_eq!(journal_of(&records), bytes[..end as usize], "a journal has two forms");
	for (place, pages) in [(0, 0), (4096, 2)] {
		let record = synced(bytes, place, pages);
		if let Some((again, len)) = log_record(&record, place) {
			assert!(len <= record.len());
			let repeated = log_record(&again, place).expect("what is written is read");
			assert_eq!(repeated.0, again);
		}
		assert!(log_record(&record, place + 1).is_none(), "a record counts in its place only");
	}
}

/// A layer's directory made of pieces of the input.
fn fill(dir: &Path, input: &mut Input<'_>) -> io::Result<()> {
	let generation = dir.join("gen-0");
	fs::create_dir_all(&generation)?;
	fs::create_dir_all(dir.join("files"))?;
	fs::write(dir.join("version"), "2")?;
	fs::write(dir.join("current"), "0")?;
	fs::write(generation.join("snapshot"), "ab".repeat(32))?;
	let flags = input.byte();
	if flags & 1 == 1 {
		let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
		fs::write(generation.join("boot"), boot)?;
	}
	for _ in 0..flags >> 5 {
		let ino = u64::from(input.byte() % 8);
		let kind = ["map", "live"][usize::from(input.byte() % 2)];
		fs::write(generation.join(format!("{ino:016x}.{kind}")), input.short_piece())?;
		fs::write(dir.join(format!("files/{ino:016x}.data")), input.short_piece())?;
	}
	let mut log = synced(&[0], 0, 0);
	for _ in 0..flags >> 3 & 3 {
		let pages = usize::from(input.byte() % 3);
		let head = input.short_piece();
		log.extend(synced(head, log.len() as u64, pages));
	}
	fs::write(generation.join("log"), log)?;
	let mut journal = Vec::new();
	while !input.is_empty() {
		let body = input.short_piece();
		journal.extend(if flags & 2 == 0 { checked(body) } else { body.to_vec() });
	}
	fs::write(generation.join("journal"), journal)
}

fn layers(input: &mut Input<'_>) {
	let dir = scratch();
	fill(dir.path(), input).expect("it can be written");
	let open = || Layer::open(lower(), dir.path(), &SNAPSHOT, false);
	let Ok(layer) = open() else { return };
	let names = walk(&layer);
	let _ = (layer.stats(), layer.local_bytes());
	drop(layer);
	let layer = open().expect("what opened once opens again");
	assert_eq!(walk(&layer), names);
}

fn run(bytes: &[u8]) {
	let mut input = Input::new(bytes);
	match input.byte() & 1 {
		0 => formats(&mut input),
		_ => layers(&mut input),
	}
}

fn seeds() -> Vec<Vec<u8>> {
	let records = [
		Record::Create {
			ino: 5,
			parent: 2,
			name: b"new".to_vec(),
			kind: NewKind::File,
			mode: 0o644,
			uid: 0,
			gid: 0,
			time_ns: 1,
		},
		Record::Create {
			ino: 6,
			parent: 1,
			name: b"d".to_vec(),
			kind: NewKind::Directory,
			mode: 0o755,
			uid: 0,
			gid: 0,
			time_ns: 1,
		},
		Record::Rename { parent: 2, name: b"new".to_vec(), new_parent: 6, new_name: b"n".to_vec() },
		Record::Exchange { parent: 2, name: b"a".to_vec(), new_parent: 1, new_name: b"z".to_vec() },
		Record::LowerLimit { ino: 3, limit: 100 },
		Record::Attributes { ino: 3, mode: 0o600, uid: 1, gid: 1, mtime_ns: 5 },
		Record::Xattr { ino: 3, name: b"user.x".to_vec(), value: Some(b"y".to_vec()) },
		Record::Link { ino: 3, parent: 6, name: b"hard".to_vec() },
		Record::Remove { parent: 6, name: b"hard".to_vec() },
		Record::Reset { next_ino: 9 },
		Record::Node {
			ino: 1,
			kind: NodeKind::Directory,
			mode: 0o755,
			uid: 0,
			gid: 0,
			mtime_ns: 0,
			xattrs: vec![],
		},
		Record::Node {
			ino: 4,
			kind: NodeKind::File { below: Some((2, 4096)), size: 10 },
			mode: 0o644,
			uid: 0,
			gid: 0,
			mtime_ns: 0,
			xattrs: vec![],
		},
	];
	let piece = |bytes: &[u8]| [&[bytes.len() as u8], bytes].concat();
	let mut journal = Vec::new();
	records.iter().for_each(|record| journal.extend(piece(&record.encode())));
	// Blocks {ino, size, marked, blocks} and Cut {ino, size} of the log of synced writes.
	let blocks = (1_u8, 3_u64, 8192_u64, true, vec![0_u64, 1]).encode();
	let cut = (2_u8, 3_u64, 5000_u64).encode();
	let mut with_log = vec![1, 32 + 16];
	with_log.extend([3, 0]);
	with_log.extend(piece(&[3]));
	with_log.extend(piece(&[8; 200]));
	with_log.push(2);
	with_log.extend(piece(&blocks));
	with_log.push(0);
	with_log.extend(piece(&cut));
	with_log.extend(&journal);
	vec![
		[&[0], journal_of(&records).as_slice()].concat(),
		[&[0], blocks.as_slice()].concat(),
		[&[1, 0], journal.as_slice()].concat(),
		[&[1, 1], journal.as_slice()].concat(),
		with_log,
	]
}

granary_fuzz::target!(run, seeds: seeds);
