//! A log on devices that fail: `/dev/full` takes no write, `/dev/null` no fsync.

use super::{Append, AppendKey, Log, LogShape};
use crate::{
	engine::{environment::Environment, segment::Segment, Mode},
	limits::PENDING_MAX_BYTES,
	StoreOptions, ZdbError,
};
use std::{collections::BTreeMap, path::Path, sync::Arc};

fn log_over(device: &str, dir: &Path) -> Log {
	let segment = Arc::new(Segment::over_file(0, Path::new(device)));
	let options = StoreOptions { cache_bytes: 0, segment_bytes: 1 << 30, ..StoreOptions::new(dir) };
	let shape = LogShape {
		namespace: "test".to_owned(),
		environment: Environment::new(&options).unwrap(),
		dir: dir.to_owned(),
		mode: Mode::User,
		audited: false,
		read_only: false,
	};
	Log::new(shape, BTreeMap::from([(0, segment)]), (0, 0), 0, None).unwrap()
}

fn append(value: &[u8]) -> Append<'_> {
	Append {
		key: AppendKey::Given(b"key"),
		value: Some(value),
		value_crc: crc32c::crc32c(value),
		timestamp: 1,
		max_bytes: None,
		previous: None,
		moved: false,
		numbers: None,
	}
}

#[test]
fn a_full_disk_fails_every_flush_and_memory_stays_bounded() {
	let dir = tempfile::tempdir().unwrap();
	let log = log_over("/dev/full", dir.path());
	let value = vec![1; 10_000];
	let mut appended = 0;
	let error = loop {
		match log.append(&append(&value)) {
			Ok(_) => appended += value.len(),
			Err(error) => break error,
		}
		assert!(appended <= PENDING_MAX_BYTES + value.len(), "the buffer grows");
	};
	assert!(matches!(error, ZdbError::File { action: "write", .. }), "{error}");
	assert!(matches!(log.flush(), Err(ZdbError::File { action: "write", .. })));
	// A full disk is no reason to distrust what is there.
	assert!(!matches!(log.flush(), Err(ZdbError::Poisoned(_))));
}

#[test]
fn a_long_record_that_the_disk_refuses_was_never_appended() {
	let dir = tempfile::tempdir().unwrap();
	let log = log_over("/dev/full", dir.path());
	let end = log.end().1;
	for _ in 0..3 {
		let refused = log.append(&append(&vec![1; 100_000]));
		assert!(matches!(refused, Err(ZdbError::File { action: "write", .. })));
		assert_eq!((log.next_sequence(), log.end().1), (0, end));
		assert!(log.fault().is_some());
	}
	// Nothing waits, so there is nothing to write.
	log.flush().unwrap();
}

#[test]
fn a_failed_fsync_is_never_retried() {
	let dir = tempfile::tempdir().unwrap();
	let log = log_over("/dev/null", dir.path());
	log.append(&append(b"value")).unwrap();
	log.flush().unwrap();
	assert!(matches!(log.sync(), Err(ZdbError::Poisoned(_))));
	assert!(matches!(log.sync(), Err(ZdbError::Poisoned(_))));
	assert!(matches!(log.append(&append(b"value")), Err(ZdbError::Poisoned(_))));
}
