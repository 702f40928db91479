//! What is left after crashes and damage: engine only.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

use granary_zdb::{
	CompactionOptions, MissingSegments, Mode, NamespaceOptions, Store, StoreOptions, ZdbError,
};
use std::{
	fs,
	path::{Path, PathBuf},
};

const RECORDS: usize = 6;

fn key(record: usize) -> Vec<u8> {
	format!("key-{record}").into_bytes()
}

fn value(record: usize) -> Vec<u8> {
	vec![record as u8 + 1; 20 + record * 7]
}

fn segment(dir: &Path, namespace: &str, number: u32) -> PathBuf {
	dir.join(format!("namespaces/{namespace}/segment-{number:08}.log"))
}

/// A store of some records; the offsets at which they start, and the end.
fn written(dir: &Path) -> Vec<usize> {
	let store = Store::open(StoreOptions::new(dir)).unwrap();
	let namespace = store.namespace("default").unwrap();
	let mut offsets = vec![32];
	for record in 0..RECORDS {
		namespace.set(&key(record), &value(record)).unwrap();
		offsets.push(namespace.info().active_offset as usize);
	}
	offsets
}

/// As after a crash: nothing says how much of the log was durable.
fn crashed(dir: &Path, namespace: &str) {
	fs::remove_file(dir.join("namespaces").join(namespace).join("durable")).unwrap();
}

#[test]
fn a_tail_cut_anywhere_keeps_every_whole_record() {
	let dir = tempfile::tempdir().unwrap();
	let offsets = written(dir.path());
	let path = segment(dir.path(), "default", 0);
	let bytes = fs::read(&path).unwrap();
	assert_eq!(bytes.len(), offsets[RECORDS]);
	for end in 32..=bytes.len() {
		crashed(dir.path(), "default");
		fs::write(&path, &bytes[..end]).unwrap();
		let whole = offsets.iter().filter(|offset| **offset <= end).count() - 1;
		{
			let store = Store::open(StoreOptions::new(dir.path())).unwrap();
			let report = store.recovery_report();
			assert_eq!(report.records, whole as u64, "cut at {end}");
			assert!(report.damaged.is_empty());
			let lost = (end - offsets[whole]) as u64;
			let torn: Vec<_> = report.torn_tails.iter().map(|torn| torn.lost_bytes).collect();
			assert_eq!(torn, if lost > 0 { vec![lost] } else { vec![] }, "cut at {end}");
			let namespace = store.namespace("default").unwrap();
			for record in 0..RECORDS {
				let expected = (record < whole).then(|| value(record));
				assert_eq!(namespace.get(&key(record)).unwrap(), expected, "cut at {end}");
			}
			// What is appended behind the cut is found again.
			namespace.set(b"after", b"the cut").unwrap();
		}
		let store = Store::open(StoreOptions::new(dir.path())).unwrap();
		assert!(store.recovery_report().lines().is_empty());
		let namespace = store.namespace("default").unwrap();
		assert_eq!(namespace.get(b"after").unwrap().unwrap(), b"the cut");
		assert_eq!(namespace.dbsize(), whole as u64 + 1);
	}
}

#[test]
fn a_flipped_bit_never_yields_a_wrong_value_nor_hides_others() {
	let dir = tempfile::tempdir().unwrap();
	let offsets = written(dir.path());
	let path = segment(dir.path(), "default", 0);
	let bytes = fs::read(&path).unwrap();
	for position in 32..bytes.len() {
		let mut flipped = bytes.clone();
		flipped[position] ^= 1 << (position % 8);
		fs::write(&path, &flipped).unwrap();
		let hit = offsets.iter().filter(|offset| **offset <= position).count() - 1;
		let store = Store::open(StoreOptions::new(dir.path())).unwrap();
		let report = store.recovery_report();
		// The store was closed, so none of it is a torn tail.
		assert_eq!(report.damaged.len(), 1, "{position}");
		assert_eq!(report.damaged[0].offset, offsets[hit] as u64);
		assert_eq!(report.damaged[0].len_bytes, (offsets[hit + 1] - offsets[hit]) as u64);
		let namespace = store.namespace("default").unwrap();
		for record in 0..RECORDS {
			match namespace.get(&key(record)) {
				Ok(found) => {
					let expected = (record != hit).then(|| value(record));
					assert_eq!(found, expected, "byte {position}, record {record}");
				},
				Err(error) => {
					assert_eq!(record, hit, "byte {position}: {error}");
					assert!(matches!(error, ZdbError::Damaged { .. }));
				},
			}
		}
	}
}

#[test]
fn damage_of_a_newer_value_does_not_bring_back_the_older() {
	let dir = tempfile::tempdir().unwrap();
	let end = {
		let store = Store::open(StoreOptions::new(dir.path())).unwrap();
		let namespace = store.namespace("default").unwrap();
		namespace.set(b"key", b"older").unwrap();
		namespace.set(b"key", b"newer").unwrap();
		let end = namespace.info().active_offset as usize;
		namespace.set(b"other", b"last").unwrap();
		end
	};
	let path = segment(dir.path(), "default", 0);
	let mut bytes = fs::read(&path).unwrap();
	bytes[end - 1] ^= 1;
	fs::write(&path, &bytes).unwrap();
	let store = Store::open(StoreOptions::new(dir.path())).unwrap();
	let namespace = store.namespace("default").unwrap();
	assert!(matches!(namespace.get(b"key"), Err(ZdbError::Damaged { .. })));
	assert_eq!(namespace.check(b"key").unwrap(), Some(false));
	assert_eq!(namespace.get(b"other").unwrap().unwrap(), b"last");
	// Writing it again mends it.
	namespace.set(b"key", b"newer").unwrap();
	assert_eq!(namespace.get(b"key").unwrap().unwrap(), b"newer");
}

#[test]
fn a_value_that_looks_like_a_record_is_none() {
	let dir = tempfile::tempdir().unwrap();
	let offsets = written(dir.path());
	let path = segment(dir.path(), "default", 0);
	// The image of a true record of another segment, with a later sequence, inside a value that is torn.
	let image = {
		let other = tempfile::tempdir().unwrap();
		let store = Store::open(StoreOptions::new(other.path())).unwrap();
		let namespace = store.namespace("default").unwrap();
		for number in 0..=RECORDS as u32 {
			namespace.set(b"forged", &number.to_le_bytes()).unwrap();
		}
		let bytes = fs::read(segment(other.path(), "default", 0)).unwrap();
		bytes[bytes.len() - 46..].to_vec()
	};
	{
		let store = Store::open(StoreOptions::new(dir.path())).unwrap();
		let value = [image.as_slice(), &[0; 64]].concat();
		store.namespace("default").unwrap().set(b"carrier", &value).unwrap();
	}
	let len = fs::metadata(&path).unwrap().len();
	crashed(dir.path(), "default");
	fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(len - 10).unwrap();
	let store = Store::open(StoreOptions::new(dir.path())).unwrap();
	assert_eq!(store.recovery_report().torn_tails[0].cut_at, offsets[RECORDS] as u64);
	assert_eq!(store.namespace("default").unwrap().get(b"forged").unwrap(), None);
}

#[test]
fn many_segments_and_a_missing_one() {
	let dir = tempfile::tempdir().unwrap();
	let options = || StoreOptions { segment_bytes: 4096, ..StoreOptions::new(dir.path()) };
	{
		let store = Store::open(options()).unwrap();
		let sequential = NamespaceOptions { mode: Mode::Sequential, ..Default::default() };
		let namespace = store.create_namespace("ids", sequential).unwrap();
		for id in 0..100_u64 {
			namespace.set(b"", &[id as u8; 500]).unwrap();
		}
		assert!(namespace.info().active_segment > 10);
	}
	fs::remove_file(segment(dir.path(), "ids", 3)).unwrap();
	// A crash while a segment is made leaves an incomplete header.
	let half = segment(dir.path(), "ids", 15);
	fs::write(&half, b"GRZDB").unwrap();
	let store = Store::open(options()).unwrap();
	assert_eq!(store.recovery_report().missing_segments.len(), 1);
	assert!(store.recovery_report().lines()[0].contains("segment-00000003.log is missing"));
	let namespace = store.namespace("ids").unwrap();
	let per_segment = 100 - namespace.dbsize();
	assert_eq!(per_segment, 7);
	// Ids go on where they were, whatever is missing.
	assert_eq!(namespace.info().next_id, 100);
	assert_eq!(namespace.get(&99_u64.to_le_bytes()).unwrap().unwrap(), [99; 500]);
}

#[test]
fn a_foreign_file_stops_the_start() {
	let dir = tempfile::tempdir().unwrap();
	written(dir.path());
	let path = segment(dir.path(), "default", 0);
	let mut bytes = fs::read(&path).unwrap();
	bytes[0] = b'X';
	fs::write(&path, &bytes).unwrap();
	let error = Store::open(StoreOptions::new(dir.path())).unwrap_err();
	assert!(matches!(error, ZdbError::BadSegment { .. }), "{error}");
}

/// Waits until every segment but the last has its hint.
fn await_hints(dir: &Path, namespace: &str) -> Vec<PathBuf> {
	let home = dir.join("namespaces").join(namespace);
	let with = |extension: &str| -> Vec<PathBuf> {
		let paths = fs::read_dir(&home).unwrap().map(|entry| entry.unwrap().path());
		let mut found: Vec<_> =
			paths.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
		found.sort();
		found
	};
	let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
	loop {
		let hints = with("hint");
		if hints.len() + 1 == with("log").len() {
			return hints;
		}
		assert!(std::time::Instant::now() < deadline, "{hints:?}");
		std::thread::sleep(std::time::Duration::from_millis(50));
	}
}

#[test]
fn hints_tell_what_the_segments_tell_and_are_not_trusted_blindly() {
	let dir = tempfile::tempdir().unwrap();
	// Compaction would remove segments meanwhile.
	let compaction = CompactionOptions { dead_share: 2.0, ..Default::default() };
	let options = StoreOptions { segment_bytes: 4096, compaction, ..StoreOptions::new(dir.path()) };
	let filled = |mode: Mode, name: &str, store: &Store| {
		let namespace =
			store.create_namespace(name, NamespaceOptions { mode, ..Default::default() }).unwrap();
		for number in 0..300u64 {
			let key = match mode {
				Mode::User => format!("key-{}", number % 90).into_bytes(),
				Mode::Sequential if number < 90 => Vec::new(),
				Mode::Sequential => (number % 90).to_le_bytes().to_vec(),
			};
			namespace.set(&key, format!("value-{number}").as_bytes()).unwrap();
		}
		namespace.set(b"", b"x").ok();
	};
	let look = |store: &Store| {
		let look = |name: &str| {
			let namespace = store.namespace(name).unwrap();
			let info = namespace.info();
			let keys: Vec<_> = (0..90u64)
				.flat_map(|number| {
					[format!("key-{number}").into_bytes(), number.to_le_bytes().to_vec()]
				})
				.map(|key| namespace.get(&key).unwrap())
				.collect();
			(keys, info.entries, info.live_bytes, info.disk_bytes, info.next_id)
		};
		(look("user"), look("seq"))
	};
	let expected = {
		let store = Store::open(options.clone()).unwrap();
		filled(Mode::User, "user", &store);
		filled(Mode::Sequential, "seq", &store);
		await_hints(dir.path(), "user");
		await_hints(dir.path(), "seq");
		look(&store)
	};
	let reopened = |unfit: &[PathBuf]| {
		let store = Store::open(options.clone()).unwrap();
		let report = store.recovery_report();
		assert_eq!((report.made_anew.as_slice(), report.lines().len()), (unfit, unfit.len()));
		assert_eq!(store.recovery_report().records, 601);
		look(&store)
	};
	assert_eq!(reopened(&[]), expected);
	// A flipped byte, a cut, another segment's hint: then the segment itself is walked.
	let hints = await_hints(dir.path(), "user");
	let (first, second) = (fs::read(&hints[0]).unwrap(), fs::read(&hints[1]).unwrap());
	for spoiled in [
		{
			let mut bytes = first.clone();
			bytes[60] ^= 1;
			bytes
		},
		first[..first.len() - 9].to_vec(),
		second,
		Vec::new(),
	] {
		fs::write(&hints[0], spoiled).unwrap();
		assert_eq!(reopened(&hints[..1]), expected);
	}
	// Without any hint it takes longer, and is the same.
	for hint in &hints {
		fs::remove_file(hint).unwrap();
	}
	assert_eq!(reopened(&[]), expected);
}

#[test]
fn what_many_records_add_up_to_is_the_same_after_a_restart() {
	// More than are brought into the index at a time: records and those that replace or delete them are in the same batch and in different ones.
	const KEYS: u64 = 600_000;
	let dir = tempfile::tempdir().unwrap();
	let compaction = CompactionOptions { dead_share: 2.0, ..Default::default() };
	let options =
		StoreOptions { segment_bytes: 16 << 20, compaction, ..StoreOptions::new(dir.path()) };
	let look = |store: &Store| {
		let info = store.namespace("default").unwrap().info();
		(info.entries, info.live_bytes, info.index_bytes > 0)
	};
	let value = |key: u64, round: u64| format!("{round}{}", "x".repeat((key % 13) as usize));
	let expected = {
		let store = Store::open(options.clone()).unwrap();
		let namespace = store.namespace("default").unwrap();
		let set = |key: u64, round| {
			let value = value(key, round);
			namespace.set_buffered(&key.to_le_bytes(), value.as_bytes(), None).unwrap();
			if key.is_multiple_of(5) {
				namespace.set_buffered(&key.to_le_bytes(), b"at once again", None).unwrap();
			}
		};
		(0..KEYS).for_each(|key| set(key, 1));
		(0..KEYS).filter(|key| key % 3 == 0).for_each(|key| set(key, 2));
		namespace.flush().unwrap();
		for key in (0..KEYS).filter(|key| key % 7 == 0) {
			namespace.del(&key.to_le_bytes()).unwrap();
		}
		look(&store)
	};
	assert_eq!(expected.0, KEYS - KEYS.div_ceil(7));
	let opened = || {
		let store = Store::open(options.clone()).unwrap();
		assert_eq!(look(&store), expected);
		await_hints(dir.path(), "default");
		let namespace = store.namespace("default").unwrap();
		for key in (0..KEYS).step_by(11) {
			let found = namespace.get(&key.to_le_bytes()).unwrap();
			let round = if key % 3 == 0 { 2 } else { 1 };
			let written = match (key % 7, key % 5) {
				(0, _) => None,
				(_, 0) => Some(b"at once again".to_vec()),
				_ => Some(value(key, round).into_bytes()),
			};
			assert_eq!(found.as_deref(), written.as_deref(), "key {key}");
		}
	};
	// From the records, then from hints.
	opened();
	opened();
}

#[test]
fn a_durable_end_that_is_lost_is_reported() {
	let dir = tempfile::tempdir().unwrap();
	let offsets = written(dir.path());
	let path = segment(dir.path(), "default", 0);
	let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
	file.set_len(offsets[RECORDS - 1] as u64).unwrap();
	{
		let store = Store::open(StoreOptions::new(dir.path())).unwrap();
		let damaged = &store.recovery_report().damaged;
		assert_eq!(damaged.len(), 1);
		assert_eq!(damaged[0].offset, offsets[RECORDS - 1] as u64);
		// What is written there next is not taken for what was lost.
		store.namespace("default").unwrap().set(b"after", b"the loss").unwrap();
	}
	let store = Store::open(StoreOptions::new(dir.path())).unwrap();
	assert!(store.recovery_report().lines().is_empty());
	assert_eq!(store.namespace("default").unwrap().get(b"after").unwrap().unwrap(), b"the loss");
	drop(store);
	fs::remove_file(&path).unwrap();
	let store = Store::open(StoreOptions::new(dir.path())).unwrap();
	let missing = MissingSegments { first: path.clone(), last: path, count: 1 };
	assert_eq!(store.recovery_report().missing_segments, [missing]);
}

#[test]
fn nor_behind_damage_at_which_a_torn_tail_was_cut() {
	let dir = tempfile::tempdir().unwrap();
	let offsets = written(dir.path());
	let path = segment(dir.path(), "default", 0);
	let mut bytes = fs::read(&path).unwrap();
	// Durable up to the last record's middle: what is there is damage as far as the mark goes, and torn behind it.
	let middle = offsets[RECORDS - 1] + 60;
	let mut mark = b"GRZDBDU1".to_vec();
	mark.extend(0_u32.to_le_bytes());
	mark.extend((middle as u64).to_le_bytes());
	mark.extend(crc32c::crc32c(&mark).to_le_bytes());
	fs::write(dir.path().join("namespaces/default/durable"), mark).unwrap();
	// The value's length is gone, and nothing of the record is whole.
	bytes[offsets[RECORDS - 1] + 8] ^= 1;
	fs::write(&path, bytes).unwrap();
	for round in 0..3_u8 {
		let store = Store::open(StoreOptions::new(dir.path())).unwrap();
		let report = store.recovery_report();
		assert_eq!((report.damaged.len(), report.torn_tails.len()), (1, usize::from(round == 0)));
		let namespace = store.namespace("default").unwrap();
		assert_eq!(namespace.dbsize(), RECORDS as u64 - 1 + u64::from(round));
		namespace.set(&[b'a', round], &[round; 200]).unwrap();
		assert!(namespace.info().active_segment >= 1, "the damaged segment is left");
	}
}

#[test]
fn what_is_written_behind_a_lost_end_is_not_taken_for_its_rest() {
	for lost in [1, 30, 60, 90] {
		let dir = tempfile::tempdir().unwrap();
		let offsets = written(dir.path());
		let path = segment(dir.path(), "default", 0);
		let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
		// The last record was durable, and a part of it is gone.
		file.set_len(offsets[RECORDS] as u64 - lost).unwrap();
		for round in 0..3_u8 {
			let store = Store::open(StoreOptions::new(dir.path())).unwrap();
			let namespace = store.namespace("default").unwrap();
			for before in 0..round {
				let found = namespace.get(&[b'a', before]).unwrap();
				assert_eq!(found.as_deref(), Some([before; 200].as_slice()), "{lost} {round}");
			}
			namespace.set(&[b'a', round], &[round; 200]).unwrap();
			assert_eq!(store.recovery_report().damaged.len(), 1 + usize::from(round == 0));
		}
	}
}
