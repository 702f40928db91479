//! Real stores whose files were changed by somebody else: bit rot, torn writes, a careless hand. Values that were never written are
//! never served, whatever the files hold.

#![no_main]

use granary_fuzz::{
	segment::Kind,
	store::{edit, exercise, files, filled, home, namespace, versions_on, Template},
	Input,
};
use std::{collections::BTreeSet, sync::OnceLock};

/// An audited store with a generation in force and another one that is signed for.
fn shortened() -> Template {
	let mut template = filled(Kind::Audited);
	let store = granary_zdb::Store::open(granary_fuzz::store::options(&template.disk));
	let store = store.expect("a sound store");
	for round in 0..2_u32 {
		let namespace = namespace(&store);
		namespace.begin_removal().expect("a removal begins");
		for at in 0..5 {
			let key = format!("key-{}", round * 5 + at);
			namespace.add_to_removal(key.as_bytes()).expect("a key is named");
		}
		namespace.ask_for_removal().expect("a removal is asked for");
		namespace.prepare_removal(&mut |_| true).expect("a shorter log");
		let waiting = namespace.removal_status();
		let signed =
			namespace.sign_removal(u64::from(round) + 1, waiting.leaf_count, &waiting.root);
		signed.expect("the log is signed for");
		if round == 0 {
			store.apply_removal(granary_fuzz::store::NAME).expect("the log takes its place");
		}
	}
	drop(store);
	template.paths = files(&template.disk, &home());
	template
}

fn templates() -> &'static [Template; 4] {
	static TEMPLATES: OnceLock<[Template; 4]> = OnceLock::new();
	TEMPLATES.get_or_init(|| {
		[filled(Kind::User), filled(Kind::Sequential), filled(Kind::Audited), shortened()]
	})
}

fn run(bytes: &[u8]) {
	let mut input = Input::new(bytes);
	let template = &templates()[usize::from(input.byte() % 4)];
	let disk = template.disk.copy();
	edit(&disk, &template.paths, &mut input);
	// An input that forges a record with both of its checksums has written it.
	let forged = versions_on(&disk, &home()).into_iter().any(|(key, values)| {
		let known = template.versions.get(&key);
		!values
			.iter()
			.all(|value| value.is_empty() || known.is_some_and(|known| known.contains(value)))
	});
	if !forged {
		exercise(&disk, &template.versions);
	}
}

fn seeds() -> Vec<Vec<u8>> {
	let mut seeds = BTreeSet::new();
	for template in 0..4_u8 {
		seeds.insert(vec![template]);
		for operation in 0..8_u8 {
			for (file, at) in [(0_u8, 40_u8), (2, 200), (4, 20), (7, 90)] {
				seeds.insert(vec![
					template, file, 0, operation, at, 0, 30, 8, 1, 2, 3, 4, 5, 6, 7, 8,
				]);
			}
		}
	}
	seeds.into_iter().collect()
}

granary_fuzz::target!(run, seeds: seeds);
