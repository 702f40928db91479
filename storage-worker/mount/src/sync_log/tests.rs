use super::*;

fn record(number: u64) -> LogRecord {
	let blocks: Vec<u64> = (0..number % 3).map(|block| number + block).collect();
	let content = blocks.iter().flat_map(|block| [*block as u8; PAGE_BYTES]).collect();
	LogRecord { head: Head::Blocks { ino: number, size: 1 << 20, marked: true, blocks }, content }
}

#[test]
fn a_log_that_is_torn_anywhere_holds_what_is_whole() {
	let dir = tempfile::tempdir().unwrap();
	let path = dir.path().join("log");
	let log = SyncLog::begin(&path, 0).unwrap();
	let mut ends = vec![PAGE_BYTES as u64];
	for number in 1..6 {
		ends.push(log.append(&record(number)).unwrap().unwrap());
	}
	log.sync_to(*ends.last().unwrap()).unwrap();
	let whole = std::fs::read(&path).unwrap();
	assert_eq!(whole.len() as u64, GROW_BYTES, "it grows in large steps");
	for at in (0..*ends.last().unwrap() as usize).step_by(509) {
		let mut torn = whole.clone();
		torn[at] ^= 1;
		std::fs::write(&path, &torn).unwrap();
		let intact = ends.iter().filter(|end| **end <= at as u64).count();
		let expected: Vec<_> = (1..intact as u64).map(record).collect();
		assert_eq!(read(&path).unwrap().1, expected, "byte {at}");
	}
}

#[test]
fn a_record_of_blocks_that_no_file_has_does_not_count() {
	let blocks = |size, blocks: &[u64]| {
		let head = Head::Blocks { ino: 1, size, marked: true, blocks: blocks.to_vec() };
		LogRecord { head, content: vec![0; PAGE_BYTES * blocks.len()] }
	};
	let counts = |record: LogRecord| LogRecord::decode(&record.encode(1, 0), 0).is_some();
	assert!(counts(blocks(4097, &[0, 1])));
	assert!(!counts(blocks(4096, &[0, 1])), "behind the end");
	assert!(!counts(blocks(u64::MAX, &[0])), "longer than any file");
	assert!(!counts(blocks(4096, &[u64::MAX])));
}

#[test]
fn an_emptied_log_says_nothing_and_takes_records_again() {
	let dir = tempfile::tempdir().unwrap();
	let path = dir.path().join("log");
	let log = SyncLog::begin(&path, 0).unwrap();
	let before = log.append(&record(5)).unwrap().unwrap();
	log.append(&record(8)).unwrap().unwrap();
	log.hold().restart().unwrap();
	assert_eq!(read(&path).unwrap().1, []);
	assert!(log.start() >= before, "positions grow");
	log.sync_to(before).unwrap();
	// As long as the one before it: the second one still lies behind it.
	log.append(&record(2)).unwrap().unwrap();
	let (epoch, records) = read(&path).unwrap();
	assert_eq!(records, [record(2)]);
	drop(log);
	let log = SyncLog::begin(&path, epoch).unwrap();
	assert_eq!(read(&path).unwrap().1, []);
	drop(log);
	// A beginning that was torn by a loss of power.
	std::fs::write(&path, [b'x'; PAGE_BYTES]).unwrap();
	assert_eq!(read(&path).unwrap(), (0, Vec::new()));
}

#[test]
fn a_full_log_takes_nothing_until_it_is_emptied() {
	let dir = tempfile::tempdir().unwrap();
	let log = SyncLog::begin(&dir.path().join("log"), 0).unwrap();
	let blocks: Vec<u64> = (0..RECORD_BLOCKS_MAX as u64).collect();
	let content = vec![1; RECORD_BLOCKS_MAX * PAGE_BYTES];
	let size = content.len() as u64;
	let large = LogRecord { head: Head::Blocks { ino: 1, size, marked: false, blocks }, content };
	let mut count = 0;
	while log.append(&large).unwrap().is_some() {
		count += 1;
	}
	assert_eq!(count, (LOG_BYTES_MAX as usize - PAGE_BYTES) / (PAGE_BYTES * 65));
	assert!(log.append(&record(1)).unwrap().is_none(), "also what would fit: order matters");
	let held = log.hold();
	assert!(held.is_full());
	held.restart().unwrap();
	assert!(log.append(&large).unwrap().is_some());
	let held = log.hold();
	held.close();
	assert!(held.is_full());
	held.retire();
	assert!(!held.is_full(), "there is nothing to wait for");
	assert!(log.append(&record(1)).unwrap().is_none(), "another one is used from here on");
}
