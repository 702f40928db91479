//! Records as a primary tells them to its replica, and ids as another store gives them: whatever they are, the replica refuses them or
//! holds them, also when it is opened again.

#![no_main]

use granary_fuzz::{
	segment::Kind,
	store::{check, empty, namespace, options, Versions},
	Input,
};
use granary_zdb::{ReplicatedRecord, Store};

fn record(input: &mut Input<'_>, kind: Kind, next: (u64, u64)) -> ReplicatedRecord {
	let flags = input.byte();
	let mut key = input.short_piece().to_vec();
	if flags & 1 == 1 {
		key.resize(300, 5);
	}
	if kind == Kind::Sequential && flags & 2 == 0 {
		key = (next.1 >> (flags >> 5)).to_le_bytes().to_vec();
	}
	let (sequence, ordinal) = match flags & 12 {
		0 => (input.long(), input.long()),
		4 => (next.0 + u64::from(input.byte()), next.1 + u64::from(input.byte())),
		_ => next,
	};
	let value = (flags & 16 == 0).then(|| input.short_piece().to_vec());
	ReplicatedRecord {
		sequence,
		ordinal,
		moved: flags & 32 != 0,
		timestamp: input.word(),
		key,
		value,
	}
}

fn run(bytes: &[u8]) {
	let mut input = Input::new(bytes);
	let kind = Kind::of(input.byte());
	let (disk, store) = empty(kind);
	let mut versions = Versions::new();
	{
		let namespace = namespace(&store);
		for _ in 0..64 {
			if input.is_empty() {
				break;
			}
			let info = namespace.info();
			let record = record(&mut input, kind, (namespace.next_record(), info.next_id));
			if kind == Kind::Sequential && record.moved {
				let value = record.value.clone().unwrap_or_default();
				let restored = namespace.restore_id(record.sequence, &value, 0);
				if let Ok(granary_zdb::SetOutcome::Written { id: Some(id) }) = restored {
					versions.entry(id.to_le_bytes().to_vec()).or_default().insert(value);
				}
				continue;
			}
			if namespace.apply_record(&record).is_ok() {
				versions.entry(record.key).or_default().extend(record.value);
			}
		}
		namespace.flush().expect("the disk takes it");
		check(&namespace, &versions);
	}
	drop(store);
	let store = Store::open(options(&disk)).expect("what was taken in is a store");
	let report = store.recovery_report();
	assert!(report.lines().is_empty(), "{:?}", report.lines());
	check(&namespace(&store), &versions);
}

fn seeds() -> Vec<Vec<u8>> {
	let mut seeds = Vec::new();
	for kind in 0..3 {
		let mut bytes = vec![kind];
		for number in 0..8_u8 {
			bytes.extend([8, 3, b'k', b'e', number, 4, 1, 2, 3, number, 0, 0, 0, 0]);
		}
		seeds.push(bytes);
	}
	seeds.push(vec![1, 40, 0, 2, 9, 9, 0, 0, 0, 0, 40, 0, 1, 7, 0, 0, 0, 0]);
	seeds
}

granary_fuzz::target!(run, seeds: seeds);
