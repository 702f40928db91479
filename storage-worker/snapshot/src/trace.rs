//! What a start reads, in the order in which it does.
//!
//! A trace names files and numbers of chunks. It is recorded by a [`crate::Reader`], stored as an object that a manifest may name, and replayed in
//! parallel before a node asks for anything.

use crate::{ObjectId, ObjectStore, SnapshotError};
use codec::{Compact, Decode, DecodeAll, Encode};
use std::collections::{HashMap, HashSet};

const VERSION: u8 = 1;
/// Accesses that a trace may hold: about three megabytes.
const ACCESSES_MAX: usize = 512 << 10;
/// Files that it may name.
const FILES_MAX: usize = 64 << 10;

/// The first reads of chunks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Trace {
	/// Paths of the files, as entries have them.
	pub files: Vec<Vec<u8>>,
	/// The file's place in `files` and the number of its chunk, each once.
	pub accesses: Vec<(Compact<u32>, Compact<u32>)>,
}

impl Trace {
	/// Its bytes, version first.
	pub fn to_bytes(&self) -> Vec<u8> {
		(VERSION, self).encode()
	}

	/// Reads what [`Trace::to_bytes`] wrote.
	pub fn from_bytes(bytes: &[u8]) -> Result<Self, SnapshotError> {
		let bad = |what: &str| SnapshotError::BadTrace(what.to_owned());
		let (version, mut rest) = bytes.split_first().ok_or_else(|| bad("it is empty"))?;
		if *version != VERSION {
			return Err(bad("it has the format of another version"));
		}
		let trace = Self::decode_all(&mut rest).map_err(|_| bad("it is damaged"))?;
		if trace.files.len() > FILES_MAX || trace.accesses.len() > ACCESSES_MAX {
			return Err(bad("it names too much"));
		}
		if trace.accesses.iter().any(|(file, _)| file.0 as usize >= trace.files.len()) {
			return Err(bad("it names a file that it does not list"));
		}
		Ok(trace)
	}

	/// Reads a trace that a manifest names.
	pub async fn load(store: &dyn ObjectStore, id: ObjectId) -> Result<Self, SnapshotError> {
		Self::from_bytes(&store.get(id).await?)
	}
}

/// Writes down accesses, each once.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
	trace: Trace,
	files: HashMap<usize, u32>,
	seen: HashSet<(u32, u32)>,
}

impl Recorder {
	pub(crate) fn note(&mut self, entry: usize, path: &[u8], chunk: u64) {
		let Ok(chunk) = u32::try_from(chunk) else { return };
		let next = self.trace.files.len();
		if self.trace.accesses.len() >= ACCESSES_MAX || next >= FILES_MAX {
			return;
		}
		let file = *self.files.entry(entry).or_insert_with(|| {
			self.trace.files.push(path.to_vec());
			next as u32
		});
		if self.seen.insert((file, chunk)) {
			self.trace.accesses.push((Compact(file), Compact(chunk)));
		}
	}

	pub(crate) fn finish(self) -> Trace {
		self.trace
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn what_is_recorded_comes_back_in_order_and_once() {
		let mut recorder = Recorder::default();
		for (entry, path, chunk) in [(5, b"b", 7), (3, b"a", 0), (5, b"b", 7), (5, b"b", 1)] {
			recorder.note(entry, path, chunk);
		}
		let trace = recorder.finish();
		assert_eq!(trace.files, [b"b", b"a"]);
		let accesses: Vec<(u32, u32)> = trace.accesses.iter().map(|(a, b)| (a.0, b.0)).collect();
		assert_eq!(accesses, [(0, 7), (1, 0), (0, 1)]);
		let bytes = trace.to_bytes();
		assert_eq!(Trace::from_bytes(&bytes).unwrap(), trace);
		for cut in 0..bytes.len() {
			assert!(Trace::from_bytes(&bytes[..cut]).is_err());
		}
		let wild = Trace { accesses: vec![(Compact(9), Compact(0))], ..trace };
		assert!(Trace::from_bytes(&wild.to_bytes()).is_err());
	}
}
