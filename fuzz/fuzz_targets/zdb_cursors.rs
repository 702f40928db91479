//! Cursors and places as clients send them: they lead to what is there, or are refused, and cost no more than that.

#![no_main]

use granary_fuzz::{
	segment::Kind,
	store::{filled, namespace, options, Versions},
	Input,
};
use granary_zdb::{Namespace, Store, ZdbError};
use std::sync::{Arc, OnceLock};

struct Open {
	namespace: Arc<Namespace>,
	versions: Versions,
	_store: Store,
}

fn stores() -> &'static [Open; 3] {
	static STORES: OnceLock<[Open; 3]> = OnceLock::new();
	STORES.get_or_init(|| {
		[Kind::User, Kind::Sequential, Kind::Audited].map(|kind| {
			let template = filled(kind);
			let store = Store::open(options(&template.disk)).expect("a sound store");
			Open { namespace: namespace(&store), versions: template.versions, _store: store }
		})
	})
}

fn run(bytes: &[u8]) {
	let mut input = Input::new(bytes);
	let Open { namespace, versions, .. } = &stores()[usize::from(input.byte() % 3)];
	let operation = input.byte();
	let key = versions.keys().nth(input.below(versions.len())).expect("there are keys");
	let known = |page: &granary_zdb::ScanPage| {
		page.entries.iter().all(|entry| versions.contains_key(&entry.key))
	};
	match operation % 6 {
		0 => match namespace.version(key, Some(input.array())) {
			Ok(version) => assert!(versions[key].contains(&version.value)),
			Err(error) => {
				assert!(matches!(error, ZdbError::BadCursor | ZdbError::KeyNotFound), "{error}")
			},
		},
		1 => match namespace.scan(Some(input.rest())) {
			Ok(page) => assert!(page.is_none_or(|page| known(&page))),
			Err(error) => assert!(matches!(error, ZdbError::BadCursor), "{error}"),
		},
		2 => match namespace.scan_back(Some(input.rest())) {
			Ok(page) => assert!(page.is_none_or(|page| known(&page))),
			Err(error) => assert!(matches!(error, ZdbError::BadCursor), "{error}"),
		},
		3 => match namespace.leaves(Some(input.rest())) {
			Ok(_) => {},
			Err(error) => {
				assert!(matches!(error, ZdbError::BadCursor | ZdbError::NotAudited), "{error}")
			},
		},
		4 => match namespace.keys_with_prefix(&key[..1], Some(input.rest())) {
			Ok((keys, _)) => assert!(keys.iter().all(|key| versions.contains_key(key))),
			Err(error) => assert!(matches!(error, ZdbError::BadCursor), "{error}"),
		},
		_ => {
			let (segment, offset) = (input.word() % 16, input.long() % 5000);
			if let Ok(Some(record)) = namespace.raw_record(segment, offset) {
				let values = versions.get(&record.key).expect("a key that was written");
				assert!(record.value.is_none_or(|value| values.contains(&value)));
			}
		},
	}
}

fn seeds() -> Vec<Vec<u8>> {
	let mut seeds = Vec::new();
	for (number, Open { namespace, versions, .. }) in stores().iter().enumerate() {
		let page = namespace.scan(None).expect("a sound store").expect("it holds something");
		let middle = versions.keys().nth(9).expect("there are keys");
		let cursor = namespace.key_cursor(middle).expect("a sound store").unwrap_or(page.cursor);
		for operation in 1..5 {
			seeds.push([&[number as u8, operation, 0, 0], cursor.as_slice()].concat());
		}
		for (at, key) in versions.keys().enumerate() {
			if let Ok(granary_zdb::Version { older: Some(older), .. }) =
				namespace.version(key, None)
			{
				seeds.push([&[number as u8, 0, at as u8, 0], older.as_slice()].concat());
				break;
			}
		}
		seeds.push(vec![number as u8, 5, 0, 0, 1, 0, 0, 0, 32, 0, 0, 0, 0, 0, 0, 0]);
	}
	seeds
}

granary_fuzz::target!(run, seeds: seeds);
