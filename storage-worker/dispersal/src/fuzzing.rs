//! Doors for the fuzz targets under `fuzz/`, through which they reach what reads others' bytes and is private otherwise, and make what only
//! the holder of a dataset's key can make: authentic frames around any content. They are compiled with the feature
//! `fuzzing` alone, which nothing but those targets asks for.

use crate::{
	heal::Scanned,
	logs,
	release::parse_page,
	resp::{self, Reply},
	sealed,
	shard::Framed,
	BackendError, DatasetKey, DispersalError, Layout, ObjectCodec, ObjectId, Pack, Pipeline,
};
use granary_por::Hash;
use std::{path::Path, sync::Arc};
use tokio::io::AsyncBufRead;

/// A node's reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeReply(Reply);

impl NodeReply {
	/// Reads one as a client does.
	pub async fn read<R: AsyncBufRead + Unpin>(reader: &mut R) -> Result<Self, BackendError> {
		resp::read(reader).await.map(Self)
	}

	/// Its bytes.
	pub fn to_bytes(&self) -> Vec<u8> {
		let mut bytes = Vec::new();
		write(&self.0, &mut bytes);
		bytes
	}

	/// Leaf count, root and peaks, if it answers `NSLOG`.
	pub fn log_state(self) -> Option<(u64, Hash, Vec<Hash>)> {
		let peaks = logs::parse(self.0).ok()?;
		Some((peaks.leaf_count(), peaks.root(), peaks.peaks().to_vec()))
	}

	/// How many records it lists, if it is a page of `NSLEAVES`.
	pub fn listed(self) -> Option<usize> {
		parse_page(self.0).map(|(_, records)| records.len())
	}

	/// How many records it lists, if it is a page of `SCAN`.
	pub fn scanned(self) -> Option<usize> {
		Scanned::parse_page(self.0).ok().map(|(_, entries)| entries.len())
	}
}

fn write(reply: &Reply, out: &mut Vec<u8>) {
	let line = |out: &mut Vec<u8>, kind: u8, text: &[u8]| {
		out.push(kind);
		out.extend_from_slice(text);
		out.extend_from_slice(b"\r\n");
	};
	match reply {
		Reply::Simple(text) => line(out, b'+', text),
		Reply::Error(text) => line(out, b'-', text.as_bytes()),
		Reply::Integer(number) => line(out, b':', number.to_string().as_bytes()),
		Reply::Nil => line(out, b'$', b"-1"),
		Reply::Bulk(bytes) => {
			line(out, b'$', bytes.len().to_string().as_bytes());
			out.extend_from_slice(bytes);
			out.extend_from_slice(b"\r\n");
		},
		Reply::Array(elements) => {
			line(out, b'*', elements.len().to_string().as_bytes());
			elements.iter().for_each(|element| write(element, out));
		},
	}
}

/// The value of a shard whose frame and whitening are right, around any body.
pub fn shard_of(
	pipeline: &Pipeline,
	id: &ObjectId,
	shard: usize,
	sealed_len: u32,
	body: &[u8],
) -> Result<Option<Vec<u8>>, DispersalError> {
	pipeline.wrap_one(id, shard, sealed_len, Framed::of(body))
}

/// A sealed object that decrypts, with any flags, any length and any payload.
pub fn sealed_of(
	codec: &ObjectCodec,
	id: &ObjectId,
	flags: u8,
	plain_bytes: u32,
	payload: &[u8],
) -> Result<Vec<u8>, DispersalError> {
	codec.encrypt(id, flags, plain_bytes, payload)
}

/// The id of an archive of the dataset, around any numbers: nonce, blocks and rows in 22 bytes.
pub fn archive_of(
	key: &DatasetKey,
	head: &[u8; 22],
	data: usize,
	total: usize,
) -> Option<([u8; 32], Layout)> {
	let id = sealed::ArchiveId::of_head(key, head, data, total);
	sealed::ArchiveId::recognise(key, &id, data, total).map(|(_, layout)| (id, layout))
}

/// The archive of which this is the content; the directory must be empty.
pub fn pack_of(
	dir: &Path,
	content: &[u8],
	pipeline: Arc<Pipeline>,
) -> Result<Pack, DispersalError> {
	sealed::pack_of(dir, content, pipeline)
}
