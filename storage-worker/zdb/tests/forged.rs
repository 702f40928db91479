//! Numbers that nobody wrote, with checksums that fit or from clients: they are refused, and cost neither memory nor time.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

use granary_zdb::{
	limits::{NUMBERS_MAX, SEGMENTS_MAX},
	MissingSegments, Mode, Namespace, NamespaceOptions, ReplicatedRecord, Store, StoreOptions,
	ZdbError,
};
use std::{
	fs,
	path::{Path, PathBuf},
	sync::Arc,
};

fn home(dir: &Path) -> PathBuf {
	dir.join("namespaces/forged")
}

fn open(dir: &Path) -> Store {
	Store::open(StoreOptions::new(dir)).unwrap()
}

fn made(dir: &Path, options: NamespaceOptions) -> (Store, Arc<Namespace>) {
	let store = open(dir);
	let namespace = store.create_namespace("forged", options).unwrap();
	(store, namespace)
}

fn write_mark(dir: &Path, segment: u32, offset: u64) {
	let mut mark = b"GRZDBDU1".to_vec();
	mark.extend(segment.to_le_bytes());
	mark.extend(offset.to_le_bytes());
	mark.extend(crc32c::crc32c(&mark).to_le_bytes());
	fs::write(home(dir).join("durable"), mark).unwrap();
}

#[test]
fn segments_that_a_mark_speaks_of_are_missed_together() {
	let dir = tempfile::tempdir().unwrap();
	let (store, namespace) = made(dir.path(), NamespaceOptions::default());
	namespace.set(b"key", b"value").unwrap();
	drop((namespace, store));
	let path = |number: u32| home(dir.path()).join(format!("segment-{number:08}.log"));
	write_mark(dir.path(), SEGMENTS_MAX - 1, 40);
	let store = open(dir.path());
	let all =
		MissingSegments { first: path(1), last: path(SEGMENTS_MAX - 1), count: SEGMENTS_MAX - 1 };
	assert_eq!(store.recovery_report().missing_segments, [all]);
	assert!(store.recovery_report().lines()[0].contains("16777214 segments"));
	let namespace = store.namespace("forged").unwrap();
	assert_eq!(namespace.get(b"key").unwrap().unwrap(), b"value");
	drop((namespace, store));
	// No log gets so far, so this is no mark.
	write_mark(dir.path(), SEGMENTS_MAX, 40);
	let store = open(dir.path());
	assert_eq!(store.recovery_report().made_anew, [home(dir.path()).join("durable")]);
	drop(store);
	fs::copy(path(0), path(99_999_999)).unwrap();
	let error = Store::open(StoreOptions::new(dir.path())).unwrap_err();
	assert!(matches!(error, ZdbError::BadSegment { .. }), "{error}");
}

#[test]
fn a_cursor_takes_no_memory_for_a_length_that_it_claims() {
	let dir = tempfile::tempdir().unwrap();
	let (_store, namespace) = made(dir.path(), NamespaceOptions::default());
	namespace.set(b"key", b"one").unwrap();
	namespace.set(b"key", b"two").unwrap();
	let older = namespace.version(b"key", None).unwrap().older.unwrap();
	assert_eq!(namespace.version(b"key", Some(older)).unwrap().value, b"one");
	for class in 0..=255 {
		// The fifth byte is the class of the length: with all bits set it means 32 GiB.
		let mut forged = older;
		forged[4] = class;
		let outcome = namespace.version(b"key", Some(forged));
		match class == older[4] {
			true => assert_eq!(outcome.unwrap().value, b"one"),
			false => assert!(matches!(outcome, Err(ZdbError::BadCursor)), "class {class}"),
		}
	}
}

#[test]
fn a_primary_is_not_believed_what_cannot_follow() {
	let good = ReplicatedRecord {
		sequence: 5,
		ordinal: 0,
		moved: false,
		timestamp: 1,
		key: b"key".to_vec(),
		value: Some(b"value".to_vec()),
	};
	let id = |id: u64, ordinal| ReplicatedRecord {
		key: id.to_le_bytes().to_vec(),
		ordinal,
		..good.clone()
	};
	let dir = tempfile::tempdir().unwrap();
	let (_store, namespace) = made(dir.path(), NamespaceOptions::default());
	for bad in [
		ReplicatedRecord { key: Vec::new(), ..good.clone() },
		ReplicatedRecord { key: vec![1; 256], ..good.clone() },
		ReplicatedRecord { value: Some(vec![0; (64 << 20) + 1]), ..good.clone() },
		ReplicatedRecord { sequence: NUMBERS_MAX, ..good.clone() },
		ReplicatedRecord { ordinal: u64::MAX, ..good.clone() },
	] {
		let outcome = namespace.apply_record(&bad);
		assert!(matches!(outcome, Err(ZdbError::BadRecord { .. })), "{outcome:?}");
	}
	namespace.apply_record(&good).unwrap();
	assert_eq!(namespace.get(b"key").unwrap().unwrap(), b"value");

	let dir = tempfile::tempdir().unwrap();
	let options = NamespaceOptions { audited: true, ..Default::default() };
	let (_store, namespace) = made(dir.path(), options);
	for bad in [
		ReplicatedRecord { ordinal: 1, ..good.clone() },
		ReplicatedRecord { moved: true, ..good.clone() },
		ReplicatedRecord { value: None, ..good.clone() },
	] {
		assert!(matches!(namespace.apply_record(&bad), Err(ZdbError::BadRecord { .. })));
	}
	namespace.apply_record(&good).unwrap();
	assert_eq!(namespace.log_state().unwrap().0, 1);

	let dir = tempfile::tempdir().unwrap();
	let options = NamespaceOptions { mode: Mode::Sequential, ..Default::default() };
	let (_store, namespace) = made(dir.path(), options);
	for bad in [id(1, 0), id(u64::MAX, 7), id(1 << 40, 1 << 39)] {
		assert!(matches!(namespace.apply_record(&bad), Err(ZdbError::BadRecord { .. })));
	}
	namespace.apply_record(&id(1 << 40, 1 << 40)).unwrap();
	assert!(namespace.info().index_bytes < 1 << 20, "an id far away costs little");
	assert!(matches!(
		namespace.apply_record(&ReplicatedRecord { sequence: 6, ..id(3, 3) }),
		Err(ZdbError::BadRecord { .. })
	));
}

#[test]
fn a_log_whose_numbers_are_used_up_takes_no_record_that_could_not_be_read() {
	let last = ReplicatedRecord {
		sequence: NUMBERS_MAX - 1,
		ordinal: 0,
		moved: false,
		timestamp: 1,
		key: b"key".to_vec(),
		value: Some(b"value".to_vec()),
	};
	let ids = NamespaceOptions { mode: Mode::Sequential, ..Default::default() };
	let last_id = ReplicatedRecord {
		sequence: 1,
		ordinal: NUMBERS_MAX - 1,
		key: (NUMBERS_MAX - 1).to_le_bytes().to_vec(),
		..last.clone()
	};
	for (options, last, key) in
		[(NamespaceOptions::default(), last, &b"another"[..]), (ids, last_id, &b""[..])]
	{
		let dir = tempfile::tempdir().unwrap();
		let (store, namespace) = made(dir.path(), options);
		namespace.apply_record(&last).unwrap();
		let refused = |namespace: &Namespace| {
			// A short one, and one that is written past the buffer.
			for len in [5, 1 << 20] {
				let outcome = namespace.set(key, &vec![7; len]);
				assert!(matches!(outcome, Err(ZdbError::Full)), "{outcome:?}");
			}
			let outcome = namespace.del(&last.key);
			assert!(matches!(outcome, Err(ZdbError::Full)), "{outcome:?}");
			assert_eq!(namespace.get(&last.key).unwrap(), last.value);
		};
		refused(&namespace);
		drop((namespace, store));
		let store = open(dir.path());
		assert!(store.recovery_report().damaged.is_empty());
		refused(&store.namespace("forged").unwrap());
	}
}

#[test]
fn an_id_of_another_store_costs_little_however_large_it_is() {
	let dir = tempfile::tempdir().unwrap();
	let options = NamespaceOptions { mode: Mode::Sequential, ..Default::default() };
	let (store, namespace) = made(dir.path(), options);
	let outcome = namespace.restore_id(u64::MAX, b"value", 1);
	assert!(matches!(outcome, Err(ZdbError::IdTooLarge { .. })), "{outcome:?}");
	let far = (1_u64 << 48) - 1;
	namespace.restore_id(far, b"far", 1).unwrap();
	namespace.set(b"", b"next").unwrap();
	drop((namespace, store));
	let store = open(dir.path());
	let namespace = store.namespace("forged").unwrap();
	assert_eq!(namespace.get(&far.to_le_bytes()).unwrap().unwrap(), b"far");
	assert_eq!(namespace.get(&(far + 1).to_le_bytes()).unwrap().unwrap(), b"next");
	assert!(namespace.info().index_bytes < 1 << 20);
}

#[test]
fn a_scrub_tells_of_a_log_that_has_no_tree_any_more() {
	let dir = tempfile::tempdir().unwrap();
	let options = NamespaceOptions { audited: true, ..Default::default() };
	let (store, namespace) = made(dir.path(), options);
	namespace.set(b"first", &[1; 600]).unwrap();
	namespace.set(b"second", &[2; 600]).unwrap();
	drop((namespace, store));
	fs::remove_dir_all(home(dir.path()).join("tree")).unwrap();
	let path = home(dir.path()).join("segment-00000000.log");
	let mut bytes = fs::read(&path).unwrap();
	bytes[32 + 48 + 5 + 100] ^= 1;
	fs::write(&path, bytes).unwrap();
	let store = open(dir.path());
	let namespace = store.namespace("forged").unwrap();
	assert!(matches!(namespace.log_state(), Err(ZdbError::Tree(_))));
	let report = namespace.scrub().unwrap();
	assert_eq!(report.damaged.len(), 1);
	assert!(namespace.info().damage.is_some());
	assert_eq!(namespace.get(b"second").unwrap().unwrap(), [2; 600]);
}

#[test]
fn a_block_in_the_wrong_place_hides_no_key_from_a_scan() {
	let dir = tempfile::tempdir().unwrap();
	let (store, namespace) = made(dir.path(), NamespaceOptions::default());
	let mut offsets = Vec::new();
	for number in 0..8_u8 {
		offsets.push(namespace.info().active_offset as usize);
		namespace.set(&[b'k', number], &vec![number; if number == 0 { 300 } else { 100 }]).unwrap();
	}
	drop((namespace, store));
	let path = home(dir.path()).join("segment-00000000.log");
	let whole = fs::read(&path).unwrap();
	// The first record is long: with its head taken for one where it was put, it would reach over the beginnings of those behind it.
	let first = whole[offsets[0]..offsets[0] + 50].to_vec();
	let mut bytes = whole.clone();
	bytes[offsets[2] + 7..][..first.len()].copy_from_slice(&first);
	fs::write(&path, &bytes).unwrap();
	let store = open(dir.path());
	let namespace = store.namespace("forged").unwrap();
	let page = namespace.scan(None).unwrap().unwrap();
	let listed: Vec<_> = page.entries.into_iter().map(|entry| entry.key).collect();
	let live: Vec<_> = (0..8_u8)
		.map(|number| vec![b'k', number])
		.filter(|key| namespace.exists(key).unwrap())
		.collect();
	assert_eq!((listed.len(), &listed), (7, &live), "one is damaged");
	assert_eq!(listed.len() as u64, namespace.dbsize());
}

/// Keys that a scan lists, in its order; they are as many as are counted.
fn listed(namespace: &Namespace) -> Vec<Vec<u8>> {
	let (mut keys, mut cursor) = (Vec::new(), None);
	while let Some(page) = namespace.scan(cursor.as_ref().map(<[u8; 17]>::as_slice)).unwrap() {
		keys.extend(page.entries.into_iter().map(|entry| entry.key));
		cursor = Some(page.cursor);
	}
	assert_eq!(keys.len() as u64, namespace.dbsize());
	keys
}

#[test]
fn a_damaged_first_record_of_a_segment_costs_no_other_one() {
	for with_removed_before in [false, true] {
		let dir = tempfile::tempdir().unwrap();
		let mut options = StoreOptions::new(dir.path());
		options.segment_bytes = 4096;
		let store = Store::open(options.clone()).unwrap();
		let namespace = store.create_namespace("forged", NamespaceOptions::default()).unwrap();
		for key in 0..40_u32 {
			namespace.set(&key.to_be_bytes(), &[1; 400]).unwrap();
		}
		if with_removed_before {
			for key in 0..20_u32 {
				namespace.set(&key.to_be_bytes(), &[2; 400]).unwrap();
			}
			store.compact_namespace("forged").unwrap();
		}
		let keys = listed(&namespace).len();
		drop((namespace, store));
		let mut segments: Vec<_> = fs::read_dir(home(dir.path()))
			.unwrap()
			.map(|entry| entry.unwrap().path())
			.filter(|path| path.extension().is_some_and(|extension| extension == "log"))
			.collect();
		segments.sort();
		for hint in fs::read_dir(home(dir.path())).unwrap().map(|entry| entry.unwrap().path()) {
			if hint.extension().is_some_and(|extension| extension == "hint") {
				fs::remove_file(hint).unwrap();
			}
		}
		let damaged = &segments[if with_removed_before { 0 } else { 2 }];
		let removed = !damaged.to_str().unwrap().ends_with("segment-00000000.log");
		assert!(removed, "{segments:?}");
		let mut bytes = fs::read(damaged).unwrap();
		bytes[32] ^= 1;
		fs::write(damaged, bytes).unwrap();
		let store = Store::open(options).unwrap();
		let [range] = store.recovery_report().damaged.as_slice() else {
			panic!("{:?}", store.recovery_report());
		};
		assert_eq!((range.offset, range.len_bytes), (32, 48 + 4 + 400), "{range:?}");
		let namespace = store.namespace("forged").unwrap();
		assert_eq!(listed(&namespace).len(), keys - 1);
		assert_eq!(namespace.scrub().unwrap().damaged, std::slice::from_ref(range));
	}
}

#[test]
fn nothing_is_written_into_the_length_that_half_a_record_claims() {
	let dir = tempfile::tempdir().unwrap();
	let (store, namespace) = made(dir.path(), NamespaceOptions::default());
	let mut ends = Vec::new();
	for (key, len) in [(b"a", 20), (b"b", 400), (b"c", 20)] {
		namespace.set(key, &vec![1; len]).unwrap();
		ends.push(namespace.info().active_offset as usize);
	}
	drop((namespace, store));
	// The second record is half there, and within its length the third one follows.
	let path = home(dir.path()).join("segment-00000000.log");
	let bytes = fs::read(&path).unwrap();
	fs::write(&path, [&bytes[..ends[0] + 100], &bytes[ends[1]..ends[2]]].concat()).unwrap();
	fs::remove_file(home(dir.path()).join("durable")).unwrap();
	for round in 0..3_u8 {
		let store = open(dir.path());
		assert_eq!(store.recovery_report().damaged.len(), 1, "{:?}", store.recovery_report());
		let namespace = store.namespace("forged").unwrap();
		for before in 0..round {
			assert_eq!(namespace.get(&[b'd', before]).unwrap().unwrap(), [before; 600]);
		}
		assert_eq!(namespace.get(b"c").unwrap().unwrap(), [1; 20]);
		assert_eq!(namespace.get(b"b").unwrap(), None);
		namespace.set(&[b'd', round], &[round; 600]).unwrap();
	}
}
