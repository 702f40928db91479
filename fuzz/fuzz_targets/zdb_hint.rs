//! Hints of any content: one that does not fit is not used, and one that fits by its checksum alone makes reads fail at worst.

#![no_main]

use granary_disk::SimulatedDisk;
use granary_fuzz::{
	segment::Kind,
	store::{empty, files, home, namespace, options, read, write, Versions, NAME},
	Input,
};
use granary_zdb::{Store, ZdbError};
use std::{path::PathBuf, sync::OnceLock};

struct Template {
	disk: SimulatedDisk,
	hint: PathBuf,
	versions: Versions,
}

/// A store of sealed segments, the first of which has a hint.
fn template() -> &'static Template {
	static TEMPLATE: OnceLock<Template> = OnceLock::new();
	TEMPLATE.get_or_init(|| {
		let (disk, store) = empty(Kind::User);
		let (namespace, mut versions) = (namespace(&store), Versions::new());
		for number in 0..60_u32 {
			let key = format!("key-{}", number % 40).into_bytes();
			let value = number.to_le_bytes().repeat(50);
			namespace.set(&key, &value).expect("a write");
			versions.entry(key).or_default().insert(value);
		}
		store.compact_namespace(NAME).expect("hints are written");
		drop((namespace, store));
		let hint = files(&disk, &home())
			.into_iter()
			.find(|path| path.extension().is_some_and(|end| end == "hint"));
		Template { disk: disk.copy(), hint: hint.expect("a sealed segment has a hint"), versions }
	})
}

fn run(bytes: &[u8]) {
	let Template { disk, hint, versions } = template();
	let mut input = Input::new(bytes);
	let flags = input.byte();
	let mut content = input.rest().to_vec();
	if flags & 1 == 0 {
		// The head is the segment's, and the checksum fits: what is between them is read.
		let real = read(disk, hint);
		let mut made = real[..32].to_vec();
		made.extend(&content);
		made.extend(crc32c::crc32c(&made).to_le_bytes());
		content = made;
	}
	let disk = disk.copy();
	write(&disk, hint, &content);
	let is_forged = content.len() > 36 && {
		let (body, crc) = content.split_at(content.len() - 4);
		crc32c::crc32c(body).to_le_bytes() == crc && content != read(&template().disk, hint)
	};
	let Ok(store) = Store::open(options(&disk)) else {
		assert!(is_forged, "a hint that does not fit its checksum keeps the store from opening");
		return;
	};
	let namespace = namespace(&store);
	for (key, values) in versions {
		match namespace.get(key) {
			Ok(Some(value)) => assert!(values.contains(&value), "{key:?} was never {value:?}"),
			Ok(None) => assert!(is_forged, "{key:?} is lost by a hint that is not used"),
			Err(ZdbError::Damaged { .. }) => {
				assert!(is_forged, "{key:?} is lost by a hint that is not used")
			},
			Err(error) => panic!("{error}"),
		}
	}
	namespace.scrub().expect("a scrub reports damage and does not fail of it");
	let mut cursor = None;
	while let Ok(Some(page)) = namespace.scan(cursor.as_ref().map(<[u8; 17]>::as_slice)) {
		assert!(page.entries.iter().all(|entry| versions.contains_key(&entry.key)));
		cursor = Some(page.cursor);
	}
	// What writes on must not have taken numbers from what was forged that it cannot go on from.
	if namespace.set(b"a key that nobody had", b"value").is_ok() {
		assert_eq!(
			namespace.get(b"a key that nobody had").expect("it was written"),
			Some(b"value".to_vec())
		);
	}
}

fn seeds() -> Vec<Vec<u8>> {
	let Template { disk, hint, .. } = template();
	let real = read(disk, hint);
	let body = &real[32..real.len() - 4];
	vec![
		[&[0], body].concat(),
		[&[1], real.as_slice()].concat(),
		[&[0], &body[..body.len() / 2]].concat(),
		vec![0],
		vec![1],
	]
}

granary_fuzz::target!(run, seeds: seeds);
