//! The engine's rules, without a server.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

use granary_zdb::{
	Access, Durability, Mode, NamespaceOptions, NamespaceUpdate, SetOutcome, Store, StoreOptions,
	ZdbError,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn open(dir: &std::path::Path) -> Store {
	Store::open(StoreOptions { segment_bytes: 4096, ..StoreOptions::new(dir) }).unwrap()
}

fn written(id: u64) -> SetOutcome {
	SetOutcome::Written { id: Some(id) }
}

#[test]
fn sequential_ids_are_zdbs() {
	let dir = tempfile::tempdir().unwrap();
	let options = || NamespaceOptions { mode: Mode::Sequential, ..Default::default() };
	{
		let store = open(dir.path());
		let ids = store.create_namespace("ids", options()).unwrap();
		assert_eq!(ids.set(b"", b"first").unwrap(), written(0));
		assert_eq!(ids.set(&0_u64.to_le_bytes(), b"changed").unwrap(), written(0));
		assert_eq!(ids.set(&0_u64.to_le_bytes(), b"changed").unwrap(), SetOutcome::Unchanged);
		assert_eq!(ids.set(b"", b"second").unwrap(), written(2));
		for wrong in [1_u64, 3] {
			let result = ids.set(&wrong.to_le_bytes(), b"x");
			assert!(matches!(result, Err(ZdbError::KeyNotIssued)));
		}
		assert!(matches!(ids.set(b"key", b"x"), Err(ZdbError::KeyNotIssued)));
		ids.del(&2_u64.to_le_bytes()).unwrap();
		assert!(matches!(ids.set(&2_u64.to_le_bytes(), b"x"), Err(ZdbError::KeyNotIssued)));
	}
	let store = open(dir.path());
	let ids = store.namespace("ids").unwrap();
	assert_eq!(ids.dbsize(), 1);
	assert_eq!(ids.get(&0_u64.to_le_bytes()).unwrap().unwrap(), b"changed");
	assert_eq!(ids.get(&2_u64.to_le_bytes()).unwrap(), None);
	assert_eq!(ids.set(b"", b"third").unwrap(), written(3));
	assert_eq!(ids.info().next_id, 4);
}

#[test]
fn worm_lock_and_freeze() {
	let dir = tempfile::tempdir().unwrap();
	let store = open(dir.path());
	let options = NamespaceOptions { worm: true, ..Default::default() };
	let worm = store.create_namespace("worm", options).unwrap();
	worm.set(b"a", b"1").unwrap();
	assert!(matches!(worm.set(b"a", b"1"), Err(ZdbError::WormKeyExists)));
	assert!(matches!(worm.del(b"a"), Err(ZdbError::WormNoDelete)));
	assert!(matches!(worm.del(b"b"), Err(ZdbError::KeyNotFound)));
	let access = |access| {
		let update = NamespaceUpdate { access: Some(access), ..Default::default() };
		store.update_namespace("worm", &update).unwrap();
	};
	access(Access::Locked);
	assert!(matches!(worm.set(b"b", b"1"), Err(ZdbError::Locked)));
	assert_eq!(worm.get(b"a").unwrap().unwrap(), b"1");
	access(Access::Frozen);
	assert!(matches!(worm.get(b"a"), Err(ZdbError::Frozen)));
	assert!(matches!(worm.scan(None), Err(ZdbError::Frozen)));
	access(Access::Open);
	worm.set(b"b", b"1").unwrap();
}

#[test]
fn the_quota_counts_the_disk() {
	let dir = tempfile::tempdir().unwrap();
	let store = open(dir.path());
	let options = NamespaceOptions { max_bytes: Some(20_000), ..Default::default() };
	let namespace = store.create_namespace("small", options).unwrap();
	let mut updates = 0_u32;
	// One key with ever new values: 0-db would count the last value only.
	let error = loop {
		match namespace.set(b"key", &[updates.to_le_bytes(); 100].concat()) {
			Ok(_) => updates += 1,
			Err(error) => break error,
		}
	};
	assert!(matches!(error, ZdbError::NoSpace { max_bytes: 20_000, .. }), "{error}");
	let on_disk: u64 = std::fs::read_dir(namespace.info().path)
		.unwrap()
		.map(|entry| entry.unwrap())
		.filter(|entry| entry.file_name().to_string_lossy().starts_with("segment"))
		.map(|entry| entry.metadata().unwrap().len())
		.sum();
	assert_eq!(on_disk, namespace.info().disk_bytes);
	assert!(on_disk <= 20_000 && on_disk > 19_000 && updates > 30, "{on_disk} {updates}");
	// Deleting is possible on a full disk, though it gives nothing back.
	namespace.del(b"key").unwrap();
}

#[test]
fn settings_survive_and_the_directory_is_locked() {
	let dir = tempfile::tempdir().unwrap();
	{
		let store = open(dir.path());
		let options = NamespaceOptions {
			password: Some("secret".into()),
			max_bytes: Some(1 << 20),
			durability: Durability::Always,
			..Default::default()
		};
		store.create_namespace("kept", options).unwrap().set(b"a", b"1").unwrap();
		store.create_namespace("gone", NamespaceOptions::default()).unwrap();
		let held = store.namespace("gone").unwrap();
		store.remove_namespace("gone").unwrap();
		assert!(matches!(held.set(b"a", b"1"), Err(ZdbError::Removed)));
		assert!(matches!(held.get(b"a"), Err(ZdbError::Removed)));
		assert!(matches!(Store::open(StoreOptions::new(dir.path())), Err(ZdbError::InUse(_))));
	}
	let store = open(dir.path());
	assert_eq!(store.list(), ["default", "kept"]);
	let kept = store.namespace("kept").unwrap();
	assert!(kept.password_matches(b"secret") && !kept.password_matches(b"Secret"));
	assert_eq!((kept.info().max_bytes, kept.durability()), (Some(1 << 20), Durability::Always));
	assert!(matches!(store.remove_namespace("default"), Err(ZdbError::DefaultNamespace)));
	for name in ["", ".", "..", "a/b", ".hidden", "a\nb", &"x".repeat(129)] {
		let made = store.create_namespace(name, NamespaceOptions::default());
		assert!(matches!(made, Err(ZdbError::BadName(_))), "{name:?}");
	}
}

#[test]
fn the_mode_changes_only_while_unused() {
	let dir = tempfile::tempdir().unwrap();
	let store = open(dir.path());
	store.create_namespace("a", NamespaceOptions::default()).unwrap();
	let to = |mode| NamespaceUpdate { mode: Some(mode), ..Default::default() };
	store.update_namespace("a", &to(Mode::Sequential)).unwrap();
	let ids = store.namespace("a").unwrap();
	assert_eq!(ids.set(b"", b"x").unwrap(), written(0));
	let refused = store.update_namespace("a", &to(Mode::User));
	assert!(matches!(refused, Err(ZdbError::Used)));
	drop((ids, store));
	let ids = open(dir.path()).namespace("a").unwrap();
	assert_eq!(ids.get(&0_u64.to_le_bytes()).unwrap().unwrap(), b"x");
}

#[test]
fn writers_of_one_key_do_not_both_win() {
	let dir = tempfile::tempdir().unwrap();
	let store = open(dir.path());
	let options = NamespaceOptions { worm: true, ..Default::default() };
	let worm = store.create_namespace("worm", options).unwrap();
	let won: usize = std::thread::scope(|scope| {
		let writers: Vec<_> = (0..4_u8)
			.map(|writer| {
				let worm = &worm;
				scope.spawn(move || {
					(0..2000_u32)
						.filter(|key| worm.set(&key.to_le_bytes(), &[writer; 40]).is_ok())
						.count()
				})
			})
			.collect();
		writers.into_iter().map(|writer| writer.join().unwrap()).sum()
	});
	assert_eq!((won, worm.dbsize()), (2000, 2000));
}

#[derive(Clone, Debug)]
enum Step {
	Set(u8, Vec<u8>),
	Del(u8),
	Jump,
	Compact,
	Flush,
	Reopen,
}

fn step() -> impl Strategy<Value = Step> {
	prop_oneof![
		6 => (0..20_u8, proptest::collection::vec(any::<u8>(), 0..900))
			.prop_map(|(key, value)| Step::Set(key, value)),
		2 => (0..20_u8).prop_map(Step::Del),
		1 => Just(Step::Jump),
		1 => Just(Step::Compact),
		1 => Just(Step::Reopen),
		1 => (0..12_u8).prop_map(|dice| if dice == 0 { Step::Flush } else { Step::Jump }),
	]
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(40))]

	#[test]
	fn behaves_like_a_map(steps in proptest::collection::vec(step(), 1..60)) {
		let dir = tempfile::tempdir().unwrap();
		let mut store = open(dir.path());
		let mut map: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
		for step in steps {
			let namespace = store.namespace("default").unwrap();
			match step {
				Step::Set(key, value) => {
					let same = map.get([key].as_slice()) == Some(&value);
					let outcome = namespace.set(&[key], &value).unwrap();
					prop_assert_eq!(outcome == SetOutcome::Unchanged, same);
					map.insert(vec![key], value);
				},
				Step::Del(key) => {
					let deleted = namespace.del(&[key]).is_ok();
					prop_assert_eq!(deleted, map.remove([key].as_slice()).is_some());
				},
				Step::Jump => namespace.jump().unwrap(),
				Step::Compact => {
					store.compact_namespace("default").unwrap();
				},
				Step::Flush => {
					store.flush_namespace("default").unwrap();
					map.clear();
				},
				Step::Reopen => {
					drop((namespace, store));
					store = open(dir.path());
					prop_assert_eq!(store.recovery_report().lines(), Vec::<String>::new());
				},
			}
		}
		let namespace = store.namespace("default").unwrap();
		for key in 0..20_u8 {
			let value = map.get([key].as_slice());
			prop_assert_eq!(namespace.get(&[key]).unwrap(), value.cloned());
			let length = value.map(|value| value.len() as u32);
			prop_assert_eq!(namespace.length(&[key]).unwrap(), length);
			prop_assert_eq!(namespace.check(&[key]).unwrap(), value.map(|_| true));
		}
		let live: usize = map.values().map(Vec::len).sum();
		prop_assert_eq!(namespace.info().live_bytes, live as u64);
		// A scan over pages meets each live key once.
		let (mut cursor, mut keys) = (None, Vec::new());
		while let Some(page) = namespace.scan(cursor.as_ref().map(<[u8; 17]>::as_slice)).unwrap() {
			keys.extend(page.entries.into_iter().map(|entry| entry.key));
			cursor = Some(page.cursor);
		}
		let (mut cursor, mut back) = (None, Vec::new());
		while let Some(page) =
			namespace.scan_back(cursor.as_ref().map(<[u8; 17]>::as_slice)).unwrap()
		{
			back.extend(page.entries.into_iter().map(|entry| entry.key));
			cursor = Some(page.cursor);
		}
		back.reverse();
		prop_assert_eq!(&back, &keys);
		for key in &keys {
			// The newest version is the value, and each older one was written before it.
			let mut version = namespace.version(key, None).unwrap();
			prop_assert_eq!(Some(&version.value), map.get(key));
			while let Some(older) = version.older {
				version = namespace.version(key, Some(older)).unwrap();
			}
		}
		keys.sort();
		prop_assert_eq!(keys, map.keys().cloned().collect::<Vec<_>>());
	}
}
