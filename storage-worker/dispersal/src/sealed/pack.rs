//! The content of an archive: sealed objects, one after the other.
//!
//! `(length u32 LE ‖ id [32] ‖ sealed object)…`, then a length of zero and the id of the object that the others are found from. An equal object is kept
//! once in an archive.

use super::spool::SpoolFile;
use crate::{codec::OBJECT_BYTES_MAX, dataset::ObjectId, DispersalError, Pipeline};
use std::{
	collections::{HashMap, HashSet},
	path::Path,
	sync::Arc,
};

/// Bytes that are written at once.
const WRITE_BYTES: usize = 4 << 20;
const HEAD_BYTES: usize = 4 + 32;
/// What a sealed object may be longer than its plain text.
const SEAL_BYTES: usize = 64;

/// Collects the objects of an archive in a file.
#[derive(Debug)]
pub struct PackWriter {
	pub(super) file: SpoolFile,
	pipeline: Arc<Pipeline>,
	buffer: Vec<u8>,
	written: u64,
	known: HashSet<ObjectId>,
}

impl PackWriter {
	pub(super) fn new(dir: &Path, pipeline: Arc<Pipeline>) -> Result<Self, DispersalError> {
		let file = SpoolFile::for_content(dir)?;
		Ok(Self { file, pipeline, buffer: Vec::new(), written: 0, known: HashSet::new() })
	}

	/// The id under which an object is found again.
	pub fn object_id(&self, plain: &[u8]) -> ObjectId {
		self.pipeline.id(plain)
	}

	/// Seals an object and appends it; answers the bytes that this took, none for an object that is there already.
	pub fn add(&mut self, plain: &[u8]) -> Result<u64, DispersalError> {
		let id = self.pipeline.id(plain);
		if !self.known.insert(id) {
			return Ok(0);
		}
		let sealed = self.pipeline.seal_object(&id, plain)?;
		self.append(&(sealed.len() as u32).to_le_bytes())?;
		self.append(&id)?;
		self.append(&sealed)?;
		Ok((HEAD_BYTES + sealed.len()) as u64)
	}

	fn append(&mut self, bytes: &[u8]) -> Result<(), DispersalError> {
		self.buffer.extend_from_slice(bytes);
		if self.buffer.len() >= WRITE_BYTES {
			self.flush()?;
		}
		Ok(())
	}

	fn flush(&mut self) -> Result<(), DispersalError> {
		self.file.write_at(self.written, &self.buffer)?;
		self.written += self.buffer.len() as u64;
		self.buffer.clear();
		Ok(())
	}

	/// Ends the content; answers its bytes.
	pub(super) fn finish(&mut self, root: &ObjectId) -> Result<u64, DispersalError> {
		self.append(&[0; 4])?;
		self.append(root)?;
		self.flush()?;
		Ok(self.written)
	}
}

/// The objects of an archive that was read.
#[derive(Debug)]
pub struct Pack {
	file: SpoolFile,
	pipeline: Arc<Pipeline>,
	places: HashMap<ObjectId, (u64, u32)>,
	root: ObjectId,
}

impl Pack {
	/// Finds the objects of a content.
	pub(super) fn open(file: SpoolFile, pipeline: Arc<Pipeline>) -> Result<Self, DispersalError> {
		let end = file.len()?;
		let (mut at, mut places) = (0, HashMap::new());
		loop {
			let mut head = [0; HEAD_BYTES];
			if at + HEAD_BYTES as u64 > end {
				return Err(DispersalError::BadPack("its end is missing"));
			}
			file.read_at(at, &mut head)?;
			at += HEAD_BYTES as u64;
			let (Some(length), Some(id)) = (head.first_chunk(), head.last_chunk()) else {
				return Err(DispersalError::BadPack("it is cut off"));
			};
			let length = u32::from_le_bytes(*length);
			if length == 0 {
				return Ok(Self { file, pipeline, places, root: *id });
			}
			if length as usize > OBJECT_BYTES_MAX + SEAL_BYTES || at + u64::from(length) > end {
				return Err(DispersalError::BadPack("an object is longer than any can be"));
			}
			places.insert(*id, (at, length));
			at += u64::from(length);
		}
	}

	/// The object that the others are found from.
	pub fn root(&self) -> ObjectId {
		self.root
	}

	/// The id that these bytes have in it.
	pub fn object_id(&self, plain: &[u8]) -> ObjectId {
		self.pipeline.id(plain)
	}

	/// Objects in it.
	pub fn objects(&self) -> usize {
		self.places.len()
	}

	/// Reads an object and checks it; `None` if it is not there.
	pub fn get(&self, id: &ObjectId) -> Result<Option<Vec<u8>>, DispersalError> {
		let Some((at, length)) = self.places.get(id) else { return Ok(None) };
		let mut sealed = vec![0; *length as usize];
		self.file.read_at(*at, &mut sealed)?;
		self.pipeline.open_object(id, sealed).map(Some)
	}
}

/// The archive of which this is the content.
#[cfg(feature = "fuzzing")]
pub(crate) fn pack_of(
	dir: &Path,
	content: &[u8],
	pipeline: Arc<Pipeline>,
) -> Result<Pack, DispersalError> {
	let file = SpoolFile::for_content(dir)?;
	file.write_at(0, content)?;
	Pack::open(file, pipeline)
}
