//! Reading an archive back: whole columns in the nodes' own order, sorted on the client's disk.

use super::{
	recover::{Marks, Recovery},
	spool::Spool,
	store::joined,
	ArchiveId, Column, Layout, Pack, Progress,
};
use crate::{resp::Reply, BackendError, Dataset, DispersalError};
use futures::{
	future::try_join_all,
	stream::{FuturesOrdered, StreamExt},
};
use granary_por::LEAF_BYTES;
use std::{
	path::Path,
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
};

/// Values of a node that are asked for at once: 256 KiB each.
const ASKED: usize = 4;

/// What was found of a node's column.
#[derive(Debug)]
pub(super) struct Found {
	pub(super) shard: usize,
	/// Values that are there, and those of them with a leaf that is not as it was.
	pub(super) held: Marks,
	pub(super) damaged: Marks,
	/// Leaves that were found good.
	pub(super) good: u64,
	/// Why the rest was not read.
	pub(super) error: Option<BackendError>,
}

/// What one value is.
enum Value {
	/// So many good leaves, and whether that is all there is to it.
	Held {
		good: u64,
		is_whole: bool,
	},
	Missing,
}

impl Dataset {
	/// The archive of this id, if it is one of this dataset's.
	pub fn archive(&self, id: &[u8; 32]) -> Option<(ArchiveId, Layout)> {
		let (data, total) = (self.pipeline.data(), self.pipeline.total());
		ArchiveId::recognise(self.pipeline.key(), id, data, total)
	}

	/// Reads an archive: the columns of k nodes, and of more if something is missing in them. Its cells are kept in this directory, which must be empty and
	/// have room for 1.32 times the content at 16+4; the content is what stays there.
	///
	/// Memory is some 150 MiB at most at 16+4, and one bit for each leaf.
	pub async fn open_archive(
		&self,
		id: ArchiveId,
		dir: &Path,
		progress: Progress<'_>,
	) -> Result<Pack, DispersalError> {
		let spool = self.restore(id, dir, progress).await?;
		let pipeline = self.pipeline.clone();
		let opening = move || Pack::open(spool.into_content(), pipeline);
		joined(tokio::task::spawn_blocking(opening).await)
	}

	/// Brings an archive's whole content into a spool.
	pub(super) async fn restore(
		&self,
		id: ArchiveId,
		dir: &Path,
		progress: Progress<'_>,
	) -> Result<Spool, DispersalError> {
		let (_, layout) = self.archive(id.as_bytes()).ok_or(DispersalError::NoArchive { id })?;
		let recovery = Arc::new(Recovery::new(Spool::empty(dir, layout)?));
		let mut others = self.order_of_backends().into_iter();
		let mut asked: Vec<usize> = others.by_ref().take(layout.data_shards()).collect();
		let (mut reasons, read) = (Vec::new(), AtomicU64::new(0));
		loop {
			let count = read.load(Ordering::Relaxed) + (layout.values() * asked.len()) as u64;
			let tick = || progress("reading", read.fetch_add(1, Ordering::Relaxed), count);
			let columns = asked
				.iter()
				.map(|shard| self.read_column(id, layout, *shard, Some(&recovery), &tick));
			let mut incomplete = 0;
			for found in try_join_all(columns).await? {
				if found.good < layout.leaves() {
					incomplete += 1;
					reasons.push(self.reason(&found, layout));
				}
			}
			let lost = self.solve(&recovery, progress).await?;
			let Some((block, rows)) = lost else {
				let recovery = Arc::try_unwrap(recovery);
				let whole =
					recovery.map_err(|_| DispersalError::Task("a reader is left".to_owned()))?;
				return Ok(whole.spool);
			};
			asked = others.by_ref().take(incomplete.max(1)).collect();
			if asked.is_empty() {
				let (tolerated, reasons) = (layout.parity_rows(), reasons.join("; "));
				return Err(DispersalError::ArchiveLost { id, block, rows, tolerated, reasons });
			}
		}
	}

	/// Solves all blocks, up to the first that cannot be: its number, and how many of its rows are incomplete.
	async fn solve(
		&self,
		recovery: &Arc<Recovery>,
		progress: Progress<'_>,
	) -> Result<Option<(usize, usize)>, DispersalError> {
		let blocks = recovery.spool.layout.blocks();
		for block in 0..blocks {
			progress("decoding", block as u64, blocks as u64);
			let recovery = recovery.clone();
			let solving = move || recovery.solve(block);
			let rows = joined(tokio::task::spawn_blocking(solving).await)?;
			if rows > 0 {
				return Ok(Some((block, rows)));
			}
		}
		Ok(None)
	}

	fn reason(&self, found: &Found, layout: Layout) -> String {
		let node = self.pipeline.node(found.shard);
		match &found.error {
			Some(error) => self.failed(found.shard, error.clone()).to_string(),
			None => format!("node {node} has {} of {} leaves", found.good, layout.leaves()),
		}
	}

	/// Reads all values of a node in their order and checks every leaf; cells go to the recovery, if there is one.
	pub(super) async fn read_column(
		&self,
		id: ArchiveId,
		layout: Layout,
		shard: usize,
		recovery: Option<&Arc<Recovery>>,
		tick: &(dyn Fn() + Sync),
	) -> Result<Found, DispersalError> {
		let column = Arc::new(self.column(id, layout, shard)?);
		let marks = || Marks::new(layout.values() as u64);
		let mut found = Found { shard, held: marks(), damaged: marks(), good: 0, error: None };
		let (mut next, mut asked) = (0, FuturesOrdered::new());
		loop {
			// A node that does not answer any more is asked no more; what it gave until then counts.
			while asked.len() < ASKED && next < layout.values() && found.error.is_none() {
				asked.push_back(self.read_value(id, &column, layout, shard, next, recovery));
				next += 1;
			}
			let Some(value) = asked.next().await else { return Ok(found) };
			tick();
			match value? {
				(number, Ok(Value::Held { good, is_whole })) => {
					found.held.set(number as u64);
					found.good += good;
					if !is_whole {
						found.damaged.set(number as u64);
					}
				},
				(_, Ok(Value::Missing)) => {},
				(_, Err(error)) => found.error = Some(error),
			}
		}
	}

	async fn read_value(
		&self,
		id: ArchiveId,
		column: &Arc<Column>,
		layout: Layout,
		shard: usize,
		number: usize,
		recovery: Option<&Arc<Recovery>>,
	) -> Result<(usize, Result<Value, BackendError>), DispersalError> {
		let Some(link) = self.links.get(shard) else { return Ok((number, Ok(Value::Missing))) };
		let bytes = match link.call(&[b"GET", &id.value_key(number)]).await {
			Ok(Reply::Bulk(bytes)) => bytes,
			Ok(Reply::Nil) => return Ok((number, Ok(Value::Missing))),
			Ok(other) => {
				let text = format!("GET answered {other:?}");
				return Ok((number, Err(BackendError::Protocol(text))));
			},
			// The node itself cannot read its record.
			Err(BackendError::Refused(_)) => {
				return Ok((number, Ok(Value::Held { good: 0, is_whole: false })));
			},
			Err(error) => return Ok((number, Err(error))),
		};
		let (column, recovery) = (column.clone(), recovery.cloned());
		let opening = move || {
			let positions = layout.positions(number);
			let leaves = positions.end - positions.start;
			// What is longer than it was is not what was stored, even if its leaves are.
			let is_long = bytes.len() as u64 > leaves * LEAF_BYTES as u64;
			let good = take_value(&column, shard, positions, bytes, recovery.as_deref())?;
			Ok(Value::Held { good, is_whole: good == leaves && !is_long })
		};
		Ok((number, Ok(joined(tokio::task::spawn_blocking(opening).await)?)))
	}
}

/// Checks the leaves of a value and takes their cells in; answers how many are good.
fn take_value(
	column: &Column,
	shard: usize,
	positions: std::ops::Range<u64>,
	mut bytes: Vec<u8>,
	recovery: Option<&Recovery>,
) -> Result<u64, DispersalError> {
	let mut good = 0;
	for (position, leaf) in positions.zip(bytes.chunks_mut(LEAF_BYTES)) {
		if let Some(cell) = column.open(position, leaf) {
			good += 1;
			if let Some(recovery) = recovery {
				recovery.take(shard, column.order.slice(position), cell)?;
			}
		}
	}
	Ok(good)
}
