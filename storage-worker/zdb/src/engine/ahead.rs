//! Looking ahead: what commands are about to look at is brought into the processor's cache for several of them at once.
//!
//! A key's way leads over three places in memory that have nothing to do with each other: the index, the cache's table and the record. One
//! command after the other would wait for each of them. Here all commands go the first step, then all the second, so that they wait together.

use crate::engine::{
	index::KeyHash,
	location::Location,
	long::LONG_BYTES,
	namespace::{Index, Namespace},
	read::id_of,
};

/// The most keys of one look ahead; what they lead to must fit into the processor's nearest cache.
const KEYS_MAX: usize = 32;

/// A key on its way.
struct Look<'n> {
	namespace: &'n Namespace,
	hash: Option<KeyHash>,
	location: Option<Location>,
}

/// Brings near what will be looked at for these keys. It changes nothing, and who does it in vain loses only its time.
pub(crate) fn look_ahead<'n>(keys: impl Iterator<Item = (&'n Namespace, &'n [u8])>) {
	let mut looks = [const { None }; KEYS_MAX];
	for (look, (namespace, key)) in looks.iter_mut().zip(keys) {
		*look = Some(namespace.begin_look(key));
	}
	for look in looks.iter_mut().flatten() {
		look.find();
	}
	for look in looks.iter().flatten() {
		look.reach();
	}
}

impl Namespace {
	/// The first step: to the index.
	fn begin_look(&self, key: &[u8]) -> Look<'_> {
		match &self.index {
			Index::Keys(index) => {
				let hash = index.hash(key);
				index.prefetch(hash);
				Look { namespace: self, hash: Some(hash), location: None }
			},
			Index::Ids(ids) => {
				let location = id_of(key).and_then(|id| ids.get(id));
				Look { namespace: self, hash: None, location }
			},
		}
	}
}

impl Look<'_> {
	/// The second step: to the table of the cache.
	fn find(&mut self) {
		if let (Index::Keys(index), Some(hash)) = (&self.namespace.index, self.hash) {
			self.location = index.candidates(hash).next();
		}
		// Long records are not in that cache.
		self.location = self.location.filter(|location| location.read_len() < LONG_BYTES);
		if let Some(location) = self.location {
			self.namespace.log.prefetch_slot(location);
		}
	}

	/// The third step: to the record.
	fn reach(&self) {
		if let Some(location) = self.location {
			self.namespace.log.prefetch_record(location);
		}
	}
}
