//! Sending an archive to the nodes.

use super::{
	code::complete_block, spool::Spool, ArchiveId, Column, Layout, PackWriter, Progress,
	PAYLOAD_BYTES, VALUE_LEAVES,
};
use crate::{append::Sealed, dataset::ObjectId, Dataset, DispersalError};
use futures::stream::{self, StreamExt};
use granary_por::LEAF_BYTES;
use std::{path::Path, sync::Arc, time::Duration};
use tokio::time::{sleep_until, Instant};

/// Values of all nodes that are made at once; with those that wait for their nodes some 4 MiB each at 16+4.
const MAKING: usize = 4;

/// What storing an archive came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealReport {
	/// The archive.
	pub id: ArchiveId,
	/// Its shape.
	pub layout: Layout,
	/// Bytes of its content without padding.
	pub content_bytes: u64,
	/// Bytes that were written, over all backends.
	pub stored_bytes: u64,
}

/// What becomes of a task that ended early.
pub(super) fn joined<T>(
	outcome: Result<Result<T, DispersalError>, tokio::task::JoinError>,
) -> Result<T, DispersalError> {
	outcome.map_err(|error| DispersalError::Task(error.to_string()))?
}

impl Dataset {
	/// Begins an archive, whose content and parity are kept in this directory until it is stored: 1.32 times its bytes at 16+4. The directory must be
	/// empty and is the caller's to remove.
	pub fn pack(&self, dir: &Path) -> Result<PackWriter, DispersalError> {
		PackWriter::new(dir, self.pipeline.clone())
	}

	/// Stores an archive: computes its parity and appends each node's leaves in that node's order. `root` is the object from which the others are found.
	///
	/// Memory is some 400 MiB at most at 16+4, however large the archive is. After an error nothing can be read of what was
	/// written; the logs keep it until their reservation ends.
	pub async fn seal_pack(
		&self,
		mut pack: PackWriter,
		root: ObjectId,
		dir: &Path,
		progress: Progress<'_>,
	) -> Result<SealReport, DispersalError> {
		let content_bytes = pack.finish(&root)?;
		let (data, total) = (self.pipeline.data(), self.pipeline.total());
		let layout = Layout::for_bytes(data, total, content_bytes)?;
		let id = ArchiveId::new(self.pipeline.key(), &layout)?;
		let spool = Arc::new(Spool::of_content(dir, pack.file, layout)?);
		self.complete(&spool, progress).await?;
		let _writing = self.writing.lock().await;
		let stored_bytes = self.append_archive(id, spool, |_, _| true, None, progress).await?;
		Ok(SealReport { id, layout, content_bytes, stored_bytes })
	}

	/// Computes the parity of all blocks from the content.
	pub(super) async fn complete(
		&self,
		spool: &Arc<Spool>,
		progress: Progress<'_>,
	) -> Result<(), DispersalError> {
		let blocks = spool.layout.blocks();
		for block in 0..blocks {
			progress("coding", block as u64, blocks as u64);
			let spool = spool.clone();
			let coding = move || complete_block(&spool, block);
			joined(tokio::task::spawn_blocking(coding).await)?;
		}
		Ok(())
	}

	/// Appends those values that are wanted, by shard and number, at most so many bytes of them in a second, and answers their bytes. The caller holds
	/// the lock of writers.
	pub(super) async fn append_archive(
		&self,
		id: ArchiveId,
		spool: Arc<Spool>,
		is_wanted: impl Fn(usize, usize) -> bool,
		bytes_per_second: Option<u64>,
		progress: Progress<'_>,
	) -> Result<u64, DispersalError> {
		let layout = spool.layout;
		let columns = Arc::new(self.columns(id, layout)?);
		let (started, mut bytes_before) = (Instant::now(), 0);
		let making = (0..layout.values()).map(|value| {
			let wanted: Vec<bool> =
				(0..layout.total_shards()).map(|shard| is_wanted(shard, value)).collect();
			let (spool, columns) = (spool.clone(), columns.clone());
			let due = started + pause(bytes_before, bytes_per_second);
			let count = wanted.iter().filter(|is_wanted| **is_wanted).count();
			bytes_before += (count * VALUE_LEAVES * LEAF_BYTES) as u64;
			async move {
				progress("sending", value as u64, layout.values() as u64);
				sleep_until(due).await;
				let making = move || {
					let columns = columns.iter().enumerate().zip(wanted);
					let values = columns.map(|((shard, column), is_wanted)| {
						is_wanted.then(|| make_value(&spool, column, shard, value)).transpose()
					});
					let values = values.collect::<Result<_, _>>()?;
					Ok(vec![Sealed::new(id.value_key(value), values)])
				};
				joined(tokio::task::spawn_blocking(making).await)
			}
		});
		self.append(stream::iter(making).buffered(MAKING)).await
	}

	/// How each node stores its column.
	pub(super) fn columns(
		&self,
		id: ArchiveId,
		layout: Layout,
	) -> Result<Vec<Column>, DispersalError> {
		(0..layout.total_shards()).map(|shard| self.column(id, layout, shard)).collect()
	}

	/// How a shard's node stores its column.
	pub(super) fn column(
		&self,
		id: ArchiveId,
		layout: Layout,
		shard: usize,
	) -> Result<Column, DispersalError> {
		let node = self.pipeline.node(shard);
		Column::new(self.pipeline.key(), id.as_bytes(), node, shard, layout.leaves())
	}
}

/// How long so many bytes take at this rate.
fn pause(bytes: u64, bytes_per_second: Option<u64>) -> Duration {
	let rate = bytes_per_second.unwrap_or(u64::MAX).max(1);
	Duration::from_secs_f64(bytes as f64 / rate as f64)
}

/// The leaves of a value.
pub(super) fn make_value(
	spool: &Spool,
	column: &Column,
	shard: usize,
	value: usize,
) -> Result<Vec<u8>, DispersalError> {
	let positions = spool.layout.positions(value);
	let mut bytes = vec![0; (positions.end - positions.start) as usize * LEAF_BYTES];
	for (position, leaf) in positions.zip(bytes.chunks_exact_mut(LEAF_BYTES)) {
		let (block, row) = spool.layout.block_and_row(column.order.slice(position));
		let (cell, _) = leaf.split_at_mut(PAYLOAD_BYTES);
		spool.read(shard, block, row, cell)?;
		column.seal(position, leaf)?;
	}
	Ok(bytes)
}
