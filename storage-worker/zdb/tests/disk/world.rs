//! A store on a simulated disk beside the model of what it may hold.

use crate::model::{Change, Contents, Key, Space};
use granary_disk::{Disk, SimulatedDisk};
use granary_por::{Blake2, Peaks};
use granary_zdb::{
	CompactionOptions, Durability, Mode, Namespace, NamespaceOptions, NamespaceUpdate, SetOutcome,
	Store, StoreOptions, ZdbError,
};
use std::{collections::BTreeMap, sync::Arc};

/// Longer than any test: what `Every` promises is kept by explicit syncs, which are counted.
pub(crate) const LONG_MS: u64 = 3_600_000;

/// Something to do.
#[derive(Clone, Debug)]
pub(crate) enum Step {
	Create(&'static str, NamespaceOptions),
	Remove(&'static str),
	Quota(&'static str, u64),
	Flush(&'static str),
	/// Namespace, key, length of the value.
	Set(&'static str, u32, usize),
	/// A new id.
	Issue(&'static str, usize),
	/// An id that exists, as a number modulo those that were issued.
	Renew(&'static str, u64, usize),
	Del(&'static str, u32),
	Sync(&'static str),
	Jump(&'static str),
	Compact(&'static str),
	/// From one namespace into another.
	Replicate(&'static str, &'static str),
	/// A clean stop and a new start.
	Reopen,
}

pub(crate) struct World {
	pub(crate) simulated: SimulatedDisk,
	pub(crate) store: Option<Store>,
	pub(crate) spaces: BTreeMap<&'static str, Space>,
	cache_bytes: usize,
	/// Values are numbered, so that none is like another.
	number: u64,
}

pub(crate) fn options(mode: Mode, durability: Durability, audited: bool) -> NamespaceOptions {
	NamespaceOptions { mode, durability, audited, ..Default::default() }
}

fn key(number: u32) -> Key {
	format!("key-{number}").into_bytes()
}

/// Rules that refuse a step, whatever the disk does.
fn is_refusal(error: &ZdbError) -> bool {
	matches!(
		error,
		ZdbError::KeyNotFound
			| ZdbError::KeyNotIssued
			| ZdbError::WormKeyExists
			| ZdbError::WormNoDelete
			| ZdbError::NoNamespace(_)
			| ZdbError::NamespaceExists(_)
			| ZdbError::AuditedStays
	)
}

impl World {
	pub(crate) fn new(seed: u64) -> Self {
		let simulated = SimulatedDisk::new(seed);
		let cache_bytes = if seed.is_multiple_of(4) { 1 << 20 } else { 0 };
		Self { simulated, store: None, spaces: BTreeMap::new(), cache_bytes, number: 0 }
	}

	fn store_options(&self) -> StoreOptions {
		StoreOptions {
			disk: Disk::from(self.simulated.clone()),
			segment_bytes: 4096,
			// With and without what is read often in memory.
			cache_bytes: self.cache_bytes,
			durability: Durability::Os,
			compaction: CompactionOptions { enabled: false, ..Default::default() },
			..StoreOptions::new("/store")
		}
	}

	pub(crate) fn open(&mut self) -> Result<(), ZdbError> {
		self.store = None;
		self.store = Some(Store::open(self.store_options())?);
		Ok(())
	}

	pub(crate) fn store(&self) -> &Store {
		self.store.as_ref().expect("the store is open")
	}

	pub(crate) fn namespace(&self, name: &str) -> Result<Arc<Namespace>, ZdbError> {
		self.store().namespace(name).ok_or_else(|| ZdbError::NoNamespace(name.to_owned()))
	}

	fn value(&mut self, len: usize) -> Vec<u8> {
		self.number += 1;
		let text = format!("{}:", self.number).into_bytes();
		text.iter().copied().cycle().take(len.max(text.len())).collect()
	}

	/// Does it and notes in the model what may be now. An error is one that the disk caused.
	pub(crate) fn run(&mut self, step: &Step) -> Result<(), ZdbError> {
		let done = match step {
			Step::Reopen => return self.open(),
			Step::Create(name, options) => self.create(name, options),
			Step::Remove(name) => self.remove(name),
			Step::Quota(name, bytes) => self.quota(name, *bytes),
			Step::Flush(name) => {
				let done = self.store().flush_namespace(name);
				self.noted(name, done, Change::Clear)
			},
			Step::Set(name, number, len) => {
				let value = self.value(*len);
				let done = self.namespace(name).and_then(|found| found.set(&key(*number), &value));
				self.noted(name, done.map(drop), Change::Set(key(*number), value))
			},
			Step::Issue(name, len) => self.issue(name, *len),
			Step::Renew(name, id, len) => {
				let value = self.value(*len);
				let issued = self.spaces.get(name).map_or(0, |space| space.next_id);
				let id = (id % issued.max(1)).to_le_bytes().to_vec();
				let done = self.namespace(name).and_then(|found| found.set(&id, &value));
				self.noted(name, done.map(drop), Change::Set(id, value))
			},
			Step::Del(name, number) => {
				let is_sequential = self.spaces.get(name).is_some_and(Space::is_sequential);
				let key = match is_sequential {
					true => u64::from(*number).to_le_bytes().to_vec(),
					false => key(*number),
				};
				let done = self.namespace(name).and_then(|found| found.del(&key));
				self.noted(name, done, Change::Del(key))
			},
			Step::Sync(name) => {
				let done = self.namespace(name).and_then(|found| found.sync());
				if done.is_ok() {
					let space = self.space(name);
					space.durable = space.ops.len();
				}
				done
			},
			Step::Jump(name) => self.namespace(name).and_then(|found| found.jump()),
			Step::Compact(name) => self.store().compact_namespace(name).map(drop),
			Step::Replicate(from, to) => self.replicate(from, to),
		};
		match done {
			Err(error) if is_refusal(&error) => Ok(()),
			done => done,
		}
	}

	fn space(&mut self, name: &'static str) -> &mut Space {
		self.spaces.get_mut(name).expect("a namespace of the model")
	}

	fn noted(
		&mut self,
		name: &'static str,
		done: Result<(), ZdbError>,
		change: Change,
	) -> Result<(), ZdbError> {
		match &done {
			Err(error) if is_refusal(error) => {},
			_ => self.space(name).note(change, done.is_ok()),
		}
		done
	}

	fn create(&mut self, name: &'static str, options: &NamespaceOptions) -> Result<(), ZdbError> {
		let done = self.store().create_namespace(name, options.clone()).map(drop);
		if matches!(done, Err(ZdbError::NamespaceExists(_))) {
			return Ok(());
		}
		let mut space = Space::new(options.clone());
		space.exists = done.is_ok().then_some(true);
		self.spaces.insert(name, space);
		done
	}

	fn remove(&mut self, name: &'static str) -> Result<(), ZdbError> {
		let done = self.store().remove_namespace(name);
		match &done {
			Err(error) if is_refusal(error) => {},
			_ => self.space(name).exists = done.is_ok().then_some(false),
		}
		done
	}

	fn quota(&mut self, name: &'static str, bytes: u64) -> Result<(), ZdbError> {
		let update = NamespaceUpdate { max_bytes: Some(Some(bytes)), ..Default::default() };
		let done = self.store().update_namespace(name, &update);
		match &done {
			Ok(()) => self.space(name).quotas = vec![Some(bytes)],
			Err(error) if is_refusal(error) => {},
			Err(_) => self.space(name).quotas.push(Some(bytes)),
		}
		done
	}

	fn issue(&mut self, name: &'static str, len: usize) -> Result<(), ZdbError> {
		let value = self.value(len);
		let found = self.namespace(name)?;
		let id = found.info().next_id;
		let done = found.set(b"", &value);
		if let Ok(outcome) = &done {
			assert_eq!(*outcome, SetOutcome::Written { id: Some(id) });
		}
		self.space(name).next_id = found.info().next_id;
		let change = Change::Set(id.to_le_bytes().to_vec(), value);
		self.noted(name, done.map(drop), change)
	}

	fn replicate(&mut self, from: &'static str, to: &'static str) -> Result<(), ZdbError> {
		let (source, copy) = (self.namespace(from)?, self.namespace(to)?);
		let page = source.records_from(copy.next_record(), 100)?;
		for record in &page.records {
			let change = match &record.value {
				Some(value) => Change::Set(record.key.clone(), value.clone()),
				None => Change::Del(record.key.clone()),
			};
			let done = copy.apply_record(record);
			// It is acknowledged to nobody before the sync.
			self.space(to).note(change, false);
			done?;
		}
		copy.sync()?;
		let space = self.space(to);
		space.ops.iter_mut().for_each(|op| op.acknowledged = true);
		space.durable = space.ops.len();
		Ok(())
	}

	/// What a namespace holds, read by its keys; the scan must tell the same keys, an audited log the root of their values.
	pub(crate) fn contents(&self, name: &str) -> Result<Contents, ZdbError> {
		let namespace = self.namespace(name)?;
		let space = &self.spaces[name];
		let mut contents = Contents::new();
		for key in space.keys() {
			if let Some(value) = namespace.get(&key)? {
				contents.insert(key, value);
			}
		}
		let (mut peaks, mut scanned, mut cursor) = (Peaks::<Blake2>::new(), Vec::new(), None);
		while let Some(page) = namespace.scan(cursor.as_ref().map(<[u8; 17]>::as_slice))? {
			for entry in page.entries {
				let value = contents.get(&entry.key).unwrap_or_else(|| {
					panic!("{name}: nobody wrote {:?}", String::from_utf8_lossy(&entry.key))
				});
				peaks.push_value(value);
				scanned.push(entry.key);
			}
			cursor = Some(page.cursor);
		}
		scanned.sort();
		assert_eq!(scanned, contents.keys().cloned().collect::<Vec<_>>(), "{name}: the scan");
		if space.options.audited {
			let (leaf_count, root, _) = namespace.log_state()?;
			assert_eq!((leaf_count, root), (peaks.leaf_count(), peaks.root()), "{name}: the log");
			if leaf_count > 0 {
				namespace.prove(leaf_count, &[leaf_count / 2])?;
			}
		}
		Ok(contents)
	}

	/// The settings are ones that were asked for, and those that should be there are.
	pub(crate) fn check_settings(&mut self) {
		let store = self.store.as_ref().expect("the store is open");
		for (name, space) in &mut self.spaces {
			let found = store.namespace(name);
			if let Some(exists) = space.exists {
				assert_eq!(found.is_some(), exists, "{name} is there or not");
			}
			space.exists = Some(found.is_some());
			if let Some(found) = found {
				let info = found.info();
				assert!(space.quotas.contains(&info.max_bytes), "{name}: {:?}", info.max_bytes);
				assert_eq!(info.mode, space.options.mode);
				assert_eq!(info.durability, space.options.durability);
				space.quotas = vec![info.max_bytes];
				space.next_id = info.next_id;
			}
		}
		self.spaces.retain(|_, space| space.exists != Some(false));
	}
}
