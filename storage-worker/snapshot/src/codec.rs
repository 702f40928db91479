//! Manifests as objects: SCALE bytes cut into segments, and a head that lists them.

use crate::{manifest::VERSION, Manifest, ObjectId, ObjectStore, SnapshotError};
use codec::{Decode, DecodeAll, Encode};

/// Bytes of a segment.
const SEGMENT_BYTES: usize = 1 << 20;
/// Segments of the largest manifest: 4 GiB.
const SEGMENTS_MAX: usize = 4096;

/// The head object.
#[derive(Encode, Decode)]
struct Head {
	version: u8,
	length: u64,
	segments: Vec<ObjectId>,
}

impl Manifest {
	/// Stores the manifest and returns its head's id and the bytes that were newly stored.
	pub async fn store(&self, store: &dyn ObjectStore) -> Result<(ObjectId, u64), SnapshotError> {
		self.validate()?;
		let bytes = self.encode();
		let segments: Vec<Vec<u8>> = bytes.chunks(SEGMENT_BYTES).map(<[u8]>::to_vec).collect();
		if segments.len() > SEGMENTS_MAX {
			return Err(SnapshotError::BadManifest("it is larger than 4 GiB".to_owned()));
		}
		let head = Head {
			version: VERSION,
			length: bytes.len() as u64,
			segments: segments.iter().map(|segment| store.object_id(segment)).collect(),
		}
		.encode();
		let id = store.object_id(&head);
		let mut stored = 0;
		// The head comes last: whoever can read it can read the rest.
		for segment in segments {
			stored += store.put_many(vec![segment]).await?;
		}
		stored += store.put_many(vec![head]).await?;
		Ok((id, stored))
	}

	/// Reads and checks the manifest with this head.
	pub async fn load(store: &dyn ObjectStore, head: ObjectId) -> Result<Self, SnapshotError> {
		let bad = |what: &str| SnapshotError::BadManifest(what.to_owned());
		let bytes = store.get(head).await?;
		if bytes.first() != Some(&VERSION) {
			return Err(bad("it has a format of another version; use a newer release"));
		}
		let head =
			Head::decode_all(&mut bytes.as_slice()).map_err(|_| bad("its head is damaged"))?;
		if head.segments.len() > SEGMENTS_MAX {
			return Err(bad("its head lists too many segments"));
		}
		let mut bytes = Vec::new();
		for segment in head.segments {
			bytes.append(&mut store.get(segment).await?);
			if bytes.len() as u64 > head.length {
				return Err(bad("its segments have another length than its head says"));
			}
		}
		if bytes.len() as u64 != head.length {
			return Err(bad("its segments have another length than its head says"));
		}
		let manifest =
			Self::decode_all(&mut bytes.as_slice()).map_err(|_| bad("its segments are damaged"))?;
		manifest.validate()?;
		Ok(manifest)
	}
}
