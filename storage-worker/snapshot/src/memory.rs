//! Chunks in memory, least recently used first to go.

use crate::ObjectId;
use std::{
	collections::{BTreeMap, HashMap},
	sync::Arc,
};

/// Bytes of chunks kept in memory.
const MEMORY_BYTES: usize = 64 << 20;

/// A chunk in memory and when it was used last.
#[derive(Debug)]
struct Kept {
	chunk: Arc<Vec<u8>>,
	used: u64,
}

/// Recently used chunks.
#[derive(Debug, Default)]
pub(crate) struct Memory {
	chunks: HashMap<ObjectId, Kept>,
	/// Ids by time of last use.
	order: BTreeMap<u64, ObjectId>,
	bytes: usize,
	clock: u64,
}

impl Memory {
	pub(crate) fn contains(&self, id: &ObjectId) -> bool {
		self.chunks.contains_key(id)
	}

	pub(crate) fn get(&mut self, id: &ObjectId) -> Option<Arc<Vec<u8>>> {
		let kept = self.chunks.get_mut(id)?;
		self.clock += 1;
		self.order.remove(&kept.used);
		self.order.insert(self.clock, *id);
		kept.used = self.clock;
		Some(kept.chunk.clone())
	}

	pub(crate) fn insert(&mut self, id: ObjectId, chunk: Arc<Vec<u8>>) {
		self.clock += 1;
		let used = self.clock;
		self.bytes += chunk.len();
		self.order.insert(used, id);
		if let Some(before) = self.chunks.insert(id, Kept { chunk, used }) {
			self.bytes -= before.chunk.len();
			self.order.remove(&before.used);
		}
		while self.bytes > MEMORY_BYTES {
			let Some((_, oldest)) = self.order.pop_first() else { return };
			if let Some(gone) = self.chunks.remove(&oldest) {
				self.bytes -= gone.chunk.len();
			}
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn memory_keeps_what_was_used_last() {
		const CHUNK: usize = MEMORY_BYTES / 8;
		let mut memory = Memory::default();
		for id in 0..8 {
			memory.insert([id; 32], Arc::new(vec![id; CHUNK]));
		}
		memory.insert([7; 32], Arc::new(vec![7; CHUNK]));
		assert_eq!(memory.bytes, MEMORY_BYTES, "a chunk that comes twice counts once");
		assert!(memory.get(&[0; 32]).is_some());
		memory.insert([8; 32], Arc::new(vec![8; CHUNK]));
		assert!(memory.get(&[0; 32]).is_some(), "it was just used");
		assert!(memory.get(&[1; 32]).is_none(), "it was not");
		assert_eq!(memory.order.len(), memory.chunks.len());
		assert_eq!(memory.bytes, MEMORY_BYTES);
	}
}
